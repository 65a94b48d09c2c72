//! Spaces of a block: where each parent's elements are, and which base
//! elements the filtered and sorted ones are. Combinations, crosses and
//! nested spaces keep offsets only; their members follow from them.

use super::column::Pools;
use super::combos::{self, Patterns};
use super::real::Real;
use crate::ir::{Ir, Slot, Space, SpaceId};
use std::borrow::Cow;
use std::cell::OnceCell;

/// One space in one block.
#[derive(Debug, Default)]
pub(super) struct SpaceData {
    /// For each parent element where its elements start, and at the end their number.
    pub(super) offsets: Vec<u32>,
    /// Of a filter or sort: each element's position in the base.
    pub(super) picks: Vec<u32>,
    /// Position of each element's parent, once someone asks.
    parents: OnceCell<Vec<u32>>,
}

impl SpaceData {
    /// A space of these groups.
    pub(super) fn new(offsets: Vec<u32>, picks: Vec<u32>) -> Self {
        SpaceData { offsets, picks, parents: OnceCell::new() }
    }

    /// Gives the buffers back.
    pub(super) fn recycle<R: Real>(self, pools: &mut Pools<R>) {
        pools.give(self.offsets);
        pools.give(self.picks);
        pools.give(self.parents.into_inner().unwrap_or_default());
    }
}

/// The spaces of a block that have been worked out so far.
#[derive(Debug)]
pub(super) struct Spaces<'p> {
    pub(super) ir: &'p Ir,
    pub(super) events: usize,
    pub(super) data: Vec<Option<SpaceData>>,
}

impl<'p> Spaces<'p> {
    /// No spaces yet but that of the events.
    pub(super) fn new(ir: &'p Ir, events: usize) -> Self {
        Spaces { ir, events, data: ir.spaces().iter().map(|_| None).collect() }
    }

    pub(super) fn get(&self, id: SpaceId) -> &SpaceData {
        self.data[id.index()].as_ref().expect("the program works spaces out before their use")
    }

    /// The groups of `id`, as offsets.
    pub(super) fn offsets(&self, id: SpaceId) -> &[u32] {
        &self.get(id).offsets
    }

    /// Start and length of each group of `id`.
    pub(super) fn groups(&self, id: SpaceId) -> impl Iterator<Item = (usize, usize)> + '_ {
        groups(self.offsets(id))
    }

    /// Number of elements in the block.
    pub(super) fn len(&self, id: SpaceId) -> usize {
        if id == SpaceId::EVENT {
            return self.events;
        }
        self.offsets(id).last().map_or(0, |n| *n as usize)
    }

    /// Position of the parent of each element.
    pub(super) fn parents(&self, id: SpaceId) -> &[u32] {
        let data = self.get(id);
        data.parents.get_or_init(|| {
            let mut parents = Vec::with_capacity(self.len(id));
            for (g, (_, n)) in groups(&data.offsets).enumerate() {
                parents.extend(std::iter::repeat_n(g as u32, n));
            }
            parents
        })
    }

    /// Position in `up`, an ancestor of `down`, for each element of `down`.
    pub(super) fn ancestors(&self, down: SpaceId, up: SpaceId) -> Cow<'_, [u32]> {
        if down == up {
            return (0..self.len(down) as u32).collect();
        }
        let mut at = self.ir.parent(down).expect("an ancestor is on the way up");
        let mut positions = Cow::Borrowed(self.parents(down));
        while at != up {
            let parents = self.parents(at);
            positions = positions.iter().map(|p| parents[*p as usize]).collect();
            at = self.ir.parent(at).expect("an ancestor is on the way up");
        }
        positions
    }

    /// Appends the source's value for the element in `slot` of each element of `to`.
    pub(super) fn lift<T: Copy>(
        &self,
        patterns: &mut Patterns,
        to: SpaceId,
        slot: Slot,
        src: &[T],
        out: &mut Vec<T>,
    ) {
        out.reserve(self.len(to));
        match (self.ir.space(to), slot) {
            (_, Slot::Parent) => {
                for ((_, n), value) in self.groups(to).zip(src) {
                    out.extend(std::iter::repeat_n(*value, n));
                }
            }
            (Space::Filter { .. } | Space::Sort { .. }, _) => {
                out.extend(self.get(to).picks.iter().map(|p| src[*p as usize]));
            }
            (Space::Combos { base, size }, _) => {
                let sources = match slot {
                    Slot::Pair(..) => self.ir.slot_space(to, slot).expect("the slot exists"),
                    _ => *base,
                };
                let starts = self.offsets(sources).iter().map(|o| *o as usize);
                let counts = self.groups(*base).map(|(_, n)| n);
                patterns.lift(*size, slot, counts.zip(starts), src, out);
            }
            (Space::Cross { first, second }, _) => {
                for ((a, na), (b, nb)) in self.groups(*first).zip(self.groups(*second)) {
                    if slot == Slot::Base(0) {
                        for value in &src[a..a + na] {
                            out.extend(std::iter::repeat_n(*value, nb));
                        }
                    } else {
                        for _ in 0..na {
                            out.extend_from_slice(&src[b..b + nb]);
                        }
                    }
                }
            }
            (Space::Nested { outer, inner }, _) => {
                let offsets = self.offsets(*inner);
                let parent = self.ir.parent(*inner).expect("the event nests in nothing");
                for a in self.ancestors(*outer, parent).iter().map(|a| *a as usize) {
                    out.extend_from_slice(&src[offsets[a] as usize..offsets[a + 1] as usize]);
                }
            }
            (space, slot) => unreachable!("{space:?} has no {slot:?}"),
        }
    }

    /// Position of the element in `slot` of element `at`, which is in group `group`, of `of`.
    pub(super) fn related(&self, of: SpaceId, slot: Slot, at: u32, group: usize) -> u32 {
        let local = (at - self.offsets(of)[group]) as usize;
        match (self.ir.space(of), slot) {
            (_, Slot::Parent) => group as u32,
            (Space::Filter { .. } | Space::Sort { .. }, _) => self.get(of).picks[at as usize],
            (Space::Combos { base, size }, _) => {
                let offsets = &self.offsets(*base)[group..=group + 1];
                let n = (offsets[1] - offsets[0]) as usize;
                let members = combos::members(n, *size, local as u64);
                match slot {
                    Slot::Pair(a, b) => {
                        let pairs = self.ir.slot_space(of, slot).expect("the slot exists");
                        let (a, b) = (members[a as usize], members[b as usize]);
                        self.offsets(pairs)[group] + combos::pair_rank(n, a, b) as u32
                    }
                    Slot::Base(k) => offsets[0] + members[k as usize] as u32,
                    Slot::Parent => unreachable!("matched above"),
                }
            }
            (Space::Cross { first, second }, _) => {
                let start = self.offsets(*second)[group];
                let n = (self.offsets(*second)[group + 1] - start) as usize;
                match slot {
                    Slot::Base(0) => self.offsets(*first)[group] + (local / n) as u32,
                    _ => start + (local % n) as u32,
                }
            }
            (Space::Nested { outer, inner }, _) => {
                let up = self.ir.parent(*inner).expect("the event nests in nothing");
                let mut at = group;
                let mut down = *outer;
                while down != up {
                    at = self.parents(down)[at] as usize;
                    down = self.ir.parent(down).expect("an ancestor is on the way up");
                }
                self.offsets(*inner)[at] + local as u32
            }
            (space, slot) => unreachable!("{space:?} has no {slot:?}"),
        }
    }

    /// The elements of all parts of `to`, part after part in each group.
    /// `part` appends the values of a range of a part's elements.
    pub(super) fn concat(&self, to: SpaceId, mut part: impl FnMut(usize, std::ops::Range<usize>)) {
        let Space::Concat { parts } = self.ir.space(to) else {
            unreachable!("only a concatenation has parts")
        };
        let offsets: Vec<&[u32]> = parts.iter().map(|p| self.offsets(*p)).collect();
        for g in 0..self.offsets(to).len() - 1 {
            for (k, offsets) in offsets.iter().enumerate() {
                part(k, offsets[g] as usize..offsets[g + 1] as usize);
            }
        }
    }
}

/// Start and length of each group.
pub(super) fn groups(offsets: &[u32]) -> impl Iterator<Item = (usize, usize)> + '_ {
    offsets.windows(2).map(|w| (w[0] as usize, (w[1] - w[0]) as usize))
}

/// Finds groups of elements; quick for ascending elements.
#[derive(Debug)]
pub(super) struct GroupFinder<'a> {
    offsets: &'a [u32],
    at: usize,
}

impl<'a> GroupFinder<'a> {
    /// Of the groups with these offsets.
    pub(super) fn new(offsets: &'a [u32]) -> Self {
        GroupFinder { offsets, at: 0 }
    }

    /// The group that element `element` is in.
    pub(super) fn find(&mut self, element: u32) -> usize {
        if element < self.offsets[self.at] {
            self.at = self.offsets.partition_point(|o| *o <= element) - 1;
        }
        while self.offsets[self.at + 1] <= element {
            self.at += 1;
        }
        self.at
    }
}

/// Offsets whose groups have these sizes; `Err` with the total if it is above `most`.
pub(super) fn offsets_of<R: Real>(
    pools: &mut Pools<R>,
    most: u64,
    sizes: impl Iterator<Item = u64>,
) -> Result<Vec<u32>, u64> {
    let mut offsets = pools.take::<u32>();
    offsets.push(0);
    let mut total = 0u64;
    for size in sizes {
        total = total.saturating_add(size);
        offsets.push(total.min(most) as u32);
    }
    if total > most { Err(total) } else { Ok(offsets) }
}
