// Numbers rounded to multiples of a power of two and added as integers, see
// kernels/quanta.rs. Integer arithmetic only.

// (low + 2^32 high) / 2^shift, to nearest, ties to even: for a shift of at least 1
// and results of less than 32 bits; the number has at most 48.
fn quanta_rounded(low: u32, high: u32, shift: u32) -> u32 {
    if (shift > 49u) {
        return 0u;
    }
    // Half of the divisor, less one if the quotient is even.
    var half_low = 0xffffffffu;
    var half_high = 0u;
    var odd = 0u;
    if (shift < 33u) {
        half_low = (1u << (shift - 1u)) - 1u;
    } else {
        half_high = (1u << (shift - 33u)) - 1u;
    }
    if (shift < 32u) {
        odd = (low >> shift) & 1u;
    } else {
        odd = (high >> (shift - 32u)) & 1u;
    }
    let more_low = half_low + odd;
    let more_high = half_high + select(0u, 1u, more_low < half_low);
    let sum_low = low + more_low;
    let sum_high = high + more_high + select(0u, 1u, sum_low < low);
    if (shift < 32u) {
        return (sum_low >> shift) | (sum_high << (32u - shift));
    }
    return sum_high >> (shift - 32u);
}

// Adds quanta of 2^at in units of the first cell of the sum that begins at `word`.
fn quanta_add(word: u32, quanta: u32, at: u32, negative: bool) {
    let cells = word + 2u * (at >> 5u);
    let pieces = fill_shift(quanta, at & 31u);
    fill_piece(cells, pieces.x, negative);
    fill_piece(cells + 2u, pieces.y, negative);
}

// Adds `x`, which is below a bound with the biased exponent `e`, to the sum that
// begins at `word`, whose first cell is 2^-`first`.
fn quanta_number(word: u32, first: u32, x: f32, e: u32) {
    let bits = bitcast<u32>(x);
    let own = (bits >> 23u) & 0xffu;
    if (own == 0u) {
        return;
    }
    let m = fill_mantissa(bits);
    // The last bit of the number is 2^(own - 150).
    var quanta = m << 1u;
    if (e == own + 1u) {
        quanta = m;
    }
    if (e > own + 1u) {
        quanta = quanta_rounded(m, 0u, e - own - 1u);
    }
    quanta_add(word, quanta, first + e - QUANTUM_BELOW, bits > 0x7fffffffu);
}

// Adds the product of `x` and `y`, which are below bounds with these exponents, to
// the sum of products that begins at `word`.
fn quanta_product(word: u32, x: f32, y: f32, e: u32, f: u32) {
    let first = bitcast<u32>(x);
    let other = bitcast<u32>(y);
    let own = ((first >> 23u) & 0xffu) + ((other >> 23u) & 0xffu);
    if ((first & 0x7f800000u) == 0u || (other & 0x7f800000u) == 0u) {
        return;
    }
    let product = fill_product(fill_mantissa(first), fill_mantissa(other));
    // The last bit of the product is 2^(own - 300).
    let quanta = quanta_rounded(product.x, product.y, e + f + (300u - PRODUCT_QUANTUM_BELOW) - own);
    quanta_add(word, quanta, e + f + (SUMW2_BELOW - PRODUCT_QUANTUM_BELOW), (first ^ other) > 0x7fffffffu);
}
