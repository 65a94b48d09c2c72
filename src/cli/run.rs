//! `gpuana run`: events in, histograms, cutflows and pictures out.

use super::backend::BackendArgs;
use super::fail::Result;
use super::load::Loaded;
use super::progress::Bar;
use super::{AnalysisArgs, fail, out};
use gpuana::analysis::Compiled;
use gpuana::error::Error;
use gpuana::hist::Histogram;
use gpuana::report::{RunRecord, cutflow_json, summary};
use gpuana::run::{self, Outcome, RunOptions};
use gpuana::write::{self, OutputDir};
use std::path::{Path, PathBuf};
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
    /// Events a batch; no result depends on it [default: about 200,000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    chunk_events: Option<u64>,
    /// Stop after this many events
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    /// Print run.json instead of the summary
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// Runs the analysis, writes its outputs and prints what happened.
pub(crate) fn run(args: &Args) -> Result {
    let loaded = Loaded::read(&args.analysis)?;
    let inputs = loaded.inputs();
    let mut compiled = loaded.compile(inputs.first()?.schema())?;
    compiled.plan.request.keep_doubles = args.backend.keeps_doubles();
    let chosen = args.backend.choose()?;
    let folder = args.output.clone().unwrap_or_else(|| default_folder(&loaded.path));
    check_writable(&folder)?;
    let options = RunOptions { chunk_events: args.chunk_events, max_events: args.events };
    let mut bar = Bar::new(args.quiet || args.json);
    let outcome = run::run(&compiled, &inputs, chosen.backend(), &options, &mut bar)?;
    let mut record = RunRecord {
        analysis: loaded.path.display().to_string(),
        backend: chosen.kind.to_owned(),
        device: chosen.device.clone(),
        precision: chosen.precision.to_owned(),
        exactness: chosen.exactness.clone(),
        dispatches: chosen.dispatches(),
        threads: rayon::current_num_threads(),
        chunk_events: args.chunk_events,
        output: folder.display().to_string(),
        ..RunRecord::new(&compiled, &outcome)
    };
    write(&folder, &compiled, &outcome, &mut record)?;
    if args.json {
        out::print(&record.to_json())?;
    } else if !args.quiet {
        out::print(&summary(&record, out::stdout_style()))?;
    }
    Ok(())
}

/// `adl.out` for `examples/adl.yaml`, in the current folder.
fn default_folder(analysis: &Path) -> PathBuf {
    Path::new(analysis.file_stem().unwrap_or(analysis.as_os_str())).with_extension("out")
}

/// Fails now if the folder could not be written after the run. Makes nothing.
fn check_writable(folder: &Path) -> Result {
    let here = Path::new(".");
    let mut existing = folder.ancestors().map(|p| if p.as_os_str().is_empty() { here } else { p });
    let nearest = existing.find(|p| p.exists()).unwrap_or(here);
    let failed = |e: std::io::Error| {
        Error::output(format!("cannot write to {}: {e}; choose --output", folder.display()))
    };
    tempfile::tempfile_in(nearest).map_err(failed)?;
    Ok(())
}

/// Writes all files, then makes them appear together.
fn write(folder: &Path, compiled: &Compiled, outcome: &Outcome, record: &mut RunRecord) -> Result {
    let started = Instant::now();
    let histograms = histograms(compiled, outcome);
    let mut output = OutputDir::create(folder)?;
    output.stage("histograms.json", write::json::histograms(&histograms)?.as_bytes())?;
    let (root, left_out) = write::root::histograms("histograms.root", &histograms)?;
    output.stage("histograms.root", &root)?;
    for name in left_out {
        fail::warn(&format!("{name} has more than three axes and is not in histograms.root"));
    }
    output.stage("cutflow.json", cutflow_json(&record.cutflows).as_bytes())?;
    for histogram in &histograms {
        if let Some(picture) = write::plot::svg(histogram)? {
            output.stage(&format!("plots/{}.svg", histogram.name), picture.as_bytes())?;
            record.pictures += 1;
        }
    }
    record.write = started.elapsed();
    output.stage("run.json", record.to_json().as_bytes())?;
    output.publish()?;
    record.write = started.elapsed();
    Ok(())
}

fn histograms(compiled: &Compiled, outcome: &Outcome) -> Vec<Histogram> {
    let fills = &outcome.partial.fills;
    compiled
        .histograms
        .iter()
        .map(|h| Histogram::new(&h.name, &h.title, h.axes.clone(), &fills[h.fill]))
        .collect()
}
