//! Adam (Kingma and Ba, arXiv:1412.6980) within bounds, with steps that get
//! shorter towards the end.

use super::{Evaluation, Function, Options, evaluate, largest, projected};
use crate::error::Result;

/// How much of the averages of gradients and of their squares is kept.
const KEPT: [f64; 2] = [0.9, 0.99];

pub(super) fn minimize(
    start: &[f64],
    options: &Options,
    f: &mut Function<'_>,
) -> Result<Vec<Evaluation>> {
    let mut path = vec![evaluate(start.to_vec(), f)?];
    let mut means = vec![[0.0; 2]; start.len()];
    let steps = options.evaluations.saturating_sub(1);
    for step in 1..=steps {
        let here = &path[path.len() - 1];
        let gradient = projected(here);
        if largest(&gradient) == 0.0 {
            break;
        }
        // Half a cosine, from the first rate to none.
        let done = step as f64 / (steps + 1) as f64;
        let rate = options.rate * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done));
        let corrections = KEPT.map(|kept| 1.0 - libm::pow(kept, step as f64));
        let mut at = here.at.clone();
        for ((x, g), mean) in at.iter_mut().zip(&gradient).zip(&mut means) {
            for (mean, (kept, power)) in mean.iter_mut().zip(KEPT.iter().zip([*g, g * g])) {
                *mean = kept * *mean + (1.0 - kept) * power;
            }
            let [first, second] = [0, 1].map(|k| mean[k] / corrections[k]);
            if second > 0.0 {
                *x = (*x - rate * first / second.sqrt()).clamp(0.0, 1.0);
            }
        }
        let next = evaluate(at, f)?;
        if !next.value.is_finite() || next.gradient.iter().any(|g| !g.is_finite()) {
            break;
        }
        path.push(next);
    }
    Ok(path)
}
