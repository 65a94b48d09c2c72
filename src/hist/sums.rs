//! Exact sums of weights: integers in units of powers of 2^32, so that no
//! order of additions, thread, chunk or device can show in a bin.

use super::round;
use crate::kernels::fill::{self, Pieces};
use std::ops::Range;

/// The largest bound on a cell, in units of 2^32, that leaves room for the
/// carries of a normalisation in 64 bits.
const LIMIT: u64 = (1 << 31) - 4;

/// For each bin the exact sum of its weights and of their exact squares; in a
/// soft fill those of the weights' shares, and the sum of the exact products of
/// weights and shares.
///
/// Only finite weights can be added; the caller counts the others.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightSums {
    pub(super) sumw: Sums,
    pub(super) sumw2: Sums,
    pub(super) upper: Option<Sums>,
    /// Of a soft fill with derivatives, one a row.
    rows: Vec<Sums>,
}

impl WeightSums {
    /// Zero sums for this many bins.
    pub fn new(bins: usize) -> Self {
        WeightSums { sumw: Sums::new(bins), sumw2: Sums::new(bins), upper: None, rows: Vec::new() }
    }

    /// Zero sums of a soft fill with this many rows of derivatives.
    pub fn soft(bins: usize, rows: usize) -> Self {
        let rows = vec![Sums::new(bins); rows];
        WeightSums { upper: Some(Sums::new(bins)), rows, ..WeightSums::new(bins) }
    }

    /// Adds a single-precision weight; a denormal one counts as zero.
    #[inline]
    pub fn add_f32(&mut self, bin: usize, w: f32) {
        debug_assert!(w.is_finite(), "weights that are not finite are counted apart");
        if let (Some(pieces), Some(square)) = (fill::pieces(w), fill::square_pieces(w)) {
            self.sumw.add(bin, w.is_sign_negative(), pieces);
            self.sumw2.add(bin, false, square);
        }
    }

    /// Adds a double-precision weight.
    #[inline]
    pub fn add_f64(&mut self, bin: usize, w: f64) {
        debug_assert!(w.is_finite(), "weights that are not finite are counted apart");
        if let (Some(pieces), Some(square)) = (fill::pieces_f64(w), fill::square_pieces_f64(w)) {
            self.sumw.add(bin, w.is_sign_negative(), pieces);
            self.sumw2.add(bin, false, square);
        }
    }

    /// Adds the share of a weight that a bin of a soft fill gets, which has its sign.
    pub fn add_share_f64(&mut self, bin: usize, w: f64, share: f64) {
        self.add_f64(bin, share);
        if let Some(upper) = &mut self.upper {
            upper.add_product(bin, w, share);
        }
    }

    /// Adds to a row of derivatives: the exact product of two numbers.
    pub fn add_to_row(&mut self, row: usize, bin: usize, a: f64, b: f64) {
        self.rows[row].add_product(bin, a, b);
    }

    /// Adds a number, exactly, to one of the sums of a soft fill: contents, both
    /// variances, then the rows.
    pub fn add_to_sum(&mut self, sum: usize, bin: usize, x: f64) {
        let sums = match (sum, &mut self.upper) {
            (0, _) => &mut self.sumw,
            (1, _) => &mut self.sumw2,
            (2, Some(upper)) => upper,
            _ => &mut self.rows[sum - Self::SUMS],
        };
        sums.add_product(bin, x, 1.0);
    }

    /// Sums of a soft fill before the rows.
    pub const SUMS: usize = 3;

    /// Adds what a device summed: cells from [`fill::SUMW_FIRST`] and from
    /// [`fill::SUMW2_FIRST`] on.
    pub fn add_cells(
        &mut self,
        bin: usize,
        sumw: &[i64; fill::SUMW_CELLS],
        sumw2: &[i64; fill::SUMW2_CELLS],
    ) {
        self.sumw.add_cells(bin, fill::SUMW_FIRST, sumw);
        self.sumw2.add_cells(bin, fill::SUMW2_FIRST, sumw2);
    }

    /// Adds a device's sum of products of weights and shares, in a soft fill.
    pub fn add_upper_cells(&mut self, bin: usize, cells: &[i64; fill::SUMW2_CELLS]) {
        if let Some(upper) = &mut self.upper {
            upper.add_cells(bin, fill::SUMW2_FIRST, cells);
        }
    }

    /// Adds a device's sum of a row, in the cells of sums of squares.
    pub fn add_row_cells(&mut self, row: usize, bin: usize, cells: &[i64; fill::SUMW2_CELLS]) {
        self.rows[row].add_cells(bin, fill::SUMW2_FIRST, cells);
    }

    /// Adds all sums of another set of the same number of bins.
    ///
    /// # Panics
    /// If only one of them is of a soft fill.
    pub fn merge(&mut self, other: &WeightSums) {
        self.sumw.merge(&other.sumw);
        self.sumw2.merge(&other.sumw2);
        assert_eq!(self.rows.len(), other.rows.len(), "partial results of one fill");
        for (row, more) in self.rows.iter_mut().zip(&other.rows) {
            row.merge(more);
        }
        match (&mut self.upper, &other.upper) {
            (Some(upper), Some(more)) => upper.merge(more),
            (None, None) => {}
            _ => panic!("partial results of one fill are all soft, or none is"),
        }
    }

    /// The sum of weights of a bin, rounded once.
    pub fn sumw(&self, bin: usize) -> f64 {
        self.sumw.value(bin)
    }

    /// The sum of squared weights of a bin, rounded once.
    pub fn sumw2(&self, bin: usize) -> f64 {
        self.sumw2.value(bin)
    }

    /// The sum of the products of weights and shares of a bin of a soft fill,
    /// rounded once: the sum of w^2 p.
    pub fn upper(&self, bin: usize) -> Option<f64> {
        self.upper.as_ref().map(|upper| upper.value(bin))
    }

    /// Sums of `bins` bins: to each bin number `to[k]` what bin `k` has is added,
    /// exactly.
    #[must_use]
    pub fn gathered(&self, to: &[Option<usize>], bins: usize) -> WeightSums {
        WeightSums {
            sumw: self.sumw.gathered(to, bins),
            sumw2: self.sumw2.gathered(to, bins),
            upper: self.upper.as_ref().map(|upper| upper.gathered(to, bins)),
            rows: self.rows.iter().map(|row| row.gathered(to, bins)).collect(),
        }
    }

    /// All sums: of weights, of squared weights, of a soft fill that of products of
    /// weights and shares, then the rows.
    pub(super) fn all(&self) -> impl Iterator<Item = &Sums> {
        [&self.sumw, &self.sumw2].into_iter().chain(&self.upper).chain(&self.rows)
    }

    /// The same sums, to be replaced.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Sums> {
        let first = [&mut self.sumw, &mut self.sumw2].into_iter();
        first.chain(&mut self.upper).chain(&mut self.rows)
    }

    /// A row's sum of a bin, rounded once.
    pub fn row(&self, row: usize, bin: usize) -> f64 {
        self.rows[row].value(bin)
    }

    /// The sums of weights and of squared weights of several bins together,
    /// each rounded once.
    pub fn total(&self, bins: Range<usize>) -> (f64, f64) {
        (self.sumw.total(bins.clone()), self.sumw2.total(bins))
    }
}

/// One integer a bin, as signed cells: cell `i` of a bin is in units of
/// `2^(32 (first + i))`. All bins have the same cells, as many as were needed.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    bins: usize,
    first: i32,
    width: usize,
    cells: Vec<i64>,
    /// No cell is larger than this in units of 2^32.
    bound: u64,
}

impl Sums {
    pub(super) fn new(bins: usize) -> Self {
        Sums { bins, first: 0, width: 0, cells: Vec::new(), bound: 0 }
    }

    #[inline]
    fn add<const N: usize>(&mut self, bin: usize, negative: bool, pieces: Pieces<N>) {
        let at = i64::from(pieces.first) - i64::from(self.first);
        if at < 0 || at as usize + N > self.width || self.bound >= LIMIT {
            self.make_room(pieces.first, N, 1);
        }
        self.bound += 1;
        let start = bin * self.width + (pieces.first - self.first) as usize;
        let sign = -i64::from(negative);
        for (cell, piece) in self.cells[start..start + N].iter_mut().zip(pieces.words) {
            *cell += (i64::from(piece) ^ sign) - sign;
        }
    }

    /// Adds the exact product of two numbers that are neither infinite nor NaN.
    pub(super) fn add_product(&mut self, bin: usize, a: f64, b: f64) {
        if let Some(pieces) = fill::product_pieces_f64(a, b) {
            self.add(bin, a.is_sign_negative() != b.is_sign_negative(), pieces);
        }
    }

    pub(super) fn add_cells(&mut self, bin: usize, first: i32, cells: &[i64]) {
        let Some(low) = cells.iter().position(|c| *c != 0) else { return };
        let high = cells.iter().rposition(|c| *c != 0).unwrap_or(low);
        let first = first + low as i32;
        // A whole cell is two pieces: the low one here, the rest in the next cell.
        self.make_room(first, high - low + 2, 2);
        self.bound += 2;
        let start = bin * self.width + (first - self.first) as usize;
        for (i, cell) in cells[low..=high].iter().enumerate() {
            self.cells[start + i] += cell & 0xffff_ffff;
            self.cells[start + i + 1] += cell >> 32;
        }
    }

    pub(super) fn merge(&mut self, other: &Sums) {
        assert_eq!(self.bins, other.bins, "sums of the same bins merge");
        if other.width == 0 {
            return;
        }
        let reduced;
        let other = if other.bound > LIMIT / 2 {
            reduced = other.normalised();
            &reduced
        } else {
            other
        };
        self.make_room(other.first, other.width, other.bound);
        self.bound += other.bound;
        let offset = (other.first - self.first) as usize;
        let rows = self.cells.chunks_exact_mut(self.width);
        for (row, from) in rows.zip(other.cells.chunks_exact(other.width)) {
            for (cell, x) in row[offset..].iter_mut().zip(from) {
                *cell += x;
            }
        }
    }

    /// Makes sure that `width` cells from `first` on exist and can take
    /// `added` more units of 2^32 each.
    #[cold]
    fn make_room(&mut self, first: i32, width: usize, added: u64) {
        self.widen(first, width);
        if self.bound + added > LIMIT {
            self.normalise();
        }
    }

    fn widen(&mut self, first: i32, width: usize) {
        let (mut low, mut end) = (first, first + width as i32);
        if self.width > 0 {
            low = low.min(self.first);
            end = end.max(self.first + self.width as i32);
        }
        let wider = (end - low) as usize;
        if wider == self.width {
            return;
        }
        let mut cells = vec![0; self.bins * wider];
        if self.width > 0 {
            let offset = (self.first - low) as usize;
            let rows = cells.chunks_exact_mut(wider);
            for (row, old) in rows.zip(self.cells.chunks_exact(self.width)) {
                row[offset..offset + self.width].copy_from_slice(old);
            }
        }
        (self.first, self.width, self.cells) = (low, wider, cells);
    }

    /// Carries, so that every cell but the highest is in `[0, 2^32)` and the
    /// highest within `[-2^32, 2^32]`.
    fn normalise(&mut self) {
        if self.width == 0 {
            return;
        }
        // A carry is at most 2^31.
        let fits = |row: &[i64]| row[row.len() - 1].unsigned_abs() <= 1 << 31;
        if !self.cells.chunks_exact(self.width).all(fits) {
            self.widen(self.first, self.width + 1);
        }
        for row in self.cells.chunks_exact_mut(self.width) {
            carry(row);
        }
        self.bound = 1;
    }

    fn normalised(&self) -> Sums {
        let mut sums = self.clone();
        sums.normalise();
        sums
    }

    fn gathered(&self, to: &[Option<usize>], bins: usize) -> Sums {
        let own = self.normalised();
        let mut made =
            Sums { bins, cells: vec![0; bins * own.width], bound: to.len() as u64, ..own };
        for (k, to) in to.iter().enumerate() {
            let Some(to) = to else { continue };
            let from = &own.cells[k * own.width..(k + 1) * own.width];
            let row = &mut made.cells[to * own.width..(to + 1) * own.width];
            row.iter_mut().zip(from).for_each(|(cell, x)| *cell += x);
        }
        made
    }

    /// The integers as words of two's complement: the unit of the first word, 2^(32
    /// first), the words of a bin, and the words of all bins, the least first. A
    /// common word too many may be at both ends.
    pub(super) fn words(&self) -> (i32, usize, Vec<u32>) {
        if self.width == 0 {
            return (0, 0, Vec::new());
        }
        let mut sums = self.clone();
        // A cell on top, so that the highest one is all carry, which fits 32 bits.
        sums.widen(sums.first, sums.width + 1);
        sums.normalise();
        (sums.first, sums.width, sums.cells.iter().map(|cell| *cell as u32).collect())
    }

    /// The sums whose [`Sums::words`] these are.
    pub(super) fn of_words(bins: usize, first: i32, width: usize, words: &[u32]) -> Sums {
        if width == 0 {
            return Sums::new(bins);
        }
        let mut cells: Vec<i64> = words.iter().map(|word| i64::from(*word)).collect();
        for row in cells.chunks_exact_mut(width) {
            row[width - 1] = i64::from(row[width - 1] as u32 as i32);
        }
        Sums { bins, first, width, cells, bound: 1 }
    }

    /// Number of integers.
    pub(super) fn bins(&self) -> usize {
        self.bins
    }

    /// The cells of a bin and the unit of the first one: every cell but the highest is
    /// in `[0, 2^32)`.
    pub(super) fn row(&self, bin: usize) -> (i32, Vec<i64>) {
        let mut row = self.cells[bin * self.width..(bin + 1) * self.width].to_vec();
        row.push(0);
        carry(&mut row);
        (self.first, row)
    }

    /// The exact sum of several bins, rounded once.
    fn total(&self, bins: Range<usize>) -> f64 {
        let mut total = Sums::new(1);
        for bin in bins {
            let cells = self.cells[bin * self.width..(bin + 1) * self.width].to_vec();
            total.merge(&Sums { bins: 1, cells, ..*self });
        }
        total.value(0)
    }

    /// The exact value of a bin, rounded once.
    pub(super) fn value(&self, bin: usize) -> f64 {
        let (_, mut row) = self.row(bin);
        let negative = row.last().is_some_and(|top| *top < 0);
        if negative {
            row.iter_mut().for_each(|cell| *cell = -*cell);
            carry(&mut row);
        }
        // The highest cell took only a carry, so it fits 32 bits.
        let digits: Vec<u32> = row.iter().map(|cell| *cell as u32).collect();
        round::to_f64(negative, &digits, 32 * self.first)
    }
}

/// Moves what exceeds 32 bits of a cell to the next one; the last keeps it.
fn carry(row: &mut [i64]) {
    let mut carried = 0;
    let last = row.len() - 1;
    for cell in &mut row[..last] {
        let sum = *cell + carried;
        *cell = sum & 0xffff_ffff;
        carried = sum >> 32;
    }
    row[last] += carried;
}

/// Equal values, however they are spread over cells.
impl PartialEq for Sums {
    fn eq(&self, other: &Self) -> bool {
        if self.bins != other.bins {
            return false;
        }
        let aligned = |sums: &Sums, with: &Sums| {
            let mut sums = sums.clone();
            if with.width > 0 {
                sums.widen(with.first, with.width);
            }
            // A cell on top, so that the highest one is all carry.
            sums.widen(sums.first, sums.width + 1);
            sums.normalise();
            sums
        };
        let (a, b) = (aligned(self, other), aligned(other, self));
        a.cells == b.cells
    }
}

#[cfg(test)]
#[path = "sums_tests.rs"]
mod tests;
