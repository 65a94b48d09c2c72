//! What computing a node reads: columns, and the spaces that must be known before.

use crate::ir::{Ir, NodeId, Op, SpaceId};

/// What computing a node reads.
pub(super) struct Reads<'a> {
    pub(super) ir: &'a Ir,
    /// The lifts that are no columns: who uses them reads their source.
    pub(super) elided: Vec<bool>,
}

impl Reads<'_> {
    /// The nodes whose columns are read to compute this one.
    pub(super) fn operands(&self, id: NodeId) -> Vec<NodeId> {
        let mut nodes = self.ir.node(id).op.operands();
        for n in &mut nodes {
            if let (true, Op::Lift { node, .. }) = (self.elided[n.index()], &self.ir.node(*n).op) {
                *n = *node;
            }
        }
        nodes
    }

    /// The spaces that must be known to compute it.
    pub(super) fn spaces(&self, id: NodeId) -> Vec<SpaceId> {
        let mut spaces = self.ir.spaces_of(id);
        for n in self.ir.node(id).op.operands() {
            if self.elided[n.index()] {
                spaces.extend(self.ir.spaces_of(n));
            }
        }
        spaces
    }
}
