//! What a soft fill needs to know before any entry: of each axis the edges in both
//! precisions, the bandwidth and which cells are in reach, and which terms each row adds.

use super::real::f_load;
use super::soft_double::tail;
use super::soft_shares::f_soft_window;
use crate::bins::{Axis, Soft, SoftFlow, SoftKernel, SoftSum, SoftTerm};

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
