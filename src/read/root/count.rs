//! Counting, before values are read: what the counters of a request say of the
//! events of a range, from the branches that hold counts or from vectors themselves.

use super::basket::{self, Basket};
use super::column::{RootColumns, covering};
use super::convert::Out;
use super::counter::{Extent, Origin, Unpacked};
use super::lists::{self, Lists};
use super::wanted::Column;
use crate::error::{Error, Result};
use crate::read::shape::{length, unequal};
use rayon::prelude::*;
use std::ops::Range;
use std::time::Instant;

impl RootColumns {
    /// Makes the counters' offsets span what `range` needs.
    pub(super) fn count(&mut self, range: &Range<u64>) -> Result<()> {
        let wanted = self.counted_ranges(range);
        let mut missing: Vec<(usize, Range<u64>)> = Vec::new();
        for (index, (counter, wanted)) in self.counters.iter().zip(wanted).enumerate() {
            if let Origin::Fixed(column, n) = &counter.origin {
                self.believable(column, Extent::Each(*n), range)?;
            }
            let Origin::Branch(column, _) = &counter.origin else { continue };
            if !counter.spans(&wanted) {
                self.believable(column, Extent::Each(1), &wanted)?;
                missing.push((index, wanted));
            }
        }
        let mut counts = Vec::with_capacity(missing.len());
        for (index, range) in &missing {
            let n = length(range.end - range.start)?;
            counts.push(self.counters[*index].room(n));
        }
        let mut jobs = Vec::new();
        for ((index, range), counts) in missing.iter().zip(&mut counts) {
            if let Origin::Branch(column, _) = &self.counters[*index].origin {
                self.jobs(
                    column,
                    Extent::Each(1),
                    range,
                    Out::Counts(&mut counts[1..]),
                    &mut jobs,
                )?;
            }
        }
        let (_, kept) = self.run(jobs)?;
        self.keep(kept);
        for ((index, range), counts) in missing.into_iter().zip(counts) {
            let followed = self.counters[index].follow_counts(&range, counts);
            followed.map_err(|e| self.at_counter(index, e))?;
        }
        self.unpack(range)
    }

    /// Unpacks the vectors of the events of `range`.
    fn unpack(&mut self, range: &Range<u64>) -> Result<()> {
        let mut jobs = Vec::new();
        for (index, counter) in self.counters.iter().enumerate() {
            let Origin::Lists(unpacked) = &counter.origin else { continue };
            let baskets = covering(&self.tree.baskets[unpacked.branch], range);
            let missing = baskets.filter(|(number, _)| unpacked.basket(*number).is_none());
            jobs.extend(missing.map(|(number, basket)| (index, unpacked, number, basket)));
        }
        let done: Vec<_> = jobs
            .into_par_iter()
            .map(|(index, unpacked, number, basket)| {
                let lists = self.lists(unpacked, basket);
                let lists = lists.map_err(|e| self.at_basket(unpacked.branch, number, e));
                (index, number, lists)
            })
            .collect();
        for counter in &mut self.counters {
            let Origin::Lists(unpacked) = &mut counter.origin else { continue };
            let needed = covering(&self.tree.baskets[unpacked.branch], range);
            let needed: Vec<usize> = needed.map(|(number, _)| number).collect();
            unpacked.baskets.retain(|(number, _)| needed.contains(number));
        }
        for (index, number, lists) in done {
            if let Origin::Lists(unpacked) = &mut self.counters[index].origin {
                unpacked.baskets.push((number, lists?));
            }
        }
        for counter in &mut self.counters {
            let Origin::Lists(unpacked) = &mut counter.origin else { continue };
            unpacked.baskets.sort_by_key(|(number, _)| *number);
            let baskets = &self.tree.baskets[unpacked.branch];
            let first = unpacked.baskets.first().map(|(number, _)| baskets[*number].first);
            counter.follow_lists(first.unwrap_or(range.start))?;
        }
        Ok(())
    }

    fn lists(&self, unpacked: &Unpacked, basket: &Basket) -> Result<Lists> {
        let events = basket.end - basket.first;
        basket::with_content(&self.file, basket, None, &self.totals, |content| {
            let start = Instant::now();
            let lists = lists::unpack(content.values, events, unpacked.depth, unpacked.size);
            self.totals.decoded(start);
            lists
        })
    }

    fn at_counter(&self, index: usize, error: Error) -> Error {
        let Origin::Branch(column, _) = &self.counters[index].origin else { return error };
        let name = &self.tree.schema.branches[column.branch].name;
        self.error(format!("branch {name}: {error}"))
    }

    /// An error if a vector and what counts it for the request disagree.
    pub(super) fn agree(&self, column: &Column, range: &Range<u64>) -> Result<()> {
        let Some(other) = column.agrees else { return Ok(()) };
        let counter = &self.counters[other];
        let found = self.extent(column).disagreement(counter.extent(), range);
        let Some([event, here, there]) = found else { return Ok(()) };
        let name = |branch: usize| self.tree.schema.branches[branch].name.as_str();
        let other = match (&counter.origin, counter.of) {
            (_, Some(list)) => name(list),
            (Origin::Branch(column, _) | Origin::Fixed(column, _), None) => name(column.branch),
            (Origin::Lists(unpacked), None) => name(unpacked.branch),
        };
        let lists = [(name(column.branch), here), (other, there)];
        Err(self.error(unequal(lists, event)))
    }
}
