//! Computes a segment: a few groups of its space at a time, so that its columns stay in
//! the nearest cache, and without the sides of choices that no element takes.

use super::block::Block;
use super::choices::{Need, choice};
use super::column::{Arg, Column, Element};
use super::real::Real;
use super::segment::{Member, Segment};
use crate::ir::{NodeId, SpaceId, Ty};
use std::ops::Range;

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
