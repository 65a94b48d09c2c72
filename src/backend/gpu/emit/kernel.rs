//! Cutting a plan into kernels, and the frame of each.

use super::fill::{self, TOGETHER, Tables};
use super::graph::{Graph, Needed, outermost, root, spaces};
use super::loc::Loc;
use super::scope::{Emitter, indent};
use crate::backend::gpu::dispatch::HEADER;
use crate::error::{Error, ErrorKind, Result};
use crate::ir::SpaceId;
use crate::kernels::fill::FillLayout;
use crate::kernels::wgsl::library;
use crate::plan::Plan;
use std::collections::BTreeMap;

/// Threads, and therefore events, of a workgroup.
pub const WORKGROUP_SIZE: u32 = 64;

/// What bounds a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most words of histograms that one kernel can fill.
    pub out_words: usize,
    /// Lines of a kernel's body beyond which it is cut in two, if it has more
    /// than one fill: compilers get slow.
    pub lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // WebGPU's guaranteed binding size of 128 MiB. The time that compilers
        // take grows faster than linearly with the length: 0.1 s for naga at
        // 2,000 lines.
        Limits { out_words: 128 << 18, lines: 1000 }
    }
}

/// One kernel.
#[derive(Debug)]
pub struct Kernel {
    /// A complete WGSL module with the entry point `main`.
    pub source: String,
    /// The plan's fills that it fills, with where they lie in its output.
    pub fills: Vec<(usize, FillLayout)>,
    /// Words of its output.
    pub out_words: usize,
}

/// All kernels of a plan, and the tables that they share.
#[derive(Debug)]
pub struct Program {
    /// Each event is given to each of them.
    pub kernels: Vec<Kernel>,
    /// The axes.
    pub tables: Vec<u32>,
}

impl Program {
    /// The kernels of `plan`.
    ///
    /// # Errors
    /// A histogram is larger than `limits` allow, or real numbers are to be
    /// double precision, which no kernel has.
    pub fn new(plan: &Plan, limits: &Limits) -> Result<Program> {
        if plan.request.keep_doubles {
            return Err(Error::new(
                ErrorKind::Usage,
                "double precision was asked for, which GPUs compute too slowly or not at all; \
                 use the CPU for `--precision f64`",
            ));
        }
        let graph = Graph::new(&plan.ir);
        let tables = Tables::new(&plan.fills);
        let mut cutter = Cutter { plan, graph: &graph, limits, tables, kernels: Vec::new() };
        let mut part = Vec::new();
        let mut words = 0;
        for (number, fill) in plan.fills.iter().enumerate() {
            let layout =
                FillLayout { base: 0, cells: fill.cells(), weighted: fill.weight.is_some() };
            if layout.words() > limits.out_words {
                return Err(Error::device(format!(
                    "histogram `{}` with {} cells needs {} MiB on the device, which allows {} MiB; \
                     use fewer bins or the CPU",
                    fill.name,
                    layout.cells,
                    layout.words() >> 18,
                    limits.out_words >> 18
                )));
            }
            if words + layout.words() > limits.out_words {
                cutter.cut(&part);
                part.clear();
                words = 0;
            }
            part.push(number);
            words += layout.words();
        }
        cutter.cut(&part);
        Ok(Program { kernels: cutter.kernels, tables: cutter.tables.words })
    }
}

/// Makes kernels.
struct Cutter<'p> {
    plan: &'p Plan,
    graph: &'p Graph<'p>,
    limits: &'p Limits,
    tables: Tables,
    kernels: Vec<Kernel>,
}

impl Cutter<'_> {
    /// Kernels for the fills of `part`: for halves of it where the text gets too long.
    fn cut(&mut self, part: &[usize]) {
        if part.is_empty() {
            return;
        }
        let (plan, ir) = (self.plan, &self.plan.ir);
        let mut layouts = BTreeMap::new();
        let mut words = 0;
        let mut needed = Needed::new(ir);
        for number in part {
            let fill = &plan.fills[*number];
            let weighted = fill.weight.is_some();
            let layout = FillLayout { base: words, cells: fill.cells(), weighted };
            words += layout.words();
            layouts.insert(*number, layout);
            fill::nodes(fill).for_each(|n| needed.add(ir, n));
        }
        let described_at = self.tables.words.len() as u32;
        let mut e = Emitter::new(plan, self.graph, needed, &self.tables, layouts, described_at);
        e.event(part);
        let text = e.text();
        if text.lines().count() > self.limits.lines && part.len() > 1 {
            let (first, second) = part.split_at(part.len() / 2);
            self.cut(first);
            self.cut(second);
            return;
        }
        let source = module(&text, e.uses_fill_arrays);
        let fills = std::mem::take(&mut e.layouts).into_iter().collect();
        let descriptions = e.descriptions;
        self.tables.words.extend(descriptions);
        self.kernels.push(Kernel { source, fills, out_words: words });
    }
}

impl Emitter<'_> {
    /// Everything that is done for an event.
    fn event(&mut self, fills: &[usize]) {
        let ir = self.ir;
        // The loops with fills: root space, rank of the last thing they wait for.
        let mut loops: BTreeMap<SpaceId, (u32, Vec<usize>)> = BTreeMap::new();
        for number in fills {
            let fill = &self.plan.fills[*number];
            let space = ir.over(fill.mask);
            if space == SpaceId::EVENT {
                continue;
            }
            let (last, inside) = loops.entry(root(ir, outermost(ir, space))).or_default();
            let waits = fill::nodes(fill).map(|n| self.graph.rank(n).event);
            let own = self.graph.way(space).event;
            *last = waits.fold(own.max(*last), u32::max);
            inside.push(*number);
        }
        let most = loops.values().map(|(rank, _)| rank + 1).fold(self.graph.last, u32::max);
        for rank in 1..=most {
            for root in spaces(ir) {
                let due = loops.get(&root).filter(|(waits, _)| waits + 1 == rank);
                let inside = due.map(|(_, fills)| fills.clone()).unwrap_or_default();
                let consumers = self.companions(root, rank, &Loc::Event);
                let at_event = ir.parent(root) == Some(SpaceId::EVENT);
                if at_event && !(inside.is_empty() && consumers.is_empty()) {
                    self.feed_all(root, &Loc::Event, &consumers, &inside);
                }
            }
        }
        let at_event = |fill: &&usize| ir.over(self.plan.fills[**fill].mask) == SpaceId::EVENT;
        let last: Vec<usize> = fills.iter().filter(at_event).copied().collect();
        self.fill(&last, &Loc::Event);
    }
}

/// A complete module around a kernel's body.
fn module(body: &str, fill_arrays: bool) -> String {
    let arrays = match fill_arrays {
        true => {
            format!("var values: array<u32, {TOGETHER}>;\nvar weights: array<f32, {TOGETHER}>;\n")
        }
        false => String::new(),
    };
    let main = format!(
        "@compute @workgroup_size({WORKGROUP_SIZE})\n\
         fn main(@builtin(global_invocation_id) id: vec3<u32>, \
         @builtin(num_workgroups) groups: vec3<u32>) {{\n\
         let event = id.x + id.y * groups.x * {WORKGROUP_SIZE}u;\n\
         if (event >= params.events) {{\n\
         return;\n\
         }}\n\
         {arrays}{body}}}\n"
    );
    let main = indent(&main, 0);
    format!("{HEADER}\n{}\n{main}", library(&main))
}
