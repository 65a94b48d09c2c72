//! The axis: which cell of a histogram axis a value belongs to, exactly.
//!
//! Real bins compare the single-precision value with the double-precision
//! edge. Where `up` is the smallest single `>= edge`, `x >= edge` holds just
//! when `x >= up` does, so edges are rounded up once and singles compared.
//! Denormal values are zero, as in all single-precision arithmetic here.
//! `shaders/axis.wgsl` is the device's version; it reads [`AxisTable::words`].

use super::layout::{self, layout};
use crate::bins::{Axis, AxisKind};

/// The device's version; it expects `tables: array<u32>` to be declared.
pub const SHADER: &str = include_str!("../shaders/axis.wgsl");

layout! {
    record REAL_EDGES {
        /// Of bins of reals: how many there are.
        REAL_BINS,
        /// The low edge of the guess.
        REAL_LOW,
        /// Bins per unit of the guess, 0 for none.
        REAL_SCALE,
    }
    record RANGE_WORDS {
        /// Of bins of integers: which kind.
        INT_KIND,
        /// The integer of cell 1, low word first.
        RANGE_LOW,
        /// Its high word.
        RANGE_LOW_HIGH,
        /// How many integers have a cell.
        RANGE_BINS,
    }
    record LIST_FIRST {
        /// As above.
        LIST_KIND,
        /// How many integers have a cell.
        LIST_ENTRIES,
        /// The cell of anything else.
        LIST_OTHER,
    }
    record LIST_ENTRY {
        /// An integer, low word first.
        LIST_VALUE,
        /// Its high word.
        LIST_VALUE_HIGH,
        /// Its cell.
        LIST_CELL,
    }
    numbers {
        /// The kind of a range.
        INT_RANGE = 0;
        /// That of a list.
        INT_LIST = 1;
        /// That of false and true.
        INT_BOOLEAN = 2;
    }
}

/// No cell: it is not known which one.
pub const UNSURE: u32 = u32::MAX;

/// Of the numbers from here to twice as much there are whole ones only.
const WHOLE: f32 = 8_388_608.0;

/// What a lookup on one axis needs.
#[derive(Debug, Clone, PartialEq)]
pub enum AxisTable {
    /// Bins of real numbers.
    Real(RealTable),
    /// Bins of integers, false and true, or categories.
    Int(IntTable),
}

/// Bins of real numbers: cell 0 is underflow, the last one overflow.
#[derive(Debug, Clone, PartialEq)]
pub struct RealTable {
    edges: Vec<f64>,
    /// The edges rounded up, none of them denormal.
    singles: Vec<f32>,
    /// Low edge and bins per unit, where bins are equally wide and wide enough.
    guess: Option<(f32, f32)>,
    /// How far from the middle of a bin, in bins, the guess is right.
    sure: f32,
}

/// Bins of integers.
#[derive(Debug, Clone, PartialEq)]
pub enum IntTable {
    /// `low`, `low + 1`, ...: cell 0 is underflow, the last one overflow.
    Range {
        /// The integer of cell 1.
        low: i64,
        /// How many.
        bins: u32,
    },
    /// Ascending integers with their cells; everything else is in the cell
    /// after all of them.
    List {
        /// Integer and cell.
        cells: Vec<(i64, u32)>,
        /// The cell of anything else.
        other: u32,
    },
    /// Cell 0 for 0, else cell 1.
    Boolean,
}

impl AxisTable {
    /// The table of an axis.
    pub fn new(axis: &Axis) -> Self {
        match &axis.kind {
            AxisKind::Regular { .. } | AxisKind::Log { .. } | AxisKind::Variable { .. } => {
                AxisTable::Real(RealTable::new(axis))
            }
            AxisKind::Integer { low, .. } => {
                AxisTable::Int(IntTable::Range { low: *low, bins: axis.bins() as u32 })
            }
            AxisKind::Boolean => AxisTable::Int(IntTable::Boolean),
            AxisKind::Category { values } => {
                let mut cells: Vec<(i64, u32)> =
                    values.iter().enumerate().map(|(i, v)| (*v, i as u32)).collect();
                cells.sort_unstable();
                cells.dedup_by_key(|(value, _)| *value);
                AxisTable::Int(IntTable::List { cells, other: values.len() as u32 })
            }
        }
    }

    /// The cell of a single-precision value; `None` for NaN.
    ///
    /// # Panics
    /// On an axis of integers, which a plan does not give reals.
    #[inline]
    pub fn index_f32(&self, x: f32) -> Option<usize> {
        self.real().index_f32(x)
    }

    /// The cell of a double-precision value; `None` for NaN.
    ///
    /// # Panics
    /// On an axis of integers, which a plan does not give reals.
    #[inline]
    pub fn index_f64(&self, x: f64) -> Option<usize> {
        self.real().index_f64(x)
    }

    /// The cell of an integer; false is 0 and true is 1.
    ///
    /// # Panics
    /// On an axis of reals, which a plan does not give integers.
    #[inline]
    pub fn index_i64(&self, i: i64) -> usize {
        match self {
            AxisTable::Int(table) => table.index(i),
            AxisTable::Real(_) => panic!("a real axis takes no integers"),
        }
    }

    /// The table as the device reads it.
    pub fn words(&self) -> Vec<u32> {
        match self {
            AxisTable::Real(table) => table.words(),
            AxisTable::Int(table) => table.words(),
        }
    }

    /// Bins of real numbers, if it has such.
    pub fn as_real(&self) -> Option<&RealTable> {
        match self {
            AxisTable::Real(table) => Some(table),
            AxisTable::Int(_) => None,
        }
    }

    fn real(&self) -> &RealTable {
        match self {
            AxisTable::Real(table) => table,
            AxisTable::Int(_) => panic!("an axis of integers takes no reals"),
        }
    }
}

impl RealTable {
    fn new(axis: &Axis) -> Self {
        let edges = axis.edges();
        let singles: Vec<f32> = edges.iter().map(|e| round_up(*e)).collect();
        let guess = match axis.kind {
            AxisKind::Regular { bins, low, high } => {
                let width = (high - low) / bins as f64;
                // Narrower than some roundings of a value, a guess would be far off.
                let coarse = 8.0 * f64::from(f32::EPSILON) * low.abs().max(high.abs());
                let scale = (1.0 / width) as f32;
                (width > coarse && scale.is_normal()).then_some((low as f32, scale))
            }
            _ => None,
        };
        let sure = guess.map_or(0.0, |(low, scale)| sure(low, scale, singles.len()));
        RealTable { edges, singles, guess, sure }
    }

    /// Number of cells.
    pub fn extent(&self) -> usize {
        self.edges.len() + 1
    }

    /// The cell of a value, or [`UNSURE`] near an edge and for NaN: cheap to compute for
    /// many values at once. Captures nothing but numbers.
    #[inline]
    pub fn near(&self) -> impl Fn(f32) -> u32 + use<> {
        let (low, scale) = self.guess.unwrap_or((0.0, 0.0));
        let (last, sure) = (self.singles.len() as f32, self.sure);
        move |x| {
            // Half a bin beside the cell's number in the middle of a bin.
            let at = (x - low) * scale + 0.5;
            let at = if at < 0.0 { 0.0 } else { at };
            let at = if at > last { last } else { at };
            // Beyond 2^23 there are no fractions: the nearest whole number.
            let shifted = at + WHOLE;
            let off = (at - (shifted - WHOLE)).abs();
            // A comparison with NaN is false.
            if off < sure { shifted.to_bits() - WHOLE.to_bits() } else { UNSURE }
        }
    }

    /// Finds the cells of single-precision values, `nan` for NaN, where they are
    /// [`UNSURE`].
    pub fn settle(&self, values: &[f32], cells: &mut [u32], nan: u32) {
        // A fold has no early exit and so vectorises.
        if !cells.iter().fold(false, |any, cell| any | (*cell == UNSURE)) {
            return;
        }
        for (cell, x) in cells.iter_mut().zip(values).filter(|(cell, _)| **cell == UNSURE) {
            *cell = self.index_f32(*x).map_or(nan, |i| i as u32);
        }
    }

    /// The cell of a single-precision value; `None` for NaN.
    #[inline]
    pub fn index_f32(&self, x: f32) -> Option<usize> {
        if x.is_nan() {
            return None;
        }
        let x = flush(x);
        let edges = &self.singles;
        let Some((low, scale)) = self.guess else {
            return Some(edges.partition_point(|e| *e <= x));
        };
        Some(from_guess(edges, ((x - low) * scale) as usize, x))
    }

    /// The cell of a double-precision value; `None` for NaN.
    #[inline]
    pub fn index_f64(&self, x: f64) -> Option<usize> {
        if x.is_nan() {
            return None;
        }
        let edges = &self.edges;
        let Some((low, scale)) = self.guess else {
            return Some(edges.partition_point(|e| *e <= x));
        };
        Some(from_guess(edges, ((x - f64::from(low)) * f64::from(scale)) as usize, x))
    }

    /// The record and the edges as integers of the same order.
    fn words(&self) -> Vec<u32> {
        let (low, scale) = self.guess.unwrap_or((0.0, 0.0));
        let bins = self.singles.len() as u32 - 1;
        let mut words = layout::record([
            (REAL_BINS, bins),
            (REAL_LOW, low.to_bits()),
            (REAL_SCALE, scale.to_bits()),
        ]);
        words.extend(self.singles.iter().map(|e| ordered(*e)));
        words
    }
}

impl IntTable {
    /// Of a range that 32 bits hold, the integers before and after it: the cell is how
    /// far beyond the first one a value is that is kept between them.
    pub fn narrow(&self) -> Option<(i32, i32)> {
        let IntTable::Range { low, bins } = self else { return None };
        let before = i32::try_from(low.checked_sub(1)?).ok()?;
        let after = i32::try_from(low.checked_add(i64::from(*bins))?).ok()?;
        after.checked_sub(before).map(|_| (before, after))
    }

    /// The cell of an integer.
    #[inline]
    pub fn index(&self, i: i64) -> usize {
        match self {
            IntTable::Range { low, .. } if i < *low => 0,
            IntTable::Range { low, bins } => {
                let above = i.wrapping_sub(*low) as u64;
                above.min(u64::from(*bins)) as usize + 1
            }
            IntTable::List { cells, other } => {
                match cells.binary_search_by_key(&i, |(value, _)| *value) {
                    Ok(at) => cells[at].1 as usize,
                    Err(_) => *other as usize,
                }
            }
            IntTable::Boolean => usize::from(i != 0),
        }
    }

    /// A range is 0, the low integer in two words, its bins; a list is 1, its
    /// length, the cell of others, and three words an integer, the cell last;
    /// false and true are 2.
    fn words(&self) -> Vec<u32> {
        let split = |i: i64| [i as u32, (i >> 32) as u32];
        match self {
            IntTable::Range { low, bins } => {
                let [a, b] = split(*low);
                layout::record([
                    (INT_KIND, INT_RANGE),
                    (RANGE_LOW, a),
                    (RANGE_LOW_HIGH, b),
                    (RANGE_BINS, *bins),
                ])
            }
            IntTable::List { cells, other } => {
                let mut words = layout::record([
                    (LIST_KIND, INT_LIST),
                    (LIST_ENTRIES, cells.len() as u32),
                    (LIST_OTHER, *other),
                ]);
                for (value, cell) in cells {
                    let [a, b] = split(*value);
                    let entry = [(LIST_VALUE, a), (LIST_VALUE_HIGH, b), (LIST_CELL, *cell)];
                    words.extend(layout::record(entry));
                }
                words
            }
            IntTable::Boolean => vec![INT_BOOLEAN],
        }
    }
}

/// The number of edges `<= x`, from a guess of the bin (from 0) that may be wrong.
#[inline]
fn from_guess<T: PartialOrd + Copy>(edges: &[T], guess: usize, x: T) -> usize {
    let bins = edges.len() - 1;
    let mut cell = guess.min(bins - 1) + 1;
    while cell > 0 && x < edges[cell - 1] {
        cell -= 1;
    }
    while cell <= bins && x >= edges[cell] {
        cell += 1;
    }
    cell
}

/// How far from the middle of a bin, in bins, `(x - low) * scale + 0.5` is right.
///
/// On the axis each of the five roundings, those of low and scale among them, is off by
/// at most half an epsilon of what is rounded: the distance from low or the low edge
/// itself, in bins. This is four times as much. Off the axis the number is off more, but
/// not on the other side of the axis's ends: each operation ascends with `x`.
fn sure(low: f32, scale: f32, edges: usize) -> f32 {
    let off = 2.0 * f32::EPSILON * (low.abs() * scale + 4.0 * (edges + 1) as f32);
    // Whole numbers up to half of those without fractions; bins that a denormal value,
    // which is zero, does not cross.
    let fits = edges < 1 << 22 && scale < 1e30;
    if fits { (0.5 - off).max(0.0) } else { 0.0 }
}

/// Zero for zeros and denormals of either sign.
#[inline]
fn flush(x: f32) -> f32 {
    if x.to_bits() & 0x7f80_0000 == 0 { 0.0 } else { x }
}

/// The smallest single-precision number `>= edge` that is no denormal (and no
/// negative zero); infinite if the edge is beyond all of them.
fn round_up(edge: f64) -> f32 {
    let near = edge as f32;
    let up = if f64::from(near) < edge { near.next_up() } else { near };
    if up > 0.0 && up.is_subnormal() { f32::MIN_POSITIVE } else { flush(up) }
}

/// An unsigned integer that orders like the number, which is no NaN.
fn ordered(x: f32) -> u32 {
    let bits = x.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// Axes of reals with values that reach every cell and every border, for tests
/// of any version.
pub fn real_cases() -> Vec<(Axis, Vec<f32>)> {
    let regular = |bins, low, high| AxisKind::Regular { bins, low, high };
    let kinds = [
        regular(100, 0.0, 200.0),
        regular(60, -0.3, 0.3),
        regular(7, -2.4, 2.4),
        regular(1, 0.0, 1.0),
        regular(64, 1e6, 1e6 + 4.0),
        regular(5, 1e-42, 3e-38),
        regular(4, -3e38, 3e38),
        regular(3, -1e300, 1e300),
        AxisKind::Log { bins: 50, low: 0.1, high: 1e4 },
        AxisKind::Log { bins: 3, low: 1e-50, high: 1e50 },
        AxisKind::Variable { edges: vec![-1e-40, 0.0, 1e-40, 1.0, 1.1, 1.2, 1e9] },
        AxisKind::Variable { edges: vec![20.0, 30.000000001, 30.000000002, 50.0] },
    ];
    let with_values = |kind| {
        let axis = Axis { kind, label: String::new() };
        let mut values = vec![0.0, -0.0, 1e-45, -1e-45, f32::MIN_POSITIVE, -f32::MIN_POSITIVE];
        values.extend([f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, 1.0, -1.0]);
        for edge in axis.edges() {
            let near = edge as f32;
            values.extend([near, near.next_up(), near.next_down(), near * 1.01]);
        }
        (axis, values)
    };
    kinds.into_iter().map(with_values).collect()
}

/// Axes of integers with values that reach every cell and every border.
pub fn int_cases() -> Vec<(Axis, Vec<i64>)> {
    let kinds = [
        AxisKind::Integer { low: 0, high: 10 },
        AxisKind::Integer { low: -3, high: 3 },
        AxisKind::Integer { low: i64::MIN, high: i64::MIN + 4 },
        AxisKind::Integer { low: i64::MAX - 4, high: i64::MAX },
        AxisKind::Integer { low: (7 << 32) - 2, high: (7 << 32) + 2 },
        AxisKind::Boolean,
        AxisKind::Category { values: vec![13, -11, 0, 1 << 40, -(1 << 40), i64::MAX] },
        AxisKind::Category { values: vec![5] },
    ];
    let with_values = |kind| {
        let mut values = vec![0, 1];
        if kind != AxisKind::Boolean {
            values.extend([2, -1, i64::MIN, i64::MAX, 1 << 32, -(1 << 32), u32::MAX.into()]);
        }
        let near = |v: i64| [v.saturating_sub(1), v, v.saturating_add(1), v ^ 1 << 33];
        match &kind {
            AxisKind::Integer { low, high } => values.extend((*low..*high).flat_map(near)),
            AxisKind::Category { values: listed } => {
                values.extend(listed.iter().flat_map(|v| near(*v)))
            }
            _ => {}
        }
        (Axis { kind, label: String::new() }, values)
    };
    kinds.into_iter().map(with_values).collect()
}

#[cfg(test)]
#[path = "axis_tests.rs"]
mod tests;
