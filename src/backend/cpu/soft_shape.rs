//! Where a soft fill sums: its rows, and how many cells there are along each axis.

use crate::hist::WeightSums;
use crate::kernels::soft::Rows;
use crate::plan::{Fill, SoftFill};

/// Where a soft fill sums.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) rows: Rows,
    /// Cells of each axis.
    pub(super) extents: Vec<usize>,
    pub(super) cells: usize,
}

impl Shape {
    /// How many sums there are.
    pub(super) fn sums(&self) -> usize {
        WeightSums::SUMS + self.rows.rows.len()
    }

    pub(super) fn new(fill: &Fill, soft: &SoftFill) -> Shape {
        Shape {
            rows: soft.kernel_rows(),
            extents: fill.axes.iter().map(|(axis, _)| axis.extent()).collect(),
            cells: fill.cells(),
        }
    }
}
