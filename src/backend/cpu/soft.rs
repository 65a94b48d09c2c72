//! Soft fills on the CPU: each entry gives shares of its weight to the bins
//! around it. Contributions are added exactly, so that no order shows.

use super::block::Block;
use super::column::Arg;
use super::real::Real;
use crate::hist::FillData;
use crate::kernels::axis::{AxisTable, RealTable};
use crate::kernels::soft::{SoftScratch, SoftTable};
use crate::plan::Fill;

/// What a soft fill needs to know beforehand.
#[derive(Debug)]
pub(super) struct SoftFiller(SoftTable);

impl SoftFiller {
    /// That of a fill, if it is a soft one.
    pub(super) fn new(fill: &Fill) -> Option<Self> {
        let (soft, [(axis, _)]) = (fill.soft.as_ref()?, fill.axes.as_slice()) else { return None };
        Some(SoftFiller(SoftTable::new(axis, soft)))
    }

    /// Fills the elements of the block that were picked. What cannot be filled
    /// is counted as in a hard fill; the others count in the cell they lie in.
    pub(super) fn fill<R: Real>(
        &self,
        fill: &Fill,
        axis: &AxisTable,
        block: &Block<'_, '_, R>,
        picks: &[u32],
        data: &mut FillData,
    ) {
        // As `check` has seen, a soft fill has one axis of reals and a weight.
        let (AxisTable::Real(axis), [(_, node)], Some(weight)) =
            (axis, fill.axes.as_slice(), fill.weight)
        else {
            return;
        };
        let at = |values: &Arg<'_, R>, pick: u32| match values {
            Arg::Scalar(value) => *value,
            Arg::Slice(values) => values[pick as usize],
        };
        let (values, weights) = (block.arg::<R>(*node), block.arg::<R>(weight));
        let mut scratch = SoftScratch::default();
        for pick in picks {
            self.entry(axis, at(&values, *pick), at(&weights, *pick), &mut scratch, data);
        }
    }

    fn entry<R: Real>(
        &self,
        axis: &RealTable,
        x: R,
        weight: R,
        scratch: &mut SoftScratch<R>,
        data: &mut FillData,
    ) {
        if !weight.is_finite() {
            data.bad_weight += 1;
            return;
        }
        let Some(cell) = x.cell_of(axis) else {
            data.nan += 1;
            return;
        };
        data.fill(cell);
        self.0.shares(x, cell, scratch, |cell, p| weight.add_share(data, cell, p));
    }
}
