// What an entry of a soft fill adds to the moments of its cell; see
// kernels/moments.rs.
//
// What begins at `soft` is a fill: its axis, the reciprocal of the grid's step, the
// grid's first and last cell as positions, the mark of its first cell, how many
// cells it has, how many words of `out` are before the moments of the first sum,
// how many factors an entry has, how many sums, and for each sum whether it is one
// of products with the weight, and which number is summed: 0 is the weight, others
// count the factors.
//
// Generated code puts the value and the factors into `soft_factors`.

// One entry of the soft fill that is described at `at` of the tables, as
// `soft_entry` takes it.
fn moment_entry(at: u32, copy: u32, weight: f32) {
    if (!f_is_finite(weight)) {
        fill_count(copy + tables[at + 2u]);
        return;
    }
    let soft = tables[at + 6u] & 0x7fffffffu;
    let factors = tables[at + 7u];
    let x = soft_factors[factors];
    if (f_is_nan(x)) {
        fill_count(copy + tables[at]);
        return;
    }
    let block = copy + tables[at + 3u];
    for (var k = 1u; k <= tables[soft + 7u]; k += 1u) {
        if (!f_is_finite(soft_factors[factors + k])) {
            fill_count(block - 2u);
            return;
        }
    }
    fill_count(block + tables[at + 4u] * axis_real(tables[soft], x));
    let u = f_moment_position(x, bitcast<f32>(tables[soft + 1u]),
        bitcast<f32>(tables[soft + 2u]), bitcast<f32>(tables[soft + 3u]));
    let marked = f_moment_marked(u);
    let cell = bitcast<u32>(marked) - tables[soft + 4u];
    let t = f_moment_offset(u, marked);
    let t2 = t * t;
    let t4 = t2 * t2;
    let size = (bitcast<u32>(weight) >> 23u) & 0xffu;
    for (var sum = 0u; sum < tables[soft + 8u]; sum += 1u) {
        let squared = tables[soft + 9u + 2u * sum];
        let number = tables[soft + 10u + 2u * sum];
        var factor = weight;
        if (number > 0u) {
            factor = soft_factors[factors + number];
        }
        let e = (bitcast<u32>(factor) >> 23u) & 0xffu;
        if (e == 0u || (squared == 1u && size == 0u)) {
            continue;
        }
        var word = block + tables[soft + 6u] + 288u * (sum * tables[soft + 5u] + cell);
        for (var order = 0u; order < 8u; order += 1u) {
            let moment = factor * f_moment_power(t, t2, t4, order);
            if (squared == 1u) {
                quanta_product(word, weight, moment, size, e);
            } else {
                quanta_number(word, 320u, moment, e);
            }
            word += 36u;
        }
    }
}
