//! The reader's side of a run: reads batch after batch of all files, and hands
//! each to whoever computes.

use super::chunks::{Cuts, TARGET_EVENTS};
use super::deferred::Delayed;
use super::golden::Certify;
use super::inputs::Inputs;
use super::memory::{Budget, DEFAULT_MEMORY};
use super::survey::Opened;
use super::{RunOptions, timed};
use crate::batch::{Batch, Request};
use crate::error::{Error, Result};
use crate::read::{Model, Totals};
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What the reader hands over.
pub(super) enum Piece {
    /// Events of file number `file`, and how many more are not certified.
    Events { file: usize, batch: Batch, left_out: u64 },
    /// File number `file`, at this path, is done; what reading it cost, and how long the
    /// reader was at it.
    Done { file: usize, path: PathBuf, totals: Totals, reader: Duration },
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

/// A file and which of its events are wanted.
pub(super) struct Wanted {
    pub(super) file: Opened,
    pub(super) events: Vec<Range<u64>>,
}

/// What is made of a piece: the reader goes on, in the memory of the batches that were
/// used, or ends.
pub(super) type Handed = ControlFlow<(), Vec<Batch>>;

/// How to read.
pub(super) struct Way<'a> {
    pub(super) options: &'a RunOptions,
    /// Events of a batch, about, if the options do not say.
    pub(super) target: u64,
    /// Columns that may be late.
    pub(super) deferred: Vec<usize>,
    /// Batches in memory at a time, and what is made of them.
    pub(super) copies: f64,
}

/// Reads the wanted events of all files in order, and hands them over.
pub(super) fn feed(
    (inputs, model): (&Inputs<'_>, &Arc<Model>),
    files: Vec<Wanted>,
    request: &Request,
    way: &Way<'_>,
    hand: impl FnMut(Result<Piece, Stop>) -> Handed,
) {
    let delayed = Delayed::new(&way.deferred);
    let mut feeder = Feeder { inputs, model, request, way, hand, used: Vec::new(), delayed };
    for (index, wanted) in files.into_iter().enumerate() {
        let file = wanted.file.index;
        match feeder.file(index, wanted) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return,
            Err(error) => {
                let _ = (feeder.hand)(Err(Stop { file: Some(file), error }));
                return;
            }
        }
    }
}

/// Reads file after file.
struct Feeder<'a, H> {
    inputs: &'a Inputs<'a>,
    model: &'a Arc<Model>,
    request: &'a Request,
    way: &'a Way<'a>,
    hand: H,
    /// Batches that are done with.
    used: Vec<Batch>,
    delayed: Delayed,
}

impl<H: FnMut(Result<Piece, Stop>) -> Handed> Feeder<'_, H> {
    /// Whether to go on with the next file.
    fn file(&mut self, index: usize, mut wanted: Wanted) -> Result<ControlFlow<()>> {
        if wanted.events.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let (inputs, way) = (self.inputs, self.way);
        let mut busy = Duration::ZERO;
        let source = timed(&mut busy, || wanted.file.source(inputs.opener(), self.model))?;
        let certify = inputs.golden().map(|golden| Certify::widen(golden, self.request));
        let request = certify.as_ref().map_or(self.request, |(wider, _)| wider);
        let mut reader = timed(&mut busy, || source.columns(request))?;
        // A way to a server for each part would take long, and certified events are copied.
        let may_delay = certify.is_none() && !wanted.file.is_remote();
        let (footprint, threads) = (source.footprint(request), rayon::current_num_threads());
        let limit = way.options.memory.unwrap_or(DEFAULT_MEMORY);
        let mut budget = Budget::new(limit, footprint, threads, way.copies)?;
        let target = if wanted.file.is_remote() { TARGET_EVENTS } else { way.target };
        let chunk = way.options.chunk_events;
        for events in wanted.events {
            let mut cuts = Cuts::new(events, reader.cluster_starts(), chunk, target);
            while let Some(range) = cuts.next(budget.events()) {
                for batch in self.used.drain(..) {
                    self.delayed.learn(&batch);
                    reader.reuse(batch);
                }
                if may_delay {
                    reader.delay(&self.delayed.columns());
                }
                let mut batch = timed(&mut busy, || reader.read(range))?;
                budget.learn(&batch);
                let events = batch.events;
                if let Some((_, certify)) = &certify {
                    batch = timed(&mut busy, || certify.keep(batch))?;
                }
                let left_out = (events - batch.events) as u64;
                if self.hand(Piece::Events { file: index, batch, left_out }).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        let (path, totals) = (wanted.file.path, reader.finish());
        Ok(self.hand(Piece::Done { file: index, path, totals, reader: busy }))
    }

    fn hand(&mut self, piece: Piece) -> ControlFlow<()> {
        (self.hand)(Ok(piece)).map_continue(|used| self.used.extend(used))
    }
}
