//! How well a signal's strength can be measured: the inverse of the Fisher
//! information of Poisson counts in bins.
//!
//! The expectation of a bin is lambda = mu s + b at mu = 1, where s and b change
//! with the nuisance parameters. F_ij = sum over bins of (d lambda / d i)
//! (d lambda / d j) / lambda, plus 1 / prior^2 on the diagonal; the standard
//! deviation of mu is the square root of (F^-1)_00.

use super::{Bins, Valued};

/// How a derivative by a nuisance parameter changes with the parameters: of
/// nuisance number k, in the order of the priors, in each bin s and b added up.
pub type SecondDerivatives<'a> = &'a [Vec<Vec<f64>>];

/// The standard deviation of the signal's strength. `priors` has for each
/// parameter the standard deviation of its prior, `None` if it is no nuisance.
///
/// The gradient takes how derivatives by nuisances change in turn: `None` without
/// `second` where there are nuisances. Bins of which nothing is expected are left out.
///
/// If the information is not enough to tell the signal from nuisances, or there
/// is none, the value is infinite.
pub fn sigma_mu(
    signal: &Bins,
    background: &Bins,
    priors: &[Option<f64>],
    second: Option<SecondDerivatives<'_>>,
) -> (f64, Option<Valued>) {
    let nuisances: Vec<(usize, f64)> =
        priors.iter().enumerate().filter_map(|(k, prior)| Some((k, (*prior)?))).collect();
    let size = 1 + nuisances.len();
    let mut information = vec![vec![0.0; size]; size];
    for (i, (_, prior)) in nuisances.iter().enumerate() {
        information[1 + i][1 + i] = 1.0 / (prior * prior);
    }
    let rows = rows(signal, background, &nuisances);
    for (lambda, row) in rows.iter().flatten() {
        for (i, j) in pairs(size) {
            information[i][j] += row[i] * row[j] / lambda;
        }
    }
    let Some(first) = solve(information) else { return (f64::INFINITY, None) };
    let sigma = first[0].sqrt();
    if !nuisances.is_empty() && second.is_none() {
        return (sigma, None);
    }
    let mut valued = Valued::constant(sigma, signal.parameters());
    // d (F^-1)_00 = - f dF f, with f the first column of F^-1.
    for (k, (lambda, row)) in rows.iter().enumerate().filter_map(|(k, r)| Some((k, r.as_ref()?))) {
        let along: f64 = row.iter().zip(&first).map(|(a, f)| a * f).sum();
        let by_lambda = along * along / (lambda * lambda);
        let by_signal = by_lambda - 2.0 * along * first[0] / lambda;
        let scale = 1.0 / (2.0 * sigma);
        valued.follow(scale * by_signal, &signal.jacobian[k]);
        valued.follow(scale * by_lambda, &background.jacobian[k]);
        for (i, of) in second.iter().flat_map(|all| all.iter()).enumerate() {
            valued.follow(-scale * 2.0 * along * first[1 + i] / lambda, &of[k]);
        }
    }
    (sigma, Some(valued))
}

/// For each bin its expectation and the derivatives of that by the strength and
/// the nuisances.
fn rows(
    signal: &Bins,
    background: &Bins,
    nuisances: &[(usize, f64)],
) -> Vec<Option<(f64, Vec<f64>)>> {
    let row = |k: usize| {
        let s = signal.values[k];
        let lambda = s + background.values[k];
        let by = |(p, _): &(usize, f64)| signal.jacobian[k][*p] + background.jacobian[k][*p];
        let row = std::iter::once(s).chain(nuisances.iter().map(by)).collect();
        (lambda > 0.0).then_some((lambda, row))
    };
    (0..signal.values.len()).map(row).collect()
}

fn pairs(size: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..size).flat_map(move |i| (0..size).map(move |j| (i, j)))
}

/// The first column of the inverse of a symmetric matrix; `None` if it is not
/// positive definite.
fn solve(mut a: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = a.len();
    let scale: Vec<f64> = (0..size).map(|i| a[i][i]).collect();
    let mut x = vec![0.0; size];
    x[0] = 1.0;
    for i in 0..size {
        // What is left of a pivot but rounding is nothing.
        if !(a[i][i] > 1e-14 * scale[i] && a[i][i].is_finite()) {
            return None;
        }
        for j in i + 1..size {
            let factor = a[j][i] / a[i][i];
            let (above, below) = a.split_at_mut(j);
            below[0].iter_mut().zip(&above[i]).for_each(|(b, t)| *b -= factor * t);
            x[j] -= factor * x[i];
        }
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|j| a[i][j] * x[j]).sum();
        x[i] = (x[i] - known) / a[i][i];
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}
