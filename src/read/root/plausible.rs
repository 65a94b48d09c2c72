//! Which lengths after decompression are believed before the bytes have been looked at.

/// A claimed length beyond this many times the compressed length is checked
/// against the basket's own header before memory is allocated for it.
const PLAUSIBLE_RATIO: u64 = 8;
/// Lengths up to this one need no such check.
const PLAUSIBLE_BYTES: u64 = 1 << 16;

/// Whether so many bytes may well come out of so many on disk.
pub(super) fn plausible(claimed: u64, packed: u64) -> bool {
    claimed <= PLAUSIBLE_BYTES.max(packed.saturating_mul(PLAUSIBLE_RATIO))
}
