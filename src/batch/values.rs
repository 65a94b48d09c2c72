//! The values of one column.

use std::ops::Range;

/// The values of one column, flat over the events of a batch.
///
/// Narrow integers are widened (`int8`, `uint8`, `int16`, `uint16` to `I32`;
/// `uint32`, `uint64` to `I64`), so a backend knows five types.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// 0 or 1.
    Bool(Vec<u8>),
    /// Integers that fit 32 bits by their stored type.
    I32(Vec<i32>),
    /// Wider integers; always exact.
    I64(Vec<i64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision, only where [`super::Request::keep_doubles`] asks for it.
    F64(Vec<f64>),
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::Bool(v) => v.len(),
            Values::I32(v) => v.len(),
            Values::I64(v) => v.len(),
            Values::F32(v) => v.len(),
            Values::F64(v) => v.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Values {
    /// The values in these ranges, one after the other.
    pub(super) fn taken(&self, ranges: impl Iterator<Item = Range<usize>>) -> Values {
        fn of<T: Copy>(values: &[T], ranges: impl Iterator<Item = Range<usize>>) -> Vec<T> {
            ranges.flat_map(|range| &values[range]).copied().collect()
        }
        match self {
            Values::Bool(v) => Values::Bool(of(v, ranges)),
            Values::I32(v) => Values::I32(of(v, ranges)),
            Values::I64(v) => Values::I64(of(v, ranges)),
            Values::F32(v) => Values::F32(of(v, ranges)),
            Values::F64(v) => Values::F64(of(v, ranges)),
        }
    }
}
