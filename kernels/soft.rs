//! The soft fill: which share of an entry each bin gets.
//!
//! With z = (edge - x) / bandwidth a bin's share is the difference of the
//! kernel's distribution at its two edges. All kernels are symmetric, so an edge
//! is described by z and the tail beyond |z|: on one side of x the share is a
//! difference of tails, which keeps its digits however small it is; around x it
//! is what the two tails leave. Derivatives of shares are differences of what
//! the density and its slope are at the edges.
//!
//! In the windowed mode the tail beyond the window is zero: the bins at its ends
//! get what lies outside, so that shares still add up to 1, and no share is wrong
//! by more than [`SoftTable::truncation`]. Compact kernels lose nothing.
//! With `flow: renorm` an entry beyond that window of the whole axis is looked at
//! from its nearest edge, see `soft_beyond.rs`. `shaders/soft.wgsl` is the device's
//! version; what it reads is in `soft_words.rs`.

use super::normal::{f_normal_beyond, f_normal_kernel};
use super::real::{f_div, f_load, f_magnitude, select};
use super::rounding::{k_abs, k_copysign};
pub use super::soft_real::SoftReal;
use super::soft_real::tail;
pub use super::soft_terms::{Lanes, Terms, Together};
use super::soft_words::{KERNEL_GAUSS, KERNEL_LOGISTIC, KERNEL_SOFTMAX};
pub use super::soft_words::{fill_words, soft_declarations};
use super::wgsl::shared;
use crate::bins::{Axis, Soft, SoftFlow, SoftKernel, SoftSum, SoftTerm};

/// The device's version; it expects `tables` and `out` to be declared.
pub const SHADER: &str = include_str!("../shaders/soft.wgsl");

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

/// Cells are computed eight at a time.
pub const LANES: usize = 8;

/// The rows of a soft fill in the form in which entries are added.
#[derive(Debug, Clone)]
pub struct Rows {
    /// One a row.
    pub rows: Vec<Row>,
    /// How often shares are differentiated at most.
    pub order: usize,
}

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is a derivative of.
    pub of: SoftSum,
    /// For each part the terms of the outer and of the inner axis, by their
    /// positions; with one axis that is the inner one.
    pub parts: Vec<[usize; 2]>,
}

impl Rows {
    /// Rows of a soft fill of so many axes: of each what it is a derivative of, and
    /// the terms of its parts.
    pub fn new(axes: usize, rows: impl IntoIterator<Item = (SoftSum, Vec<[SoftTerm; 2]>)>) -> Rows {
        let mut order = 0;
        let mut terms = |[a, b]: [SoftTerm; 2]| {
            order = order.max(a.order()).max(b.order());
            if axes == 1 { [SoftTerm::Share.index(), a.index()] } else { [a.index(), b.index()] }
        };
        let mut row = |of, parts: Vec<[SoftTerm; 2]>| Row {
            of,
            parts: parts.into_iter().map(&mut terms).collect(),
        };
        let rows = rows.into_iter().map(|(of, parts)| row(of, parts)).collect();
        Rows { rows, order }
    }
}

/// Everything that a soft fill needs to know of one axis beforehand.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftTable {
    pub(super) soft: Soft,
    /// Number of bins, flow bins aside.
    pub(super) bins: usize,
    /// The edges, or for softmax the centres of the bins.
    points: Vec<f64>,
    /// The low edge of each cell, then infinities: that of the underflow bin is
    /// at minus infinity. Folded, the outer edges are at infinity too.
    pub(super) lows: Vec<f64>,
    /// The same in single precision, and what is missing.
    pub(super) lows_single: [Vec<f32>; 2],
    /// The points in single precision, and what is missing.
    pub(super) singles: Vec<[f32; 2]>,
    /// The reciprocal of the bandwidth in single precision, and what is missing.
    pub(super) inverse: [f32; 2],
    /// For the cell of an entry the first and the last one that may get something.
    /// The low edge of the first one, if there is any, is out of reach, and so is the
    /// high edge of the last one.
    pub(super) reach: Vec<[u32; 2]>,
    /// The largest |z| that counts; for softmax how far an exponent may be below
    /// that of the nearest centre.
    pub(super) window: f64,
}

impl SoftTable {
    /// The table of a soft fill of an axis of reals.
    pub fn new(axis: &Axis, soft: &Soft) -> Self {
        let edges = axis.edges();
        let bins = edges.len() - 1;
        // Scaled up, shares far outside are as large as any: no window fits.
        let whole = soft.all_bins || soft.flow == SoftFlow::Renorm;
        let window = if whole { f64::INFINITY } else { window(soft.kernel) };
        let reach = reach(&edges, window * soft.bandwidth, soft.flow);
        let mut lows = vec![f64::NEG_INFINITY];
        lows.extend(&edges);
        if soft.flow == SoftFlow::Fold {
            (lows[1], lows[bins + 1]) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        lows.resize(lows.len() + 2 * LANES, f64::INFINITY);
        let points: Vec<f64> = match soft.kernel {
            SoftKernel::Softmax => edges.windows(2).map(|e| 0.5 * (e[0] + e[1])).collect(),
            _ => edges,
        };
        let part = |k: usize| lows.iter().map(|low| in_two(*low)[k]).collect();
        SoftTable {
            soft: *soft,
            bins,
            lows_single: [part(0), part(1)],
            singles: points.iter().map(|p| in_two(*p)).collect(),
            points,
            lows,
            inverse: in_two(1.0 / soft.bandwidth),
            reach,
            window,
        }
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

    /// A point, see `points`.
    pub(super) fn point(&self, k: usize) -> f64 {
        self.points[k]
    }

    /// For entries in each cell the first and the last cell that may get something.
    pub fn reach(&self) -> &[[u32; 2]] {
        &self.reach
    }

    /// Whether an entry's part beyond the axis is lost.
    pub(super) fn loses_flow(&self) -> bool {
        self.soft.flow != SoftFlow::Bins
    }
}

/// For an entry in each cell the first and the last cell that can get a share,
/// or some more; `far` is the window in the unit of the axis.
fn reach(edges: &[f64], far: f64, flow: SoftFlow) -> Vec<[u32; 2]> {
    let bins = edges.len() - 1;
    // Roundings of single precision are far below this.
    let far = far * (1.0 + 1e-5);
    let (least, most) = if flow == SoftFlow::Fold { (1, bins) } else { (0, bins + 1) };
    let of = |cell: usize| {
        let low = if cell == 0 { f64::NEG_INFINITY } else { edges[cell - 1] };
        let high = if cell > bins { f64::INFINITY } else { edges[cell] };
        // The edges within the window of some value of the cell.
        let first = edges.partition_point(|e| *e < low - far);
        let end = edges.partition_point(|e| *e <= high + far);
        [first.min(cell).clamp(least, most) as u32, end.max(cell).clamp(least, most) as u32]
    };
    (0..=bins + 1).map(of).collect()
}

/// How far each kernel reaches, see [`SoftTable::truncation`].
pub(super) fn window(kernel: SoftKernel) -> f64 {
    f64::from(f_soft_window(kernel as u32))
}

/// A number in single precision, and what is missing, without denormals.
fn in_two(x: f64) -> [f32; 2] {
    let near = x as f32;
    let rest = if near.is_finite() { (x - f64::from(near)) as f32 } else { 0.0 };
    [near, rest].map(|part| f_load(part.to_bits()))
}
