//! Compressed records, read and decompressed in buffers that each thread keeps,
//! and what that took.

use super::codec;
use super::file::RootFile;
use crate::error::Result;
use crate::read::totals::Counters;
use std::cell::RefCell;
use std::ops::Range;
use std::time::Instant;

thread_local! {
    /// Room for a record as read, and for its content after decompression.
    static SCRATCH: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// Reads the `bytes` bytes at `seek`, lets `locate` check them and tell where
/// in them the payload lies and how long it is after decompression, and calls
/// `with` with the decompressed payload.
pub(super) fn with_content<T>(
    file: &RootFile,
    seek: u64,
    bytes: usize,
    counters: &Counters,
    locate: impl FnOnce(&[u8]) -> Result<(Range<usize>, usize)>,
    with: impl FnOnce(&[u8]) -> Result<T>,
) -> Result<T> {
    SCRATCH.with_borrow_mut(|(record, content)| {
        file.storage.check_inside(seek, bytes)?;
        let start = Instant::now();
        let record = first(record, bytes);
        file.storage.fill_at(seek, record)?;
        counters.read(start);
        let (payload, unpacked) = locate(record)?;
        counters.moved(bytes, unpacked);
        let payload = &record[payload];
        if payload.len() == unpacked {
            return with(payload);
        }
        let start = Instant::now();
        codec::check(payload, unpacked)?;
        let content = first(content, unpacked);
        codec::unpack(payload, content)?;
        counters.decompressed(start);
        with(content)
    })
}

/// The first bytes of a buffer that only grows, **with anything in them**: to
/// clear them again for each record, or to take pages of memory that are new to
/// the process, would cost more than to read it.
fn first(buffer: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    if buffer.len() < bytes {
        // Zeroed by the system, so that what is not used takes no memory.
        *buffer = vec![0; bytes.saturating_add(bytes / 16)];
    }
    &mut buffer[..bytes]
}
