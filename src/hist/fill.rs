//! What a fill accumulates, on whatever backend.

use super::{ExactNumber, MomentSums, Moments, WeightSums};
use std::ops::Range;
use std::sync::Arc;

/// The cells of one fill. Merging is associative and commutative to the bit.
#[derive(Debug, Clone, PartialEq)]
pub struct FillData {
    /// Entries of each cell.
    pub counts: Vec<u64>,
    /// ExactNumber sums of weights and of squared weights, if entries have weights.
    pub sums: Option<WeightSums>,
    /// Instead of these the sums of a soft fill of a smooth kernel.
    pub moments: Option<MomentSums>,
    /// Entries that were not filled because a value was NaN.
    pub nan: u64,
    /// Entries that were not filled because a value was missing.
    pub missing: u64,
    /// Entries that were not filled because their weight was NaN or infinite.
    pub bad_weight: u64,
    /// Entries of a soft fill that were not filled because a derivative was NaN,
    /// or larger than numbers of the precision go.
    pub dropped: u64,
}

impl FillData {
    /// No entries, in this many cells.
    pub fn new(cells: usize, weighted: bool) -> Self {
        FillData {
            counts: vec![0; cells],
            sums: weighted.then(|| WeightSums::new(cells)),
            moments: None,
            nan: 0,
            missing: 0,
            bad_weight: 0,
            dropped: 0,
        }
    }

    /// No entries of a soft fill, in this many cells, with as many rows of
    /// derivatives. An entry counts in the cell that its value lies in, whichever
    /// cells get shares of its weight.
    pub fn soft(cells: usize, rows: usize) -> Self {
        let sums = Some(WeightSums::soft(cells, rows));
        FillData { sums, ..FillData::new(cells, false) }
    }

    /// No entries of a soft fill that sums moments, in this many cells.
    pub fn of_moments(cells: usize, moments: Moments) -> Self {
        let moments = Some(MomentSums::new(Arc::new(moments)));
        FillData { moments, ..FillData::new(cells, false) }
    }

    /// One entry without a weight.
    #[inline]
    pub fn fill(&mut self, cell: usize) {
        self.counts[cell] += 1;
    }

    /// One entry with a single-precision weight; one that is not finite is
    /// counted in `bad_weight` instead.
    #[inline]
    pub fn fill_f32(&mut self, cell: usize, w: f32) {
        if !w.is_finite() {
            self.bad_weight += 1;
            return;
        }
        self.counts[cell] += 1;
        if let Some(sums) = &mut self.sums {
            sums.add_f32(cell, w);
        }
    }

    /// One entry with a double-precision weight; one that is not finite is
    /// counted in `bad_weight` instead.
    #[inline]
    pub fn fill_f64(&mut self, cell: usize, w: f64) {
        if !w.is_finite() {
            self.bad_weight += 1;
            return;
        }
        self.counts[cell] += 1;
        if let Some(sums) = &mut self.sums {
            sums.add_f64(cell, w);
        }
    }

    /// Adds another partial result of the same fill.
    ///
    /// # Panics
    /// If the other one is of another fill: of other size, or with weights
    /// where this one has none.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.counts.len(), other.counts.len(), "partial results of one fill");
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        match (&mut self.sums, &other.sums) {
            (Some(sums), Some(more)) => sums.merge(more),
            (None, None) => {}
            _ => panic!("partial results of one fill all have weights, or none has"),
        }
        match (&mut self.moments, &other.moments) {
            (Some(moments), Some(more)) => moments.merge(more),
            (None, None) => {}
            _ => panic!("partial results of one fill all have moments, or none has"),
        }
        self.nan += other.nan;
        self.missing += other.missing;
        self.bad_weight += other.bad_weight;
        self.dropped += other.dropped;
    }

    /// The same entries in `cells` cells: those of cell `k` in cell `to[k]`, or
    /// nowhere. ExactNumber.
    ///
    /// # Panics
    /// If it is a soft fill that sums moments: these have no cells.
    #[must_use]
    pub fn gathered(&self, to: &[Option<usize>], cells: usize) -> FillData {
        assert!(self.moments.is_none(), "only what lies in cells is gathered");
        let mut counts = vec![0; cells];
        for (count, to) in self.counts.iter().zip(to) {
            if let Some(to) = to {
                counts[*to] += count;
            }
        }
        let sums = self.sums.as_ref().map(|sums| sums.gathered(to, cells));
        FillData { counts, sums, moments: None, ..*self }
    }

    /// Whether entries have weights.
    pub fn is_weighted(&self) -> bool {
        self.sums.is_some() || self.moments.is_some()
    }

    /// The sum of weights of a cell; without weights its number of entries.
    pub fn sumw(&self, cell: usize) -> f64 {
        match (&self.sums, &self.moments) {
            (_, Some(moments)) => moments.contents()[0][cell],
            (Some(sums), _) => sums.sumw(cell),
            _ => self.counts[cell] as f64,
        }
    }

    /// The sum of squared weights of a cell; without weights its number of entries.
    pub fn sumw2(&self, cell: usize) -> f64 {
        match (&self.sums, &self.moments) {
            (_, Some(moments)) => moments.contents()[1][cell],
            (Some(sums), _) => sums.sumw2(cell),
            _ => self.counts[cell] as f64,
        }
    }

    /// The sum of the products of weights and shares of a cell of a soft fill, of
    /// w^2 p.
    pub fn upper(&self, cell: usize) -> Option<f64> {
        match &self.moments {
            Some(moments) => Some(moments.contents()[2][cell]),
            None => self.sums.as_ref()?.upper(cell),
        }
    }

    /// The sums of weights and of squared weights of several cells together, each
    /// rounded once if it is no soft fill; without weights twice their number of
    /// entries.
    pub fn total(&self, cells: Range<usize>) -> (f64, f64) {
        match (&self.sums, &self.moments) {
            (_, Some(moments)) => {
                let [sumw, sumw2, _] = moments.contents();
                (sumw[cells.clone()].iter().sum(), sumw2[cells].iter().sum())
            }
            (Some(sums), _) => sums.total(cells),
            _ => {
                let entries = self.counts[cells].iter().sum::<u64>() as f64;
                (entries, entries)
            }
        }
    }

    /// [`FillData::total`] before it is rounded; moments give rounded bins.
    pub fn exact_total(&self, cells: Range<usize>) -> [ExactNumber; 2] {
        match (&self.sums, &self.moments) {
            (_, Some(moments)) => {
                let [sumw, sumw2, _] = moments.contents();
                [sumw, sumw2].map(|sums| sums[cells.clone()].iter().copied().collect())
            }
            (Some(sums), _) => [sums.exact_sumw(cells.clone()), sums.exact_sumw2(cells)],
            _ => {
                let entries = ExactNumber::integer(self.counts[cells].iter().sum());
                [entries.clone(), entries]
            }
        }
    }

    /// [`FillData::upper`] before it is rounded; moments give rounded bins.
    pub fn exact_upper(&self, cell: usize) -> Option<ExactNumber> {
        match &self.moments {
            Some(moments) => Some(moments.contents()[2][cell].into()),
            None => self.sums.as_ref()?.exact_upper(cell),
        }
    }

    /// The sum of a row of derivatives of a soft fill in a cell.
    pub fn row(&self, row: usize, cell: usize) -> f64 {
        match (&self.sums, &self.moments) {
            (_, Some(moments)) => moments.row(row)[cell],
            (Some(sums), _) => sums.row(row, cell),
            _ => 0.0,
        }
    }

    /// Number of filled entries.
    pub fn entries(&self) -> u64 {
        self.counts.iter().sum()
    }
}
