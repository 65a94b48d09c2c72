//! A finished histogram: what writers and plots take.

use super::FillData;
use crate::bins::Axis;

/// What the cells of a histogram hold, flow bins included, row-major with the
/// first axis slowest.
#[derive(Debug, Clone, PartialEq)]
pub enum Contents {
    /// Numbers of entries.
    Counts(Vec<u64>),
    /// Sums of weights.
    Weighted {
        /// The sum of weights of each cell.
        values: Vec<f64>,
        /// Its variance: the sum of squared weights.
        variances: Vec<f64>,
    },
}

/// A named histogram with its axes and what was counted beside its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Unique among the outputs of a run.
    pub name: String,
    /// For people; may be empty.
    pub title: String,
    /// The axes, first one slowest.
    pub axes: Vec<Axis>,
    /// One value a cell.
    pub contents: Contents,
    /// Of a soft fill the other estimate of each cell's variance, the sum of
    /// w^2 p: the first one is the sum of w^2 p^2, with p the share of an entry.
    pub upper: Option<Vec<f64>>,
    /// Number of filled entries.
    pub entries: u64,
    /// Entries not filled because a value was NaN.
    pub nan: u64,
    /// Entries not filled because a value was missing.
    pub missing: u64,
    /// Entries not filled because their weight was NaN or infinite.
    pub bad_weight: u64,
    /// What it is of, if that is known.
    pub origin: Option<Origin>,
}

/// What a histogram of an analysis is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The histogram's name in the analysis.
    pub histogram: String,
    /// The region.
    pub region: String,
    /// The process, if there are samples; of a combination its name.
    pub process: Option<String>,
    /// The variation, as `jes_up`; `None`: nominal.
    pub variation: Option<String>,
    /// Simulation, data or a combination of these.
    pub kind: Kind,
}

/// Where the events of a histogram come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Simulated events.
    Simulation,
    /// Recorded events.
    Data,
    /// A sum of samples with factors.
    Combination,
}

impl Histogram {
    /// The histogram of a finished fill; each sum is rounded here, once.
    ///
    /// # Panics
    /// If the axes have another number of cells than the fill.
    pub fn new(
        name: impl Into<String>,
        title: impl Into<String>,
        axes: Vec<Axis>,
        data: &FillData,
    ) -> Self {
        let cells: usize = axes.iter().map(Axis::extent).product();
        assert_eq!(cells, data.counts.len(), "the axes are the fill's");
        let contents = match data.is_weighted() {
            false => Contents::Counts(data.counts.clone()),
            true => Contents::Weighted {
                values: (0..cells).map(|c| data.sumw(c)).collect(),
                variances: (0..cells).map(|c| data.sumw2(c)).collect(),
            },
        };
        Histogram {
            upper: (0..cells).map(|c| data.upper(c)).collect(),
            name: name.into(),
            title: title.into(),
            axes,
            contents,
            entries: data.entries(),
            nan: data.nan,
            missing: data.missing,
            bad_weight: data.bad_weight,
            origin: None,
        }
    }

    /// Number of cells, flow bins included.
    pub fn cells(&self) -> usize {
        match &self.contents {
            Contents::Counts(counts) => counts.len(),
            Contents::Weighted { values, .. } => values.len(),
        }
    }

    /// The value of a cell.
    pub fn value(&self, cell: usize) -> f64 {
        match &self.contents {
            Contents::Counts(counts) => counts[cell] as f64,
            Contents::Weighted { values, .. } => values[cell],
        }
    }

    /// The values of the bins without the flow bins, the last axis being the fastest.
    pub fn values(&self) -> Vec<f64> {
        self.inner_cells().into_iter().map(|cell| self.value(cell)).collect()
    }

    /// The variances of the bins without the flow bins, in the order of [`Histogram::values`].
    pub fn variances(&self) -> Vec<f64> {
        self.inner_cells().into_iter().map(|cell| self.variance(cell)).collect()
    }

    /// The cells that are no flow bins.
    fn inner_cells(&self) -> Vec<usize> {
        self.axes.iter().fold(vec![0], |cells, axis| {
            let first = usize::from(axis.has_underflow());
            let along =
                |cell: usize| (first..first + axis.bins()).map(move |i| cell * axis.extent() + i);
            cells.into_iter().flat_map(along).collect()
        })
    }

    /// The variance of a cell.
    pub fn variance(&self, cell: usize) -> f64 {
        match &self.contents {
            Contents::Counts(counts) => counts[cell] as f64,
            Contents::Weighted { variances, .. } => variances[cell],
        }
    }

    /// Whether the cells are sums of weights.
    pub fn is_weighted(&self) -> bool {
        matches!(self.contents, Contents::Weighted { .. })
    }

    /// Multiplies every value by `factor` and every variance by its square;
    /// the histogram is weighted then. Entries stay.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        let cells = 0..self.cells();
        self.contents = Contents::Weighted {
            values: cells.clone().map(|c| self.value(c) * factor).collect(),
            variances: cells.map(|c| self.variance(c) * factor * factor).collect(),
        };
        for variance in self.upper.iter_mut().flatten() {
            *variance *= factor * factor;
        }
        self
    }

    /// The cell of these indices, one an axis.
    pub fn cell(&self, indices: &[usize]) -> usize {
        self.axes.iter().zip(indices).fold(0, |cell, (axis, i)| cell * axis.extent() + i)
    }
}
