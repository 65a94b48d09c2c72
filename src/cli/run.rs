//! `gpuana run`: events in, histograms, cutflows and pictures out.

use super::backend::BackendArgs;
use super::events::EventArgs;
use super::fail::{Failure, Result};
use super::progress::Bar;
use super::{AnalysisArgs, output, stdout};
use gpuana::report::{costs_json, cutflow_json, samples_cutflow_json, summary};
use gpuana::run::RunOptions;
use gpuana::session::{Bound, RunResult};
use gpuana::warning::{Code, Warning};
use gpuana::write::{self, Folder, OutputDir};
use std::path::PathBuf;
use std::time::Instant;

#[derive(clap::Args)]
#[command(after_help = "\
Writes histograms.json (UHI), histograms.root, cutflow.json, run.json and plots/*.svg, all of
them or none. The first four but run.json are the same bytes on every machine and backend.

Examples:
  gpuana run examples/adl.yaml
  gpuana run adl.yaml --files data/*.root --output out --backend gpu")]
pub(crate) struct Args {
    #[command(flatten)]
    analysis: AnalysisArgs,
    /// Folder to write [default: the analysis file's name with .out, here]
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    backend: BackendArgs,
    #[command(flatten)]
    events: EventArgs,
    /// Go on without files that are absent or damaged: they are reported, samples are
    /// scaled by the events of the others, and the exit code is 7
    #[arg(long)]
    skip_bad_files: bool,
    /// Measure what each file costs (events/s, bytes, time by stage): a table, and
    /// report.json
    #[arg(long)]
    report: bool,
    /// Print run.json instead of the summary
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// Runs the analysis, writes its outputs and prints what happened.
pub(crate) fn run(args: &Args) -> Result {
    let started = Instant::now();
    let mut bound = args.analysis.bind()?;
    bound.require_outputs()?;
    bound.fill_scalars();
    let options = RunOptions { skip_bad_files: args.skip_bad_files, ..args.events.options() };
    let mut bar = Bar::new(args.quiet || args.json);
    let compiled = bound.compile_run(&options)?;
    let backend = args.backend.choose()?;
    let folder = output::open(&bound, args.output.as_ref())?;
    let mut done = compiled.run(&backend, &mut bar)?;
    done.record.output = output::shown(&folder);
    done.record.show_costs = args.report;
    write(&bound, &folder, &mut done, started)?;
    let record = &done.record;
    if args.json {
        stdout::print(&record.to_json())?;
    } else if !args.quiet {
        stdout::print(&summary(record, stdout::stdout_style()))?;
    }
    match record.ledger.files_unreadable {
        0 => Ok(()),
        files => Err(Failure::FilesLeftOut(files)),
    }
}

/// Writes all files, then makes them appear together.
fn write(bound: &Bound, folder: &Folder, done: &mut RunResult, begun: Instant) -> Result {
    let started = Instant::now();
    let RunResult { histograms, record } = done;
    let scalars = write::scalars::split(histograms, &bound.analysis().scalars);
    record.histograms.retain(|h| scalars.iter().all(|s| s.name != h.name));
    let mut output = OutputDir::new(folder, "run.json");
    output.stage("histograms.json", write::json::histograms(histograms)?.as_bytes())?;
    let (root, left_out) = write::root::histograms("histograms.root", histograms)?;
    output.stage("histograms.root", &root)?;
    for name in left_out {
        let text = format!("{name} has more than three axes and is not in histograms.root");
        bound.warn(Warning::new(Code::NotInRoot, text));
    }
    if let Some(text) = write::scalars::scalars(&scalars, &bound.analysis().scalars)? {
        output.stage("scalars.json", text.as_bytes())?;
        record.more_outputs.push("scalars.json".to_owned());
    }
    if let Some(text) = write::json::variations(histograms)? {
        output.stage("variations.json", text.as_bytes())?;
        record.more_outputs.push("variations.json".to_owned());
    }
    for stack in write::plot::stacks(histograms, bound.analysis().luminosity) {
        output.stage_picture(&format!("stacks/{}.svg", stack.name()), stack.svg().as_bytes())?;
        record.stacks += 1;
    }
    if let Some(name) = &bound.analysis().flat_json {
        output.stage(&name.name, write::json::flat(histograms)?.as_bytes())?;
        record.more_outputs.push(name.name.clone());
    }
    if let Some(soft) = write::json::soft(histograms)? {
        output.stage("soft.json", soft.as_bytes())?;
        record.more_outputs.push("soft.json".to_owned());
    }
    let cutflows = match record.samples.as_slice() {
        [] => cutflow_json(&record.cutflows),
        samples => samples_cutflow_json(samples),
    };
    output.stage("cutflow.json", cutflows.as_bytes())?;
    for histogram in histograms.iter() {
        if let Some(picture) = write::plot::svg(histogram) {
            output.stage_picture(&format!("plots/{}.svg", histogram.name), picture.as_bytes())?;
            record.pictures += 1;
        }
    }
    record.write = started.elapsed();
    if record.show_costs {
        record.elapsed = begun.elapsed();
        output.stage("report.json", costs_json(record).as_bytes())?;
        record.more_outputs.push("report.json".to_owned());
    }
    output::settle(bound, &output)?;
    record.warnings = bound.warnings();
    record.outputs = output.hashes();
    output.publish(&record.to_json())?;
    record.write = started.elapsed();
    Ok(())
}
