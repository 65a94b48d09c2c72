//! 64-bit integers: every operation total, wrapping. The WGSL twin in
//! `shaders/wide.wgsl` holds them as two words. Where a result may leave 64 bits
//! the language asks beside it whether it does.

/// Whether `a < b`.
#[inline]
pub fn l_lt(a: i64, b: i64) -> bool {
    a < b
}

/// Whether `a <= b`.
#[inline]
pub fn l_le(a: i64, b: i64) -> bool {
    a <= b
}

/// Whether `a == b`.
#[inline]
pub fn l_eq(a: i64, b: i64) -> bool {
    a == b
}

/// Bitwise and.
#[inline]
pub fn l_and(a: i64, b: i64) -> i64 {
    a & b
}

/// Bitwise or.
#[inline]
pub fn l_or(a: i64, b: i64) -> i64 {
    a | b
}

/// Bitwise exclusive or.
#[inline]
pub fn l_xor(a: i64, b: i64) -> i64 {
    a ^ b
}

/// Bitwise complement.
#[inline]
pub fn l_not(a: i64) -> i64 {
    !a
}

/// Sum, wrapping.
#[inline]
pub fn l_add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

/// Difference, wrapping.
#[inline]
pub fn l_sub(a: i64, b: i64) -> i64 {
    a.wrapping_sub(b)
}

/// Product, wrapping: the low 64 of its 128 bits.
#[inline]
pub fn l_mul(a: i64, b: i64) -> i64 {
    a.wrapping_mul(b)
}

/// The high 64 of the 128 bits of a product. It fits 64 bits where they are all
/// equal to the sign of [`l_mul`].
#[inline]
pub fn l_mul_high(a: i64, b: i64) -> i64 {
    ((i128::from(a) * i128::from(b)) >> 64) as i64
}

/// Quotient rounded towards minus infinity, wrapping; 0 for a zero divisor.
#[inline]
pub fn l_floor_div(a: i64, b: i64) -> i64 {
    if b == 0 {
        return 0;
    }
    let quotient = a.wrapping_div(b);
    let inexact = quotient.wrapping_mul(b) != a;
    quotient - i64::from(inexact && ((a < 0) != (b < 0)))
}

/// `a - b * l_floor_div(a, b)`, with the sign of `b`; 0 for a zero divisor.
#[inline]
pub fn l_mod(a: i64, b: i64) -> i64 {
    if b == 0 {
        return 0;
    }
    a.wrapping_sub(b.wrapping_mul(l_floor_div(a, b)))
}

/// Negative, wrapping.
#[inline]
pub fn l_neg(a: i64) -> i64 {
    a.wrapping_neg()
}

/// Shift left; 0 where the shift is negative or not below 64.
#[inline]
pub fn l_shl(a: i64, shift: i32) -> i64 {
    a.checked_shl(shift as u32).unwrap_or(0)
}

/// Arithmetic shift right; all sign bits where the shift is negative or not
/// below 64.
#[inline]
pub fn l_shr(a: i64, shift: i32) -> i64 {
    a >> (shift as u32).min(63)
}

/// The nearest real number, ties to even.
#[inline]
pub fn l_to_real(a: i64) -> f32 {
    a as f32
}

/// The same number in 64 bits.
#[inline]
pub fn l_widen(i: i32) -> i64 {
    i64::from(i)
}

/// The nearest number of 32 bits.
#[inline]
pub fn l_narrow(a: i64) -> i32 {
    a.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_quotients_at_the_ends() {
        let (least, most) = (i64::MIN, i64::MAX);
        let products = [
            (3, -5, -15, -1),
            (1 << 32, 1 << 31, least, 0),
            (1 << 32, -(1 << 31), least, -1),
            (most, most, 1, (1 << 62) - 1),
            (least, least, 0, 1 << 62),
            (least, -1, least, 0),
        ];
        for (a, b, low, high) in products {
            assert_eq!((l_mul(a, b), l_mul_high(a, b)), (low, high), "{a} * {b}");
        }
        let quotients = [
            (-7, 2, -4, 1),
            (7, -2, -4, -1),
            (5, 0, 0, 0),
            (least, -1, least, 0),
            (least, most, -2, most - 1),
        ];
        for (a, b, quotient, rest) in quotients {
            assert_eq!((l_floor_div(a, b), l_mod(a, b)), (quotient, rest), "{a} // {b}");
        }
        let narrowed = [(least, i32::MIN), (-7, -7), (1 << 31, i32::MAX)];
        assert!(narrowed.iter().all(|(a, b)| l_narrow(*a) == *b));
    }
}
