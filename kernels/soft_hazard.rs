//! The hazard of the normal distribution, density over tail, far from its centre: in single
//! precision in tokens that Rust and WGSL share, in double precision for the host.

use super::real::select;
use super::rounding::k_abs;
use super::wgsl::shared;

/// Levels of the fraction for t in double precision: from 6 on the last one is below
/// 1e-16 of it.
const LEVELS: u32 = 40;

shared! {
    /// A distance whose square is finite; nothing changes beyond.
    fn f_beyond_distance(z: f32) -> f32 {
        let a = k_abs(z);
        return select(a, 1.0e15, a > 1.0e15);
    }

    /// t of the normal hazard at a, from 1/a: 2/a times a series in 1/a^2, which is
    /// off by 1.5e-7 where a is 6 or more.
    fn f_beyond_gauss(inverse: f32) -> f32 {
        let s = inverse * inverse;
        let series = 1.0 + s * (-2.9999937 + s * (20.988167 + s * (-203.34534
            + s * (2113.5844 + s * -14464.561))));
        return (inverse + inverse) * series;
    }
}

/// t of the normal hazard in double precision.
pub(super) fn gauss_rest(a: f64) -> f64 {
    2.0 / (3..=LEVELS).rev().fold(a, |below, k| a + f64::from(k) / below)
}
