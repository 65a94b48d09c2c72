//! What the cells of a soft histogram give one number: for an entry the sum over
//! the cells of a number times the cell's share, or a derivative of the share.
//!
//! Cells are added in their order, from zero; with two axes the sum over the
//! second one is multiplied by the share on the first. NaN gives 0. Which cells
//! there are and what they get is `kernels/soft.rs`; `shaders/share_sum.wgsl` is the
//! device's version, which reads [`words`].

use super::axis::{AxisTable, RealTable};
use super::layout::{self, layout};
use super::soft::{LANES, Lanes, SoftReal, SoftTable};
use crate::bins::{Axis, ShareSum, Soft, SoftTerm};

/// The device's version; it expects what `shaders/soft.wgsl` does.
pub const SHADER: &str = include_str!("../shaders/share_sum.wgsl");

layout! {
    record FLAT_NUMBERS {
        /// Of a share_sum, in `tables`: where its axis begins, of two the first one.
        BLEND_AXIS,
        /// Where the table of that axis's kernel begins.
        BLEND_TABLE,
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

/// A share_sum, ready for entries.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareSumTable<P> {
    axes: Vec<AxisTable>,
    soft: Vec<SoftTable>,
    /// For each cell of the first of two axes, or once, the numbers of the last
    /// one's cells, and zeros behind them.
    rows: Vec<Vec<P>>,
}

impl<P: SoftReal> ShareSumTable<P> {
    /// That of a share_sum, whose axes are of reals.
    pub fn new(share_sum: &ShareSum) -> ShareSumTable<P> {
        let extent = share_sum.axes.last().map_or(1, |(axis, _)| axis.extent());
        let padded = |row: &[f64]| {
            let numbers = row.iter().copied().chain([0.0; 2 * LANES]);
            numbers.map(P::of).collect()
        };
        ShareSumTable {
            axes: share_sum.axes.iter().map(|(axis, _)| AxisTable::new(axis)).collect(),
            soft: share_sum.axes.iter().map(|(axis, soft)| SoftTable::new(axis, soft)).collect(),
            rows: share_sum.numbers.chunks(extent).map(padded).collect(),
        }
    }

    /// The bins of each axis.
    pub fn axes(&self) -> impl Iterator<Item = &RealTable> {
        self.axes.iter().filter_map(AxisTable::as_real)
    }

    /// The share_sum of some entries, of each axis given by their values, which are no
    /// NaN, and their cells. In single precision call it while
    /// [`crate::backend::flush::FlushDenormals`] is in force.
    #[inline(always)]
    pub fn add_up(
        &self,
        terms: [SoftTerm; 2],
        entries: &[(&[P], &[u32])],
        lanes: &mut [Lanes<P>],
        out: &mut [P],
    ) {
        let order = terms.map(SoftTerm::order).into_iter().max().unwrap_or(0);
        for ((table, lanes), (values, cells)) in self.soft.iter().zip(&mut *lanes).zip(entries) {
            lanes.prepare(table, order, values, cells);
        }
        for (entry, out) in out.iter_mut().enumerate() {
            *out = match &*lanes {
                [outer, inner, ..] => self.sum(terms, outer, inner, entry),
                [inner] => row(&self.rows[0], inner, terms[0], entry),
                [] => P::NONE,
            };
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

/// A share_sum as the device reads it, behind whose record are its numbers. `start` says
/// where words begin.
pub fn words(share_sum: &ShareSum, mut start: impl FnMut(Vec<u32>) -> u32) -> Vec<u32> {
    let mut table = |(axis, soft): &(Axis, Soft)| {
        let places = start(AxisTable::new(axis).words());
        (places, start(SoftTable::new(axis, soft).words()))
    };
    let cells = |(axis, _): &(Axis, Soft)| axis.extent() as u32;
    let mut words = match &share_sum.axes[..] {
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
            layout::record([(BLEND_AXIS, axis), (BLEND_TABLE, kernel), (FLAT_CELLS, cells)])
        }
    };
    words.extend(share_sum.numbers.iter().map(|x| (*x as f32).to_bits()));
    words
}

/// The sum over the cells of one axis.
#[inline(always)]
fn row<P: SoftReal>(numbers: &[P], lanes: &Lanes<P>, term: SoftTerm, entry: usize) -> P {
    let terms = lanes.terms(entry);
    let shares = terms.values[term.index()].as_flattened().iter();
    shares.zip(&numbers[terms.first..]).fold(P::NONE, |sum, (share, number)| sum + *number * *share)
}
