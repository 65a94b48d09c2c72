//! How a soft fill keeps its sums exact at little cost: the numbers that an entry
//! adds to the cells of one sum are first rounded to multiples of one power of
//! two, its quantum.
//!
//! The quantum follows from a bound on the entry's numbers alone, so it is the
//! same whatever else is filled, and at most 2^-24 of the bound: half of it is
//! what a number may be off, 2^-25 of the largest. Multiples of similar quanta
//! add up in double precision without any rounding; a device adds them as
//! integers. `shaders/quanta.wgsl` is its version.

use super::layout::layout;

/// The device's version; it expects `out: array<atomic<u32>>` to be declared.
pub const SHADER: &str = include_str!("../shaders/quanta.wgsl");

layout! {
    numbers {
        /// The quantum of numbers below a bound with the biased exponent e is 2^(e - this).
        QUANTUM_BELOW = 151;
        /// That of products of numbers below bounds with e and f is 2^(e + f - this).
        PRODUCT_QUANTUM_BELOW = 278;
    }
}

/// Quanta are not more than this many below a bound: bound < 2^26 quanta.
pub const BITS: i32 = 26;

/// The exponent of a number that is not negative, biased by 127: 0 of zero and
/// denormals, 255 of what is not finite.
#[inline(always)]
pub fn field(bound: f32) -> i32 {
    (bound.to_bits() >> 23) as i32
}

/// The exponent of a bound that is finite and not negative, biased by 127; `None`
/// for zero and denormals, which bound nothing but zeros.
#[inline(always)]
pub fn exponent(bound: f32) -> Option<i32> {
    let field = field(bound);
    (field > 0).then_some(field)
}

/// The exponent of the quantum of numbers below a bound with this exponent.
#[inline(always)]
pub fn quantum(exponent: i32) -> i32 {
    exponent - QUANTUM_BELOW as i32
}

/// The same of products of two numbers below such bounds.
#[inline(always)]
pub fn quantum_of_products(exponent: i32, other: i32) -> i32 {
    exponent + other - PRODUCT_QUANTUM_BELOW as i32
}

/// What [`rounded`] needs to know: a number whose last bit is the quantum 2^q.
#[inline(always)]
pub fn rounder(q: i32) -> f64 {
    f64::from_bits(((1023 + 52 + q) as u64) << 52 | 1 << 51)
}

/// The nearest multiple of the quantum, ties to even, of a number below 2^50
/// quanta.
#[inline(always)]
pub fn rounded(x: f64, rounder: f64) -> f64 {
    (x + rounder) - rounder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_quanta() {
        // Number, bound, and the multiple of the quantum that it becomes.
        let cases: [(f64, f32, f64); 9] = [
            (1.0, 1.0, 16_777_216.0),
            (-1.0, 1.5, -16_777_216.0),
            (0.0, 1.0, 0.0),
            (0.5 * 0.5f64.powi(24), 1.0, 0.0),
            (1.5 * 0.5f64.powi(24), 1.0, 2.0),
            (-1.5 * 0.5f64.powi(24), 1.0, -2.0),
            (0.75 * 0.5f64.powi(24), 1.0, 1.0),
            (f64::from(f32::MAX), f32::MAX, 33_554_430.0),
            (f64::from(f32::MIN_POSITIVE), f32::MIN_POSITIVE, 16_777_216.0),
        ];
        for (x, bound, wanted) in cases {
            let q = quantum(exponent(bound).expect("a bound"));
            let found = rounded(x, rounder(q));
            assert_eq!(found / libm::ldexp(1.0, q), wanted, "{x:e} below {bound:e}");
        }
        assert_eq!(exponent(0.0), None);
        assert_eq!(exponent(1e-40), None);
        let q = quantum_of_products(127, 130);
        assert_eq!(rounded(1.0 + 0.5f64.powi(21), rounder(q)), 1.0 + 0.5f64.powi(21));
        assert_eq!(rounded(1.0 + 0.5f64.powi(22), rounder(q)), 1.0);
    }
}
