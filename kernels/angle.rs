//! Exact reduction of angles of any size by quarter turns (Payne and Hanek,
//! 1983): x 2/pi modulo 4 in 96-bit integers, from the digits of 2/pi that
//! matter for x. WGSL twin: `shaders/angle.wgsl`.

/// The leading binary digits of 2/pi, after a word of zeros.
const TWO_OVER_PI: [u32; 8] =
    [0, 0xa2f9_836e, 0x4e44_1529, 0xfc27_57d1, 0xf534_ddc0, 0xdb62_9599, 0x3c43_9041, 0xfe51_63ab];

/// 32 digits of the table from digit `at` on.
fn digits(at: u32) -> u32 {
    let word = |k: u32| u64::from(TWO_OVER_PI[(k as usize).min(7)]);
    let both = (word(at >> 5) << 32) | word((at >> 5) + 1);
    (both >> (32 - (at & 31))) as u32
}

/// |x| in quarter turns, modulo 4, in units of 2^-94.
fn quarters(x: f32) -> u128 {
    let size = x.to_bits() & 0x7fff_ffff;
    let significand = u128::from((size & 0x007f_ffff) | 0x0080_0000);
    let at = (size >> 23) - 120;
    let window = [at, at + 32, at + 64].map(|at| u128::from(digits(at)));
    let product = significand * ((window[0] << 64) | (window[1] << 32) | window[2]);
    product & ((1 << 96) - 1)
}

/// The quadrant nearest to `x`, of magnitude 8192 or more and finite.
pub fn f_huge_quadrant(x: f32) -> u32 {
    let quadrant = ((quarters(x) + (1 << 93)) >> 94) as u32;
    (if x.is_sign_negative() { 4 - quadrant } else { quadrant }) & 3
}

/// `x` less that quadrant, in [-pi/4, pi/4].
pub fn f_huge_rest(x: f32) -> f32 {
    let fraction = super::wide::l_to_real((quarters(x) >> 30) as u64 as i64);
    // pi/2 2^-64
    let rest = fraction * 8.515304e-20;
    if x.is_sign_negative() { -rest } else { rest }
}
