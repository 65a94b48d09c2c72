//! What a loop over a space feeds, and which space that is.

use crate::ir::{Ir, NodeId, Op, SpaceId};

/// What a loop feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consumer {
    /// A [`Op::Reduce`], [`Op::Best`] or [`Op::Nth`].
    Node(NodeId),
    /// The number of elements of a filter.
    Count(SpaceId),
    /// A column that is kept in `scratch`.
    Kept(NodeId),
}

/// The space that a consumer's loop runs over.
pub(super) fn consumed(ir: &Ir, consumer: Consumer) -> SpaceId {
    match consumer {
        Consumer::Count(space) => space,
        Consumer::Kept(node) => ir.over(node),
        Consumer::Node(node) => match &ir.node(node).op {
            Op::Reduce(_, x) | Op::Best { key: x, .. } => ir.over(*x),
            Op::Nth { of, .. } => *of,
            other => unreachable!("{other:?} is no reduction"),
        },
    }
}
