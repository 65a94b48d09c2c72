// What one entry adds to the histogram cells in `out`; see kernels/fill.rs.
// A number has two words, the low one first. Integer arithmetic only.

// Adds the 64-bit number (low, high), modulo 2^64, to the one at `word`.
fn fill_add(word: u32, low: u32, high: u32) {
    let old = atomicAdd(&out[word], low);
    let carried = high + select(0u, 1u, old > 0xffffffffu - low);
    if (carried != 0u) {
        atomicAdd(&out[word + 1u], carried);
    }
}

// Adds one to the count of the cell whose block starts at `slot`, or to any
// other counter.
fn fill_count(slot: u32) {
    fill_add(slot, 1u, 0u);
}

// Adds a piece, or takes it away if `negative`.
fn fill_piece(word: u32, piece: u32, negative: bool) {
    if (piece != 0u) {
        if (negative) {
            fill_add(word, 0u - piece, 0xffffffffu);
        } else {
            fill_add(word, piece, 0u);
        }
    }
}

// The two words of `low * 2^shift`, for a shift below 32.
fn fill_shift(low: u32, shift: u32) -> vec2<u32> {
    // In two steps, as 32 is no valid shift.
    return vec2<u32>(low << shift, (low >> 1u) >> (31u - shift));
}

// The product of two integers of 24 bits.
fn fill_product(m: u32, n: u32) -> vec2<u32> {
    let a = m >> 12u;
    let b = m & 0xfffu;
    let c = n >> 12u;
    let d = n & 0xfffu;
    let cross = a * d + b * c;
    let first = b * d + (cross << 12u);
    let first_carry = select(0u, 1u, first < b * d);
    let low = first + ((a * c) << 24u);
    let second_carry = select(0u, 1u, low < first);
    return vec2<u32>(low, ((a * c) >> 8u) + (cross >> 20u) + first_carry + second_carry);
}

// The 24 bits of a number that is not denormal.
fn fill_mantissa(bits: u32) -> u32 {
    return (bits & 0x7fffffu) | 0x800000u;
}

// Adds one to the count of the cell whose block starts at `slot`, the finite
// weight `w` to its sum of weights and its square to its sum of squares.
fn fill_weighted(slot: u32, w: f32) {
    fill_count(slot);
    fill_sums(slot, w);
}

// The same without the count.
fn fill_sums(slot: u32, w: f32) {
    let bits = bitcast<u32>(w);
    let exponent = (bits >> 23u) & 0xffu;
    if (exponent == 0u) {
        return;
    }
    let negative = (bits >> 31u) != 0u;

    // |w| = m 2^(exponent - 150).
    let at = exponent + (SUMW_BELOW - 150u);
    let sumw = slot + CELL_SUMW + 2u * (at >> 5u);
    let pieces = fill_shift(fill_mantissa(bits), at & 31u);
    fill_piece(sumw, pieces.x, negative);
    fill_piece(sumw + 2u, pieces.y, negative);
    fill_sum_of_products(slot + CELL_SUMW2, w, w);
}

// Adds the magnitude of the product of two finite numbers to the sum of
// products that begins at `word`.
fn fill_sum_of_products(word: u32, a: f32, b: f32) {
    let first = bitcast<u32>(a);
    let other = bitcast<u32>(b);
    let e = (first >> 23u) & 0xffu;
    let f = (other >> 23u) & 0xffu;
    if (e == 0u || f == 0u) {
        return;
    }
    // |a b| = m n 2^(e + f - 300).
    let at = e + f + (SUMW2_BELOW - 300u);
    let cells = word + 2u * (at >> 5u);
    let product = fill_product(fill_mantissa(first), fill_mantissa(other));
    let low = fill_shift(product.x, at & 31u);
    let high = fill_shift(product.y, at & 31u);
    fill_piece(cells, low.x, false);
    fill_piece(cells + 2u, low.y | high.x, false);
    fill_piece(cells + 4u, high.y, false);
}
