// Real numbers to the bit, whatever the driver does to division, square roots,
// NaN and denormals. Twin: kernels/real.rs.

// Bits of the magnitude.
fn f_magnitude(x: f32) -> u32 {
    return bitcast<u32>(x) & 0x7fffffffu;
}

// By bits: drivers take `x != x` for false.
fn f_is_nan(x: f32) -> bool {
    return f_magnitude(x) > 0x7f800000u;
}

fn f_is_finite(x: f32) -> bool {
    return f_magnitude(x) < 0x7f800000u;
}

// A variable, because constant expressions may not be NaN.
fn f_nan() -> f32 {
    var word = 0x7fc00000u;
    return bitcast<f32>(word);
}

fn f_inf() -> f32 {
    var word = 0x7f800000u;
    return bitcast<f32>(word);
}

// A word from memory as a real number; denormals become zeros of their sign.
fn f_load(word: u32) -> f32 {
    let zero = (word & 0x7f800000u) == 0u;
    return bitcast<f32>(select(word, word & 0x80000000u, zero));
}

fn f_lt(a: f32, b: f32) -> bool {
    return !f_is_nan(a) && !f_is_nan(b) && a < b;
}

fn f_le(a: f32, b: f32) -> bool {
    return !f_is_nan(a) && !f_is_nan(b) && a <= b;
}

fn f_eq(a: f32, b: f32) -> bool {
    return !f_is_nan(a) && !f_is_nan(b) && a == b;
}

fn f_ne(a: f32, b: f32) -> bool {
    return !f_eq(a, b);
}

fn f_bits(x: f32) -> u32 {
    return bitcast<u32>(x);
}

fn f_of_bits(word: u32) -> f32 {
    return bitcast<f32>(word);
}

// Correctly rounded quotient. The driver's quotient of the significands is an
// estimate within 4 units of the last place; the remainder is exact in 32 bits
// because it is small, and three steps bring the quotient to its floor.
fn f_div(a: f32, b: f32) -> f32 {
    let sign = (bitcast<u32>(a) ^ bitcast<u32>(b)) & 0x80000000u;
    let high = f_magnitude(a);
    let low = f_magnitude(b);
    if high >= 0x7f800000u || low >= 0x7f800000u || high < 0x00800000u || low < 0x00800000u {
        return f_div_special(sign, high, low);
    }
    let divisor = (low & 0x007fffffu) | 0x00800000u;
    var dividend = (high & 0x007fffffu) | 0x00800000u;
    var exponent = i32(high >> 23u) - i32(low >> 23u) + 127;
    if dividend < divisor {
        dividend = dividend << 1u;
        exponent = exponent - 1;
    }
    // dividend / divisor is in [1, 2).
    let estimate = f32(dividend) / f32(divisor);
    var quotient = ((bitcast<u32>(estimate) & 0x00ffffffu) | 0x00800000u) - 4u;
    if bitcast<u32>(estimate) < 0x3f800000u {
        quotient = 0x00800000u - 4u;
    }
    if bitcast<u32>(estimate) >= 0x40000000u {
        quotient = 0x01000000u - 4u;
    }
    var rest = (dividend << 23u) - quotient * divisor;
    // Not a loop: software devices count the turns of all loops together.
    let by_4 = rest >= 4u * divisor;
    rest = rest - select(0u, 4u * divisor, by_4);
    let by_2 = rest >= 2u * divisor;
    rest = rest - select(0u, 2u * divisor, by_2);
    let by_1 = rest >= divisor;
    rest = rest - select(0u, divisor, by_1);
    quotient = quotient + select(0u, 4u, by_4) + select(0u, 2u, by_2) + select(0u, 1u, by_1);
    let up = 2u * rest > divisor || (2u * rest == divisor && (quotient & 1u) == 1u);
    let rounded = (quotient - 0x00800000u) + select(0u, 1u, up);
    let word = (clamp(exponent, -1, 255) << 23u) + i32(rounded);
    if word < 0x00800000 {
        return bitcast<f32>(sign);
    }
    return bitcast<f32>(sign | u32(min(word, 0x7f800000)));
}

// A quotient where an operand is zero (or denormal), infinite or NaN.
fn f_div_special(sign: u32, high: u32, low: u32) -> f32 {
    let both_zero = high < 0x00800000u && low < 0x00800000u;
    let both_infinite = high == 0x7f800000u && low == 0x7f800000u;
    if high > 0x7f800000u || low > 0x7f800000u || both_zero || both_infinite {
        return f_nan();
    }
    let infinite = high == 0x7f800000u || low < 0x00800000u;
    return bitcast<f32>(sign | select(0u, 0x7f800000u, infinite));
}

// Correctly rounded square root, from the driver's estimate as in f_div.
fn f_sqrt(x: f32) -> f32 {
    let word = bitcast<u32>(x);
    if (word & 0x7fffffffu) < 0x00800000u {
        return bitcast<f32>(word & 0x80000000u);
    }
    if word == 0x7f800000u {
        return x;
    }
    if word > 0x7f800000u {
        return f_nan();
    }
    let exponent = i32(word >> 23u) - 127;
    let odd = u32(exponent & 1);
    // The radicand is radicand / 2^46 in [1, 4), its root root / 2^23.
    let radicand = ((word & 0x007fffffu) | 0x00800000u) << (23u + odd);
    let scaled = bitcast<f32>((word & 0x007fffffu) | ((127u + odd) << 23u));
    let estimate = sqrt(scaled);
    var root = ((bitcast<u32>(estimate) & 0x007fffffu) | 0x00800000u) - 4u;
    if bitcast<u32>(estimate) < 0x3f800000u {
        root = 0x00800000u - 4u;
    }
    if bitcast<u32>(estimate) >= 0x40000000u {
        root = 0x01000000u - 4u;
    }
    var rest = radicand - root * root;
    let cost_4 = 8u * root + 16u;
    let by_4 = rest >= cost_4;
    rest = rest - select(0u, cost_4, by_4);
    root = root + select(0u, 4u, by_4);
    let cost_2 = 4u * root + 4u;
    let by_2 = rest >= cost_2;
    rest = rest - select(0u, cost_2, by_2);
    root = root + select(0u, 2u, by_2);
    let cost_1 = 2u * root + 1u;
    let by_1 = rest >= cost_1;
    rest = rest - select(0u, cost_1, by_1);
    root = root + select(0u, 1u, by_1);
    let rounded = (root - 0x00800000u) + select(0u, 1u, rest > root);
    return bitcast<f32>(u32(((exponent >> 1u) + 127) << 23u) + rounded);
}

// Round to nearest even, in integers: conversions may round as they like.
fn f_from_i32(i: i32) -> f32 {
    let word = bitcast<u32>(i);
    let negative = i < 0;
    let rounded = f_from_u32(select(word, 0u - word, negative));
    return bitcast<f32>(bitcast<u32>(rounded) | select(0u, 0x80000000u, negative));
}

fn f_from_u32(word: u32) -> f32 {
    if word == 0u {
        return 0.0;
    }
    let shift = countLeadingZeros(word);
    return f_from_normalised(word << shift, false, 158u - shift);
}

// top / 2^31 * 2^(exponent - 127) to nearest even; the highest bit of top is
// set, more says whether further bits follow below it.
fn f_from_normalised(top: u32, more: bool, exponent: u32) -> f32 {
    let rest = ((top & 0xffu) << 1u) | select(0u, 1u, more);
    let kept = top >> 8u;
    let up = rest > 0x100u || (rest == 0x100u && (kept & 1u) == 1u);
    return bitcast<f32>((exponent << 23u) + (kept & 0x007fffffu) + select(0u, 1u, up));
}

fn f_from_bool(b: bool) -> f32 {
    return select(0.0, 1.0, b);
}

// Towards zero, saturating, NaN to 0.
fn f_to_i32(x: f32) -> i32 {
    let word = bitcast<u32>(x);
    let size = word & 0x7fffffffu;
    if size < 0x3f800000u || size > 0x7f800000u {
        return 0;
    }
    let negative = word > 0x7fffffffu;
    if size >= 0x4f000000u {
        return select(0x7fffffff, i32(-0x7fffffff - 1), negative);
    }
    let exponent = size >> 23u;
    let digits = (size & 0x007fffffu) | 0x00800000u;
    var value = 0u;
    if exponent >= 150u {
        value = digits << (exponent - 150u);
    } else {
        value = digits >> (150u - exponent);
    }
    return bitcast<i32>(select(value, 0u - value, negative));
}
