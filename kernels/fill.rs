//! The fill: what one entry adds to the cells of a histogram, to the bit, and
//! how those cells lie in a device's output buffer.
//!
//! A weight `m * 2^e` (an integer `m` of 24 bits) is added exactly: cell `k`
//! counts in units of `2^(32 k)`, and a number is split at the borders of the
//! cells into pieces of 32 bits. Integer addition is associative, so the sums
//! do not depend on the order of the entries. Denormal weights count as zero,
//! as in all single-precision arithmetic here. `shaders/fill.wgsl` is the
//! device's version of [`pieces`] and [`product_pieces`].

use super::layout::{self, layout};

/// The device's version; it expects `out: array<atomic<u32>>` to be declared.
pub const SHADER: &str = include_str!("../shaders/fill.wgsl");

/// The lowest cell that a single-precision weight reaches.
pub const SUMW_FIRST: i32 = -5;
/// Cells that hold a sum of single-precision weights.
pub const SUMW_CELLS: usize = 9;
/// The lowest cell that the square of a single-precision weight reaches.
pub const SUMW2_FIRST: i32 = -10;
/// Cells that hold a sum of squares of single-precision weights.
pub const SUMW2_CELLS: usize = 18;

layout! {
    record FILL_WORDS {
        /// Of the description of a fill, in `tables`: the counter of NaN values in the
        /// output, see [`FillLayout`].
        FILL_NAN,
        /// The counter of missing values.
        FILL_MISSING,
        /// The counter of NaN or infinite weights.
        FILL_BAD_WEIGHT,
        /// The block of the first cell.
        FILL_BLOCK,
        /// Words of a block: no more than [`CELL_SUMW`] without weights.
        FILL_STRIDE,
        /// Where in `tables` the axis is; [`NONE`] where values are cells already.
        FILL_AXIS,
        /// Where in `tables` a soft fill is, with [`OF_MOMENTS`] where it sums moments;
        /// [`NONE`] of a hard one.
        FILL_SOFT,
        /// The first of its numbers in `soft_factors`.
        FILL_FACTORS,
    }
    numbers {
        /// In place of an axis, a soft fill, a cell: there is none.
        NONE = u32::MAX;
        /// A bit of [`FILL_SOFT`].
        OF_MOMENTS = 1 << 31;
        /// Words of a sum of squares or of other products.
        SUMW2_WORDS = 2 * SUMW2_CELLS as u32;
        /// The first cell of a sum of weights counts in units of 2 to minus this power.
        SUMW_BELOW = SUMW_FIRST.unsigned_abs() * 32;
        /// The same of a sum of squares.
        SUMW2_BELOW = SUMW2_FIRST.unsigned_abs() * 32;
        /// Where in a cell's block the sum of weights is: behind the count.
        CELL_SUMW = 2;
        /// The sum of squares.
        CELL_SUMW2 = CELL_SUMW + 2 * SUMW_CELLS as u32;
        /// Of a soft fill the sum of the products of weights and shares.
        CELL_WEIGHT_SHARE = CELL_SUMW2 + SUMW2_WORDS;
        /// Of a soft fill the first row of derivatives; the others follow.
        CELL_ROWS = CELL_WEIGHT_SHARE + SUMW2_WORDS;
    }
}

/// How many entries one buffer may receive before it must be read back and
/// cleared: each adds less than 2^32 to a signed 64-bit cell.
pub const MAX_ENTRIES: u64 = (1 << 31) - 1;

/// A number that is not negative, cut at multiples of 32 bits: the sum over
/// `i` of `words[i] * 2^(32 (first + i))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pieces<const N: usize> {
    /// The cell that `words[0]` belongs to.
    pub first: i32,
    /// The pieces, lowest first.
    pub words: [u32; N],
}

/// Splits `m * 2^e`, which must fit `N` pieces, at the borders of the cells.
fn split<const N: usize>(m: u128, e: i32) -> Pieces<N> {
    let shift = (e & 31) as u32;
    let low = m << shift;
    // What a shift by less than 32 pushes out of 128 bits; two steps, as the
    // whole width is no valid shift.
    let pushed_out = ((m >> 1) >> (127 - shift)) as u32;
    let words = std::array::from_fn(|i| if i < 4 { (low >> (32 * i)) as u32 } else { pushed_out });
    Pieces { first: e >> 5, words }
}

/// Mantissa and exponent of a finite weight, `|w| = m * 2^e`; denormals are zero.
#[inline]
fn parts(w: f32) -> (u32, i32) {
    let bits = w.to_bits();
    let exponent = (bits >> 23) & 0xff;
    if exponent == 0 {
        return (0, 0);
    }
    ((bits & 0x7f_ffff) | 0x80_0000, exponent as i32 - 150)
}

/// The pieces of `|w|`; `None` for zero and denormals. `w` is finite.
#[inline]
pub fn pieces(w: f32) -> Option<Pieces<2>> {
    let (m, e) = parts(w);
    (m != 0).then(|| {
        let wide = u64::from(m) << (e & 31);
        Pieces { first: e >> 5, words: [wide as u32, (wide >> 32) as u32] }
    })
}

/// The pieces of `w * w`, which has 48 bits; `None` for zero and denormals.
/// `w` is finite.
#[inline]
pub fn square_pieces(w: f32) -> Option<Pieces<3>> {
    product_pieces(w, w)
}

/// The pieces of the magnitude of `a * b`, as exact as a square; `None` if one
/// of them is zero or denormal. Both are finite.
#[inline]
pub fn product_pieces(a: f32, b: f32) -> Option<Pieces<3>> {
    let ((m, e), (n, f)) = (parts(a), parts(b));
    (m != 0 && n != 0).then(|| {
        let (product, e) = (u64::from(m) * u64::from(n), e + f);
        let low = (product & 0xffff_ffff) << (e & 31);
        let high = (product >> 32) << (e & 31);
        let middle = (low >> 32) | (high & 0xffff_ffff);
        Pieces { first: e >> 5, words: [low as u32, middle as u32, (high >> 32) as u32] }
    })
}

/// Mantissa and exponent of a finite double, `|w| = m * 2^e`, denormals included.
fn parts_f64(w: f64) -> (u64, i32) {
    let bits = w.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & 0xf_ffff_ffff_ffff;
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

/// The pieces of `|w|` in double precision, exact for denormals too; `None`
/// for zero. `w` is finite.
pub fn pieces_f64(w: f64) -> Option<Pieces<3>> {
    let (m, e) = parts_f64(w);
    (m != 0).then(|| split(u128::from(m), e))
}

/// The pieces of `w * w` in double precision, which has 106 bits; `None` for
/// zero. `w` is finite.
pub fn square_pieces_f64(w: f64) -> Option<Pieces<5>> {
    product_pieces_f64(w, w)
}

/// The pieces of the magnitude of `a * b` in double precision; `None` if one of
/// them is zero. Both are finite.
pub fn product_pieces_f64(a: f64, b: f64) -> Option<Pieces<5>> {
    let ((m, e), (n, f)) = (parts_f64(a), parts_f64(b));
    (m != 0 && n != 0).then(|| split(u128::from(m) * u128::from(n), e + f))
}

/// Where in `tables` a soft fill is described, and how its entries are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoftAt {
    /// Every bin in reach gets a share: as `kernels/soft_words.rs` says.
    Bins(u32),
    /// They add to moments: as `kernels/moments.rs` says.
    Moments(u32),
}

/// Where one fill lies in the output buffer, in words of 32 bits: three
/// counters (NaN, missing, bad weight), then one block a cell: the count and,
/// if weighted, the cells of the sum of weights and of the sum of squares, in a
/// soft fill also those of the sum of products of weights and shares and of each
/// row of derivatives. A soft fill has a fourth counter, of dropped entries.
/// Every number has two words, the low one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FillLayout {
    /// First word.
    pub base: usize,
    /// Number of cells of the histogram, flow bins included.
    pub cells: usize,
    /// Whether weights are summed.
    pub weighted: bool,
    /// Whether cells get shares of weights, and the sum of the products of both
    /// is kept; there is a weight then.
    pub soft: bool,
    /// Rows of derivatives of a soft fill.
    pub rows: usize,
    /// Sums of a soft fill that sums moments, and moments of each; no block has more
    /// than a count then.
    pub moments: [usize; 2],
}

impl FillLayout {
    /// Words before the first block.
    const COUNTERS: usize = 6;

    /// The counter of entries with a NaN value.
    pub fn nan(&self) -> usize {
        self.base
    }

    /// The counter of entries with a missing value.
    pub fn missing(&self) -> usize {
        self.base + 2
    }

    /// The counter of entries with a NaN or infinite weight.
    pub fn bad_weight(&self) -> usize {
        self.base + 4
    }

    /// The counter of entries of a soft fill that were dropped: right before the
    /// first block.
    pub fn dropped(&self) -> usize {
        self.base + Self::COUNTERS
    }

    /// Words before the first block.
    fn counters(&self) -> usize {
        if self.soft { Self::COUNTERS + 2 } else { Self::COUNTERS }
    }

    /// Words of one cell's block.
    pub fn stride(&self) -> usize {
        if self.moments != [0; 2] {
            return CELL_SUMW as usize;
        }
        let words = match (self.weighted, self.soft) {
            (_, true) => CELL_ROWS + SUMW2_WORDS * self.rows as u32,
            (true, false) => CELL_WEIGHT_SHARE,
            (false, false) => CELL_SUMW,
        };
        words as usize
    }

    /// The block of a cell: the `slot` of the shader's functions.
    pub fn slot(&self, cell: usize) -> usize {
        self.base + self.counters() + cell * self.stride()
    }

    /// How `tables` describe the fill: with where its axis is unless values are cells
    /// already, and, if it is a soft one, where that is described and its first factor.
    pub fn description(&self, axis: Option<u32>, soft: Option<SoftAt>, factors: u32) -> Vec<u32> {
        let soft = match soft {
            None => NONE,
            Some(SoftAt::Bins(at)) => at,
            Some(SoftAt::Moments(at)) => at | OF_MOMENTS,
        };
        layout::record([
            (FILL_NAN, self.nan() as u32),
            (FILL_MISSING, self.missing() as u32),
            (FILL_BAD_WEIGHT, self.bad_weight() as u32),
            (FILL_BLOCK, self.slot(0) as u32),
            (FILL_STRIDE, self.stride() as u32),
            (FILL_AXIS, axis.unwrap_or(NONE)),
            (FILL_SOFT, soft),
            (FILL_FACTORS, factors),
        ])
    }

    /// Words of the whole fill.
    pub fn words(&self) -> usize {
        let [sums, numbers] = self.moments;
        self.counters() + self.cells * self.stride() + SUMW2_WORDS as usize * sums * numbers
    }
}

/// Weights that reach every border of the splitting, for tests of any version.
pub fn cases() -> Vec<f32> {
    let mut weights = vec![0.0, -0.0, 1.0, -1.0, 0.1, -3.5, f32::MAX, f32::MIN, 1e-40, -1e-45];
    for exponent in 1..=254u32 {
        for (i, fraction) in [0, 1, 0x40_0000, 0x7f_ffff].into_iter().enumerate() {
            let sign = (exponent ^ i as u32) << 31;
            weights.push(f32::from_bits(sign | exponent << 23 | fraction));
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of the pieces in double precision, exact for these few bits.
    fn value<const N: usize>(p: Pieces<N>) -> f64 {
        let word = |(i, w): (usize, &u32)| libm::ldexp(f64::from(*w), 32 * (p.first + i as i32));
        p.words.iter().enumerate().map(word).sum()
    }

    #[test]
    fn pieces_add_up_and_stay_in_the_window() {
        for w in cases() {
            let flushed = if w.is_subnormal() { 0.0 } else { f64::from(w).abs() };
            assert_eq!(pieces(w).map_or(0.0, value), flushed, "{w:e}");
            assert_eq!(square_pieces(w).map_or(0.0, value), flushed * flushed, "{w:e}");
            if let (Some(p), Some(q)) = (pieces(w), square_pieces(w)) {
                let used = |words: &[u32]| words.iter().rposition(|x| *x != 0).unwrap() as i32;
                assert!(p.first >= SUMW_FIRST && q.first >= SUMW2_FIRST, "{w:e}");
                assert!(p.first + used(&p.words) < SUMW_FIRST + SUMW_CELLS as i32, "{w:e}");
                assert!(q.first + used(&q.words) < SUMW2_FIRST + SUMW2_CELLS as i32, "{w:e}");
            }
        }
    }

    #[test]
    fn double_pieces_agree_with_single_ones() {
        for w in cases().into_iter().filter(|w| !w.is_subnormal() && *w != 0.0) {
            let wide = f64::from(w);
            assert_eq!(value(pieces_f64(wide).unwrap()), wide.abs(), "{w:e}");
            assert_eq!(value(square_pieces_f64(wide).unwrap()), wide * wide, "{w:e}");
        }
        let widest = square_pieces_f64(f64::from_bits(0x3fff_ffff_ffff_ffff)).unwrap();
        let m = u128::from((1u64 << 53) - 1);
        let words: Vec<u128> = widest.words.iter().map(|w| u128::from(*w)).collect();
        // 2^(2 * -52) = 2^(32 * -4 + 24): shifted by 24, 130 bits.
        assert_eq!(widest.first, -4);
        assert_eq!(words[0] | words[1] << 32 | words[2] << 64 | words[3] << 96, (m * m) << 24);
        assert_eq!(words[4], (m * m) >> 104);
    }
}
