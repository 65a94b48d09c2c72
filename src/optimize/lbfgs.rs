//! L-BFGS within bounds: the variables that lie at a bound and want out stay, the
//! others take a quasi-Newton step, cut off at the bounds (Bertsekas' two-metric
//! projection with limited memory, J. Nocedal, Math. Comp. 35, 773).

use super::{Evaluation, Function, Options, evaluate, largest, projected};
use crate::error::Result;

/// Differences that are remembered.
const MEMORY: usize = 8;
/// The first step goes this part of the range.
const FIRST: f64 = 0.1;
/// How much of the expected decrease is enough.
const ENOUGH: f64 = 1e-4;
/// Halvings of a step before giving up.
const HALVINGS: usize = 12;

/// A step and by how much the gradient changed.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
}

pub(super) fn minimize(
    start: &[f64],
    options: &Options,
    f: &mut Function<'_>,
) -> Result<Vec<Evaluation>> {
    let mut path = vec![evaluate(start.to_vec(), f)?];
    let mut left = options.evaluations.saturating_sub(1);
    let mut pairs: Vec<Pair> = Vec::new();
    while left > 0 {
        let here = &path[path.len() - 1];
        let gradient = projected(here);
        let size = largest(&gradient);
        if size <= options.tolerance * here.value.abs() {
            break;
        }
        let mut direction = direction(&gradient, &pairs);
        let downhill = dot(&direction, &gradient) < 0.0;
        if !downhill || pairs.is_empty() {
            pairs.clear();
            direction = gradient.iter().map(|g| -FIRST * g / size).collect();
        }
        let Some((next, used)) = search(here, &direction, left, f)? else {
            if pairs.is_empty() {
                break;
            }
            // Forget what led astray.
            left = left.saturating_sub(HALVINGS);
            pairs.clear();
            continue;
        };
        left -= used;
        let step = difference(&next.at, &here.at);
        let change = difference(&next.gradient, &here.gradient);
        let moved = largest(&step);
        let curved = dot(&step, &change);
        if curved > 1e-10 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push(Pair { step, change });
        }
        path.push(next);
        if moved < options.tolerance {
            break;
        }
    }
    Ok(path)
}

/// The first point along a direction that is low enough, and how many
/// evaluations it took.
fn search(
    here: &Evaluation,
    direction: &[f64],
    most: usize,
    f: &mut Function<'_>,
) -> Result<Option<(Evaluation, usize)>> {
    let mut length = 1.0;
    for used in 1..=HALVINGS.min(most) {
        let to = |(x, d): (&f64, &f64)| (x + length * d).clamp(0.0, 1.0);
        let at: Vec<f64> = here.at.iter().zip(direction).map(to).collect();
        let expected = dot(&difference(&at, &here.at), &here.gradient);
        let next = evaluate(at, f)?;
        let finite = next.gradient.iter().all(|g| g.is_finite());
        if finite && next.value <= here.value + ENOUGH * expected && expected < 0.0 {
            return Ok(Some((next, used)));
        }
        length *= 0.5;
    }
    Ok(None)
}

/// Minus the gradient times the inverse of the Hessian, as far as it is known;
/// what has no gradient does not move.
fn direction(gradient: &[f64], pairs: &[Pair]) -> Vec<f64> {
    let free = |x: &[f64]| -> Vec<f64> {
        x.iter().zip(gradient).map(|(x, g)| if *g == 0.0 { 0.0 } else { *x }).collect()
    };
    let pairs: Vec<(Vec<f64>, Vec<f64>)> =
        pairs.iter().map(|p| (free(&p.step), free(&p.change))).collect();
    let pairs: Vec<_> = pairs.into_iter().filter(|(s, y)| dot(s, y) > 0.0).collect();
    let mut q = gradient.to_vec();
    let mut factors = Vec::with_capacity(pairs.len());
    for (s, y) in pairs.iter().rev() {
        let factor = dot(s, &q) / dot(s, y);
        add(&mut q, -factor, y);
        factors.push(factor);
    }
    if let Some((s, y)) = pairs.last() {
        let scale = dot(s, y) / dot(y, y);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((s, y), factor) in pairs.iter().zip(factors.into_iter().rev()) {
        let back = dot(y, &q) / dot(s, y);
        add(&mut q, factor - back, s);
    }
    q.iter().map(|q| -q).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}
