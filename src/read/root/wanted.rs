//! The columns of a request: branches with values in baskets, or numbers of a counter.

use super::kept::Kept;
use super::packed::Packing;
use super::tree::Tree;
use crate::schema::StoredType;

/// One requested branch with values in baskets, and the end of the last of them
/// if it was not needed yet.
pub(super) struct Column {
    pub(super) branch: usize,
    pub(super) stored: StoredType,
    /// How values are packed, if they are not simply stored.
    pub(super) packing: Option<Packing>,
    /// What places the values: index into the counters.
    pub(super) counter: Option<usize>,
    /// The counter of the request, if it is another one: they must agree.
    pub(super) agrees: Option<usize>,
    pub(super) kept: Option<Kept>,
}

/// A requested column.
pub(super) enum Wanted {
    /// The values of a branch.
    Values(Column),
    /// The numbers of a counter, as values of this type.
    Lengths(usize, StoredType),
}

impl Wanted {
    /// The column with values of its own.
    pub(super) fn column(&self) -> Option<&Column> {
        match self {
            Wanted::Values(column) => Some(column),
            Wanted::Lengths(..) => None,
        }
    }

    /// The same, to change it.
    pub(super) fn column_mut(&mut self) -> Option<&mut Column> {
        match self {
            Wanted::Values(column) => Some(column),
            Wanted::Lengths(..) => None,
        }
    }
}

impl Column {
    /// Of a branch that no counter places yet.
    pub(super) fn new(tree: &Tree, branch: usize, stored: StoredType) -> Column {
        let packing = tree.packings[branch];
        Column { branch, stored, packing, counter: None, agrees: None, kept: None }
    }

    /// Bytes of a value in a basket.
    pub(super) fn size(&self) -> usize {
        self.packing.map_or(self.stored.size(), Packing::size)
    }
}
