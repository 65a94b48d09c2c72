//! Everything wired together: files are opened and checked, read batch by
//! batch on a thread of their own while the backend computes, and accounted
//! for to the last event. Nothing here looks at what is computed.

mod chunks;
mod feed;
mod files;
mod inputs;
mod ledger;
#[cfg(test)]
mod tests;
mod yields;

pub use chunks::TARGET_EVENTS;
pub use files::expand;
pub use inputs::Inputs;
pub use ledger::{InputRecord, Ledger, Skipped, Timings};
pub use yields::{CutRow, Cutflow, HistogramTotals, Yield, cutflows, histogram_totals};

use crate::analysis::Compiled;
use crate::backend::{Backend, Partial, Pass};
use crate::error::Result;
use feed::{Piece, Wanted};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// How to go through the events.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Events a batch; `None`: whole clusters of about [`TARGET_EVENTS`].
    pub chunk_events: Option<u64>,
    /// Stop after this many events, over all files together.
    pub max_events: Option<u64>,
}

/// Is told how far a run is.
pub trait Progress {
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
}

/// Evaluates a compiled analysis over all events of all inputs.
///
/// The analysis was compiled against the first file's schema ([`Inputs::first`]).
///
/// # Errors
/// A file is missing, damaged or does not fit the plan, or the backend fails.
/// The first error ends the run.
pub fn run(
    compiled: &Compiled,
    inputs: &Inputs,
    backend: &dyn Backend,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Outcome> {
    let started = Instant::now();
    let request = &compiled.plan.request;
    let opened = inputs::open_all(inputs, request)?;
    let mut account = Account::new(started.elapsed());
    let wanted = account.plan(opened, options.max_events);
    progress.begin(account.planned());

    let (to, from) = sync_channel(feed::AHEAD);
    let partial = std::thread::scope(|scope| -> Result<Partial> {
        scope.spawn(move || feed::feed(inputs, wanted, request, options.chunk_events, &to));
        let pass = timed(&mut account.timings.compile, || backend.compile(&compiled.plan))?;
        account.consume(from, pass, progress)
    })?;
    progress.finish();
    account.timings.total = started.elapsed();
    Ok(Outcome {
        partial,
        inputs: account.inputs,
        ledger: account.ledger,
        timings: account.timings,
    })
}

/// The books that are kept while the events go through.
struct Account {
    inputs: Vec<InputRecord>,
    ledger: Ledger,
    timings: Timings,
}

impl Account {
    fn new(open: Duration) -> Self {
        Account {
            inputs: Vec::new(),
            ledger: Ledger::default(),
            timings: Timings { open, ..Timings::default() },
        }
    }

    /// Enters all files, and decides how many events of each are wanted.
    fn plan(&mut self, opened: Vec<inputs::Opened>, max_events: Option<u64>) -> Vec<Wanted> {
        let mut left = max_events.unwrap_or(u64::MAX);
        let mut skipped = Skipped { reason: String::new(), files: 0, events: 0 };
        let mut wanted = Vec::with_capacity(opened.len());
        for file in opened {
            let events = file.events.min(left);
            left -= events;
            skipped.events += file.events - events;
            skipped.files += u64::from(events == 0 && file.events > 0);
            self.ledger.files_planned += 1;
            self.ledger.events_planned += file.events;
            self.inputs.push(InputRecord {
                identity: file.identity.clone(),
                events: file.events,
                processed: 0,
            });
            wanted.push(Wanted { file, events });
        }
        if skipped.events > 0 {
            skipped.reason = format!("beyond --events {}", max_events.unwrap_or(u64::MAX));
            self.ledger.skipped.push(skipped);
        }
        self.ledger.files_processed = self.ledger.files_planned - self.ledger.files_skipped();
        wanted
    }

    /// Events that are to be processed.
    fn planned(&self) -> u64 {
        self.ledger.events_planned - self.ledger.events_skipped()
    }

    /// Puts what the reader sends through the backend, to the end.
    fn consume(
        &mut self,
        from: Receiver<Result<Piece>>,
        mut pass: Box<dyn Pass + '_>,
        progress: &mut dyn Progress,
    ) -> Result<Partial> {
        while let Ok(piece) = timed(&mut self.timings.wait, || from.recv()) {
            match piece? {
                Piece::Events { file, batch } => {
                    let events = batch.events as u64;
                    self.inputs[file].processed += events;
                    self.ledger.events_processed += events;
                    self.ledger.narrowed += batch.narrowed;
                    self.ledger.batches += 1;
                    let batch = Arc::new(batch);
                    timed(&mut self.timings.compute, || pass.push(batch))?;
                    progress.advance(events);
                }
                Piece::Done(stats) => ledger::add_stats(&mut self.timings.read, stats),
            }
        }
        timed(&mut self.timings.compute, || pass.finish())
    }
}

/// Adds the time of `work` to `total`.
fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *total += started.elapsed();
    result
}
