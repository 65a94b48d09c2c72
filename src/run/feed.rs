//! The reader's side of a run: a thread that reads batch after batch and
//! stays a little ahead of the backend.

use super::chunks::{Cuts, TARGET_EVENTS};
use super::golden::Certify;
use super::inputs::{Inputs, Opened};
use super::memory::{Budget, DEFAULT_MEMORY};
use super::{RunOptions, timed};
use crate::batch::{Batch, Request};
use crate::error::{Error, Result};
use crate::read::ReadStats;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

/// Batches that wait between the reader and the backend. With the one being
/// read and the one being computed, three are in memory.
pub(super) const AHEAD: usize = 1;

/// What the reader sends.
pub(super) enum Piece {
    /// Events of file number `file`, and how many more are not certified.
    Events { file: usize, batch: Batch, left_out: u64 },
    /// File number `file` is done; what reading it cost, and how long the
    /// reader's thread was at it.
    Done { file: usize, stats: ReadStats, reader: Duration },
}

/// Why a run cannot go on.
pub(super) struct Stop {
    /// The file to blame, by its number among the inputs, if it is one.
    pub(super) file: Option<usize>,
    pub(super) error: Error,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop { file: None, error }
    }
}

/// A file and how many of its events are wanted.
pub(super) struct Wanted {
    pub(super) file: Opened,
    pub(super) events: u64,
}

/// Reads the wanted events of all files in order, into the memory of batches
/// that were used; batches of about `target` events, if the options do not say. Ends early, without an error, when the receiver is gone.
pub(super) fn feed(
    inputs: &Inputs,
    files: Vec<Wanted>,
    request: &Request,
    options: (&RunOptions, u64),
    to: &SyncSender<Result<Piece, Stop>>,
    used: &Receiver<Batch>,
) {
    for (index, wanted) in files.into_iter().enumerate() {
        let file = wanted.file.index;
        match feed_file(inputs, index, wanted, request, options, to, used) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let _ = to.send(Err(Stop { file: Some(file), error }));
                return;
            }
        }
    }
}

/// Whether to go on with the next file.
fn feed_file(
    inputs: &Inputs,
    index: usize,
    mut wanted: Wanted,
    request: &Request,
    (options, target): (&RunOptions, u64),
    to: &SyncSender<Result<Piece, Stop>>,
    used: &Receiver<Batch>,
) -> Result<bool> {
    if wanted.events == 0 {
        return Ok(true);
    }
    let mut busy = Duration::ZERO;
    let source = timed(&mut busy, || wanted.file.source(inputs))?;
    let certify = inputs.golden().map(|golden| Certify::widen(golden, request));
    let request = certify.as_ref().map_or(request, |(wider, _)| wider);
    let mut reader = timed(&mut busy, || source.columns(request))?;
    let (footprint, threads) = (source.footprint(request), rayon::current_num_threads());
    let mut budget = Budget::new(options.memory.unwrap_or(DEFAULT_MEMORY), footprint, threads)?;
    let remote = source.identity().path.contains("://");
    let target = if remote { TARGET_EVENTS } else { target };
    let mut cuts = Cuts::new(wanted.events, reader.cluster_starts(), options.chunk_events, target);
    while let Some(range) = cuts.next(budget.events()) {
        used.try_iter().for_each(|batch| reader.reuse(batch));
        let mut batch = timed(&mut busy, || reader.read(range))?;
        budget.learn(&batch);
        let events = batch.events;
        if let Some((_, certify)) = &certify {
            batch = timed(&mut busy, || certify.keep(batch))?;
        }
        let left_out = (events - batch.events) as u64;
        if to.send(Ok(Piece::Events { file: index, batch, left_out })).is_err() {
            return Ok(false);
        }
    }
    let done = Piece::Done { file: index, stats: reader.stats(), reader: busy };
    Ok(to.send(Ok(done)).is_ok())
}
