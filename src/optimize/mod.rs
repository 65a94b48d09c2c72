//! Minimisers of smooth functions of a few numbers within bounds: L-BFGS with
//! projected steps, and Adam. Variables are scaled to go from 0 to 1.

mod adam;
mod lbfgs;

use crate::error::Result;

/// How to look for a minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Quasi-Newton steps with a line search: few evaluations where the function
    /// is smooth.
    Lbfgs,
    /// Steps of a given length from averages of gradients: robust where gradients
    /// are not those of the function, as straight-through ones.
    Adam,
}

/// When to stop, and how far to step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Most evaluations.
    pub evaluations: usize,
    /// The end: no variable moves by more than this part of its range, or the
    /// gradient, which points out of no bound, would not move the value by as much.
    pub tolerance: f64,
    /// Length of Adam's first steps, as a part of the range.
    pub rate: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options { evaluations: 60, tolerance: 1e-4, rate: 0.05 }
    }
}

/// The value somewhere, and its gradient.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Where: each variable from 0 to 1.
    pub at: Vec<f64>,
    /// The value.
    pub value: f64,
    /// Its derivative by each variable.
    pub gradient: Vec<f64>,
}

/// A function that is minimised: value and gradient.
pub type Function<'f> = dyn FnMut(&[f64]) -> Result<(f64, Vec<f64>)> + 'f;

/// Goes downhill from `start`, each of whose numbers is between 0 and 1, and
/// gives the points where it has been, in order: the end is the last one.
///
/// # Errors
/// Those of the function.
pub fn minimize(
    method: Method,
    start: &[f64],
    options: &Options,
    f: &mut Function<'_>,
) -> Result<Vec<Evaluation>> {
    match method {
        Method::Lbfgs => lbfgs::minimize(start, options, f),
        Method::Adam => adam::minimize(start, options, f),
    }
}

fn evaluate(at: Vec<f64>, f: &mut Function<'_>) -> Result<Evaluation> {
    let (value, gradient) = f(&at)?;
    Ok(Evaluation { at, value, gradient })
}

/// The gradient without what points out of the bounds.
fn projected(point: &Evaluation) -> Vec<f64> {
    let out = |x: f64, g: f64| x <= 0.0 && g > 0.0 || x >= 1.0 && g < 0.0;
    let both = point.at.iter().zip(&point.gradient);
    both.map(|(x, g)| if out(*x, *g) { 0.0 } else { *g }).collect()
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m, x| m.max(x.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A narrow, bent valley; its lowest point within the bounds is (0.6, 0.36),
    /// or where `x` may not go beyond `most`.
    fn valley(most: f64) -> impl FnMut(&[f64]) -> Result<(f64, Vec<f64>)> {
        move |p: &[f64]| {
            let (x, y) = (p[0] * most, p[1]);
            let (a, b) = (0.6 - x, y - x * x);
            Ok((a * a + 20.0 * b * b, vec![most * (-2.0 * a - 80.0 * b * x), 40.0 * b]))
        }
    }

    #[test]
    fn the_valley_ends_where_it_should() {
        let table = [
            (Method::Lbfgs, 1.0, [0.6, 0.36], 40, 1e-4),
            (Method::Lbfgs, 0.5, [1.0, 0.25], 40, 1e-4),
            (Method::Adam, 1.0, [0.6, 0.36], 400, 0.05),
            (Method::Adam, 0.5, [1.0, 0.25], 400, 0.05),
        ];
        for (method, most, wanted, evaluations, tolerance) in table {
            for start in [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.3, 0.9]] {
                let options = Options { evaluations, tolerance: 1e-6, ..Options::default() };
                let path = minimize(method, &start, &options, &mut valley(most)).expect("a path");
                let end = &path.last().expect("a point").at;
                for (x, w) in end.iter().zip(wanted) {
                    assert!((x - w).abs() < tolerance, "{method:?} {start:?}: {end:?}");
                }
                assert!(path.len() <= evaluations, "{} evaluations", path.len());
            }
        }
    }

    #[test]
    fn flat_and_broken_functions_end() {
        for method in [Method::Lbfgs, Method::Adam] {
            let options = Options { evaluations: 30, ..Options::default() };
            let flat = minimize(method, &[0.5], &options, &mut |_| Ok((1.0, vec![0.0])));
            assert_eq!(flat.expect("a path").last().expect("a point").at, [0.5]);
            let nan = |p: &[f64]| {
                Ok(if p[0] > 0.6 { (f64::NAN, vec![f64::NAN]) } else { (-p[0], vec![-1.0]) })
            };
            let path = minimize(method, &[0.5], &options, &mut { nan }).expect("a path");
            let end = path.last().expect("a point");
            assert!(end.value.is_finite() && end.at[0] <= 0.6, "{method:?} {end:?}");
        }
    }
}
