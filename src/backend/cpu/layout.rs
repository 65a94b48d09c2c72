//! Works out the spaces of a block: from counts, masks and keys to offsets and
//! positions.

use super::block::{Block, Stop};
use super::column::{Element, Pools};
use super::combos;
use super::real::Real;
use super::reduce;
use super::spaces::{SpaceData, offsets_of};
use crate::error::Error;
use crate::ir::{MOST_ELEMENTS, NodeId, Space, SpaceId, Ty};

impl<R: Real> Block<'_, '_, R> {
    /// Works a space out; its defining nodes and spaces are known. Groups where
    /// one of the `gates` is false stay empty if the space multiplies others.
    pub(super) fn space(&mut self, id: SpaceId, gates: &[NodeId]) -> Result<SpaceData, Stop> {
        let mut picks = self.pools.take::<u32>();
        let plan = self.plan;
        let offsets = match plan.ir.space(id) {
            Space::Event => unreachable!("the event has no groups"),
            Space::Collection { counter, .. } => {
                let stored = &self.batch.offsets[*counter][self.range.start..=self.range.end];
                let mut offsets = self.pools.take::<u32>();
                offsets.extend(stored.iter().map(|o| o - stored[0]));
                offsets
            }
            Space::Filter { base, mask } => self.filter(*base, *mask, &mut picks),
            Space::Sort { base, key } => {
                let mut offsets = self.pools.take::<u32>();
                offsets.extend_from_slice(self.spaces.offsets(*base));
                match self.ty(*key) {
                    Ty::F32 => reduce::sort(&offsets, self.values::<R>(*key), &mut picks),
                    Ty::I32 => reduce::sort(&offsets, self.values::<i32>(*key), &mut picks),
                    _ => reduce::sort(&offsets, self.values::<i64>(*key), &mut picks),
                }
                offsets
            }
            Space::Concat { parts } => {
                let mut offsets = self.pools.take::<u32>();
                offsets.resize(self.spaces.offsets(parts[0]).len(), 0);
                for part in parts {
                    for (sum, o) in offsets.iter_mut().zip(self.spaces.offsets(*part)) {
                        *sum += o;
                    }
                }
                offsets
            }
            Space::Combos { .. } | Space::Cross { .. } | Space::Nested { .. } => {
                self.product(id, gates)?
            }
        };
        Ok(SpaceData::new(offsets, picks))
    }

    fn filter(&mut self, base: SpaceId, mask: NodeId, picks: &mut Vec<u32>) -> Vec<u32> {
        let mut offsets = self.pools.take::<u32>();
        let n = u8::slice(self.column(mask)).len();
        let mut before = self.pools.take_any::<u32>(n + 1);
        let unused = std::mem::replace(picks, self.pools.take_any::<u32>(n));
        self.pools.give(unused);
        let mask: &[u8] = u8::slice(self.values[mask.index()].as_ref().expect("computed before"));
        // `before`: how many of the elements before each one are kept. All of one length,
        // so that the loop needs few checks.
        let (mask, all_picks, all_before) = (&mask[..n], &mut picks[..n], &mut before[..n]);
        let mut kept = 0;
        for at in 0..n {
            // Written always, kept only where the mask is true: no branch.
            all_picks[kept] = at as u32;
            all_before[at] = kept as u32;
            kept += usize::from(mask[at]);
        }
        before[n] = kept as u32;
        offsets.extend(self.spaces.offsets(base).iter().map(|o| before[*o as usize]));
        picks.truncate(kept);
        self.pools.give(before);
        offsets
    }

    /// For each group of the space 1 where all of the gates are true, else 0;
    /// empty without gates.
    fn open_groups(&mut self, id: SpaceId, gates: &[NodeId]) -> Vec<u8> {
        let mut open = self.pools.take::<u8>();
        let parent = self.plan.ir.parent(id).expect("the event multiplies nothing");
        for (k, gate) in gates.iter().enumerate() {
            let values = self.values::<u8>(*gate);
            let over = self.plan.ir.over(*gate);
            let ancestors = (over != parent).then(|| self.spaces.ancestors(parent, over, None));
            let groups = ancestors.as_ref().map_or(values.len(), |a| a.len());
            if k == 0 {
                open.resize(groups, 1);
            }
            match &ancestors {
                None => open.iter_mut().zip(values).for_each(|(o, v)| *o &= v),
                Some(a) => {
                    open.iter_mut().zip(a.iter()).for_each(|(o, a)| *o &= values[*a as usize]);
                }
            }
        }
        open
    }

    /// Offsets of a space that multiplies others.
    fn product(&mut self, id: SpaceId, gates: &[NodeId]) -> Result<Vec<u32>, Stop> {
        let most = if self.range.len() > 1 { self.most } else { MOST_ELEMENTS };
        let open = self.open_groups(id, gates);
        let sizes = self.product_sizes(id, most, &open);
        self.pools.give(open);
        sizes.map_err(|total| self.too_large(id, total))
    }

    fn product_sizes(&mut self, id: SpaceId, most: u64, open: &[u8]) -> Result<Vec<u32>, u64> {
        let (pools, spaces, plan) = (&mut *self.pools, &self.spaces, self.plan);
        match plan.ir.space(id) {
            Space::Combos { base, size } => {
                let sizes = spaces.groups(*base).map(|(_, n)| combos::binomial(n as u64, *size));
                gated(pools, most, open, sizes)
            }
            Space::Cross { first, second } => {
                let both = spaces.groups(*first).zip(spaces.groups(*second));
                gated(pools, most, open, both.map(|((_, a), (_, b))| a as u64 * b as u64))
            }
            Space::Nested { outer, inner } => {
                let parent = plan.ir.parent(*inner).expect("the event nests in nothing");
                let inner = spaces.offsets(*inner);
                let ancestors = spaces.ancestors(*outer, parent, None);
                let size = |a: &u32| u64::from(inner[*a as usize + 1] - inner[*a as usize]);
                gated(pools, most, open, ancestors.iter().map(size))
            }
            other => unreachable!("{other:?} multiplies nothing"),
        }
    }

    fn too_large(&self, id: SpaceId, total: u64) -> Stop {
        if self.range.len() > 1 {
            return Stop::TooLarge(total);
        }
        let at = self.range.start;
        let position = self.positions.map_or(at as u64, |all| u64::from(all[at]));
        let event = self.batch.first_event + position;
        Stop::Failed(Error::input(format!(
            "event {event} has {total} elements of `{}`, above the limit of {MOST_ELEMENTS}; \
             filter the collection before combining it",
            self.plan.ir.space_text(id)
        )))
    }
}

/// Offsets of groups of these sizes, those that are not `open` being empty.
fn gated<R: Real>(
    pools: &mut Pools<R>,
    most: u64,
    open: &[u8],
    sizes: impl Iterator<Item = u64>,
) -> Result<Vec<u32>, u64> {
    if open.is_empty() {
        return offsets_of(pools, most, sizes);
    }
    offsets_of(pools, most, sizes.zip(open).map(|(n, open)| n * u64::from(*open)))
}
