//! Reading and computing: on two threads, the reader a little ahead; or in turns,
//! where there is one thread for both.

use super::feed::{Handed, Piece, Stop, Wanted, Way, feed};
use super::inputs::Inputs;
use super::tally::Tally;
use super::{Progress, RunOptions, timed};
use crate::backend::{Backend, Partial, Pass};
use crate::batch::Batch;
use crate::plan::Plan;
use crate::read::Model;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::time::{Duration, Instant};

/// Batches that wait between the reader and the backend, where these overlap.
const AHEAD: usize = 1;
/// What batches take then, in batches: one waits, one is computed, one is read; and as
/// much as one more for what reader and backend make of them meanwhile.
const OVERLAPPED: f64 = 4.0;
/// The same where they take turns.
const IN_TURNS: f64 = 2.0;

/// What is to be read, and what is to be made of it.
pub(super) struct Work<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) model: &'a Arc<Model>,
    pub(super) plan: &'a Plan,
    pub(super) backend: &'a dyn Backend,
    pub(super) options: &'a RunOptions,
}

impl Work<'_> {
    /// Puts all wanted events through the backend.
    pub(super) fn process(
        &self,
        wanted: Vec<Wanted>,
        tally: &mut Tally,
        progress: &mut dyn Progress,
    ) -> Result<Partial, Stop> {
        let remote = wanted.iter().any(|wanted| wanted.file.is_remote());
        if rayon::current_num_threads() > 1 || remote {
            return self.overlapped(wanted, tally, progress);
        }
        // All on the pool's thread: each call into the pool from outside would switch
        // threads twice, and a batch that waits takes memory for nothing.
        let mut result = None;
        rayon::scope(|_| result = Some(self.in_turns(wanted, tally, progress)));
        result.expect("the scope has run")
    }

    fn feed(
        &self,
        wanted: Vec<Wanted>,
        (deferred, copies): (Vec<usize>, f64),
        hand: impl FnMut(Result<Piece, Stop>) -> Handed,
    ) {
        let target = self.backend.batch_events();
        let way = Way { options: self.options, target, deferred, copies };
        feed((self.inputs, self.model), wanted, &self.plan.request, &way, hand);
    }

    fn compile(&self, tally: &mut Tally) -> Result<Box<dyn Pass>, Stop> {
        Ok(timed(&mut tally.timings.compile, || self.backend.pass(self.plan))?)
    }

    /// One batch is read while another is computed.
    fn overlapped(
        &self,
        wanted: Vec<Wanted>,
        tally: &mut Tally,
        progress: &mut dyn Progress,
    ) -> Result<Partial, Stop> {
        let (to, from) = sync_channel(AHEAD);
        let (back, used) = channel();
        let (say, deferred) = channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let deferred = deferred.recv().unwrap_or_default();
                self.feed(wanted, (deferred, OVERLAPPED), |piece| match to.send(piece) {
                    Ok(()) => ControlFlow::Continue(used.try_iter().collect()),
                    Err(_) => ControlFlow::Break(()),
                });
            });
            // Who needs all columns at once can compile while the first batch is read.
            if !self.backend.defers_columns() {
                let _ = say.send(Vec::new()); // the reader may have ended
            }
            let pass = self.compile(tally)?;
            let _ = say.send(pass.deferred());
            // Moved to here, so that a reader that waits for it ends with an error, too.
            drop(say);
            consume(tally, pass, (from, back), progress)
        })
    }

    /// One batch is read, then it is computed.
    fn in_turns(
        &self,
        wanted: Vec<Wanted>,
        tally: &mut Tally,
        progress: &mut dyn Progress,
    ) -> Result<Partial, Stop> {
        let mut pass = self.compile(tally)?;
        let deferred = pass.deferred();
        let (mut stopped, mut since) = (None, Instant::now());
        self.feed(wanted, (deferred, IN_TURNS), |piece| {
            let wait = since.elapsed();
            tally.timings.wait += wait;
            let taken = piece.and_then(|piece| tally.take(piece, wait, pass.as_mut(), progress));
            since = Instant::now();
            match taken {
                Ok(used) => ControlFlow::Continue(Vec::from_iter(used)),
                Err(stop) => {
                    stopped = Some(stop);
                    ControlFlow::Break(())
                }
            }
        });
        stopped.map_or_else(|| tally.finish(pass), Err)
    }
}

/// Puts what the reader sends through the backend, to the end.
fn consume(
    tally: &mut Tally,
    mut pass: Box<dyn Pass>,
    (from, back): (Receiver<Result<Piece, Stop>>, Sender<Batch>),
    progress: &mut dyn Progress,
) -> Result<Partial, Stop> {
    loop {
        let mut wait = Duration::ZERO;
        let received = timed(&mut wait, || from.recv());
        tally.timings.wait += wait;
        let Ok(piece) = received else { return tally.finish(pass) };
        if let Some(batch) = tally.take(piece?, wait, pass.as_mut(), progress)? {
            let _ = back.send(batch); // the reader may have ended
        }
    }
}
