//! The steps from which encodings are made: planes of bytes, zigzag, packed
//! bits, half precision.

use std::ops::Range;

/// Calls `value` with the bytes of each wanted element, whose first bytes come
/// first in `page`, then all second bytes, and so on.
pub(super) fn planes<const N: usize, T>(
    page: &[u8],
    elements: usize,
    wanted: Range<usize>,
    out: &mut [T],
    value: impl Fn([u8; N]) -> T,
) {
    let count = out.len().min(wanted.len());
    let planes: [&[u8]; N] =
        std::array::from_fn(|n| &page[n * elements..][wanted.clone()][..count]);
    for (i, out) in out[..count].iter_mut().enumerate() {
        *out = value(std::array::from_fn(|n| planes[n][i]));
    }
}

/// 0, 1, 2, 3 to 0, -1, 1, -2.
pub(super) fn unzigzag(coded: u64) -> i64 {
    (coded >> 1) as i64 ^ -((coded & 1) as i64)
}

/// The `index`-th group of `width` (1 to 32) bits, least significant first.
pub(super) fn packed(page: &[u8], index: usize, width: usize) -> u32 {
    let (byte, shift) = (index * width / 8, index * width % 8);
    let mut window = [0; 8];
    let near = &page[byte..page.len().min(byte + 8)];
    window[..near.len()].copy_from_slice(near);
    (u64::from_le_bytes(window) >> shift & ((1 << width) - 1)) as u32
}

/// IEEE half precision to single, which is exact.
pub(super) fn half(bits: u16) -> f32 {
    let (sign, magnitude) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff));
    let magnitude = match magnitude >> 10 {
        // Subnormal: a multiple of 2^-24.
        0 => (magnitude as f32 * 2f32.powi(-24)).to_bits(),
        31 => 0x7f80_0000 | magnitude << 13,
        // The exponent's bias is 127 in place of 15.
        _ => (magnitude << 13) + (112 << 23),
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_exact() {
        // bits, value
        let cases: &[(u16, f32)] = &[
            (0x0000, 0.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, value) in cases {
            assert_eq!(half(*bits), *value, "{bits:#06x}");
        }
        assert!(half(0x7e00).is_nan());
        assert!(half(0x8000).is_sign_negative());
    }

    #[test]
    fn zigzag_alternates() {
        let coded = [0, 1, 2, 3, u64::MAX - 1, u64::MAX];
        assert_eq!(coded.map(unzigzag), [0, -1, 1, -2, i64::MAX, i64::MIN]);
    }

    #[test]
    fn groups_of_bits_cross_bytes() {
        // width, bytes, groups
        let cases: &[(usize, &[u8], &[u32])] = &[
            (1, &[0b101], &[1, 0, 1, 0]),
            (3, &[0b10_001_111, 0b1], &[7, 1, 6, 0]),
            (12, &[0x23, 0x61, 0x45], &[0x123, 0x456]),
            (31, &[0xff; 8], &[0x7fff_ffff, 0x7fff_ffff]),
            (32, &[1, 0, 0, 0x80, 2, 0, 0, 0], &[0x8000_0001, 2]),
        ];
        for (width, bytes, groups) in cases {
            let found: Vec<u32> = (0..groups.len()).map(|i| packed(bytes, i, *width)).collect();
            assert_eq!(found, *groups, "{width} bits");
        }
    }

    #[test]
    fn planes_give_any_part() {
        let page = [1, 2, 3, 10, 20, 30];
        for wanted in [0..3, 1..3, 2..2] {
            let mut out = vec![[0; 2]; wanted.len()];
            planes(&page, 3, wanted.clone(), &mut out, |bytes| bytes);
            assert_eq!(out, [[1, 10], [2, 20], [3, 30]][wanted]);
        }
    }
}
