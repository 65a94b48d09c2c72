//! Where the values of each event lie in a column: counts summed up from a
//! counter branch, lengths of vectors, or the same number in every event.

use super::lists::Lists;
use super::wanted::Column;
use crate::batch::Values;
use crate::error::Result;
use crate::read::shape::{length, room, too_many};
use crate::schema::StoredType;
use std::ops::Range;
use std::sync::Arc;

/// What places the values of columns.
pub(super) struct Counter {
    pub(super) origin: Origin,
    /// The list whose lengths it says.
    pub(super) of: Option<usize>,
    /// The event to which the first offset belongs.
    pub(super) first: u64,
    /// Where events start and end, of those that are known so far; parts of columns that
    /// come late share it.
    pub(super) offsets: Arc<Vec<u32>>,
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
    pub(super) fn new(origin: Origin, of: Option<usize>) -> Counter {
        Counter { origin, of, first: 0, offsets: Arc::new(vec![0]) }
    }

    /// Whether its numbers are just those that a branch holds.
    pub(super) fn is_in(&self, branch: usize) -> bool {
        matches!(&self.origin, Origin::Branch(column, 1) if column.branch == branch)
    }

    /// Whether both get their numbers from the same place.
    pub(super) fn is_as(&self, other: &Counter) -> bool {
        match (&self.origin, &other.origin) {
            (Origin::Branch(a, m), Origin::Branch(b, n)) => (a.branch, m) == (b.branch, n),
            (Origin::Lists(a), Origin::Lists(b)) => a.branch == b.branch,
            (Origin::Fixed(a, _), Origin::Fixed(b, _)) => a.branch == b.branch,
            _ => false,
        }
    }

    /// The branch whose baskets it reads.
    pub(super) fn branch_mut(&mut self) -> Option<&mut Column> {
        match &mut self.origin {
            Origin::Branch(column, _) => Some(column),
            Origin::Lists(_) | Origin::Fixed(..) => None,
        }
    }

    /// Room for the counts of so many events, in the place of their offsets,
    /// **with anything in it**.
    pub(super) fn room(&mut self, events: usize) -> Vec<u32> {
        self.first = 0;
        let offsets = std::mem::replace(&mut self.offsets, Arc::new(vec![0]));
        room(Arc::into_inner(offsets).unwrap_or_default(), events + 1)
    }

    /// Makes offsets of the counts of `events` that were put behind the first place.
    pub(super) fn follow_counts(
        &mut self,
        events: &Range<u64>,
        mut offsets: Vec<u32>,
    ) -> Result<()> {
        let Origin::Branch(_, times) = self.origin else { return Ok(()) };
        let mut sum = 0u64;
        offsets[0] = 0;
        if times == 1 {
            // Fewer than 2^32 counts of 32 bits: their sum has 64.
            for offset in &mut offsets[1..] {
                sum += u64::from(*offset);
                *offset = sum as u32;
            }
        } else {
            for offset in &mut offsets[1..] {
                sum = sum.saturating_add(u64::from(*offset).saturating_mul(times));
                *offset = sum as u32;
            }
        }
        if sum > u64::from(u32::MAX) {
            return Err(too_many(events));
        }
        (self.first, self.offsets) = (events.start, Arc::new(offsets));
        Ok(())
    }

    /// Whether the offsets are those of all of these events.
    pub(super) fn spans(&self, events: &Range<u64>) -> bool {
        let end = self.first + (self.offsets.len() as u64 - 1);
        self.first <= events.start && events.end <= end
    }

    /// The offsets of the events from one to another, if there are such.
    pub(super) fn part(&self, from: u64, to: u64) -> Option<(Arc<Vec<u32>>, Range<usize>)> {
        self.extent().starts(from, to)?;
        let part = (from - self.first) as usize..(to - self.first) as usize + 1;
        Some((Arc::clone(&self.offsets), part))
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
    pub(super) fn follow_lists(&mut self, first: u64) -> Result<()> {
        let Origin::Lists(unpacked) = &self.origin else { return Ok(()) };
        let mut sum = 0;
        let offsets = Arc::make_mut(&mut self.offsets);
        offsets.clear();
        offsets.push(0);
        for length in unpacked.baskets.iter().flat_map(|(_, lists)| &lists.lengths) {
            sum += length;
            offsets.push(sum as u32);
        }
        self.first = first;
        match sum {
            0..=0xffff_ffff => Ok(()),
            _ => Err(too_many(&(first..first + self.offsets.len() as u64 - 1))),
        }
    }
}

/// Where the values of an event start, counted from some event on.
#[derive(Clone, Copy)]
pub(super) enum Extent<'a> {
    /// The same number in every event.
    Each(u64),
    /// As the offsets say.
    Counted { first: u64, offsets: &'a [u32] },
}

impl<'a> Extent<'a> {
    /// Where each event from one to another starts, and the last of them ends, if that
    /// is counted.
    pub(super) fn starts(self, from: u64, to: u64) -> Option<&'a [u32]> {
        match self {
            Extent::Each(_) => None,
            Extent::Counted { first, offsets } => {
                offsets.get((from - first) as usize..=(to - first) as usize)
            }
        }
    }

    /// Number of values from one event to another.
    pub(super) fn between(self, from: u64, to: u64) -> u64 {
        match self {
            Extent::Each(n) => (to - from).saturating_mul(n),
            Extent::Counted { first, offsets } => {
                u64::from(offsets[(to - first) as usize] - offsets[(from - first) as usize])
            }
        }
    }

    /// Offsets of the events of `range`, the first one 0.
    pub(super) fn rebased(self, range: &Range<u64>, into: Vec<u32>) -> Result<Vec<u32>> {
        if self.between(range.start, range.end) > u64::from(u32::MAX) {
            return Err(too_many(range));
        }
        let events = length(range.end - range.start)?;
        let mut rebased = room(into, events + 1);
        match self {
            Extent::Each(n) => {
                let offsets = rebased.iter_mut().zip(0..);
                offsets.for_each(|(offset, event)| *offset = event * n as u32);
            }
            Extent::Counted { first, offsets } => {
                let offsets = &offsets[(range.start - first) as usize..][..=events];
                let before = offsets[0];
                rebased.iter_mut().zip(offsets).for_each(|(to, offset)| *to = offset - before);
            }
        }
        Ok(rebased)
    }

    /// Number of values of each event of `range`, as a column of the stored type.
    pub(super) fn counts(self, range: &Range<u64>, stored: StoredType) -> Values {
        let counts = range.clone().map(|event| self.between(event, event + 1));
        match stored {
            // They were, when they were read.
            StoredType::I32 => Values::I32(counts.map(|n| n as i32).collect()),
            _ => Values::I64(counts.map(|n| n as i64).collect()),
        }
    }

    /// The first event of `range` in which two disagree, and what they say.
    pub(super) fn disagreement(self, other: Extent<'_>, range: &Range<u64>) -> Option<[u64; 3]> {
        range
            .clone()
            .map(|event| [event, self.between(event, event + 1), other.between(event, event + 1)])
            .find(|[_, here, there]| here != there)
    }
}
