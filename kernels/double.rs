//! The functions in double precision, for `--precision f64`: the reference.
//! Elementary functions come from the libm crate, never from the platform.

use std::f64::consts::PI;

/// The lesser of two numbers, the first of equals; NaN if either is.
pub(super) fn min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if b < a {
        b
    } else {
        a
    }
}

/// The greater of two numbers, the first of equals; NaN if either is.
pub(super) fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if b > a {
        b
    } else {
        a
    }
}

/// b - a brought to [-pi, pi], as ROOT does.
pub(super) fn delta_phi(a: f64, b: f64) -> f64 {
    let turned = libm::fmod(b - a, 2.0 * PI);
    if turned < -PI {
        turned + 2.0 * PI
    } else if turned > PI {
        turned - 2.0 * PI
    } else {
        turned
    }
}

/// The logistic function.
pub(super) fn sigmoid(x: f64) -> f64 {
    let e = libm::exp(-libm::fabs(x));
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// The part of the standard normal distribution above x.
pub(super) fn normal_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2)
}

/// Quantile of the normal distribution: a start good to 4.5e-4 (Abramowitz and
/// Stegun 26.2.23), then Halley steps on log Phi, which has no cancellation in
/// the tail.
pub(super) fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let tail = if p > 0.5 { 1.0 - p } else { p };
    if tail == 0.0 {
        return if p > 0.5 { f64::INFINITY } else { f64::NEG_INFINITY };
    }
    if tail == 0.5 {
        return 0.0;
    }
    let r = libm::sqrt(-2.0 * libm::log(tail));
    let start = (2.515_517 + r * (0.802_853 + r * 0.010_328))
        / (1.0 + r * (1.432_788 + r * (0.189_269 + r * 0.001_308)));
    let mut x = start - r;
    for _ in 0..4 {
        let below = 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
        let density = libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * PI);
        let step = (below - tail) / density;
        x -= step / (1.0 + 0.5 * x * step);
    }
    if p > 0.5 { -x } else { x }
}
