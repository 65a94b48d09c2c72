//! ExactNumber sums of doubles and of products of doubles with exact sums: what samples,
//! files and combinations add up to, rounded once, so that no order shows.

use super::sums::{Sums, WeightSums};
use crate::kernels::fill;

/// A number that is kept exactly: a sum of doubles, of products of two doubles, or of
/// [`ExactNumber::times`] of such. Infinities and NaN add up as doubles do; a zero has no sign.
#[derive(Debug, Clone)]
pub struct ExactNumber {
    /// The finite part, one bin.
    finite: Sums,
    /// The sum of what is infinite or NaN; 0 if there is none.
    beyond: f64,
}

impl Default for ExactNumber {
    fn default() -> Self {
        ExactNumber { finite: Sums::new(1), beyond: 0.0 }
    }
}

/// Equal values.
impl PartialEq for ExactNumber {
    fn eq(&self, other: &Self) -> bool {
        let same_beyond =
            self.beyond == other.beyond || self.beyond.is_nan() && other.beyond.is_nan();
        same_beyond && (self.beyond != 0.0 || self.finite == other.finite)
    }
}

impl From<f64> for ExactNumber {
    fn from(x: f64) -> Self {
        let mut exact = ExactNumber::default();
        exact.add(x);
        exact
    }
}

/// The exact sum of doubles.
impl FromIterator<f64> for ExactNumber {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut exact = ExactNumber::default();
        numbers.into_iter().for_each(|x| exact.add(x));
        exact
    }
}

impl ExactNumber {
    /// An integer.
    pub fn integer(n: u64) -> Self {
        let mut exact = ExactNumber::default();
        // Either half is a double.
        exact.add_product((n >> 32) as f64, 4_294_967_296.0);
        exact.add((n & 0xffff_ffff) as f64);
        exact
    }

    /// One bin of exact sums.
    pub(super) fn of_bin(sums: &Sums, bin: usize) -> Self {
        let mut exact = ExactNumber::default();
        let (first, cells) = sums.row(bin);
        exact.finite.add_cells(0, first, &cells);
        exact
    }

    /// Adds a double.
    pub fn add(&mut self, x: f64) {
        self.add_product(x, 1.0);
    }

    /// Adds the exact product of two doubles.
    pub fn add_product(&mut self, a: f64, b: f64) {
        match a.is_finite() && b.is_finite() {
            true => self.finite.add_product(0, a, b),
            false => self.add_beyond(a * b),
        }
    }

    /// Adds another number.
    pub fn merge(&mut self, other: &ExactNumber) {
        self.finite.merge(&other.finite);
        if other.beyond != 0.0 {
            self.add_beyond(other.beyond);
        }
    }

    /// The exact product with a double.
    #[must_use]
    pub fn times(&self, factor: f64) -> ExactNumber {
        let mut product = ExactNumber::default();
        let (first, cells) = self.finite.row(0);
        if self.beyond != 0.0 || !factor.is_finite() {
            // The highest cell has the sign.
            let sign = cells.iter().rev().find(|cell| **cell != 0).map_or(0, |cell| cell.signum());
            let own = if self.beyond == 0.0 { sign as f64 } else { self.beyond };
            product.add_beyond(own * factor);
            return product;
        }
        let Some(pieces) = fill::pieces_f64(factor) else { return product };
        let sign = if factor < 0.0 { -1 } else { 1 };
        // Two more cells than a product needs take the carries.
        let mut wide = vec![0i128; cells.len() + pieces.words.len() + 2];
        for (i, cell) in cells.iter().enumerate() {
            for (j, word) in pieces.words.iter().enumerate() {
                wide[i + j] += i128::from(*cell) * i128::from(*word) * sign;
            }
        }
        let mut carried = 0;
        let carry = |sum: &i128| {
            let sum = sum + carried;
            carried = sum >> 32;
            (sum & 0xffff_ffff) as i64
        };
        let mut made: Vec<i64> = wide.iter().map(carry).collect();
        // What is left is the sign.
        made.push(carried as i64);
        product.finite.add_cells(0, first + pieces.first, &made);
        product
    }

    /// The number, rounded once to the nearest double, ties to even.
    pub fn value(&self) -> f64 {
        if self.beyond == 0.0 { self.finite.value(0) } else { self.beyond }
    }

    fn add_beyond(&mut self, x: f64) {
        let sum = self.beyond + x;
        // One NaN, whichever operands made it.
        self.beyond = if sum.is_nan() { f64::NAN } else { sum };
    }
}

impl WeightSums {
    /// The exact sum of several bins' weights.
    pub(super) fn exact_sumw(&self, bins: std::ops::Range<usize>) -> ExactNumber {
        exact(&self.sumw, bins)
    }

    /// The exact sum of several bins' squared weights.
    pub(super) fn exact_sumw2(&self, bins: std::ops::Range<usize>) -> ExactNumber {
        exact(&self.sumw2, bins)
    }

    /// Of a soft fill the exact sum of a bin's products of weights and shares.
    pub(super) fn exact_upper(&self, bin: usize) -> Option<ExactNumber> {
        self.upper.as_ref().map(|upper| ExactNumber::of_bin(upper, bin))
    }
}

fn exact(sums: &Sums, bins: std::ops::Range<usize>) -> ExactNumber {
    let mut total = ExactNumber::default();
    bins.for_each(|bin| total.merge(&ExactNumber::of_bin(sums, bin)));
    total
}

#[cfg(test)]
#[path = "exact_number_tests.rs"]
mod tests;
