//! What a fill has summed, in one form: equal sums are equal words, whatever order,
//! threads, batches or backend made them. So what is stored of them can be compared
//! byte by byte, and added without knowing the plan.

use super::FillData;
use super::sums::Sums;

/// Units of words, in powers of 2^32, that sums of doubles and of their products reach.
const UNITS: std::ops::Range<i64> = -80..80;

/// One exact integer a bin, each as the same number of words of two's complement: of
/// the words that all bins would have equal to their sign, or zero at the low end, none
/// is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactSums {
    bins: usize,
    first: i32,
    width: usize,
    words: Vec<u32>,
}

impl ExactSums {
    /// Zeros.
    pub fn new(bins: usize) -> ExactSums {
        ExactSums { bins, first: 0, width: 0, words: Vec::new() }
    }

    /// The sums of these words, bin after bin, the least word first; the first one is in
    /// units of 2^(32 first). `None` if they are no whole bins, if equal sums have another
    /// form, or if no sums are so large or small.
    pub fn from_words(bins: usize, first: i32, width: usize, words: Vec<u32>) -> Option<ExactSums> {
        let end = i64::from(first).checked_add(i64::try_from(width).ok()?)?;
        let fits = UNITS.contains(&i64::from(first)) && end <= UNITS.end;
        if !fits || bins.checked_mul(width) != Some(words.len()) {
            return None;
        }
        let least = least(first, width, &words);
        (least == (first, 0..width)).then_some(ExactSums { bins, first, width, words })
    }

    /// Number of bins.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// The unit of the first word of a bin is 2^(32 first).
    pub fn first(&self) -> i32 {
        self.first
    }

    /// Words of a bin.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The words of all bins.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    fn of(sums: &Sums) -> ExactSums {
        let (unit, stored, words) = sums.words();
        let (first, kept) = least(unit, stored, &words);
        let width = kept.len();
        let words = match width {
            0 => Vec::new(),
            _ if width == stored => words,
            _ => words.chunks_exact(stored).flat_map(|row| &row[kept.clone()]).copied().collect(),
        };
        ExactSums { bins: sums.bins(), first, width, words }
    }

    fn to_sums(&self) -> Sums {
        Sums::of_words(self.bins, self.first, self.width, &self.words)
    }

    fn merge(&mut self, other: &ExactSums) {
        if self.width == 0 {
            self.clone_from(other);
        } else if other.width > 0 {
            let mut sums = self.to_sums();
            sums.merge(&other.to_sums());
            *self = ExactSums::of(&sums);
        }
    }
}

/// The unit of the first word that is needed, and which words of each bin are.
fn least(first: i32, width: usize, words: &[u32]) -> (i32, std::ops::Range<usize>) {
    let (mut low, mut end) = (width, 0);
    for row in words.chunks_exact(width.max(1)) {
        let Some(at) = row.iter().position(|word| *word != 0) else { continue };
        low = low.min(at);
        let sign = if row[width - 1] >> 31 == 1 { u32::MAX } else { 0 };
        // The word below those that are all sign must have the sign's bit on top.
        let above = row.iter().rposition(|word| *word != sign).map_or(0, |k| k + 1);
        let has_sign = above > 0 && row[above - 1] >> 31 == sign & 1;
        end = end.max(if has_sign { above } else { above + 1 });
    }
    match low < end {
        true => (first + low as i32, low..end),
        false => (0, 0..0),
    }
}

/// How many cells and sums a fill has: fills of one plan agree in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Cells.
    pub cells: usize,
    /// For each sum its number of bins.
    pub sums: Vec<usize>,
}

/// What one fill has counted and summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactFill {
    /// Entries of each cell.
    pub counts: Vec<u64>,
    /// Sums of weights, of their squares, and of a soft fill all others, in its order;
    /// none if entries have no weights.
    pub sums: Vec<ExactSums>,
    /// See [`FillData::nan`].
    pub nan: u64,
    /// See [`FillData::missing`].
    pub missing: u64,
    /// See [`FillData::bad_weight`].
    pub bad_weight: u64,
    /// See [`FillData::dropped`].
    pub dropped: u64,
}

impl ExactFill {
    /// How many cells and sums there are.
    pub fn shape(&self) -> Shape {
        let sums = self.sums.iter().map(ExactSums::bins).collect();
        Shape { cells: self.counts.len(), sums }
    }

    /// Adds what other events filled; associative and commutative. `None`, and nothing is
    /// added, if the fills differ in shape or a number of entries goes beyond 64 bits.
    #[must_use]
    pub fn merge(&mut self, other: &ExactFill) -> Option<()> {
        if self.shape() != other.shape() {
            return None;
        }
        let counts = self.counts.iter().zip(&other.counts);
        let counts = counts.map(|(a, b)| a.checked_add(*b)).collect::<Option<Vec<u64>>>()?;
        let nan = self.nan.checked_add(other.nan)?;
        let missing = self.missing.checked_add(other.missing)?;
        let bad_weight = self.bad_weight.checked_add(other.bad_weight)?;
        let dropped = self.dropped.checked_add(other.dropped)?;
        self.sums.iter_mut().zip(&other.sums).for_each(|(sums, more)| sums.merge(more));
        let sums = std::mem::take(&mut self.sums);
        *self = ExactFill { counts, sums, nan, missing, bad_weight, dropped };
        Some(())
    }
}

impl FillData {
    /// The sums that a fill has, whatever they are of.
    fn sums(&self) -> impl Iterator<Item = &Sums> {
        let weights = self.sums.iter().flat_map(|sums| sums.all());
        weights.chain(self.moments.iter().flat_map(|moments| moments.all()))
    }

    /// What was filled, in one form.
    pub fn exact(&self) -> ExactFill {
        ExactFill {
            counts: self.counts.clone(),
            sums: self.sums().map(ExactSums::of).collect(),
            nan: self.nan,
            missing: self.missing,
            bad_weight: self.bad_weight,
            dropped: self.dropped,
        }
    }

    /// How many cells and sums there are.
    pub fn shape(&self) -> Shape {
        Shape { cells: self.counts.len(), sums: self.sums().map(Sums::bins).collect() }
    }

    /// The fill whose [`FillData::exact`] this is; `empty` says what it is of, by a fill
    /// without entries. `None` if it is of another shape.
    pub fn of_exact(empty: &FillData, exact: &ExactFill) -> Option<FillData> {
        if empty.shape() != exact.shape() {
            return None;
        }
        let mut data = empty.clone();
        data.counts.clone_from(&exact.counts);
        let own = data.sums.iter_mut().flat_map(|sums| sums.all_mut());
        let own = own.chain(data.moments.iter_mut().flat_map(|moments| moments.all_mut()));
        own.zip(&exact.sums).for_each(|(own, sums)| *own = sums.to_sums());
        (data.nan, data.missing) = (exact.nan, exact.missing);
        (data.bad_weight, data.dropped) = (exact.bad_weight, exact.dropped);
        Some(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(weights: &[(usize, f64)]) -> FillData {
        let mut data = FillData::new(3, true);
        weights.iter().for_each(|(cell, w)| data.fill_f64(*cell, *w));
        data
    }

    #[test]
    fn equal_sums_have_equal_words() {
        let weights = [(0, 1e300), (1, -0.25), (0, -1e300), (1, 1.5), (2, -4294967296.0)];
        let all = filled(&weights);
        let mut turned = weights;
        turned.reverse();
        assert_eq!(filled(&turned).exact(), all.exact());
        let mut merged = filled(&weights[3..]).exact();
        merged.merge(&filled(&weights[..3]).exact()).unwrap();
        assert_eq!(merged, all.exact());
        // 1.25 takes two words, -2^32 one word of sign above them.
        let sums = &all.exact().sums[0];
        assert_eq!((sums.first(), sums.width()), (-1, 3));
        assert_eq!(sums.words(), [0, 0, 0, 1 << 30, 1, 0, 0, 0, u32::MAX]);
        let again = FillData::of_exact(&FillData::new(3, true), &all.exact()).unwrap();
        assert_eq!(again, all);
        assert_eq!(again.exact(), all.exact());
        let cancelled = filled(&[(0, 3.0), (0, -3.0)]).exact();
        assert_eq!(cancelled.sums[0], ExactSums::new(3));
    }

    #[test]
    fn a_sign_needs_its_bit() {
        for (w, width) in [(2147483647.0, 1), (2147483648.0, 2), (-2147483648.0, 1)] {
            let sums = &filled(&[(1, w)]).exact().sums[0];
            assert_eq!((sums.first(), sums.width()), (0, width), "{w}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let of = |first, width, words: &[u32]| ExactSums::from_words(2, first, width, words.into());
        assert!(of(0, 1, &[1, 0]).is_some());
        assert!(of(0, 0, &[]).is_some());
        for (first, width, words) in [
            (0, 1, &[0, 0][..]),
            (3, 0, &[]),
            (0, 1, &[1]),
            (0, 2, &[1, 0, 2, 0]),
            (0, 2, &[0, 1, 0, 0]),
            (-1000, 1, &[1, 0]),
            (80, 1, &[1, 0]),
            (0, usize::MAX, &[1, 0]),
        ] {
            assert!(of(first, width, words).is_none(), "{first} {width} {words:?}");
        }
        let mut a = FillData::new(2, false).exact();
        assert!(a.merge(&FillData::new(2, true).exact()).is_none());
        a.counts[0] = u64::MAX;
        assert!(a.clone().merge(&a).is_none());
        assert!(FillData::of_exact(&FillData::new(2, true), &a).is_none());
    }
}
