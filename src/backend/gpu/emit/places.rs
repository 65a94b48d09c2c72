//! What can be kept in `scratch`, and the places that elements have there.
//!
//! An element of a stored collection (or of a filter, sort or concatenation of
//! such) has a place: its position in the chunk. A pair of such elements has
//! one too: pairs are numbered within the event by `j (j - 1) / 2 + i`, `i < j`.

use crate::ir::{Ir, NodeId, Space, SpaceId};

/// Which elements have places: indices into the plan's counters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Places {
    /// The events.
    Events,
    /// The elements of these collections, one after the other in each event.
    Elements(Vec<usize>),
    /// The pairs of the elements of these collections.
    Pairs(Vec<usize>),
}

/// What a chunk's arena says beyond its offsets and columns, one word each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extra {
    /// Where in `scratch` a kept column begins.
    Kept {
        /// For which elements.
        places: Places,
        /// Words of one value.
        width: usize,
    },
    /// Where in the arena the events' offsets into [`Places::Pairs`] begin.
    PairOffsets(Vec<usize>),
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Keep {
    /// The values of a node.
    Node(NodeId),
    /// The number of elements of a space in each event.
    Count(SpaceId),
}

/// The elements of `space` as places, if they have some.
pub(super) fn places(ir: &Ir, space: SpaceId) -> Option<Places> {
    match ir.space(space) {
        Space::Event => Some(Places::Events),
        // A pair's number needs its members in stored order.
        Space::Combos { base, size: 2 } if ascends(ir, *base) => {
            elements(ir, *base).map(Places::Pairs)
        }
        Space::Filter { base, .. } | Space::Sort { base, .. } => places(ir, *base),
        _ => elements(ir, space).map(Places::Elements),
    }
}

fn ascends(ir: &Ir, space: SpaceId) -> bool {
    match ir.space(space) {
        Space::Filter { base, .. } => ascends(ir, *base),
        Space::Concat { parts } => parts.iter().all(|p| ascends(ir, *p)),
        other => matches!(other, Space::Collection { .. }),
    }
}

pub(super) fn elements(ir: &Ir, space: SpaceId) -> Option<Vec<usize>> {
    match ir.space(space) {
        Space::Collection { counter, .. } => Some(vec![*counter]),
        Space::Filter { base, .. } | Space::Sort { base, .. } => elements(ir, *base),
        Space::Concat { parts } => {
            let parts: Option<Vec<_>> = parts.iter().map(|p| elements(ir, *p)).collect();
            Some(parts?.concat())
        }
        _ => None,
    }
}
