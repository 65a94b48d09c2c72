//! Combinations: how many, and which members, without a list a block.
//!
//! Which members the combinations of `n` elements have does not depend on the
//! event. For each multiplicity `n` a *pattern* is worked out once a thread:
//! the member's position (or the pair's) for each combination. A column over
//! the members is then lifted by one gather an event. Beyond [`LONGEST`]
//! combinations the last member runs long enough to copy run by run.

use crate::ir::Slot;
use std::collections::HashMap;

/// Longest pattern that is kept; it bounds the positions in it to 16 bits.
const LONGEST: u64 = 1 << 16;

/// Values that the positions of a short pattern reach.
const WINDOW: usize = 1 << 8;

/// Number of `size`-element combinations of `n` elements, saturating.
pub(super) fn binomial(n: u64, size: u32) -> u64 {
    match size {
        // Without 128-bit divisions, which cost more than all the rest here.
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

/// For each combination of a multiplicity the position of its value in the
/// group's source values.
#[derive(Debug, Clone)]
enum Pattern {
    /// All positions are within a window.
    Short(Box<[u8]>),
    /// Longer ones.
    Long(Box<[u16]>),
}

/// The patterns met so far.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// By size and slot, then by multiplicity.
    tables: HashMap<(u32, Slot), Vec<Option<Pattern>>>,
}

impl Patterns {
    /// Appends to `out` the source's values for the elements in `slot` of all
    /// combinations of one group after the other. `groups` gives for each
    /// group its number of base elements and where its values start in `src`.
    pub(super) fn lift<T: Copy>(
        &mut self,
        size: u32,
        slot: Slot,
        groups: impl Iterator<Item = (usize, usize)>,
        src: &[T],
        out: &mut Vec<T>,
    ) {
        let table = self.tables.entry((size, slot)).or_default();
        let Some(tail) = Tail::new(src) else { return };
        for (n, start) in groups {
            if n < size as usize {
                continue;
            }
            if table.len() <= n {
                table.resize(n + 1, None);
            }
            match &table[n] {
                Some(Pattern::Short(pattern)) => {
                    let window = tail.window(src, start);
                    out.extend(pattern.iter().map(|i| window[usize::from(*i)]));
                }
                Some(Pattern::Long(pattern)) => {
                    let src = &src[start..];
                    out.extend(pattern.iter().map(|i| src[usize::from(*i)]));
                }
                None => {
                    table[n] = pattern(n, size, slot);
                    append_runs(n, size, slot, &src[start..], out);
                }
            }
        }
    }
}

/// The end of a source, filled up to a window: a position of 8 bits then needs
/// no check, wherever the group starts.
struct Tail<T> {
    values: [T; 2 * WINDOW],
    /// Where in the source they start.
    start: usize,
}

impl<T: Copy> Tail<T> {
    /// `None` for a source without values.
    fn new(src: &[T]) -> Option<Self> {
        let mut values = [*src.last()?; 2 * WINDOW];
        let start = src.len().saturating_sub(WINDOW);
        values[..src.len() - start].copy_from_slice(&src[start..]);
        Some(Tail { values, start })
    }

    /// The values from `at` on; those after the source's end mean nothing.
    fn window<'a>(&'a self, src: &'a [T], at: usize) -> &'a [T; WINDOW] {
        let values = match src.get(at..at + WINDOW) {
            Some(values) => values,
            None => &self.values[at - self.start..at - self.start + WINDOW],
        };
        values.try_into().expect("a window has this length")
    }
}

/// Number of source values a group of `n` base elements has.
fn sources(n: usize, slot: Slot) -> usize {
    match slot {
        Slot::Pair(..) => n * (n - 1) / 2,
        _ => n,
    }
}

/// The pattern of a multiplicity, `None` if it would be too long.
fn pattern(n: usize, size: u32, slot: Slot) -> Option<Pattern> {
    if binomial(n as u64, size) > LONGEST {
        return None;
    }
    let sources = sources(n, slot);
    if sources <= WINDOW {
        let identity: Vec<u8> = (0..sources).map(|i| i as u8).collect();
        let mut out = Vec::new();
        append_runs(n, size, slot, &identity, &mut out);
        Some(Pattern::Short(out.into_boxed_slice()))
    } else {
        let identity: Vec<u16> = (0..sources).map(|i| i as u16).collect();
        let mut out = Vec::new();
        append_runs(n, size, slot, &identity, &mut out);
        Some(Pattern::Long(out.into_boxed_slice()))
    }
}

/// Appends the value in `slot` of each combination of `n` elements in order.
/// The last member runs fastest: per choice of the others its values, and
/// those of its pairs with one of them, are consecutive in `src`.
fn append_runs<T: Copy>(n: usize, size: u32, slot: Slot, src: &[T], out: &mut Vec<T>) {
    let last = size as usize - 1;
    let mut head: Vec<usize> = (0..last).collect();
    loop {
        let from = head[last - 1] + 1;
        match slot {
            Slot::Base(k) if k as usize == last => out.extend_from_slice(&src[from..n]),
            Slot::Base(k) => out.extend(std::iter::repeat_n(src[head[k as usize]], n - from)),
            Slot::Pair(a, b) if b as usize == last => {
                let start = pair_rank(n, head[a as usize], from);
                out.extend_from_slice(&src[start..start + n - from]);
            }
            Slot::Pair(a, b) => {
                let at = pair_rank(n, head[a as usize], head[b as usize]);
                out.extend(std::iter::repeat_n(src[at], n - from));
            }
            Slot::Parent => unreachable!("the parent is no member"),
        }
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

/// Positions of the members of combination number `rank` of `n` elements.
pub(super) fn members(n: usize, size: u32, rank: u64) -> Vec<usize> {
    let mut rest = rank;
    let mut next = 0;
    (0..size)
        .map(|k| {
            loop {
                let with_next = binomial((n - next - 1) as u64, size - k - 1);
                next += 1;
                if rest < with_next {
                    return next - 1;
                }
                rest -= with_next;
            }
        })
        .collect()
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
            (64, 4, 635_376),
            (u64::MAX, 2, u64::MAX),
            (100_000, 5, u64::MAX),
            (1 << 20, 3, 192_153_034_345_676_800),
            ((1 << 20) - 1, 3, 192_152_484_591_435_775),
        ] {
            assert_eq!(binomial(n, size), expected, "{n} over {size}");
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
                    patterns.lift(size, Slot::Base(k), [(n, 3)].into_iter(), &src, &mut got);
                    let want: Vec<usize> = expected.iter().map(|c| c[k as usize] + 3).collect();
                    assert_eq!(got, want, "member {k} of {size} of {n}");
                    for a in (0..k).filter(|_| size > 2) {
                        let mut got = Vec::new();
                        let slot = Slot::Pair(a, k);
                        patterns.lift(size, slot, [(n, 0)].into_iter(), &pairs, &mut got);
                        let pair = |c: &Vec<usize>| (c[a as usize], c[k as usize]);
                        let want: Vec<_> = expected.iter().map(pair).collect();
                        assert_eq!(got, want, "pair {a} {k} of {size} of {n}");
                    }
                }
                for (rank, c) in expected.iter().enumerate() {
                    assert_eq!(members(n, size, rank as u64), *c);
                }
            }
        }
    }

    #[test]
    fn long_groups_run_without_a_pattern() {
        let n = 80; // 82,160 triples
        let src: Vec<u32> = (0..n as u32).collect();
        let mut patterns = Patterns::default();
        let expected = all(n, 3);
        for k in 0..3 {
            let mut got = Vec::new();
            patterns.lift(3, Slot::Base(k), [(n, 0)].into_iter(), &src, &mut got);
            assert!(got.iter().zip(&expected).all(|(g, c)| *g as usize == c[k as usize]));
            assert_eq!(got.len(), expected.len());
        }
        assert!(patterns.tables.values().all(|t| t.iter().all(Option::is_none)));
    }
}
