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

// One entry of the fill that is described at `at` of the tables, in eight words:
// its counters of NaN, missing values and bad weights, its first cell, words of a
// cell (2 without weights), the axis, and two that soft fills need. `value` has
// the bits of a real number; without an axis (all bits set) it is the cell, or all
// bits set for NaN.
// `copy` is where in `out` the thread's copy of the histograms begins.
fn fill_entry(at: u32, copy: u32, value: u32, weight: f32) {
    let words = tables[at + 4u];
    let axis = tables[at + 5u];
    if (words > 2u && !f_is_finite(weight)) {
        fill_count(copy + tables[at + 2u]);
        return;
    }
    var cell = value;
    if (axis == 0xffffffffu) {
        if (value == 0xffffffffu) {
            fill_count(copy + tables[at]);
            return;
        }
    } else {
        if (f_is_nan(bitcast<f32>(value))) {
            fill_count(copy + tables[at]);
            return;
        }
        cell = axis_real(axis, bitcast<f32>(value));
    }
    let slot = copy + tables[at + 3u] + words * cell;
    if (words > 2u) {
        fill_weighted(slot, weight);
    } else {
        fill_count(slot);
    }
}

// One entry that is missing for the fill described at `at` of the tables.
fn fill_missing(at: u32, copy: u32) {
    fill_count(copy + tables[at + 1u]);
}
