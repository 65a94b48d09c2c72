//! What computing a node reads: columns, and the spaces that must be known before.

use crate::ir::{Ir, NodeId, Op, Space, SpaceId, Ty};

/// Whether the space multiplies others, so that its size can explode.
pub(super) fn is_product(ir: &Ir, space: SpaceId) -> bool {
    matches!(ir.space(space), Space::Combos { .. } | Space::Cross { .. } | Space::Nested { .. })
}

/// The spaces that must be known to compute a node.
pub(super) fn spaces_of(ir: &Ir, id: NodeId) -> Vec<SpaceId> {
    let node = ir.node(id);
    match &node.op {
        Op::Lift { slot, .. } => {
            [Some(node.space), ir.slot_space(node.space, *slot)].into_iter().flatten().collect()
        }
        Op::Join(_) | Op::Part | Op::Own => vec![node.space],
        Op::Count(of) | Op::Nth { of, .. } => vec![*of],
        Op::Reduce(_, of) | Op::Best { key: of, .. } => vec![ir.over(*of)],
        Op::Refer { of, .. } => {
            let mut spaces = lineage(ir, node.space, SpaceId::EVENT);
            spaces.push(*of);
            spaces
        }
        Op::Member { index, slot } => match ir.ty(*index) {
            Ty::Index(of) => [Some(of), ir.slot_space(of, *slot)].into_iter().flatten().collect(),
            _ => vec![],
        },
        _ => vec![],
    }
}

/// `down` and its ancestors up to, and without, `up`.
pub(super) fn lineage(ir: &Ir, down: SpaceId, up: SpaceId) -> Vec<SpaceId> {
    let mut spaces = vec![];
    let mut at = down;
    while at != up {
        spaces.push(at);
        at = ir.parent(at).expect("an ancestor is on the way up");
    }
    spaces
}

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
        let mut spaces = spaces_of(self.ir, id);
        for n in self.ir.node(id).op.operands() {
            if self.elided[n.index()] {
                spaces.extend(spaces_of(self.ir, n));
            }
        }
        spaces
    }
}
