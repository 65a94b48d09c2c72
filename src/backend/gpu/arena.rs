//! A chunk of events as one buffer of words: a directory, then offsets and
//! columns one after the other.
//!
//! Word `k` of the directory says where the offsets of counter `k` begin, word
//! `counters + c` where column `c` does: in words, for flags in bytes. What
//! follows is said by the program's [`Extra`]s.

use super::emit::{Extra, Places};
use crate::batch::{Batch, Values};
use crate::error::{Error, Result};
use crate::plan::Plan;
use std::ops::Range;

/// Words after the last column, so that element 0 of an empty column can be
/// read (and thrown away) wherever it is.
const PADDING: usize = 4;

/// Some events of a batch, about to be uploaded.
#[derive(Debug, Clone)]
pub(super) struct Chunk<'b> {
    plan: &'b Plan,
    extras: &'b [Extra],
    batch: &'b Batch,
    /// The events, counted from the batch's first.
    pub(super) events: Range<usize>,
}

/// What a part of an arena is. But for the plan's own, it follows from the batch and its
/// events alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// The offsets of a counter.
    Offsets(usize),
    /// The values of a column.
    Column(usize),
    /// The directory, and what a plan needs besides.
    Plan,
}

/// Where a piece lies in an arena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) piece: Piece,
    pub(super) words: Range<usize>,
}

/// Takes the arena's bytes part by part, in any order, each with what it belongs to and
/// where it begins.
pub(super) type Sink<'s> = &'s mut dyn FnMut(Piece, usize, &[u8]);

impl<'b> Chunk<'b> {
    /// These events of a batch that fits the plan.
    pub(super) fn new(
        plan: &'b Plan,
        extras: &'b [Extra],
        batch: &'b Batch,
        events: Range<usize>,
    ) -> Chunk<'b> {
        Chunk { plan, extras, batch, events }
    }

    /// The first half of the events and the rest.
    pub(super) fn halves(&self) -> [Chunk<'b>; 2] {
        let middle = self.events.start + self.events.len() / 2;
        let part = |events| Chunk { events, ..self.clone() };
        [part(self.events.start..middle), part(middle..self.events.end)]
    }

    /// Number of elements of a counter in event `event` of the batch.
    pub(super) fn elements(&self, counter: usize, event: usize) -> u64 {
        let offsets = &self.batch.offsets[counter];
        u64::from(offsets[event + 1] - offsets[event])
    }

    /// Number of elements of a counter in all events of the chunk.
    pub(super) fn total(&self, counter: usize) -> u64 {
        let offsets = &self.batch.offsets[counter];
        u64::from(offsets[self.events.end] - offsets[self.events.start])
    }

    /// Elements of a column.
    fn values(&self, column: usize) -> Range<usize> {
        match self.plan.request.columns[column].counter {
            None => self.events.clone(),
            Some(c) => {
                let at = |event: usize| self.batch.offsets[c][event] as usize;
                at(self.events.start)..at(self.events.end)
            }
        }
    }

    /// Size in words.
    pub(super) fn words(&self) -> usize {
        let pairs = self.extras.iter().filter(|e| matches!(e, Extra::PairOffsets(_)));
        self.end_of_columns() + pairs.count() * (self.events.len() + 1) + PADDING
    }

    /// Where offsets and columns lie.
    pub(super) fn pieces(&self) -> Vec<Span> {
        let counters = 0..self.batch.offsets.len();
        let offsets = counters.map(|k| (Piece::Offsets(k), self.events.len() + 1));
        let columns = self.batch.columns.iter().enumerate().map(|(c, values)| {
            (Piece::Column(c), (self.values(c).len() * width(values)).div_ceil(4))
        });
        let mut at = self.directory();
        let span = |(piece, words)| {
            let start = at;
            at += words;
            Span { piece, words: start..at }
        };
        offsets.chain(columns).map(span).collect()
    }

    fn end_of_columns(&self) -> usize {
        self.pieces().last().map_or(self.directory(), |last| last.words.end)
    }

    fn directory(&self) -> usize {
        self.batch.offsets.len() + self.batch.columns.len() + self.extras.len()
    }

    /// Number of pairs of the elements of these counters in event `event` of the batch.
    fn pairs(&self, counters: &[usize], event: usize) -> u64 {
        let n: u64 = counters.iter().map(|c| self.elements(*c, event)).sum();
        n * n.saturating_sub(1) / 2
    }

    /// Words of `scratch` that the chunk needs, and where each kept column begins.
    pub(super) fn scratch(&self) -> (u64, Vec<u64>) {
        let mut begins = Vec::new();
        let mut words = 0;
        for extra in self.extras {
            begins.push(words);
            let Extra::Kept { places, width } = extra else { continue };
            let values: u64 = match places {
                Places::Events => self.events.len() as u64,
                Places::Elements(counters) => counters.iter().map(|c| self.total(*c)).sum(),
                Places::Pairs(counters) => {
                    self.events.clone().map(|e| self.pairs(counters, e)).sum()
                }
            };
            words += values * *width as u64;
        }
        (words, begins)
    }

    /// Gives all bytes to `sink`.
    ///
    /// # Errors
    /// A column is in double precision.
    pub(super) fn write(&self, sink: Sink<'_>) -> Result<()> {
        let mut directory = Vec::with_capacity(self.directory());
        for Span { piece, words } in self.pieces() {
            let at = words.start;
            let flags = match piece {
                Piece::Offsets(k) => {
                    self.write_offsets(k, at, sink);
                    false
                }
                Piece::Column(c) => {
                    self.write_column(c, at, sink)?;
                    matches!(self.batch.columns[c], Values::Bool(_))
                }
                Piece::Plan => false,
            };
            directory.push(if flags { 4 * at as u32 } else { at as u32 });
        }
        let mut at = self.end_of_columns();
        for (extra, begin) in self.extras.iter().zip(self.scratch().1) {
            match extra {
                Extra::Kept { .. } => directory.push(begin as u32),
                Extra::PairOffsets(counters) => {
                    let mut offset = 0;
                    let mut offsets = vec![0];
                    for event in self.events.clone() {
                        offset += self.pairs(counters, event) as u32;
                        offsets.push(offset);
                    }
                    sink(Piece::Plan, 4 * at, bytemuck::cast_slice(&offsets));
                    directory.push(at as u32);
                    at += offsets.len();
                }
            }
        }
        sink(Piece::Plan, 4 * at, &[0; 4 * PADDING]);
        sink(Piece::Plan, 0, bytemuck::cast_slice(&directory));
        Ok(())
    }

    fn write_offsets(&self, counter: usize, at: usize, sink: Sink<'_>) {
        let own = &self.batch.offsets[counter][self.events.start..=self.events.end];
        if own[0] == 0 {
            return sink(Piece::Offsets(counter), 4 * at, bytemuck::cast_slice(own));
        }
        let rebased: Vec<u32> = own.iter().map(|o| o - own[0]).collect();
        sink(Piece::Offsets(counter), 4 * at, bytemuck::cast_slice(&rebased));
    }

    fn write_column(&self, column: usize, at: usize, sink: Sink<'_>) -> Result<()> {
        let range = self.values(column);
        let bytes: &[u8] = match &self.batch.columns[column] {
            Values::Bool(v) => &v[range],
            Values::I32(v) => bytemuck::cast_slice(&v[range]),
            Values::I64(v) => bytemuck::cast_slice(&v[range]),
            Values::F32(v) => bytemuck::cast_slice(&v[range]),
            Values::F64(_) => {
                return Err(Error::device(format!(
                    "column `{}` is in double precision, which kernels do not have; use the CPU",
                    self.plan.request.columns[column].branch
                )));
            }
        };
        let (piece, whole) = (Piece::Column(column), bytes.len() / 4 * 4);
        sink(piece, 4 * at, &bytes[..whole]);
        if whole < bytes.len() {
            let mut last = [0; 4];
            last[..bytes.len() - whole].copy_from_slice(&bytes[whole..]);
            sink(piece, 4 * at + whole, &last);
        }
        Ok(())
    }
}

/// Bytes of one value.
fn width(values: &Values) -> usize {
    match values {
        Values::Bool(_) => 1,
        Values::I32(_) | Values::F32(_) => 4,
        Values::I64(_) | Values::F64(_) => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::super::plans;
    use super::{Chunk, Extra, Places};

    fn extras() -> [Extra; 4] {
        [
            Extra::Kept { places: Places::Elements(vec![0]), width: 2 },
            Extra::PairOffsets(vec![0, 1]),
            Extra::Kept { places: Places::Pairs(vec![0, 1]), width: 1 },
            Extra::Kept { places: Places::Elements(vec![1, 2]), width: 1 },
        ]
    }

    #[test]
    fn pieces_cover_the_arena_once() {
        let (plan, extras) = (plans::PlanMaker::new().plan, extras());
        let batch = plans::batch(20, 1);
        for events in [0..20, 3..4, 7..7, 5..18] {
            let chunk = Chunk::new(&plan, &extras, &batch, events.clone());
            let mut covered = vec![0u8; 4 * chunk.words()];
            let mut write = |_, at: usize, bytes: &[u8]| {
                covered[at..at + bytes.len()].iter_mut().for_each(|n| *n += 1);
            };
            chunk.write(&mut write).unwrap();
            assert!(covered.iter().all(|n| *n == 1), "{events:?}: {covered:?}");
        }
    }

    #[test]
    fn every_kept_value_has_its_word() {
        let plan = plans::PlanMaker::new().plan;
        let batch = plans::batch(3, 5);
        let n = |c: usize, e: usize| u64::from(batch.offsets[c][e + 1] - batch.offsets[c][e]);
        let extras = extras();
        let (words, begins) = Chunk::new(&plan, &extras, &batch, 1..3).scratch();
        let elements = |c: usize| n(c, 1) + n(c, 2);
        // Element j is the second one of j pairs.
        let of_pairs: u64 = (1..3).map(|e| (0..n(0, e) + n(1, e)).sum::<u64>()).sum();
        assert_eq!(begins, [0, 2 * elements(0), 2 * elements(0), 2 * elements(0) + of_pairs]);
        assert_eq!(words, 2 * elements(0) + of_pairs + elements(1) + elements(2));
    }

    #[test]
    fn a_part_is_the_batch_of_its_events() {
        let (plan, extras) = (plans::PlanMaker::new().plan, extras());
        let batch = plans::batch(20, 2);
        let bytes = |chunk: &Chunk<'_>| {
            let mut all = vec![0u8; 4 * chunk.words()];
            chunk.write(&mut |_, at, b| all[at..at + b.len()].copy_from_slice(b)).unwrap();
            all
        };
        let [first, rest] = Chunk::new(&plan, &extras, &batch, 0..20).halves();
        let alone = plans::slice(&batch, 10..20);
        assert_eq!(first.events, 0..10);
        assert_eq!(bytes(&rest), bytes(&Chunk::new(&plan, &extras, &alone, 0..10)));
    }
}
