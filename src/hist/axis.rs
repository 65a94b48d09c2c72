//! Axes: which bins there are, and how many cells with the flow bins.

/// One axis of a histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The bins.
    pub kind: AxisKind,
    /// What the axis shows, with its unit: `pT of all jets [GeV]`.
    pub label: String,
}

/// The bins of an axis. Real bins are half-open, `[low, high)`.
#[derive(Debug, Clone, PartialEq)]
pub enum AxisKind {
    /// `bins` bins of equal width.
    Regular {
        /// Number of bins.
        bins: usize,
        /// First edge.
        low: f64,
        /// Last edge.
        high: f64,
    },
    /// `bins` bins of equal width in the logarithm.
    Log {
        /// Number of bins.
        bins: usize,
        /// First edge, positive.
        low: f64,
        /// Last edge.
        high: f64,
    },
    /// Bins between ascending edges.
    Variable {
        /// One more than bins.
        edges: Vec<f64>,
    },
    /// One bin for each integer from `low` up to, not including, `high`.
    Integer {
        /// First integer.
        low: i64,
        /// One past the last integer.
        high: i64,
    },
    /// Two bins, false and true; no flow.
    Boolean,
    /// One bin for each listed integer, and one for all others at the end.
    Category {
        /// The integers.
        values: Vec<i64>,
    },
}

impl Axis {
    /// Number of bins without the flow bins.
    pub fn bins(&self) -> usize {
        match &self.kind {
            AxisKind::Regular { bins, .. } | AxisKind::Log { bins, .. } => *bins,
            AxisKind::Variable { edges } => edges.len() - 1,
            AxisKind::Integer { low, high } => (high - low) as usize,
            AxisKind::Boolean => 2,
            AxisKind::Category { values } => values.len(),
        }
    }

    /// Number of cells: bins, and the flow bins that the axis has.
    pub fn extent(&self) -> usize {
        match &self.kind {
            AxisKind::Boolean => 2,
            AxisKind::Category { values } => values.len() + 1,
            _ => self.bins() + 2,
        }
    }
}
