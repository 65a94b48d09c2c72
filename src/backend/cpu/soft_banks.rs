//! Sums of soft fills that are on their way to being exact: double precision, in
//! *banks*, one for each range of quanta, where no addition rounds.
//!
//! What some entries add is summed up before, in double precision too. Such a sum
//! is cut, exactly, into multiples of the banks' units.

use super::soft_shape::Shape;
use crate::hist::FillData;
use crate::kernels::quanta::{BITS, rounded, rounder};

/// The units of the banks are powers of 2^WIDTH.
const WIDTH: i32 = 24;
/// The unit of the lowest bank is 2^(WIDTH * LOWEST): quanta are 2^-276 and above.
const LOWEST: i32 = -12;
/// Banks that a sum can have: quanta reach up to 2^231.
const BANKS: usize = 24;
/// What is cut off for a bank is below 2^ROOM of its units.
const ROOM: i32 = 36;
/// Additions to a bank between two emptyings.
const MOST_ADDED: u32 = 1 << 15;
const _: () = assert!(ROOM + 15 < 53);

/// Entries that are summed up before their sum is added, at most: 2^6.
pub(super) const TOGETHER: usize = 64;
/// How far apart their quanta may be, in powers of two: their sum is below
/// 2^(BITS + 6) of the largest, and a multiple of the smallest.
pub(super) const SPREAD: i32 = 53 - BITS - 6;

/// Lanes behind the last cell, which only ever get zeros.
pub(super) const PADDING: usize = 16;

const NONE: u32 = u32::MAX;

/// The banks of all sums of a fill.
#[derive(Debug, Default)]
pub(super) struct Banks {
    /// For each sum and unit where its bank begins.
    starts: Vec<u32>,
    store: Vec<f64>,
    added: u32,
}

impl Banks {
    /// Adds to the cells from `first` on of a sum what at most [`TOGETHER`] entries add,
    /// whose quanta are from 2^q[0] to 2^q[1].
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        shape: &Shape,
        sum: usize,
        first: usize,
        q: [i32; 2],
        cells: &mut [f64],
    ) {
        let bottom = q[0].div_euclid(WIDTH);
        // Below 2^(q + BITS + 6) is below 2^ROOM of the highest unit.
        let top = (q[1] + BITS + 6 - ROOM + WIDTH - 1).div_euclid(WIDTH).max(bottom);
        for unit in (bottom + 1..=top).rev() {
            let bank = self.bank(shape, sum, unit, first, cells.len());
            let rounder = rounder(WIDTH * unit);
            for (bank, cell) in bank.iter_mut().zip(&mut *cells) {
                let part = rounded(*cell, rounder);
                *bank += part;
                *cell -= part;
            }
        }
        let bank = self.bank(shape, sum, bottom, first, cells.len());
        bank.iter_mut().zip(cells).for_each(|(bank, cell)| *bank += *cell);
    }

    /// Some cells of the bank with this unit.
    #[inline(always)]
    fn bank(&mut self, shape: &Shape, sum: usize, unit: i32, first: usize, n: usize) -> &mut [f64] {
        let bank = sum * BANKS + (unit - LOWEST) as usize;
        let start = match self.starts.get(bank) {
            Some(start) if *start != NONE => *start,
            _ => self.new_bank(shape, bank),
        };
        let at = start as usize + first;
        &mut self.store[at..at + n]
    }

    #[cold]
    fn new_bank(&mut self, shape: &Shape, bank: usize) -> u32 {
        self.starts.resize(shape.sums() * BANKS, NONE);
        let start = self.store.len();
        self.store.resize(start + shape.cells + PADDING, 0.0);
        self.starts[bank] = start as u32;
        start as u32
    }

    /// Says that all sums were added to, at most once each.
    #[inline(always)]
    pub(super) fn done(&mut self, shape: &Shape, data: &mut FillData) {
        self.added += 1;
        if self.added == MOST_ADDED {
            self.settle(shape, data);
        }
    }

    /// Empties the banks into the exact sums.
    pub(super) fn settle(&mut self, shape: &Shape, data: &mut FillData) {
        let Some(sums) = &mut data.sums else { return };
        for (bank, start) in self.starts.iter().enumerate().filter(|(_, at)| **at != NONE) {
            let start = *start as usize;
            for (cell, x) in self.store[start..start + shape.cells].iter_mut().enumerate() {
                if *x != 0.0 {
                    sums.add_to_sum(bank / BANKS, cell, *x);
                    *x = 0.0;
                }
            }
        }
        self.added = 0;
    }
}
