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
