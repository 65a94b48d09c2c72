// 32-bit integers where WGSL or the driver leave something open. Twin:
// kernels/integer.rs.

// Quotient rounded towards minus infinity; 0 for a zero divisor. Only -2^31
// by -1 does not fit: it wraps to itself.
fn i_floor_div(a: i32, b: i32) -> i32 {
    if b == 0 {
        return 0;
    }
    if b == -1 {
        return bitcast<i32>(0u - bitcast<u32>(a));
    }
    let quotient = a / b;
    let inexact = quotient * b != a;
    return quotient - select(0, 1, inexact && ((a < 0) != (b < 0)));
}

// a - b * i_floor_div(a, b): the sign of b; 0 for a zero divisor.
fn i_mod(a: i32, b: i32) -> i32 {
    if b == 0 {
        return 0;
    }
    return a - b * i_floor_div(a, b);
}

// Shift left; 0 where the shift is negative or not below 32.
fn i_shl(a: i32, shift: i32) -> i32 {
    return select(0, a << (bitcast<u32>(shift) & 31u), bitcast<u32>(shift) < 32u);
}

// Arithmetic shift right; all sign bits where the shift is negative or not
// below 32.
fn i_shr(a: i32, shift: i32) -> i32 {
    return a >> min(bitcast<u32>(shift), 31u);
}
