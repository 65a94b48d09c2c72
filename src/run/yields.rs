//! Cutflows and histogram totals, read off the fills.

use crate::analysis::{Compiled, HistogramInfo, RegionInfo};
use crate::bins::{Axis, AxisKind};
use crate::hist::FillData;

/// A number of events and the sums of their weights (and of the squares).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Yield {
    /// How many.
    pub events: u64,
    /// Sum of weights; the number of events where there is no weight.
    pub sumw: f64,
    /// Sum of squared weights; the number of events where there is no weight.
    pub sumw2: f64,
}

/// What is left of the events after each cut of a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutflow {
    /// The region's name.
    pub region: String,
    /// Whether the region has a weight.
    pub weighted: bool,
    /// Before the first cut.
    pub all: Yield,
    /// After each cut.
    pub cuts: Vec<CutRow>,
    /// Events whose weight is NaN or infinite: in no weighted sum.
    pub bad_weight: u64,
    /// Events whose weight is missing: in no weighted sum.
    pub missing_weight: u64,
}

/// One cut of a [`Cutflow`].
#[derive(Debug, Clone, PartialEq)]
pub struct CutRow {
    /// The cut's label.
    pub label: String,
    /// What passes it and all cuts before it.
    pub passed: Yield,
    /// Events that reached it and failed because a value was missing.
    pub missing: u64,
}

impl Cutflow {
    /// What reaches cut number `index`: what passed the one before.
    pub fn before(&self, index: usize) -> Yield {
        index.checked_sub(1).map_or(self.all, |i| self.cuts[i].passed)
    }

    /// What is left after the last cut.
    pub fn selected(&self) -> Yield {
        self.before(self.cuts.len())
    }
}

/// The cutflow of each region.
pub fn cutflows(compiled: &Compiled, fills: &[FillData]) -> Vec<Cutflow> {
    compiled.regions.iter().map(|region| cutflow(region, fills)).collect()
}

fn cutflow(region: &RegionInfo, fills: &[FillData]) -> Cutflow {
    let counts = &fills[region.counts];
    let weights = region.weighted.map(|w| &fills[w]);
    let passed = |cuts: usize| {
        let cells = first_cell(cuts)..first_cell(region.cuts.len() + 1);
        let events = counts.counts[cells.clone()].iter().sum();
        let (sumw, sumw2) = weights.unwrap_or(counts).total(cells);
        Yield { events, sumw, sumw2 }
    };
    let missing = |cut| region.missing.map_or(0, |fill| fills[fill].counts[first_cell(cut)]);
    let rows = region.cuts.iter().enumerate().map(|(i, label)| CutRow {
        label: label.clone(),
        passed: passed(i + 1),
        missing: missing(i),
    });
    Cutflow {
        region: region.name.clone(),
        weighted: weights.is_some(),
        all: passed(0),
        cuts: rows.collect(),
        bad_weight: weights.map_or(0, |w| w.bad_weight),
        missing_weight: weights.map_or(0, |w| w.missing),
    }
}

/// The cell of the integer `n` on an integer axis that starts at 0.
fn first_cell(n: usize) -> usize {
    n + 1
}

/// The numbers of one output histogram that belong in a table.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramTotals {
    /// Output name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Entries in all cells, flow included.
    pub entries: u64,
    /// Sum of weights in all cells, flow included; the entries if unweighted.
    pub sum: f64,
    /// Entries below an axis.
    pub underflow: u64,
    /// Entries beyond an axis (or in none of its categories) and below none.
    pub overflow: u64,
    /// Entries with a NaN value; in no cell.
    pub nan: u64,
    /// Entries with a missing value; in no cell.
    pub missing: u64,
    /// Entries with a NaN or infinite weight; in no cell.
    pub bad_weight: u64,
}

/// The totals of each output histogram.
pub fn histogram_totals(compiled: &Compiled, fills: &[FillData]) -> Vec<HistogramTotals> {
    compiled.histograms.iter().map(|h| totals(h, &fills[h.fill])).collect()
}

fn totals(histogram: &HistogramInfo, fill: &FillData) -> HistogramTotals {
    let (mut underflow, mut overflow) = (0, 0);
    for (cell, here) in fill.counts.iter().enumerate() {
        match side(&histogram.axes, cell) {
            Side::Below => underflow += here,
            Side::Beyond => overflow += here,
            Side::Inside => {}
        }
    }
    HistogramTotals {
        name: histogram.name.clone(),
        region: histogram.region.clone(),
        entries: fill.entries(),
        sum: fill.total(0..fill.counts.len()).0,
        underflow,
        overflow,
        nan: fill.nan,
        missing: fill.missing,
        bad_weight: fill.bad_weight,
    }
}

#[derive(PartialEq)]
enum Side {
    Below,
    Inside,
    Beyond,
}

/// Where a cell lies: below any axis, else beyond any axis, else inside all.
fn side(axes: &[Axis], mut cell: usize) -> Side {
    let mut result = Side::Inside;
    for axis in axes.iter().rev() {
        let at = cell % axis.extent();
        cell /= axis.extent();
        let has_underflow = !matches!(axis.kind, AxisKind::Boolean | AxisKind::Category { .. });
        let has_overflow = axis.kind != AxisKind::Boolean;
        if has_underflow && at == 0 {
            return Side::Below;
        }
        if has_overflow && at == axis.extent() - 1 {
            result = Side::Beyond;
        }
    }
    result
}
