//! Cutting a plan into kernels, and the frame of each.

use super::consumer::Consumer;
use super::fill::TOGETHER;
use super::graph::{Graph, Needed, outermost, root, spaces};
use super::loc::Loc;
use super::placed::{Placed, placed, texts};
use super::places::{Extra, Keep};
use super::recompute::{Costs, LastUse, to_store};
use super::scope::{Emitter, indent};
use super::tables::{self, Tables};
use crate::backend::gpu::dispatch::HEADER;
use crate::error::{Error, ErrorKind, Result};
use crate::ir::{NodeId, SpaceId};
use crate::kernels::fill::FillLayout;
use crate::kernels::moments::ORDERS;
use crate::kernels::soft::soft_declarations;
use crate::kernels::wgsl::library;
use crate::plan::{Fill, Plan};
use std::collections::BTreeMap;

/// Threads, and therefore events, of a workgroup.
pub const WORKGROUP_SIZE: u32 = 64;

/// Most columns that one pass keeps: memory that each event takes.
const MOST_KEPT: usize = 256;

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
    /// Words of one copy of its output: pairs that are 64-bit numbers.
    pub out_words: usize,
    /// The word of its output that counts events of which the driver did not
    /// run all loops to their end.
    pub fault: usize,
}

/// All kernels of a plan, and the tables that they share.
#[derive(Debug)]
pub struct Program {
    /// Each event is given to each of them.
    pub kernels: Vec<Kernel>,
    /// The axes.
    pub tables: Vec<u32>,
    /// What a chunk's arena says beyond its offsets and columns, for all kernels.
    pub extras: Vec<Extra>,
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
        let mut tables = Tables::new(plan);
        let placed = placed(&plan.ir, &mut tables.words);
        let mut cutter = Cutter {
            plan,
            graph: &graph,
            costs: Costs::new(&plan.ir),
            limits,
            tables,
            placed: &placed,
            kernels: Vec::new(),
            extras: Vec::new(),
            last_use: LastUse::new(plan),
            keeps: BTreeMap::new(),
        };
        let mut part = Vec::new();
        let mut words = 0;
        for (number, fill) in plan.fills.iter().enumerate() {
            let layout = layout_of(fill, 0);
            if layout.words() + 2 > limits.out_words {
                return Err(Error::device(format!(
                    "histogram `{}` with {} cells needs {} MiB on the device, which allows {} MiB; \
                     use fewer bins or the CPU",
                    fill.name,
                    layout.cells,
                    layout.words() >> 18,
                    limits.out_words >> 18
                )));
            }
            if words + layout.words() + 2 > limits.out_words {
                cutter.cut(&part);
                part.clear();
                words = 0;
            }
            part.push(number);
            words += layout.words();
        }
        cutter.cut(&part);
        let Cutter { kernels, tables, extras, .. } = cutter;
        Ok(Program { kernels, tables: tables.words, extras })
    }
}

/// Where a fill lies in the output, from word `base` on.
fn layout_of(fill: &Fill, base: usize) -> FillLayout {
    let rows = fill.soft.as_ref().map_or(0, |soft| soft.rows.len());
    let (weighted, soft) = (fill.weight.is_some(), fill.soft.is_some());
    let moments = fill.moments().map_or([0; 2], |m| [m.sums.len(), tables::cells_of(&m) * ORDERS]);
    FillLayout { base, cells: fill.cells(), weighted, soft, rows, moments }
}

/// Makes kernels.
struct Cutter<'p> {
    plan: &'p Plan,
    graph: &'p Graph<'p>,
    costs: Costs,
    limits: &'p Limits,
    tables: Tables,
    placed: &'p [Placed],
    kernels: Vec<Kernel>,
    extras: Vec<Extra>,
    last_use: LastUse,
    /// What the kernels so far keep.
    keeps: BTreeMap<Keep, usize>,
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
        self.keeps.keys().for_each(|keep| needed.add_kept(*keep));
        for number in part {
            let fill = &plan.fills[*number];
            let layout = layout_of(fill, words);
            words += layout.words();
            layouts.insert(*number, layout);
            fill.nodes().for_each(|n| needed.add(ir, n));
        }
        let described_at = self.tables.words.len() as u32;
        let last = part[part.len() - 1];
        let is_new = |keep: &Keep| !self.keeps.contains_key(keep);
        let columns = to_store(ir, &self.costs, &needed).into_iter().filter(is_new).collect();
        let later = self.last_use.later(self.graph, &needed, last).into_iter().filter(is_new);
        let known: usize = self.keeps.len();
        let later: Vec<Keep> = later.take(MOST_KEPT.saturating_sub(known)).collect();
        let mut e = Emitter::new(
            plan,
            self.graph,
            needed,
            (&self.tables, self.placed),
            layouts,
            described_at,
        );
        e.extras = self.extras.clone();
        e.keeps = self.keeps.clone();
        e.kept = self.keeps.keys().copied().collect();
        e.event(part, columns, &later);
        let text = e.text();
        if text.lines().count() > self.limits.lines && part.len() > 1 {
            let (first, second) = part.split_at(part.len() / 2);
            self.cut(first);
            self.cut(second);
            return;
        }
        let fault = words;
        let out_words = fault + 2;
        let kernels = texts(self.placed, e.kernels_used.iter());
        let texts = [&text[..], &kernels];
        let source = module(texts, e.uses_fill_arrays, e.soft_sizes, fault, out_words);
        let Emitter { layouts, descriptions, extras, keeps, .. } = e;
        (self.extras, self.keeps) = (extras, keeps);
        self.tables.words.extend(descriptions);
        let fills = layouts.into_iter().collect();
        self.kernels.push(Kernel { source, fills, out_words, fault });
    }
}

impl Emitter<'_> {
    /// Everything that is done for an event: the loops by their ranks, among
    /// equals first those that keep `columns`, then what is kept for `later`
    /// kernels, then the fills.
    fn event(&mut self, fills: &[usize], columns: Vec<Keep>, later: &[Keep]) {
        let ir = self.ir;
        columns.iter().chain(later).for_each(|keep| self.keep(*keep));
        // Root space, rank, column.
        let columns: Vec<(SpaceId, u32, NodeId)> = columns
            .into_iter()
            .filter_map(|keep| match keep {
                Keep::Node(n) => Some((root(ir, ir.over(n)), self.graph.kept(n).event, n)),
                Keep::Count(_) => None,
            })
            .collect();
        // The loops with fills: root space, rank of the last thing they wait for.
        let mut loops: BTreeMap<SpaceId, (u32, Vec<usize>)> = BTreeMap::new();
        for number in fills {
            let fill = &self.plan.fills[*number];
            let space = ir.over(fill.mask);
            if space == SpaceId::EVENT {
                continue;
            }
            let (last, inside) = loops.entry(root(ir, outermost(ir, space))).or_default();
            let waits = fill.nodes().map(|n| self.graph.rank(n).event);
            let own = self.graph.way(space).event;
            *last = waits.fold(own.max(*last), u32::max);
            inside.push(*number);
        }
        let ranks = columns.iter().map(|(_, rank, _)| *rank);
        let most = loops.values().map(|(rank, _)| rank + 1).chain(ranks);
        let mut roots: Vec<SpaceId> =
            spaces(ir).filter(|s| ir.parent(*s) == Some(SpaceId::EVENT)).collect();
        roots.sort_by_key(|root| !columns.iter().any(|(over, ..)| over == root));
        for rank in 1..=most.fold(self.graph.last, u32::max) {
            for root in &roots {
                let due = loops.get(root).filter(|(waits, _)| waits + 1 == rank);
                let inside = due.map(|(_, fills)| fills.clone()).unwrap_or_default();
                let mut consumers = self.companions(*root, rank, &Loc::Event);
                let here = columns.iter().filter(|c| (c.0, c.1) == (*root, rank));
                consumers.extend(here.map(|(.., node)| Consumer::Kept(*node)));
                if !(inside.is_empty() && consumers.is_empty()) {
                    self.feed_all(*root, &Loc::Event, &consumers, &inside);
                }
            }
        }
        later.iter().for_each(|keep| self.write_kept(*keep, &Loc::Event));
        let at_event = |fill: &&usize| ir.over(self.plan.fills[**fill].mask) == SpaceId::EVENT;
        let last: Vec<usize> = fills.iter().filter(at_event).copied().collect();
        self.fill(&last, &Loc::Event);
    }
}

/// A complete module around a body and what the plan's kernels declare.
fn module(
    [body, kernels]: [&str; 2],
    fill_arrays: bool,
    soft_sizes: [usize; 2],
    fault: usize,
    out_words: usize,
) -> String {
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
         let copy = event / {WORKGROUP_SIZE}u % params.copies * {out_words}u;\n\
         {arrays}{body}\
         // Some drivers end all loops after a number of turns: this one, too.\n\
         var turns = 0u;\n\
         for (var k = 0u; k < params.opaque + 2u; k = k + 1u) {{\n\
         turns = turns + 1u;\n\
         }}\n\
         if (turns != 2u) {{\n\
         atomicAdd(&out[copy + {fault}u], 1u);\n\
         }}\n\
         }}\n"
    );
    let main = format!("{kernels}{}", indent(&main, 0));
    let library = library(&main);
    // The library goes by words: a histogram may be called as one of its functions.
    let used = ["soft_factors", "soft_terms"].iter().any(|array| library.contains(array));
    let soft = match used {
        true => soft_declarations(soft_sizes),
        false => String::new(),
    };
    format!("{HEADER}\n{soft}{library}\n{main}")
}
