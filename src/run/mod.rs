//! Everything wired together: files are opened and checked, read batch by
//! batch while the backend computes, and accounted for to the last event.
//! Nothing here looks at what is computed.

mod chunks;
mod deferred;
mod duplicates;
mod feed;
mod files;
mod golden;
mod inputs;
mod ledger;
mod memory;
mod opener;
mod pipeline;
mod survey;
mod tally;
#[cfg(test)]
mod tests;
mod yields;

pub use chunks::TARGET_EVENTS;
pub use duplicates::Known;
pub use files::{InputFile, Meant, expand, expand_written};
pub use golden::Golden;
pub use inputs::Inputs;
pub use ledger::{Cost, Defaulted, InputRecord, Ledger, Skipped, Timings};
pub use memory::DEFAULT_MEMORY;
pub use yields::{CutRow, Cutflow, ExactYield, HistogramTotals, Yield};
pub use yields::{cutflows, exact_cutflows, histogram_totals, totals};

use crate::analysis::Compiled;
use crate::backend::{Backend, Partial};
use crate::error::{ErrorKind, Result};
use crate::read::Model;
use feed::{Stop, Wanted};
use pipeline::Work;
use std::sync::Arc;
use std::time::{Duration, Instant};
use survey::Broken;
use tally::Tally;

/// How to go through the events.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Events a batch; `None`: whole clusters of about as many as suit the backend, and
    /// about [`TARGET_EVENTS`] at most.
    pub chunk_events: Option<u64>,
    /// Bytes that reading and computing may take, an estimate by which batches are
    /// cut; `None`: [`DEFAULT_MEMORY`]. Batches of `chunk_events` are not cut.
    pub memory: Option<u64>,
    /// Stop after this many events, over all files together.
    pub max_events: Option<u64>,
    /// Leave out files that cannot be read, instead of failing.
    pub skip_bad_files: bool,
}

/// Is told how far a run is.
pub trait Progress: Send {
    /// All files are open and fit; this many events will be processed.
    fn begin(&mut self, _events: u64) {}
    /// This many more events went through the backend.
    fn advance(&mut self, _events: u64) {}
    /// All events are processed.
    fn finish(&mut self) {}
}

/// No progress is shown.
impl Progress for () {}

/// What a run gives.
pub struct Outcome {
    /// The fills of the plan, in its order, and what the backend did for them.
    pub partial: Partial,
    /// The input files, in order.
    pub inputs: Vec<InputRecord>,
    /// Planned, processed, skipped.
    pub ledger: Ledger,
    /// Time by stage.
    pub timings: Timings,
    /// For each file that was left out because it cannot be read, why.
    pub unreadable: Vec<String>,
}

/// Evaluates a compiled analysis over all events of all inputs.
///
/// The analysis was compiled against what the files offer together ([`Inputs::schema`]).
///
/// # Errors
/// A file is missing, damaged or does not fit the plan, or the backend fails.
/// The first error ends the run, but with [`RunOptions::skip_bad_files`] files
/// that cannot be read are left out; none of their events count.
pub fn run(
    compiled: &Compiled,
    inputs: &Inputs,
    backend: &dyn Backend,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Outcome> {
    let prepared = prepare(compiled, inputs, options)?;
    progress.begin(prepared.events());
    let outcome = execute(prepared, compiled, inputs, backend, options, progress)?;
    progress.finish();
    Ok(outcome)
}

/// Files that are open and fit a plan, for [`execute`].
pub struct Prepared {
    wanted: Vec<Wanted>,
    tally: Tally,
    broken: Vec<Broken>,
    model: Arc<Model>,
}

impl Prepared {
    /// Events that will be processed.
    pub fn events(&self) -> u64 {
        self.tally.planned()
    }

    /// The files that could be opened.
    pub fn inputs(&self) -> &[InputRecord] {
        &self.tally.inputs
    }
}

/// The first half of [`run`]: opens all files and checks that the plan fits.
///
/// # Errors
/// As [`run`], as far as it is seen without reading events.
pub fn prepare(compiled: &Compiled, inputs: &Inputs, options: &RunOptions) -> Result<Prepared> {
    prepare_without(compiled, inputs, options, Vec::new())
}

fn prepare_without(
    compiled: &Compiled,
    inputs: &Inputs,
    options: &RunOptions,
    broken: Vec<Broken>,
) -> Result<Prepared> {
    let started = Instant::now();
    let (model, mut survey) = inputs.surveyed(options.skip_bad_files, broken)?;
    let request = &compiled.plan.request;
    survey.check(&model, request, inputs.golden().is_some())?;
    survey.note_absent(&model, request);
    let mut tally = Tally::new(survey.time.max(started.elapsed()));
    let wanted = tally.plan(survey.opened, options.max_events);
    tally.leave_out(&survey.broken);
    Ok(Prepared { wanted, tally, broken: survey.broken, model })
}

/// The second half of [`run`]: reads and computes. The progress is told of
/// events only, so that several runs can share it.
///
/// # Errors
/// As [`run`].
pub fn execute(
    mut prepared: Prepared,
    compiled: &Compiled,
    inputs: &Inputs,
    backend: &dyn Backend,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Outcome> {
    let started = Instant::now();
    let opening = prepared.tally.timings.open;
    loop {
        let mut broken = std::mem::take(&mut prepared.broken);
        match once(prepared, compiled, inputs, backend, options, progress) {
            Ok(mut outcome) => {
                outcome.timings.total = opening + started.elapsed();
                return Ok(outcome);
            }
            // What was computed of the file cannot be taken back out of the
            // sums: all is computed again without it.
            Err(Stop { file: Some(file), error })
                if options.skip_bad_files && error.kind() == ErrorKind::Input =>
            {
                broken.push(Broken { file, error });
                prepared = prepare_without(compiled, inputs, options, broken)?;
            }
            Err(stop) => return Err(stop.error),
        }
    }
}

fn once(
    prepared: Prepared,
    compiled: &Compiled,
    inputs: &Inputs,
    backend: &dyn Backend,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Outcome, Stop> {
    let Prepared { wanted, mut tally, model, .. } = prepared;
    let work = Work { inputs, model: &model, plan: &compiled.plan, backend, options };
    let partial = work.process(wanted, &mut tally, progress)?;
    tally.close(inputs.golden());
    let Tally { inputs, ledger, timings, unreadable } = tally;
    Ok(Outcome { partial, inputs, ledger, timings, unreadable })
}

/// Adds the time of `work` to `total`.
fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *total += started.elapsed();
    result
}
