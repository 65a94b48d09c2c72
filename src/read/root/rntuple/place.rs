//! Where the values of a branch lie among the elements of its column: one for
//! each event, or for each element of a collection, or so many times that.

use super::index::{Lengths, Piece};
use super::input::Input;
use crate::batch::Values;
use crate::error::Result;
use std::borrow::Cow;
use std::ops::Range;

/// How many values events have, and where.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    /// The branch that is named in messages.
    pub(super) branch: usize,
    /// The collection: position among the indexes. None: one an event.
    pub(super) index: Option<usize>,
    /// So many times that.
    pub(super) times: u64,
    /// The columns that must have them, if no collection tells.
    pub(super) columns: Vec<usize>,
}

impl Placed {
    /// Whether values lie alike, so that events have as many.
    pub(super) fn is_as(&self, other: &Placed) -> bool {
        (self.index, self.times, &self.columns) == (other.index, other.times, &other.columns)
    }

    /// The elements of the column in a piece, the `number`-th.
    pub(super) fn elements(&self, lengths: &[Lengths], number: usize, piece: &Piece) -> Range<u64> {
        let one = match self.index {
            Some(index) => &lengths[index].elements[number],
            None => &piece.entries,
        };
        one.start.saturating_mul(self.times)..one.end.saturating_mul(self.times)
    }

    /// Where the values of each event start and end, the first one at 0.
    pub(super) fn offsets<'l>(&self, lengths: &'l [Lengths], range: &Range<u64>) -> Cow<'l, [u64]> {
        let times = |n: u64| n.saturating_mul(self.times);
        match self.index {
            Some(index) if self.times == 1 => Cow::Borrowed(&lengths[index].offsets),
            Some(index) => lengths[index].offsets.iter().map(|&n| times(n)).collect(),
            None => (0..=range.end - range.start).map(times).collect(),
        }
    }

    /// Number of values of each event.
    pub(super) fn counts(&self, lengths: &[Lengths], range: &Range<u64>) -> Values {
        let offsets = self.offsets(lengths, range);
        Values::I64(offsets.windows(2).map(|w| (w[1] - w[0]) as i64).collect())
    }

    /// An error if there cannot be as many values as events need, where nothing
    /// but the number of events tells.
    pub(super) fn check(&self, input: &Input, pieces: &[Piece]) -> Result<()> {
        if self.index.is_some() {
            return Ok(());
        }
        let wanted = pieces.iter().enumerate();
        let wanted = wanted.map(|(i, piece)| (piece.cluster, self.elements(&[], i, piece)));
        for part in input.parts(self.branch, &self.columns, wanted)? {
            let Some(page) = part.page else { continue };
            let believable = input.ntuple.believable(&input.file, page);
            believable.map_err(|e| input.at_page(self.branch, page, e))?;
        }
        Ok(())
    }
}

/// The first event in which two lists differ, counted from the first one of the offsets,
/// with the number of values of both.
pub(super) fn disagreement(own: &[u64], other: &[u32]) -> Option<(u64, [u64; 2])> {
    let counts = own.windows(2).zip(other.windows(2));
    let counts = counts.map(|(own, other)| [own[1] - own[0], u64::from(other[1] - other[0])]);
    (0..).zip(counts).find(|(_, [own, other])| own != other)
}
