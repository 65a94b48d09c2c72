//! What the cells of a soft histogram give one number: for an entry the sum over
//! the cells of a number times the cell's share, and its derivatives, which have
//! those of the share instead. Gradients for a given cotangent start with them, see
//! [`crate::gradient`].
//!
//! Cells are added in their order, from zero; with two axes the sum over the
//! second one is multiplied by the share on the first. NaN gives 0. Which cells
//! there are and what they get is `kernels/soft.rs`; `shaders/share_sum.wgsl` is the
//! device's version, which reads the table.

use super::axis::{AxisTable, RealTable};
use super::kernel::{Case, Columns, Cost, Derivative, Input, Kernel, Output, Type, Wgsl};
use super::layout::{self, layout};
use super::soft::{LANES, Lanes, SoftReal, SoftTable};
use crate::bins::{Axis, Soft, SoftTerm};
use std::sync::{Arc, Mutex, PoisonError};

/// The device's version; it expects what `shaders/soft.wgsl` does.
const SHADER: &str = include_str!("../shaders/share_sum.wgsl");

layout! {
    record FLAT_NUMBERS {
        /// Of a share_sum, in `tables`: where its axis begins, of two the first one.
        SHARES_AXIS,
        /// Where the table of that axis's kernel begins.
        SHARES_TABLE,
        /// How many cells the last axis has.
        FLAT_CELLS,
    }
    record PLANE_NUMBERS {
        /// The same of a share_sum with two axes.
        PLANE_FIRST_AXIS,
        /// The same.
        PLANE_FIRST_TABLE,
        /// The second axis.
        PLANE_AXIS,
        /// The table of its kernel.
        PLANE_TABLE,
        /// How many cells it has.
        PLANE_CELLS,
    }
}

/// A number a cell, for the axes of a soft histogram. Its results are the sum over cells
/// of a number times the share, then for each axis its derivatives by the value and by
/// the bandwidth.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareSum {
    /// One or two axes of reals, and how entries are spread over each.
    axes: Vec<(Axis, Soft)>,
    /// One a cell, under- and overflow included, the first axis slowest.
    numbers: Vec<f64>,
}

/// What each result takes of the share on each axis; with one axis the first three.
const TERMS: [[SoftTerm; 2]; 5] = {
    use SoftTerm::{ByBandwidth, ByValue, Share};
    [[Share, Share], [ByValue, Share], [ByBandwidth, Share], [Share, ByValue], [Share, ByBandwidth]]
};

impl ShareSum {
    /// With one or two axes of reals.
    ///
    /// # Panics
    /// If there is not one number a cell.
    pub fn new(axes: Vec<(Axis, Soft)>, numbers: Vec<f64>) -> ShareSum {
        assert!(matches!(axes.len(), 1 | 2), "one or two axes");
        let cells: usize = axes.iter().map(|(axis, _)| axis.extent()).product();
        assert_eq!(numbers.len(), cells, "one number a cell");
        ShareSum { axes, numbers }
    }
}

impl Kernel for ShareSum {
    fn name(&self) -> &str {
        "share_sum"
    }

    fn doc(&self) -> &str {
        "What the cells of a soft histogram, each with a number, give an entry."
    }

    fn inputs(&self) -> &[Type] {
        &[Type::Real; 2][..self.axes.len()]
    }

    fn results(&self) -> &[Type] {
        &[Type::Real; TERMS.len()][..1 + 2 * self.axes.len()]
    }

    fn text(&self) -> String {
        format!("share_sum of {:?} over {:?}", self.numbers, self.axes)
    }

    fn cost(&self) -> Cost {
        Cost { host: 1.0, device: 400 }
    }

    fn single(&self) -> Box<dyn Columns<f32>> {
        Box::new(ShareSumTable::<f32>::new(self))
    }

    fn double(&self) -> Box<dyn Columns<f64>> {
        Box::new(ShareSumTable::<f64>::new(self))
    }

    fn wgsl(&self) -> Wgsl {
        let constants = LAYOUT.iter().map(|(name, value)| layout::wgsl(name, *value));
        Wgsl {
            text: constants.chain([SHADER.to_owned()]).collect(),
            entry: ["share_sum_one", "share_sum_two"][self.axes.len() - 1].to_owned(),
            results: (0..self.results().len()).map(|k| format!("[{k}]")).collect(),
        }
    }

    fn table(&self, place: &mut dyn FnMut(Vec<u32>) -> u32) -> Vec<u32> {
        let mut table = |(axis, soft): &(Axis, Soft)| {
            let places = place(AxisTable::new(axis).words());
            (places, place(SoftTable::new(axis, soft).words()))
        };
        let cells = |(axis, _): &(Axis, Soft)| axis.extent() as u32;
        let mut words = match &self.axes[..] {
            [first, second] => {
                let ((axis, kernel), (other, its_kernel)) = (table(first), table(second));
                layout::record([
                    (PLANE_FIRST_AXIS, axis),
                    (PLANE_FIRST_TABLE, kernel),
                    (PLANE_AXIS, other),
                    (PLANE_TABLE, its_kernel),
                    (PLANE_CELLS, cells(second)),
                ])
            }
            axes => {
                let (axis, kernel) = axes.first().map_or((0, 0), &mut table);
                let cells = axes.first().map_or(1, cells);
                layout::record([(SHARES_AXIS, axis), (SHARES_TABLE, kernel), (FLAT_CELLS, cells)])
            }
        };
        words.extend(self.numbers.iter().map(|x| (*x as f32).to_bits()));
        words
    }

    /// It is the first derivative of a fill; second ones go another way.
    fn derivative(&self) -> Derivative {
        Derivative::None
    }

    fn with_parameters(&self, values: &[f64]) -> Option<Arc<dyn Kernel>> {
        let mut changed = self.clone();
        changed.axes.iter_mut().for_each(|(_, soft)| soft.set_parameters(values));
        Some(Arc::new(changed))
    }

    /// Values in the bins, on edges, outside of them and without end.
    fn cases(&self) -> Vec<Vec<Case>> {
        let values = |(axis, _): &(Axis, Soft)| {
            let edges: Vec<f32> = axis.edges().into_iter().map(|edge| edge as f32).collect();
            let middles = edges.windows(2).map(|pair| f32::midpoint(pair[0], pair[1]));
            let far = [0.0, 1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
            edges.iter().copied().chain(middles).chain(far).map(Case::Real).collect()
        };
        let values: Vec<Vec<Case>> = self.axes.iter().map(values).collect();
        match &values[..] {
            [first, second] => {
                first.iter().flat_map(|x| second.iter().map(|y| vec![*x, *y])).collect()
            }
            _ => values.into_iter().flatten().map(|x| vec![x]).collect(),
        }
    }
}

/// A share_sum, ready for entries.
#[derive(Debug)]
struct ShareSumTable<P> {
    axes: Vec<AxisTable>,
    soft: Vec<SoftTable>,
    /// For each cell of the first of two axes, or once, the numbers of the last
    /// one's cells, and zeros behind them.
    rows: Vec<Vec<P>>,
    /// Buffers that no thread is using.
    idle: Mutex<Vec<Buffers<P>>>,
}

/// What entries that are looked at together have, on each axis.
#[derive(Debug, Default)]
struct Buffers<P> {
    lanes: Vec<Lanes<P>>,
    cells: Vec<Vec<u32>>,
}

/// Entries that are looked at together: their cells stay in cache.
const TOGETHER: usize = 64;

/// The cell of an entry that is NaN; it is not looked at.
const SOME_CELL: u32 = 0;

/// A precision.
trait Precision: SoftReal + Send + Sync + 'static {
    /// Appends the cell of each value, [`SOME_CELL`] of NaN.
    fn cells(axis: &RealTable, values: &[Self], out: &mut Vec<u32>);
}

impl Precision for f32 {
    fn cells(axis: &RealTable, values: &[f32], out: &mut Vec<u32>) {
        let before = out.len();
        out.extend(values.iter().copied().map(axis.near()));
        axis.settle(values, &mut out[before..], SOME_CELL);
    }
}

impl Precision for f64 {
    fn cells(axis: &RealTable, values: &[f64], out: &mut Vec<u32>) {
        out.extend(values.iter().map(|x| axis.index_f64(*x).map_or(SOME_CELL, |i| i as u32)));
    }
}

impl<P: Precision> Columns<P> for ShareSumTable<P> {
    fn evaluate(&self, inputs: &[Input<'_, P>], results: &mut [Option<Output<'_, P>>]) {
        // Buffers are only ever put back whole, so those of a poisoned list are still good.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle().pop();
        let mut buffers = known.unwrap_or_else(|| Buffers {
            lanes: inputs.iter().map(|_| Lanes::default()).collect(),
            cells: vec![Vec::new(); inputs.len()],
        });
        for (result, terms) in results.iter_mut().zip(TERMS) {
            let Some(result) = result else { continue };
            for (k, out) in result.reals().chunks_mut(TOGETHER).enumerate() {
                let some = k * TOGETHER..k * TOGETHER + out.len();
                match inputs {
                    [x, y] => {
                        let values = [&x.reals()[some.clone()], &y.reals()[some]];
                        self.add_up(terms, values, &mut buffers, out);
                    }
                    [x, ..] => {
                        let values = [&x.reals()[some]];
                        self.add_up(terms, values, &mut buffers, out);
                    }
                    [] => {}
                }
            }
        }
        idle().push(buffers);
    }
}

impl<P: Precision> ShareSumTable<P> {
    /// That of a share_sum, whose axes are of reals.
    fn new(share_sum: &ShareSum) -> ShareSumTable<P> {
        let extent = share_sum.axes.last().map_or(1, |(axis, _)| axis.extent());
        let padded = |row: &[f64]| {
            let numbers = row.iter().copied().chain([0.0; 2 * LANES]);
            numbers.map(P::of).collect()
        };
        ShareSumTable {
            axes: share_sum.axes.iter().map(|(axis, _)| AxisTable::new(axis)).collect(),
            soft: share_sum.axes.iter().map(|(axis, soft)| SoftTable::new(axis, soft)).collect(),
            rows: share_sum.numbers.chunks(extent).map(padded).collect(),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// The share_sum of some entries, given by their values on each axis.
    fn add_up<const N: usize>(
        &self,
        terms: [SoftTerm; 2],
        values: [&[P]; N],
        Buffers { lanes, cells }: &mut Buffers<P>,
        out: &mut [P],
    ) {
        let order = terms.map(SoftTerm::order).into_iter().max().unwrap_or(0);
        let axes = self.axes.iter().filter_map(AxisTable::as_real);
        let entries = axes.zip(values).zip(cells);
        for ((table, lanes), ((axis, x), cells)) in
            self.soft.iter().zip(lanes.iter_mut()).zip(entries)
        {
            cells.clear();
            P::cells(axis, x, cells);
            lanes.prepare(table, order, x, cells);
        }
        for (entry, out) in out.iter_mut().enumerate() {
            *out = match &lanes[..] {
                [outer, inner, ..] => self.sum(terms, outer, inner, entry),
                [inner] => row(&self.rows[0], inner, terms[0], entry),
                [] => P::NONE,
            };
        }
        for x in values {
            let both = out.iter_mut().zip(x);
            // Only NaN cannot be compared with itself.
            both.filter(|(_, x)| x.partial_cmp(x).is_none()).for_each(|(out, _)| *out = P::NONE);
        }
    }

    fn sum(&self, [a, b]: [SoftTerm; 2], outer: &Lanes<P>, inner: &Lanes<P>, entry: usize) -> P {
        let terms = outer.terms(entry);
        let shares = terms.values[a.index()].as_flattened().iter();
        shares
            .zip(&self.rows[terms.first..])
            .fold(P::NONE, |sum, (share, numbers)| sum + *share * row(numbers, inner, b, entry))
    }
}

/// The sum over the cells of one axis.
#[inline(always)]
fn row<P: SoftReal>(numbers: &[P], lanes: &Lanes<P>, term: SoftTerm, entry: usize) -> P {
    let terms = lanes.terms(entry);
    let shares = terms.values[term.index()].as_flattened().iter();
    shares.zip(&numbers[terms.first..]).fold(P::NONE, |sum, (share, number)| sum + *number * *share)
}
