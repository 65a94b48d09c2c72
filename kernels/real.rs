//! Real numbers to the bit. On the CPU the machine's own operations are exact
//! (under [`crate::backend::flush::FlushDenormals`]); the WGSL twin in
//! `shaders/real.wgsl` works the same bits out in integers.

#![allow(clippy::inline_always, reason = "they are single instructions in vectorised loops")]

/// Quotient, correctly rounded.
#[inline(always)]
pub fn f_div(a: f32, b: f32) -> f32 {
    a / b
}

/// Square root, correctly rounded; NaN below zero, -0 of -0.
#[inline(always)]
pub fn f_sqrt(x: f32) -> f32 {
    x.sqrt()
}

/// Whether `a < b`; false with NaN.
#[inline(always)]
pub fn f_lt(a: f32, b: f32) -> bool {
    a < b
}

/// Whether `a <= b`; false with NaN.
#[inline(always)]
pub fn f_le(a: f32, b: f32) -> bool {
    a <= b
}

/// Whether `a == b`; false with NaN.
#[inline(always)]
pub fn f_eq(a: f32, b: f32) -> bool {
    a == b
}

/// Whether `a != b`; true with NaN.
#[inline(always)]
pub fn f_ne(a: f32, b: f32) -> bool {
    a != b
}

/// Whether `x` is NaN.
#[inline(always)]
pub fn f_is_nan(x: f32) -> bool {
    f_magnitude(x) > 0x7f80_0000
}

/// Whether `x` is neither NaN nor infinite.
#[inline(always)]
pub fn f_is_finite(x: f32) -> bool {
    f_magnitude(x) < 0x7f80_0000
}

/// Bits of the magnitude of `x`.
#[inline(always)]
pub fn f_magnitude(x: f32) -> u32 {
    x.to_bits() & 0x7fff_ffff
}

/// A real number from the bits in a file: a denormal is a zero of its sign.
/// Columns go through this once, when they are loaded.
#[inline(always)]
pub fn f_load(word: u32) -> f32 {
    let keep = if word & 0x7f80_0000 == 0 { 0x8000_0000 } else { 0xffff_ffff };
    f32::from_bits(word & keep)
}

/// An integer to nearest, ties to even.
#[inline(always)]
pub fn f_from_i32(i: i32) -> f32 {
    i as f32
}

/// 1 for true, 0 for false.
#[inline(always)]
pub fn f_from_bool(b: bool) -> f32 {
    f32::from(u8::from(b))
}

/// Towards zero, saturating, NaN to 0.
#[inline(always)]
pub fn f_to_i32(x: f32) -> i32 {
    x as i32
}

#[inline(always)]
pub(crate) fn f_nan() -> f32 {
    f32::NAN
}

#[inline(always)]
pub(crate) fn f_inf() -> f32 {
    f32::INFINITY
}

#[inline(always)]
pub(crate) fn f_bits(x: f32) -> u32 {
    x.to_bits()
}

#[inline(always)]
pub(crate) fn f_of_bits(word: u32) -> f32 {
    f32::from_bits(word)
}

/// WGSL's `select`: the second value where the condition holds. Said to be
/// unpredictable, so that vectorised loops keep it a blend of two registers (pow: 1.3 times as fast).
#[inline(always)]
pub(crate) fn select<T>(otherwise: T, then: T, condition: bool) -> T {
    std::hint::select_unpredictable(condition, then, otherwise)
}
