//! What all kernels of a plan read and no batch changes: parameters, axes, soft fills.

use crate::hist::Moments;
use crate::ir::{Const, Ir, Op};
use crate::kernels::axis::AxisTable;
use crate::kernels::fill::{CELL_SUMW, SoftAt};
use crate::kernels::moments;
use crate::kernels::real::f_load;
use crate::kernels::soft::{SoftTable, fill_words};
use crate::plan::{Fill, Plan};
use std::collections::HashMap;

/// The parameters, then the axes of all fills as the device reads them; equal axes
/// are there once.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// The buffer.
    pub(super) words: Vec<u32>,
    /// Where the table of each axis of each fill begins.
    pub(super) starts: Vec<Vec<u32>>,
    /// Where the table of each fill begins that is soft.
    pub(super) soft: Vec<Option<SoftAt>>,
}

impl Tables {
    pub(super) fn new(plan: &Plan) -> Tables {
        let mut tables = Tables { words: parameters(&plan.ir), ..Tables::default() };
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        for fill in &plan.fills {
            let mut start = |words: Vec<u32>| {
                *known.entry(words).or_insert_with_key(|words| {
                    let start = tables.words.len() as u32;
                    tables.words.extend_from_slice(words);
                    start
                })
            };
            let starts = fill.axes.iter().map(|(axis, _)| start(AxisTable::new(axis).words()));
            let starts: Vec<u32> = starts.collect();
            let soft = fill.soft.as_ref().map(|soft| {
                if let Some(moments) = fill.moments() {
                    return SoftAt::Moments(start(moment_words(fill, &moments, starts[0])));
                }
                let tables = fill.axes.iter().zip(&soft.axes);
                let tables =
                    tables.map(|((axis, _), soft)| start(SoftTable::new(axis, soft).words()));
                let words = fill_words(&soft.kernel_rows(), &starts, &tables.collect::<Vec<u32>>());
                SoftAt::Bins(start(words))
            });
            tables.starts.push(starts);
            tables.soft.push(soft);
        }
        tables
    }
}

/// The values of the parameters, by [`Const::place`].
fn parameters(ir: &Ir) -> Vec<u32> {
    let mut words = Vec::new();
    for node in ir.nodes() {
        if let Op::Const(Const::Parameter { index, single, rounding, .. }) = node.op {
            let place = Const::place(index, rounding) as usize;
            words.resize(words.len().max(place + 1), 0);
            words[place] = f_load(single.to_bits()).to_bits();
        }
    }
    words
}

/// Cells that a device has for moments: neighbouring bandwidths have as many, so that
/// sizes, which are in the text of kernels, are the same.
pub(super) fn cells_of(moments: &Moments) -> usize {
    moments.grid.cells.next_multiple_of(128)
}

/// A soft fill that sums moments, with where its axis begins.
fn moment_words(fill: &Fill, moments: &Moments, axis: u32) -> Vec<u32> {
    let counts = CELL_SUMW * fill.cells() as u32;
    let factors_without_value = factors(fill) as u32 - 1;
    moments::words(
        (&moments.grid, &moments.sums),
        [axis, cells_of(moments) as u32, counts, factors_without_value],
    )
}

/// How many numbers a fill has in `soft_factors`.
pub(super) fn factors(fill: &Fill) -> usize {
    fill.soft.as_ref().map_or(0, |soft| fill.axes.len() + soft.factors().count())
}
