//! How many elements a space can have at most: cells of the histograms must be
//! read back before more entries than they can hold may have reached them.

use super::arena::Chunk;
use crate::ir::{Ir, Space, SpaceId};
use crate::plan::Plan;
use std::collections::BTreeSet;

/// Bounds for the spaces that a plan fills from.
#[derive(Debug)]
pub(super) struct Bounds {
    /// Spaces without one known to be larger.
    spaces: Vec<SpaceId>,
}

impl Bounds {
    pub(super) fn new(plan: &Plan) -> Bounds {
        let spaces: BTreeSet<SpaceId> =
            plan.fills.iter().map(|f| widest(&plan.ir, plan.ir.over(f.mask))).collect();
        Bounds { spaces: spaces.into_iter().collect() }
    }

    /// Most entries that one fill can get from the chunk.
    pub(super) fn entries(&self, ir: &Ir, chunk: &Chunk<'_>) -> u64 {
        let total = |space: SpaceId| {
            let events = chunk.events.clone();
            events.fold(0u64, |sum, e| sum.saturating_add(elements(ir, space, chunk, e)))
        };
        self.spaces.iter().map(|s| total(*s)).max().unwrap_or(0)
    }
}

/// A space that has no fewer elements than `space` and needs no look at masks.
fn widest(ir: &Ir, space: SpaceId) -> SpaceId {
    match ir.space(space) {
        Space::Filter { base, .. } | Space::Sort { base, .. } => widest(ir, *base),
        _ => space,
    }
}

/// At least the number of elements of `space` in an event: filters keep all.
fn elements(ir: &Ir, space: SpaceId, chunk: &Chunk<'_>, event: usize) -> u64 {
    let of = |s: SpaceId| elements(ir, s, chunk, event);
    match ir.space(space) {
        Space::Event => 1,
        Space::Collection { counter, .. } => chunk.elements(*counter, event),
        Space::Filter { base, .. } | Space::Sort { base, .. } => of(*base),
        Space::Concat { parts } => parts.iter().fold(0, |sum, p| sum.saturating_add(of(*p))),
        Space::Combos { base, size } => choose(of(*base), *size),
        Space::Cross { first: a, second: b } | Space::Nested { outer: a, inner: b } => {
            of(*a).saturating_mul(of(*b))
        }
    }
}

/// Number of ways to take `k` of `n`, or the largest number if that is beyond it.
fn choose(n: u64, k: u32) -> u64 {
    let k = u64::from(k);
    if n < k {
        return 0;
    }
    let ways = (0..k)
        .try_fold(1u128, |ways, i| Some(ways.checked_mul(u128::from(n - i))? / u128::from(i + 1)));
    ways.map_or(u64::MAX, |w| u64::try_from(w).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn binomials() {
        let rows =
            [(0, 2, 0), (1, 2, 0), (2, 2, 1), (5, 2, 10), (6, 3, 20), (u64::MAX, 3, u64::MAX)];
        for (n, k, ways) in rows {
            assert_eq!(choose(n, k), ways, "{n} {k}");
        }
    }
}
