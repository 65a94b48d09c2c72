//! Compressed records, read and decompressed in buffers that each thread keeps,
//! and what that took.

use super::codec;
use super::file::RootFile;
use crate::error::Result;
use crate::read::ReadStats;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time and bytes, added up by all threads.
#[derive(Debug, Default)]
pub(super) struct Counters {
    read: AtomicU64,
    decompress: AtomicU64,
    decode: AtomicU64,
    compressed_bytes: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    pub(super) fn decoded(&self, since: Instant) {
        add(&self.decode, since.elapsed());
    }

    /// The sums so far.
    pub(super) fn stats(&self) -> ReadStats {
        let time = |a: &AtomicU64| Duration::from_nanos(a.load(Ordering::Relaxed));
        ReadStats {
            read: time(&self.read),
            decompress: time(&self.decompress),
            decode: time(&self.decode),
            compressed_bytes: self.compressed_bytes.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

fn add(sum: &AtomicU64, time: Duration) {
    sum.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
}

thread_local! {
    /// A record as read, and its content after decompression.
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
        file.check_inside(seek, bytes)?;
        let start = Instant::now();
        record.resize(bytes, 0);
        file.fill_at(seek, record)?;
        add(&counters.read, start.elapsed());
        let (payload, unpacked) = locate(record)?;
        counters.compressed_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        counters.bytes.fetch_add(unpacked as u64, Ordering::Relaxed);
        let payload = &record[payload];
        if payload.len() == unpacked {
            return with(payload);
        }
        let start = Instant::now();
        codec::unpack(payload, unpacked, content)?;
        add(&counters.decompress, start.elapsed());
        with(content)
    })
}
