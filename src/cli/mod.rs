//! The commands, one file each, and what they share: arguments, exit codes.

mod backend;
mod check;
mod completions;
mod devices;
mod elements;
mod event;
mod events;
mod explain;
mod fail;
mod grad;
mod gradcheck;
mod inspect;
mod optimize;
mod output;
mod progress;
mod run;
mod scan;
mod stdout;
mod vjp;
mod welcome;

use clap::{Parser, Subcommand};
use gpuana::session::{Analysis, Bound, Evaluator, Inputs};
use std::path::PathBuf;
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  2  the command line asks for something that cannot be done
  3  the analysis file is wrong, or does not fit the input files
  4  an input file is missing, unreadable or damaged
  5  the output cannot be written
  6  there is no usable GPU, or it failed
  7  done, but without files that cannot be read (--skip-bad-files)";

#[derive(Parser)]
#[command(name = "gpuana", version, about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Fill the histograms and cutflows of an analysis
    Run(run::Args),
    /// Differentiate soft histograms by the analysis's parameters
    Grad(grad::Args),
    /// Show an objective over the values of one or two parameters
    Scan(scan::Args),
    /// Find the parameters' values where an objective is best
    Optimize(optimize::Args),
    /// Check an analysis against its input files' types; reads no events
    Check(check::Args),
    /// Show what is read and computed, or why one event fails a cut
    Explain(explain::Args),
    /// Show what a file holds: trees, branches, types, compression, sizes
    Inspect(inspect::Args),
    /// List the GPUs (and software ones) that can be used
    Devices(devices::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// An analysis file and its input: what all commands with an analysis share.
#[derive(clap::Args)]
struct AnalysisArgs {
    /// The analysis file
    #[arg(value_name = "ANALYSIS.yaml")]
    analysis: PathBuf,
    /// Input files or their https:// addresses, instead of those that the analysis names
    #[arg(long, short, num_args = 1.., value_name = "FILE")]
    files: Vec<PathBuf>,
    /// JSON that lists the files of each sample, as the Analysis Grand Challenge's
    /// or coffea's; paths in it are relative to it
    #[arg(long, value_name = "INPUTS.json", conflicts_with = "files")]
    fileset: Option<PathBuf>,
    /// Take at most this many files of each sample
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_files_per_sample: Option<u64>,
    /// Take warnings as errors: exit code 3, and nothing is written
    #[arg(long)]
    strict: bool,
}

impl AnalysisArgs {
    /// Reads the analysis, and finds its files.
    fn bind(&self) -> fail::Result<Bound> {
        let most = self.max_files_per_sample;
        let inputs = Inputs {
            files: self.files.clone(),
            fileset: self.fileset.clone(),
            max_files_per_sample: most.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            named_by: "--files".to_owned(),
        };
        Ok(Analysis::read(&self.analysis)?.strict(self.strict).bind(&inputs)?)
    }
}

/// Reads the events that an objective is evaluated on, again and again.
fn read_events(
    analysis: &AnalysisArgs,
    backend: &backend::BackendArgs,
    events: &events::EventArgs,
    objective: Option<&str>,
    quiet: bool,
) -> fail::Result<Evaluator> {
    let mut bound = analysis.bind()?;
    bound.require_parameters()?;
    bound.differentiable();
    let objective = bound.objective(objective)?;
    let (backend, mut bar) = (backend.choose()?, progress::Bar::new(quiet));
    Ok(Evaluator::read(bound, backend, objective, &events.options(), &mut bar)?)
}

/// Does what the command line asks; the exit code of the program.
pub(crate) fn main() -> ExitCode {
    let result = match Cli::parse().command {
        None => welcome::show(),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Grad(args)) => grad::run(&args),
        Some(Command::Scan(args)) => scan::run(&args),
        Some(Command::Optimize(args)) => optimize::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Inspect(args)) => inspect::run(&args),
        Some(Command::Devices(args)) => devices::run(&args),
        Some(Command::Completions(args)) => completions::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
