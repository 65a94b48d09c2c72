//! Which spaces multiply others, and which ones a node cannot do without.

use super::{Ir, NodeId, Op, Space, SpaceId, Ty};

impl Ir {
    /// Whether the space multiplies others, so that its size can explode.
    pub(crate) fn is_product(&self, space: SpaceId) -> bool {
        matches!(
            self.space(space),
            Space::Combos { .. } | Space::Cross { .. } | Space::Nested { .. }
        )
    }

    /// The spaces that must be known to compute a node.
    pub(crate) fn spaces_of(&self, id: NodeId) -> Vec<SpaceId> {
        let node = self.node(id);
        match &node.op {
            Op::Lift { slot, .. } => [Some(node.space), self.slot_space(node.space, *slot)]
                .into_iter()
                .flatten()
                .collect(),
            Op::Join(_) | Op::Part | Op::Own => vec![node.space],
            Op::Count(of) | Op::Nth { of, .. } => vec![*of],
            Op::Reduce(_, of) | Op::Best { key: of, .. } => vec![self.over(*of)],
            Op::Refer { of, .. } => {
                let mut spaces = self.lineage(node.space, SpaceId::EVENT);
                spaces.push(*of);
                spaces
            }
            Op::Member { index, slot } => match self.ty(*index) {
                Ty::Index(of) => {
                    [Some(of), self.slot_space(of, *slot)].into_iter().flatten().collect()
                }
                _ => vec![],
            },
            _ => vec![],
        }
    }

    /// `down` and its ancestors up to, and without, `up`.
    pub(crate) fn lineage(&self, down: SpaceId, up: SpaceId) -> Vec<SpaceId> {
        let mut spaces = vec![];
        let mut at = down;
        while at != up {
            spaces.push(at);
            at = self.parent(at).expect("an ancestor is on the way up");
        }
        spaces
    }
}
