//! `gpuana explain`: what is read and computed, and why an event fails a cut.

use super::check::defined;
use super::fail::Result;
use super::load::Loaded;
use super::{AnalysisArgs, out};
use gpuana::analysis::{Compiled, RegionInfo, Watch};
use gpuana::backend::cpu::{NodeValues, evaluate_nodes};
use gpuana::batch::Batch;
use gpuana::error::{Error, ErrorKind};
use gpuana::ir::{NodeId, Op};
use gpuana::report::number::{bytes, counted, grouped};
use gpuana::report::plan_text;
use gpuana::report::table::{Style, Table};
use gpuana::run::Inputs;
use gpuana::schema::{Schema, StoredType};
use std::fmt::Write;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  gpuana explain examples/adl.yaml              columns read, and the plan
  gpuana explain examples/adl.yaml --event 17   why does this event fail?
  gpuana explain examples/adl.yaml --wgsl       the GPU's kernels")]
pub(crate) struct Args {
    #[command(flatten)]
    analysis: AnalysisArgs,
    /// Show every definition, cut and weight of one event, counted from 0 over all files
    #[arg(long, value_name = "N", conflicts_with = "wgsl")]
    event: Option<u64>,
    /// Show the generated WGSL
    #[arg(long)]
    wgsl: bool,
}

/// Prints what the arguments ask for.
pub(crate) fn run(args: &Args) -> Result {
    let loaded = Loaded::read(&args.analysis)?;
    let inputs = loaded.inputs();
    let first = inputs.first()?;
    let compiled = loaded.compile(first.schema())?;
    let style = out::stdout_style();
    let text = match args.event {
        Some(event) => explain_event(&compiled, &inputs, event, style)?,
        None if args.wgsl => wgsl(&compiled)?,
        None => columns(&compiled, first.schema(), style) + "\n" + &plan_text(&compiled.plan),
    };
    out::print(&text)?;
    Ok(())
}

fn wgsl(_compiled: &Compiled) -> Result<String> {
    Err(Error::device("this build has no GPU backend").into())
}

/// The branches that are read, with their types and sizes.
fn columns(compiled: &Compiled, schema: &Schema, style: Style) -> String {
    let request = &compiled.plan.request;
    let mut table = Table::new(["Branch", "type", "counted by", "on disk"]).left(&[1, 2]);
    let mut total = 0;
    let mut row = |name: &str, counter: &str| {
        let branch = schema.branch(name);
        let size = branch.map_or(0, |b| b.compressed_bytes);
        total += size;
        let ty = branch.and_then(|b| b.stored).map_or("?", StoredType::name);
        table.row([name, ty, counter, &bytes(size)]);
    };
    for counter in &request.counters {
        row(counter, "");
    }
    for column in &request.columns {
        row(&column.branch, column.counter.map_or("", |c| &request.counters[c]));
    }
    let count = (request.counters.len() + request.columns.len()) as u64;
    let of = grouped(schema.branches.len() as u64);
    table.note(format!("{} of {of} branches, {}", grouped(count), bytes(total)));
    table.render(style)
}

/// One event, and what the analysis makes of it.
struct Event<'a> {
    compiled: &'a Compiled,
    batch: Batch,
}

fn explain_event(
    compiled: &Compiled,
    inputs: &Inputs,
    event: u64,
    style: Style,
) -> Result<String> {
    let (place, batch) = find(compiled, inputs, event)?;
    let event = Event { compiled, batch };
    let mut text = format!("{}\n", style.bold(&place));
    text.push_str(&event.definitions(style)?);
    for region in compiled.regions.iter().filter(|r| !r.cuts.is_empty()) {
        text.push_str(&event.region(region, style)?);
    }
    text.push_str(&event.others(style)?);
    Ok(text)
}

/// The event number `event` over all files, and where it is.
fn find(compiled: &Compiled, inputs: &Inputs, event: u64) -> Result<(String, Batch)> {
    let mut left = event;
    for path in inputs.files() {
        let source = inputs.open(path)?;
        let events = source.schema().events;
        if left < events {
            let batch = source.columns(&compiled.plan.request)?.read(left..left + 1)?;
            return Ok((format!("Event {left} of {}", path.display()), batch));
        }
        left -= events;
    }
    let last = format!("the input has {}, counted from 0", counted(event - left, "event"));
    Err(Error::new(ErrorKind::Usage, format!("--event {event}: {last}")).into())
}

impl Event<'_> {
    fn values(&self, nodes: &[NodeId]) -> Result<Vec<NodeValues>> {
        Ok(evaluate_nodes(&self.compiled.plan, &self.batch, 0, nodes)?)
    }

    fn integer(&self, node: NodeId) -> Result<i64> {
        Ok(match &self.values(&[node])?[..] {
            [NodeValues::I32(v)] => v.first().copied().unwrap_or(0).into(),
            [NodeValues::Bool(v)] => v.first().copied().unwrap_or(false).into(),
            _ => 0,
        })
    }

    fn definitions(&self, style: Style) -> Result<String> {
        let mut table = Table::new(["Definitions", "value"]).left(&[1]);
        let mut any = false;
        for (name, watch) in defined(self.compiled) {
            table.row([format!("  {name}"), self.watched(watch)?]);
            any = true;
        }
        Ok(if any { format!("\n{}", table.render(style)) } else { String::new() })
    }

    /// The value of a watch in words; what is missing says so.
    fn watched(&self, watch: &Watch) -> Result<String> {
        let ir = &self.compiled.plan.ir;
        let own = ir.node(watch.value).op == Op::Own;
        let value = self.values(&[watch.value])?.remove(0);
        if own && let NodeValues::Index(elements) = &value {
            return Ok(counted(elements.len() as u64, "element"));
        }
        let Some(valid) = watch.valid else { return Ok(plain(&value)) };
        Ok(match self.values(&[valid])?.remove(0) {
            NodeValues::Bool(there) => {
                let texts = elements(&value);
                let shown = texts.iter().enumerate().map(|(i, text)| {
                    // One flag can stand for all elements.
                    let is_there = there.get(i).or(there.first()).copied().unwrap_or(true);
                    if is_there { text.as_str() } else { "missing" }
                });
                join(shown.map(str::to_owned).collect())
            }
            _ => plain(&value),
        })
    }

    /// The cuts of a region, up to and after the first one that fails.
    fn region(&self, region: &RegionInfo, style: Style) -> Result<String> {
        let fills = &self.compiled.plan.fills;
        let passed = self.integer(fills[region.counts].axes[0].1)? as usize;
        let missing = match region.missing {
            Some(fill) => self.integer(fills[fill].mask)? != 0,
            None => false,
        };
        let verdict = match region.cuts.get(passed) {
            None => "passes all cuts".to_owned(),
            Some(cut) if missing => format!("fails at `{cut}`: a value is missing"),
            Some(cut) => format!("fails at `{cut}`"),
        };
        let mut text = format!("\n{}: {verdict}\n", style.bold(&region.name));
        for (i, cut) in region.cuts.iter().enumerate() {
            let line = match i.cmp(&passed) {
                std::cmp::Ordering::Less => format!("  pass  {cut}"),
                std::cmp::Ordering::Equal => style.warn(&format!("  FAIL  {cut}")),
                std::cmp::Ordering::Greater => {
                    let alone = self.cut(region, cut)?;
                    style.dim(&format!("     -  {cut} (by itself: {alone})"))
                }
            };
            let _ = writeln!(text, "{line}");
        }
        Ok(text)
    }

    /// What a cut says without those before it.
    fn cut(&self, region: &RegionInfo, cut: &str) -> Result<String> {
        let own = format!("{}: {cut}", region.name);
        let inherited = format!(": {cut}");
        let watches = &self.compiled.watches;
        let watch = watches
            .iter()
            .find(|w| w.name == own)
            .or_else(|| watches.iter().find(|w| w.name.ends_with(&inherited)));
        watch.map_or(Ok("unknown".to_owned()), |w| self.watched(w))
    }

    /// Weights, and whatever else is watched.
    fn others(&self, style: Style) -> Result<String> {
        let cuts: Vec<String> = self
            .compiled
            .regions
            .iter()
            .flat_map(|r| r.cuts.iter().map(|cut| format!("{}: {cut}", r.name)))
            .collect();
        let mut table = Table::new(["Weights", "value"]).left(&[1]);
        let mut any = false;
        for watch in &self.compiled.watches {
            if !watch.name.starts_with("define ") && !cuts.contains(&watch.name) {
                table.row([format!("  {}", watch.name), self.watched(watch)?]);
                any = true;
            }
        }
        Ok(if any { format!("\n{}", table.render(style)) } else { String::new() })
    }
}

/// One value bare, several in brackets, long lists cut.
fn plain(value: &NodeValues) -> String {
    join(elements(value))
}

fn elements(value: &NodeValues) -> Vec<String> {
    match value {
        NodeValues::Bool(v) => v.iter().map(|x| if *x { "yes" } else { "no" }.to_owned()).collect(),
        NodeValues::I32(v) => v.iter().map(i32::to_string).collect(),
        NodeValues::I64(v) => v.iter().map(i64::to_string).collect(),
        NodeValues::F32(v) => v.iter().map(f32::to_string).collect(),
        NodeValues::Index(v) => {
            v.iter().map(|i| i.map_or("missing".to_owned(), |i| format!("number {i}"))).collect()
        }
    }
}

fn join(mut elements: Vec<String>) -> String {
    const MOST: usize = 8;
    if elements.len() == 1 {
        return elements.remove(0);
    }
    let more = elements.len().saturating_sub(MOST);
    elements.truncate(MOST);
    let rest = if more > 0 { format!(", ... {more} more") } else { String::new() };
    format!("[{}{rest}]", elements.join(", "))
}
