//! Segments: columns over a space that multiplies others, computed together a
//! few groups at a time. Such a space can have a hundred times the elements of
//! anything else; a column that is needed within its segment only is never
//! written out whole and stays in the nearest cache.

use super::block::Block;
use super::column::Column;
use super::program::{Reads, is_product};
use super::real::Real;
use crate::ir::{Ir, NodeId, Op, SpaceId};
use std::ops::Range;

/// Columns over one space, and reductions of them, in the order of computation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// The space whose groups are taken a few at a time.
    pub(super) space: SpaceId,
    /// Columns over the space that were computed before.
    pub(super) imports: Vec<NodeId>,
    /// What is computed, with the columns that are not used after it.
    pub(super) steps: Vec<(NodeId, Vec<NodeId>)>,
    /// Those of the computed columns that others use.
    pub(super) keeps: Vec<NodeId>,
}

/// The space of the segment in which a node is best computed, if it is any.
pub(super) fn space_of(ir: &Ir, id: NodeId) -> Option<SpaceId> {
    let of = match ir.node(id).op {
        Op::Reduce(_, of) | Op::Best { key: of, .. } => of,
        _ => id,
    };
    let space = ir.over(of);
    (is_product(ir, space) && (of != id || is_member(ir, id, space))).then_some(space)
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
        let steps = nodes.iter().map(|n| (*n, Vec::new())).collect();
        Segment { space, imports, steps, keeps: Vec::new() }
    }

    /// The nodes from outside that the segment uses.
    pub(super) fn uses(&self, reads: &Reads<'_>) -> Vec<NodeId> {
        let computed = |n: &NodeId| self.steps.iter().any(|(id, _)| id == n);
        let used = self.steps.iter().flat_map(|(n, _)| reads.operands(*n));
        used.filter(|n| !computed(n)).collect()
    }

    /// Keeps what is `used_later`, and frees the rest after its last use.
    pub(super) fn with_frees(&mut self, reads: &Reads<'_>, used_later: impl Fn(NodeId) -> bool) {
        let computed: Vec<NodeId> = self.steps.iter().map(|(id, _)| *id).collect();
        self.keeps = computed.iter().copied().filter(|id| used_later(*id)).collect();
        let mut needed = self.keeps.clone();
        for (id, frees) in self.steps.iter_mut().rev() {
            for operand in reads.operands(*id) {
                if computed.contains(&operand) && !needed.contains(&operand) {
                    needed.push(operand);
                    frees.push(operand);
                }
            }
        }
    }
}

impl<'b, R: Real> Block<'b, '_, R> {
    /// Computes a segment, whose operands and spaces are known.
    pub(super) fn segment(&mut self, segment: &Segment) {
        let chunks = self.chunks(segment.space);
        if chunks.len() == 1 {
            return self.chunk(segment);
        }
        let take = |block: &mut Self, id: NodeId| {
            block.values[id.index()].take().expect("the program computes operands before")
        };
        let imports: Vec<(NodeId, Column<'b, R>)> =
            segment.imports.iter().map(|id| (*id, take(self, *id))).collect();
        let mut kept: Vec<Column<'b, R>> = Vec::with_capacity(segment.keeps.len());
        for (first, chunk) in chunks.into_iter().enumerate().map(|(k, c)| (k == 0, c)) {
            let offsets = self.spaces.offsets(segment.space);
            let elements = offsets[chunk.start] as usize..offsets[chunk.end] as usize;
            self.spaces.show(self.patterns, Some((segment.space, chunk)));
            for (id, whole) in &imports {
                self.values[id.index()] = Some(whole.part(elements.clone(), self.pools));
            }
            self.chunk(segment);
            for (id, _) in &imports {
                let part = take(self, *id);
                self.pools.recycle(part);
            }
            for (k, id) in segment.keeps.iter().enumerate() {
                let part = take(self, *id);
                if first {
                    kept.push(part);
                } else {
                    kept[k].append(&part);
                    self.pools.recycle(part);
                }
            }
        }
        self.spaces.show(self.patterns, None);
        for (id, column) in imports.into_iter().chain(segment.keeps.iter().copied().zip(kept)) {
            self.values[id.index()] = Some(column);
        }
    }

    fn chunk(&mut self, segment: &Segment) {
        for (id, frees) in &segment.steps {
            let column = self.node(*id);
            self.values[id.index()] = Some(column);
            frees.iter().for_each(|id| self.free(*id));
        }
    }

    /// Cuts the groups of a space into ranges of about `chunk` elements. There
    /// is at least one, and together they are all groups.
    fn chunks(&self, space: SpaceId) -> Vec<Range<usize>> {
        let offsets = self.spaces.offsets(space);
        let groups = offsets.len() - 1;
        let mut chunks = Vec::new();
        let mut start = 0;
        while start < groups {
            let enough = u64::from(offsets[start]) + self.chunk_elements;
            let rest = &offsets[start + 1..];
            let end = start + 1 + rest.partition_point(|o| u64::from(*o) < enough);
            // What is left is not worth a chunk of its own.
            let end = if end >= groups || offsets[end] == offsets[groups] { groups } else { end };
            chunks.push(start..end);
            start = end;
        }
        if chunks.is_empty() {
            chunks.push(0..groups);
        }
        chunks
    }
}
