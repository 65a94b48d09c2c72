// What an entry of a soft fill adds to the moments of its cell; see
// kernels/moments.rs.
//
// Generated code puts the value and the factors into `soft_factors`.

// One entry of the soft fill that is described at `at` of the tables, as
// `soft_entry` takes it.
fn moment_entry(at: u32, copy: u32, weight: f32) {
    if (!f_is_finite(weight)) {
        fill_count(copy + tables[at + FILL_BAD_WEIGHT]);
        return;
    }
    let soft = tables[at + FILL_SOFT] - OF_MOMENTS;
    let factors = tables[at + FILL_FACTORS];
    let x = soft_factors[factors];
    if (f_is_nan(x)) {
        fill_count(copy + tables[at + FILL_NAN]);
        return;
    }
    let block = copy + tables[at + FILL_BLOCK];
    for (var k = 1u; k <= tables[soft + MOMENTS_FACTORS]; k += 1u) {
        if (!f_is_finite(soft_factors[factors + k])) {
            fill_count(block - 2u);
            return;
        }
    }
    fill_count(block + tables[at + FILL_STRIDE] * axis_real(tables[soft + MOMENTS_AXIS], x));
    let u = f_moment_position(x, bitcast<f32>(tables[soft + MOMENTS_SCALE]),
        bitcast<f32>(tables[soft + MOMENTS_LOW]), bitcast<f32>(tables[soft + MOMENTS_HIGH]));
    let marked = f_moment_marked(u);
    let cell = bitcast<u32>(marked) - tables[soft + MOMENTS_MARK];
    let t = f_moment_offset(u, marked);
    let t2 = t * t;
    let t4 = t2 * t2;
    let size = (bitcast<u32>(weight) >> 23u) & 0xffu;
    for (var sum = 0u; sum < tables[soft + MOMENTS_SUMS]; sum += 1u) {
        let summed = soft + MOMENTS_FIRST_SUM + MOMENTS_SUM * sum;
        let squared = tables[summed + SUM_SQUARED];
        let number = tables[summed + SUM_NUMBER];
        var factor = weight;
        if (number > 0u) {
            factor = soft_factors[factors + number];
        }
        let e = (bitcast<u32>(factor) >> 23u) & 0xffu;
        if (e == 0u || (squared == 1u && size == 0u)) {
            continue;
        }
        let moments = sum * tables[soft + MOMENTS_CELLS] + cell;
        var word = block + tables[soft + MOMENTS_BLOCK] + MOMENT_ORDERS * SUMW2_WORDS * moments;
        for (var order = 0u; order < MOMENT_ORDERS; order += 1u) {
            let moment = factor * f_moment_power(t, t2, t4, order);
            if (squared == 1u) {
                quanta_product(word, weight, moment, size, e);
            } else {
                quanta_number(word, SUMW2_BELOW, moment, e);
            }
            word += SUMW2_WORDS;
        }
    }
}
