//! Derivatives of sums: contents and Jacobians of several samples add up.

use super::Differentiated;
use crate::hist::{Contents, Histogram};

impl Differentiated {
    /// A histogram without derivatives.
    pub fn without(histogram: Histogram) -> Self {
        let none = || vec![Vec::new(); histogram.cells()];
        let (jacobian, variance_jacobian, second) = (none(), none(), none());
        Differentiated { jacobian, variance_jacobian, second, dropped: 0, histogram }
    }

    /// Everything times `factor`, variances times its square.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        self.jacobian.iter_mut().chain(&mut self.second).flatten().for_each(|d| *d *= factor);
        self.variance_jacobian.iter_mut().flatten().for_each(|d| *d *= factor * factor);
        Differentiated { histogram: self.histogram.scaled(factor), ..self }
    }

    /// Adds another one with the same axes and parameters.
    pub fn add(&mut self, other: &Differentiated) {
        add(&mut self.histogram, &other.histogram);
        let sum = |a: &mut Vec<Vec<f64>>, b: &Vec<Vec<f64>>| {
            let both = a.iter_mut().flatten().zip(b.iter().flatten());
            both.for_each(|(a, b)| *a += b);
        };
        sum(&mut self.jacobian, &other.jacobian);
        sum(&mut self.variance_jacobian, &other.variance_jacobian);
        sum(&mut self.second, &other.second);
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
