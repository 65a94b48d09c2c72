// 64-bit integers as two words, x the low one. Twin: kernels/wide.rs.

fn l_widen(i: i32) -> vec2<u32> {
    return vec2<u32>(bitcast<u32>(i), bitcast<u32>(i >> 31u));
}

fn l_lt(a: vec2<u32>, b: vec2<u32>) -> bool {
    let high = bitcast<i32>(a.y) < bitcast<i32>(b.y);
    return high || (a.y == b.y && a.x < b.x);
}

fn l_le(a: vec2<u32>, b: vec2<u32>) -> bool {
    return !l_lt(b, a);
}

fn l_eq(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.x == b.x && a.y == b.y;
}

fn l_and(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return a & b;
}

fn l_or(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return a | b;
}

fn l_xor(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return a ^ b;
}

fn l_not(a: vec2<u32>) -> vec2<u32> {
    return ~a;
}

fn l_add(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn l_neg(a: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(0u - a.x, ~a.y + select(0u, 1u, a.x == 0u));
}

fn l_sub(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

// All 64 bits of a product of two words, from four products of half words.
fn l_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let first = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let second = (a & 0xffffu) * (b >> 16u) + (first & 0xffffu);
    let high = (a >> 16u) * (b >> 16u) + (first >> 16u) + (second >> 16u);
    return vec2<u32>((second << 16u) | (low & 0xffffu), high);
}

fn l_mul(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = l_product(a.x, b.x);
    return vec2<u32>(low.x, low.y + a.x * b.y + a.y * b.x);
}

// The high 64 of the 128 bits of a product: of the numbers as unsigned ones, less
// what a sign bit counted too much.
fn l_mul_high(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let first = l_add(l_product(a.x, b.y), vec2<u32>(l_product(a.x, b.x).y, 0u));
    let second = l_add(l_product(a.y, b.x), vec2<u32>(first.x, 0u));
    var high = l_add(l_product(a.y, b.y), vec2<u32>(first.y, 0u));
    high = l_add(high, vec2<u32>(second.y, 0u));
    if a.y > 0x7fffffffu {
        high = l_sub(high, b);
    }
    if b.y > 0x7fffffffu {
        high = l_sub(high, a);
    }
    return high;
}

// Quotient and rest of unsigned numbers, a bit at a time; the divisor is not zero.
fn l_divided(a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
    var quotient = a;
    var rest = vec2<u32>(0u, 0u);
    for (var k = 0u; k < 64u; k = k + 1u) {
        let carried = rest.y > 0x7fffffffu;
        rest = vec2<u32>((rest.x << 1u) | (quotient.y >> 31u), (rest.y << 1u) | (rest.x >> 31u));
        quotient = vec2<u32>(quotient.x << 1u, (quotient.y << 1u) | (quotient.x >> 31u));
        if carried || rest.y > b.y || (rest.y == b.y && rest.x >= b.x) {
            rest = l_sub(rest, b);
            quotient.x = quotient.x | 1u;
        }
    }
    return vec4<u32>(quotient, rest);
}

// Quotient rounded towards minus infinity; 0 for a zero divisor. Only -2^63 by -1
// does not fit: it wraps to itself.
fn l_floor_div(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    if b.x == 0u && b.y == 0u {
        return b;
    }
    let below = a.y > 0x7fffffffu;
    let by_below = b.y > 0x7fffffffu;
    let found = l_divided(select(a, l_neg(a), below), select(b, l_neg(b), by_below));
    if below == by_below {
        return found.xy;
    }
    let inexact = found.z != 0u || found.w != 0u;
    return l_neg(l_add(found.xy, vec2<u32>(select(0u, 1u, inexact), 0u)));
}

// a - b * l_floor_div(a, b): the sign of b; 0 for a zero divisor.
fn l_mod(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    if b.x == 0u && b.y == 0u {
        return b;
    }
    return l_sub(a, l_mul(b, l_floor_div(a, b)));
}

// The nearest number of 32 bits.
fn l_narrow(a: vec2<u32>) -> i32 {
    if a.y == bitcast<u32>(bitcast<i32>(a.x) >> 31u) {
        return bitcast<i32>(a.x);
    }
    return select(2147483647i, bitcast<i32>(0x80000000u), a.y > 0x7fffffffu);
}

// Shift left; 0 where the shift is negative or not below 64.
fn l_shl(a: vec2<u32>, shift: i32) -> vec2<u32> {
    let n = bitcast<u32>(shift);
    if n >= 64u {
        return vec2<u32>(0u, 0u);
    }
    if n >= 32u {
        return vec2<u32>(0u, a.x << (n - 32u));
    }
    if n == 0u {
        return a;
    }
    return vec2<u32>(a.x << n, (a.y << n) | (a.x >> (32u - n)));
}

// Arithmetic shift right; all sign bits where the shift is negative or not
// below 64.
fn l_shr(a: vec2<u32>, shift: i32) -> vec2<u32> {
    let n = min(bitcast<u32>(shift), 63u);
    let high = bitcast<i32>(a.y);
    if n >= 32u {
        return vec2<u32>(bitcast<u32>(high >> (n - 32u)), bitcast<u32>(high >> 31u));
    }
    if n == 0u {
        return a;
    }
    return vec2<u32>((a.x >> n) | (a.y << (32u - n)), bitcast<u32>(high >> n));
}

// Round to nearest even.
fn l_to_real(a: vec2<u32>) -> f32 {
    let sign = a.y & 0x80000000u;
    var size = a;
    if sign != 0u {
        size = l_neg(a);
    }
    if size.y == 0u {
        return bitcast<f32>(bitcast<u32>(f_from_u32(size.x)) | sign);
    }
    let shift = countLeadingZeros(size.y);
    let normalised = l_shl(size, i32(shift));
    let rounded = f_from_normalised(normalised.y, normalised.x != 0u, 190u - shift);
    return bitcast<f32>(bitcast<u32>(rounded) | sign);
}
