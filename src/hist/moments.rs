//! Sums of a soft fill as moments, and the bins that they make: see
//! [`crate::kernels::moments`].

use super::sums::Sums;
use crate::bins::{Soft, SoftFlow, SoftTerm};
use crate::kernels::fill::{SUMW2_CELLS, SUMW2_FIRST};
use crate::kernels::moments::{Edge, Grid, MomentSum, ORDERS, Series};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Which moments a soft fill of one axis sums, and what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// The cells.
    pub grid: Grid,
    /// What is summed for each of them: first weights, then their squares.
    pub sums: Vec<MomentSum>,
    soft: Soft,
    edges: Vec<f64>,
    rows: Vec<MomentRow>,
}

/// A row of derivatives, as a soft fill of a plan has it.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentRow {
    /// Whether it is one of variances: each part times the weight's share.
    pub squared: bool,
    /// For each part the number, as in [`MomentSum`], and the term.
    pub parts: Vec<(usize, SoftTerm)>,
}

impl Moments {
    /// Those of a fill with these rows, if its kernel has a grid.
    pub fn new(edges: Vec<f64>, soft: Soft, rows: Vec<MomentRow>) -> Option<Moments> {
        let grid = Grid::new(&edges, &soft)?;
        let mut sums = [false, true].map(|squared| MomentSum { number: 0, squared }).to_vec();
        for MomentRow { squared, parts } in &rows {
            for (number, _) in parts {
                let sum = MomentSum { number: *number, squared: *squared };
                if !sums.contains(&sum) {
                    sums.push(sum);
                }
            }
        }
        Some(Moments { grid, sums, soft, edges, rows })
    }

    /// Numbers of one sum: of each cell all orders.
    pub fn numbers(&self) -> usize {
        self.grid.cells * ORDERS
    }

    /// The edges around the cells of the histogram, flow bins included, as they are
    /// seen from a centre, and which of these cells get something there.
    fn around(&self, centre: f64) -> (Range<usize>, Vec<Edge>) {
        let bins = self.edges.len() - 1;
        let edges = self.edges.iter().enumerate().map(|(k, edge)| match self.soft.flow {
            SoftFlow::Fold if k == 0 => Edge::far(-1.0),
            SoftFlow::Fold if k == bins => Edge::far(1.0),
            _ => Edge::new(&self.soft, self.grid.step, edge - centre),
        });
        let all: Vec<Edge> =
            [Edge::far(-1.0)].into_iter().chain(edges).chain([Edge::far(1.0)]).collect();
        let with_flow = self.soft.flow == SoftFlow::Bins;
        let kept = if with_flow { 0..bins + 2 } else { 1..bins + 1 };
        let between = |cell: &usize| all[*cell].differs(&all[cell + 1]);
        let first = kept.clone().find(between).unwrap_or(kept.end);
        let end = kept.clone().rfind(between).map_or(first, |cell| cell + 1);
        (first..end, all)
    }

    /// The histogram of these moments.
    fn bins(&self, sums: &[Sums]) -> Bins {
        let cells = self.edges.len() + 1;
        let mut bins = Bins {
            contents: [vec![0.0; cells], vec![0.0; cells], vec![0.0; cells]],
            rows: vec![vec![0.0; cells]; self.rows.len()],
        };
        let mut moments = vec![[0.0; ORDERS]; sums.len()];
        for cell in 0..self.grid.cells {
            let mut any = false;
            for (moments, sums) in moments.iter_mut().zip(sums) {
                *moments = std::array::from_fn(|k| sums.value(cell * ORDERS + k));
                any |= *moments != [0.0; ORDERS];
            }
            if any {
                let (range, edges) = self.around(self.grid.centre(cell));
                for bin in range {
                    self.add(&mut bins, bin, &moments, [&edges[bin], &edges[bin + 1]]);
                }
            }
        }
        bins
    }

    /// Adds to a bin between two edges what a cell with these moments gives it.
    fn add(&self, bins: &mut Bins, bin: usize, moments: &[Series], [low, high]: [&Edge; 2]) {
        let of = |number: usize, squared: bool| {
            let wanted = MomentSum { number, squared };
            let at = self.sums.iter().position(|sum| *sum == wanted);
            at.map_or([0.0; ORDERS], |at| moments[at])
        };
        let share = Edge::term(low, high, SoftTerm::Share, self.soft.bandwidth);
        let [values, squares, upper] = &mut bins.contents;
        values[bin] += sum_of_products(&moments[0], &share);
        squares[bin] += sum_of_products(&moments[1], &product(&share, &share));
        upper[bin] += sum_of_products(&moments[1], &share);
        for (row, out) in self.rows.iter().zip(&mut bins.rows) {
            for (number, term) in &row.parts {
                let term = Edge::term(low, high, *term, self.soft.bandwidth);
                let series = if row.squared { product(&share, &term) } else { term };
                out[bin] += sum_of_products(&of(*number, row.squared), &series);
            }
        }
    }
}

fn sum_of_products(a: &Series, b: &Series) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The product of two series as far as they go.
fn product(a: &Series, b: &Series) -> Series {
    std::array::from_fn(|n| (0..=n).map(|k| a[k] * b[n - k]).sum())
}

/// What moments make.
#[derive(Debug, Clone, PartialEq)]
struct Bins {
    /// Contents, the sums of w^2 p^2, and those of w^2 p.
    contents: [Vec<f64>; 3],
    rows: Vec<Vec<f64>>,
}

/// The exact sums of moments.
#[derive(Debug, Clone)]
pub struct MomentSums {
    moments: Arc<Moments>,
    /// For each sum all numbers.
    sums: Vec<Sums>,
    /// The histogram, once it was asked for.
    bins: OnceLock<Bins>,
}

impl PartialEq for MomentSums {
    fn eq(&self, other: &Self) -> bool {
        self.moments == other.moments && self.sums == other.sums
    }
}

impl MomentSums {
    /// No entries.
    pub fn new(moments: Arc<Moments>) -> Self {
        let sums = vec![Sums::new(moments.numbers()); moments.sums.len()];
        MomentSums { moments, sums, bins: OnceLock::new() }
    }

    /// What is summed.
    pub fn moments(&self) -> Arc<Moments> {
        Arc::clone(&self.moments)
    }

    /// Adds a number, exactly, to one of the moments.
    pub fn add(&mut self, sum: usize, number: usize, x: f64) {
        self.bins = OnceLock::new();
        self.sums[sum].add_product(number, x, 1.0);
    }

    /// Adds what a device summed, in the cells of sums of squares.
    pub fn add_cells(&mut self, sum: usize, number: usize, cells: &[i64; SUMW2_CELLS]) {
        self.bins = OnceLock::new();
        self.sums[sum].add_cells(number, SUMW2_FIRST, cells);
    }

    /// Adds all sums of another part of the same fill.
    pub fn merge(&mut self, other: &MomentSums) {
        self.bins = OnceLock::new();
        self.sums.iter_mut().zip(&other.sums).for_each(|(sums, more)| sums.merge(more));
    }

    /// All sums.
    pub(super) fn all(&self) -> impl Iterator<Item = &Sums> {
        self.sums.iter()
    }

    /// The same sums, to be replaced.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Sums> {
        self.bins = OnceLock::new();
        self.sums.iter_mut()
    }

    fn bins(&self) -> &Bins {
        self.bins.get_or_init(|| self.moments.bins(&self.sums))
    }

    /// Of each cell the sum of weights; the sum of w^2 p^2; the sum of w^2 p.
    pub fn contents(&self) -> &[Vec<f64>; 3] {
        &self.bins().contents
    }

    /// Of each cell a row of derivatives.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.bins().rows[row]
    }
}
