//! Columns whose baskets are read when events in them turn out to be needed.

use super::basket::with_content;
use super::column::{RootColumns, basket_error, covering, decode};
use super::convert::out;
use super::file::RootFile;
use super::packed::Packing;
use super::tree::Tree;
use super::wanted::{Column, Wanted};
use crate::batch::{Part, Values};
use crate::error::Result;
use crate::read::shape::{length, zeros};
use crate::read::totals::Counters;
use crate::schema::StoredType;
use std::ops::Range;
use std::sync::Arc;

/// One basket that is all in one batch.
struct DeferredBasket {
    file: Arc<RootFile>,
    tree: Arc<Tree>,
    totals: Arc<Counters>,
    branch: usize,
    basket: usize,
    stored: StoredType,
    packing: Option<Packing>,
    /// Bytes of a value in the file.
    size: usize,
    values: usize,
    /// Where its events start: a part of a counter's offsets.
    starts: Option<(Arc<Vec<u32>>, Range<usize>)>,
}

impl DeferredBasket {
    fn load(&self) -> Result<Values> {
        let basket = &self.tree.baskets[self.branch][self.basket];
        let expected = self.values.saturating_mul(self.size);
        let values = with_content(&self.file, basket, Some(expected), &self.totals, |content| {
            if let Some((offsets, part)) = &self.starts {
                content.notes.check(&offsets[part.clone()], self.size, basket.first)?;
            }
            // Doubles do not come late, so which type these would have is all the same.
            let mut values = zeros(self.stored, true, self.values);
            let how = (self.stored, self.packing);
            decode(how, content.values, out(&mut values), basket.first, &self.totals)?;
            Ok(values)
        });
        values.map_err(|e| basket_error(&self.file, &self.tree, self.branch, self.basket, e))
    }
}

impl RootColumns {
    /// Which of these columns may come late: not those whose conversions are counted,
    /// nor vectors, whose lengths are inside, nor those that are compared with others.
    pub(super) fn may_be_deferred(&self, columns: &[usize]) -> Vec<usize> {
        let may = |number: &usize| match self.columns.get(*number) {
            Some(Wanted::Values(column)) => {
                column.stored != StoredType::F64
                    && column.agrees.is_none()
                    && self.unpacked(column).is_none()
            }
            _ => false,
        };
        columns.iter().copied().filter(may).collect()
    }

    /// The baskets of `range`, if none of them has other events too.
    pub(super) fn parts(&self, column: &Column, range: &Range<u64>) -> Result<Option<Vec<Part>>> {
        let extent = self.extent(column);
        let counter = column.counter.map(|index| &self.counters[index]);
        let mut parts = Vec::new();
        for (number, basket) in covering(&self.tree.baskets[column.branch], range) {
            if basket.first < range.start || basket.end > range.end {
                return Ok(None);
            }
            let place = |event: u64| length(extent.between(range.start, event));
            let elements = place(basket.first)?..place(basket.end)?;
            let deferred = DeferredBasket {
                file: Arc::clone(&self.file),
                tree: Arc::clone(&self.tree),
                totals: Arc::clone(&self.totals),
                branch: column.branch,
                basket: number,
                stored: column.stored,
                packing: column.packing,
                size: column.size(),
                values: elements.len(),
                starts: counter.and_then(|counter| counter.part(basket.first, basket.end)),
            };
            let event = |event: u64| length(event - range.start);
            let events = event(basket.first)?..event(basket.end)?;
            parts.push(Part::new(events, elements, move || deferred.load()));
        }
        Ok(Some(parts))
    }
}
