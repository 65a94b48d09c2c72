//! Bytes that came over the network, while they are needed; and which
//! requests bring many ranges best.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Weak};

/// Ranges with less than this between them come in one request.
const GAP: u64 = 64 << 10;
/// Requests are not put together beyond this many bytes.
const REQUEST: u64 = 8 << 20;
/// Small blocks that are kept.
const KEPT: usize = 32;

/// Consecutive bytes of a file.
#[derive(Debug)]
pub(in crate::read) struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    pub(super) fn new(start: u64, bytes: Vec<u8>) -> Block {
        Block { start, bytes }
    }

    /// The bytes of a range, if all of them are here.
    fn get(&self, range: &Range<u64>) -> Option<&[u8]> {
        let from = range.start.checked_sub(self.start)?;
        let to = range.end.checked_sub(self.start)?;
        self.bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    }
}

/// The last small blocks, and all larger ones that somebody holds.
#[derive(Debug, Default)]
pub(super) struct Cache {
    small: VecDeque<Arc<Block>>,
    /// Ordered by their first bytes.
    held: Vec<Weak<Block>>,
}

impl Cache {
    /// The block that has all bytes of a range.
    pub(super) fn find(&self, range: &Range<u64>) -> Option<Arc<Block>> {
        let small = self.small.iter().find(|block| block.get(range).is_some()).cloned();
        let mut held = self.held.iter().filter_map(Weak::upgrade);
        small.or_else(|| held.find(|block| block.get(range).is_some()))
    }

    /// Keeps a small block in place of the oldest one.
    pub(super) fn keep(&mut self, block: Arc<Block>) {
        self.small.truncate(KEPT - 1);
        self.small.push_front(block);
    }

    /// Knows blocks as long as somebody holds them.
    pub(super) fn know(&mut self, blocks: &[Arc<Block>]) {
        self.held.retain(|block| block.strong_count() > 0);
        self.held.extend(blocks.iter().map(Arc::downgrade));
    }
}

/// Copies a range out of a block that has it.
pub(super) fn copy(block: &Block, range: &Range<u64>, to: &mut [u8]) -> bool {
    let found = block.get(range).filter(|bytes| bytes.len() == to.len());
    if let Some(bytes) = found {
        to.copy_from_slice(bytes);
    }
    found.is_some()
}

/// The requests that bring all of the ranges: near ones together.
pub(super) fn coalesced(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut requests: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match requests.last_mut() {
            Some(last)
                if range.end <= last.end
                    || (range.start <= last.end.saturating_add(GAP)
                        && range.end - last.start <= REQUEST) =>
            {
                last.end = last.end.max(range.end);
            }
            _ => requests.push(range),
        }
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_come_together() {
        const M: u64 = 1 << 20;
        type Pairs<'a> = &'a [(u64, u64)];
        let far = 30 + 2 * GAP;
        let table: [(Pairs<'_>, Pairs<'_>); 6] = [
            (&[], &[]),
            (&[(7, 7)], &[]),
            (&[(50, 60), (0, 10), (20, 30)], &[(0, 60)]),
            (
                &[(0, 10), (5, 8), (10 + GAP, 20 + GAP), (far, 9 * M)],
                &[(0, 20 + GAP), (far, 9 * M)],
            ),
            (&[(0, 5 * M), (5 * M, 9 * M)], &[(0, 5 * M), (5 * M, 9 * M)]),
            (&[(0, 20 * M), (M, 2 * M)], &[(0, 20 * M)]),
        ];
        for (ranges, expected) in table {
            let found = coalesced(ranges.iter().map(|&(from, to)| from..to).collect());
            let found: Vec<(u64, u64)> = found.into_iter().map(|r| (r.start, r.end)).collect();
            assert_eq!(found, expected, "{ranges:?}");
        }
    }

    #[test]
    fn blocks_are_known_while_they_are_held() {
        let mut cache = Cache::default();
        let blocks = vec![Arc::new(Block::new(100, (0..50).collect()))];
        cache.know(&blocks);
        let mut found = [0; 2];
        let block = cache.find(&(148..150)).expect("is held");
        assert!(copy(&block, &(148..150), &mut found));
        assert_eq!(found, [48, 49]);
        assert!(cache.find(&(148..151)).is_none() && cache.find(&(99..101)).is_none());
        drop((blocks, block));
        assert!(cache.find(&(148..150)).is_none());
        for start in 0..KEPT as u64 + 1 {
            cache.keep(Arc::new(Block::new(start, vec![1])));
        }
        assert!(cache.find(&(0..1)).is_none() && cache.find(&(1..2)).is_some());
    }
}
