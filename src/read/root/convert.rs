//! From big-endian bytes to the few types of a batch.

use crate::batch::Values;
use crate::read::shape::single;
use crate::schema::StoredType;
use crate::wide_registers::wide_registers;

/// A place for values, in the type to which they are widened.
#[derive(Debug)]
pub(super) enum Out<'a> {
    Bool(&'a mut [u8]),
    I32(&'a mut [i32]),
    I64(&'a mut [i64]),
    F32(&'a mut [f32]),
    F64(&'a mut [f64]),
    /// Numbers of values, from integers of any type.
    Counts(&'a mut [u32]),
}

/// What a conversion has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Converted {
    /// All values fit; so many doubles were not exact in single precision.
    Narrowed(u64),
    /// The `uint64` at this index exceeds the largest `int64`.
    TooLarge(usize),
    /// The integer at this index is no number of values: negative, or too large
    /// for 32 bits.
    NoCount(usize),
}

/// The values as a place to write to.
pub(super) fn out(values: &mut Values) -> Out<'_> {
    match values {
        Values::Bool(v) => Out::Bool(v),
        Values::I32(v) => Out::I32(v),
        Values::I64(v) => Out::I64(v),
        Values::F32(v) => Out::F32(v),
        Values::F64(v) => Out::F64(v),
    }
}

impl<'a> Out<'a> {
    /// Fills all places with zeros.
    pub(super) fn clear(self) {
        match self {
            Out::Bool(v) => v.fill(0),
            Out::I32(v) => v.fill(0),
            Out::I64(v) => v.fill(0),
            Out::F32(v) => v.fill(0.0),
            Out::F64(v) => v.fill(0.0),
            Out::Counts(v) => v.fill(0),
        }
    }

    /// The first `n` places, and the rest.
    pub(super) fn split(self, n: usize) -> (Out<'a>, Out<'a>) {
        macro_rules! split {
            ($($kind:ident),*) => { match self { $(Out::$kind(v) => {
                let (a, b) = v.split_at_mut(n);
                (Out::$kind(a), Out::$kind(b))
            })* } };
        }
        split!(Bool, I32, I64, F32, F64, Counts)
    }
}

/// Converts `bytes`, which are as many values of type `stored` as `out` has places.
pub(super) fn convert(stored: StoredType, bytes: &[u8], out: Out<'_>) -> Converted {
    use StoredType as S;
    match (stored, out) {
        (S::F32, Out::F32(out)) => each(bytes, out, f32::from_be_bytes),
        (S::F64, Out::F64(out)) => each(bytes, out, f64::from_be_bytes),
        (S::F64, Out::F32(out)) => return Converted::Narrowed(narrow(bytes, out)),
        (S::Bool, Out::Bool(out)) => each(bytes, out, |[b]| u8::from(b != 0)),
        (S::U64, Out::I64(out)) => {
            each(bytes, out, i64::from_be_bytes);
            if let Some(index) = out.iter().position(|&v| v < 0) {
                return Converted::TooLarge(index);
            }
        }
        (stored, Out::I32(out)) => match stored {
            S::I8 => each(bytes, out, |b| i32::from(i8::from_be_bytes(b))),
            S::U8 | S::Bool => each(bytes, out, |[b]| i32::from(b)),
            S::I16 => each(bytes, out, |b| i32::from(i16::from_be_bytes(b))),
            S::U16 => each(bytes, out, |b| i32::from(u16::from_be_bytes(b))),
            _ => each(bytes, out, i32::from_be_bytes),
        },
        (stored, Out::I64(out)) => match stored {
            S::I8 => each(bytes, out, |b| i64::from(i8::from_be_bytes(b))),
            S::U8 | S::Bool => each(bytes, out, |[b]| i64::from(b)),
            S::I16 => each(bytes, out, |b| i64::from(i16::from_be_bytes(b))),
            S::U16 => each(bytes, out, |b| i64::from(u16::from_be_bytes(b))),
            S::I32 => each(bytes, out, |b| i64::from(i32::from_be_bytes(b))),
            S::U32 => each(bytes, out, |b| i64::from(u32::from_be_bytes(b))),
            _ => each(bytes, out, i64::from_be_bytes),
        },
        (stored, Out::Counts(out)) => {
            if let Some(index) = counts(stored, bytes, out) {
                return Converted::NoCount(index);
            }
        }
        // No stored type is widened to one of these pairs: see `zeros`.
        (_, Out::Bool(_) | Out::F32(_) | Out::F64(_)) => {}
    }
    Converted::Narrowed(0)
}

wide_registers! {
    /// Each value to its place; without shuffles of bytes that takes four times as long.
    fn each[const N: usize, T](bytes: &[u8], out: &mut [T], value: impl Fn([u8; N]) -> T) {
        let (values, _) = bytes.as_chunks::<N>();
        for (out, &bytes) in out.iter_mut().zip(values) {
            *out = value(bytes);
        }
    }
}

/// Integers to numbers of values; the index of one that is none.
fn counts(stored: StoredType, bytes: &[u8], out: &mut [u32]) -> Option<usize> {
    use StoredType as S;
    match stored {
        S::U8 | S::Bool => each(bytes, out, |[b]| u32::from(b)),
        S::U16 => each(bytes, out, |b| u32::from(u16::from_be_bytes(b))),
        S::U32 => each(bytes, out, u32::from_be_bytes),
        S::I8 => return some(bytes, out, |b| i8::from_be_bytes(b).into()),
        S::I16 => return some(bytes, out, |b| i16::from_be_bytes(b).into()),
        S::I32 => return some(bytes, out, |b| i32::from_be_bytes(b).into()),
        // What is above the largest `i64` is negative as one.
        S::I64 | S::U64 => return some(bytes, out, i64::from_be_bytes),
        // These count nothing: see `select`.
        S::F32 | S::F64 => out.fill(0),
    }
    None
}

fn some<const N: usize>(
    bytes: &[u8],
    out: &mut [u32],
    value: impl Fn([u8; N]) -> i64,
) -> Option<usize> {
    let (values, _) = bytes.as_chunks::<N>();
    let mut wrong = false;
    for (out, &bytes) in out.iter_mut().zip(values) {
        let value = value(bytes);
        wrong |= value != i64::from(value as u32);
        *out = value as u32;
    }
    let is_wrong = |&bytes: &[u8; N]| u32::try_from(value(bytes)).is_err();
    if wrong { values.iter().position(is_wrong) } else { None }
}

/// Doubles to single precision; returns how many were not exact.
fn narrow(bytes: &[u8], out: &mut [f32]) -> u64 {
    let (values, _) = bytes.as_chunks::<8>();
    let mut inexact = 0;
    for (out, &bytes) in out.iter_mut().zip(values) {
        let (narrowed, lossy) = single(f64::from_be_bytes(bytes));
        *out = narrowed;
        inexact += u64::from(lossy);
    }
    inexact
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::shape::zeros;

    /// stored type, bytes, widened values (as text), what the conversion says
    #[test]
    fn values_widen_as_documented() {
        let exact = Converted::Narrowed(0);
        let cases: &[(StoredType, &[u8], &str, Converted)] = &[
            (StoredType::Bool, &[0, 1, 7], "Bool([0, 1, 1])", exact),
            (StoredType::I8, &[0xff], "I32([-1])", exact),
            (StoredType::U8, &[0xff], "I32([255])", exact),
            (StoredType::I16, &[0x80, 0], "I32([-32768])", exact),
            (StoredType::U16, &[0x80, 0], "I32([32768])", exact),
            (StoredType::I32, &[0xff, 0xff, 0xff, 0xfe], "I32([-2])", exact),
            (StoredType::U32, &[0xff, 0xff, 0xff, 0xfe], "I64([4294967294])", exact),
            (StoredType::I64, &[0xff; 8], "I64([-1])", exact),
            (StoredType::U64, &[0, 0, 0, 0, 0, 0, 0, 9], "I64([9])", exact),
            (StoredType::U64, &[0xff; 8], "I64([-1])", Converted::TooLarge(0)),
            (StoredType::F32, &[0x3f, 0x80, 0, 0], "F32([1.0])", exact),
            (StoredType::F64, &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0], "F32([1.0])", exact),
            (
                StoredType::F64,
                &[0x3f, 0xf0, 0, 0, 0, 0, 0, 1],
                "F32([1.0])",
                Converted::Narrowed(1),
            ),
        ];
        for (stored, bytes, text, says) in cases {
            let mut values = zeros(*stored, false, bytes.len() / stored.size());
            assert_eq!(convert(*stored, bytes, out(&mut values)), *says, "{stored:?}");
            assert_eq!(format!("{values:?}"), *text, "{stored:?}");
        }
    }

    /// stored type, bytes, counts, the index of what is none
    #[test]
    fn integers_count_if_they_can() {
        use StoredType as S;
        type Case<'a> = (S, &'a [u8], &'a [u32], Option<usize>);
        let cases: &[Case<'_>] = &[
            (S::U8, &[0, 255], &[0, 255], None),
            (S::I8, &[127, 0x80], &[127], Some(1)),
            (S::U16, &[0xff, 0xfe], &[65534], None),
            (S::I16, &[0, 2, 0xff, 0xff], &[2], Some(1)),
            (S::U32, &[0xff, 0xff, 0xff, 0xff], &[u32::MAX], None),
            (S::I32, &[0x80, 0, 0, 0, 0, 0, 0, 1], &[], Some(0)),
            (S::I64, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], &[u32::MAX], None),
            (S::I64, &[0, 0, 0, 1, 0, 0, 0, 0], &[], Some(0)),
            (S::U64, &[0xff; 8], &[], Some(0)),
        ];
        for (stored, bytes, values, wrong) in cases {
            let mut found = vec![7; bytes.len() / stored.size()];
            let says = convert(*stored, bytes, Out::Counts(&mut found));
            let said = wrong.map_or(Converted::Narrowed(0), Converted::NoCount);
            assert_eq!((says, &found[..values.len()]), (said, *values), "{stored:?}");
        }
    }
}
