//! The error function, the tail and the quantile of the normal distribution.
//!
//! Coefficients as in `exponential.rs`.

use super::exponential::{f_exp_below, f_exp_scaled, f_product_rest, k_log};
use super::kernel::{Algebra, Term};
use super::real::{f_div, f_inf, f_is_nan, f_magnitude, f_nan, f_sqrt, select};
use super::rounding::{k_abs, k_copysign};
use super::slope::{OfOne, gaussian};
use super::wgsl::shared;
use std::f64::consts::{FRAC_2_SQRT_PI, PI};

shared! {
    /// Error function: an odd polynomial up to 1; beyond, 1 - exp(-P(x - 2))
    /// with P fitted to -log(1 - erf), up to 4, where erf rounds to 1. Next to
    /// zero a part of x would be denormal.
    fn k_erf(x: f32) -> f32 {
        let size = k_abs(x);
        let z = x * x;
        let small = x + x * (0.12837917 + z * (-0.37612626 + z * (0.11283579
            + z * (-0.026853347 + z * (0.0051871627 + z * (-0.00079978653
            + z * 7.806981e-5))))));
        let centre = select(small, x * 1.1283792, f_magnitude(x) < 0x20000000u32);
        let bounded = select(size, 4.0, size > 4.0);
        let u = bounded - 2.0;
        let p = 5.364941 + u * (4.41816 + u * (0.9237529 + u * (0.016479906
            + u * (-0.0035550776 + u * (0.00071684195 + u * (-0.00016823219
            + u * 8.4947915e-6))))));
        let large = 1.0 - f_exp_scaled(-p, 0.0);
        let y = select(k_copysign(large, x), centre, f_magnitude(x) < 0x3f800000u32);
        return select(y, f_nan(), f_is_nan(x));
    }

    /// exp(-a^2/2) of a >= 0, the square in two parts: the second one as a factor
    /// near 1, which is no denormal number. Zero from 20 on.
    fn f_normal_kernel(a: f32) -> f32 {
        let bounded = select(a, 20.0, a > 20.0);
        let e = f_exp_below(-(0.5 * (bounded * bounded)));
        return e * (1.0 - 0.5 * f_product_rest(bounded, bounded));
    }

    /// The part of the standard normal distribution beyond a, from 0 to 20, with
    /// e = exp(-a^2/2): below 1 what is left of 1/2 by a series in a^2, as
    /// differences of parts near 1/2 are to be good; else e t P(t) with
    /// t = 1 / (1 + 0.35 a).
    fn f_normal_beyond(a: f32, e: f32) -> f32 {
        let square = a * a;
        let t = f_div(1.0, 1.0 + 0.35 * a);
        let p = 0.1396214068 + t * (0.1398618221 + t * (0.1198332384 + t * (0.1055064499
            + t * (-0.0231059808 + t * (0.1591683328 + t * (-0.2557089925
            + t * (0.1439691037 + t * -0.0291453972)))))));
        let r = 0.3989423 + square * (-0.06649038 + square * (0.009973557
            + square * (-0.0011873282 + square * (0.00011481055
            + square * (-8.135893e-6 + square * -6.69875e-8)))));
        let far = e * (t * p);
        return select(far, 0.5 - a * r, a < 1.0);
    }

    /// The part of the standard normal distribution beyond a >= 0. Zero from 20 on.
    fn f_normal_tail(a: f32) -> f32 {
        let bounded = select(a, 20.0, a > 20.0);
        return f_normal_beyond(bounded, f_normal_kernel(bounded));
    }

    /// The part of the standard normal distribution above x.
    fn k_normal_tail(x: f32) -> f32 {
        let tail = f_normal_tail(k_abs(x));
        return select(tail, 1.0 - tail, x < 0.0);
    }

    /// The x below which a fraction p of the standard normal distribution
    /// lies; -inf at 0, inf at 1, NaN outside.
    fn k_normal_quantile(p: f32) -> f32 {
        let upper = p > 0.5;
        let tail = select(p, 1.0 - p, upper);
        let offset = tail - 0.5;
        let w = -k_log((4.0 * tail) * (1.0 - tail)) - 2.5;
        let centre = offset * (4.246627 + w * (0.69760406 + w * (-0.011815008
            + w * (-0.0035432114 + w * (0.00061726355 + w * (-1.4094451e-5
            + w * (-9.720208e-6 + w * (1.331693e-6 + w * (6.007987e-8
            + w * -2.5848014e-8)))))))));
        let r = f_sqrt(-2.0 * k_log(tail));
        let v = f_div(1.0, r);
        let far = (0.018817404 + v * (4.3892446 + v * (-22.411388 + v * (144.27628
            + v * (-738.14404 + v * (2647.6426 + v * (-6180.892 + v * (8398.342
            + v * -5028.3677)))))))) - r;
        let lower = select(centre, far, w > 2.5);
        let finite = select(lower, -lower, upper);
        let ends = select(finite, k_copysign(f_inf(), p - 0.5), tail == 0.0);
        let outside = f_magnitude(p) > 0x3f800000u32 || p < 0.0;
        return select(ends, f_nan(), outside || f_is_nan(p));
    }
}

/// Of the error function.
pub(super) fn d_erf(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let slope = gaussian(graph, FRAC_2_SQRT_PI, -1.0, of.x);
    graph.times(of.t, slope)
}

/// Of the fraction above x.
pub(super) fn d_normal_tail(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let slope = gaussian(graph, -1.0 / (2.0 * PI).sqrt(), -0.5, of.x);
    graph.times(of.t, slope)
}

/// Of the value below which a fraction lies.
pub(super) fn d_normal_quantile(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let slope = gaussian(graph, (2.0 * PI).sqrt(), 0.5, of.y);
    graph.times(of.t, slope)
}
