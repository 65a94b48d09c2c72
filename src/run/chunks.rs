//! Where a file's events are cut into batches. Results do not depend on it
//! (every sum is exact); speed and memory do.

use std::ops::Range;

/// Events of a batch at most when the user does not say: few enough for the batches
/// of a wide analysis to fit in memory. So many where each batch costs a way to a server.
pub const TARGET_EVENTS: u64 = 200_000;

/// Cuts a range of a file's events into consecutive, non-empty ranges, one after the other.
///
/// With `chunk` events a batch as asked; without, whole clusters are put
/// together until a batch has `target` events, and longer ones are cut.
pub(super) struct Cuts {
    /// One past the last event.
    events: u64,
    /// The clusters' first events, ascending.
    clusters: Vec<u64>,
    chunk: Option<u64>,
    target: u64,
    next: u64,
}

impl Cuts {
    pub(super) fn new(
        range: Range<u64>,
        clusters: &[u64],
        chunk: Option<u64>,
        target: u64,
    ) -> Cuts {
        let (events, next, clusters) = (range.end, range.start, clusters.to_vec());
        Cuts { events, clusters, chunk, target: target.max(1), next }
    }

    /// The next range; of `most` events at most, unless the length was asked for.
    pub(super) fn next(&mut self, most: u64) -> Option<Range<u64>> {
        if self.next >= self.events {
            return None;
        }
        let start = self.next;
        let end = match self.chunk {
            Some(size) => start.saturating_add(size.max(1)),
            None => self.end(start, most.max(1)),
        };
        self.next = end.min(self.events);
        Some(start..self.next)
    }

    /// The best place to end a range that starts with the event `start`.
    fn end(&self, start: u64, most: u64) -> u64 {
        let target = start.saturating_add(self.target.min(most));
        let last = start.saturating_add(self.target.saturating_mul(2).min(most));
        let after = self.clusters.partition_point(|&cluster| cluster < target);
        let enough = self.clusters.get(after).copied().unwrap_or(self.events).min(self.events);
        if enough <= last {
            return enough;
        }
        // A cluster's end that is near, rather than the middle of one.
        let before = after.checked_sub(1).map_or(start, |i| self.clusters[i]);
        if before - start.min(before) >= (target - start) / 2 && before > start {
            before
        } else {
            target
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(events: u64, clusters: &[u64], chunk: Option<u64>, most: u64) -> Vec<Range<u64>> {
        let mut cuts = Cuts::new(0..events, clusters, chunk, TARGET_EVENTS);
        std::iter::from_fn(|| cuts.next(most)).collect()
    }

    #[test]
    fn ranges_cover_all_events_once_and_keep_to_the_limit() {
        let clusters: Vec<u64> = (0..40).map(|i| i * 30_000).collect();
        let tables: [(u64, &[u64], Option<u64>); 8] = [
            (0, &[0], None),
            (1, &[0], None),
            (1000, &[0], Some(97)),
            (1000, &[0, 500], Some(0)),
            (1000, &[0], Some(u64::MAX)),
            (1_200_000, &clusters, None),
            (1_200_000, &[0], None),
            (1_200_000, &[], None),
        ];
        for (events, clusters, chunk) in tables {
            for most in [u64::MAX, 250_000, 45_000, 1] {
                let ranges = cut(events.min(most.saturating_mul(99)), clusters, chunk, most);
                let mut next = 0;
                for r in &ranges {
                    assert!(r.start == next && r.end > r.start, "{events} {chunk:?}: {ranges:?}");
                    assert!(chunk.is_some() || r.end - r.start <= most, "{most}: {r:?}");
                    next = r.end;
                }
                assert_eq!(next, events.min(most.saturating_mul(99)), "{chunk:?}");
            }
        }
    }

    #[test]
    fn batches_end_where_clusters_do() {
        let clusters: Vec<u64> = (0..20).map(|i| i * 30_000).collect();
        let ends = |most| {
            let ranges = cut(600_000, &clusters, None, most);
            ranges.iter().map(|r| r.end / 1000).collect::<Vec<_>>()
        };
        assert_eq!(ends(u64::MAX), [210, 420, 600]);
        assert_eq!(ends(205_000), [180, 360, 540, 600]);
        assert_eq!(ends(100_000)[..4], [90, 180, 270, 360]);
        assert_eq!(ends(40_000)[..4], [30, 60, 90, 120]);
        assert_eq!(ends(20_000)[..4], [20, 30, 50, 60]);
    }

    #[test]
    fn batches_can_be_smaller() {
        let clusters: Vec<u64> = (0..10).map(|i| i * 100_000).collect();
        let mut cuts = Cuts::new(0..350_000, &clusters, None, 50_000);
        let ends: Vec<u64> =
            std::iter::from_fn(|| cuts.next(u64::MAX)).map(|range| range.end / 1000).collect();
        assert_eq!(ends, [100, 200, 300, 350]);
    }

    #[test]
    fn a_range_is_cut_where_its_clusters_end() {
        let clusters: Vec<u64> = (0..10).map(|i| i * 100_000).collect();
        let mut cuts = Cuts::new(120_000..450_000, &clusters, None, 150_000);
        let ranges: Vec<_> = std::iter::from_fn(|| cuts.next(u64::MAX)).collect();
        assert_eq!(ranges, [120_000..300_000, 300_000..450_000]);
    }

    #[test]
    fn a_huge_cluster_is_cut() {
        let cuts = cut(700_000, &[0], None, u64::MAX);
        assert_eq!(cuts, [0..200_000, 200_000..400_000, 400_000..700_000]);
    }
}
