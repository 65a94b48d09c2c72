//! 32-bit integers: every operation total, wrapping. WGSL twin:
//! `shaders/integer.wgsl`.

/// Quotient rounded towards minus infinity, wrapping; 0 for a zero divisor.
#[inline]
pub fn i_floor_div(a: i32, b: i32) -> i32 {
    if b == 0 {
        return 0;
    }
    let quotient = a.wrapping_div(b);
    let inexact = quotient.wrapping_mul(b) != a;
    quotient - i32::from(inexact && ((a < 0) != (b < 0)))
}

/// `a - b * i_floor_div(a, b)`, with the sign of `b`; 0 for a zero divisor.
#[inline]
pub fn i_mod(a: i32, b: i32) -> i32 {
    if b == 0 {
        return 0;
    }
    a.wrapping_sub(b.wrapping_mul(i_floor_div(a, b)))
}

/// Shift left; 0 where the shift is negative or not below 32.
#[inline]
pub fn i_shl(a: i32, shift: i32) -> i32 {
    a.checked_shl(shift as u32).unwrap_or(0)
}

/// Arithmetic shift right; all sign bits where the shift is negative or not
/// below 32.
#[inline]
pub fn i_shr(a: i32, shift: i32) -> i32 {
    a >> (shift as u32).min(31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_floors_and_shifts_are_total() {
        let divided = [
            (7, 2, 3, 1),
            (-7, 2, -4, 1),
            (7, -2, -4, -1),
            (-7, -2, 3, -1),
            (6, 3, 2, 0),
            (5, 0, 0, 0),
            (i32::MIN, -1, i32::MIN, 0),
            (i32::MIN, i32::MAX, -2, i32::MAX - 1),
        ];
        for (a, b, quotient, rest) in divided {
            assert_eq!((i_floor_div(a, b), i_mod(a, b)), (quotient, rest), "{a} {b}");
        }
        for (a, shift, left, right) in
            [(-5, 1, -10, -3), (-5, 31, i32::MIN, -1), (-5, 32, 0, -1), (5, -1, 0, 0)]
        {
            assert_eq!((i_shl(a, shift), i_shr(a, shift)), (left, right), "{a} {shift}");
        }
    }
}
