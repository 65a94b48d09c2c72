//! Where a file's events are cut into batches. Results do not depend on it
//! (every sum is exact); speed and memory do.

use std::ops::Range;

/// Events of a batch when the user does not say: enough to fill a GPU, few
/// enough for three batches of a wide analysis to fit in memory.
pub const TARGET_EVENTS: u64 = 200_000;

/// Cuts the events `0..events` into consecutive, non-empty ranges.
///
/// With `chunk` events a batch as asked; without, whole clusters are put
/// together until a batch has [`TARGET_EVENTS`], and clusters of more than
/// twice that are cut. `clusters` are the clusters' first events, ascending.
pub(super) fn cut(events: u64, clusters: &[u64], chunk: Option<u64>) -> Vec<Range<u64>> {
    match chunk {
        Some(size) => pieces(0..events, size.max(1)),
        None => cut_at_clusters(events, clusters),
    }
}

fn cut_at_clusters(events: u64, clusters: &[u64]) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let inner = clusters.iter().copied().filter(|c| *c > 0 && *c < events);
    for end in inner.chain([events]) {
        if end - start >= TARGET_EVENTS || end == events {
            let size = if end - start > 2 * TARGET_EVENTS { TARGET_EVENTS } else { u64::MAX };
            ranges.extend(pieces(start..end, size));
            start = end;
        }
    }
    ranges
}

fn pieces(range: Range<u64>, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let end = start.saturating_add(size).min(range.end);
        ranges.push(start..end);
        start = end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_all_events_once() {
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
            let ranges = cut(events, clusters, chunk);
            let mut next = 0;
            for r in &ranges {
                assert!(r.start == next && r.end > r.start, "{events} {chunk:?}: {ranges:?}");
                next = r.end;
            }
            assert_eq!(next, events, "{chunk:?}");
        }
    }

    #[test]
    fn batches_end_where_clusters_do() {
        let clusters: Vec<u64> = (0..20).map(|i| i * 30_000).collect();
        assert_eq!(cut(600_000, &clusters, None), [0..210_000, 210_000..420_000, 420_000..600_000]);
    }

    #[test]
    fn a_huge_cluster_is_cut() {
        let cuts = cut(500_000, &[0], None);
        assert_eq!(cuts, [0..200_000, 200_000..400_000, 400_000..500_000]);
    }
}
