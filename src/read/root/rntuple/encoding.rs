//! The types of columns: how the elements of a page are encoded, and how they
//! become values of a batch.

use super::bits::{self, half};
use crate::read::root::convert::{Converted, Out};
use crate::read::shape::single;
use crate::schema::StoredType;
use std::ops::Range;

/// How a page's elements are stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Encoding {
    code: u16,
    /// Bits of one element.
    pub(super) bits: u16,
    kind: Kind,
}

/// The element type behind an encoding.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Bit,
    /// Little-endian numbers; `split` into planes of first bytes, second bytes
    /// and so on, signed ones also zigzag then.
    Number {
        stored: StoredType,
        split: bool,
    },
    /// Half precision.
    Half {
        split: bool,
    },
    /// The first bits of a single-precision number.
    Truncated,
    /// Steps between a smallest and a largest value.
    Quantized {
        min: f64,
        max: f64,
    },
    /// Where collections end, counted from the start of the cluster; `delta`:
    /// split, and differences from the second element of the page on.
    Index {
        wide: bool,
        delta: bool,
    },
    /// Known, but not a number that could be read, or not known at all.
    Other,
}

/// Names by the code of the type.
const NAMES: [&str; 30] = [
    "Bit",
    "Byte",
    "Char",
    "Int8",
    "UInt8",
    "Int16",
    "UInt16",
    "Int32",
    "UInt32",
    "Int64",
    "UInt64",
    "Real16",
    "Real32",
    "Real64",
    "Index32",
    "Index64",
    "Switch",
    "SplitInt16",
    "SplitUInt16",
    "SplitInt32",
    "SplitUInt32",
    "SplitInt64",
    "SplitUInt64",
    "SplitReal16",
    "SplitReal32",
    "SplitReal64",
    "SplitIndex32",
    "SplitIndex64",
    "Real32Trunc",
    "Real32Quant",
];

impl Encoding {
    /// The encoding of a column record.
    pub(super) fn new(code: u16, bits: u16, range: Option<(f64, f64)>) -> Encoding {
        use StoredType as S;
        let number = |stored, split| (Kind::Number { stored, split }, S::size(stored) as u16 * 8);
        let (kind, expected) = match code {
            0x00 => (Kind::Bit, 1),
            0x01 | 0x04 => number(S::U8, false),
            0x02 | 0x03 => number(S::I8, false),
            0x05 | 0x11 => number(S::I16, code > 0x10),
            0x06 | 0x12 => number(S::U16, code > 0x10),
            0x07 | 0x13 => number(S::I32, code > 0x10),
            0x08 | 0x14 => number(S::U32, code > 0x10),
            0x09 | 0x15 => number(S::I64, code > 0x10),
            0x0a | 0x16 => number(S::U64, code > 0x10),
            0x0b | 0x17 => (Kind::Half { split: code > 0x10 }, 16),
            0x0c | 0x18 => number(S::F32, code > 0x10),
            0x0d | 0x19 => number(S::F64, code > 0x10),
            0x0e | 0x1a => (Kind::Index { wide: false, delta: code > 0x10 }, 32),
            0x0f | 0x1b => (Kind::Index { wide: true, delta: code > 0x10 }, 64),
            0x1c if (10..=31).contains(&bits) => (Kind::Truncated, bits),
            0x1d if (1..=32).contains(&bits) => match range {
                Some((min, max)) if (max - min).is_finite() => (Kind::Quantized { min, max }, bits),
                _ => (Kind::Other, bits),
            },
            _ => (Kind::Other, bits),
        };
        Encoding { code, bits, kind: if bits == expected { kind } else { Kind::Other } }
    }

    /// The name in the format's specification, with the bits where they vary.
    pub(super) fn name(self) -> String {
        match (NAMES.get(usize::from(self.code)), self.code) {
            (None, code) => format!("unknown type {code:#x} of {} bits", self.bits),
            (Some(name), 0x1c | 0x1d) => format!("{name} {}", self.bits),
            (Some(name), _) => (*name).to_owned(),
        }
    }

    /// Whether the column tells where collections end.
    pub(super) fn is_index(self) -> bool {
        matches!(self.kind, Kind::Index { .. })
    }

    /// Bytes of a page of so many elements.
    pub(super) fn page_bytes(self, elements: u64) -> u64 {
        (u128::from(elements) * u128::from(self.bits)).div_ceil(8).try_into().unwrap_or(u64::MAX)
    }

    /// Whether every element becomes an exact value of a field of this type
    /// (or the nearest one, for a field of lower precision).
    pub(super) fn fits(self, field: StoredType) -> bool {
        use StoredType as S;
        let real = matches!(field, S::F32 | S::F64);
        let wide = matches!(field, S::U32 | S::I64 | S::U64);
        match self.kind {
            Kind::Bit => !real,
            Kind::Number { stored: S::F32 | S::F64, .. } => real,
            Kind::Number { stored: S::I8 | S::U8, .. } => !real,
            Kind::Number { stored: S::I16 | S::U16 | S::I32, .. } => !real && field != S::Bool,
            Kind::Number { stored: S::Bool | S::U32 | S::I64 | S::U64, .. } => wide,
            Kind::Half { .. } | Kind::Truncated | Kind::Quantized { .. } => real,
            Kind::Index { .. } | Kind::Other => false,
        }
    }

    /// Decodes the elements `wanted` of a page of `elements`, whose bytes are
    /// complete, into as many places of `out`.
    pub(super) fn decode(
        self,
        page: &[u8],
        elements: usize,
        wanted: Range<usize>,
        out: Out<'_>,
    ) -> Converted {
        let page = Page { bytes: page, elements, wanted };
        match out {
            Out::Bool(out) => match self.kind {
                Kind::Bit => page.bits(out, |bit| bit),
                _ => page.fixed(false, out, |[byte]| u8::from(byte != 0)),
            },
            Out::I32(out) => self.integers(&page, out, |wide| wide as i32),
            Out::I64(out) => {
                self.integers(&page, out, |wide| wide);
                if let Kind::Number { stored: StoredType::U64, .. } = self.kind
                    && let Some(index) = out.iter().position(|&v| v < 0)
                {
                    return Converted::TooLarge(index);
                }
            }
            Out::F32(out) => return Converted::Narrowed(self.singles(&page, out)),
            Out::F64(out) => self.doubles(&page, out),
            // Here it is the indexes that count, which are decoded as such.
            Out::Counts(out) => out.fill(0),
        }
        Converted::Narrowed(0)
    }

    fn integers<T>(self, page: &Page<'_>, out: &mut [T], to: impl Fn(i64) -> T) {
        use StoredType as S;
        let Kind::Number { stored, split } = self.kind else {
            return page.bits(out, |bit| to(i64::from(bit)));
        };
        match stored {
            S::I8 => page.fixed(false, out, |b| to(i8::from_le_bytes(b).into())),
            S::U8 | S::Bool => page.fixed(false, out, |b| to(u8::from_le_bytes(b).into())),
            S::I16 if split => {
                page.fixed(true, out, |b| to(bits::unzigzag(u16::from_le_bytes(b).into())))
            }
            S::I16 => page.fixed(false, out, |b| to(i16::from_le_bytes(b).into())),
            S::U16 => page.fixed(split, out, |b| to(u16::from_le_bytes(b).into())),
            S::I32 if split => {
                page.fixed(true, out, |b| to(bits::unzigzag(u32::from_le_bytes(b).into())))
            }
            S::I32 => page.fixed(false, out, |b| to(i32::from_le_bytes(b).into())),
            S::U32 => page.fixed(split, out, |b| to(u32::from_le_bytes(b).into())),
            S::I64 if split => page.fixed(true, out, |b| to(bits::unzigzag(u64::from_le_bytes(b)))),
            S::I64 | S::U64 | S::F32 | S::F64 => {
                page.fixed(split, out, |b| to(i64::from_le_bytes(b)));
            }
        }
    }

    /// Single precision; returns how many doubles were not exact.
    fn singles(self, page: &Page<'_>, out: &mut [f32]) -> u64 {
        match self.kind {
            Kind::Number { stored: StoredType::F32, split } => {
                page.fixed(split, out, f32::from_le_bytes);
            }
            Kind::Half { split } => page.fixed(split, out, |b| half(u16::from_le_bytes(b))),
            Kind::Truncated => {
                page.packed(self.bits, out, |v| f32::from_bits(v << (32 - self.bits)));
            }
            Kind::Quantized { min, max } => {
                let step = step(min, max, self.bits);
                page.packed(self.bits, out, |v| (f64::from(v) * step + min) as f32);
            }
            _ => {
                let inexact = std::cell::Cell::new(0);
                page.fixed(self.is_split(), out, |b| {
                    let (narrow, lossy) = single(f64::from_le_bytes(b));
                    inexact.set(inexact.get() + u64::from(lossy));
                    narrow
                });
                return inexact.get();
            }
        }
        0
    }

    fn doubles(self, page: &Page<'_>, out: &mut [f64]) {
        match self.kind {
            Kind::Number { stored: StoredType::F32, split } => {
                page.fixed(split, out, |b| f32::from_le_bytes(b).into());
            }
            Kind::Half { split } => page.fixed(split, out, |b| half(u16::from_le_bytes(b)).into()),
            Kind::Truncated => {
                page.packed(self.bits, out, |v| f32::from_bits(v << (32 - self.bits)).into());
            }
            Kind::Quantized { min, max } => {
                let step = step(min, max, self.bits);
                page.packed(self.bits, out, |v| f64::from(v) * step + min);
            }
            _ => page.fixed(self.is_split(), out, f64::from_le_bytes),
        }
    }

    fn is_split(self) -> bool {
        matches!(self.kind, Kind::Number { split: true, .. })
    }

    /// Decodes a whole page of an index column.
    pub(super) fn ends(self, page: &[u8], out: &mut [u64]) {
        let elements = out.len();
        let page = Page { bytes: page, elements, wanted: 0..elements };
        let Kind::Index { wide, delta } = self.kind else { return };
        match wide {
            true => page.fixed(delta, out, u64::from_le_bytes),
            false => page.fixed(delta, out, |b| u32::from_le_bytes(b).into()),
        }
        if delta {
            let mut sum = 0u64;
            for end in out {
                sum = sum.wrapping_add(*end);
                *end = sum;
            }
        }
    }
}

/// The distance of two neighbouring quantized values.
fn step(min: f64, max: f64, bits: u16) -> f64 {
    (max - min) / ((1u64 << bits) - 1) as f64
}

/// The bytes of a page, and the elements of it that are wanted.
struct Page<'a> {
    bytes: &'a [u8],
    elements: usize,
    wanted: Range<usize>,
}

impl Page<'_> {
    /// Elements of `N` bytes, in planes or one behind another.
    fn fixed<const N: usize, T>(&self, split: bool, out: &mut [T], value: impl Fn([u8; N]) -> T) {
        if split && N > 1 {
            return bits::planes(self.bytes, self.elements, self.wanted.clone(), out, value);
        }
        let (elements, _) = self.bytes.as_chunks::<N>();
        for (out, &bytes) in out.iter_mut().zip(&elements[self.wanted.clone()]) {
            *out = value(bytes);
        }
    }

    /// Single bits, least significant first.
    fn bits<T>(&self, out: &mut [T], value: impl Fn(u8) -> T) {
        for (out, i) in out.iter_mut().zip(self.wanted.clone()) {
            *out = value(self.bytes[i / 8] >> (i % 8) & 1);
        }
    }

    /// Elements of `bits` bits behind each other, least significant first.
    fn packed<T>(&self, bits: u16, out: &mut [T], value: impl Fn(u32) -> T) {
        for (out, i) in out.iter_mut().zip(self.wanted.clone()) {
            *out = value(bits::packed(self.bytes, i, usize::from(bits)));
        }
    }
}
