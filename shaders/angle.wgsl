// Exact reduction of angles of any size. Twin: kernels/angle.rs.

// Word `at` of the binary digits of 2/pi, of which the first word is zeros.
fn f_two_over_pi(at: u32) -> u32 {
    var digits = array<u32, 8>(
        0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
        0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu,
    );
    return digits[min(at, 7u)];
}

// 32 digits of 2/pi from digit `at` of that table on.
fn f_digits(at: u32) -> u32 {
    let word = at >> 5u;
    let shift = at & 31u;
    let high = f_two_over_pi(word);
    if shift == 0u {
        return high;
    }
    return (high << shift) | (f_two_over_pi(word + 1u) >> (32u - shift));
}

// a b in 64 bits, x the low word.
fn u_product(a: u32, b: u32) -> vec2<u32> {
    let al = a & 0xffffu;
    let ah = a >> 16u;
    let bl = b & 0xffffu;
    let bh = b >> 16u;
    let low = al * bl;
    let first = ah * bl + (low >> 16u);
    let second = al * bh + (first & 0xffffu);
    return vec2<u32>(a * b, ah * bh + (first >> 16u) + (second >> 16u));
}

// |x| in quarter turns, modulo 4, for |x| from 8192 on: z has two bits before
// the point and 30 after it, y the next 32, x the 32 after those.
fn f_quarters(x: f32) -> vec3<u32> {
    let size = f_magnitude(x);
    let digits = (size & 0x007fffffu) | 0x00800000u;
    let at = (size >> 23u) - 120u;
    let low = u_product(digits, f_digits(at + 64u));
    let middle = u_product(digits, f_digits(at + 32u));
    let sum = l_add(middle, vec2<u32>(low.y, 0u));
    return vec3<u32>(low.x, sum.x, digits * f_digits(at) + sum.y);
}

// The quadrant nearest to x, |x| from 8192 on.
fn f_huge_quadrant(x: f32) -> u32 {
    let quadrant = (f_quarters(x).z + 0x20000000u) >> 30u;
    return select(quadrant, 4u - quadrant, bitcast<u32>(x) > 0x7fffffffu) & 3u;
}

// x less that quadrant, in [-pi/4, pi/4].
fn f_huge_rest(x: f32) -> f32 {
    let quarters = f_quarters(x);
    let high = (quarters.z << 2u) | (quarters.y >> 30u);
    let low = (quarters.y << 2u) | (quarters.x >> 30u);
    let fraction = l_to_real(vec2<u32>(low, high));
    let rest = fraction * 8.515304e-20;
    return select(rest, -rest, bitcast<u32>(x) > 0x7fffffffu);
}
