//! Soft fills that sum moments, in single precision: see [`crate::kernels::moments`].
//!
//! What an entry adds is rounded to a quantum (see [`crate::kernels::quanta`]), and
//! quanta of similar size are added in double precision, in *banks*, where no
//! addition rounds. Now and then banks are emptied into the exact sums.

use super::soft_sums::{BANKS, MOST_ENTRIES, bank_of};
use super::wide::wide_registers;
use crate::hist::{FillData, MomentSums, Moments};
use crate::kernels::moments::{MomentSum, ORDERS, place, powers};
use crate::kernels::quanta::{field, quantum, quantum_of_products, rounded, rounder};
use std::array::from_fn;

/// Entries that are added together: what is known of them stays in cache.
const TOGETHER: usize = 512;
const NONE: u32 = u32::MAX;

/// Sums that are not exact yet, and buffers.
#[derive(Debug, Default)]
pub(super) struct PendingMoments {
    /// For each sum and class of quanta where its bank begins.
    banks: Vec<u32>,
    store: Vec<f64>,
    added: u32,
    /// Of each entry: its cell, its powers, and for the sum at hand where its numbers are
    /// and the rounder.
    cells: Vec<u32>,
    offsets: Vec<f32>,
    powers: Vec<[f32; ORDERS]>,
    at: Vec<u32>,
    rounders: Vec<f64>,
    exponents: Vec<i32>,
    weights: Vec<i32>,
}

/// Some entries, all of which can be filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Singles<'e> {
    pub(super) values: &'e [f32],
    /// The weight, then the factors.
    pub(super) numbers: &'e [&'e [f32]],
}

impl PendingMoments {
    /// Adds entries of a fill that sums moments.
    pub(super) fn add(&mut self, entries: &Singles<'_>, data: &mut FillData) {
        let Some(sums) = &data.moments else { return };
        let moments = &*sums.moments();
        if self.banks.is_empty() {
            self.banks.resize(moments.sums.len() * BANKS, NONE);
        }
        let mut start = 0;
        while start < entries.values.len() {
            let end = entries.values.len().min(start + TOGETHER);
            if self.added + (end - start) as u32 > MOST_ENTRIES {
                self.settle(data);
            }
            self.added += (end - start) as u32;
            self.look(moments, &entries.values[start..end]);
            let weights = &entries.numbers[0][start..end];
            exponents(&mut self.weights, weights);
            for (k, MomentSum { number, squared }) in moments.sums.iter().enumerate() {
                let numbers = &entries.numbers[*number][start..end];
                exponents(&mut self.exponents, numbers);
                self.find(moments, k, *squared);
                let (at, rounders) = (&self.at[..], &self.rounders[..]);
                let own = Adding { at, rounders, numbers, powers: &self.powers };
                match squared {
                    false => add_numbers(&mut self.store, &own),
                    true => add_products(&mut self.store, &own, weights),
                }
            }
            start = end;
        }
    }

    /// Finds the cells of entries, and the powers of their offsets.
    fn look(&mut self, moments: &Moments, values: &[f32]) {
        let grid = &moments.grid;
        self.cells.resize(values.len(), 0);
        self.offsets.resize(values.len(), 0.0);
        self.powers.resize(values.len(), [0.0; ORDERS]);
        places(&mut self.cells, &mut self.offsets, values, grid.singles(), grid.mark());
        all_powers(&mut self.powers, &self.offsets);
    }

    /// Finds the banks of a sum of which the exponents are known.
    fn find(&mut self, moments: &Moments, sum: usize, squared: bool) {
        let n = self.exponents.len();
        self.at.clear();
        self.rounders.clear();
        for i in 0..n {
            let (e, w) = (self.exponents[i], self.weights[i]);
            // What is zero, or denormal and counts as zero, is added nowhere: to a bank
            // as zero.
            let none = e == 0 || (squared && w == 0);
            let q = match (none, squared) {
                (true, _) => 231,
                (_, true) => quantum_of_products(w, e),
                _ => quantum(e),
            };
            let bank = sum * BANKS + bank_of(q);
            let mut start = self.banks[bank];
            if start == NONE {
                start = self.new_bank(moments, bank);
            }
            self.at.push(start + self.cells[i] * ORDERS as u32);
            self.rounders.push(rounder(q));
        }
    }

    #[cold]
    fn new_bank(&mut self, moments: &Moments, bank: usize) -> u32 {
        let start = self.store.len();
        self.store.resize(start + moments.numbers(), 0.0);
        self.banks[bank] = start as u32;
        start as u32
    }

    /// Makes the sums exact.
    pub(super) fn settle(&mut self, data: &mut FillData) {
        let Some(sums) = &mut data.moments else { return };
        let numbers = sums.moments().numbers();
        for (bank, start) in self.banks.iter().enumerate().filter(|(_, at)| **at != NONE) {
            let start = *start as usize;
            empty(&mut self.store[start..start + numbers], bank / BANKS, sums);
        }
        self.added = 0;
    }
}

/// Empties a bank of a sum.
fn empty(bank: &mut [f64], sum: usize, sums: &mut MomentSums) {
    for (number, x) in bank.iter_mut().enumerate().filter(|(_, x)| **x != 0.0) {
        sums.add(sum, number, *x);
        *x = 0.0;
    }
}

/// Entries of one sum.
#[derive(Debug, Clone, Copy)]
struct Adding<'a> {
    at: &'a [u32],
    rounders: &'a [f64],
    numbers: &'a [f32],
    powers: &'a [[f32; ORDERS]],
}

wide_registers! {
    /// The cells and offsets of values.
    fn places(cells: &mut [u32], offsets: &mut [f32], values: &[f32], grid: [f32; 3], mark: u32) {
        let n = values.len();
        let (cells, offsets) = (&mut cells[..n], &mut offsets[..n]);
        for i in 0..n {
            (cells[i], offsets[i]) = place(values[i], grid, mark);
        }
    }
}

wide_registers! {
    /// The powers of offsets.
    fn all_powers(out: &mut [[f32; ORDERS]], offsets: &[f32]) {
        for (out, t) in out.iter_mut().zip(offsets) {
            *out = powers(*t);
        }
    }
}

wide_registers! {
    /// The exponents of numbers' sizes.
    fn exponents(out: &mut Vec<i32>, numbers: &[f32]) {
        out.resize(numbers.len(), 0);
        for (out, x) in out.iter_mut().zip(numbers) {
            *out = field(x.abs());
        }
    }
}

wide_registers! {
    /// Adds each entry's number times the powers of its offset.
    fn add_numbers(store: &mut [f64], entries: &Adding<'_>) {
        let n = entries.numbers.len();
        let (at, rounders, powers) =
            (&entries.at[..n], &entries.rounders[..n], &entries.powers[..n]);
        for i in 0..n {
            let (x, r, powers) = (entries.numbers[i], rounders[i], powers[i]);
            let start = at[i] as usize;
            let out = &mut store[start..start + ORDERS];
            let old: [f64; ORDERS] = from_fn(|k| out[k]);
            let new: [f64; ORDERS] = from_fn(|k| old[k] + rounded(f64::from(x * powers[k]), r));
            out.copy_from_slice(&new);
        }
    }
}

wide_registers! {
    /// The same times the weight, exactly.
    fn add_products(store: &mut [f64], entries: &Adding<'_>, weights: &[f32]) {
        let n = entries.numbers.len();
        let (at, rounders, powers, weights) =
            (&entries.at[..n], &entries.rounders[..n], &entries.powers[..n], &weights[..n]);
        for i in 0..n {
            let (x, r, powers, w) = (entries.numbers[i], rounders[i], powers[i], f64::from(weights[i]));
            let start = at[i] as usize;
            let out = &mut store[start..start + ORDERS];
            let old: [f64; ORDERS] = from_fn(|k| out[k]);
            let new: [f64; ORDERS] =
                from_fn(|k| old[k] + rounded(w * f64::from(x * powers[k]), r));
            out.copy_from_slice(&new);
        }
    }
}
