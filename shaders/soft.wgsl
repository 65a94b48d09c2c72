// How one entry of a soft fill is spread over the cells; see kernels/soft.rs, which
// also lays out what begins at `table`, of one axis, and at `soft`, a fill. With one
// axis that is the inner one, and the outer one is a single cell of share 1.
//
// Generated code declares `soft_factors`, with the values of all axes and then the
// factors of all parts, and `soft_exponents`, one a row; and of both axes, the
// outer one first: `soft_edges`, z, tail, density and slope of the last edge;
// `soft_terms` and `soft_most`, terms of a cell and their largest sizes; and
// `soft_known`, eight numbers that hold for the whole entry.

// Where the points of an axis are, behind the reach of each cell.
fn soft_points(table: u32) -> u32 {
    return table + SOFT_REACH + 2u * (tables[table + SOFT_BINS] + 2u);
}

// (point - x) / bandwidth.
fn soft_scaled(table: u32, point: u32, x: f32) -> f32 {
    let at = soft_points(table) + 2u * point;
    return f_soft_scaled(bitcast<f32>(tables[at]), bitcast<f32>(tables[at + 1u]), x,
        bitcast<f32>(tables[table + SOFT_INVERSE]), bitcast<f32>(tables[table + SOFT_INVERSE_REST]));
}

// (a - b) / bandwidth of two points.
fn soft_between(table: u32, a: u32, b: u32) -> f32 {
    let points = soft_points(table);
    let first = points + 2u * a;
    let other = points + 2u * b;
    let rest = bitcast<f32>(tables[first + 1u]) - bitcast<f32>(tables[other + 1u]);
    return f_soft_scaled(bitcast<f32>(tables[first]), rest, bitcast<f32>(tables[other]),
        bitcast<f32>(tables[table + SOFT_INVERSE]), bitcast<f32>(tables[table + SOFT_INVERSE_REST]));
}

// Looks at an edge: tail, density and the density's slope, zero beyond the window.
fn soft_edge(slot: u32, table: u32, point: u32, x: f32, wanted: u32) {
    let z = soft_scaled(table, point, x);
    var tail = 0.0;
    var density = 0.0;
    var slope = 0.0;
    if (k_abs(z) <= bitcast<f32>(tables[table + SOFT_WINDOW])) {
        switch tables[table + SOFT_KERNEL] {
            case KERNEL_LOGISTIC: {
                let e = f_exp_below(-k_abs(z));
                tail = f_soft_logistic(e);
                density = f_soft_logistic_density(e);
                slope = f_soft_logistic_slope(z, tail, density);
            }
            case KERNEL_UNIFORM: {
                tail = f_soft_uniform(z);
                density = f_soft_uniform_density(z);
            }
            case KERNEL_TRIANGULAR: {
                tail = f_soft_triangular(z);
                density = f_soft_triangular_density(z);
                slope = f_soft_triangular_slope(z);
            }
            case KERNEL_EPANECHNIKOV: {
                tail = f_soft_epanechnikov(z);
                density = f_soft_epanechnikov_density(z);
                slope = f_soft_epanechnikov_slope(z);
            }
            default: {
                let e = f_soft_gauss_kernel(z);
                tail = f_soft_gauss(z, e);
                density = f_soft_gauss_density(e);
                slope = -f_soft_times(z, density);
            }
        }
    }
    let at = 4u * slot;
    soft_edges[at] = z;
    soft_edges[at + 1u] = tail;
    soft_edges[at + 2u] = density;
    soft_edges[at + 3u] = slope;
}

// The edge at infinity of this sign.
fn soft_far_edge(slot: u32, sign: f32) {
    let at = 4u * slot;
    soft_edges[at] = sign;
    soft_edges[at + 1u] = 0.0;
    soft_edges[at + 2u] = 0.0;
    soft_edges[at + 3u] = 0.0;
}

// What a derivative is the difference of, between a low and a high edge.
fn soft_at_edge(term: u32, z: f32, density: f32, slope: f32) -> f32 {
    switch term {
        case 1u: {
            return density;
        }
        case 2u: {
            return f_soft_times(z, density);
        }
        case 3u: {
            return -slope;
        }
        case 4u: {
            return -(density + f_soft_times(z, slope));
        }
        default: {
            let moment = f_soft_times(z, density);
            return -((moment + moment) + f_soft_times(z, f_soft_times(z, slope)));
        }
    }
}

// The terms between the edge (z, tail, density, slope) and the last one.
fn soft_change(slot: u32, table: u32, z: f32, tail: f32, density: f32, slope: f32, wanted: u32) {
    let at = 4u * slot;
    let high = soft_edges[at];
    soft_terms[6u * slot] = f_soft_share(z, tail, high, soft_edges[at + 1u]);
    let inverse = bitcast<f32>(tables[table + SOFT_INVERSE]);
    for (var term = 1u; term < wanted; term += 1u) {
        let below = soft_at_edge(term, z, density, slope);
        let above = soft_at_edge(term, high, soft_edges[at + 2u], soft_edges[at + 3u]);
        let factor = select(inverse, inverse * inverse, term > 2u);
        soft_terms[6u * slot + term] = (below - above) * factor;
    }
}

// Scales the terms of a cell up to make the whole axis the entry's.
fn soft_renormalise(slot: u32, wanted: u32) {
    let at = 6u * slot;
    let known = 8u * slot;
    let whole = soft_known[known];
    if (!(whole > 0.0)) {
        for (var term = 0u; term < wanted; term += 1u) {
            soft_terms[at + term] = 0.0;
        }
        return;
    }
    let part = f_soft_part(soft_terms[at], whole);
    soft_terms[at] = part;
    for (var term = 1u; term < min(wanted, 3u); term += 1u) {
        soft_terms[at + term] =
            f_soft_part_slope(part, soft_terms[at + term], whole, soft_known[known + term]);
    }
    for (var term = 3u; term < wanted; term += 1u) {
        let by = soft_pair(term);
        let rest = soft_terms[at + term] - part * soft_known[known + term];
        soft_terms[at + term] = f_soft_part_curve(rest, soft_terms[at + by.x],
            soft_terms[at + by.y], whole, soft_known[known + by.x], soft_known[known + by.y]);
    }
}

// The terms of a cell, after those of the one before it unless it is the `first`.
fn soft_cell(slot: u32, table: u32, cell: u32, x: f32, wanted: u32, first: u32) {
    if (tables[table + SOFT_KERNEL] == KERNEL_SOFTMAX) {
        soft_centre(slot, table, cell - 1u, x, wanted);
        return;
    }
    let flow = tables[table + SOFT_FLOW];
    let bins = tables[table + SOFT_BINS];
    if (flow == FLOW_RENORM && cell > 0u && cell <= bins && soft_nearest(slot) > 0u) {
        soft_beyond_change(slot, table, cell - 1u, cell, x, wanted);
        soft_renormalise(slot, wanted);
        return;
    }
    let least = select(0u, 1u, flow == FLOW_FOLD);
    if (cell == least) {
        soft_far_edge(slot, -1.0);
    } else if (cell == first) {
        soft_edge(slot, table, cell - 1u, x, wanted);
    }
    let at = 4u * slot;
    let z = soft_edges[at];
    let tail = soft_edges[at + 1u];
    let density = soft_edges[at + 2u];
    let slope = soft_edges[at + 3u];
    if (cell == select(bins + 1u, bins, flow == FLOW_FOLD)) {
        soft_far_edge(slot, 1.0);
    } else {
        soft_edge(slot, table, cell, x, wanted);
    }
    if (flow != FLOW_BINS && (cell == 0u || cell == bins + 1u)) {
        for (var term = 0u; term < wanted; term += 1u) {
            soft_terms[6u * slot + term] = 0.0;
        }
    } else {
        soft_change(slot, table, z, tail, density, slope, wanted);
    }
    if (flow == FLOW_RENORM) {
        soft_renormalise(slot, wanted);
    }
}

// The exponent of a bin's part less that of the nearest centre.
fn soft_exponent(table: u32, bin: u32, near: u32, x: f32) -> f32 {
    let sum = soft_scaled(table, bin, x) + soft_scaled(table, near, x);
    return -(soft_between(table, bin, near) * (0.5 * sum));
}

// The part of a bin beside that of the nearest, which is 1.
fn soft_weight(table: u32, bin: u32, near: u32, x: f32) -> f32 {
    if (bin == near) {
        return 1.0;
    }
    return k_exp(soft_exponent(table, bin, near, x));
}

// How the exponent of a bin changes; that of the nearest does not.
fn soft_exponent_change(table: u32, bin: u32, near: u32, x: f32, term: u32) -> f32 {
    if (bin == near || term == 3u) {
        return 0.0;
    }
    let inverse = bitcast<f32>(tables[table + SOFT_INVERSE]);
    let between = soft_between(table, bin, near);
    if (term == 1u) {
        return between * inverse;
    }
    if (term == 4u) {
        return -((between + between) * (inverse * inverse));
    }
    let exponent = soft_exponent(table, bin, near, x);
    let double = exponent + exponent;
    if (term == 2u) {
        return -(double * inverse);
    }
    return (double + (double + double)) * (inverse * inverse);
}

// For a second derivative the two that it is one of.
fn soft_pair(term: u32) -> vec2<u32> {
    return vec2<u32>(select(1u, 2u, term == 5u), select(2u, 1u, term == 3u));
}

// The terms of a bin of softmax.
fn soft_centre(slot: u32, table: u32, bin: u32, x: f32, wanted: u32) {
    let known = 8u * slot;
    let near = bitcast<u32>(soft_known[known + 6u]);
    let p = f_soft_part(soft_weight(table, bin, near, x), soft_known[known]);
    soft_terms[6u * slot] = p;
    for (var term = 1u; term < wanted; term += 1u) {
        let mean = soft_known[known + term];
        let change = soft_exponent_change(table, bin, near, x, term);
        var slope = p * (change - mean);
        if (term > 2u) {
            let by = soft_pair(term);
            let rest = soft_exponent_change(table, bin, near, x, by.x) - soft_known[known + by.x];
            let other = soft_exponent_change(table, bin, near, x, by.y) - soft_known[known + by.y];
            slope = p * ((rest * other + change) - mean);
        }
        soft_terms[6u * slot + term] = slope;
    }
}

// The cells of softmax that get something; and what holds for all of them.
fn soft_prepare_centres(slot: u32, table: u32, cell: u32, x: f32, wanted: u32) -> vec2<u32> {
    let last = tables[table + SOFT_BINS] - 1u;
    let limit = -bitcast<f32>(tables[table + SOFT_WINDOW]);
    var near = min(max(cell, 1u) - 1u, last);
    while (near > 0u
        && k_abs(soft_scaled(table, near - 1u, x)) < k_abs(soft_scaled(table, near, x))) {
        near -= 1u;
    }
    while (near < last
        && k_abs(soft_scaled(table, near + 1u, x)) < k_abs(soft_scaled(table, near, x))) {
        near += 1u;
    }
    var first = near;
    while (first > 0u && soft_exponent(table, first - 1u, near, x) >= limit) {
        first -= 1u;
    }
    var end = near + 1u;
    while (end <= last && soft_exponent(table, end, near, x) >= limit) {
        end += 1u;
    }
    let known = 8u * slot;
    var total = 0.0;
    for (var bin = first; bin < end; bin += 1u) {
        total = total + soft_weight(table, bin, near, x);
    }
    soft_known[known] = total;
    soft_known[known + 6u] = bitcast<f32>(near);
    for (var term = 1u; term < wanted; term += 1u) {
        var mean = 0.0;
        let by = soft_pair(term);
        for (var bin = first; bin < end; bin += 1u) {
            let p = f_soft_part(soft_weight(table, bin, near, x), total);
            var change = soft_exponent_change(table, bin, near, x, term);
            if (term > 2u) {
                let rest =
                    soft_exponent_change(table, bin, near, x, by.x) - soft_known[known + by.x];
                change = rest * soft_exponent_change(table, bin, near, x, by.y) + change;
            }
            mean = mean + p * change;
        }
        soft_known[known + term] = mean;
    }
    return vec2<u32>(first + 1u, end);
}

// The first and the last cell that may get something from an entry at `x` in
// `cell`; and what holds for all of them.
fn soft_prepare(slot: u32, table: u32, cell: u32, x: f32, wanted: u32) -> vec2<u32> {
    if (tables[table + SOFT_KERNEL] == KERNEL_SOFTMAX) {
        return soft_prepare_centres(slot, table, cell, x, wanted);
    }
    if (tables[table + SOFT_FLOW] == FLOW_RENORM) {
        soft_find_nearest(slot, table, x);
        if (soft_nearest(slot) > 0u) {
            soft_beyond_change(slot, table, 0u, tables[table + SOFT_BINS], x, wanted);
        } else {
            soft_edge(slot, table, 0u, x, wanted);
            let at = 4u * slot;
            let z = soft_edges[at];
            let tail = soft_edges[at + 1u];
            let density = soft_edges[at + 2u];
            let slope = soft_edges[at + 3u];
            soft_edge(slot, table, tables[table + SOFT_BINS], x, wanted);
            soft_change(slot, table, z, tail, density, slope, wanted);
        }
        for (var term = 0u; term < wanted; term += 1u) {
            soft_known[8u * slot + term] = soft_terms[6u * slot + term];
        }
    }
    let reach = table + SOFT_REACH + 2u * cell;
    return vec2<u32>(tables[reach], tables[reach + 1u]);
}

// The exponents of bounds on what the entry adds to each row; false if one of them
// is not finite. That of the contents is known.
fn soft_bounds(soft: u32, factors: u32) -> bool {
    let rows = tables[soft + SPREAD_ROWS];
    var at = soft + SPREAD_FIRST_ROW;
    var factor = factors;
    for (var row = 0u; row < rows; row += 1u) {
        let parts = tables[at + ROW_PARTS];
        at += ROW_FIRST_PART;
        var sum = 0.0;
        for (var part = 0u; part < parts; part += 1u) {
            let outer = k_abs(soft_factors[factor]) * soft_most[tables[at + PART_OUTER]];
            sum = sum + outer * soft_most[6u + tables[at + PART_INNER]];
            factor += 1u;
            at += PART_WORDS;
        }
        if (!f_is_finite(sum)) {
            return false;
        }
        soft_exponents[row] = bitcast<u32>(sum) >> 23u;
    }
    return true;
}

// Adds to the rows of the cell whose block starts at `slot`, from the terms of
// both axes; the entry's share of the content is below a bound of exponent `e`.
fn soft_rows(soft: u32, factors: u32, slot: u32, share: f32, e: u32) {
    let rows = tables[soft + SPREAD_ROWS];
    var at = soft + SPREAD_FIRST_ROW;
    var factor = factors;
    var word = slot + CELL_ROWS;
    for (var row = 0u; row < rows; row += 1u) {
        let variance = tables[at + ROW_OF_VARIANCES];
        let parts = tables[at + ROW_PARTS];
        at += ROW_FIRST_PART;
        var sum = 0.0;
        for (var part = 0u; part < parts; part += 1u) {
            let outer = soft_factors[factor] * soft_terms[tables[at + PART_OUTER]];
            let product = outer * soft_terms[6u + tables[at + PART_INNER]];
            sum = select(sum + product, product, part == 0u);
            factor += 1u;
            at += PART_WORDS;
        }
        let f = soft_exponents[row];
        if (f != 0u) {
            if (variance == 0u) {
                quanta_number(word, SUMW2_BELOW, sum, f);
            } else if (e != 0u) {
                quanta_product(word, share, sum, e, f);
            }
        }
        word += SUMW2_WORDS;
    }
}

// Spreads an entry over the cells, of which the first has its block at `block` and
// the others follow every `words`; false if a derivative is not finite.
fn soft_spread(soft: u32, factors: u32, cells: vec2<u32>, block: u32, words: u32, w: f32) -> bool {
    let axes = tables[soft + SPREAD_AXES];
    let wanted = tables[soft + SPREAD_TERMS];
    let outer = tables[soft + SPREAD_TABLE];
    let inner = tables[soft + SPREAD_INNER_TABLE];
    let x = soft_factors[factors];
    let y = soft_factors[factors + axes - 1u];
    for (var k = 0u; k < 12u; k += 1u) {
        soft_terms[k] = select(0.0, 1.0, k == 0u);
        soft_most[k] = soft_terms[k];
    }
    var first = vec2<u32>(0u, 0u);
    if (axes == 2u) {
        soft_most[0] = 0.0;
        first = soft_prepare(0u, outer, cells.x, x, wanted);
        for (var k = first.x; k <= first.y; k += 1u) {
            soft_cell(0u, outer, k, x, wanted, first.x);
            soft_measure(0u, wanted);
        }
    }
    let range = soft_prepare(1u, inner, cells.y, y, wanted);
    for (var k = range.x; k <= range.y; k += 1u) {
        soft_cell(1u, inner, k, y, wanted, range.x);
        soft_measure(1u, wanted);
    }
    if (!soft_bounds(soft, factors + axes)) {
        return false;
    }
    let extent = tables[inner + SOFT_BINS] + 2u;
    fill_count(block + words * (cells.x * extent + cells.y));
    let bound = bitcast<u32>((k_abs(w) * soft_most[0]) * soft_most[6]) >> 23u;
    let size = (bitcast<u32>(w) >> 23u) & 0xffu;
    for (var i = first.x; i <= first.y; i += 1u) {
        if (axes == 2u) {
            soft_cell(0u, outer, i, x, wanted, first.x);
        }
        for (var k = range.x; k <= range.y; k += 1u) {
            soft_cell(1u, inner, k, y, wanted, range.x);
            let slot = block + words * (i * extent + k);
            let share = (w * soft_terms[0]) * soft_terms[6];
            if (bound != 0u && size != 0u) {
                quanta_number(slot + CELL_SUMW, SUMW_BELOW, share, bound);
                quanta_product(slot + CELL_SUMW2, share, share, bound, bound);
                quanta_product(slot + CELL_WEIGHT_SHARE, w, share, size, bound);
            }
            soft_rows(soft, factors + axes, slot, share, bound);
        }
    }
    return true;
}

// Keeps the largest sizes of the terms of a cell.
fn soft_measure(slot: u32, wanted: u32) {
    for (var term = 6u * slot; term < 6u * slot + wanted; term += 1u) {
        let size = k_abs(soft_terms[term]);
        if (size > soft_most[term]) {
            soft_most[term] = size;
        }
    }
}

// One entry of the soft fill that is described at `at` of the tables, as
// `fill_entry` takes it; the last two words are where what begins at `soft` is, and
// the first of its numbers in `soft_factors`.
fn soft_entry(at: u32, copy: u32, weight: f32) {
    if (!f_is_finite(weight)) {
        fill_count(copy + tables[at + FILL_BAD_WEIGHT]);
        return;
    }
    let soft = tables[at + FILL_SOFT];
    let factors = tables[at + FILL_FACTORS];
    let axes = tables[soft + SPREAD_AXES];
    var cells = vec2<u32>(0u, 0u);
    for (var axis = 0u; axis < axes; axis += 1u) {
        let x = soft_factors[factors + axis];
        if (f_is_nan(x)) {
            fill_count(copy + tables[at + FILL_NAN]);
            return;
        }
        cells = vec2<u32>(cells.y, axis_real(tables[soft + SPREAD_AXIS + 2u * axis], x));
        soft_factors[factors + axis] = f_soft_value(x);
    }
    let block = copy + tables[at + FILL_BLOCK];
    if (!soft_spread(soft, factors, cells, block, tables[at + FILL_STRIDE], weight)) {
        fill_count(block - 2u);
    }
}
