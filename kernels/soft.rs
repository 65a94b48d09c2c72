//! The soft fill: which share of an entry each bin gets.
//!
//! With z = (edge - x) / bandwidth a bin's share is the difference of the
//! kernel's distribution at its two edges. All kernels are symmetric, so an edge
//! is described by z and the tail beyond |z|: on one side of x the share is a
//! difference of tails, which keeps its digits however small it is; around x it
//! is what the two tails leave.
//!
//! In the windowed mode the tail beyond the window is zero: the bins at its ends
//! get what lies outside, so that shares still add up to 1, and no share is wrong
//! by more than [`SoftTable::truncation`]. Compact kernels lose nothing.
//! `shaders/soft.wgsl` is the device's version; it reads [`SoftTable::words`].

use super::double;
use super::exponential::k_exp;
use super::function::{Single, slice_map};
use super::normal::f_normal_tail;
use super::real::{f_div, f_load, f_magnitude, select};
use super::rounding::k_abs;
use super::wgsl::shared;
use crate::hist::{Axis, FillData, Soft, SoftFlow, SoftKernel};
use std::fmt::Debug;
use std::ops::{Add, Mul, Neg, Sub};

/// The device's version; it expects `tables` and `out` to be declared.
pub const SHADER: &str = include_str!("../shaders/soft.wgsl");

shared! {
    /// (point + rest - x) / bandwidth, the reciprocal of which comes in two parts.
    fn f_soft_scaled(point: f32, rest: f32, x: f32, inverse: f32, inverse_rest: f32) -> f32 {
        let d = (point - x) + rest;
        let z = d * inverse;
        let better = z + d * inverse_rest;
        return select(z, better, f_magnitude(z) < 0x7f800000u32);
    }

    /// The tail of the normal distribution beyond |z|.
    fn f_soft_gauss(z: f32) -> f32 {
        return f_normal_tail(k_abs(z));
    }

    /// The tail of the logistic distribution beyond |z|.
    fn f_soft_logistic(z: f32) -> f32 {
        let e = k_exp(-k_abs(z));
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

    /// a / b for shares, at most 1.
    fn f_soft_part(a: f32, b: f32) -> f32 {
        let p = f_div(a, b);
        return select(p, 1.0, p > 1.0);
    }
}

const GAUSS: Single = Single::One(slice_map!(f_soft_gauss, one));
const LOGISTIC: Single = Single::One(slice_map!(f_soft_logistic, one));
const UNIFORM: Single = Single::One(slice_map!(f_soft_uniform, one));
const TRIANGULAR: Single = Single::One(slice_map!(f_soft_triangular, one));
const EPANECHNIKOV: Single = Single::One(slice_map!(f_soft_epanechnikov, one));

/// Everything that a soft fill needs to know beforehand.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftTable {
    soft: Soft,
    /// The edges, or for softmax the centres of the bins.
    points: Vec<f64>,
    /// The same in single precision, and what is missing.
    singles: Vec<[f32; 2]>,
    /// The reciprocal of the bandwidth in single precision, and what is missing.
    inverse: [f32; 2],
    /// The largest |z| that counts; for softmax how far an exponent may be below
    /// that of the nearest centre.
    window: f64,
}

/// Buffers for [`SoftTable::shares`].
#[derive(Debug, Default)]
pub struct SoftScratch<P> {
    z: Vec<P>,
    tails: Vec<P>,
}

impl SoftTable {
    /// The table of a soft fill of an axis of reals.
    pub fn new(axis: &Axis, soft: &Soft) -> Self {
        let edges = axis.edges();
        let points = match soft.kernel {
            SoftKernel::Softmax => edges.windows(2).map(|e| 0.5 * (e[0] + e[1])).collect(),
            _ => edges,
        };
        let singles = points.iter().map(|p| in_two(*p)).collect();
        // Scaled up, shares far outside are as large as any: no window fits.
        let whole = soft.all_bins || soft.flow == SoftFlow::Renorm;
        let window = if whole { f64::INFINITY } else { window(soft.kernel) };
        SoftTable { soft: *soft, points, singles, inverse: in_two(1.0 / soft.bandwidth), window }
    }

    /// How wrong a share can be in the windowed mode: the tail beyond the window
    /// (for softmax, relative to the largest share, what each bin that is left
    /// out would get).
    pub fn truncation(kernel: SoftKernel) -> f64 {
        match kernel {
            SoftKernel::Gauss => tail(kernel, window(kernel)),
            SoftKernel::Logistic | SoftKernel::Softmax => libm::exp(-window(kernel)),
            SoftKernel::Uniform | SoftKernel::Triangular | SoftKernel::Epanechnikov => 0.0,
        }
    }

    /// Gives `add` the cells that get a share of an entry at `x`, which is no
    /// NaN and lies in `cell` of the axis, in ascending order with their shares,
    /// which are above 0 and at most 1.
    pub fn shares<P: SoftReal>(
        &self,
        x: P,
        cell: usize,
        scratch: &mut SoftScratch<P>,
        add: impl FnMut(usize, P),
    ) {
        match self.soft.kernel {
            SoftKernel::Softmax => self.shares_of_centres(x, cell, scratch, add),
            _ => self.shares_between_edges(x, cell, scratch, add),
        }
    }

    fn shares_between_edges<P: SoftReal>(
        &self,
        x: P,
        cell: usize,
        scratch: &mut SoftScratch<P>,
        mut add: impl FnMut(usize, P),
    ) {
        let bins = self.points.len() - 1;
        let flow = self.soft.flow;
        // Folded, the outer edges are at infinity; cell k is between edges k - 1 and k.
        let (low, high) = if flow == SoftFlow::Fold { (1, bins) } else { (0, bins + 1) };
        let window = P::of(self.window);
        let z = |edge: usize| P::scaled(self, edge, x);
        let mut first = cell.clamp(low, high);
        let mut end = first;
        while first > low && !(z(first - 1) < -window) {
            first -= 1;
        }
        while end < high && !(z(end) > window) {
            end += 1;
        }
        scratch.z.clear();
        scratch.z.extend((first..end).map(z));
        scratch.tails.clear();
        scratch.tails.resize(end - first, P::NONE);
        P::tails(self.soft.kernel, &scratch.z, &mut scratch.tails);
        let edges = || scratch.z.iter().copied().zip(scratch.tails.iter().copied());
        let inside = match (flow, edges().next(), edges().next_back()) {
            (SoftFlow::Renorm, Some(a), Some(b)) => Some(P::share(a, b)),
            _ => None,
        };
        let lost = |cell: usize| flow != SoftFlow::Bins && (cell == 0 || cell == bins + 1);
        let mut before = (-P::WHOLE, P::NONE);
        for (cell, edge) in (first..).zip(edges().chain([(P::WHOLE, P::NONE)])) {
            let p = P::share(before, edge);
            before = edge;
            if p > P::NONE && !lost(cell) {
                add(cell, inside.map_or(p, |inside| P::part(p, inside)));
            }
        }
    }

    fn shares_of_centres<P: SoftReal>(
        &self,
        x: P,
        cell: usize,
        scratch: &mut SoftScratch<P>,
        mut add: impl FnMut(usize, P),
    ) {
        let last = self.points.len() - 1;
        let u = |bin: usize| P::scaled(self, bin, x);
        let mut near = cell.saturating_sub(1).min(last);
        while near > 0 && u(near - 1).abs() < u(near).abs() {
            near -= 1;
        }
        while near < last && u(near + 1).abs() < u(near).abs() {
            near += 1;
        }
        // The exponent less that of the nearest centre.
        let exponent = |bin: usize| -(P::between(self, bin, near) * (P::HALF * (u(bin) + u(near))));
        let limit = -P::of(self.window);
        let (mut first, mut end) = (near, near + 1);
        while first > 0 && exponent(first - 1) >= limit {
            first -= 1;
        }
        while end <= last && exponent(end) >= limit {
            end += 1;
        }
        let part = |bin: usize| if bin == near { P::WHOLE } else { exponent(bin).exp() };
        scratch.z.clear();
        scratch.z.extend((first..end).map(part));
        let total = scratch.z.iter().fold(P::NONE, |sum, e| sum + *e);
        for (bin, e) in (first..end).zip(&scratch.z) {
            let p = P::part(*e, total);
            if p > P::NONE {
                add(bin + 1, p);
            }
        }
    }

    /// As the device reads it: kernel and flow by their positions, the number of
    /// bins, the window, the reciprocal of the bandwidth in two parts, then the
    /// two parts of each edge or centre.
    pub fn words(&self) -> Vec<u32> {
        let kernel = SoftKernel::ALL.iter().position(|k| *k == self.soft.kernel);
        let flow = SoftFlow::ALL.iter().position(|f| *f == self.soft.flow);
        let bins = match self.soft.kernel {
            SoftKernel::Softmax => self.points.len(),
            _ => self.points.len() - 1,
        };
        let mut words = vec![kernel.unwrap_or(0) as u32, flow.unwrap_or(0) as u32, bins as u32];
        words.push((self.window as f32).to_bits());
        words.extend(self.inverse.iter().chain(self.singles.as_flattened()).map(|x| x.to_bits()));
        words
    }
}

/// How far each kernel reaches, see [`SoftTable::truncation`].
fn window(kernel: SoftKernel) -> f64 {
    match kernel {
        SoftKernel::Gauss => 6.0,
        SoftKernel::Logistic | SoftKernel::Softmax => 18.0,
        SoftKernel::Uniform | SoftKernel::Triangular | SoftKernel::Epanechnikov => 1.0,
    }
}

/// A number in single precision, and what is missing, without denormals.
fn in_two(x: f64) -> [f32; 2] {
    let near = x as f32;
    let rest = if near.is_finite() { (x - f64::from(near)) as f32 } else { 0.0 };
    [near, rest].map(|part| f_load(part.to_bits()))
}

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
fn tail(kernel: SoftKernel, z: f64) -> f64 {
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
