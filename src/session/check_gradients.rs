//! Derivatives against differences of contents, in double
//! precision on the CPU.

use super::backend::Backend;
use super::bound::Bound;
use crate::error::Result;
use crate::gradient::Differentiated;
use crate::run::RunOptions;
use crate::syntax::Parameter;
use crate::warning::{Code, Warning};

/// The step, as a part of a parameter's range or size. The error of a central
/// difference is some square of it.
const STEP: f64 = 1e-5;

/// From here on a derivative is said to be wrong: kinks of compact kernels that
/// an entry crosses within a step, and windows, cost less.
const TOO_MUCH: f64 = 1e-3;

/// How far the derivatives by a parameter are from differences.
#[derive(Debug, Clone, PartialEq)]
pub struct Deviation {
    /// The parameter.
    pub parameter: String,
    /// The distance of the values whose contents are compared.
    pub step: f64,
    /// The largest difference, of the largest derivative of the histogram.
    pub deviation: f64,
    /// The histogram where it is; `None` if there is no difference.
    pub histogram: Option<String>,
}

impl Bound {
    /// Compares the derivatives by each parameter with differences of contents, in double
    /// precision on the CPU: two runs a parameter and one more. Warns of those that differ much.
    ///
    /// # Errors
    /// As [`Bound::gradients`].
    pub fn check_gradients(&mut self, options: &RunOptions) -> Result<Vec<Deviation>> {
        let here = evaluate(self, options)?;
        let mut all = Vec::new();
        for (k, parameter) in self.analysis().parameters.clone().iter().enumerate() {
            let found = self.deviation(&here, k, parameter, options)?;
            if let (true, Some(histogram)) = (found.deviation > TOO_MUCH, &found.histogram) {
                let text = format!(
                    "derivatives by `{}` and differences differ by {:.1e} in {histogram}: contents \
                     jump or bend there",
                    found.parameter, found.deviation
                );
                self.warn(Warning::new(Code::DerivativeDiffers, text));
            }
            all.push(found);
        }
        Ok(all)
    }

    fn deviation(
        &mut self,
        here: &[Differentiated],
        k: usize,
        parameter: &Parameter,
        options: &RunOptions,
    ) -> Result<Deviation> {
        let (name, value) = (parameter.name.name.as_str(), parameter.value);
        let size = parameter.range.map_or(value.abs().max(1.0), |[low, high]| high - low);
        let [low, high] = parameter.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        let ends = [(value - STEP * size).max(low), (value + STEP * size).min(high)];
        let mut sides = Vec::with_capacity(2);
        for end in ends {
            self.set_parameter(name, end)?;
            sides.push(evaluate(self, options)?);
        }
        self.set_parameter(name, value)?;
        let mut worst = (0.0, None);
        for (i, result) in here.iter().enumerate() {
            let contents = [&sides[0][i], &sides[1][i]].map(|r| &r.histogram);
            let off = deviation(result, k, contents.map(|h| move |c| h.value(c)), ends);
            if off > worst.0 {
                worst = (off, Some(result.histogram.name.clone()));
            }
        }
        let (deviation, histogram) = worst;
        let step = ends[1] - ends[0];
        Ok(Deviation { parameter: name.to_owned(), step, deviation, histogram })
    }
}

fn evaluate(bound: &Bound, options: &RunOptions) -> Result<Vec<Differentiated>> {
    let (_, all) = bound.gradients(&Backend::cpu_double(), options, &mut ())?;
    let own = all.into_iter().flat_map(|m| {
        let beside = [m.variances, m.products].into_iter().flatten();
        std::iter::once(m.main).chain(beside)
    });
    Ok(own.collect())
}

/// The largest difference between a column of the Jacobian and differences of
/// contents, over the largest derivative.
fn deviation(
    result: &Differentiated,
    k: usize,
    [less, more]: [impl Fn(usize) -> f64; 2],
    [low, high]: [f64; 2],
) -> f64 {
    let (mut worst, mut largest) = (0.0f64, 0.0f64);
    for (cell, row) in result.jacobian.iter().enumerate() {
        let difference = (more(cell) - less(cell)) / (high - low);
        worst = worst.max((row[k] - difference).abs());
        largest = largest.max(row[k].abs()).max(difference.abs());
    }
    if largest == 0.0 { 0.0 } else { worst / largest }
}
