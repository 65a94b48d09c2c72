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

use super::exponential::k_exp;
use super::normal::{f_normal_kernel, f_normal_tail};
use super::real::{f_div, f_load, f_magnitude, select};
use super::rounding::k_abs;
pub use super::soft_real::SoftReal;
use super::soft_real::tail;
use super::wgsl::shared;
use crate::hist::{Axis, Soft, SoftFlow, SoftKernel, SoftTerm};

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

    /// The density of the normal distribution.
    fn f_soft_gauss_density(z: f32) -> f32 {
        return 0.3989423 * f_normal_kernel(k_abs(z));
    }

    /// The density of the logistic distribution.
    fn f_soft_logistic_density(z: f32) -> f32 {
        let e = k_exp(-k_abs(z));
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

    /// z times the density there, also where z is infinite.
    fn f_soft_moment(z: f32, density: f32) -> f32 {
        return select(0.0, z * density, density > 0.0);
    }

    /// The derivative of a share p of which only the part of a whole counts: of
    /// p / whole, where both change.
    fn f_soft_part_slope(part: f32, slope: f32, whole: f32, whole_slope: f32) -> f32 {
        return f_div(slope - part * whole_slope, whole);
    }

    /// a / b for shares, at most 1.
    fn f_soft_part(a: f32, b: f32) -> f32 {
        let p = f_div(a, b);
        return select(p, 1.0, p > 1.0);
    }
}

/// Everything that a soft fill needs to know beforehand.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftTable {
    pub(super) soft: Soft,
    /// The edges, or for softmax the centres of the bins.
    pub(super) points: Vec<f64>,
    /// The same in single precision, and what is missing.
    pub(super) singles: Vec<[f32; 2]>,
    /// The reciprocal of the bandwidth in single precision, and what is missing.
    pub(super) inverse: [f32; 2],
    /// The largest |z| that counts; for softmax how far an exponent may be below
    /// that of the nearest centre.
    window: f64,
}

/// Buffers for [`SoftTable::shares`].
#[derive(Debug, Default)]
pub struct SoftScratch<P> {
    z: Vec<P>,
    tails: Vec<P>,
    densities: Vec<P>,
}

/// An edge as seen from an entry.
#[derive(Debug, Clone, Copy)]
struct Edge<P> {
    /// (edge - x) / bandwidth.
    z: P,
    /// The tail beyond |z|.
    tail: P,
    /// The density at z, times z for the derivative by the bandwidth.
    density: P,
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

    /// Gives `add` the cells that an entry at `x`, which is no NaN and lies in
    /// `cell` of the axis, adds something to, in ascending order: shares are above
    /// 0 and at most 1, derivatives of shares are not 0.
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

    /// The edges within the window, described in `scratch`: the first one is
    /// above the first cell that gets something.
    fn edges<P: SoftReal>(&self, x: P, cell: usize, scratch: &mut SoftScratch<P>) -> usize {
        let bins = self.points.len() - 1;
        // Folded, the outer edges are at infinity; cell k is between edges k - 1 and k.
        let folded = self.soft.flow == SoftFlow::Fold;
        let (low, high) = if folded { (1, bins) } else { (0, bins + 1) };
        let window = P::of(self.window);
        let z = |edge: usize| P::scaled(self, edge, x);
        let mut first = cell.clamp(low, high);
        let mut end = first;
        while first > low && z(first - 1) >= -window {
            first -= 1;
        }
        while end < high && z(end) <= window {
            end += 1;
        }
        scratch.z.clear();
        scratch.z.extend((first..end).map(z));
        scratch.tails.clear();
        scratch.tails.resize(end - first, P::NONE);
        P::tails(self.soft.kernel, &scratch.z, &mut scratch.tails);
        scratch.densities.clear();
        scratch.densities.resize(end - first, P::NONE);
        if self.soft.term != SoftTerm::Share {
            P::densities(self.soft.kernel, &scratch.z, &mut scratch.densities);
        }
        if self.soft.term == SoftTerm::ByBandwidth {
            let both = scratch.densities.iter_mut().zip(&scratch.z);
            both.for_each(|(density, z)| *density = P::moment(*z, *density));
        }
        first
    }

    fn shares_between_edges<P: SoftReal>(
        &self,
        x: P,
        cell: usize,
        scratch: &mut SoftScratch<P>,
        mut add: impl FnMut(usize, P),
    ) {
        let (bins, flow) = (self.points.len() - 1, self.soft.flow);
        let first = self.edges(x, cell, scratch);
        let described = scratch.z.iter().zip(&scratch.tails).zip(&scratch.densities);
        let edges =
            described.map(|((z, tail), density)| Edge { z: *z, tail: *tail, density: *density });
        let share = |a: Edge<P>, b: Edge<P>| P::share((a.z, a.tail), (b.z, b.tail));
        let slope = |a: Edge<P>, b: Edge<P>| P::by_bandwidth(self, a.density - b.density);
        let inside = match (flow, edges.clone().next(), edges.clone().next_back()) {
            (SoftFlow::Renorm, Some(a), Some(b)) => Some((share(a, b), slope(a, b))),
            _ => None,
        };
        let far = |z: P| Edge { z, tail: P::NONE, density: P::NONE };
        let mut low = far(-P::WHOLE);
        for (cell, high) in (first..).zip(edges.chain([far(P::WHOLE)])) {
            let p = share(low, high);
            let change = slope(low, high);
            low = high;
            if flow != SoftFlow::Bins && (cell == 0 || cell == bins + 1) {
                continue;
            }
            match (self.soft.term, inside) {
                (SoftTerm::Share, None) if p > P::NONE => add(cell, p),
                (SoftTerm::Share, Some((whole, _))) if p > P::NONE && whole > P::NONE => {
                    add(cell, P::part(p, whole));
                }
                (SoftTerm::Share, _) => {}
                (_, None) if change != P::NONE => add(cell, change),
                (_, Some((whole, by))) if whole > P::NONE => {
                    let change = P::part_slope(P::part(p, whole), change, whole, by);
                    if change != P::NONE {
                        add(cell, change);
                    }
                }
                _ => {}
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
        let parts = || (first..end).zip(&scratch.z).filter(|(_, e)| **e > P::NONE);
        if self.soft.term == SoftTerm::Share {
            for (bin, e) in parts() {
                let p = P::part(*e, total);
                if p > P::NONE {
                    add(bin + 1, p);
                }
            }
            return;
        }
        // How the exponent changes; that of the nearest centre does not.
        let change = |bin: usize| match (bin == near, self.soft.term) {
            (true, _) => P::NONE,
            (_, SoftTerm::ByValue) => P::by_bandwidth(self, P::between(self, bin, near)),
            _ => P::by_bandwidth(self, -(exponent(bin) + exponent(bin))),
        };
        let sum = parts().fold(P::NONE, |sum, (bin, e)| sum + *e * change(bin));
        let mean = P::quotient(sum, total);
        for (bin, e) in parts() {
            let slope = P::part(*e, total) * (change(bin) - mean);
            if slope != P::NONE {
                add(bin + 1, slope);
            }
        }
    }

    /// As the device reads it: kernel and flow by their positions, the number of
    /// bins, the window, the reciprocal of the bandwidth in two parts, what is
    /// summed by its position, then the two parts of each edge or centre.
    pub fn words(&self) -> Vec<u32> {
        let kernel = SoftKernel::ALL.iter().position(|k| *k == self.soft.kernel);
        let flow = SoftFlow::ALL.iter().position(|f| *f == self.soft.flow);
        let bins = match self.soft.kernel {
            SoftKernel::Softmax => self.points.len(),
            _ => self.points.len() - 1,
        };
        let mut words = vec![kernel.unwrap_or(0) as u32, flow.unwrap_or(0) as u32, bins as u32];
        words.push((self.window as f32).to_bits());
        words.extend(self.inverse.map(f32::to_bits));
        words.push(SoftTerm::ALL.iter().position(|t| *t == self.soft.term).unwrap_or(0) as u32);
        words.extend(self.singles.as_flattened().iter().map(|x| x.to_bits()));
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
