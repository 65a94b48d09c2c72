//! `gpuana check`: types and names against the files' schema, without events.

use super::fail::Result;
use super::{AnalysisArgs, stdout};
use gpuana::analysis::{Compiled, Watch, Watched};
use gpuana::report::number::{counted, grouped};
use gpuana::report::text_table::{Style, Table};
use gpuana::report::{describe, plan_hash};
use gpuana::run::RunOptions;
use gpuana::samples;
use gpuana::schema::Schema;
use std::fmt::Write;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  gpuana check examples/adl.yaml
  gpuana check examples/adl.yaml --files data/*.root")]
pub(crate) struct Args {
    #[command(flatten)]
    analysis: AnalysisArgs,
}

/// Checks the analysis against every file and prints what is defined.
pub(crate) fn run(args: &Args) -> Result {
    let bound = args.analysis.bind()?;
    bound.require_outputs()?;
    let inputs = bound.inputs();
    let options = RunOptions::default();
    let schema = bound.schema(&inputs, &options)?;
    let watched = bound.compile_watched(&schema, bound.samples().first())?;
    let compiled = watched.clone().for_run();
    let mut events = inputs.check(&compiled.plan.request)?;
    let mut files = inputs.files().count();
    let mut names = vec![];
    for sample in bound.samples() {
        let inputs = bound.inputs_of(sample);
        let compiled = bound.compile_for(&bound.schema(&inputs, &options)?, Some(sample))?;
        if !names.is_empty() {
            events += inputs.check(&compiled.plan.request)?;
            files += inputs.files().count();
        }
        names.push((sample, compiled));
    }
    let names: Vec<_> = names.iter().map(|(sample, compiled)| (*sample, compiled)).collect();
    samples::check_names(bound.analysis(), &names)?;
    differentiable(args)?;
    let style = stdout::stdout_style();
    let mut text = String::new();
    let files = match names.len() {
        0 => counted(files as u64, "file"),
        n => format!("{} of {}", counted(files as u64, "file"), counted(n as u64, "sample")),
    };
    let fine = style.bold(&format!("{}: fine", bound.path().display()));
    let _ = writeln!(text, "{fine} with {files}, {}", counted(events, "event"));
    text.push_str(&reads(&compiled, &schema));
    text.push_str(&definitions(&watched, style));
    text.push_str(&regions(&compiled, style));
    text.push_str(&histograms(&compiled, style));
    let warnings = gpuana::report::warnings(&bound.warnings(), style);
    if !warnings.is_empty() {
        text.push_str(&format!("\n{warnings}"));
    }
    stdout::print(&text)?;
    Ok(())
}

/// Checks what only gradients use: smooth cuts, scalars and objectives.
fn differentiable(args: &Args) -> Result {
    let mut bound = args.analysis.bind()?;
    let analysis = bound.analysis();
    if analysis.scalars.is_empty() && analysis.objectives.is_empty() {
        return Ok(());
    }
    bound.differentiable();
    bound.compile(&bound.schema(&bound.inputs(), &RunOptions::default())?)?;
    Ok(bound.check_objectives(&bound.analysis().objectives)?)
}

fn reads(compiled: &Compiled, schema: &Schema) -> String {
    let request = &compiled.plan.request;
    format!(
        "reads {} of {} branches of {}; plan {}\n",
        grouped((request.columns.len() + request.counters.len()) as u64),
        grouped(schema.branches.len() as u64),
        schema.tree,
        plan_hash(&compiled.plan),
    )
}

/// The watches that are definitions.
pub(super) fn defined(compiled: &Compiled) -> impl Iterator<Item = &Watch> {
    compiled.watches.iter().filter(|watch| watch.kind == Watched::Definition)
}

fn definitions(compiled: &Compiled, style: Style) -> String {
    let mut text = String::new();
    for watch in defined(compiled) {
        let _ = writeln!(text, "  {}: {}", watch.name, describe(&compiled.plan.ir, watch));
    }
    section("Definitions", text, style)
}

fn regions(compiled: &Compiled, style: Style) -> String {
    let mut text = String::new();
    for region in &compiled.regions {
        let weight = if region.weighted.is_some() { ", weighted" } else { "" };
        let cuts = counted(region.cuts.len() as u64, "cut");
        let _ = writeln!(text, "  {}: {cuts}{weight}", region.name);
    }
    section("Regions", text, style)
}

pub(super) fn histograms(compiled: &Compiled, style: Style) -> String {
    if compiled.histograms.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["Histogram", "region", "bins", "filled per"]).left(&[1, 3]);
    for h in &compiled.histograms {
        let bins: Vec<String> = h.axes.iter().map(|a| a.bins().to_string()).collect();
        let fill = &compiled.plan.fills[h.fill];
        let per = gpuana::report::element(&compiled.plan.ir, compiled.plan.ir.over(fill.mask));
        table.row([h.name.clone(), h.region.clone(), bins.join(" x "), per]);
    }
    format!("\n{}", table.render(style))
}

pub(super) fn section(title: &str, text: String, style: Style) -> String {
    if text.is_empty() { text } else { format!("\n{}\n{text}", style.bold(title)) }
}
