//! `gpuana run`: events in, histograms, cutflows and pictures out.

use super::backend::{BackendArgs, Chosen};
use super::events::EventArgs;
use super::fail::{Failure, Result};
use super::load::Loaded;
use super::progress::Bar;
use super::{AnalysisArgs, output, samples, stdout};
use gpuana::analysis::Compiled;
use gpuana::hist::Histogram;
use gpuana::read::Version;
use gpuana::report::number::counted;
use gpuana::report::{
    RunRecord, costs_json, cutflow_json, samples_cutflow_json, summary, warn_of_missing,
};
use gpuana::run::{self, InputRecord, Outcome, RunOptions};
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
    let mut loaded = Loaded::read(&args.analysis)?;
    loaded.require_outputs()?;
    loaded.fill_scalars();
    let options = RunOptions { skip_bad_files: args.skip_bad_files, ..args.events.options() };
    let mut bar = Bar::new(args.quiet || args.json);
    let mut done = match loaded.samples() {
        [] => plain(args, &loaded, &options, &mut bar)?,
        _ => samples::run(args, &loaded, &options, &mut bar)?,
    };
    done.record.show_costs = args.report;
    warn_of_servers(&loaded, &done.record.inputs);
    write(&loaded, &mut done, started)?;
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

/// What a run has computed, to be written.
pub(crate) struct Done {
    pub(crate) folder: Folder,
    pub(crate) histograms: Vec<Histogram>,
    pub(crate) record: RunRecord,
}

/// A run over files that are all alike.
fn plain(args: &Args, loaded: &Loaded, options: &RunOptions, bar: &mut Bar) -> Result<Done> {
    let inputs = loaded.inputs();
    let mut compiled = loaded.compile(&inputs.schema(options)?)?;
    loaded.sum_scalars(&mut compiled);
    compiled.plan.request.keep_doubles = args.backend.keeps_doubles();
    let chosen = args.backend.choose()?;
    let folder = args.folder(loaded)?;
    let outcome = run::run(&compiled, &inputs, chosen.backend(), options, bar)?;
    warn_of_missing(&compiled, &outcome.partial.fills, None)
        .into_iter()
        .for_each(|w| loaded.warn(w));
    let record = args.record(loaded, &chosen, &folder, RunRecord::new(&compiled, &outcome));
    Ok(Done { folder, histograms: histograms(&compiled, &outcome), record })
}

/// Says which servers could give two versions of a file as one.
fn warn_of_servers(loaded: &Loaded, inputs: &[InputRecord]) {
    let vague = |input: &&InputRecord| {
        matches!(input.identity.version, Version::Server { strong: false, .. })
    };
    let vague: Vec<&InputRecord> = inputs.iter().filter(vague).collect();
    if let Some(first) = vague.first() {
        let others = match vague.len() - 1 {
            0 => String::new(),
            n => format!(" (and of {})", counted(n as u64, "other file")),
        };
        let text = format!(
            "the server of {}{others} gives no strong ETag: a file that changed while it was read \
             would not be noticed; copy it here if it may change",
            first.identity.path
        );
        loaded.warn(Warning::new(Code::NoFileVersion, text));
    }
}

impl Args {
    /// How real numbers and events are computed.
    pub(crate) fn backend(&self) -> &BackendArgs {
        &self.backend
    }

    /// The folder to write, which can be written.
    pub(crate) fn folder(&self, loaded: &Loaded) -> Result<Folder> {
        output::open(loaded, self.output.as_ref())
    }

    /// What a run knows of itself, with what only the command line knows.
    pub(crate) fn record(
        &self,
        loaded: &Loaded,
        chosen: &Chosen,
        folder: &Folder,
        record: RunRecord,
    ) -> RunRecord {
        RunRecord {
            analysis: loaded.path.display().to_string(),
            backend: chosen.kind.to_owned(),
            device: chosen.device.clone(),
            precision: chosen.precision.to_owned(),
            exactness: chosen.exactness.clone(),
            dispatches: chosen.dispatches(),
            threads: rayon::current_num_threads(),
            chunk_events: self.events.chunk_events,
            output: output::shown(folder),
            ..record
        }
    }
}

/// Writes all files, then makes them appear together.
fn write(loaded: &Loaded, done: &mut Done, begun: Instant) -> Result {
    let started = Instant::now();
    let Done { folder, histograms, record } = done;
    let scalars = write::scalars::split(histograms, &loaded.analysis().scalars);
    record.histograms.retain(|h| scalars.iter().all(|s| s.name != h.name));
    let mut output = OutputDir::new(folder, "run.json");
    output.stage("histograms.json", write::json::histograms(histograms)?.as_bytes())?;
    let (root, left_out) = write::root::histograms("histograms.root", histograms)?;
    output.stage("histograms.root", &root)?;
    for name in left_out {
        let text = format!("{name} has more than three axes and is not in histograms.root");
        loaded.warn(Warning::new(Code::NotInRoot, text));
    }
    if let Some(text) = write::scalars::scalars(&scalars, &loaded.analysis().scalars)? {
        output.stage("scalars.json", text.as_bytes())?;
        record.more_outputs.push("scalars.json".to_owned());
    }
    if let Some(text) = write::json::variations(histograms)? {
        output.stage("variations.json", text.as_bytes())?;
        record.more_outputs.push("variations.json".to_owned());
    }
    for stack in write::plot::stacks(histograms, loaded.analysis().luminosity) {
        output.stage_picture(&format!("stacks/{}.svg", stack.name()), stack.svg().as_bytes())?;
        record.stacks += 1;
    }
    if let Some(name) = &loaded.analysis().flat_json {
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
    output::settle(loaded, &output)?;
    record.warnings = loaded.warnings();
    record.outputs = output.hashes();
    output.publish(&record.to_json())?;
    record.write = started.elapsed();
    Ok(())
}

fn histograms(compiled: &Compiled, outcome: &Outcome) -> Vec<Histogram> {
    compiled.histograms.iter().map(|h| h.finished(&outcome.partial.fills)).collect()
}
