//! The expected significance of a signal: Z of each bin's Asimov data, added in
//! quadrature, without or with an uncertainty of the background.
//!
//! With s, b and the variance t of b, B = b (b + t) + s t and D = b (b + t):
//! Z^2 = 2 [(s + b) ln(1 + b s / B) - b^2 / t ln(1 + s t / D)]
//! (Cowan, Cranmer, Gross, Vitells, arXiv:1007.1727, and Cowan's note on
//! uncertain backgrounds). Written with g(x) = ln(1 + x) - x it keeps its digits
//! where s is small, and for t = 0 it is 2 [(s + b) ln(1 + s / b) - s].

use super::{Bins, Valued};
use crate::syntax::Uncertainty;

/// Z^2 / 2 of a bin, and its derivatives by s, b and t.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Half {
    value: f64,
    by_signal: f64,
    by_background: f64,
    by_variance: f64,
}

/// A background below this is none: quotients by its square stay finite.
const LEAST: f64 = 1e-100;

/// ln(1 + x) - x.
fn bend(x: f64) -> f64 {
    if x.abs() > 0.02 { libm::log1p(x) - x } else { -0.5 * x * x * bent(x) }
}

/// ln(1 + x) - x over -x^2 / 2; 1 at 0.
fn bent(x: f64) -> f64 {
    if x.abs() > 0.02 {
        return 2.0 * (1.0 - libm::log1p(x) / x) / x;
    }
    // 1 - 2 x / 3 + 2 x^2 / 4 - ...: the tenth term is below 1e-17.
    (2..12).rev().fold(0.0, |sum, k| 2.0 / f64::from(k) - x * sum)
}

/// Bins without a background say nothing, nor do those without a signal.
fn half(s: f64, b: f64, t: f64) -> Half {
    if !(s > 0.0 && b > LEAST) {
        return Half::default();
    }
    let t = t.max(0.0);
    // B / b, b s / B, s t / D.
    let whole = b + t + s * t / b;
    let (u, y) = (s / whole, s * t / b / (b + t));
    let slope = s / (b + t);
    // (b / t)^2 times ln(1 + y) - y, also where t is 0.
    let by_variance = -0.5 * slope * slope * bent(y);
    Half {
        value: (s + b) * bend(u) - t * by_variance + slope * b * u,
        by_signal: libm::log1p(u),
        by_background: bend(u) - slope * u * t / b - 2.0 * (t / b) * by_variance,
        by_variance,
    }
}

/// The significance: the square root of the sum over bins of Z^2. Where it is 0,
/// so is its gradient. Of negative contents of the signal nothing is counted, nor
/// of bins whose background is not above 0.
pub fn significance(signal: &Bins, background: &Bins, uncertainty: Uncertainty) -> Valued {
    let Uncertainty { statistical, fraction } = uncertainty;
    let mut sum = Valued::constant(0.0, signal.parameters());
    for (k, (s, b)) in signal.values.iter().zip(&background.values).enumerate() {
        let own = if statistical.is_some() { background.variances[k] } else { 0.0 };
        let half = half(*s, *b, own + (fraction * b) * (fraction * b));
        sum.value += 2.0 * half.value;
        sum.follow(half.by_signal, &signal.jacobian[k]);
        let by_background = half.by_background + half.by_variance * 2.0 * fraction * fraction * b;
        sum.follow(by_background, &background.jacobian[k]);
        if statistical.is_some() {
            sum.follow(half.by_variance, &background.variance_jacobian[k]);
        }
    }
    let z = sum.value.max(0.0).sqrt();
    let scale = if z > 0.0 { 1.0 / z } else { 0.0 };
    Valued { value: z, gradient: sum.gradient.iter().map(|g| g * scale).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the textbook's form, where that keeps its digits.
    #[test]
    fn as_in_the_textbook() {
        for (s, b, t) in [(5.0, 20.0, 4.0), (100.0, 3.0, 0.5), (2.0, 1000.0, 2500.0)] {
            let n: f64 = s + b;
            let plain = n * (n * (b + t) / (b * b + n * t)).ln()
                - b * b / t * (1.0 + t * s / (b * (b + t))).ln();
            assert!((half(s, b, t).value / plain - 1.0).abs() < 1e-8, "{s} {b} {t}");
            let without = n * (1.0 + s / b).ln() - s;
            assert!((half(s, b, 0.0).value / without - 1.0).abs() < 1e-8, "{s} {b}");
        }
    }

    #[test]
    fn derivatives_are_slopes() {
        for [s, b, t] in [[5.0, 20.0, 4.0], [0.01, 3.0, 0.5], [7.0, 0.1, 0.3], [2.0, 9.0, 0.0]] {
            let found = half(s, b, t);
            let step = 1e-5;
            let slope = |f: &dyn Fn(f64) -> Half| (f(step).value - f(-step).value) / (2.0 * step);
            let mut pairs = vec![
                (found.by_signal, slope(&|e| half(s + e * s, b, t)) / s),
                (found.by_background, slope(&|e| half(s, b + e * b, t)) / b),
            ];
            if t > 0.0 {
                pairs.push((found.by_variance, slope(&|e| half(s, b, t + e * t)) / t));
            }
            for (derivative, slope) in pairs {
                assert!((derivative - slope).abs() <= 1e-8 * slope.abs(), "{derivative} {slope}");
            }
        }
    }

    /// No NaN at the ends, and the limits that the formula has there.
    #[test]
    fn ends_are_finite() {
        let ends = [-1.0, -0.0, 0.0, f64::MIN_POSITIVE, 1e-300, 1e-20, 1.0, 1e20];
        for s in ends {
            for b in ends {
                for t in [0.0, 1e-20, 1.0, 1e20] {
                    let found = half(s, b, t);
                    let all =
                        [found.value, found.by_signal, found.by_background, found.by_variance];
                    assert!(!all.iter().any(|x| x.is_nan()), "{s} {b} {t}: {found:?}");
                    assert!(s > 0.0 && b > 0.0 || found == Half::default(), "{s} {b} {t}");
                }
            }
        }
        // With an uncertainty that stays, a bin whose background goes away says less and less.
        assert!(half(1.0, 1e-8, 1.0).value < half(1.0, 1e-4, 1.0).value);
        let tiny = half(1e-9, 1.0, 0.25).value;
        assert!((tiny / (0.5e-18 / 1.25) - 1.0).abs() < 1e-8, "{tiny}");
    }
}
