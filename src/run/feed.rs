//! The reader's side of a run: reads batch after batch of all files, and hands
//! each to whoever computes.

use super::chunks::{Cuts, TARGET_EVENTS};
use super::golden::Certify;
use super::inputs::{Inputs, Opened};
use super::memory::{Budget, DEFAULT_MEMORY};
use super::{RunOptions, timed};
use crate::batch::{Batch, Request};
use crate::error::{Error, Result};
use crate::read::ColumnReader;
use std::ops::ControlFlow;
use std::time::Duration;

/// What the reader hands over.
pub(super) enum Piece {
    /// Events of file number `file`, and how many more are not certified.
    Events { file: usize, batch: Batch, left_out: u64 },
    /// File number `file` is done; its reader, and how long it was at it.
    Done { file: usize, reader: Box<dyn ColumnReader>, busy: Duration },
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

/// What is made of a piece: the reader goes on, in the memory of the batches that were
/// used, or ends.
pub(super) type Handed = ControlFlow<(), Vec<Batch>>;

/// Reads the wanted events of all files in order, and hands them over; batches of about
/// `target` events, if the options do not say. `late` are columns that may be late.
pub(super) fn feed(
    inputs: &Inputs,
    files: Vec<Wanted>,
    request: &Request,
    options: (&RunOptions, u64, &[usize]),
    mut hand: impl FnMut(Result<Piece, Stop>) -> Handed,
) {
    for (index, wanted) in files.into_iter().enumerate() {
        let file = wanted.file.index;
        match feed_file(inputs, index, wanted, request, options, &mut hand) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return,
            Err(error) => {
                let _ = hand(Err(Stop { file: Some(file), error }));
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
    (options, target, late): (&RunOptions, u64, &[usize]),
    hand: &mut impl FnMut(Result<Piece, Stop>) -> Handed,
) -> Result<ControlFlow<()>> {
    if wanted.events == 0 {
        return Ok(ControlFlow::Continue(()));
    }
    let mut busy = Duration::ZERO;
    let source = timed(&mut busy, || wanted.file.source(inputs))?;
    let certify = inputs.golden().map(|golden| Certify::widen(golden, request));
    let request = certify.as_ref().map_or(request, |(wider, _)| wider);
    let mut reader = timed(&mut busy, || source.columns(request))?;
    // A way to a server for each piece would take long, and certified events are copied.
    if certify.is_none() && !wanted.file.is_remote() {
        reader.delay(late);
    }
    let (footprint, threads) = (source.footprint(request), rayon::current_num_threads());
    let mut budget = Budget::new(options.memory.unwrap_or(DEFAULT_MEMORY), footprint, threads)?;
    let target = if wanted.file.is_remote() { TARGET_EVENTS } else { target };
    let mut cuts = Cuts::new(wanted.events, reader.cluster_starts(), options.chunk_events, target);
    while let Some(range) = cuts.next(budget.events()) {
        let mut batch = timed(&mut busy, || reader.read(range))?;
        budget.learn(&batch);
        let events = batch.events;
        if let Some((_, certify)) = &certify {
            batch = timed(&mut busy, || certify.keep(batch))?;
        }
        let left_out = (events - batch.events) as u64;
        match hand(Ok(Piece::Events { file: index, batch, left_out })) {
            ControlFlow::Continue(used) => used.into_iter().for_each(|batch| reader.reuse(batch)),
            ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
        }
    }
    Ok(hand(Ok(Piece::Done { file: index, reader, busy })).map_continue(|_| ()))
}
