//! Derivatives of sums: contents and Jacobians of several samples add up.

use super::Differentiated;
use crate::hist::{Contents, Histogram};

impl Differentiated {
    /// Everything times `factor`, variances times its square.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        let mut jacobian = self.jacobian;
        jacobian.iter_mut().flatten().for_each(|d| *d *= factor);
        Differentiated { histogram: self.histogram.scaled(factor), jacobian, ..self }
    }

    /// Adds another one with the same axes and parameters.
    pub fn add(&mut self, other: &Differentiated) {
        add(&mut self.histogram, &other.histogram);
        for (row, more) in self.jacobian.iter_mut().zip(&other.jacobian) {
            row.iter_mut().zip(more).for_each(|(a, b)| *a += b);
        }
        self.dropped += other.dropped;
    }
}

fn add(sum: &mut Histogram, term: &Histogram) {
    let cells = 0..sum.cells();
    sum.contents = Contents::Weighted {
        values: cells.clone().map(|c| sum.value(c) + term.value(c)).collect(),
        variances: cells.map(|c| sum.variance(c) + term.variance(c)).collect(),
    };
    let more = term.upper.iter().flatten();
    sum.upper.iter_mut().flatten().zip(more).for_each(|(a, b)| *a += b);
    sum.entries += term.entries;
    sum.nan += term.nan;
    sum.missing += term.missing;
    sum.bad_weight += term.bad_weight;
}
