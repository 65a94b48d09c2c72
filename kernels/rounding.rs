//! Magnitudes, signs, order and rounding to whole numbers.

use super::kernel::{Algebra, Term};
use super::real::{f_bits, f_is_nan, f_magnitude, f_nan, f_of_bits, select};
use super::slope::{OfOne, OfTwo, sign};
use super::wgsl::shared;

shared! {
    /// |x|.
    fn k_abs(x: f32) -> f32 {
        return f_of_bits(f_bits(x) & 0x7fffffffu32);
    }

    /// |a| with the sign of b.
    fn k_copysign(a: f32, b: f32) -> f32 {
        return f_of_bits((f_bits(a) & 0x7fffffffu32) | (f_bits(b) & 0x80000000u32));
    }

    /// b if b < a, else a; NaN if either is.
    fn k_min(a: f32, b: f32) -> f32 {
        let least = select(a, b, b < a);
        return select(least, f_nan(), f_is_nan(a) || f_is_nan(b));
    }

    /// b if b > a, else a; NaN if either is.
    fn k_max(a: f32, b: f32) -> f32 {
        let greatest = select(a, b, b > a);
        return select(greatest, f_nan(), f_is_nan(a) || f_is_nan(b));
    }

    /// To the nearest whole number, ties to even, keeping the sign of zero:
    /// from 2^23 on every number is whole, below it adding 2^23 rounds.
    fn k_round(x: f32) -> f32 {
        let size = f_of_bits(f_magnitude(x));
        let rounded = (size + 8388608.0) - 8388608.0;
        let whole = f_magnitude(x) >= 0x4b000000u32;
        return select(k_copysign(rounded, x), x, whole);
    }

    /// The greatest whole number not above x.
    fn k_floor(x: f32) -> f32 {
        let near = k_round(x);
        return k_copysign(select(near, near - 1.0, near > x), x);
    }

    /// The least whole number not below x.
    fn k_ceil(x: f32) -> f32 {
        let near = k_round(x);
        return k_copysign(select(near, near + 1.0, near < x), x);
    }
}

/// Of |x|.
pub(super) fn d_abs(graph: &mut dyn Algebra, of: OfOne) -> Term {
    let sign = sign(graph, of.x);
    graph.times(of.t, sign)
}

/// Of the lesser of two, which is the first one where they are equal.
pub(super) fn d_min(graph: &mut dyn Algebra, of: OfTwo) -> Option<Term> {
    Some(of_chosen(graph, of, [of.a, of.b]))
}

/// Of the greater of two.
pub(super) fn d_max(graph: &mut dyn Algebra, of: OfTwo) -> Option<Term> {
    Some(of_chosen(graph, of, [of.b, of.a]))
}

/// The change of the first argument where these are in order, else that of the second.
fn of_chosen(graph: &mut dyn Algebra, of: OfTwo, [low, high]: [Term; 2]) -> Term {
    let first = graph.le(low, high);
    let zero = graph.real(0.0);
    graph.select(first, of.s.unwrap_or(zero), of.t.unwrap_or(zero))
}

/// Of |a| with the sign of b.
pub(super) fn d_copysign(graph: &mut dyn Algebra, of: OfTwo) -> Option<Term> {
    of.s.map(|s| {
        let (from, to) = (sign(graph, of.a), sign(graph, of.b));
        let flip = graph.times(from, to);
        graph.times(s, flip)
    })
}
