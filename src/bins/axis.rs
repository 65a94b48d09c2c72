//! Axes: which bins there are, and how many cells with the flow bins.

use serde::Serialize;

/// One axis of a histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The bins.
    pub kind: AxisKind,
    /// What the axis shows, with its unit: `pT of all jets [GeV]`.
    pub label: String,
}

/// The bins of an axis. Real bins are half-open, `[low, high)`.
#[derive(Debug, Clone, PartialEq, Serialize)]
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

    /// Whether cell 0 is an underflow bin, so that bin `i` (from 0) is cell `i + 1`.
    pub fn has_underflow(&self) -> bool {
        !matches!(self.kind, AxisKind::Boolean | AxisKind::Category { .. })
    }

    /// The edges of the bins, one more than bins, ascending: on a regular axis
    /// `low + (high - low) i / n`, on a logarithmic one `low (high / low)^(i / n)`,
    /// the last one `high` itself. Integers, false and true and categories
    /// (in order of their list) have bins of width 1, from `low` or 0 on.
    ///
    /// The power is libm's, not the platform's: edges are the same everywhere.
    pub fn edges(&self) -> Vec<f64> {
        let n = self.bins();
        let spaced = |high: f64, edge: &dyn Fn(f64) -> f64| {
            (0..=n).map(|i| if i == n { high } else { edge(i as f64) }).collect()
        };
        let count = n as f64;
        match &self.kind {
            AxisKind::Regular { low, high, .. } => {
                spaced(*high, &|i| low + (high - low) * i / count)
            }
            AxisKind::Log { low, high, .. } => {
                spaced(*high, &|i| low * libm::pow(high / low, i / count))
            }
            AxisKind::Variable { edges } => edges.clone(),
            AxisKind::Integer { low, high } => (*low..=*high).map(|i| i as f64).collect(),
            AxisKind::Boolean | AxisKind::Category { .. } => (0..=n).map(|i| i as f64).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, AxisKind};

    #[test]
    fn edges_of_each_kind() {
        let regular = |bins, low, high| AxisKind::Regular { bins, low, high };
        let rows = [
            (regular(4, 0.0, 1.0), vec![0.0, 0.25, 0.5, 0.75, 1.0]),
            (regular(3, -0.1, 0.2), vec![-0.1, 0.0, 0.1, 0.2]),
            (AxisKind::Log { bins: 3, low: 1.0, high: 1000.0 }, vec![1.0, 10.0, 100.0, 1000.0]),
            (AxisKind::Variable { edges: vec![0.0, 5.0, 7.0] }, vec![0.0, 5.0, 7.0]),
            (AxisKind::Integer { low: -1, high: 2 }, vec![-1.0, 0.0, 1.0, 2.0]),
            (AxisKind::Boolean, vec![0.0, 1.0, 2.0]),
            (AxisKind::Category { values: vec![13, 11] }, vec![0.0, 1.0, 2.0]),
        ];
        for (kind, expected) in rows {
            let axis = Axis { kind, label: String::new() };
            let edges = axis.edges();
            assert_eq!(edges.len(), axis.bins() + 1);
            for (edge, value) in edges.iter().zip(&expected) {
                // Rounding of one division and one power.
                assert!((edge - value).abs() <= 4e-16 * value.abs().max(0.1), "{axis:?} {edges:?}");
            }
            assert_eq!(edges.last(), expected.last(), "the last edge is exact");
        }
    }
}
