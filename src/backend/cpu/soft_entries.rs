//! The entries of a soft fill in columns, those that reach the same cells next to
//! each other: sums are exact, so no order shows.

use super::column::Arg;
use super::real::Real;
use super::soft_runs::Columns;
use crate::hist::FillData;
use crate::kernels::axis::RealTable;
use crate::kernels::soft::SoftTable;
use std::ops::Range;

/// Some entries: of each its weight, its cell, and for each axis value and cell.
#[derive(Debug)]
pub(super) struct Entries<R> {
    pub(super) weights: Vec<R>,
    pub(super) cells: Vec<u32>,
    pub(super) axes: Vec<Along<R>>,
    /// The factors of all entries, one after the other.
    pub(super) factors: Vec<Vec<R>>,
    /// Which of the picked elements they are.
    kept: Vec<u32>,
    /// For each group where its next entry goes.
    next: Vec<u32>,
    /// Numbers before they are sorted.
    reals: Vec<R>,
    words: Vec<u32>,
}

/// What entries are along one axis.
#[derive(Debug)]
pub(super) struct Along<R> {
    pub(super) values: Vec<R>,
    pub(super) cells: Vec<u32>,
}

/// For the cell of an entry which cells it reaches: a number that is the same for
/// cells of which entries reach the same ones.
#[derive(Debug)]
pub(super) struct Groups {
    of: Vec<u32>,
    groups: usize,
}

impl Groups {
    /// Those of an axis.
    pub(super) fn new(table: &SoftTable) -> Groups {
        let reach = table.reach();
        let mut of = vec![0];
        for both in reach.windows(2) {
            // Both ends only ever move up.
            let last = of.last().copied().unwrap_or(0);
            of.push(last + u32::from(both[0] != both[1]));
        }
        Groups { groups: of.last().map_or(0, |last| *last as usize + 1), of }
    }

    fn of(&self, cell: u32) -> u32 {
        self.of[cell as usize]
    }
}

impl<R: Real> Entries<R> {
    pub(super) fn new(axes: usize) -> Self {
        Entries {
            weights: Vec::new(),
            cells: Vec::new(),
            axes: (0..axes).map(|_| Along { values: Vec::new(), cells: Vec::new() }).collect(),
            factors: Vec::new(),
            kept: Vec::new(),
            next: Vec::new(),
            reals: Vec::new(),
            words: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Collects those of the picked elements that can be filled, but for the factors.
    pub(super) fn collect(
        &mut self,
        tables: &[&RealTable],
        picks: &[u32],
        values: &[Arg<'_, R>],
        weights: &Arg<'_, R>,
        data: &mut FillData,
    ) {
        take(weights, picks, &mut self.weights);
        self.kept.clear();
        self.kept.extend(0..picks.len() as u32);
        self.cells.clear();
        self.cells.resize(picks.len(), 0);
        let mut nan = false;
        for ((axis, table), values) in self.axes.iter_mut().zip(tables).zip(values) {
            take(values, picks, &mut axis.values);
            axis.cells.clear();
            R::cells(table, &axis.values, &mut axis.cells, NAN_CELL);
            let extent = table.extent() as u32;
            for (cell, all) in axis.cells.iter().zip(&mut self.cells) {
                nan |= *cell == NAN_CELL;
                *all = (*all).wrapping_mul(extent).wrapping_add(*cell);
            }
        }
        if nan || !self.weights.iter().fold(true, |all, w| all & w.is_finite()) {
            self.leave_out(data);
        }
    }

    /// Leaves out what cannot be filled, and counts it.
    fn leave_out(&mut self, data: &mut FillData) {
        let Entries { kept, weights, axes, .. } = self;
        kept.retain(|i| {
            let bad = !weights[*i as usize].is_finite();
            let nan = axes.iter().any(|axis| axis.cells[*i as usize] == NAN_CELL);
            data.bad_weight += u64::from(bad);
            data.nan += u64::from(!bad && nan);
            !bad && !nan
        });
    }

    /// Brings the entries that are kept into the order of their groups, if there are
    /// such.
    pub(super) fn sort(&mut self, groups: Option<&Groups>) {
        let Entries { weights, cells, axes, kept, next, reals, words, .. } = self;
        match groups {
            None if kept.len() == weights.len() => return,
            None => {}
            Some(groups) if groups.groups > 4 * kept.len() => {
                kept.sort_unstable_by_key(|i| cells[*i as usize]);
            }
            Some(groups) => {
                next.clear();
                next.resize(groups.groups + 1, 0);
                kept.iter().for_each(|i| next[groups.of(cells[*i as usize]) as usize + 1] += 1);
                let mut before = 0;
                for next in next.iter_mut() {
                    before += *next;
                    *next = before;
                }
                words.clear();
                words.extend_from_slice(kept);
                for i in &*words {
                    let at = &mut next[groups.of(cells[*i as usize]) as usize];
                    kept[*at as usize] = *i;
                    *at += 1;
                }
            }
        }
        reorder(weights, kept, reals);
        reorder(cells, kept, words);
        for axis in axes {
            reorder(&mut axis.values, kept, reals);
            reorder(&mut axis.cells, kept, words);
        }
    }

    /// Collects the factors of the entries.
    pub(super) fn finish(&mut self, picks: &[u32], factors: &[Arg<'_, R>]) {
        self.kept.iter_mut().for_each(|i| *i = picks[*i as usize]);
        self.factors.resize_with(factors.len(), Vec::new);
        for (out, factor) in self.factors.iter_mut().zip(factors) {
            take(factor, &self.kept, out);
        }
    }

    /// Leaves out entries with factors that are not finite, and counts them.
    pub(super) fn drop_not_finite(&mut self, data: &mut FillData) {
        let finite = |factor: &Vec<R>| factor.iter().fold(true, |all, x| all & x.is_finite());
        if self.factors.iter().all(finite) {
            return;
        }
        let Entries { weights, cells, axes, factors, kept, reals, words, .. } = self;
        kept.clear();
        let good = |i: &u32| factors.iter().all(|factor| factor[*i as usize].is_finite());
        kept.extend((0..weights.len() as u32).filter(good));
        data.dropped += (weights.len() - kept.len()) as u64;
        reorder(weights, kept, reals);
        reorder(cells, kept, words);
        for axis in axes {
            reorder(&mut axis.values, kept, reals);
        }
        factors.iter_mut().for_each(|factor| reorder(factor, kept, reals));
    }

    /// Where those that are in the group of the one at `at` end, `most` at most.
    pub(super) fn end_of_group(&self, groups: &Groups, at: usize, most: usize) -> usize {
        let group = groups.of(self.cells[at]);
        let last = self.len().min(at + most);
        let inside = self.cells[at..last].iter().take_while(|cell| groups.of(**cell) == group);
        at + inside.count()
    }

    /// Some of the entries.
    pub(super) fn columns(&self, some: Range<usize>) -> Columns<'_, R> {
        Columns {
            cells: &self.cells[some.clone()],
            weights: &self.weights[some.clone()],
            factors: &self.factors,
            start: some.start,
        }
    }
}

/// The cell of an element with a NaN value.
const NAN_CELL: u32 = u32::MAX;

/// The picked ones of some values.
fn take<R: Copy>(values: &Arg<'_, R>, picks: &[u32], out: &mut Vec<R>) {
    out.clear();
    match values {
        Arg::Scalar(value) => out.resize(picks.len(), *value),
        Arg::Slice(values) => out.extend(picks.iter().map(|pick| values[*pick as usize])),
    }
}

/// Those at these positions, in their order.
fn reorder<T: Copy>(values: &mut Vec<T>, positions: &[u32], other: &mut Vec<T>) {
    other.clear();
    other.extend(positions.iter().map(|i| values[*i as usize]));
    std::mem::swap(values, other);
}
