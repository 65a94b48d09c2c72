// How generated kernels read the arena, sort elements and fill histograms.

// Byte `at` of the arena as a truth value; flags are packed four a word.
fn load_bool(at: u32) -> bool {
    return ((arena[at >> 2u] >> ((at & 3u) * 8u)) & 0xffu) != 0u;
}

// An unsigned integer that orders like the number: equal for both zeros, and
// greatest for NaN.
fn sort_key(x: f32) -> u32 {
    let word = bitcast<u32>(x);
    let size = word & 0x7fffffffu;
    if (size > 0x7f800000u) {
        return 0xffffffffu;
    }
    if (size < 0x00800000u) {
        return 0x80000000u;
    }
    return select(word | 0x80000000u, ~word, word > 0x7fffffffu);
}

// One entry of the fill that is described at `at` of the tables. `value` has the
// bits of a real number; without an axis it is the cell, or NONE for NaN.
// `copy` is where in `out` the thread's copy of the histograms begins.
fn fill_entry(at: u32, copy: u32, value: u32, weight: f32) {
    let words = tables[at + FILL_STRIDE];
    let axis = tables[at + FILL_AXIS];
    if (words > CELL_SUMW && !f_is_finite(weight)) {
        fill_count(copy + tables[at + FILL_BAD_WEIGHT]);
        return;
    }
    var cell = value;
    if (axis == NONE) {
        if (value == NONE) {
            fill_count(copy + tables[at + FILL_NAN]);
            return;
        }
    } else {
        if (f_is_nan(bitcast<f32>(value))) {
            fill_count(copy + tables[at + FILL_NAN]);
            return;
        }
        cell = axis_real(axis, bitcast<f32>(value));
    }
    let slot = copy + tables[at + FILL_BLOCK] + words * cell;
    if (words > CELL_SUMW) {
        fill_weighted(slot, weight);
    } else {
        fill_count(slot);
    }
}

// One entry that is missing for the fill described at `at` of the tables.
fn fill_missing(at: u32, copy: u32) {
    fill_count(copy + tables[at + FILL_MISSING]);
}
