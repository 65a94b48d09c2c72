//! Circular functions, their inverses and differences of angles.
//!
//! Coefficients as in `exponential.rs`. Angles are in radians.

use super::angle::{f_huge_quadrant, f_huge_rest};
use super::kernel::{Algebra, Term};
use super::real::{
    f_bits, f_div, f_is_finite, f_is_nan, f_magnitude, f_nan, f_of_bits, f_sqrt, select,
};
use super::rounding::{k_abs, k_copysign};
use super::slope::{OfOne, OfTwo, one_less_square, square};
use super::wgsl::shared;

shared! {
    /// The multiple of pi/2 nearest to x, |x| <= 8192, plus 1.5 2^23: its last
    /// two bits are the quadrant.
    fn f_quadrant(x: f32) -> f32 {
        return x * 0.63661975 + 12582912.0;
    }

    /// x less that multiple: pi/2 in three parts of 11 bits and a rest.
    fn f_quadrant_rest(x: f32) -> f32 {
        let n = f_quadrant(x) - 12582912.0;
        let first = (x - n * 1.5703125) - n * 0.0004837513;
        return (first - n * 7.5495336e-8) - n * 2.563344e-12;
    }

    /// sin(r), |r| <= pi/4.
    fn f_sin_core(r: f32) -> f32 {
        let z = r * r;
        return r + (r * z) * (-0.16666667 + z * (0.0083333785 + z * (-0.00019852564
            + z * 2.8263898e-6)));
    }

    /// cos(r), |r| <= pi/4.
    fn f_cos_core(r: f32) -> f32 {
        let z = r * r;
        return 1.0 - (0.5 * z - (z * z) * (0.041666668 + z * (-0.0013888978
            + z * (2.4820974e-5 + z * -2.8768054e-7))));
    }

    /// sin of r and q quarter turns.
    fn f_sin_turned(r: f32, q: u32) -> f32 {
        let y = select(f_sin_core(r), f_cos_core(r), (q & 1u32) == 1u32);
        return f_of_bits(f_bits(y) ^ ((q & 2u32) << 30u32));
    }

    /// tan of r and q quarter turns.
    fn f_tan_turned(r: f32, q: u32) -> f32 {
        let z = r * r;
        let t = r + (r * z) * (0.33333352 + z * (0.13332571 + z * (0.054070976
            + z * (0.021222642 + z * (0.010995432 + z * (-0.00011859125
            + z * 0.0044814623))))));
        let odd = (q & 1u32) == 1u32;
        return f_div(select(t, -1.0, odd), select(1.0, t, odd));
    }

    /// sin, |x| <= 8192. Below 2^-13 it is x to single precision, -0 included.
    fn f_sin_small(x: f32) -> f32 {
        let y = f_sin_turned(f_quadrant_rest(x), f_bits(f_quadrant(x)) & 3u32);
        return select(y, x, f_magnitude(x) < 0x39000000u32);
    }

    /// cos, |x| <= 8192.
    fn f_cos_small(x: f32) -> f32 {
        return f_sin_turned(f_quadrant_rest(x), (f_bits(f_quadrant(x)) & 3u32) + 1u32);
    }

    /// tan, |x| <= 8192.
    fn f_tan_small(x: f32) -> f32 {
        let y = f_tan_turned(f_quadrant_rest(x), f_bits(f_quadrant(x)));
        return select(y, x, f_magnitude(x) < 0x39000000u32);
    }

    /// Sine.
    fn k_sin(x: f32) -> f32 {
        if f_magnitude(x) <= 0x46000000u32 {
            return f_sin_small(x);
        }
        let y = f_sin_turned(f_huge_rest(x), f_huge_quadrant(x));
        return select(y, f_nan(), !f_is_finite(x));
    }

    /// Cosine.
    fn k_cos(x: f32) -> f32 {
        if f_magnitude(x) <= 0x46000000u32 {
            return f_cos_small(x);
        }
        let y = f_sin_turned(f_huge_rest(x), f_huge_quadrant(x) + 1u32);
        return select(y, f_nan(), !f_is_finite(x));
    }

    /// Tangent.
    fn k_tan(x: f32) -> f32 {
        if f_magnitude(x) <= 0x46000000u32 {
            return f_tan_small(x);
        }
        let y = f_tan_turned(f_huge_rest(x), f_huge_quadrant(x));
        return select(y, f_nan(), !f_is_finite(x));
    }

    /// atan(t), 0 <= t <= 1.
    fn f_atan_core(t: f32) -> f32 {
        let z = t * t;
        return t + (t * z) * (-0.333333 + z * (0.19998531 + z * (-0.14264052 + z * (0.109511726
            + z * (-0.08400458 + z * (0.057906043 + z * (-0.031126289 + z * (0.010886868
            + z * -0.0017874144))))))));
    }

    /// Angle of the point (x, y), in [-pi, pi].
    fn k_atan2(y: f32, x: f32) -> f32 {
        let up = k_abs(y);
        let right = k_abs(x);
        let steep = up > right;
        let low = select(up, right, steep);
        let high = select(right, up, steep);
        let both = f_magnitude(low) == 0x7f800000u32;
        let none = f_magnitude(high) < 0x00800000u32;
        let ratio = f_div(select(low, 1.0, both), select(high, 1.0, both || none));
        let core = f_atan_core(ratio);
        let turned = select(core, (1.5707964 - core) - 4.371139e-8, steep);
        let left = f_bits(x) > 0x7fffffffu32;
        let angle = select(turned, (3.1415927 - turned) - 8.742278e-8, left);
        return select(k_copysign(angle, y), f_nan(), f_is_nan(x) || f_is_nan(y));
    }

    /// Inverse tangent.
    fn k_atan(x: f32) -> f32 {
        return k_atan2(x, 1.0);
    }

    /// asin(s), |s| <= 0.59375: wider than 1/2, because just above the switch
    /// asin is pi/2 less a value of its own size, which doubles the error.
    fn f_asin_core(s: f32) -> f32 {
        let z = s * s;
        return s + (s * z) * (0.16666676 + z * (0.0749934 + z * (0.044797245 + z * (0.028692648
            + z * (0.032032944 + z * (-0.0116527835 + z * 0.054049272))))));
    }

    /// Inverse sine; NaN beyond 1.
    fn k_asin(x: f32) -> f32 {
        let size = k_abs(x);
        let steep = f_magnitude(x) > 0x3f180000u32;
        let half = f_sqrt(0.5 * (1.0 - size));
        let core = f_asin_core(select(size, half, steep));
        let angle = select(core, 1.5707964 - (2.0 * core + 4.371139e-8), steep);
        return select(k_copysign(angle, x), f_nan(), f_magnitude(x) > 0x3f800000u32);
    }

    /// Inverse cosine; NaN beyond 1.
    fn k_acos(x: f32) -> f32 {
        let size = k_abs(x);
        let steep = f_magnitude(x) > 0x3f180000u32;
        let half = f_sqrt(0.5 * (1.0 - size));
        let core = f_asin_core(select(x, half, steep));
        let flat = (1.5707964 - core) - 4.371139e-8;
        let left = 3.1415927 - (2.0 * core + 8.742278e-8);
        let far = select(2.0 * core, left, f_bits(x) > 0x7fffffffu32);
        let angle = select(flat, far, steep);
        return select(angle, f_nan(), f_magnitude(x) > 0x3f800000u32);
    }

    /// b - a brought to [-pi, pi]. The difference is taken exactly, as a
    /// rounded part and its rest, then 2 pi times the nearest whole number is
    /// taken off, with 2 pi in four parts.
    fn k_delta_phi(a: f32, b: f32) -> f32 {
        let d = b - a;
        let t = d - b;
        let rest = (b - (d - t)) - (a + t);
        let n = (d * 0.15915494 + 12582912.0) - 12582912.0;
        let first = (d - n * 6.28125) - n * 0.0019350052;
        let second = (rest - n * 3.0198134e-7) - n * 1.0253376e-11;
        let r = first + second;
        let bounded = select(r, k_copysign(3.1415927, r), f_magnitude(r) > 0x40490fdbu32);
        return select(bounded, f_nan(), f_magnitude(d) > 0x46000000u32);
    }
}

/// Of the sine.
pub(super) fn d_sin(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let cos = graph.call("cos", &[of.x]);
    graph.times(of.t, cos)
}

/// Of the cosine.
pub(super) fn d_cos(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let sin = graph.call("sin", &[of.x]);
    let minus = graph.negative(sin);
    graph.times(of.t, minus)
}

/// Of the tangent.
pub(super) fn d_tan(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let square = square(graph, of.y);
    let sum = graph.sum(of.one, square);
    graph.times(of.t, sum)
}

/// Of the inverse sine.
pub(super) fn d_asin(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let cosine = cosine_of_sine(graph, of.x);
    graph.ratio(of.t, cosine)
}

/// Of the inverse cosine.
pub(super) fn d_acos(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let sine = cosine_of_sine(graph, of.x);
    let minus = graph.negative(sine);
    graph.ratio(of.t, minus)
}

/// sqrt(1 - x^2).
fn cosine_of_sine(graph: &mut dyn Algebra, x: Term) -> Term {
    let one = graph.real(1.0);
    let square = one_less_square(graph, one, x);
    graph.call("sqrt", &[square])
}

/// Of the inverse tangent.
pub(super) fn d_atan(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let square = square(graph, of.x);
    let sum = graph.sum(of.one, square);
    graph.ratio(of.t, sum)
}

/// Of the angle of a point.
pub(super) fn d_atan2(graph: &mut dyn Algebra, of: OfTwo) -> Option<Term> {
    let (s, t) = (of.s.map(|s| graph.times(of.b, s)), of.t.map(|t| graph.times(of.a, t)));
    let t = t.map(|t| graph.negative(t));
    let (aa, bb) = (square(graph, of.a), square(graph, of.b));
    let norm = graph.sum(aa, bb);
    graph.plus(s, t).map(|sum| graph.ratio(sum, norm))
}

/// Of the second argument less the first, but for whole turns.
pub(super) fn d_delta_phi(graph: &mut dyn Algebra, of: OfTwo) -> Option<Term> {
    let s = of.s.map(|s| graph.negative(s));
    graph.plus(of.t, s)
}
