//! What a soft fill computes of single numbers, in tokens that Rust and WGSL share: the
//! tail, the density and its slope of each kernel at an edge, and the share between two edges.

use super::normal::{f_normal_beyond, f_normal_kernel};
use super::real::{f_div, f_magnitude, select};
use super::rounding::{k_abs, k_copysign};
use super::soft_layout::{KERNEL_GAUSS, KERNEL_LOGISTIC, KERNEL_SOFTMAX};
use super::wgsl::shared;

shared! {
    /// An infinite value as the largest number of its sign.
    fn f_soft_value(x: f32) -> f32 {
        let bound = k_copysign(3.4028235e38, x);
        return select(x, bound, f_magnitude(x) == 0x7f800000u32);
    }

    /// (point + rest - x) / bandwidth, the reciprocal of which comes in two parts.
    fn f_soft_scaled(point: f32, rest: f32, x: f32, inverse: f32, inverse_rest: f32) -> f32 {
        let d = (point - x) + rest;
        let z = d * inverse;
        let better = z + d * inverse_rest;
        return select(z, better, f_magnitude(z) < 0x7f800000u32);
    }

    /// exp(-z^2/2).
    fn f_soft_gauss_kernel(z: f32) -> f32 {
        return f_normal_kernel(k_abs(z));
    }

    /// The tail of the normal distribution beyond |z|, from exp(-z^2/2).
    fn f_soft_gauss(z: f32, e: f32) -> f32 {
        let size = k_abs(z);
        return f_normal_beyond(select(size, 20.0, size > 20.0), e);
    }

    /// The tail of the logistic distribution beyond |z|, from exp(-|z|).
    fn f_soft_logistic(e: f32) -> f32 {
        return f_div(e, 1.0 + e);
    }

    /// The tail of the uniform distribution beyond |z|.
    fn f_soft_uniform(z: f32) -> f32 {
        let u = 1.0 - k_abs(z);
        return select(0.0, 0.5 * u, u > 0.0);
    }

    /// The tail of the triangular distribution beyond |z|.
    fn f_soft_triangular(z: f32) -> f32 {
        let u = 1.0 - k_abs(z);
        return select(0.0, 0.5 * (u * u), u > 0.0);
    }

    /// The tail of the parabola beyond |z|.
    fn f_soft_epanechnikov(z: f32) -> f32 {
        let u = 1.0 - k_abs(z);
        return select(0.0, 0.25 * ((u * u) * (3.0 - u)), u > 0.0);
    }

    /// The share between two edges, given by their z and their tails; the edges
    /// at infinity have a z of that sign and no tail.
    fn f_soft_share(z_low: f32, q_low: f32, z_high: f32, q_high: f32) -> f32 {
        let around = (0.5 - q_low) + (0.5 - q_high);
        let above = select(around, q_low - q_high, z_low >= 0.0);
        return select(above, q_high - q_low, z_high < 0.0);
    }

    /// The density of the normal distribution, from exp(-z^2/2).
    fn f_soft_gauss_density(e: f32) -> f32 {
        return 0.3989423 * e;
    }

    /// The density of the logistic distribution, from exp(-|z|).
    fn f_soft_logistic_density(e: f32) -> f32 {
        let s = 1.0 + e;
        return f_div(e, s * s);
    }

    /// The density of the uniform distribution.
    fn f_soft_uniform_density(z: f32) -> f32 {
        return select(0.0, 0.5, k_abs(z) < 1.0);
    }

    /// The density of the triangular distribution.
    fn f_soft_triangular_density(z: f32) -> f32 {
        let u = 1.0 - k_abs(z);
        return select(0.0, u, u > 0.0);
    }

    /// The parabola.
    fn f_soft_epanechnikov_density(z: f32) -> f32 {
        let u = 1.0 - k_abs(z);
        return select(0.0, 0.75 * (u * (2.0 - u)), u > 0.0);
    }

    /// z times what vanishes faster, also where z is infinite.
    fn f_soft_times(z: f32, fading: f32) -> f32 {
        return select(z * fading, 0.0, fading == 0.0);
    }

    /// The slope of the logistic density, from its tail and itself.
    fn f_soft_logistic_slope(z: f32, tail: f32, density: f32) -> f32 {
        let size = density * (1.0 - (tail + tail));
        return select(size, -size, z > 0.0);
    }

    /// The slope of the triangle.
    fn f_soft_triangular_slope(z: f32) -> f32 {
        let inside = select(1.0, -1.0, z > 0.0);
        return select(0.0, inside, k_abs(z) < 1.0);
    }

    /// The slope of the parabola.
    fn f_soft_epanechnikov_slope(z: f32) -> f32 {
        return select(0.0, -1.5 * z, k_abs(z) < 1.0);
    }

    /// The derivative of a share p of which only the part of a whole counts: of
    /// p / whole, where both change.
    fn f_soft_part_slope(part: f32, slope: f32, whole: f32, whole_slope: f32) -> f32 {
        return f_div(slope - part * whole_slope, whole);
    }

    /// The second derivative of the same by u and v: `rest` is that of p less the
    /// part times that of the whole, `by_u` and `by_v` the first ones of the part.
    fn f_soft_part_curve(
        rest: f32, by_u: f32, by_v: f32, whole: f32, whole_u: f32, whole_v: f32
    ) -> f32 {
        return f_div((rest - by_u * whole_v) - by_v * whole_u, whole);
    }

    /// How far a kernel reaches, in bandwidths, see `SoftTable::truncation`.
    fn f_soft_window(kernel: u32) -> f32 {
        let exponential = kernel == KERNEL_LOGISTIC || kernel == KERNEL_SOFTMAX;
        let compact = select(1.0, 18.0, exponential);
        return select(compact, 6.0, kernel == KERNEL_GAUSS);
    }

    /// a / b for shares, at most 1.
    fn f_soft_part(a: f32, b: f32) -> f32 {
        let p = f_div(a, b);
        return select(p, 1.0, p > 1.0);
    }
}
