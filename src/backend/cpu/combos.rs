//! Combinations: how many, and which members, without a list a block.
//!
//! Which members the combinations of `n` elements have does not depend on the
//! event. For each multiplicity `n` a *pattern* is worked out once a thread:
//! runs of combinations that differ in the last member only. Along a run the
//! last member's values are consecutive and those of the others do not change,
//! so a column over the members is lifted run by run, without an index.

use super::run_list::{Part, Run, RunList, append_copied, append_repeated};
use crate::ir::Slot;

/// Most runs of a pattern that is kept.
const MOST_RUNS: usize = 1 << 12;

/// Number of `size`-element combinations of `n` elements, saturating.
pub(super) fn binomial(n: u64, size: u32) -> u64 {
    match size {
        // Without 128-bit divisions, which cost more than all the rest here.
        0 => return 1,
        1 => return n,
        2 if n < 1 << 20 => return n * n.saturating_sub(1) / 2,
        3 if n < 1 << 20 => return n * n.saturating_sub(1) * n.saturating_sub(2) / 6,
        _ if u64::from(size) > n => return 0,
        _ => {}
    }
    let mut result: u128 = 1;
    for k in 0..u64::from(size) {
        // Exact at each step: a product of k + 1 consecutive numbers is divisible by (k + 1)!.
        result = result * u128::from(n - k) / u128::from(k + 1);
        if result > u128::from(u64::MAX) {
            return u64::MAX;
        }
    }
    result as u64
}

/// Position of the pair `i < j` among the pairs of `n` elements in lexicographic order.
pub(super) fn pair_rank(n: usize, i: usize, j: usize) -> usize {
    i * (2 * n - i - 1) / 2 + (j - i - 1)
}

/// How the runs of the elements in a slot are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Where any member but the last changes: the runs of all slots side by side.
    EachHead,
    /// Where the next value is not the next one of the source.
    Longest,
}

impl Cut {
    /// That of a column which is lifted alone, or beside one over the combinations:
    /// the pairs of the last two members go on when all others stay.
    pub(super) fn of_one(size: u32, slot: Slot) -> Cut {
        match slot {
            Slot::Pair(a, b) if a + 1 == b && b + 1 == size => Cut::Longest,
            _ => Cut::EachHead,
        }
    }
}

/// The patterns of a size, slot and cut, by multiplicity.
type Table = ((u32, Slot, Cut), Vec<Option<Part>>);

/// The patterns met so far, the runs of one multiplicity each: combinations that
/// differ in the last member only.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// By size and slot; there are few.
    tables: Vec<Table>,
    /// For lists that are not used any more.
    buffers: Vec<Vec<Run>>,
}

impl Patterns {
    /// The runs of all combinations of one group after the other. `groups` gives
    /// for each group its number of base elements and where its values start in
    /// the source, ascending.
    pub(super) fn list(
        &mut self,
        size: u32,
        (slot, cut): (Slot, Cut),
        groups: impl Iterator<Item = (usize, usize)>,
    ) -> RunList {
        let table = self.table((size, slot, cut));
        let mut list = RunList::within(self.buffers.pop().unwrap_or_default());
        for (n, start) in groups.filter(|(n, _)| *n >= size as usize) {
            let known = match self.tables[table].1.get(n) {
                Some(Some(known)) => known,
                _ => self.learn(table, n),
            };
            list.append(known, start);
        }
        self.forget_long(table);
        list
    }

    /// Takes a list back.
    pub(super) fn recycle(&mut self, list: RunList) {
        self.buffers.push(list.into_buffer());
    }

    /// The number of the table of a slot.
    fn table(&mut self, key: (u32, Slot, Cut)) -> usize {
        let known = self.tables.iter().position(|(of, _)| *of == key);
        known.unwrap_or_else(|| {
            self.tables.push((key, Vec::new()));
            self.tables.len() - 1
        })
    }

    /// Works the pattern of a multiplicity out, at least the combinations' size.
    #[cold]
    fn learn(&mut self, table: usize, n: usize) -> &Part {
        let ((size, slot, cut), patterns) = &mut self.tables[table];
        if patterns.len() <= n {
            patterns.resize(n + 1, None);
        }
        let mut list = RunList::default();
        match cut {
            Cut::EachHead => each_run(n, *size, *slot, |from, len| list.push(from, len)),
            Cut::Longest => each_run(n, *size, *slot, |from, len| list.push_or_join(from, len)),
        }
        patterns[n].insert(list.into_part())
    }

    /// Drops the patterns that are too long to be kept.
    fn forget_long(&mut self, table: usize) {
        let patterns = &mut self.tables[table].1;
        let long = |p: &Option<Part>| p.as_ref().is_some_and(|p| p.len() > MOST_RUNS);
        while patterns.last().is_some_and(|p| p.is_none() || long(p)) {
            patterns.pop();
        }
    }
}

/// Appends the source's value for the element in `slot` of each combination.
pub(super) fn lift<T: Copy>(size: u32, slot: Slot, list: &RunList, src: &[T], out: &mut Vec<T>) {
    match is_consecutive(size, slot) {
        true => append_copied(out, src, list),
        false => append_repeated(out, src, list),
    }
}

/// Whether the values of a run are consecutive in the source; else they are one value.
pub(super) fn is_consecutive(size: u32, slot: Slot) -> bool {
    matches!(slot, Slot::Base(k) | Slot::Pair(_, k) if k + 1 == size)
}

/// Calls `run` with where in the source the value in `slot` of the first
/// combination of each run is, and with the run's length. The last member runs
/// fastest: per choice of the others its values, and those of its pairs with
/// one of them, are consecutive in the source.
fn each_run(n: usize, size: u32, slot: Slot, mut run: impl FnMut(u32, u32)) {
    let last = size as usize - 1;
    let mut head: Vec<usize> = (0..last).collect();
    loop {
        let next = head[last - 1] + 1;
        let member = |k: u32| if k as usize == last { next } else { head[k as usize] };
        let from = match slot {
            Slot::Base(k) => member(k),
            Slot::Pair(a, b) => pair_rank(n, member(a), member(b)),
            Slot::Parent => unreachable!("the parent is no member"),
        };
        run(from as u32, (n - next) as u32);
        if !advance(&mut head, n - 1) {
            return;
        }
    }
}

/// The next combination of `n` elements in lexicographic order, if there is one.
fn advance(members: &mut [usize], n: usize) -> bool {
    let size = members.len();
    let Some(k) = (0..size).rev().find(|&k| members[k] < n - size + k) else {
        return false;
    };
    members[k] += 1;
    for m in k + 1..size {
        members[m] = members[m - 1] + 1;
    }
    true
}

/// Elements of a group whose pairs are counted one element after the other.
const SMALL_GROUP: usize = 12;

/// Appends where member number `member` of each pair is, for groups of so many elements
/// that start there.
pub(super) fn pair_members(
    member: u32,
    groups: impl Iterator<Item = (usize, usize)>,
    out: &mut Vec<u32>,
) {
    for (n, start) in groups {
        let start = start as u32;
        if n == 2 {
            out.push(start + member);
            continue;
        }
        for first in 0..n.saturating_sub(1) as u32 {
            for second in first + 1..n as u32 {
                out.push(start + if member == 0 { first } else { second });
            }
        }
    }
}

/// Position of member number `member` of combination number `rank` of `n` elements.
///
/// Counted from the end, combination number r is that of the positions x > y > ...
/// from the end with r = C(x, size) + C(y, size - 1) + ...: the combinatorial
/// number system.
pub(super) fn member(n: usize, size: u32, rank: u64, member: u32) -> usize {
    if size == 2 && n < SMALL_GROUP {
        // From the beginning: the pairs with the first element, then those with the next.
        let (mut first, mut rest) = (0, rank as usize);
        while rest >= n - 1 - first {
            rest -= n - 1 - first;
            first += 1;
        }
        return if member == 0 { first } else { first + 1 + rest };
    }
    let mut rest = few(n as u64, size) - 1 - rank;
    let mut from_end = n as u64;
    for k in 0..=member {
        from_end = largest(rest, size - k, from_end);
        rest -= few(from_end, size - k);
    }
    n - 1 - from_end as usize
}

/// The largest x below `end` with C(x, size) <= `rest`.
fn largest(rest: u64, size: u32, end: u64) -> u64 {
    if size == 1 {
        return rest;
    }
    // Groups are small, and the first members mostly near the beginning.
    let mut x = end - 1;
    while few(x, size) > rest {
        x -= 1;
    }
    x
}

/// [`binomial`], looked up for pairs and triples of a few elements.
#[inline(always)]
fn few(n: u64, size: u32) -> u64 {
    const SMALL: usize = 64;
    const fn table(size: u64) -> [u32; SMALL] {
        let mut of = [0; SMALL];
        let mut n = size as usize;
        while n < SMALL {
            // C(n, k) = C(n - 1, k) + C(n - 1, k - 1), the last one C(n - 1, 1) or C(n - 1, 2).
            let others = n as u64 - 1;
            let with = if size == 2 { others } else { others * (others - 1) / 2 };
            of[n] = of[n - 1] + with as u32;
            n += 1;
        }
        of
    }
    const PAIRS: [u32; SMALL] = table(2);
    const TRIPLES: [u32; SMALL] = table(3);
    match (size, n < SMALL as u64) {
        (2, true) => u64::from(PAIRS[n as usize]),
        (3, true) => u64::from(TRIPLES[n as usize]),
        _ => binomial(n, size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All combinations by the definition: ascending positions, lexicographic.
    fn all(n: usize, size: usize) -> Vec<Vec<usize>> {
        if size == 0 {
            return vec![vec![]];
        }
        let longer = |c: &Vec<usize>| {
            let first = c.last().map_or(0, |l| l + 1);
            (first..n).map(|l| [c.clone(), vec![l]].concat()).collect::<Vec<_>>()
        };
        all(n, size - 1).iter().flat_map(longer).collect()
    }

    #[test]
    fn binomials() {
        for (n, size, expected) in [
            (0, 2, 0),
            (1, 2, 0),
            (2, 2, 1),
            (57, 3, 29_260),
            (63, 2, 1953),
            (63, 3, 39_711),
            (64, 3, 41_664),
            (2, 3, 0),
            (64, 4, 635_376),
            (u64::MAX, 2, u64::MAX),
            (100_000, 5, u64::MAX),
            (1 << 20, 3, 192_153_034_345_676_800),
            ((1 << 20) - 1, 3, 192_152_484_591_435_775),
        ] {
            assert_eq!(binomial(n, size), expected, "{n} over {size}");
            assert_eq!(few(n, size), expected, "{n} over {size}");
        }
    }

    #[test]
    fn every_slot_of_every_combination() {
        let mut patterns = Patterns::default();
        for size in 2..=4u32 {
            for n in (0..9).chain([24]) {
                let expected = all(n, size as usize);
                let pairs: Vec<(usize, usize)> = all(n, 2).iter().map(|c| (c[0], c[1])).collect();
                assert_eq!(binomial(n as u64, size), expected.len() as u64);
                for k in 0..size {
                    let src: Vec<usize> = (0..n + 3).collect();
                    let mut got = Vec::new();
                    let slot = (Slot::Base(k), Cut::EachHead);
                    let list = patterns.list(size, slot, [(n, 3)].into_iter());
                    lift(size, Slot::Base(k), &list, &src, &mut got);
                    let want: Vec<usize> = expected.iter().map(|c| c[k as usize] + 3).collect();
                    assert_eq!(got, want, "member {k} of {size} of {n}");
                    for a in (0..k).filter(|_| size > 2) {
                        let slot = Slot::Pair(a, k);
                        let pair = |c: &Vec<usize>| (c[a as usize], c[k as usize]);
                        let want: Vec<_> = expected.iter().map(pair).collect();
                        for cut in [Cut::EachHead, Cut::Longest] {
                            // Runs that are joined have consecutive values.
                            if cut == Cut::EachHead || is_consecutive(size, slot) {
                                let mut got = Vec::new();
                                let list = patterns.list(size, (slot, cut), [(n, 0)].into_iter());
                                lift(size, slot, &list, &pairs, &mut got);
                                assert_eq!(got, want, "pair {a} {k} of {size} of {n}, {cut:?}");
                            }
                        }
                    }
                }
                for k in (0..2).filter(|_| size == 2) {
                    let mut got = Vec::new();
                    pair_members(k, [(n, 3)].into_iter(), &mut got);
                    let want: Vec<u32> =
                        expected.iter().map(|c| c[k as usize] as u32 + 3).collect();
                    assert_eq!(got, want, "member {k} of pairs of {n}");
                }
                for (rank, c) in expected.iter().enumerate() {
                    let members = (0..size).map(|k| member(n, size, rank as u64, k));
                    assert_eq!(members.collect::<Vec<_>>(), *c);
                }
            }
        }
    }

    #[test]
    fn patterns_of_long_groups_are_not_kept() {
        let n = 100; // 4,851 runs of triples
        let src: Vec<u32> = (0..n as u32).collect();
        let mut patterns = Patterns::default();
        let expected = all(n, 3);
        for k in 0..3 {
            let mut got = Vec::new();
            let slot = (Slot::Base(k), Cut::EachHead);
            let list = patterns.list(3, slot, [(n, 0)].into_iter());
            lift(3, Slot::Base(k), &list, &src, &mut got);
            assert!(got.iter().zip(&expected).all(|(g, c)| *g as usize == c[k as usize]));
            assert_eq!(got.len(), expected.len());
        }
        assert!(patterns.tables.iter().all(|(_, t)| t.iter().all(Option::is_none)));
    }
}
