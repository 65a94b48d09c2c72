//! Exponential, logarithm, powers and the hyperbolic functions.
//!
//! Coefficients are minimax fits of this project, rounded to single precision
//! one by one from the lowest, the others fitted again each time. Constants
//! come in a high part with trailing zero bits, whose product with a small
//! whole number is exact, and a low part.

use super::kernel::{Algebra, Term};
use super::real::{f_bits, f_div, f_inf, f_is_nan, f_magnitude, f_nan, f_of_bits, f_sqrt, select};
use super::rounding::{k_abs, k_copysign, k_round};
use super::slope::{OfOne, OfTwo, one_less_square, scaled, square};
use super::wgsl::shared;
use std::f64::consts::LN_10;

shared! {
    /// y 2^n for whole n in [-252, 254], in two steps so that neither factor
    /// leaves the exponent range.
    fn f_scale(y: f32, n: f32) -> f32 {
        let half = (n * 0.5 + 12582912.0) - 12582912.0;
        let first = f_of_bits(f_bits(half + 12583039.0) << 23u32);
        let second = f_of_bits(f_bits((n - half) + 12583039.0) << 23u32);
        return (y * first) * second;
    }

    /// e^x 2^shift: x = n ln 2 + r with |r| <= ln(2)/2, then 1 + r + r^2 P(r).
    fn f_exp_scaled(x: f32, shift: f32) -> f32 {
        let below = select(x, 150.0, x > 150.0);
        let inside = select(below, -150.0, x < -150.0);
        let n = (inside * 1.442695 + 12582912.0) - 12582912.0;
        let r = (inside - n * 0.693359375) + n * 2.12194440e-4;
        let p = 0.49999994 + r * (0.16666517 + r * (0.04166828 + r * (0.008369249
            + r * 0.0013820775)));
        let y = 1.0 + (r + (r * r) * p);
        return select(f_scale(y, n + shift), f_nan(), f_is_nan(x));
    }

    /// e^x of x that is not above 0, to the bit as `f_exp_scaled`: what is below the
    /// smallest normal number is zero, so one factor does.
    fn f_exp_below(x: f32) -> f32 {
        let inside = select(x, -88.0, x < -88.0);
        let n = (inside * 1.442695 + 12582912.0) - 12582912.0;
        let r = (inside - n * 0.693359375) + n * 2.12194440e-4;
        let p = 0.49999994 + r * (0.16666517 + r * (0.04166828 + r * (0.008369249
            + r * 0.0013820775)));
        let y = 1.0 + (r + (r * r) * p);
        return y * f_of_bits(f_bits(n + 12583039.0) << 23u32);
    }

    /// e^x.
    fn k_exp(x: f32) -> f32 {
        return f_exp_scaled(x, 0.0);
    }

    /// 1 / (1 + e^-x), from the exponential that does not overflow.
    fn k_sigmoid(x: f32) -> f32 {
        let e = f_exp_below(-k_abs(x));
        return f_div(select(e, 1.0, x >= 0.0), 1.0 + e);
    }

    /// k of x = 2^k m with m in [0.70711, 1.41421], x positive and normal.
    fn f_log_exponent(x: f32) -> f32 {
        let word = f_bits(x);
        let up = (word & 0x007fffffu32) > 0x003504f3u32;
        let biased = f_of_bits((word >> 23u32) | 0x4b000000u32) - 8388608.0;
        return biased - select(127.0, 126.0, up);
    }

    /// m of x = 2^k m with m in [0.70711, 1.41421].
    fn f_log_significand(x: f32) -> f32 {
        let word = f_bits(x) & 0x007fffffu32;
        return f_of_bits(word | select(0x3f800000u32, 0x3f000000u32, word > 0x003504f3u32));
    }

    /// The value of a logarithm where x is not a positive finite number.
    fn f_log_special(y: f32, x: f32) -> f32 {
        let word = f_bits(x);
        let minus_infinity = f_of_bits(f_bits(f_inf()) | 0x80000000u32);
        let finite = select(y, f_inf(), word == 0x7f800000u32);
        let bounded = select(finite, f_nan(), word > 0x7f800000u32);
        return select(bounded, minus_infinity, f_magnitude(x) < 0x00800000u32);
    }

    /// log(1 + f) - f + f^2/2, f in [-0.293, 0.4143].
    fn f_log_tail(f: f32) -> f32 {
        let p = 0.33333313 + f * (-0.2500001 + f * (0.20002076 + f * (-0.16668002
            + f * (0.14220232 + f * (-0.124057926 + f * (0.118842155
            + f * (-0.11673612 + f * 0.06752154)))))));
        return (f * f) * (f * p);
    }

    /// Natural logarithm; -inf at 0, NaN below.
    fn k_log(x: f32) -> f32 {
        let k = f_log_exponent(x);
        let f = f_log_significand(x) - 1.0;
        let tail = f_log_tail(f) - k * 2.12194440e-4;
        let y = k * 0.693359375 + (f + (tail - 0.5 * (f * f)));
        return f_log_special(y, x);
    }

    /// Leading 12 bits, so that products of such parts are exact.
    fn f_head(x: f32) -> f32 {
        return f_of_bits(f_bits(x) & 0xfffff000u32);
    }

    /// What a product a b lost in rounding, exactly (unless it is tiny).
    fn f_product_rest(a: f32, b: f32) -> f32 {
        let p = a * b;
        let ah = f_head(a);
        let al = a - ah;
        let bh = f_head(b);
        let bl = b - bh;
        return ((ah * bh - p) + (ah * bl + al * bh)) + al * bl;
    }

    /// What a sum a + b lost in rounding, exactly.
    fn f_sum_rest(a: f32, b: f32) -> f32 {
        let s = a + b;
        let t = s - a;
        return (a - (s - t)) + (b - t);
    }

    /// Base-10 logarithm.
    fn k_log10(x: f32) -> f32 {
        let k = f_log_exponent(x);
        let f = f_log_significand(x) - 1.0;
        let square = 0.5 * (f * f);
        let rest = f_log_tail(f) - f_product_rest(0.5 * f, f);
        let m = f - square;
        let lost = f_sum_rest(f, -square) + rest;
        let head = f_head(m);
        let low = (m - head) + lost;
        let scaled = low * 0.4342041 + (head + low) * 9.038034e-5;
        let y = (k * 0.30102539 + head * 0.4342041) + (scaled + k * 4.605039e-6);
        return f_log_special(y, x);
    }

    /// log2 of a positive normal number, to single precision.
    fn f_log2_high(x: f32) -> f32 {
        let k = f_log_exponent(x);
        let m = f_log_significand(x);
        let s = f_div(m - 1.0, m + 1.0);
        let main = s * 2.88539;
        return k + main;
    }

    /// log2(x) - f_log2_high(x). With s = (m - 1)/(m + 1), log2(m) is
    /// 2/ln(2) (s + s^3/3 + ...): the first term in two parts, the others in one.
    fn f_log2_low(x: f32) -> f32 {
        let k = f_log_exponent(x);
        let m = f_log_significand(x);
        let f = m - 1.0;
        let g = m + 1.0;
        let g_rest = f_sum_rest(m, 1.0);
        let s = f_div(f, g);
        let missing = ((f - s * g) - f_product_rest(s, g)) - s * g_rest;
        let s_rest = f_div(missing, g);
        let main = s * 2.88539;
        let z = s * s;
        let series = (s * z) * (0.9617967 + z * (0.57707566 + z * (0.4124445 + z * (0.31037027
            + z * 0.41597775))));
        let small = (f_product_rest(s, 2.88539) + (s_rest * 2.88539 + s * 3.851926e-8)) + series;
        return f_sum_rest(k, main) + small;
    }

    /// a^b for positive normal a: 2^(b log2 a), the exponent in two parts.
    fn f_pow_positive(a: f32, b: f32) -> f32 {
        let high = f_log2_high(a);
        let low = f_log2_low(a);
        let l = high + low;
        let l_rest = low - (l - high);
        let bounded = select(b, k_copysign(1.0e12, b), f_magnitude(b) > 0x5368d4a5u32);
        let p = bounded * l;
        let p_rest = f_product_rest(bounded, l) + bounded * l_rest;
        let clipped = select(p, k_copysign(250.0, p), f_magnitude(p) > 0x437a0000u32);
        let n = (clipped + 12582912.0) - 12582912.0;
        let f = (clipped - n) + select(0.0, p_rest, f_magnitude(p) <= 0x437a0000u32);
        let y = 1.0 + f * (0.6931472 + f * (0.24022648 + f * (0.055503596 + f * (0.009618501
            + f * (0.0013390982 + f * 0.00015328536)))));
        return f_scale(y, n);
    }

    /// a^b for real numbers; of negative a only for whole b. As in IEEE 754:
    /// a^0 and 1^b are 1, even with NaN.
    fn k_pow(a: f32, b: f32) -> f32 {
        let size = k_abs(a);
        let zero = f_magnitude(a) < 0x00800000u32;
        let infinite = f_magnitude(a) == 0x7f800000u32;
        let negative = f_bits(a) > 0x7fffffffu32;
        let exponent_negative = f_bits(b) > 0x7fffffffu32;
        let half = b * 0.5;
        let whole = k_round(b) == b;
        let odd = whole && k_round(half) != half && f_magnitude(b) < 0x4b800000u32;
        let regular = f_pow_positive(select(size, 1.5, zero || infinite), b);
        let extreme = select(0.0, f_inf(), zero == exponent_negative);
        let positive = select(regular, extreme, zero || infinite);
        let signed = f_of_bits(f_bits(positive) | select(0u32, 0x80000000u32, negative && odd));
        let off_axis = negative && !whole && !zero && !infinite;
        let undefined = off_axis || f_is_nan(a) || f_is_nan(b);
        let value = select(signed, f_nan(), undefined);
        let one = f_magnitude(b) < 0x00800000u32 || f_bits(a) == 0x3f800000u32;
        let minus_one = f_bits(a) == 0xbf800000u32 && f_magnitude(b) == 0x7f800000u32;
        return select(value, 1.0, one || minus_one);
    }

    /// Square root.
    fn k_sqrt(x: f32) -> f32 {
        return f_sqrt(x);
    }

    /// Hyperbolic sine.
    fn k_sinh(x: f32) -> f32 {
        let size = k_abs(x);
        let z = x * x;
        let small = x + (x * z) * (0.16666667 + z * (0.0083333105 + z * (0.00019842896
            + z * 2.7822132e-6)));
        let large = f_exp_scaled(size, -1.0) - f_exp_scaled(-size, -1.0);
        let y = select(k_copysign(large, x), small, f_magnitude(x) < 0x3f800000u32);
        return select(y, f_nan(), f_is_nan(x));
    }

    /// Hyperbolic cosine.
    fn k_cosh(x: f32) -> f32 {
        let size = k_abs(x);
        return f_exp_scaled(size, -1.0) + f_exp_scaled(-size, -1.0);
    }

    /// Hyperbolic tangent.
    fn k_tanh(x: f32) -> f32 {
        let size = k_abs(x);
        let z = x * x;
        let small = x + (x * z) * (-0.3333328 + z * (0.13331409 + z * (-0.05373695
            + z * (0.020630071 + z * -0.0056948652))));
        let bounded = select(size, 20.0, size > 20.0);
        let large = 1.0 - f_div(2.0, f_exp_scaled(bounded * 2.0, 0.0) + 1.0);
        let y = select(large, small, f_magnitude(x) < 0x3f200000u32);
        return select(k_copysign(y, x), f_nan(), f_is_nan(x));
    }

    /// Inverse hyperbolic sine: pseudorapidity of pz/pt.
    fn k_asinh(x: f32) -> f32 {
        let size = k_abs(x);
        let z = x * x;
        let small = x + (x * z) * (-0.1666666 + z * (0.07499705 + z * (-0.044599354
            + z * (0.030061232 + z * (-0.02099346 + z * (0.01358563 + z * (-0.0070211897
            + z * (0.0023984672 + z * -0.00038819388))))))));
        let huge = f_magnitude(x) > 0x4b000000u32;
        let bounded = select(size, 1.0, huge);
        let sum = bounded + f_sqrt(bounded * bounded + 1.0);
        let large = k_log(select(sum, size, huge)) + select(0.0, 0.6931472, huge);
        let y = select(large, small, f_magnitude(x) < 0x3f800000u32);
        return select(k_copysign(y, x), f_nan(), f_is_nan(x));
    }
}

/// Of the square root.
pub(super) fn d_sqrt(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let twice = scaled(graph, 2.0, of.y);
    graph.ratio(of.t, twice)
}

/// Of e^x.
pub(super) fn d_exp(graph: &mut dyn Algebra, of: OfOne) -> Term {
    graph.times(of.t, of.y)
}

/// Of the natural logarithm.
pub(super) fn d_log(graph: &mut dyn Algebra, of: OfOne) -> Term {
    graph.ratio(of.t, of.x)
}

/// Of the logarithm to base 10.
pub(super) fn d_log10(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let scaled = scaled(graph, LN_10, of.x);
    graph.ratio(of.t, scaled)
}

/// Of the hyperbolic sine.
pub(super) fn d_sinh(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let cosh = graph.call("cosh", &[of.x]);
    graph.times(of.t, cosh)
}

/// Of the hyperbolic cosine.
pub(super) fn d_cosh(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let sinh = graph.call("sinh", &[of.x]);
    graph.times(of.t, sinh)
}

/// Of the hyperbolic tangent.
pub(super) fn d_tanh(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let slope = one_less_square(graph, of.one, of.y);
    graph.times(of.t, slope)
}

/// Of the inverse hyperbolic sine.
pub(super) fn d_asinh(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let square = square(graph, of.x);
    let sum = graph.sum(of.one, square);
    let root = graph.call("sqrt", &[sum]);
    graph.ratio(of.t, root)
}

/// Of the logistic function.
pub(super) fn d_sigmoid(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let minus = graph.negative(of.x);
    let other = graph.call("sigmoid", &[minus]);
    let product = graph.times(of.y, other);
    graph.times(of.t, product)
}

/// Of a power.
pub(super) fn d_pow(graph: &mut dyn Algebra, of: OfTwo) -> Option<Term> {
    let by_base = of.s.map(|s| {
        let one = graph.real(1.0);
        let less = graph.difference(of.b, one);
        let power = graph.call("pow", &[of.a, less]);
        let slope = graph.times(of.b, power);
        graph.times(s, slope)
    });
    let by_exponent = of.t.map(|t| {
        let log = graph.call("log", &[of.a]);
        let slope = graph.times(of.y, log);
        graph.times(t, slope)
    });
    graph.plus(by_base, by_exponent)
}
