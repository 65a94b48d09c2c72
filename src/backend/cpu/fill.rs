//! Fills: which elements, which cell, which weight.

use super::block::Block;
use super::column::Arg;
use super::real::Real;
use super::soft::{SoftFiller, SoftScratch};
use super::wide::append1;
use crate::hist::FillData;
use crate::ir::{NodeId, Ty};
use crate::kernels::axis::{AxisTable, RealTable};
use crate::plan::{Fill, Plan};

/// The cell of an element with a NaN value.
const NAN_CELL: u32 = u32::MAX;

/// Cells up to which entries are counted cell by cell.
const FEW_CELLS: usize = 8;

/// The axes of all fills, ready for lookups.
#[derive(Debug)]
pub(super) struct Filler {
    /// For each fill, for each axis its table and its number of cells.
    axes: Vec<Vec<(AxisTable, u32)>>,
    soft: Vec<Option<SoftFiller>>,
}

/// What is kept from fill to fill of a block, and as buffers beyond it.
#[derive(Debug, Default)]
pub(super) struct FillScratch<R> {
    /// Elements for which the mask of `picked_by` is true.
    picks: Vec<u32>,
    picked_by: Option<NodeId>,
    cells: Vec<u32>,
    /// Values of the elements in `picks`.
    values: Vec<R>,
    /// Of the fills that are soft.
    soft: Vec<Option<SoftScratch<R>>>,
}

impl Filler {
    /// For the fills of this plan.
    pub(super) fn new(plan: &Plan) -> Self {
        let tables = |fill: &Fill| {
            let table = |(axis, _): &(crate::bins::Axis, NodeId)| {
                (AxisTable::new(axis), axis.extent() as u32)
            };
            fill.axes.iter().map(table).collect()
        };
        Filler {
            axes: plan.fills.iter().map(tables).collect(),
            soft: plan.fills.iter().map(SoftFiller::new).collect(),
        }
    }

    /// Does fill number `k` of the block.
    pub(super) fn fill<R: Real>(
        &self,
        plan: &Plan,
        k: usize,
        block: &Block<'_, '_, R>,
        scratch: &mut FillScratch<R>,
        data: &mut FillData,
    ) {
        let fill = &plan.fills[k];
        if k == 0 {
            // The first fill of another block.
            scratch.picked_by = None;
        }
        if let Some(missing) = fill.missing {
            data.missing += match block.arg::<u8>(missing) {
                Arg::Scalar(m) => u64::from(m) * block.len_of(&[fill.mask]) as u64,
                Arg::Slice(m) => m.iter().map(|m| u64::from(*m)).sum::<u64>(),
            };
        }
        if scratch.picked_by != Some(fill.mask) {
            scratch.picks.clear();
            match block.arg::<u8>(fill.mask) {
                Arg::Scalar(0) => {}
                Arg::Scalar(_) => scratch.picks.extend(0..block.len_of(&[fill.mask]) as u32),
                Arg::Slice(mask) => positions(mask, &mut scratch.picks),
            }
            scratch.picked_by = Some(fill.mask);
        }
        if scratch.picks.is_empty() {
            return;
        }
        if self.fill_alike(plan, k, block, scratch, data) {
            return;
        }
        if let Some(soft) = &self.soft[k] {
            scratch.soft.resize_with(plan.fills.len(), || None);
            soft.fill(fill, &self.axes[k], block, &scratch.picks, &mut scratch.soft[k], data);
            return;
        }
        self.find_cells(plan, k, block, scratch);
        match fill.weight {
            None => count(&scratch.cells, data),
            Some(weight) => match block.arg::<R>(weight) {
                Arg::Scalar(w) => {
                    scratch.cells.iter().for_each(|cell| weigh(*cell, w, data));
                }
                Arg::Slice(w) => {
                    for (cell, p) in scratch.cells.iter().zip(&scratch.picks) {
                        weigh(*cell, w[*p as usize], data);
                    }
                }
            },
        }
    }
}

impl Filler {
    /// Counts all elements at once if they are all in one cell by their constants, as
    /// the events of a cutflow that has no cuts; whether they are.
    fn fill_alike<R: Real>(
        &self,
        plan: &Plan,
        k: usize,
        block: &Block<'_, '_, R>,
        scratch: &mut FillScratch<R>,
        data: &mut FillData,
    ) -> bool {
        let fill = &plan.fills[k];
        let constant = |(_, node): &(crate::bins::Axis, NodeId)| plan.ir.constant(*node).is_some();
        if !fill.axes.iter().all(constant) || fill.weight.is_some() || fill.soft.is_some() {
            return false;
        }
        let entries = scratch.picks.len() as u64;
        scratch.picks.truncate(1);
        self.find_cells(plan, k, block, scratch);
        scratch.picked_by = None;
        match scratch.cells[0] {
            NAN_CELL => data.nan += entries,
            cell => data.counts[cell as usize] += entries,
        }
        true
    }

    /// Finds the cells of the picked elements.
    fn find_cells<R: Real>(
        &self,
        plan: &Plan,
        k: usize,
        block: &Block<'_, '_, R>,
        scratch: &mut FillScratch<R>,
    ) {
        scratch.cells.clear();
        let axes = plan.fills[k].axes.iter().zip(&self.axes[k]);
        for (n, ((_, node), (table, extent))) in axes.enumerate() {
            if let (0, AxisTable::Real(table), None) = (n, table, plan.ir.constant(*node)) {
                first_axis(table, block.values::<R>(*node), scratch);
                continue;
            }
            if let (0, AxisTable::Int(table), Ty::I32, None) =
                (n, table, block.ty(*node), plan.ir.constant(*node))
                && let Some((before, last)) = table.narrow()
            {
                let values = block.values::<i32>(*node);
                let cell = |i: i32| (i.max(before).min(last) - before) as u32;
                if scratch.picks.len() == values.len() {
                    append1(&mut scratch.cells, values, cell);
                } else {
                    scratch.cells.extend(scratch.picks.iter().map(|p| cell(values[*p as usize])));
                }
                continue;
            }
            scratch.cells.resize(scratch.picks.len(), 0);
            axis(block, *node, table, *extent, &scratch.picks, &mut scratch.cells);
        }
        scratch.cells.resize(scratch.picks.len(), 0);
    }

    /// Brings what is kept from block to block into the fills.
    pub(super) fn settle<R: Real>(&self, scratch: &mut FillScratch<R>, fills: &mut [FillData]) {
        for ((soft, scratch), data) in self.soft.iter().zip(&mut scratch.soft).zip(fills) {
            soft.iter().for_each(|soft| soft.settle(scratch, data));
        }
    }
}

/// Appends the positions of the true values. Most masks are mostly false, so
/// eight at a time are passed over.
pub(super) fn positions(mask: &[u8], out: &mut Vec<u32>) {
    // A fold has no early exit and so vectorises.
    if mask.iter().fold(1, |all, m| all & m) == 1 {
        return out.extend(0..mask.len() as u32);
    }
    let words = mask.chunks_exact(8);
    let rest = mask.len() - words.remainder().len();
    for (k, word) in words.enumerate() {
        let bytes = <[u8; 8]>::try_from(word).expect("chunks of eight");
        let mut bits = u64::from_le_bytes(bytes);
        while bits != 0 {
            out.push(8 * k as u32 + bits.trailing_zeros() / 8);
            bits &= bits - 1;
        }
    }
    out.extend((rest..mask.len()).filter(|i| mask[*i] != 0).map(|i| i as u32));
}

/// The cells of the picked elements on an axis of reals that is the first.
fn first_axis<R: Real>(table: &RealTable, values: &[R], scratch: &mut FillScratch<R>) {
    let (picks, cells) = (&scratch.picks, &mut scratch.cells);
    let picked = if picks.len() == values.len() {
        values
    } else {
        scratch.values.clear();
        scratch.values.extend(picks.iter().map(|p| values[*p as usize]));
        &scratch.values
    };
    R::cells(table, picked, cells, NAN_CELL);
}

/// Goes one axis down: `cell * extent + index` for each element.
fn axis<R: Real>(
    block: &Block<'_, '_, R>,
    node: NodeId,
    table: &AxisTable,
    extent: u32,
    picks: &[u32],
    cells: &mut [u32],
) {
    match (table, block.ty(node)) {
        (AxisTable::Real(table), _) => {
            let index = |x: R| x.cell_of(table).map_or(NAN_CELL, |i| i as u32);
            with_values(block.arg::<R>(node), extent, picks, cells, index);
        }
        (AxisTable::Int(table), Ty::I64) => {
            let index = |i: i64| table.index(i) as u32;
            with_values(block.arg::<i64>(node), extent, picks, cells, index);
        }
        (AxisTable::Int(table), Ty::I32) => {
            let index = |i: i32| table.index(i64::from(i)) as u32;
            with_values(block.arg::<i32>(node), extent, picks, cells, index);
        }
        (AxisTable::Int(table), _) => {
            let index = |b: u8| table.index(i64::from(b)) as u32;
            with_values(block.arg::<u8>(node), extent, picks, cells, index);
        }
    }
}

fn with_values<T: Copy>(
    values: Arg<'_, T>,
    extent: u32,
    picks: &[u32],
    cells: &mut [u32],
    index: impl Fn(T) -> u32,
) {
    let step = |cell: &mut u32, index: u32| {
        let nan = *cell == NAN_CELL || index == NAN_CELL;
        *cell = if nan { NAN_CELL } else { *cell * extent + index };
    };
    match values {
        Arg::Scalar(v) => {
            let index = index(v);
            cells.iter_mut().for_each(|cell| step(cell, index));
        }
        Arg::Slice(v) => {
            for (cell, p) in cells.iter_mut().zip(picks) {
                step(cell, index(v[*p as usize]));
            }
        }
    }
}

fn count(cells: &[u32], data: &mut FillData) {
    let counts = data.counts.as_mut_slice();
    if counts.len() <= FEW_CELLS {
        // One after the other each would wait for the one before, as most are in one cell.
        let mut others = cells.len() as u64;
        for (k, count) in (0..).zip(counts) {
            let entries = cells.iter().fold(0u32, |n, cell| n + u32::from(*cell == k));
            *count += u64::from(entries);
            others -= u64::from(entries);
        }
        data.nan += others;
        return;
    }
    for cell in cells {
        match counts.get_mut(*cell as usize) {
            Some(count) => *count += 1,
            None => data.nan += 1,
        }
    }
}

/// One weighted entry: the weight is looked at before the values.
fn weigh<R: Real>(cell: u32, weight: R, data: &mut FillData) {
    if !weight.is_finite() {
        data.bad_weight += 1;
    } else if cell == NAN_CELL {
        data.nan += 1;
    } else {
        weight.add_to(data, cell as usize);
    }
}
