//! `gpuana explain`: what is read and computed, and why an event fails a cut.

use super::check::defined;
use super::elements::Event;
use super::fail::Result;
use super::load::Loaded;
use super::{AnalysisArgs, out};
use gpuana::analysis::{Compiled, RegionInfo, Watch};
use gpuana::batch::Batch;
use gpuana::error::{Error, ErrorKind};
use gpuana::report::number::{bytes, counted, grouped};
use gpuana::report::plan_text;
use gpuana::report::table::{Style, Table};
use gpuana::run::{Inputs, RunOptions};
use gpuana::schema::{Schema, StoredType};
use std::cmp::Ordering;
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
    let schema = loaded.schema(&inputs, &RunOptions::default())?;
    let watched = loaded.compile_watched(&schema, loaded.samples().first())?;
    let style = out::stdout_style();
    if let Some(event) = args.event {
        return Ok(out::print(&explain_event(&watched, &inputs, event, style)?)?);
    }
    let compiled = watched.for_run();
    let text = match args.wgsl {
        true => wgsl(&compiled)?,
        false => columns(&compiled, &schema, style) + "\n" + &plan_text(&compiled.plan),
    };
    out::print(&text)?;
    Ok(())
}

/// The kernels of the plan, as a GPU gets them before its floats are pinned.
fn wgsl(compiled: &Compiled) -> Result<String> {
    let kernels = gpuana::backend::gpu::emit::wgsl(&compiled.plan)?;
    let count = kernels.len();
    let numbered = kernels.iter().enumerate();
    Ok(numbered.map(|(i, text)| format!("// kernel {} of {count}\n{text}\n", i + 1)).collect())
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

/// Definitions, then region by region the cuts, then weights.
fn explain_event(
    compiled: &Compiled,
    inputs: &Inputs,
    number: u64,
    style: Style,
) -> Result<String> {
    let (place, batch) = find(compiled, inputs, number)?;
    let mut event = Event::new(&compiled.plan, batch);
    let mut text = format!("{}\n", style.bold(&place));
    let definitions: Vec<_> = defined(compiled).collect();
    text.push_str(&watches("Definitions", &definitions, &mut event, style)?);
    for region in compiled.regions.iter().filter(|r| !r.cuts.is_empty()) {
        text.push_str(&explain_region(compiled, region, &mut event, style)?);
    }
    text.push_str(&watches("Weights", &others(compiled), &mut event, style)?);
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
            return Ok((format!("Event {left} of {}", source.identity().path), batch));
        }
        left -= events;
    }
    let last = format!("the input has {}, counted from 0", counted(event - left, "event"));
    Err(Error::new(ErrorKind::Usage, format!("--event {event}: {last}")).into())
}

/// A table of named values; nothing if there are none.
fn watches(
    title: &str,
    watches: &[(&str, &Watch)],
    event: &mut Event,
    style: Style,
) -> Result<String> {
    if watches.is_empty() {
        return Ok(String::new());
    }
    let mut table = Table::new([title, "value"]).left(&[1]);
    for (name, watch) in watches {
        table.row([format!("  {name}"), event.text(watch.value, watch.valid)?]);
    }
    Ok(format!("\n{}", table.render(style)))
}

/// The cuts of a region: those passed, the first one failed, and what the
/// others say by themselves.
fn explain_region(
    compiled: &Compiled,
    region: &RegionInfo,
    event: &mut Event,
    style: Style,
) -> Result<String> {
    let fills = &compiled.plan.fills;
    let passed = usize::try_from(event.integer(fills[region.counts].axes[0].1)?).unwrap_or(0);
    let missing = match region.missing {
        Some(fill) => event.integer(fills[fill].mask)? != 0,
        None => false,
    };
    let verdict = match region.cuts.get(passed) {
        None => "passes all cuts".to_owned(),
        Some(cut) if missing => format!("fails at `{cut}`, where a value is missing"),
        Some(cut) => format!("fails at `{cut}`"),
    };
    let mut text = format!("\n{}: {verdict}\n", style.bold(&region.name));
    for (i, cut) in region.cuts.iter().enumerate() {
        let line = match i.cmp(&passed) {
            Ordering::Less => format!("  pass  {cut}"),
            Ordering::Equal => style.warn(&format!("  FAIL  {cut}")),
            Ordering::Greater => {
                let alone = alone(compiled, region, cut, event)?;
                style.dim(&format!("     -  {cut} (by itself: {alone})"))
            }
        };
        let _ = writeln!(text, "{line}");
    }
    Ok(text)
}

/// What a cut says without those before it. A region that builds on another
/// has the other's cuts too.
fn alone(compiled: &Compiled, region: &RegionInfo, cut: &str, event: &mut Event) -> Result<String> {
    let own = format!("{}: {cut}", region.name);
    let inherited = format!(": {cut}");
    let mut watches = compiled.watches.iter();
    let watch = watches
        .clone()
        .find(|w| w.name == own)
        .or_else(|| watches.find(|w| w.name.ends_with(&inherited)));
    Ok(match watch {
        Some(watch) => event.text(watch.value, watch.valid)?,
        None => "not evaluated".to_owned(),
    })
}

/// Weights, and whatever else is neither a definition nor a cut.
fn others(compiled: &Compiled) -> Vec<(&str, &Watch)> {
    let is_cut = |name: &str| {
        compiled.regions.iter().any(|r| {
            let cut = name.strip_prefix(r.name.as_str()).and_then(|n| n.strip_prefix(": "));
            cut.is_some_and(|cut| r.cuts.iter().any(|c| c == cut))
        })
    };
    let watches = compiled.watches.iter().map(|w| (w.name.as_str(), w));
    watches.filter(|(name, _)| !name.starts_with("define ") && !is_cut(name)).collect()
}
