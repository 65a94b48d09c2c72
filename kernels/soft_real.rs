//! The arithmetic of soft fills in both precisions: single with the tokens that
//! the device shares, double with functions of the libm crate.

use super::double;
use super::exponential::k_exp;
use super::function::{Single, slice_map};
use super::real::f_div;
use super::rounding::k_abs;
use super::soft::{
    SoftTable, f_soft_epanechnikov, f_soft_epanechnikov_density, f_soft_gauss,
    f_soft_gauss_density, f_soft_logistic, f_soft_logistic_density, f_soft_moment, f_soft_part,
    f_soft_part_slope, f_soft_scaled, f_soft_share, f_soft_triangular, f_soft_triangular_density,
    f_soft_uniform, f_soft_uniform_density,
};
use crate::hist::{FillData, SoftKernel};
use std::fmt::Debug;
use std::ops::{Add, Mul, Neg, Sub};

const GAUSS: Single = Single::One(slice_map!(f_soft_gauss, one));
const LOGISTIC: Single = Single::One(slice_map!(f_soft_logistic, one));
const UNIFORM: Single = Single::One(slice_map!(f_soft_uniform, one));
const TRIANGULAR: Single = Single::One(slice_map!(f_soft_triangular, one));
const EPANECHNIKOV: Single = Single::One(slice_map!(f_soft_epanechnikov, one));
const GAUSS_DENSITY: Single = Single::One(slice_map!(f_soft_gauss_density, one));
const LOGISTIC_DENSITY: Single = Single::One(slice_map!(f_soft_logistic_density, one));
const UNIFORM_DENSITY: Single = Single::One(slice_map!(f_soft_uniform_density, one));
const TRIANGULAR_DENSITY: Single = Single::One(slice_map!(f_soft_triangular_density, one));
const EPANECHNIKOV_DENSITY: Single = Single::One(slice_map!(f_soft_epanechnikov_density, one));

/// A precision in which soft fills are computed.
pub trait SoftReal:
    Copy
    + Debug
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
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
    /// (point - x) / bandwidth.
    fn scaled(table: &SoftTable, point: usize, x: Self) -> Self;
    /// (a - b) / bandwidth of two points.
    fn between(table: &SoftTable, a: usize, b: usize) -> Self;
    /// The kernel's tail beyond each |z|.
    fn tails(kernel: SoftKernel, z: &[Self], out: &mut [Self]);
    /// The kernel's density at each z.
    fn densities(kernel: SoftKernel, z: &[Self], out: &mut [Self]);
    /// z times the density there.
    fn moment(z: Self, density: Self) -> Self;
    /// A number divided by the bandwidth.
    fn by_bandwidth(table: &SoftTable, x: Self) -> Self;
    /// a / b.
    fn quotient(a: Self, b: Self) -> Self;
    /// The derivative of p / whole from that part and both derivatives.
    fn part_slope(part: Self, slope: Self, whole: Self, whole_slope: Self) -> Self;
    /// The share between two edges, each given by its z and its tail.
    fn share(low: (Self, Self), high: (Self, Self)) -> Self;
    /// a / b, at most 1.
    fn part(a: Self, b: Self) -> Self;
    /// Gives a cell the share `p` of the weight `self`.
    fn add_share(self, data: &mut FillData, cell: usize, p: Self);
}

/// Call it while [`crate::backend::flush::FlushDenormals`] is in force.
impl SoftReal for f32 {
    const NONE: f32 = 0.0;
    const HALF: f32 = 0.5;
    const WHOLE: f32 = 1.0;

    fn of(x: f64) -> f32 {
        x as f32
    }

    #[inline]
    fn abs(self) -> f32 {
        k_abs(self)
    }

    fn exp(self) -> f32 {
        k_exp(self)
    }

    #[inline]
    fn scaled(table: &SoftTable, point: usize, x: f32) -> f32 {
        let ([near, rest], [inverse, inverse_rest]) = (table.singles[point], table.inverse);
        f_soft_scaled(near, rest, x, inverse, inverse_rest)
    }

    fn between(table: &SoftTable, a: usize, b: usize) -> f32 {
        let ([near, rest], [from, from_rest]) = (table.singles[a], table.singles[b]);
        let [inverse, inverse_rest] = table.inverse;
        f_soft_scaled(near, rest - from_rest, from, inverse, inverse_rest)
    }

    fn tails(kernel: SoftKernel, z: &[f32], out: &mut [f32]) {
        let map = match kernel {
            SoftKernel::Logistic => LOGISTIC,
            SoftKernel::Uniform => UNIFORM,
            SoftKernel::Triangular => TRIANGULAR,
            SoftKernel::Epanechnikov => EPANECHNIKOV,
            SoftKernel::Gauss | SoftKernel::Softmax => GAUSS,
        };
        if let Single::One(map) = map {
            map(z, out);
        }
    }

    fn densities(kernel: SoftKernel, z: &[f32], out: &mut [f32]) {
        let map = match kernel {
            SoftKernel::Logistic => LOGISTIC_DENSITY,
            SoftKernel::Uniform => UNIFORM_DENSITY,
            SoftKernel::Triangular => TRIANGULAR_DENSITY,
            SoftKernel::Epanechnikov => EPANECHNIKOV_DENSITY,
            SoftKernel::Gauss | SoftKernel::Softmax => GAUSS_DENSITY,
        };
        if let Single::One(map) = map {
            map(z, out);
        }
    }

    fn moment(z: f32, density: f32) -> f32 {
        f_soft_moment(z, density)
    }

    fn by_bandwidth(table: &SoftTable, x: f32) -> f32 {
        x * table.inverse[0]
    }

    fn quotient(a: f32, b: f32) -> f32 {
        f_div(a, b)
    }

    fn part_slope(part: f32, slope: f32, whole: f32, whole_slope: f32) -> f32 {
        f_soft_part_slope(part, slope, whole, whole_slope)
    }

    #[inline]
    fn share(low: (f32, f32), high: (f32, f32)) -> f32 {
        f_soft_share(low.0, low.1, high.0, high.1)
    }

    fn part(a: f32, b: f32) -> f32 {
        f_soft_part(a, b)
    }

    #[inline]
    fn add_share(self, data: &mut FillData, cell: usize, p: f32) {
        data.add_share_f32(cell, self, p);
    }
}

/// The kernel's tail beyond |z|.
pub(super) fn tail(kernel: SoftKernel, z: f64) -> f64 {
    let size = libm::fabs(z);
    let u = (1.0 - size).max(0.0);
    match kernel {
        SoftKernel::Gauss | SoftKernel::Softmax => double::normal_tail(size),
        SoftKernel::Logistic => 1.0 / (1.0 + libm::exp(size)),
        SoftKernel::Uniform => 0.5 * u,
        SoftKernel::Triangular => 0.5 * u * u,
        SoftKernel::Epanechnikov => 0.25 * u * u * (3.0 - u),
    }
}

/// The kernel's density.
fn density(kernel: SoftKernel, z: f64) -> f64 {
    let size = libm::fabs(z);
    let u = (1.0 - size).max(0.0);
    match kernel {
        SoftKernel::Gauss | SoftKernel::Softmax => {
            let peak = 0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
            peak * libm::exp(-0.5 * size * size)
        }
        SoftKernel::Logistic => {
            let e = libm::exp(-size);
            e / ((1.0 + e) * (1.0 + e))
        }
        SoftKernel::Uniform if u > 0.0 => 0.5,
        SoftKernel::Uniform => 0.0,
        SoftKernel::Triangular => u,
        SoftKernel::Epanechnikov => 0.75 * u * (2.0 - u),
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

    fn scaled(table: &SoftTable, point: usize, x: f64) -> f64 {
        (table.points[point] - x) / table.soft.bandwidth
    }

    fn between(table: &SoftTable, a: usize, b: usize) -> f64 {
        (table.points[a] - table.points[b]) / table.soft.bandwidth
    }

    fn tails(kernel: SoftKernel, z: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(z).for_each(|(q, z)| *q = tail(kernel, *z));
    }

    fn densities(kernel: SoftKernel, z: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(z).for_each(|(d, z)| *d = density(kernel, *z));
    }

    fn moment(z: f64, density: f64) -> f64 {
        if density > 0.0 { z * density } else { 0.0 }
    }

    fn by_bandwidth(table: &SoftTable, x: f64) -> f64 {
        x / table.soft.bandwidth
    }

    fn quotient(a: f64, b: f64) -> f64 {
        a / b
    }

    fn part_slope(part: f64, slope: f64, whole: f64, whole_slope: f64) -> f64 {
        (slope - part * whole_slope) / whole
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

    fn add_share(self, data: &mut FillData, cell: usize, p: f64) {
        data.add_share_f64(cell, self, p);
    }
}
