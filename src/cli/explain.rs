//! `gpuana explain`: what is read and computed, in words, as the plan, or as kernels.

use super::check::{defined, histograms, section};
use super::event::{self, Which};
use super::fail::Result;
use super::{AnalysisArgs, stdout};
use gpuana::analysis::Compiled;
use gpuana::report::number::{bytes, grouped};
use gpuana::report::text_table::{Style, Table};
use gpuana::report::{describe, plan_text};
use gpuana::run::RunOptions;
use gpuana::schema::{Schema, StoredType};
use std::fmt::Write;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  gpuana explain examples/adl.yaml                   branches, definitions, cuts
  gpuana explain examples/adl.yaml --event 17        why does this event fail?
  gpuana explain examples/adl.yaml --event 194711:38:31227341
  gpuana explain stack.yaml --sample ttbar --event 17
  gpuana explain examples/adl.yaml --plan            the graph of spaces and nodes
  gpuana explain examples/adl.yaml --wgsl            the GPU's kernels")]
pub(crate) struct Args {
    #[command(flatten)]
    analysis: AnalysisArgs,
    /// Show every object, definition, cut and weight of one event: its number, counted
    /// from 0 over all files of all samples in order, or RUN:LUMI:EVENT
    #[arg(long, value_name = "EVENT", conflicts_with_all = ["wgsl", "plan"])]
    event: Option<Which>,
    /// The sample whose events are looked at, and for which the analysis is explained
    /// [default: for an event all, else the first]
    #[arg(long, value_name = "NAME")]
    sample: Option<String>,
    /// Show the plan: columns, spaces, nodes and fills
    #[arg(long, conflicts_with = "wgsl")]
    plan: bool,
    /// Show the generated WGSL
    #[arg(long)]
    wgsl: bool,
}

/// Prints what the arguments ask for.
pub(crate) fn run(args: &Args) -> Result {
    let bound = args.analysis.bind()?;
    let style = stdout::stdout_style();
    let samples = event::chosen(&bound, args.sample.as_deref())?;
    if let Some(which) = &args.event {
        return Ok(stdout::print(&event::explained(&bound, &samples, which, style)?)?);
    }
    let schema = bound.schema(&bound.inputs_of_one(samples[0]), &RunOptions::default())?;
    let watched = bound.compile_watched(&schema, samples[0])?;
    let compiled = watched.clone().for_run();
    let text = match (args.wgsl, args.plan) {
        (true, _) => wgsl(&compiled)?,
        (_, true) => plan_text(&compiled.plan),
        _ => columns(&compiled, &schema, style) + &words(&watched, style),
    };
    stdout::print(&text)?;
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

/// Definitions and what they are, the cuts of each region, histograms.
fn words(compiled: &Compiled, style: Style) -> String {
    let mut definitions = String::new();
    for watch in defined(compiled) {
        let what = style.dim(&describe(&compiled.plan.ir, watch));
        let _ = writeln!(definitions, "  {}: {}\n      {what}", watch.name, watch.source);
    }
    let mut regions = String::new();
    for region in compiled.regions.iter().filter(|region| !region.cuts.is_empty()) {
        let _ = writeln!(regions, "  {}", region.name);
        for (cut, watch) in region.cuts.iter().zip(&region.watches) {
            let _ = writeln!(regions, "    {cut}: {}", compiled.watches[*watch].source);
        }
    }
    let sections = [("Definitions", definitions), ("Regions", regions)];
    let text: String = sections.map(|(title, text)| section(title, text, style)).concat();
    text + &histograms(compiled, style)
}
