//! 64-bit integers: exact comparison and bits, no other arithmetic. The WGSL
//! twin in `shaders/wide.wgsl` holds them as two words.

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
