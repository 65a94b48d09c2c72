//! Time and bytes that reading takes, added up over threads.

use super::ReadStats;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time and bytes, added up by all threads.
#[derive(Debug, Default)]
pub(in crate::read) struct Counters {
    read: AtomicU64,
    decompress: AtomicU64,
    decode: AtomicU64,
    compressed_bytes: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    /// Reading took from `since` until now.
    pub(in crate::read) fn read(&self, since: Instant) {
        add(&self.read, since.elapsed());
    }

    /// Decompressing took from `since` until now.
    pub(in crate::read) fn decompressed(&self, since: Instant) {
        add(&self.decompress, since.elapsed());
    }

    /// So many bytes came from the file, and so many of them after decompression.
    pub(in crate::read) fn moved(&self, compressed: usize, bytes: usize) {
        self.compressed_bytes.fetch_add(compressed as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Decoding took from `since` until now.
    pub(in crate::read) fn decoded(&self, since: Instant) {
        add(&self.decode, since.elapsed());
    }

    /// The sums so far.
    pub(in crate::read) fn stats(&self) -> ReadStats {
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
