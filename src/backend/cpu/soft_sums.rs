//! The sums of soft fills on the CPU, entry by entry.
//!
//! Single precision: what an entry adds is rounded to a quantum (see
//! [`crate::kernels::quanta`]), and quanta of similar size are added in double
//! precision, in *banks*, where no addition rounds. Now and then banks are
//! emptied into the exact sums. This is for entries of which each reaches other
//! cells: several axes, and softmax; `soft_runs.rs` has the others. Double
//! precision, the reference, is added exactly without quanta.

use super::soft_banks::PADDING;
use super::soft_runs::{Columns, Runs};
use super::soft_shape::Shape;
use crate::bins::SoftSum;
use crate::hist::{FillData, WeightSums};
use crate::kernels::quanta::{self, exponent, quantum, quantum_of_products, rounded, rounder};
use crate::kernels::soft::{LANES, SoftReal, Terms, Together};
use std::array::from_fn;

/// The exponents of the quanta that one bank takes: 2^3 of them.
const SPREAD: i32 = 3;
/// More than the lowest quantum is below 1, in powers of two.
const LOWEST: i32 = 288;
/// Banks that a sum can have: quanta reach up to 2^231.
pub(super) const BANKS: usize = ((LOWEST + 232) >> SPREAD) as usize;
/// Copies of a bank, which entries take in turn: the cells of the last one are still
/// on the way to memory.
const COPIES: usize = 4;
/// Entries between two emptyings: a bank's number stays below
/// 2^(BITS + 8 + 16) lowest quanta, which double precision has digits for.
pub(super) const MOST_ENTRIES: u32 = 1 << 16;
const _: () = assert!(quanta::BITS + (1 << SPREAD) + 16 < 53);

/// Which of a sum's banks takes quanta of 2^q.
#[inline(always)]
pub(super) fn bank_of(q: i32) -> usize {
    ((q + LOWEST) >> SPREAD) as usize
}

/// An entry that lies in the axes.
#[derive(Debug)]
pub(super) struct Entry<'e, P> {
    /// The cell that it lies in.
    pub(super) cell: usize,
    /// Finite.
    pub(super) weight: P,
    /// Those of all parts of all rows.
    pub(super) factors: &'e [P],
}

/// Sums that are not exact yet, and buffers.
#[derive(Debug)]
pub(super) struct Pending<P> {
    /// For each sum and class of quanta where its bank begins.
    banks: Vec<u32>,
    store: Vec<f64>,
    entries: u32,
    /// Of the entry, for each row: exponent of the bound, bank and rounder.
    targets: Vec<Target>,
    /// The factors, of one cell of the outer axis.
    factors: Vec<P>,
    contents: Vec<[P; LANES]>,
    sum: Vec<[P; LANES]>,
}

#[derive(Debug, Clone, Copy)]
struct Target {
    at: usize,
    rounder: f64,
}

impl<P> Default for Pending<P> {
    fn default() -> Self {
        Pending {
            banks: Vec::new(),
            store: Vec::new(),
            entries: 0,
            targets: Vec::new(),
            factors: Vec::new(),
            contents: Vec::new(),
            sum: Vec::new(),
        }
    }
}

const NONE: u32 = u32::MAX;

impl<P> Pending<P> {
    /// The bank of a sum for quanta 2^q.
    #[inline(always)]
    fn target(&mut self, shape: &Shape, sum: usize, q: i32) -> Target {
        let bank = COPIES * (sum * BANKS + bank_of(q)) + self.entries as usize % COPIES;
        let at = self.banks[bank];
        let at = if at == NONE { self.new_bank(shape, bank) } else { at };
        Target { at: at as usize, rounder: rounder(q) }
    }

    #[cold]
    fn new_bank(&mut self, shape: &Shape, bank: usize) -> u32 {
        let at = self.store.len();
        self.store.resize(at + shape.cells + PADDING, 0.0);
        self.banks[bank] = at as u32;
        at as u32
    }

    /// Empties the banks into the exact sums.
    pub(super) fn settle(&mut self, shape: &Shape, data: &mut FillData) {
        let Some(sums) = &mut data.sums else { return };
        for (bank, at) in self.banks.iter().enumerate().filter(|(_, at)| **at != NONE) {
            let at = *at as usize;
            for (cell, x) in self.store[at..at + shape.cells].iter_mut().enumerate() {
                if *x != 0.0 {
                    sums.add_to_sum(bank / (BANKS * COPIES), cell, *x);
                    *x = 0.0;
                }
            }
        }
        self.entries = 0;
    }
}

/// A precision that soft fills sum in.
pub(super) trait Deposit: SoftReal {
    /// Adds an entry with the terms of each axis; one whose derivatives are too
    /// large, or NaN, is counted as dropped instead.
    fn deposit(
        shape: &Shape,
        terms: &[Terms<'_, Self>],
        entry: &Entry<'_, Self>,
        pending: &mut Pending<Self>,
        data: &mut FillData,
    );

    /// Adds entries that reach the same cells of one axis, at most
    /// [`super::soft_banks::TOGETHER`], if this precision has a quick way; false if not.
    fn deposit_together(
        shape: &Shape,
        terms: &Together<'_, Self>,
        entries: &Columns<'_, Self>,
        runs: &mut Runs,
        data: &mut FillData,
    ) -> bool;
}

/// A bound on the sum of the parts of a row: the sizes of their factors times the
/// largest terms.
#[inline(always)]
fn bound<P: SoftReal>(parts: &[[usize; 2]], factors: &[P], terms: &[Terms<'_, P>]) -> P {
    let mut sum = P::NONE;
    for ([a, b], factor) in parts.iter().zip(factors) {
        let size = match terms {
            [inner] => factor.abs() * inner.most[*b],
            _ => factor.abs() * terms[0].most[*a] * terms[1].most[*b],
        };
        sum = sum + size;
    }
    sum
}

/// The sum of the parts of a row, for each lane.
#[inline(always)]
fn combine<P: SoftReal>(
    parts: &[[usize; 2]],
    factors: &[P],
    inner: &Terms<'_, P>,
    out: &mut Vec<[P; LANES]>,
) {
    let n = inner.values[0].len();
    if out.len() != n {
        out.resize(n, [P::NONE; LANES]);
    }
    for (k, ([_, term], factor)) in parts.iter().zip(factors).enumerate() {
        let groups = out.iter_mut().zip(inner.values[*term]);
        if k == 0 {
            for (out, values) in groups {
                let values = *values;
                *out = from_fn(|i| *factor * values[i]);
            }
        } else {
            for (out, values) in groups {
                let (sum, values) = (*out, *values);
                *out = from_fn(|i| sum[i] + *factor * values[i]);
            }
        }
    }
}

/// For each cell of the outer axis that gets something, its place and terms; with
/// one axis there is one, of the factor 1.
#[inline(always)]
fn outer_cells<P: SoftReal>(shape: &Shape, terms: &[Terms<'_, P>]) -> std::ops::Range<usize> {
    match terms {
        [_] => 0..1,
        _ => 0..(LANES * terms[0].values[0].len()).min(shape.extents[0] - terms[0].first),
    }
}

impl Deposit for f32 {
    #[inline(always)]
    fn deposit(
        shape: &Shape,
        terms: &[Terms<'_, f32>],
        entry: &Entry<'_, f32>,
        pending: &mut Pending<f32>,
        data: &mut FillData,
    ) {
        if pending.banks.is_empty() {
            pending.banks.resize(shape.sums() * BANKS * COPIES, NONE);
        }
        let w = entry.weight;
        let content = bound(&[[0, 0]], &[w], terms);
        let (e, size) = (exponent(content), exponent(w.abs()));
        pending.targets.clear();
        let nowhere = Target { at: usize::MAX, rounder: 0.0 };
        match (e, size) {
            (Some(e), Some(size)) => {
                let quanta = [quantum(e), quantum_of_products(e, e), quantum_of_products(e, size)];
                for (sum, q) in quanta.into_iter().enumerate() {
                    let target = pending.target(shape, sum, q);
                    pending.targets.push(target);
                }
            }
            _ => pending.targets.extend([nowhere; 3]),
        }
        let mut factors = entry.factors;
        for (k, row) in shape.rows.rows.iter().enumerate() {
            let own;
            (own, factors) = factors.split_at(row.parts.len());
            let size = bound(&row.parts, own, terms);
            if !size.is_finite() {
                data.dropped += 1;
                return;
            }
            let q = match (row.of, exponent(size), e) {
                (SoftSum::Contents, Some(f), _) => Some(quantum(f)),
                (SoftSum::Variances, Some(f), Some(e)) => Some(quantum_of_products(e, f)),
                _ => None,
            };
            let target = q.map_or(nowhere, |q| pending.target(shape, WeightSums::SUMS + k, q));
            pending.targets.push(target);
        }
        data.fill(entry.cell);
        let inner = &terms[terms.len() - 1];
        for lane in outer_cells(shape, terms) {
            add_lanes(shape, terms, inner, lane, entry, pending);
        }
        pending.entries += 1;
        if pending.entries == MOST_ENTRIES {
            pending.settle(shape, data);
        }
    }

    #[inline(always)]
    fn deposit_together(
        shape: &Shape,
        terms: &Together<'_, f32>,
        entries: &Columns<'_, f32>,
        runs: &mut Runs,
        data: &mut FillData,
    ) -> bool {
        runs.add(shape, terms, entries, data);
        true
    }
}

/// What an entry adds in one cell of the outer axis.
#[inline(always)]
fn add_lanes(
    shape: &Shape,
    terms: &[Terms<'_, f32>],
    inner: &Terms<'_, f32>,
    lane: usize,
    entry: &Entry<'_, f32>,
    pending: &mut Pending<f32>,
) {
    let n = LANES * inner.values[0].len();
    let Pending { store, targets, factors, contents, sum, .. } = pending;
    let mut first = inner.first;
    let mut w = entry.weight;
    let mut all = entry.factors;
    if let [outer, _] = terms {
        first += (outer.first + lane) * shape.extents[1];
        w *= outer.values[0].as_flattened()[lane];
        factors.clear();
        let parts = shape.rows.rows.iter().flat_map(|row| &row.parts);
        factors.extend(
            parts
                .zip(entry.factors)
                .map(|([term, _], factor)| *factor * outer.values[*term].as_flattened()[lane]),
        );
        all = factors;
    }
    combine(&[[0, 0]], &[w], inner, contents);
    // All three have a bank, or none has.
    if let Some(cells) = cells(store, targets[0], first, n) {
        add(cells, contents, targets[0].rounder);
    }
    if let Some(cells) = cells(store, targets[1], first, n) {
        add_products(cells, contents, contents, targets[1].rounder);
    }
    if let Some(cells) = cells(store, targets[2], first, n) {
        add_scaled(cells, contents, f64::from(entry.weight), targets[2].rounder);
    }
    for (row, target) in shape.rows.rows.iter().zip(&targets[3..]) {
        let own;
        (own, all) = all.split_at(row.parts.len());
        let Some(cells) = cells(store, *target, first, n) else { continue };
        if let (SoftSum::Contents, [[_, term]], [factor]) = (row.of, &row.parts[..], own) {
            add_part(cells, inner.values[*term], *factor, target.rounder);
            continue;
        }
        combine(&row.parts, own, inner, sum);
        match row.of {
            SoftSum::Contents => add(cells, sum, target.rounder),
            SoftSum::Variances => add_products(cells, contents, sum, target.rounder),
        }
    }
}

/// `n` cells of a bank from `first` on, if there is a bank.
#[inline(always)]
fn cells(store: &mut [f64], target: Target, first: usize, n: usize) -> Option<&mut [f64]> {
    let at = target.at.checked_add(first)?;
    store.get_mut(at..at.checked_add(n)?)
}

#[inline(always)]
fn add(cells: &mut [f64], x: &[[f32; LANES]], rounder: f64) {
    for (cells, x) in cells.as_chunks_mut::<LANES>().0.iter_mut().zip(x) {
        let (old, x) = (*cells, *x);
        *cells = from_fn(|i| old[i] + rounded(f64::from(x[i]), rounder));
    }
}

/// The one part of a row, without going through memory.
#[inline(always)]
fn add_part(cells: &mut [f64], x: &[[f32; LANES]], factor: f32, rounder: f64) {
    for (cells, x) in cells.as_chunks_mut::<LANES>().0.iter_mut().zip(x) {
        let (old, x) = (*cells, *x);
        *cells = from_fn(|i| old[i] + rounded(f64::from(factor * x[i]), rounder));
    }
}

/// Products of two singles are exact in double precision.
#[inline(always)]
fn add_products(cells: &mut [f64], x: &[[f32; LANES]], y: &[[f32; LANES]], rounder: f64) {
    for ((cells, x), y) in cells.as_chunks_mut::<LANES>().0.iter_mut().zip(x).zip(y) {
        let (old, x, y) = (*cells, *x, *y);
        *cells = from_fn(|i| old[i] + rounded(f64::from(x[i]) * f64::from(y[i]), rounder));
    }
}

#[inline(always)]
fn add_scaled(cells: &mut [f64], x: &[[f32; LANES]], w: f64, rounder: f64) {
    for (cells, x) in cells.as_chunks_mut::<LANES>().0.iter_mut().zip(x) {
        let (old, x) = (*cells, *x);
        *cells = from_fn(|i| old[i] + rounded(w * f64::from(x[i]), rounder));
    }
}

impl Deposit for f64 {
    fn deposit(
        shape: &Shape,
        terms: &[Terms<'_, f64>],
        entry: &Entry<'_, f64>,
        pending: &mut Pending<f64>,
        data: &mut FillData,
    ) {
        let mut factors = entry.factors;
        for row in &shape.rows.rows {
            let own;
            (own, factors) = factors.split_at(row.parts.len());
            if !bound(&row.parts, own, terms).is_finite() {
                data.dropped += 1;
                return;
            }
        }
        data.fill(entry.cell);
        let Some(sums) = &mut data.sums else { return };
        let inner = &terms[terms.len() - 1];
        for lane in outer_cells(shape, terms) {
            let outer = |term: usize| match terms {
                [_] => 1.0,
                _ => terms[0].values[term].as_flattened()[lane],
            };
            let mut first = inner.first;
            if terms.len() == 2 {
                first += (terms[0].first + lane) * shape.extents[1];
            }
            let Pending { contents, sum, factors, .. } = &mut *pending;
            combine(&[[0, 0]], &[entry.weight * outer(0)], inner, contents);
            let contents = contents.as_flattened();
            for (i, share) in contents.iter().enumerate().filter(|(_, share)| **share != 0.0) {
                sums.add_share_f64(first + i, entry.weight, *share);
            }
            let mut all = entry.factors;
            for (k, row) in shape.rows.rows.iter().enumerate() {
                let own;
                (own, all) = all.split_at(row.parts.len());
                factors.clear();
                factors.extend(row.parts.iter().zip(own).map(|([a, _], f)| f * outer(*a)));
                combine(&row.parts, factors, inner, sum);
                for (i, x) in sum.as_flattened().iter().enumerate().filter(|(_, x)| **x != 0.0) {
                    let other = if row.of == SoftSum::Contents { 1.0 } else { contents[i] };
                    sums.add_to_row(k, first + i, *x, other);
                }
            }
        }
    }

    fn deposit_together(
        _: &Shape,
        _: &Together<'_, f64>,
        _: &Columns<'_, f64>,
        _: &mut Runs,
        _: &mut FillData,
    ) -> bool {
        false
    }
}
