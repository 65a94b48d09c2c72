//! Cutflows and histogram totals, read off the fills.

use crate::analysis::{Compiled, HistogramInfo, RegionInfo};
use crate::bins::{Axis, AxisKind};
use crate::hist::{ExactNumber, FillData};

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

/// A [`Yield`] before its sums are rounded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExactYield {
    /// How many.
    pub events: u64,
    /// Sum of weights.
    pub sumw: ExactNumber,
    /// Sum of squared weights.
    pub sumw2: ExactNumber,
}

impl ExactYield {
    /// The sums times a factor and its square.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let sumw2 = self.sumw2.times(factor).times(factor);
        ExactYield { events: self.events, sumw: self.sumw.times(factor), sumw2 }
    }

    /// Adds other events.
    pub fn merge(&mut self, other: &ExactYield) {
        self.events += other.events;
        self.sumw.merge(&other.sumw);
        self.sumw2.merge(&other.sumw2);
    }

    /// Each sum rounded once.
    pub fn rounded(&self) -> Yield {
        Yield { events: self.events, sumw: self.sumw.value(), sumw2: self.sumw2.value() }
    }
}

/// What is left of the events after each cut of a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutflow<Y = Yield> {
    /// The region's name.
    pub region: String,
    /// Whether the region has a weight.
    pub weighted: bool,
    /// Before the first cut.
    pub all: Y,
    /// After each cut.
    pub cuts: Vec<CutRow<Y>>,
    /// Events whose weight is NaN or infinite: in no weighted sum.
    pub bad_weight: u64,
    /// Events whose weight is missing: in no weighted sum.
    pub missing_weight: u64,
}

/// One cut of a [`Cutflow`].
#[derive(Debug, Clone, PartialEq)]
pub struct CutRow<Y = Yield> {
    /// The cut's label.
    pub label: String,
    /// What passes it and all cuts before it.
    pub passed: Y,
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

impl Cutflow<ExactYield> {
    /// Scaled as histograms are: its rows are weighted then.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Cutflow { weighted: true, ..self.map(|y| y.scaled(factor)) }
    }

    /// Adds the same region's events of another sample.
    pub fn merge(&mut self, other: &Self) {
        self.weighted |= other.weighted;
        self.bad_weight += other.bad_weight;
        self.missing_weight += other.missing_weight;
        self.all.merge(&other.all);
        for (row, more) in self.cuts.iter_mut().zip(&other.cuts) {
            row.passed.merge(&more.passed);
            row.missing += more.missing;
        }
    }

    /// Each sum rounded once.
    pub fn rounded(&self) -> Cutflow {
        self.map(ExactYield::rounded)
    }

    fn map<Y>(&self, yields: impl Fn(&ExactYield) -> Y) -> Cutflow<Y> {
        let row = |row: &CutRow<ExactYield>| CutRow {
            label: row.label.clone(),
            passed: yields(&row.passed),
            missing: row.missing,
        };
        Cutflow {
            region: self.region.clone(),
            weighted: self.weighted,
            all: yields(&self.all),
            cuts: self.cuts.iter().map(row).collect(),
            bad_weight: self.bad_weight,
            missing_weight: self.missing_weight,
        }
    }
}

/// The cutflow of each region.
pub fn cutflows(compiled: &Compiled, fills: &[FillData]) -> Vec<Cutflow> {
    exact_cutflows(compiled, fills).iter().map(Cutflow::rounded).collect()
}

/// The cutflow of each region, its sums not rounded yet.
pub fn exact_cutflows(compiled: &Compiled, fills: &[FillData]) -> Vec<Cutflow<ExactYield>> {
    compiled.regions.iter().map(|region| cutflow(region, fills)).collect()
}

fn cutflow(region: &RegionInfo, fills: &[FillData]) -> Cutflow<ExactYield> {
    let counts = &fills[region.counts];
    let weights = region.weighted.map(|w| &fills[w]);
    let passed = |cuts: usize| {
        let cells = first_cell(cuts)..first_cell(region.cuts.len() + 1);
        let events = counts.counts[cells.clone()].iter().sum();
        let [sumw, sumw2] = weights.unwrap_or(counts).exact_total(cells);
        ExactYield { events, sumw, sumw2 }
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

/// The totals of a histogram.
pub fn totals(histogram: &HistogramInfo, fill: &FillData) -> HistogramTotals {
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
