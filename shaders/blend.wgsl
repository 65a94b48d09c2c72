// What the cells of a soft histogram give one number; see kernels/blend.rs, which
// also lays out what begins at `at`. Terms are as in shaders/soft.wgsl.

// The sum over the cells of the last axis, whose numbers begin at `numbers`.
fn blend_row(numbers: u32, axis: u32, table: u32, term: u32, x: f32) -> f32 {
    let wanted = select(select(3u, 6u, term > 2u), 1u, term == 0u);
    let value = f_soft_value(x);
    let range = soft_prepare(1u, table, axis_real(axis, x), value, wanted);
    var sum = 0.0;
    for (var k = range.x; k <= range.y; k += 1u) {
        soft_cell(1u, table, k, value, wanted, range.x);
        sum = sum + f_load(tables[numbers + k]) * soft_terms[6u + term];
    }
    return sum;
}

// With one axis.
fn blend_one(at: u32, term: u32, x: f32) -> f32 {
    if (f_is_nan(x)) {
        return 0.0;
    }
    return blend_row(at + 3u, tables[at], tables[at + 1u], term, x);
}

// With two axes.
fn blend_two(at: u32, term: u32, inner_term: u32, x: f32, y: f32) -> f32 {
    if (f_is_nan(x) || f_is_nan(y)) {
        return 0.0;
    }
    let table = tables[at + 1u];
    let cells = tables[at + 4u];
    let most = max(term, inner_term);
    let wanted = select(select(3u, 6u, most > 2u), 1u, most == 0u);
    let value = f_soft_value(x);
    let range = soft_prepare(0u, table, axis_real(tables[at], x), value, wanted);
    var sum = 0.0;
    for (var k = range.x; k <= range.y; k += 1u) {
        soft_cell(0u, table, k, value, wanted, range.x);
        let share = soft_terms[term];
        let row =
            blend_row(at + 5u + k * cells, tables[at + 2u], tables[at + 3u], inner_term, y);
        sum = sum + share * row;
    }
    return sum;
}
