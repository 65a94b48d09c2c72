//! Segments: columns over a space that multiplies others, computed together a
//! few groups at a time. Such a space can have a hundred times the elements of
//! anything else; a column that is needed within its segment only is never
//! written out whole and stays in the nearest cache.

use super::block::Block;
use super::choices::{Need, choice, masks_first, needs};
use super::column::{Arg, Column, Element};
use super::program::{Reads, is_product};
use super::real::Real;
use crate::ir::{Ir, NodeId, Op, SpaceId, Ty};
use std::ops::Range;

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
    masks: Vec<NodeId>,
}

/// One node of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    node: NodeId,
    /// When it is needed.
    need: Need,
    /// The columns that are not used after it.
    frees: Vec<NodeId>,
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
        let mut masks: Vec<(NodeId, Option<bool>)> = Vec::new();
        for Member { node, need, frees } in &segment.steps {
            let is = |mask: NodeId| masks.iter().find(|(id, _)| *id == mask).and_then(|(_, v)| *v);
            let needed = match need {
                Need::Always => true,
                Need::Side(mask, side) => is(*mask) != Some(!side),
            };
            if needed {
                let choice = choice(&self.plan.ir, *node, &segment.masks);
                let taken = choice.and_then(|[mask, yes, no]| {
                    let side = if is(mask)? { yes } else { no };
                    Some(self.taken(side, self.column(mask).len(), frees))
                });
                let column = taken.unwrap_or_else(|| self.node(*node));
                self.values[node.index()] = Some(column);
                if segment.masks.contains(node) {
                    masks.push((*node, self.all(*node)));
                }
            }
            frees.iter().for_each(|id| self.free(*id));
        }
    }

    /// What all values of a mask are, if they are equal.
    fn all(&self, mask: NodeId) -> Option<bool> {
        let values = self.values::<u8>(mask);
        let first = *values.first()?;
        // Blocks of a few, each without a branch.
        let equal = |some: &[u8]| some.iter().fold(0, |other, v| other | (v ^ first)) == 0;
        values.chunks(256).all(equal).then_some(first != 0)
    }

    /// The column of a choice that is this side of it; `frees` are not used any more.
    fn taken(&mut self, side: NodeId, len: usize, frees: &[NodeId]) -> Column<'b, R> {
        if frees.contains(&side)
            && let Some(column) = self.values[side.index()].take()
        {
            return column;
        }
        match self.ty(side) {
            Ty::F32 => self.copied::<R>(side, len),
            Ty::I32 => self.copied::<i32>(side, len),
            Ty::I64 => self.copied::<i64>(side, len),
            _ => self.copied::<u8>(side, len),
        }
    }

    /// A column of the same values.
    fn copied<T: Element<R>>(&mut self, id: NodeId, len: usize) -> Column<'b, R> {
        let mut out = self.pools.take::<T>();
        match self.arg::<T>(id) {
            Arg::Scalar(value) => out.resize(len, value),
            Arg::Slice(values) => out.extend_from_slice(values),
        }
        T::wrap(out)
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
