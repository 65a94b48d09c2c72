//! Numbers of few bits (`Double32_t`, `Float16_t`): steps between a smallest and
//! a largest value, or an exponent and the first bits of a mantissa. How they are
//! packed is said in the title of the leaf, `x/d[0,100,16]`, as ROOT's
//! `TStreamerElement::GetRange` reads it.

use super::convert::{Converted, Out};
use crate::read::shape::single;
use crate::schema::StoredType;
use std::f64::consts::PI;

/// Bits of the mantissa of a `Float16_t` whose title does not say.
const BITS: u32 = 12;
/// Most bits of a mantissa: one bit of sixteen is the sign, one may be carried.
const MOST_BITS: u32 = 14;

/// How a number is packed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Packing {
    /// As single precision.
    Single,
    /// Steps of 1 / `factor` from `min` on: 32 bits.
    Steps { factor: f64, min: f64 },
    /// An exponent of 8 bits, then 16 bits: sign and mantissa, of which so many
    /// bits are stored.
    Short { bits: u32 },
}

impl Packing {
    /// What the title of a leaf of such numbers says.
    pub(super) fn of(stored: StoredType, title: &str) -> Result<Packing, String> {
        let (min, max, bits) = range(title).unwrap_or((0.0, 0.0, 32));
        if min < max {
            let steps = if bits < 32 { f64::from(1u32 << bits) } else { f64::from(u32::MAX) };
            return Ok(Packing::Steps { factor: steps / (max - min), min });
        }
        // ROOT keeps the bits in the place of the smallest value.
        let kept = if bits <= MOST_BITS { f64::from(bits) } else { min };
        match (kept as i64, stored) {
            (0, StoredType::F64) => Ok(Packing::Single),
            (0, _) => Ok(Packing::Short { bits: BITS }),
            (bits @ 1..=14, _) => Ok(Packing::Short { bits: bits as u32 }),
            _ => Err(format!("numbers packed as no version of ROOT can read them: {title}")),
        }
    }

    /// Bytes of one number.
    pub(super) fn size(self) -> usize {
        match self {
            Packing::Single | Packing::Steps { .. } => 4,
            Packing::Short { .. } => 3,
        }
    }

    /// Unpacks as many numbers as `out` has places; counts those that are not
    /// exact in single precision, if they were doubles (`wide`).
    pub(super) fn convert(self, wide: bool, bytes: &[u8], out: Out<'_>) -> Converted {
        let values = bytes.chunks_exact(self.size()).map(|bytes| self.value(bytes));
        match out {
            Out::F64(out) => out.iter_mut().zip(values).for_each(|(out, value)| *out = value),
            Out::F32(out) => {
                let mut inexact = 0;
                for (out, value) in out.iter_mut().zip(values) {
                    let (narrow, lossy) = single(value);
                    *out = narrow;
                    inexact += u64::from(lossy && wide);
                }
                return Converted::Narrowed(inexact);
            }
            // They are real numbers.
            other => other.clear(),
        }
        Converted::Narrowed(0)
    }

    fn value(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Packing::Single, &[a, b, c, d]) => f32::from_be_bytes([a, b, c, d]).into(),
            (Packing::Steps { factor, min }, &[a, b, c, d]) => {
                f64::from(u32::from_be_bytes([a, b, c, d])) / factor + min
            }
            (Packing::Short { bits }, &[exponent, high, low]) => {
                let word = u32::from(high) << 8 | u32::from(low);
                // Rounding may have carried into the bit before the mantissa.
                let mantissa = (word & ((1 << (bits + 1)) - 1)) << (23 - bits);
                let size = f32::from_bits(u32::from(exponent) << 23 | mantissa);
                f64::from(if word >> (bits + 1) & 1 == 1 { -size } else { size })
            }
            _ => 0.0,
        }
    }
}

/// Smallest and largest value, and bits, of a title like `x[nX]/d[0,2pi,16]`: in
/// its first brackets, or the second ones if those have no comma.
fn range(title: &str) -> Option<(f64, f64, u32)> {
    let mut brackets = title.split('[').skip(1).filter_map(|rest| rest.split_once(']'));
    let (inside, _) = brackets.by_ref().take(2).find(|(inside, _)| inside.contains(','))?;
    let mut parts = inside.splitn(3, ',');
    let (min, max) = (edge(parts.next()?), edge(parts.next()?));
    let bits = parts.next().map_or(32, |bits| bits.trim().parse().unwrap_or(32));
    Some((min, max, if (2..=32).contains(&bits) { bits } else { 32 }))
}

/// A number, or one of the multiples of pi that have names.
fn edge(text: &str) -> f64 {
    let text: String = text.to_lowercase().split_whitespace().collect();
    if !text.contains("pi") {
        return text.parse().unwrap_or(0.0);
    }
    let names = [("2pi", 2.0), ("2*pi", 2.0), ("twopi", 2.0), ("pi/2", 0.5), ("pi/4", 0.25)];
    let named = names.iter().find(|(name, _)| text.contains(name));
    let size = named.map_or(1.0, |(_, times)| *times) * PI;
    if text.contains('-') { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// title, as a double, as a single
    #[test]
    fn titles_say_how_numbers_are_packed() {
        let short = |bits| Ok(Packing::Short { bits });
        let steps = |factor, min| Ok(Packing::Steps { factor, min });
        let cases = [
            ("x", Ok(Packing::Single), short(12)),
            ("x[nX]", Ok(Packing::Single), short(12)),
            ("x/d[0,100,16]", steps(655.36, 0.0), steps(655.36, 0.0)),
            ("x[nX]/d[-10, 22, 5]", steps(1.0, -10.0), steps(1.0, -10.0)),
            ("x/d[0,1]", steps(4294967295.0, 0.0), steps(4294967295.0, 0.0)),
            ("x/d[0,twopi,3]", steps(8.0 / (2.0 * PI), 0.0), steps(8.0 / (2.0 * PI), 0.0)),
            (
                "x/d[-pi/2,0,4]",
                steps(16.0 / (0.5 * PI), -0.5 * PI),
                steps(16.0 / (0.5 * PI), -0.5 * PI),
            ),
            ("x/d[0,0,10]", short(10), short(10)),
            ("x/d[0,0,15]", Ok(Packing::Single), short(12)),
        ];
        for (title, wide, narrow) in cases {
            assert_eq!(Packing::of(StoredType::F64, title), wide, "{title}");
            assert_eq!(Packing::of(StoredType::F32, title), narrow, "{title}");
        }
        assert!(Packing::of(StoredType::F64, "x/d[70,60]").is_err());
    }
}
