//! What objectives are computed from, and what they are.

/// The bins of a soft histogram, or of several added up, and how they change
/// with each of the parameters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bins {
    /// Contents.
    pub values: Vec<f64>,
    /// Their variances.
    pub variances: Vec<f64>,
    /// For each bin the derivative of its content by each parameter.
    pub jacobian: Vec<Vec<f64>>,
    /// For each bin the derivative of its variance by each parameter; empty rows
    /// where it is not known.
    pub variance_jacobian: Vec<Vec<f64>>,
    /// For each bin the second derivatives of its content by the pairs of
    /// [`super::second_pairs`]; empty rows where they are not known.
    pub second: Vec<Vec<f64>>,
}

/// A number and its derivatives by the parameters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Valued {
    /// The number.
    pub value: f64,
    /// One derivative a parameter.
    pub gradient: Vec<f64>,
}

impl Bins {
    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.jacobian.first().map_or(0, Vec::len)
    }

    /// Adds other bins, as many.
    pub fn add(&mut self, other: &Bins) {
        let sum = |a: &mut [f64], b: &[f64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        sum(&mut self.values, &other.values);
        sum(&mut self.variances, &other.variances);
        for (a, b) in self.jacobian.iter_mut().zip(&other.jacobian) {
            sum(a, b);
        }
        for (a, b) in self.variance_jacobian.iter_mut().zip(&other.variance_jacobian) {
            sum(a, b);
        }
        for (a, b) in self.second.iter_mut().zip(&other.second) {
            sum(a, b);
        }
    }
}

impl Valued {
    /// A number on which no parameter has an influence.
    pub fn constant(value: f64, parameters: usize) -> Valued {
        Valued { value, gradient: vec![0.0; parameters] }
    }

    /// Adds `factor` times a row of derivatives to the gradient.
    pub(super) fn follow(&mut self, factor: f64, row: &[f64]) {
        if factor != 0.0 {
            self.gradient.iter_mut().zip(row).for_each(|(g, d)| *g += factor * d);
        }
    }
}
