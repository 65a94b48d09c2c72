//! Soft fills on the CPU: each entry gives shares of its weight to the bins
//! around it, and what the derivatives of these are.

use super::block::Block;
use super::column::Arg;
use super::real::Real;
use super::soft_sums::{Entry, Pending, Shape};
use crate::hist::FillData;
use crate::kernels::axis::{AxisTable, RealTable};
use crate::kernels::soft::{Lanes, SoftTable, Terms};
use crate::plan::Fill;

/// Entries whose edges are computed together: they stay in cache.
const TOGETHER: usize = 64;

/// What a soft fill needs to know beforehand.
#[derive(Debug)]
pub(super) struct SoftFiller {
    tables: Vec<SoftTable>,
    shape: Shape,
}

/// What a thread keeps for a soft fill.
#[derive(Debug)]
pub(super) struct SoftScratch<R> {
    pending: Pending<R>,
    /// One an axis.
    lanes: Vec<Lanes<R>>,
    terms: Vec<Terms<R>>,
    entries: Entries<R>,
}

/// Some entries: of each its weight, its cell, and for each axis value and cell.
#[derive(Debug)]
struct Entries<R> {
    weights: Vec<R>,
    cells: Vec<u32>,
    axes: Vec<Vec<(R, u32)>>,
    /// The factors of the first entry, of the second one, and so on.
    factors: Vec<R>,
}

impl<R: Real> SoftScratch<R> {
    fn new(axes: usize) -> Self {
        SoftScratch {
            pending: Pending::default(),
            lanes: (0..axes).map(|_| Lanes::default()).collect(),
            terms: (0..axes).map(|_| Terms::default()).collect(),
            entries: Entries {
                weights: Vec::new(),
                cells: Vec::new(),
                axes: vec![Vec::new(); axes],
                factors: Vec::new(),
            },
        }
    }
}

impl SoftFiller {
    /// That of a fill, if it is a soft one.
    pub(super) fn new(fill: &Fill) -> Option<Self> {
        let soft = fill.soft.as_ref()?;
        let tables = fill.axes.iter().zip(&soft.axes);
        let tables = tables.map(|((axis, _), soft)| SoftTable::new(axis, soft)).collect();
        Some(SoftFiller { tables, shape: Shape::new(fill, soft) })
    }

    /// Fills the elements of the block that were picked. What cannot be filled
    /// is counted as in a hard fill; the others count in the cell they lie in.
    pub(super) fn fill<R: Real>(
        &self,
        fill: &Fill,
        axes: &[(AxisTable, u32)],
        block: &Block<'_, '_, R>,
        picks: &[u32],
        scratch: &mut Option<SoftScratch<R>>,
        data: &mut FillData,
    ) {
        let scratch = scratch.get_or_insert_with(|| SoftScratch::new(fill.axes.len()));
        let tables: Vec<&RealTable> =
            axes.iter().filter_map(|(table, _)| table.as_real()).collect();
        let values: Vec<Arg<'_, R>> = fill.axes.iter().map(|(_, n)| block.arg::<R>(*n)).collect();
        // As `check` has seen, a soft fill has axes of reals and a weight.
        let Some(weights) = fill.weight.map(|weight| block.arg::<R>(weight)) else { return };
        let factors = fill.soft.iter().flat_map(|soft| soft.factors());
        let factors: Vec<Arg<'_, R>> = factors.map(|n| block.arg::<R>(n)).collect();
        for picks in picks.chunks(TOGETHER) {
            scratch.entries.collect(&tables, picks, &values, &weights, &factors, data);
            self.spread(scratch, data);
        }
    }

    /// Spreads the entries that were collected.
    fn spread<R: Real>(&self, scratch: &mut SoftScratch<R>, data: &mut FillData) {
        let order = self.shape.rows.order;
        for ((table, lanes), entries) in
            self.tables.iter().zip(&mut scratch.lanes).zip(&scratch.entries.axes)
        {
            lanes.prepare(table, order, entries);
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the one feature that `add_wide` adds. Measured:
            // half the time that SSE2 takes.
            return unsafe { self.add_wide(scratch, data) };
        }
        self.add(scratch, data);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_wide<R: Real>(&self, scratch: &mut SoftScratch<R>, data: &mut FillData) {
        self.add(scratch, data);
    }

    #[inline(always)]
    fn add<R: Real>(&self, scratch: &mut SoftScratch<R>, data: &mut FillData) {
        let SoftScratch { pending, lanes, terms, entries } = scratch;
        let width = entries.factors.len().checked_div(entries.weights.len()).unwrap_or(0);
        for (i, weight) in entries.weights.iter().enumerate() {
            for ((table, lanes), terms) in self.tables.iter().zip(&*lanes).zip(&mut *terms) {
                lanes.terms(table, self.shape.rows.order, i, terms);
            }
            let factors = &entries.factors[i * width..(i + 1) * width];
            let cell = entries.cells[i] as usize;
            let entry = Entry { cell, weight: *weight, factors };
            R::deposit(&self.shape, terms, &entry, pending, data);
        }
    }

    /// Makes the sums exact.
    pub(super) fn settle<R: Real>(
        &self,
        scratch: &mut Option<SoftScratch<R>>,
        data: &mut FillData,
    ) {
        if let Some(scratch) = scratch {
            scratch.pending.settle(&self.shape, data);
        }
    }
}

impl<R: Real> Entries<R> {
    /// Collects those of the picked elements that can be filled.
    fn collect(
        &mut self,
        tables: &[&RealTable],
        picks: &[u32],
        values: &[Arg<'_, R>],
        weights: &Arg<'_, R>,
        factors: &[Arg<'_, R>],
        data: &mut FillData,
    ) {
        let at = |values: &Arg<'_, R>, pick: u32| match values {
            Arg::Scalar(value) => *value,
            Arg::Slice(values) => values[pick as usize],
        };
        self.weights.clear();
        self.cells.clear();
        self.factors.clear();
        self.axes.iter_mut().for_each(Vec::clear);
        for pick in picks {
            let weight = at(weights, *pick);
            if !weight.is_finite() {
                data.bad_weight += 1;
                continue;
            }
            let x = |k: usize| at(&values[k], *pick);
            let cells = [0, 1].map(|k| tables.get(k).map(|table| x(k).cell_of(table)));
            let cell = match cells {
                [Some(Some(a)), None] => a,
                [Some(Some(a)), Some(Some(b))] => a * tables[1].extent() + b,
                _ => {
                    data.nan += 1;
                    continue;
                }
            };
            for (k, cell) in cells.into_iter().flatten().flatten().enumerate() {
                self.axes[k].push((x(k), cell as u32));
            }
            self.weights.push(weight);
            self.cells.push(cell as u32);
            self.factors.extend(factors.iter().map(|factor| at(factor, *pick)));
        }
    }
}
