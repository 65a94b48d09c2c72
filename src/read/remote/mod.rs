//! Files on web servers: read by ranges of bytes, over a few connections at a
//! time.
//!
//! `request` gets one range, `cache` holds what came and puts near ranges
//! together. Readers say beforehand what they will need ([`Remote::fetch`]);
//! small reads that nobody announced come in blocks.

mod cache;
mod request;
#[cfg(test)]
#[path = "../../../tests/support/server.rs"]
mod server;
#[cfg(test)]
mod tests;

pub(super) use cache::Block;

use self::cache::{Cache, coalesced, copy};
use self::request::{Client, Limits, Version};
use crate::error::{Error, ErrorKind, Result};
use crate::read::identity::Version as Seen;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Requests at a time.
const CONNECTIONS: usize = 8;
/// Smaller reads come in blocks of this size.
const BLOCK: u64 = 64 << 10;

/// A file on a web server.
#[derive(Debug)]
pub(super) struct Remote {
    client: Client,
    version: Version,
    cache: Mutex<Cache>,
}

impl Remote {
    /// Asks the server for the file's size and first bytes.
    pub(super) fn open(url: &str) -> Result<Remote> {
        Remote::with_limits(url, Limits::default())
    }

    fn with_limits(url: &str, limits: Limits) -> Result<Remote> {
        let client = Client::new(url, CONNECTIONS, limits)?;
        let answer = client.get(&(0..BLOCK), None)?;
        let mut cache = Cache::default();
        cache.keep(Arc::new(Block::new(0, answer.bytes)));
        Ok(Remote { client, version: answer.file, cache: Mutex::new(cache) })
    }

    /// Size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.version.size
    }

    /// What the server says of the file's version.
    pub(super) fn seen(&self) -> Seen {
        Seen::Server { tag: self.version.tag.clone(), strong: self.version.strong }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, range: &Range<u64>) -> Result<Vec<u8>> {
        Ok(self.client.get(range, Some(&self.version))?.bytes)
    }

    /// Fills the buffer from `offset` on; the bytes lie in the file.
    pub(super) fn fill_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let wanted = offset..offset + buffer.len() as u64;
        let known = self.cache().find(&wanted);
        if known.is_some_and(|block| copy(&block, &wanted, buffer)) {
            return Ok(());
        }
        if buffer.len() as u64 >= BLOCK {
            buffer.copy_from_slice(&self.get(&wanted)?);
            return Ok(());
        }
        let end = wanted.end.next_multiple_of(BLOCK).min(self.size());
        let around = wanted.start / BLOCK * BLOCK..end;
        let block = Arc::new(Block::new(around.start, self.get(&around)?));
        copy(&block, &wanted, buffer);
        self.cache().keep(block);
        Ok(())
    }

    /// Gets all of the ranges: they are read from memory while the result lives.
    /// What lies past the end of the file is left out.
    pub(super) fn fetch(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Arc<Block>>> {
        let mut wanted = ranges;
        wanted.retain(|range| range.end <= self.size());
        let cache = self.cache();
        let mut blocks: Vec<Arc<Block>> = Vec::new();
        wanted.retain(|range| match cache.find(range) {
            Some(block) => {
                blocks.push(block);
                false
            }
            None => true,
        });
        drop(cache);
        let requests = coalesced(wanted);
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<Arc<Block>>> {
            let mut got = Vec::new();
            while let Some(range) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let bytes = self.get(range).inspect_err(|_| {
                    next.store(requests.len(), Ordering::Relaxed);
                })?;
                got.push(Arc::new(Block::new(range.start, bytes)));
            }
            Ok(got)
        };
        let got: Vec<Result<Vec<Arc<Block>>>> = std::thread::scope(|scope| {
            let threads = requests.len().min(CONNECTIONS);
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let lost =
                || Err(Error::new(ErrorKind::Unavailable, "a connection's thread ended early"));
            workers.into_iter().map(|w| w.join().unwrap_or_else(|_| lost())).collect()
        });
        for got in got {
            blocks.extend(got?);
        }
        self.cache().know(&blocks);
        Ok(blocks)
    }
}
