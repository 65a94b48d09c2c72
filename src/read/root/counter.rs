//! Where the values of each event lie in a column: counts summed up from a
//! counter branch, lengths of vectors, or the same number in every event.

use super::lists::Lists;
use super::select::Column;
use crate::batch::Values;
use crate::error::Result;
use crate::read::shape::from_zero_into;
use std::ops::Range;

/// What places the values of columns.
pub(super) struct Counter {
    pub(super) origin: Origin,
    /// The event to which the first offset belongs.
    pub(super) first: u64,
    /// Where events start and end, of those that are known so far.
    pub(super) offsets: Vec<u64>,
    /// Memory for counts.
    pub(super) counts: Vec<i64>,
}

/// Where the numbers come from.
pub(super) enum Origin {
    /// A branch that holds them, each to be taken so many times.
    Branch(Column, u64),
    /// The vectors of a branch.
    Lists(Unpacked),
    /// All events have as many in a branch.
    Fixed(Column, u64),
}

/// A branch of vectors, and the baskets of it that are unpacked.
pub(super) struct Unpacked {
    pub(super) branch: usize,
    /// Bytes of a value.
    pub(super) size: usize,
    /// How deep vectors nest.
    pub(super) depth: usize,
    /// Consecutive baskets, by their numbers.
    pub(super) baskets: Vec<(usize, Lists)>,
}

impl Unpacked {
    /// The unpacked basket of this number.
    pub(super) fn basket(&self, number: usize) -> Option<&Lists> {
        self.baskets.iter().find(|(n, _)| *n == number).map(|(_, lists)| lists)
    }
}

impl Counter {
    pub(super) fn new(origin: Origin) -> Counter {
        Counter { origin, first: 0, offsets: vec![0], counts: Vec::new() }
    }

    /// Whether the offsets are those of all of these events.
    pub(super) fn spans(&self, events: &Range<u64>) -> bool {
        let end = self.first + (self.offsets.len() as u64 - 1);
        self.first <= events.start && events.end <= end
    }

    /// Where it says that values are.
    pub(super) fn extent(&self) -> Extent<'_> {
        match self.origin {
            Origin::Fixed(_, n) => Extent::Each(n),
            Origin::Branch(..) | Origin::Lists(_) => {
                Extent::Counted { first: self.first, offsets: &self.offsets }
            }
        }
    }

    /// Takes the lengths of unpacked baskets, of which the first starts at event `first`.
    pub(super) fn follow_lists(&mut self, first: u64) {
        let Origin::Lists(unpacked) = &self.origin else { return };
        let mut sum = 0;
        self.offsets.clear();
        self.offsets.push(sum);
        for length in unpacked.baskets.iter().flat_map(|(_, lists)| &lists.lengths) {
            sum += length;
            self.offsets.push(sum);
        }
        self.first = first;
    }
}

/// Where the values of an event start, counted from some event on.
#[derive(Clone, Copy)]
pub(super) enum Extent<'a> {
    /// The same number in every event.
    Each(u64),
    /// As the offsets say.
    Counted { first: u64, offsets: &'a [u64] },
}

impl Extent<'_> {
    /// Number of values from one event to another.
    pub(super) fn between(self, from: u64, to: u64) -> u64 {
        match self {
            Extent::Each(n) => (to - from).saturating_mul(n),
            Extent::Counted { first, offsets } => {
                offsets[(to - first) as usize] - offsets[(from - first) as usize]
            }
        }
    }

    /// Offsets of the events of `range`, the first one 0.
    pub(super) fn rebased(self, range: &Range<u64>, into: Vec<u32>) -> Result<Vec<u32>> {
        if let Extent::Counted { first, offsets } = self {
            let (from, to) = ((range.start - first) as usize, (range.end - first) as usize);
            return from_zero_into(&offsets[from..=to], range, into);
        }
        let offsets = (range.start..=range.end).map(|event| self.between(range.start, event));
        from_zero_into(&offsets.collect::<Vec<u64>>(), range, into)
    }

    /// Number of values of each event of `range`.
    pub(super) fn counts(self, range: &Range<u64>) -> Values {
        Values::I64(range.clone().map(|event| self.between(event, event + 1) as i64).collect())
    }

    /// The first event of `range` in which two disagree, and what they say.
    pub(super) fn disagreement(self, other: Extent<'_>, range: &Range<u64>) -> Option<[u64; 3]> {
        range
            .clone()
            .map(|event| [event, self.between(event, event + 1), other.between(event, event + 1)])
            .find(|[_, here, there]| here != there)
    }
}

/// Offsets from counts, each taken so many times; the number of the event and
/// its count if there can be no such count.
pub(super) fn summed(
    counts: &[i64],
    times: u64,
    offsets: &mut Vec<u64>,
) -> std::result::Result<(), (usize, i64)> {
    let mut sum = 0u64;
    offsets.clear();
    if offsets.capacity() <= counts.len() {
        *offsets = Vec::with_capacity(counts.len() + counts.len() / 16 + 1);
    }
    offsets.push(sum);
    for (i, &count) in counts.iter().enumerate() {
        let values = u64::try_from(count).ok().and_then(|n| n.checked_mul(times));
        sum = values.and_then(|n| sum.checked_add(n)).ok_or((i, count))?;
        offsets.push(sum);
    }
    Ok(())
}
