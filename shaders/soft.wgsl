// How one entry of a soft fill is spread over the cells; see kernels/soft.rs,
// which also lays out what begins at `soft` of the tables: kernel, flow, number
// of bins, window, the reciprocal of the bandwidth in two parts, what is summed
// (0 shares, 1 their derivatives by the value, 2 by the bandwidth), then each
// edge (of softmax: centre) in two parts.

// (point - x) / bandwidth.
fn soft_scaled(soft: u32, point: u32, x: f32) -> f32 {
    let at = soft + 7u + 2u * point;
    return f_soft_scaled(bitcast<f32>(tables[at]), bitcast<f32>(tables[at + 1u]), x,
        bitcast<f32>(tables[soft + 4u]), bitcast<f32>(tables[soft + 5u]));
}

// (a - b) / bandwidth of two points.
fn soft_between(soft: u32, a: u32, b: u32) -> f32 {
    let first = soft + 7u + 2u * a;
    let other = soft + 7u + 2u * b;
    let rest = bitcast<f32>(tables[first + 1u]) - bitcast<f32>(tables[other + 1u]);
    return f_soft_scaled(bitcast<f32>(tables[first]), rest, bitcast<f32>(tables[other]),
        bitcast<f32>(tables[soft + 4u]), bitcast<f32>(tables[soft + 5u]));
}

// The kernel's tail beyond |z|.
fn soft_tail(kernel: u32, z: f32) -> f32 {
    switch kernel {
        case 1u: {
            return f_soft_logistic(z);
        }
        case 2u: {
            return f_soft_uniform(z);
        }
        case 3u: {
            return f_soft_triangular(z);
        }
        case 4u: {
            return f_soft_epanechnikov(z);
        }
        default: {
            return f_soft_gauss(z);
        }
    }
}

// The kernel's density at z, times z for the derivative by the bandwidth.
fn soft_density(kernel: u32, term: u32, z: f32) -> f32 {
    var density = 0.0;
    switch kernel {
        case 1u: {
            density = f_soft_logistic_density(z);
        }
        case 2u: {
            density = f_soft_uniform_density(z);
        }
        case 3u: {
            density = f_soft_triangular_density(z);
        }
        case 4u: {
            density = f_soft_epanechnikov_density(z);
        }
        default: {
            density = f_soft_gauss_density(z);
        }
    }
    if (term == 2u) {
        density = f_soft_moment(z, density);
    }
    return density;
}

// Gives the cell whose block starts at `slot` the share `p` of the weight `w`, or
// counts a bad weight in the word `bad`.
fn soft_add(slot: u32, bad: u32, term: u32, w: f32, p: f32) {
    let share = w * p;
    if (!f_is_finite(share)) {
        fill_count(bad);
        return;
    }
    fill_sums(slot, share);
    if (term == 0u) {
        fill_sum_of_products(slot + 56u, w, share);
    }
}

// Spreads an entry at `x`, which is no NaN and lies in `cell` of the axis. The
// first block of the fill starts at `slot`, the next ones every `words`.
fn soft_spread(soft: u32, slot: u32, bad: u32, words: u32, x: f32, cell: u32, w: f32) {
    if (tables[soft] == 5u) {
        soft_spread_centres(soft, slot, bad, words, x, cell, w);
        return;
    }
    let term = tables[soft + 6u];
    let inverse = bitcast<f32>(tables[soft + 4u]);
    let kernel = tables[soft];
    let flow = tables[soft + 1u];
    let bins = tables[soft + 2u];
    let window = bitcast<f32>(tables[soft + 3u]);
    // Folded, the outer edges are at infinity.
    let low = select(0u, 1u, flow == 2u);
    let high = select(bins + 1u, bins, flow == 2u);
    var first = clamp(cell, low, high);
    var end = first;
    while (first > low && soft_scaled(soft, first - 1u, x) >= -window) {
        first -= 1u;
    }
    while (end < high && soft_scaled(soft, end, x) <= window) {
        end += 1u;
    }
    var inside = 1.0;
    var inside_slope = 0.0;
    if (flow == 3u) {
        let z_low = soft_scaled(soft, 0u, x);
        let z_high = soft_scaled(soft, bins, x);
        inside = f_soft_share(z_low, soft_tail(kernel, z_low), z_high, soft_tail(kernel, z_high));
        if (term != 0u) {
            let d_low = soft_density(kernel, term, z_low);
            inside_slope = (d_low - soft_density(kernel, term, z_high)) * inverse;
        }
    }
    var z_before = -1.0;
    var q_before = 0.0;
    var d_before = 0.0;
    for (var k = first; k <= end; k += 1u) {
        var z = 1.0;
        var q = 0.0;
        var d = 0.0;
        if (k < end) {
            z = soft_scaled(soft, k, x);
            q = soft_tail(kernel, z);
            if (term != 0u) {
                d = soft_density(kernel, term, z);
            }
        }
        var p = f_soft_share(z_before, q_before, z, q);
        var slope = (d_before - d) * inverse;
        z_before = z;
        q_before = q;
        d_before = d;
        let lost = flow != 1u && (k == 0u || k == bins + 1u);
        if (lost || (flow == 3u && !(inside > 0.0))) {
            continue;
        }
        if (flow == 3u) {
            p = f_soft_part(p, inside);
            slope = f_soft_part_slope(p, slope, inside, inside_slope);
        }
        if (term == 0u && p > 0.0) {
            soft_add(slot + words * k, bad, term, w, p);
        }
        if (term != 0u && slope != 0.0) {
            soft_add(slot + words * k, bad, term, w, slope);
        }
    }
}

// The exponent of a bin's part less that of the nearest centre.
fn soft_exponent(soft: u32, bin: u32, near: u32, x: f32) -> f32 {
    let sum = soft_scaled(soft, bin, x) + soft_scaled(soft, near, x);
    return -(soft_between(soft, bin, near) * (0.5 * sum));
}

fn soft_spread_centres(soft: u32, slot: u32, bad: u32, words: u32, x: f32, cell: u32, w: f32) {
    let last = tables[soft + 2u] - 1u;
    let term = tables[soft + 6u];
    let limit = -bitcast<f32>(tables[soft + 3u]);
    var near = min(max(cell, 1u) - 1u, last);
    while (near > 0u && k_abs(soft_scaled(soft, near - 1u, x)) < k_abs(soft_scaled(soft, near, x))) {
        near -= 1u;
    }
    while (near < last
        && k_abs(soft_scaled(soft, near + 1u, x)) < k_abs(soft_scaled(soft, near, x))) {
        near += 1u;
    }
    var first = near;
    while (first > 0u && soft_exponent(soft, first - 1u, near, x) >= limit) {
        first -= 1u;
    }
    var end = near + 1u;
    while (end <= last && soft_exponent(soft, end, near, x) >= limit) {
        end += 1u;
    }
    var total = 0.0;
    var sum = 0.0;
    for (var bin = first; bin < end; bin += 1u) {
        let e = soft_weight(soft, bin, near, x);
        total = total + e;
        if (e > 0.0) {
            sum = sum + e * soft_change(soft, bin, near, x, term);
        }
    }
    let mean = f_div(sum, total);
    for (var bin = first; bin < end; bin += 1u) {
        let e = soft_weight(soft, bin, near, x);
        if (!(e > 0.0)) {
            continue;
        }
        var p = f_soft_part(e, total);
        if (term != 0u) {
            p = p * (soft_change(soft, bin, near, x, term) - mean);
        }
        if (p != 0.0) {
            soft_add(slot + words * (bin + 1u), bad, term, w, p);
        }
    }
}

// How the exponent of a bin changes; that of the nearest does not.
fn soft_change(soft: u32, bin: u32, near: u32, x: f32, term: u32) -> f32 {
    if (bin == near || term == 0u) {
        return 0.0;
    }
    let inverse = bitcast<f32>(tables[soft + 4u]);
    if (term == 1u) {
        return soft_between(soft, bin, near) * inverse;
    }
    let exponent = soft_exponent(soft, bin, near, x);
    return -(exponent + exponent) * inverse;
}

// The part of a bin beside that of the nearest, which is 1.
fn soft_weight(soft: u32, bin: u32, near: u32, x: f32) -> f32 {
    if (bin == near) {
        return 1.0;
    }
    return k_exp(soft_exponent(soft, bin, near, x));
}

// One entry of the soft fill that is described at `at` of the tables, as
// `fill_entry` takes it; its own table begins where the last word says.
fn soft_entry(at: u32, copy: u32, value: u32, weight: f32) {
    let x = bitcast<f32>(value);
    if (!f_is_finite(weight)) {
        fill_count(copy + tables[at + 2u]);
        return;
    }
    if (f_is_nan(x)) {
        fill_count(copy + tables[at]);
        return;
    }
    let slot = copy + tables[at + 3u];
    let words = tables[at + 4u];
    let cell = axis_real(tables[at + 5u], x);
    fill_count(slot + words * cell);
    soft_spread(tables[at + 6u], slot, copy + tables[at + 2u], words, x, cell, weight);
}

// One entry of any fill.
fn fill_or_soft_entry(at: u32, copy: u32, value: u32, weight: f32) {
    if (tables[at + 6u] == 0xffffffffu) {
        fill_entry(at, copy, value, weight);
    } else {
        soft_entry(at, copy, value, weight);
    }
}
