//! The arithmetic of soft fills in both precisions: single with the tokens that
//! the device shares, double with functions of the libm crate.

use super::exponential::{f_exp_below, k_exp};
use super::real::{f_div, f_magnitude, select};
use super::rounding::k_abs;
use super::soft_double::{density, tail, times};
use super::soft_hazard::{f_beyond_distance, f_beyond_gauss, gauss_rest};
use super::soft_shares::{
    f_soft_epanechnikov, f_soft_epanechnikov_density, f_soft_epanechnikov_slope, f_soft_gauss,
    f_soft_gauss_density, f_soft_gauss_kernel, f_soft_logistic, f_soft_logistic_density,
    f_soft_logistic_slope, f_soft_part, f_soft_part_curve, f_soft_part_slope, f_soft_scaled,
    f_soft_share, f_soft_times, f_soft_triangular, f_soft_triangular_density,
    f_soft_triangular_slope, f_soft_uniform, f_soft_uniform_density, f_soft_value,
};
use super::soft_table::{LANES, SoftTable};
use crate::bins::SoftKernel;
use std::array::from_fn;
use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A precision in which soft fills are computed.
pub trait SoftReal:
    Copy
    + Debug
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0.
    const NONE: Self;
    /// 1/2.
    const HALF: Self;
    /// 1.
    const WHOLE: Self;
    /// The nearest number.
    fn of(x: f64) -> Self;
    /// |x|.
    fn abs(self) -> Self;
    /// e^x.
    fn exp(self) -> Self;
    /// An infinite value as the largest number of its sign.
    fn bounded(self) -> Self;
    /// (point - x) / bandwidth.
    fn scaled(table: &SoftTable, point: usize, x: Self) -> Self;
    /// The same of the low edges of the cells from `first` on.
    fn scaled_lows(table: &SoftTable, first: usize, x: Self, out: &mut [[Self; LANES]]);
    /// (a - b) / bandwidth of two points.
    fn between(table: &SoftTable, a: usize, b: usize) -> Self;
    /// The tail beyond each |z|, and what the derivatives of up to this order are
    /// differences of; nothing beyond the window.
    fn edges(table: &SoftTable, order: usize, z: &[Self], out: &mut [Vec<Self>; 6]);
    /// 1 / bandwidth, or its square.
    fn factor(table: &SoftTable, twice: bool) -> Self;
    /// The derivative of p / whole from that part and both derivatives.
    fn part_slope(part: Self, slope: Self, whole: Self, whole_slope: Self) -> Self;
    /// The second derivative by u and v of p / whole: `curve` is that of p, `by`
    /// are the first ones of the part, then those of the whole: itself, by u, by
    /// v, by both.
    fn part_curve(curve: Self, part: Self, by: [Self; 2], wholes: [Self; 4]) -> Self;
    /// The share between two edges, each given by its z and its tail.
    fn share(low: (Self, Self), high: (Self, Self)) -> Self;
    /// a / b, at most 1.
    fn part(a: Self, b: Self) -> Self;
    /// The product with what fades faster than this grows.
    fn times(self, fading: Self) -> Self;
    /// |z|, bounded so that its square is finite.
    fn distance(self) -> Self;
    /// t of the normal hazard a + 1 / (a + t) at a, 6 or more.
    fn gauss_rest(self) -> Self;
    /// The largest |x|, 0 of none.
    fn largest(values: &[Self]) -> Self;
}

/// A loop over all edges for one kernel, compiled for each order and twice where
/// the CPU may have wider registers, which change no bit: nothing is contracted.
/// `e` gives the exponential of a z, `f` with it tail, density and the density's slope:
/// in two loops, as more edges are on their way at once if each takes few operations.
macro_rules! edges {
    ($e:path, $f:path) => {{
        #[inline(always)]
        fn one(z: f32, e: f32, window: f32) -> [f32; 3] {
            let inside = k_abs(z) <= window;
            $f(z, e).map(|x| select(0.0, x, inside))
        }
        #[inline(always)]
        fn exponentials(z: &[f32], out: &mut [f32]) {
            for (z, e) in z.iter().zip(out) {
                *e = $e(*z);
            }
        }
        #[inline(always)]
        fn share(z: &[f32], window: f32, tails: &mut [f32]) {
            exponentials(z, tails);
            for (z, tail) in z.iter().zip(tails) {
                *tail = one(*z, *tail, window)[0];
            }
        }
        #[inline(always)]
        fn slopes(z: &[f32], window: f32, tails: &mut [f32], by_x: &mut [f32], by_h: &mut [f32]) {
            let n = z.len();
            let (tails, by_x, by_h) = (&mut tails[..n], &mut by_x[..n], &mut by_h[..n]);
            exponentials(z, tails);
            for i in 0..n {
                let [tail, density, _] = one(z[i], tails[i], window);
                tails[i] = tail;
                by_x[i] = density;
                by_h[i] = f_soft_times(z[i], density);
            }
        }
        #[inline(always)]
        fn curves(z: &[f32], window: f32, xx: &mut [f32], xh: &mut [f32], hh: &mut [f32]) {
            let n = z.len();
            let (xx, xh, hh) = (&mut xx[..n], &mut xh[..n], &mut hh[..n]);
            exponentials(z, hh);
            for i in 0..n {
                let [_, density, slope] = one(z[i], hh[i], window);
                let moment = f_soft_times(z[i], density);
                let rise = f_soft_times(z[i], slope);
                xx[i] = -slope;
                xh[i] = -(density + rise);
                hh[i] = -((moment + moment) + f_soft_times(z[i], rise));
            }
        }
        #[inline(always)]
        fn body(order: usize, z: &[f32], window: f32, out: &mut [Vec<f32>; 6]) {
            let [tails, by_x, by_h, xx, xh, hh] = out;
            match order {
                0 => share(z, window, tails),
                _ => slopes(z, window, tails, by_x, by_h),
            }
            if order > 1 {
                curves(z, window, xx, xh, hh);
            }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn wide(order: usize, z: &[f32], window: f32, out: &mut [Vec<f32>; 6]) {
            body(order, z, window, out);
        }
        fn map(order: usize, z: &[f32], window: f32, out: &mut [Vec<f32>; 6]) {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU has AVX2, the one feature that `wide` adds. Measured: twice
                // as fast as with SSE2.
                return unsafe { wide(order, z, window, out) };
            }
            body(order, z, window, out);
        }
        map
    }};
}

#[inline(always)]
fn gauss(z: f32, e: f32) -> [f32; 3] {
    let density = f_soft_gauss_density(e);
    [f_soft_gauss(z, e), density, -f_soft_times(z, density)]
}

#[inline(always)]
fn exponential(z: f32) -> f32 {
    f_exp_below(-k_abs(z))
}

#[inline(always)]
fn logistic(z: f32, e: f32) -> [f32; 3] {
    let (tail, density) = (f_soft_logistic(e), f_soft_logistic_density(e));
    [tail, density, f_soft_logistic_slope(z, tail, density)]
}

/// Compact kernels have none.
#[inline(always)]
fn no_exponential(_: f32) -> f32 {
    0.0
}

#[inline(always)]
fn uniform(z: f32, _: f32) -> [f32; 3] {
    [f_soft_uniform(z), f_soft_uniform_density(z), 0.0]
}

#[inline(always)]
fn triangular(z: f32, _: f32) -> [f32; 3] {
    [f_soft_triangular(z), f_soft_triangular_density(z), f_soft_triangular_slope(z)]
}

#[inline(always)]
fn epanechnikov(z: f32, _: f32) -> [f32; 3] {
    [f_soft_epanechnikov(z), f_soft_epanechnikov_density(z), f_soft_epanechnikov_slope(z)]
}

/// Call it while [`crate::backend::flush::FlushDenormals`] is in force.
impl SoftReal for f32 {
    const NONE: f32 = 0.0;
    const HALF: f32 = 0.5;
    const WHOLE: f32 = 1.0;

    fn of(x: f64) -> f32 {
        x as f32
    }

    #[inline(always)]
    fn abs(self) -> f32 {
        k_abs(self)
    }

    fn exp(self) -> f32 {
        k_exp(self)
    }

    #[inline(always)]
    fn bounded(self) -> f32 {
        f_soft_value(self)
    }

    #[inline]
    fn scaled(table: &SoftTable, point: usize, x: f32) -> f32 {
        let ([near, rest], [inverse, inverse_rest]) = (table.singles[point], table.inverse);
        f_soft_scaled(near, rest, x, inverse, inverse_rest)
    }

    #[inline(always)]
    fn scaled_lows(table: &SoftTable, first: usize, x: f32, out: &mut [[f32; LANES]]) {
        let lows = table.lows_single.each_ref().map(|lows| lows[first..].as_chunks::<LANES>().0);
        let [inverse, inverse_rest] = table.inverse;
        for ((z, near), rest) in out.iter_mut().zip(lows[0]).zip(lows[1]) {
            *z = from_fn(|i| f_soft_scaled(near[i], rest[i], x, inverse, inverse_rest));
        }
    }

    fn between(table: &SoftTable, a: usize, b: usize) -> f32 {
        let ([near, rest], [from, from_rest]) = (table.singles[a], table.singles[b]);
        let [inverse, inverse_rest] = table.inverse;
        f_soft_scaled(near, rest - from_rest, from, inverse, inverse_rest)
    }

    fn edges(table: &SoftTable, order: usize, z: &[f32], out: &mut [Vec<f32>; 6]) {
        let map = match table.soft.kernel {
            SoftKernel::Logistic => edges!(exponential, logistic),
            SoftKernel::Uniform => edges!(no_exponential, uniform),
            SoftKernel::Triangular => edges!(no_exponential, triangular),
            SoftKernel::Epanechnikov => edges!(no_exponential, epanechnikov),
            SoftKernel::Gauss | SoftKernel::Softmax => edges!(f_soft_gauss_kernel, gauss),
        };
        map(order, z, table.window as f32, out);
    }

    #[inline]
    fn factor(table: &SoftTable, twice: bool) -> f32 {
        let inverse = table.inverse[0];
        if twice { inverse * inverse } else { inverse }
    }

    fn part_slope(part: f32, slope: f32, whole: f32, whole_slope: f32) -> f32 {
        f_soft_part_slope(part, slope, whole, whole_slope)
    }

    fn part_curve(curve: f32, part: f32, [u, v]: [f32; 2], wholes: [f32; 4]) -> f32 {
        let [whole, whole_u, whole_v, whole_curve] = wholes;
        f_soft_part_curve(curve - part * whole_curve, u, v, whole, whole_u, whole_v)
    }

    #[inline(always)]
    fn share(low: (f32, f32), high: (f32, f32)) -> f32 {
        f_soft_share(low.0, low.1, high.0, high.1)
    }

    #[inline]
    fn part(a: f32, b: f32) -> f32 {
        f_soft_part(a, b)
    }

    fn times(self, fading: f32) -> f32 {
        f_soft_times(self, fading)
    }

    fn distance(self) -> f32 {
        f_beyond_distance(self)
    }

    fn gauss_rest(self) -> f32 {
        f_beyond_gauss(f_div(1.0, self))
    }

    #[inline(always)]
    fn largest(values: &[f32]) -> f32 {
        // Magnitudes order like their bits; eight at a time, as integers.
        let mut most = [0u32; LANES];
        for values in values.as_chunks::<LANES>().0 {
            for i in 0..LANES {
                most[i] = most[i].max(f_magnitude(values[i]));
            }
        }
        f32::from_bits(most.into_iter().fold(0, u32::max))
    }
}

impl SoftReal for f64 {
    const NONE: f64 = 0.0;
    const HALF: f64 = 0.5;
    const WHOLE: f64 = 1.0;

    fn of(x: f64) -> f64 {
        x
    }

    fn abs(self) -> f64 {
        libm::fabs(self)
    }

    fn exp(self) -> f64 {
        libm::exp(self)
    }

    fn bounded(self) -> f64 {
        self.clamp(f64::MIN, f64::MAX)
    }

    fn scaled(table: &SoftTable, point: usize, x: f64) -> f64 {
        (table.point(point) - x) / table.soft.bandwidth
    }

    fn scaled_lows(table: &SoftTable, first: usize, x: f64, out: &mut [[f64; LANES]]) {
        for (z, low) in out.as_flattened_mut().iter_mut().zip(&table.lows[first..]) {
            *z = (low - x) / table.soft.bandwidth;
        }
    }

    fn between(table: &SoftTable, a: usize, b: usize) -> f64 {
        (table.point(a) - table.point(b)) / table.soft.bandwidth
    }

    fn edges(table: &SoftTable, order: usize, z: &[f64], out: &mut [Vec<f64>; 6]) {
        for (i, z) in z.iter().enumerate() {
            let inside = libm::fabs(*z) <= table.window;
            out[0][i] = if inside { tail(table.soft.kernel, *z) } else { 0.0 };
            if order == 0 {
                continue;
            }
            let [d, slope] = if inside { density(table.soft.kernel, *z) } else { [0.0; 2] };
            out[1][i] = d;
            out[2][i] = times(*z, d);
            if order > 1 {
                let rise = times(*z, slope);
                out[3][i] = -slope;
                out[4][i] = -(d + rise);
                out[5][i] = -(2.0 * times(*z, d) + times(*z, rise));
            }
        }
    }

    fn factor(table: &SoftTable, twice: bool) -> f64 {
        let h = table.soft.bandwidth;
        if twice { 1.0 / (h * h) } else { 1.0 / h }
    }

    fn part_slope(part: f64, slope: f64, whole: f64, whole_slope: f64) -> f64 {
        (slope - part * whole_slope) / whole
    }

    fn part_curve(curve: f64, part: f64, [u, v]: [f64; 2], wholes: [f64; 4]) -> f64 {
        let [whole, whole_u, whole_v, whole_curve] = wholes;
        (curve - part * whole_curve - u * whole_v - v * whole_u) / whole
    }

    fn share(low: (f64, f64), high: (f64, f64)) -> f64 {
        if high.0 < 0.0 {
            high.1 - low.1
        } else if low.0 >= 0.0 {
            low.1 - high.1
        } else {
            (0.5 - low.1) + (0.5 - high.1)
        }
    }

    fn part(a: f64, b: f64) -> f64 {
        (a / b).min(1.0)
    }

    fn times(self, fading: f64) -> f64 {
        times(self, fading)
    }

    fn distance(self) -> f64 {
        libm::fabs(self).min(1e15)
    }

    fn gauss_rest(self) -> f64 {
        gauss_rest(self)
    }

    fn largest(values: &[f64]) -> f64 {
        values.iter().fold(0.0, |most: f64, x| most.max(x.abs()))
    }
}
