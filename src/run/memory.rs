//! How many events a batch may have within a limit of memory: first by what
//! the file says of itself, then by the batches that were read.

use crate::batch::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::read::Footprint;

/// Bytes that a run may take for its events when the user does not say.
pub const DEFAULT_MEMORY: u64 = 2_000_000_000;

/// Bytes that the program takes with no events: code, threads, histograms.
const PROGRAM: u64 = 50_000_000;
/// Events of the first batch at most, as its size is a guess, unless four times
/// as many would fit.
const FIRST: u64 = 50_000;
/// Room for the difference between one batch and the next.
const MARGIN: f64 = 1.2;

/// What a batch may take.
pub(super) struct Budget {
    /// Bytes of one batch.
    batch: f64,
    /// Bytes of an event.
    event: f64,
    /// Whether a batch has been seen.
    measured: bool,
}

impl Budget {
    /// A part of `limit` bytes for each batch of a reader that takes `footprint`, where
    /// batches and what is made of them take as much as `copies` batches.
    ///
    /// # Errors
    /// The reader takes more than the limit, without any events.
    pub(super) fn new(
        limit: u64,
        footprint: Footprint,
        threads: usize,
        copies: f64,
    ) -> Result<Budget> {
        // Each thread has a piece as it is in the file, and decompressed.
        let scratch = footprint.piece.saturating_mul(2 * threads as u64);
        let fixed = PROGRAM.saturating_add(scratch).saturating_add(footprint.held);
        let batches = limit.saturating_sub(fixed) as f64;
        let least = copies * footprint.event;
        if batches < least.max(1.0) {
            let needed = fixed as f64 + least;
            return Err(Error::new(
                ErrorKind::Usage,
                format!(
                    "reading these columns takes {:.0} MB of memory, the limit is {:.0} MB: raise \
                     --memory",
                    (needed / 1e6).ceil().max(1.0),
                    limit as f64 / 1e6
                ),
            ));
        }
        Ok(Budget { batch: batches / copies, event: footprint.event, measured: false })
    }

    /// Events that the next batch may have: at least one.
    pub(super) fn events(&self) -> u64 {
        let most = if self.event > 0.0 { (self.batch / self.event) as u64 } else { u64::MAX };
        let careful = if self.measured { most } else { FIRST.max(most / 4) };
        most.min(careful).max(1)
    }

    /// Learns from a batch how much an event takes.
    pub(super) fn learn(&mut self, batch: &Batch) {
        if batch.events > 0 {
            let found = MARGIN * batch.bytes() as f64 / batch.events as f64;
            // A quiet stretch of a file must not make the next batch too large.
            let known = if self.measured { self.event * 0.8 } else { 0.0 };
            self.event = found.max(known);
            self.measured = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Values;

    #[test]
    fn batches_fit_the_limit() {
        let footprint = Footprint { event: 100.0, held: 30_000_000, piece: 5_000_000 };
        // limit in MB, threads, events of the first and of a later batch
        let table =
            [(500, 2, 250_000, 833_333), (101, 2, 2_500, 2_083), (100, 2, 0, 0), (140, 6, 0, 0)];
        for (limit, threads, first, later) in table {
            let budget = Budget::new(limit * 1_000_000, footprint, threads, 4.0);
            let Ok(mut budget) = budget else {
                assert_eq!(first, 0, "{limit}");
                continue;
            };
            assert_eq!(budget.events(), first, "{limit}");
            let columns = vec![Values::F32(vec![0.0; 25])];
            budget.learn(&Batch { events: 1, columns, ..Batch::default() });
            assert_eq!(budget.events(), later, "{limit}");
        }
        let error =
            Budget::new(90_000_000, footprint, 2, 4.0).err().expect("too little").to_string();
        assert_eq!(
            error,
            "reading these columns takes 101 MB of memory, the limit is 90 MB: raise --memory"
        );
    }

    #[test]
    fn batches_grow_slowly_and_shrink_at_once() {
        let footprint = Footprint { event: 8.0, held: 0, piece: 0 };
        let mut budget = Budget::new(PROGRAM + 4_000_000, footprint, 1, 4.0).expect("enough");
        let of = |n: usize| Batch {
            events: 100,
            columns: vec![Values::F32(vec![0.0; n])],
            ..Batch::default()
        };
        let mut events = vec![budget.events()];
        for n in [1000, 1000, 2000, 100, 100] {
            budget.learn(&of(n));
            events.push(budget.events());
        }
        assert_eq!(events, [50_000, 20_833, 20_833, 10_416, 13_020, 16_276]);
    }
}
