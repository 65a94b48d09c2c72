//! A chunk of events as one buffer of words: a directory, then offsets and
//! columns one after the other.
//!
//! Word `k` of the directory says where the offsets of counter `k` begin, word
//! `counters + c` where column `c` does: in words, for flags in bytes.

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
    batch: &'b Batch,
    /// The events, counted from the batch's first.
    pub(super) events: Range<usize>,
}

/// Takes the arena's bytes piece by piece, in any order, every piece once.
pub(super) type Sink<'s> = &'s mut dyn FnMut(usize, &[u8]);

impl<'b> Chunk<'b> {
    /// These events of a batch that fits the plan.
    pub(super) fn new(plan: &'b Plan, batch: &'b Batch, events: Range<usize>) -> Chunk<'b> {
        Chunk { plan, batch, events }
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
        let directory = self.batch.offsets.len() + self.batch.columns.len();
        let offsets = self.batch.offsets.len() * (self.events.len() + 1);
        let columns: usize = (0..self.batch.columns.len())
            .map(|c| (self.values(c).len() * width(&self.batch.columns[c])).div_ceil(4))
            .sum();
        directory + offsets + columns + PADDING
    }

    /// Gives all bytes to `sink`.
    ///
    /// # Errors
    /// A column is in double precision.
    pub(super) fn write(&self, sink: Sink<'_>) -> Result<()> {
        let counters = self.batch.offsets.len();
        let mut directory = Vec::with_capacity(counters + self.batch.columns.len());
        let mut at = counters + self.batch.columns.len();
        for offsets in &self.batch.offsets {
            let own = &offsets[self.events.start..=self.events.end];
            if own[0] == 0 {
                sink(4 * at, bytemuck::cast_slice(own));
            } else {
                let rebased: Vec<u32> = own.iter().map(|o| o - own[0]).collect();
                sink(4 * at, bytemuck::cast_slice(&rebased));
            }
            directory.push(at as u32);
            at += own.len();
        }
        for (c, values) in self.batch.columns.iter().enumerate() {
            let range = self.values(c);
            let flags = matches!(values, Values::Bool(_));
            directory.push(if flags { 4 * at as u32 } else { at as u32 });
            let bytes: &[u8] = match values {
                Values::Bool(v) => &v[range],
                Values::I32(v) => bytemuck::cast_slice(&v[range]),
                Values::I64(v) => bytemuck::cast_slice(&v[range]),
                Values::F32(v) => bytemuck::cast_slice(&v[range]),
                Values::F64(_) => {
                    return Err(Error::device(format!(
                        "column `{}` is in double precision, which kernels do not have; \
                         use the CPU",
                        self.plan.request.columns[c].branch
                    )));
                }
            };
            let whole = bytes.len() / 4 * 4;
            sink(4 * at, &bytes[..whole]);
            at += whole / 4;
            if whole < bytes.len() {
                let mut last = [0; 4];
                last[..bytes.len() - whole].copy_from_slice(&bytes[whole..]);
                sink(4 * at, &last);
                at += 1;
            }
        }
        sink(4 * at, &[0; 4 * PADDING]);
        sink(0, bytemuck::cast_slice(&directory));
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
    use super::super::zoo;
    use super::Chunk;

    #[test]
    fn pieces_cover_the_arena_once() {
        let plan = zoo::Zoo::new().plan;
        let batch = zoo::batch(20, 1);
        for events in [0..20, 3..4, 7..7, 5..18] {
            let chunk = Chunk::new(&plan, &batch, events.clone());
            let mut covered = vec![0u8; 4 * chunk.words()];
            let mut write = |at: usize, bytes: &[u8]| {
                covered[at..at + bytes.len()].iter_mut().for_each(|n| *n += 1);
            };
            chunk.write(&mut write).unwrap();
            assert!(covered.iter().all(|n| *n == 1), "{events:?}: {covered:?}");
        }
    }

    #[test]
    fn a_part_is_the_batch_of_its_events() {
        let plan = zoo::Zoo::new().plan;
        let batch = zoo::batch(20, 2);
        let bytes = |chunk: &Chunk<'_>| {
            let mut all = vec![0u8; 4 * chunk.words()];
            chunk.write(&mut |at, b| all[at..at + b.len()].copy_from_slice(b)).unwrap();
            all
        };
        let [first, rest] = Chunk::new(&plan, &batch, 0..20).halves();
        let alone = zoo::slice(&batch, 10..20);
        assert_eq!(first.events, 0..10);
        assert_eq!(bytes(&rest), bytes(&Chunk::new(&plan, &alone, 0..10)));
    }
}
