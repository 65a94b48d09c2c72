//! Entries of a soft fill of one axis that reach the same cells, in single
//! precision: every sum of a few of them is one loop over entries that keeps the
//! cells in registers.

use super::soft_banks::{Banks, SPREAD, TOGETHER};
use super::soft_shape::Shape;
use super::wide::wide_registers;
use crate::bins::SoftSum;
use crate::hist::{FillData, WeightSums};
use crate::kernels::quanta::{field, quantum, quantum_of_products, rounded, rounder};
use crate::kernels::soft::{LANES, Together};
use std::array::from_fn;

/// Some entries that lie in the axis, one number of each a slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'e, P> {
    /// The cells that they lie in.
    pub(super) cells: &'e [u32],
    /// Finite.
    pub(super) weights: &'e [P],
    /// For each part of each row the factors.
    pub(super) factors: &'e [Vec<P>],
    /// Where the entries begin in each of these.
    pub(super) start: usize,
}

/// Sums that are not exact yet, and buffers.
#[derive(Debug, Default)]
pub(super) struct Runs {
    banks: Banks,
    /// For each sum the quanta of the entries, and what spans them.
    quanta: Vec<Quanta>,
    /// Bounds on what each entry adds to a row.
    bounds: Vec<f32>,
    exponents: [Vec<i32>; 2],
    /// Numbers of the entries, and of all of them together.
    numbers: Vec<f32>,
    contents: Vec<f32>,
    cells: [Vec<f64>; WeightSums::SUMS],
}

/// The quanta of some entries.
#[derive(Debug, Clone)]
struct Quanta {
    /// Their powers of two, [`NO_QUANTUM`] of an entry that adds zeros.
    powers: [i32; TOGETHER],
    rounders: [f64; TOGETHER],
    /// The smallest and the largest one; those of nothing in the wrong order.
    span: [i32; 2],
}

const NO_QUANTUM: i32 = i32::MIN;
/// The exponent of what is not finite, with the sign of a NaN or without.
const NOT_FINITE: i32 = 255;

impl Quanta {
    const NONE: Quanta = Quanta {
        powers: [NO_QUANTUM; TOGETHER],
        rounders: [0.0; TOGETHER],
        span: [i32::MAX, i32::MIN],
    };

    /// Those of numbers below bounds with these exponents.
    fn set(&mut self, exponents: &[i32]) {
        powers(self, exponents, &[1; TOGETHER][..exponents.len()], quantum(-1));
    }

    /// Those of products of numbers below bounds with these exponents.
    fn set_products(&mut self, exponents: &[i32], others: &[i32]) {
        powers(self, exponents, others, quantum_of_products(0, 0));
    }

    fn is_none(&self) -> bool {
        self.span[0] > self.span[1]
    }

    fn is_wide(&self) -> bool {
        !self.is_none() && self.span[1] - self.span[0] > SPREAD
    }
}

impl Runs {
    /// Makes the sums exact.
    pub(super) fn settle(&mut self, shape: &Shape, data: &mut FillData) {
        self.banks.settle(shape, data);
    }

    /// Adds entries with their terms, at most [`TOGETHER`]; those whose derivatives are
    /// too large, or NaN, are counted as dropped instead.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        shape: &Shape,
        terms: &Together<'_, f32>,
        entries: &Columns<'_, f32>,
        data: &mut FillData,
    ) {
        let n = entries.weights.len();
        if self.look(shape, terms, entries) {
            self.add_all(shape, terms, entries, data);
            return;
        }
        // One is to be dropped, or they are too different to be summed up.
        for i in 0..n {
            let range = i * terms.lanes..(i + 1) * terms.lanes;
            let values = terms.values.map(|values| values.get(range.clone()).unwrap_or_default());
            let most = terms.most.map(|most| most.get(i..i + 1).unwrap_or_default());
            let one = Together { values, most, ..*terms };
            let entry = Columns {
                cells: &entries.cells[i..i + 1],
                weights: &entries.weights[i..i + 1],
                start: entries.start + i,
                ..*entries
            };
            if self.look(shape, &one, &entry) {
                self.add_all(shape, &one, &entry, data);
            } else {
                data.dropped += 1;
            }
        }
    }

    /// Finds out the quanta; false if a bound is not finite, or quanta are too far
    /// from each other, which those of one entry are not.
    #[inline(always)]
    fn look(
        &mut self,
        shape: &Shape,
        terms: &Together<'_, f32>,
        entries: &Columns<'_, f32>,
    ) -> bool {
        let Columns { weights, factors, start, .. } = *entries;
        let n = weights.len();
        self.quanta.resize(shape.sums(), Quanta::NONE);
        let (sums, rows) = self.quanta.split_at_mut(WeightSums::SUMS);
        let [contents, squares, upper] = sums else { return false };
        self.bounds.resize(TOGETHER, 0.0);
        self.exponents.iter_mut().for_each(|exponents| exponents.resize(TOGETHER, 0));
        let bounds = &mut self.bounds[..n];
        let [e, f] = self.exponents.each_mut().map(|exponents| &mut exponents[..n]);
        add_bounds(bounds, weights, &terms.most[0][..n], true);
        exponents(e, bounds);
        add_bounds(bounds, weights, &[1.0; TOGETHER][..n], true);
        exponents(f, bounds);
        contents.set(e);
        squares.set_products(e, e);
        upper.set_products(e, f);
        let mut wide = contents.is_wide() | squares.is_wide() | upper.is_wide();
        let mut factors = factors.iter();
        for (row, quanta) in shape.rows.rows.iter().zip(rows) {
            for (k, ([_, term], factors)) in row.parts.iter().zip(&mut factors).enumerate() {
                add_bounds(bounds, &factors[start..start + n], &terms.most[*term][..n], k == 0);
            }
            exponents(f, bounds);
            // Neither infinite nor NaN.
            if f.iter().fold(0, |most: i32, f| most.max(*f)) >= NOT_FINITE {
                return false;
            }
            match row.of {
                SoftSum::Contents => quanta.set(f),
                SoftSum::Variances => quanta.set_products(e, f),
            }
            wide |= quanta.is_wide();
        }
        !wide
    }

    /// Adds entries whose quanta are known.
    #[inline(always)]
    fn add_all(
        &mut self,
        shape: &Shape,
        terms: &Together<'_, f32>,
        entries: &Columns<'_, f32>,
        data: &mut FillData,
    ) {
        let Columns { cells, weights, factors, start } = *entries;
        let n = weights.len();
        cells.iter().for_each(|cell| data.fill(*cell as usize));
        let Runs { banks, quanta, numbers, contents, cells, .. } = self;
        let all = n * terms.lanes;
        let shares = &terms.values[0][..all];
        for cells in &mut *cells {
            cells.clear();
            cells.resize(terms.lanes, 0.0);
        }
        let mut finish = |sum: usize, quanta: &Quanta, cells: &mut [f64]| {
            if !quanta.is_none() {
                banks.add(shape, sum, terms.first, quanta.span, cells);
            }
        };
        add_contents(shares, weights, &quanta[..WeightSums::SUMS], cells);
        for (sum, cells) in cells.iter_mut().enumerate() {
            finish(sum, &quanta[sum], cells);
        }
        let [_, _, cells] = cells;
        if shape.rows.rows.iter().any(|row| row.of == SoftSum::Variances) {
            contents.resize(all, 0.0);
            products(contents, shares, weights, true);
        }
        let mut at = 0;
        for (k, row) in shape.rows.rows.iter().enumerate() {
            let sum = WeightSums::SUMS + k;
            let own = &factors[at..at + row.parts.len()];
            at += own.len();
            if quanta[sum].is_none() {
                continue;
            }
            cells.fill(0.0);
            let rounders = &quanta[sum].rounders[..n];
            if let (SoftSum::Contents, [[_, term]], [factors]) = (row.of, &row.parts[..], own) {
                let factors = &factors[start..start + n];
                add_scaled(&terms.values[*term][..all], factors, rounders, cells);
            } else {
                for (k, ([_, term], factors)) in row.parts.iter().zip(own).enumerate() {
                    let factors = &factors[start..start + n];
                    let values = &terms.values[*term][..all];
                    numbers.resize(all, 0.0);
                    products(numbers, values, factors, k == 0);
                }
                match row.of {
                    SoftSum::Contents => {
                        add_scaled(numbers, &[1.0; TOGETHER][..n], rounders, cells)
                    }
                    SoftSum::Variances => add_products(contents, numbers, rounders, cells),
                }
            }
            finish(sum, &quanta[sum], cells);
        }
        banks.done(shape, data);
    }
}

wide_registers! {
    /// Sets powers, rounders and span: the powers are `zero` more than both exponents
    /// of an entry.
    fn powers(quanta: &mut Quanta, first: &[i32], other: &[i32], zero: i32) {
        let n = first.len();
        let (powers, other) = (&mut quanta.powers[..n], &other[..n]);
        let [mut low, mut high] = [i32::MAX, i32::MIN];
        for i in 0..n {
            let none = (first[i] == 0) | (other[i] == 0);
            let power = first[i] + other[i] + zero;
            powers[i] = if none { NO_QUANTUM } else { power };
            low = low.min(if none { i32::MAX } else { power });
            high = high.max(powers[i]);
        }
        quanta.span = [low, high];
        if low > high {
            return;
        }
        let rounders = &mut quanta.rounders[..n];
        for i in 0..n {
            rounders[i] = rounder(powers[i].max(low));
        }
    }
}

wide_registers! {
    /// The sizes of factors times the largest terms, or these and what `out` has.
    fn add_bounds(out: &mut [f32], factors: &[f32], most: &[f32], first: bool) {
        let n = out.len();
        let (factors, most) = (&factors[..n], &most[..n]);
        for i in 0..n {
            let size = factors[i].abs() * most[i];
            out[i] = if first { size } else { out[i] + size };
        }
    }
}

wide_registers! {
    /// The exponents of bounds.
    fn exponents(out: &mut [i32], bounds: &[f32]) {
        for (out, bound) in out.iter_mut().zip(bounds) {
            *out = field(*bound);
        }
    }
}

wide_registers! {
    /// The products of an entry's factor with its numbers, or these and what `out` has.
    fn products(out: &mut [f32], values: &[f32], factors: &[f32], first: bool) {
        let lanes = out.len() / factors.len();
        let entries = out.chunks_exact_mut(lanes).zip(values.chunks_exact(lanes));
        for ((out, values), factor) in entries.zip(factors) {
            let groups = out.as_chunks_mut::<LANES>().0.iter_mut();
            for (out, values) in groups.zip(values.as_chunks::<LANES>().0) {
                for i in 0..LANES {
                    let product = *factor * values[i];
                    out[i] = if first { product } else { out[i] + product };
                }
            }
        }
    }
}

/// Some neighbouring numbers of an entry.
#[inline(always)]
fn group<const N: usize>(numbers: &[f32], at: usize) -> [f32; N] {
    let mut group = [0.0; N];
    group.copy_from_slice(&numbers[at..at + N]);
    group
}

wide_registers! {
    /// Contents, their squares, and their products with weights.
    fn add_contents(
        shares: &[f32],
        weights: &[f32],
        quanta: &[Quanta],
        cells: &mut [Vec<f64>; WeightSums::SUMS],
    ) {
        let lanes = cells[0].len();
        let rounders: [&[f64]; 3] = from_fn(|k| &quanta[k].rounders[..weights.len()]);
        for at in (0..lanes).step_by(LANES) {
            let mut sums = [[0.0f64; LANES]; 3];
            let entries = shares.chunks_exact(lanes).zip(weights);
            let rounders = rounders[0].iter().zip(rounders[1]).zip(rounders[2]);
            for ((shares, weight), ((r, r_square), r_upper)) in entries.zip(rounders) {
                let shares: [f32; LANES] = group(shares, at);
                let ([a, b, c], w) = (sums, f64::from(*weight));
                let x: [f64; LANES] = from_fn(|i| f64::from(*weight * shares[i]));
                sums = [
                    from_fn(|i| a[i] + rounded(x[i], *r)),
                    from_fn(|i| b[i] + rounded(x[i] * x[i], *r_square)),
                    from_fn(|i| c[i] + rounded(w * x[i], *r_upper)),
                ];
            }
            for (cells, sums) in cells.iter_mut().zip(sums) {
                cells[at..at + LANES].copy_from_slice(&sums);
            }
        }
    }
}

wide_registers! {
    /// The numbers of each entry times its factor.
    fn add_scaled(values: &[f32], factors: &[f32], rounders: &[f64], cells: &mut [f64]) {
        let mut at = 0;
        while at + 2 * LANES <= cells.len() {
            add_scaled_group::<{ 2 * LANES }>(values, factors, rounders, cells, at);
            at += 2 * LANES;
        }
        if at < cells.len() {
            add_scaled_group::<LANES>(values, factors, rounders, cells, at);
        }
    }
}

#[inline(always)]
fn add_scaled_group<const N: usize>(
    values: &[f32],
    factors: &[f32],
    rounders: &[f64],
    cells: &mut [f64],
    at: usize,
) {
    let mut sums = [0.0f64; N];
    let entries = values.chunks_exact(cells.len()).zip(factors).zip(rounders);
    for ((values, factor), rounder) in entries {
        let (values, old): ([f32; N], _) = (group(values, at), sums);
        sums = from_fn(|i| old[i] + rounded(f64::from(*factor * values[i]), *rounder));
    }
    cells[at..at + N].copy_from_slice(&sums);
}

wide_registers! {
    /// Products of two singles, which are exact in double precision.
    fn add_products(x: &[f32], y: &[f32], rounders: &[f64], cells: &mut [f64]) {
        let lanes = cells.len();
        for at in (0..lanes).step_by(LANES) {
            let mut sums = [0.0f64; LANES];
            let entries = x.chunks_exact(lanes).zip(y.chunks_exact(lanes)).zip(rounders);
            for ((x, y), rounder) in entries {
                let [x, y]: [[f32; LANES]; 2] = [group(x, at), group(y, at)];
                let old = sums;
                sums = from_fn(|i| old[i] + rounded(f64::from(x[i]) * f64::from(y[i]), *rounder));
            }
            cells[at..at + LANES].copy_from_slice(&sums);
        }
    }
}
