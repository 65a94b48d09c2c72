// Which cell of an axis a value belongs to; see kernels/axis.rs, which also
// lays out `tables`. Values and edges are compared as integers of the same
// order, so that no rule about infinities or denormals can differ.

// The cell of `x`, which is no NaN, on an axis of reals.
fn axis_real(table: u32, x: f32) -> u32 {
    let bins = tables[table + REAL_BINS];
    let edges = table + REAL_EDGES;
    let key = axis_ordered(x);
    if (key < tables[edges]) {
        return 0u;
    }
    if (key >= tables[edges + bins]) {
        return bins + 1u;
    }
    // From here on some cell in 1..=bins has its low edge <= x < its high edge.
    let scale = tables[table + REAL_SCALE];
    if (scale == 0u) {
        return axis_search(edges, bins, key);
    }
    let guess = (x - bitcast<f32>(tables[table + REAL_LOW])) * bitcast<f32>(scale);
    var cell = min(u32(guess), bins - 1u) + 1u;
    while (key < tables[edges + cell - 1u]) {
        cell -= 1u;
    }
    while (key >= tables[edges + cell]) {
        cell += 1u;
    }
    return cell;
}

// An integer that orders like the number; denormals are zero.
fn axis_ordered(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    if ((bits & 0x7f800000u) == 0u) {
        return 0x80000000u;
    }
    return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

// The first cell in 1..=bins whose high edge is above the key.
fn axis_search(edges: u32, bins: u32, key: u32) -> u32 {
    var low = 1u;
    var high = bins;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (key < tables[edges + middle]) {
            high = middle;
        } else {
            low = middle + 1u;
        }
    }
    return low;
}

// The cell of a 64-bit integer, given as its low and high word, on an axis of
// integers, categories, or false and true.
fn axis_int(table: u32, lo: u32, hi: u32) -> u32 {
    let kind = tables[table + INT_KIND];
    if (kind == INT_RANGE) {
        return axis_range(table, lo, hi);
    }
    if (kind == INT_LIST) {
        return axis_list(table, lo, hi);
    }
    return select(0u, 1u, (lo | hi) != 0u);
}

// Whether the first of two 64-bit integers is the smaller one.
fn axis_less(a_lo: u32, a_hi: u32, b_lo: u32, b_hi: u32) -> bool {
    return bitcast<i32>(a_hi) < bitcast<i32>(b_hi) || (a_hi == b_hi && a_lo < b_lo);
}

fn axis_range(table: u32, lo: u32, hi: u32) -> u32 {
    let low_lo = tables[table + RANGE_LOW];
    let low_hi = tables[table + RANGE_LOW_HIGH];
    let bins = tables[table + RANGE_BINS];
    if (axis_less(lo, hi, low_lo, low_hi)) {
        return 0u;
    }
    let above = lo - low_lo;
    let far = hi - low_hi - select(0u, 1u, lo < low_lo);
    return select(bins, min(above, bins), far == 0u) + 1u;
}

fn axis_list(table: u32, lo: u32, hi: u32) -> u32 {
    var first = 0u;
    var end = tables[table + LIST_ENTRIES];
    while (first < end) {
        let middle = (first + end) / 2u;
        let entry = table + LIST_FIRST + LIST_ENTRY * middle;
        let value = vec2<u32>(tables[entry + LIST_VALUE], tables[entry + LIST_VALUE_HIGH]);
        if (value.x == lo && value.y == hi) {
            return tables[entry + LIST_CELL];
        }
        if (axis_less(value.x, value.y, lo, hi)) {
            first = middle + 1u;
        } else {
            end = middle;
        }
    }
    return tables[table + LIST_OTHER];
}
