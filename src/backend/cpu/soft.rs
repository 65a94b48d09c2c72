//! Soft fills on the CPU: each entry gives shares of its weight to the bins
//! around it, and what the derivatives of these are.

use super::block::Block;
use super::column::Arg;
use super::real::Real;
use super::soft_banks::TOGETHER;
use super::soft_entries::{Entries, Groups};
use super::soft_moments::{PendingMoments, Singles};
use super::soft_runs::Runs;
use super::soft_shape::Shape;
use super::soft_sums::{Entry, Pending};
use crate::bins::SoftKernel;
use crate::hist::FillData;
use crate::kernels::axis::{AxisTable, RealTable};
use crate::kernels::soft::{Lanes, SoftTable};
use crate::plan::Fill;

/// Entries that are sorted together.
const SORTED: usize = 1 << 12;
/// Cells of entries that are looked at together: they stay in cache.
const CELLS: usize = 1 << 10;

/// What a soft fill needs to know beforehand.
#[derive(Debug)]
pub(super) struct SoftFiller {
    tables: Vec<SoftTable>,
    shape: Shape,
    /// Of one axis: which entries reach the same cells.
    groups: Option<Groups>,
}

/// What a thread keeps for a soft fill.
#[derive(Debug)]
pub(super) struct SoftScratch<R> {
    pending: Pending<R>,
    runs: Runs,
    moments: PendingMoments,
    /// One an axis.
    lanes: Vec<Lanes<R>>,
    entries: Entries<R>,
    /// Of one entry.
    factors: Vec<R>,
}

impl<R: Real> SoftScratch<R> {
    fn new(axes: usize) -> Self {
        SoftScratch {
            pending: Pending::default(),
            runs: Runs::default(),
            moments: PendingMoments::default(),
            lanes: (0..axes).map(|_| Lanes::default()).collect(),
            entries: Entries::new(axes),
            factors: Vec::new(),
        }
    }
}

impl SoftFiller {
    /// That of a fill, if it is a soft one.
    pub(super) fn new(fill: &Fill) -> Option<Self> {
        let soft = fill.soft.as_ref()?;
        let tables = fill.axes.iter().zip(&soft.axes);
        let tables: Vec<_> = tables.map(|((axis, _), soft)| SoftTable::new(axis, soft)).collect();
        // How far softmax reaches is up to the entry.
        let groups = match &tables[..] {
            [table] if soft.axes[0].kernel != SoftKernel::Softmax => Some(Groups::new(table)),
            _ => None,
        };
        Some(SoftFiller { tables, shape: Shape::new(fill, soft), groups })
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
        for picks in picks.chunks(SORTED) {
            let entries = &mut scratch.entries;
            entries.collect(&tables, picks, &values, &weights, data);
            if data.moments.is_some() {
                entries.sort(None);
                entries.finish(picks, &factors);
                add_moments(scratch, data);
                continue;
            }
            entries.sort(self.groups.as_ref());
            entries.finish(picks, &factors);
            self.spread(scratch, data);
        }
    }

    /// Spreads the entries that were collected.
    fn spread<R: Real>(&self, scratch: &mut SoftScratch<R>, data: &mut FillData) {
        let mut at = 0;
        while at < scratch.entries.len() {
            let end = match &self.groups {
                None => scratch.entries.len().min(at + TOGETHER),
                Some(groups) => {
                    let most = CELLS / self.tables[0].lanes(scratch.entries.cells[at]);
                    scratch.entries.end_of_group(groups, at, most.clamp(1, TOGETHER))
                }
            };
            self.add_some(at..end, scratch, data);
            at = end;
        }
    }

    fn add_some<R: Real>(
        &self,
        entries: std::ops::Range<usize>,
        scratch: &mut SoftScratch<R>,
        data: &mut FillData,
    ) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the one feature that `add_wide` adds. Measured:
            // half the time that SSE2 takes.
            return unsafe { self.add_wide(entries, scratch, data) };
        }
        self.add(entries, scratch, data);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_wide<R: Real>(
        &self,
        entries: std::ops::Range<usize>,
        scratch: &mut SoftScratch<R>,
        data: &mut FillData,
    ) {
        self.add(entries, scratch, data);
    }

    #[inline(always)]
    fn add<R: Real>(
        &self,
        some: std::ops::Range<usize>,
        scratch: &mut SoftScratch<R>,
        data: &mut FillData,
    ) {
        let SoftScratch { pending, runs, lanes, entries, factors, .. } = scratch;
        let order = self.shape.rows.order;
        for ((table, lanes), axis) in self.tables.iter().zip(&mut *lanes).zip(&entries.axes) {
            lanes.prepare(table, order, &axis.values[some.clone()], &axis.cells[some.clone()]);
        }
        if let (Some(_), [lanes]) = (&self.groups, &lanes[..]) {
            let columns = entries.columns(some.clone());
            if R::deposit_together(&self.shape, &lanes.together(), &columns, runs, data) {
                return;
            }
        }
        for (i, at) in some.enumerate() {
            factors.clear();
            factors.extend(entries.factors.iter().map(|factor| factor[at]));
            let cell = entries.cells[at] as usize;
            let entry = Entry { cell, weight: entries.weights[at], factors };
            match &lanes[..] {
                [a, b] => {
                    let terms = [a.terms(i), b.terms(i)];
                    R::deposit(&self.shape, &terms, &entry, pending, data);
                }
                lanes => {
                    let terms = [lanes[0].terms(i)];
                    R::deposit(&self.shape, &terms, &entry, pending, data);
                }
            }
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
            scratch.runs.settle(&self.shape, data);
            scratch.moments.settle(data);
        }
    }
}

/// Adds the entries that were collected to the moments of their cells.
fn add_moments<R: Real>(scratch: &mut SoftScratch<R>, data: &mut FillData) {
    let SoftScratch { entries, moments: pending, .. } = scratch;
    entries.drop_not_finite(data);
    entries.cells.iter().for_each(|cell| data.fill(*cell as usize));
    let numbers = [&entries.weights].into_iter().chain(&entries.factors);
    let numbers: Vec<&[f32]> = numbers.filter_map(|numbers| R::singles(numbers)).collect();
    let Some(values) = R::singles(&entries.axes[0].values) else { return };
    pending.add(&Singles { values, numbers: &numbers }, data);
}
