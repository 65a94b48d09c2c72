//! Segments: columns over a space that multiplies others, computed together a
//! few groups at a time. Such a space can have a hundred times the elements of
//! anything else; a column that is needed within its segment only is never
//! written out whole and stays in the nearest cache.

use super::choices::{Need, choice, masks_first, needs};
use super::reads::Reads;
use crate::ir::{Ir, NodeId, Op, SpaceId};

/// Columns over one space, and reductions of them, in the order of computation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// The space whose groups are taken a few at a time.
    pub(super) space: SpaceId,
    /// Columns over the space that were computed before.
    pub(super) imports: Vec<NodeId>,
    /// What is computed.
    pub(super) steps: Vec<Member>,
    /// Those of the computed columns that others use.
    pub(super) keeps: Vec<NodeId>,
    /// Those of the computed columns that choices are made by.
    pub(super) masks: Vec<NodeId>,
}

/// One node of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) node: NodeId,
    /// When it is needed.
    pub(super) need: Need,
    /// The columns that are not used after it.
    pub(super) frees: Vec<NodeId>,
}

/// The space of the segment in which a node is best computed, if it is any.
pub(super) fn space_of(ir: &Ir, id: NodeId) -> Option<SpaceId> {
    let of = match ir.node(id).op {
        Op::Reduce(_, of) | Op::Best { key: of, .. } => of,
        _ => id,
    };
    let space = ir.over(of);
    (ir.is_product(space) && (of != id || is_member(ir, id, space))).then_some(space)
}

/// Whether a node over `space` can be computed a few groups at a time.
fn is_member(ir: &Ir, id: NodeId, space: SpaceId) -> bool {
    let node = ir.node(id);
    let local = matches!(node.op, Op::Map(..) | Op::Lift { .. });
    local && node.space == space && ir.constant(id).is_none()
}

/// What the segment of `root` over `space` computes, in order: `root`, and what
/// of its operands over the space is not `done` yet.
pub(super) fn cone(
    reads: &Reads<'_>,
    root: NodeId,
    space: SpaceId,
    done: impl Fn(NodeId) -> bool,
) -> Vec<NodeId> {
    let mut found = vec![root];
    let mut next = 0;
    let mut seen = std::collections::HashSet::from([root]);
    while let Some(id) = found.get(next) {
        next += 1;
        for operand in reads.operands(*id) {
            if is_member(reads.ir, operand, space) && !done(operand) && seen.insert(operand) {
                found.push(operand);
            }
        }
    }
    // Operands have smaller numbers than their users.
    found.sort_unstable();
    found
}

impl Segment {
    /// A segment that computes these nodes; what is kept and what is freed is
    /// found by [`Segment::with_frees`].
    pub(super) fn new(reads: &Reads<'_>, space: SpaceId, nodes: &[NodeId]) -> Segment {
        let ir = reads.ir;
        let over_space = |n: &NodeId| ir.over(*n) == space && ir.constant(*n).is_none();
        let used = nodes.iter().flat_map(|n| reads.operands(*n));
        let mut imports: Vec<NodeId> =
            used.filter(|n| over_space(n) && !nodes.contains(n)).collect();
        imports.sort_unstable();
        imports.dedup();
        let masks = nodes.iter().filter_map(|n| choice(reads.ir, *n, nodes)).map(|[mask, ..]| mask);
        let masks = masks.collect();
        let member = |node| Member { node, need: Need::Always, frees: Vec::new() };
        let steps = masks_first(reads, nodes).into_iter().map(member).collect();
        Segment { space, imports, steps, keeps: Vec::new(), masks }
    }

    /// The nodes from outside that the segment uses.
    pub(super) fn uses(&self, reads: &Reads<'_>) -> Vec<NodeId> {
        let computed = |n: &NodeId| self.steps.iter().any(|step| step.node == *n);
        let used = self.steps.iter().flat_map(|step| reads.operands(step.node));
        used.filter(|n| !computed(n)).collect()
    }

    /// Keeps what is `used_later`, and frees the rest after its last use.
    pub(super) fn with_frees(&mut self, reads: &Reads<'_>, used_later: impl Fn(NodeId) -> bool) {
        let computed: Vec<NodeId> = self.steps.iter().map(|step| step.node).collect();
        self.keeps = computed.iter().copied().filter(|id| used_later(*id)).collect();
        let mut needed = self.keeps.clone();
        for step in self.steps.iter_mut().rev() {
            for operand in reads.operands(step.node) {
                if computed.contains(&operand) && !needed.contains(&operand) {
                    needed.push(operand);
                    step.frees.push(operand);
                }
            }
        }
        let needs = needs(reads, &computed, &self.keeps);
        self.steps.iter_mut().zip(needs).for_each(|(step, need)| step.need = need);
    }
}
