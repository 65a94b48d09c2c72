//! One rounding: an integer of any length, times a power of two, to the
//! nearest double.

/// `(-1)^negative * sum(digits[i] 2^(32 i)) * 2^exponent`, rounded to nearest,
/// ties to even, once: also where the result is subnormal. What is too large
/// becomes infinite, by the same rule.
pub(super) fn to_f64(negative: bool, digits: &[u32], exponent: i32) -> f64 {
    let Some(top) = digits.iter().rposition(|d| *d != 0) else { return 0.0 };
    let highest = 32 * top as i32 + 31 - digits[top].leading_zeros() as i32;
    if highest + exponent > 1023 {
        return if negative { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // The last place of the result; all positions below count from 2^exponent.
    let unit = (highest + exponent - 52).max(-1074);
    let last = unit - exponent;
    let mut mantissa = bits_from(digits, last);
    let half = bit(digits, last - 1);
    let rest = below(digits, last - 1);
    if half && (rest || mantissa & 1 == 1) {
        mantissa += 1;
    }
    // The leading bit of a normal mantissa adds one to the exponent field, and
    // so does a carry out of the rounding; both are as they should be.
    let magnitude = f64::from_bits((((unit + 1074) as u64) << 52) + mantissa);
    if negative { -magnitude } else { magnitude }
}

/// The bit at a position; positions outside are 0.
fn bit(digits: &[u32], position: i32) -> bool {
    position >= 0
        && digits.get(position as usize / 32).is_some_and(|d| d >> (position % 32) & 1 == 1)
}

/// Whether a bit below the position is set.
fn below(digits: &[u32], position: i32) -> bool {
    if position <= 0 {
        return false;
    }
    let (whole, part) = (position as usize / 32, position % 32);
    digits.iter().take(whole).any(|d| *d != 0)
        || digits.get(whole).is_some_and(|d| d & ((1u32 << part) - 1) != 0)
}

/// The bits from a position up, which must fit 53; a negative position shifts left.
fn bits_from(digits: &[u32], position: i32) -> u64 {
    let digit = |i: usize| u128::from(digits.get(i).copied().unwrap_or(0));
    if position < 0 {
        return ((digit(0) | digit(1) << 32) << -position) as u64;
    }
    let (whole, part) = (position as usize / 32, position % 32);
    ((digit(whole) | digit(whole + 1) << 32 | digit(whole + 2) << 64) >> part) as u64
}

#[cfg(test)]
mod tests {
    use super::to_f64;

    #[test]
    fn integers_round_as_the_language_converts_them() {
        let mut x: u128 = 1;
        for i in 0..4000u32 {
            x = x.wrapping_mul(0x2d35_8dcc_aa6c_78a5).wrapping_add(u128::from(i) | 1);
            x = x.rotate_left(17);
            for value in [x >> (i % 128), (x >> (i % 128)) | 1, (1 << (i % 127)) - 1, x & !0xffff] {
                let digits = [0, 32, 64, 96].map(|s| (value >> s) as u32);
                assert_eq!(to_f64(false, &digits, 0), value as f64, "{value}");
                assert_eq!(to_f64(true, &digits, 0), -(value as f64), "{value}");
            }
        }
    }

    #[test]
    fn ties_go_to_even_and_anything_beside_them_decides() {
        let odd = (1u64 << 53) + 1; // halfway between 2^53 and 2^53 + 2
        let digits = |x: u64, rest: u32| [rest, 0, x as u32, (x >> 32) as u32];
        assert_eq!(to_f64(false, &digits(odd, 0), -64), 9_007_199_254_740_992.0);
        assert_eq!(to_f64(false, &digits(odd, 1), -64), 9_007_199_254_740_994.0);
        assert_eq!(to_f64(false, &digits(odd + 2, 0), -64), 9_007_199_254_740_996.0);
    }

    #[test]
    fn the_ends_of_the_range() {
        let tiny = f64::from_bits(1);
        let rows: [(&[u32], i32, f64); 10] = [
            (&[], 0, 0.0),
            (&[0, 0], 5, 0.0),
            (&[1], -1074, tiny),
            (&[1], -1075, 0.0),
            (&[3], -1075, 2.0 * tiny),
            (&[3], -1076, tiny),
            (&[0xffff_ffff, 0x1f_ffff], -1075, f64::MIN_POSITIVE),
            (&[0xffff_ffff, 0x1f_ffff], 971, f64::MAX),
            (&[0xffff_ffff, 0x3f_ffff], 970, f64::INFINITY),
            (&[1], 1024, f64::INFINITY),
        ];
        for (digits, exponent, expected) in rows {
            assert_eq!(to_f64(false, digits, exponent), expected, "{digits:?} 2^{exponent}");
        }
    }
}
