// An entry that is beyond the axis, further than the kernel's window, with `flow:
// renorm`; see kernels/soft_beyond.rs. Tables and terms are those of shaders/soft.wgsl.
// Of such an entry number 6 of `soft_known` says which edge is nearest, from 1 on.

// The edge that an entry beyond the axis is nearest to, counted from 1; 0 if it is not.
fn soft_nearest(slot: u32) -> u32 {
    return bitcast<u32>(soft_known[8u * slot + 6u]);
}

// Finds it.
fn soft_find_nearest(slot: u32, table: u32, x: f32) {
    let bins = tables[table + SOFT_BINS];
    let far = f_soft_window(tables[table + SOFT_KERNEL]);
    let above = select(0u, bins + 1u, soft_scaled(table, bins, x) <= -far);
    let nearest = select(above, 1u, soft_scaled(table, 0u, x) >= far);
    soft_known[8u * slot + 6u] = bitcast<f32>(nearest);
}

// How far an edge is: the distance; of the hazard, of its first moment and of its
// slope what does not grow with the distance.
fn soft_seen(kernel: u32, z: f32) -> vec4<f32> {
    let a = f_beyond_distance(z);
    if (kernel == KERNEL_LOGISTIC) {
        let e = k_exp(-a);
        let tail = f_div(e, 1.0 + e);
        return vec4<f32>(a, -tail, -(a * tail), tail * (1.0 - tail));
    }
    let rest = f_beyond_gauss(f_div(1.0, a));
    let c = f_div(1.0, a + rest);
    return vec4<f32>(a, c, -(rest * c), c * (c - rest));
}

// What the terms of a bin are differences of at an edge.
fn soft_beyond(table: u32, edge: u32, nearest: u32, x: f32) -> array<f32, 6> {
    let kernel = tables[table + SOFT_KERNEL];
    let apart = k_abs(soft_between(table, edge, nearest));
    if (kernel != KERNEL_GAUSS && kernel != KERNEL_LOGISTIC) {
        return array<f32, 6>(select(0.0, 1.0, apart == 0.0), 0.0, 0.0, 0.0, 0.0, 0.0);
    }
    let z = soft_scaled(table, edge, x);
    let seen = soft_seen(kernel, z);
    let near = soft_seen(kernel, soft_scaled(table, nearest, x));
    let square = apart * (seen.x + near.x);
    let twice = apart + apart;
    var exponent = -(0.5 * square);
    var ratio = f_div(near.x + near.y, seen.x + seen.y);
    var by_x = apart;
    var by_h = square;
    var by_both = twice;
    var by_h_twice = square + (square + square);
    if (kernel == KERNEL_LOGISTIC) {
        exponent = -apart;
        ratio = f_div(1.0 + seen.y, 1.0 + near.y);
        by_x = 0.0;
        by_h = apart;
        by_both = 0.0;
        by_h_twice = twice;
    }
    let tail = k_exp(exponent) * ratio;
    let both = (seen.y + seen.x * seen.w) - (near.y + near.x * near.w);
    let twice_by_h = ((seen.z + seen.z) + (seen.x * seen.x) * seen.w)
        - ((near.z + near.z) + (near.x * near.x) * near.w);
    let first = by_x + (seen.y - near.y);
    let wide = by_h + (seen.z - near.z);
    let side = select(-1.0, 1.0, z > 0.0);
    let xx = first * first - (seen.w - near.w);
    let xh = first * wide - (by_both + both);
    let hh = wide * wide - (by_h_twice + twice_by_h);
    return array<f32, 6>(
        tail,
        f_soft_times(first, tail),
        side * f_soft_times(wide, tail),
        side * f_soft_times(xx, tail),
        f_soft_times(xh, tail),
        side * f_soft_times(hh, tail));
}

// The terms between two edges.
fn soft_beyond_change(slot: u32, table: u32, low: u32, high: u32, x: f32, wanted: u32) {
    let nearest = soft_nearest(slot) - 1u;
    var below = soft_beyond(table, low, nearest, x);
    var above = soft_beyond(table, high, nearest, x);
    let inverse = bitcast<f32>(tables[table + SOFT_INVERSE]);
    let at = 6u * slot;
    soft_terms[at] = select(above[0] - below[0], below[0] - above[0], nearest == 0u);
    for (var term = 1u; term < wanted; term += 1u) {
        let factor = select(inverse, inverse * inverse, term > 2u);
        soft_terms[at + term] = (below[term] - above[term]) * factor;
    }
}
