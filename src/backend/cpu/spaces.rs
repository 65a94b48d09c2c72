//! Spaces of a block: where each parent's elements are, and which base
//! elements the filtered and sorted ones are. Combinations, crosses and
//! nested spaces keep offsets only; their members follow from them.

use super::column::Pools;
use super::combos::{self, Cut, Patterns};
use super::real::Real;
use super::run_list::RunList;
use super::runs::append_runs;
use super::wide::append1;
use crate::ir::{Ir, Slot, Space, SpaceId};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

/// Mean number of elements a group below which lifts gather.
const SPARSE: usize = 4;

/// One space in one block.
#[derive(Debug, Default)]
pub(super) struct SpaceData {
    /// For each parent element where its elements start, and at the end their number.
    pub(super) offsets: Vec<u32>,
    /// Of a filter or sort: each element's position in the base.
    pub(super) picks: Vec<u32>,
    /// Position of each element's parent, once someone asks.
    parents: OnceCell<Vec<u32>>,
    /// The groups that have elements, once someone asks.
    full: OnceCell<Vec<u32>>,
    /// Of a concatenation: which elements of which part follow each other.
    pieces: OnceCell<Vec<(usize, Range<usize>)>>,
    /// Of combinations with few elements a group: for each slot that someone
    /// asked for the positions of its elements in the slot's space.
    members: Vec<(Slot, Vec<u32>)>,
    /// Of combinations with more: for each such slot the runs of its elements in
    /// the slot's space, of those groups that are computed at present.
    runs: Vec<(Slot, Cut, RunList)>,
}

impl SpaceData {
    /// A space of these groups.
    pub(super) fn new(offsets: Vec<u32>, picks: Vec<u32>) -> Self {
        SpaceData { offsets, picks, ..SpaceData::default() }
    }

    /// Gives the buffers back.
    pub(super) fn recycle<R: Real>(self, pools: &mut Pools<R>, patterns: &mut Patterns) {
        pools.give(self.offsets);
        pools.give(self.picks);
        pools.give(self.parents.into_inner().unwrap_or_default());
        pools.give(self.full.into_inner().unwrap_or_default());
        self.members.into_iter().for_each(|(_, positions)| pools.give(positions));
        self.runs.into_iter().for_each(|(_, _, list)| patterns.recycle(list));
    }
}

/// The spaces of a block that have been worked out so far.
#[derive(Debug)]
pub(super) struct Spaces<'p> {
    pub(super) ir: &'p Ir,
    pub(super) events: usize,
    pub(super) data: Vec<Option<SpaceData>>,
    /// A space of which some groups only are computed at present, and which.
    window: Option<(SpaceId, Range<usize>)>,
}

impl<'p> Spaces<'p> {
    /// No spaces yet but that of the events.
    pub(super) fn new(ir: &'p Ir, events: usize) -> Self {
        let data = ir.spaces().iter().map(|_| None).collect();
        Spaces { ir, events, data, window: None }
    }

    pub(super) fn get(&self, id: SpaceId) -> &SpaceData {
        self.data[id.index()].as_ref().expect("the program works spaces out before their use")
    }

    /// The groups of `id`, as offsets.
    pub(super) fn offsets(&self, id: SpaceId) -> &[u32] {
        &self.get(id).offsets
    }

    /// The groups of `id` that are computed at present.
    fn shown(&self, id: SpaceId) -> Range<usize> {
        match &self.window {
            Some((space, groups)) if *space == id => groups.clone(),
            _ => 0..self.offsets(id).len() - 1,
        }
    }

    /// The offsets of the groups of `id` that are computed at present; the
    /// first one is where in the whole column these start.
    pub(super) fn shown_offsets(&self, id: SpaceId) -> &[u32] {
        let shown = self.shown(id);
        &self.offsets(id)[shown.start..=shown.end]
    }

    /// The groups of `id` that have elements, among these ones.
    fn full_groups(&self, id: SpaceId, among: &Range<usize>) -> &[u32] {
        let data = self.get(id);
        let full = data.full.get_or_init(|| {
            let mut full = vec![0; data.offsets.len()];
            let mut found = 0;
            for (g, (_, n)) in groups(&data.offsets).enumerate() {
                // Written always, kept only if there are elements: no branch.
                full[found] = g as u32;
                found += usize::from(n > 0);
            }
            full.truncate(found);
            full
        });
        let start = full.partition_point(|g| (*g as usize) < among.start);
        let len = full[start..].partition_point(|g| (*g as usize) < among.end);
        &full[start..start + len]
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
            let mut parents = Vec::new();
            append_runs(&mut parents, self.len(id), |out| {
                (0..).zip(groups(&data.offsets)).for_each(|(g, (_, n))| out.repeat(g, n));
            });
            parents
        })
    }

    /// Position in `up`, an ancestor of `down`, for each element of `down`, or
    /// for some of them.
    pub(super) fn ancestors(
        &self,
        down: SpaceId,
        up: SpaceId,
        some: Option<Range<usize>>,
    ) -> Cow<'_, [u32]> {
        let some = some.unwrap_or_else(|| 0..self.len(down));
        if down == up {
            return (some.start as u32..some.end as u32).collect();
        }
        let mut at = self.ir.parent(down).expect("an ancestor is on the way up");
        let mut positions = Cow::Borrowed(&self.parents(down)[some]);
        while at != up {
            let parents = self.parents(at);
            positions = positions.iter().map(|p| parents[*p as usize]).collect();
            at = self.ir.parent(at).expect("an ancestor is on the way up");
        }
        positions
    }

    /// Appends the source's value for the element in `slot` of each element of
    /// `to` that is computed at present.
    pub(super) fn lift<T: Copy>(
        &mut self,
        patterns: &mut Patterns,
        to: SpaceId,
        slot: Slot,
        src: &[T],
        out: &mut Vec<T>,
    ) {
        let shown = self.shown(to);
        let offsets = &self.offsets(to)[shown.start..=shown.end];
        let total = (offsets[offsets.len() - 1] - offsets[0]) as usize;
        // A group of a product may be empty although there are elements to combine.
        let full = || self.full_groups(to, &shown).iter().map(|g| *g as usize);
        let group = |offsets: &[u32], g: usize| {
            (offsets[g] as usize, (offsets[g + 1] - offsets[g]) as usize)
        };
        let sparse = self.is_sparse(to);
        match (self.ir.space(to), slot) {
            (_, Slot::Parent) if sparse => {
                let elements = offsets[0] as usize..offsets[0] as usize + total;
                append1(out, &self.parents(to)[elements], |p| src[p as usize]);
            }
            (Space::Combos { .. }, _) if sparse => {
                let elements = offsets[0] as usize..offsets[0] as usize + total;
                self.find_members(patterns, to, slot);
                append1(out, &self.members(to, slot)[elements], |p| src[p as usize]);
            }
            (_, Slot::Parent) => {
                let offsets = self.offsets(to);
                append_runs(out, total, |out| {
                    full().for_each(|g| out.repeat(src[g], group(offsets, g).1));
                });
            }
            (Space::Filter { .. } | Space::Sort { .. }, _) => {
                out.extend(self.get(to).picks.iter().map(|p| src[*p as usize]));
            }
            (Space::Combos { size, .. }, _) => {
                let cut = Cut::of_one(*size, slot);
                self.find_runs(patterns, to, (slot, cut));
                combos::lift(*size, slot, self.runs(to, (slot, cut)), src, out);
            }
            (Space::Cross { first, second }, _) => {
                let (first, second) = (self.offsets(*first), self.offsets(*second));
                append_runs(out, total, |out| {
                    for g in full() {
                        let ((a, na), (b, nb)) = (group(first, g), group(second, g));
                        for k in 0..na {
                            match slot {
                                Slot::Base(0) => out.repeat(src[a + k], nb),
                                _ => out.copy(src, b, nb),
                            }
                        }
                    }
                });
            }
            (Space::Nested { outer, inner }, _) => {
                let inner_offsets = self.offsets(*inner);
                let parent = self.ir.parent(*inner).expect("the event nests in nothing");
                let ancestors = self.ancestors(*outer, parent, Some(shown.clone()));
                append_runs(out, total, |out| {
                    for g in full() {
                        let above = ancestors[g - shown.start] as usize;
                        let (start, n) = group(inner_offsets, above);
                        out.copy(src, start, n);
                    }
                });
            }
            (space, slot) => unreachable!("{space:?} has no {slot:?}"),
        }
    }

    /// Whether most groups are empty or tiny, so that a gather is quicker than
    /// a run each.
    pub(super) fn is_sparse(&self, id: SpaceId) -> bool {
        self.len(id) < SPARSE * (self.offsets(id).len() - 1)
    }

    /// The elements of `id` that are computed at present.
    pub(super) fn shown_elements(&self, id: SpaceId) -> Range<usize> {
        let offsets = self.shown_offsets(id);
        offsets[0] as usize..offsets[offsets.len() - 1] as usize
    }

    /// For each group of combinations that is computed at present and has some:
    /// the number of elements that are combined, and where the values for the
    /// elements in `slot` start.
    fn combined(&self, to: SpaceId, slot: Slot) -> impl Iterator<Item = (usize, usize)> + '_ {
        let Space::Combos { base, .. } = self.ir.space(to) else {
            unreachable!("only combinations combine")
        };
        let sources = match slot {
            Slot::Pair(..) => self.ir.slot_space(to, slot).expect("the slot exists"),
            _ => *base,
        };
        let (base, starts) = (self.offsets(*base), self.offsets(sources));
        let full = self.full_groups(to, &self.shown(to)).iter().map(|g| *g as usize);
        full.map(|g| ((base[g + 1] - base[g]) as usize, starts[g] as usize))
    }

    /// For each combination of `to` the position of its element in `slot`,
    /// which has been looked for.
    pub(super) fn members(&self, to: SpaceId, slot: Slot) -> &[u32] {
        let found = self.get(to).members.iter().find(|(of, _)| *of == slot);
        found.map_or(&[], |(_, positions)| positions)
    }

    /// Looks for the position of its element in `slot` for each combination.
    pub(super) fn find_members(&mut self, patterns: &mut Patterns, to: SpaceId, slot: Slot) {
        if self.get(to).members.iter().all(|(of, _)| *of != slot) {
            let (base, size) = match self.ir.space(to) {
                Space::Combos { base, size } => (*base, *size),
                space => unreachable!("{space:?} combines nothing"),
            };
            let sources = self.ir.slot_space(to, slot).expect("the slot exists");
            let starts = self.offsets(sources).iter().map(|o| *o as usize);
            let full = self.groups(to).map(|(_, n)| n > 0);
            let counts = self.groups(base).zip(full).map(|((_, n), full)| if full { n } else { 0 });
            let groups = counts.zip(starts);
            let mut positions = Vec::with_capacity(self.len(to));
            if let (2, Slot::Base(member)) = (size, slot) {
                combos::pair_members(member, groups, &mut positions);
            } else {
                let itself: Vec<u32> = (0..self.len(sources) as u32).collect();
                let list = patterns.list(size, (slot, Cut::EachHead), groups);
                combos::lift(size, slot, &list, &itself, &mut positions);
                patterns.recycle(list);
            }
            let members = &mut self.data[to.index()].as_mut().expect("known above").members;
            members.push((slot, positions));
        }
    }

    /// The runs of the elements in `slot` of the combinations of `to`, which have
    /// been looked for.
    pub(super) fn runs(&self, to: SpaceId, (slot, cut): (Slot, Cut)) -> &RunList {
        let found = self.get(to).runs.iter().find(|(s, c, _)| (*s, *c) == (slot, cut));
        &found.expect("runs are looked for before").2
    }

    /// Looks for the runs of the elements in `slot` of the combinations of `to`.
    pub(super) fn find_runs(
        &mut self,
        patterns: &mut Patterns,
        to: SpaceId,
        (slot, cut): (Slot, Cut),
    ) {
        if self.get(to).runs.iter().all(|(s, c, _)| (*s, *c) != (slot, cut)) {
            let Space::Combos { size, .. } = self.ir.space(to) else {
                unreachable!("only combinations combine")
            };
            let list = patterns.list(*size, (slot, cut), self.combined(to, slot));
            self.data[to.index()].as_mut().expect("known above").runs.push((slot, cut, list));
        }
    }

    /// Computes these groups of a space from now on; `None`: all groups of all.
    pub(super) fn show(
        &mut self,
        patterns: &mut Patterns,
        window: Option<(SpaceId, Range<usize>)>,
    ) {
        let changed = [&self.window, &window];
        for (space, _) in changed.into_iter().flatten() {
            if let Some(data) = &mut self.data[space.index()] {
                data.runs.drain(..).for_each(|(_, _, list)| patterns.recycle(list));
            }
        }
        self.window = window;
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
                let member = |k| combos::member(n, *size, local as u64, k);
                match slot {
                    Slot::Pair(a, b) => {
                        let pairs = self.ir.slot_space(of, slot).expect("the slot exists");
                        let (a, b) = (member(a), member(b));
                        self.offsets(pairs)[group] + combos::pair_rank(n, a, b) as u32
                    }
                    Slot::Base(k) => offsets[0] + member(k) as u32,
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
    pub(super) fn concat(&self, to: SpaceId, mut part: impl FnMut(usize, Range<usize>)) {
        let Space::Concat { parts } = self.ir.space(to) else {
            unreachable!("only a concatenation has parts")
        };
        let pieces = self.get(to).pieces.get_or_init(|| {
            let offsets: Vec<&[u32]> = parts.iter().map(|p| self.offsets(*p)).collect();
            let mut pieces: Vec<(usize, Range<usize>)> = Vec::new();
            for g in 0..self.offsets(to).len() - 1 {
                for (k, offsets) in offsets.iter().enumerate() {
                    let (start, end) = (offsets[g] as usize, offsets[g + 1] as usize);
                    match pieces.last_mut() {
                        _ if start == end => {}
                        // Elements of one part are consecutive over groups.
                        Some((part, range)) if *part == k => range.end = end,
                        _ => pieces.push((k, start..end)),
                    }
                }
            }
            pieces
        });
        pieces.iter().for_each(|(k, range)| part(*k, range.clone()));
    }
}

/// Start and length of each group.
pub(super) fn groups(offsets: &[u32]) -> impl Iterator<Item = (usize, usize)> + '_ {
    offsets.iter().zip(&offsets[1..]).map(|(a, b)| (*a as usize, (*b - *a) as usize))
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
