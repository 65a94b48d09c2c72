// What the cells of a soft histogram give one number; see kernels/share_sum.rs, which
// also lays out what begins at `at`. Terms are as in shaders/soft.wgsl. All sums of
// an entry come from one call, as compilers inline each.

// The sums over the cells of the last axis, whose numbers begin at `numbers`: of
// shares, of their derivatives by the value, and by the bandwidth.
fn share_sum_row(numbers: u32, axis: u32, table: u32, x: f32) -> vec3<f32> {
    let value = f_soft_value(x);
    let range = soft_prepare(1u, table, axis_real(axis, x), value, 3u);
    var shares = 0.0;
    var by_value = 0.0;
    var by_bandwidth = 0.0;
    for (var k = range.x; k <= range.y; k += 1u) {
        soft_cell(1u, table, k, value, 3u, range.x);
        let number = f_load(tables[numbers + k]);
        shares = shares + number * soft_terms[6];
        by_value = by_value + number * soft_terms[7];
        by_bandwidth = by_bandwidth + number * soft_terms[8];
    }
    return vec3<f32>(shares, by_value, by_bandwidth);
}

// With one axis: of shares, by the value, by the bandwidth.
fn share_sum_one(at: u32, x: f32) -> vec3<f32> {
    if (f_is_nan(x)) {
        return vec3<f32>(0.0, 0.0, 0.0);
    }
    return share_sum_row(at + FLAT_NUMBERS, tables[at + SHARES_AXIS], tables[at + SHARES_TABLE], x);
}

// With two axes: of shares, by value and bandwidth of the first one, by those of
// the second one.
fn share_sum_two(at: u32, x: f32, y: f32) -> array<f32, 5> {
    if (f_is_nan(x) || f_is_nan(y)) {
        return array<f32, 5>(0.0, 0.0, 0.0, 0.0, 0.0);
    }
    let table = tables[at + SHARES_TABLE];
    let cells = tables[at + PLANE_CELLS];
    let value = f_soft_value(x);
    let range = soft_prepare(0u, table, axis_real(tables[at + SHARES_AXIS], x), value, 3u);
    var shares = 0.0;
    var by_x = 0.0;
    var by_h = 0.0;
    var by_y = 0.0;
    var by_k = 0.0;
    for (var i = range.x; i <= range.y; i += 1u) {
        soft_cell(0u, table, i, value, 3u, range.x);
        let row = share_sum_row(at + PLANE_NUMBERS + i * cells, tables[at + PLANE_AXIS],
            tables[at + PLANE_TABLE], y);
        shares = shares + soft_terms[0] * row.x;
        by_x = by_x + soft_terms[1] * row.x;
        by_h = by_h + soft_terms[2] * row.x;
        by_y = by_y + soft_terms[0] * row.y;
        by_k = by_k + soft_terms[0] * row.z;
    }
    return array<f32, 5>(shares, by_x, by_h, by_y, by_k);
}
