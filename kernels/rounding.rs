//! Magnitudes, signs, order and rounding to whole numbers.

use super::real::{f_bits, f_is_nan, f_magnitude, f_nan, f_of_bits, select};
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
