//! Sets of events of one file, as ranges in one form: equal sets are equal ranges.

use std::fmt;
use std::ops::Range;

/// Ranges of events, none empty, ascending, none touching the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// The events of these ranges, in whatever order.
    ///
    /// # Errors
    /// Events that are in two of them.
    pub fn new(ranges: impl IntoIterator<Item = Range<u64>>) -> Result<Ranges, Range<u64>> {
        let mut all: Vec<Range<u64>> = ranges.into_iter().filter(|r| !r.is_empty()).collect();
        all.sort_by_key(|range| range.start);
        let mut apart: Vec<Range<u64>> = Vec::with_capacity(all.len());
        for range in all {
            match apart.last_mut() {
                Some(last) if range.start < last.end => {
                    return Err(range.start..range.end.min(last.end));
                }
                Some(last) if range.start == last.end => last.end = range.end,
                _ => apart.push(range),
            }
        }
        Ok(Ranges(apart))
    }

    /// The ranges.
    pub fn as_slice(&self) -> &[Range<u64>] {
        &self.0
    }

    /// Number of events.
    pub fn events(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// One past the last event; 0 if there is none.
    pub fn end(&self) -> u64 {
        self.0.last().map_or(0, |range| range.end)
    }

    /// Whether there are no events.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The events of both.
    ///
    /// # Errors
    /// Events that both have.
    pub fn joined(&self, other: &Ranges) -> Result<Ranges, Range<u64>> {
        Ranges::new(self.0.iter().chain(&other.0).cloned())
    }

    /// The events that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Ranges) -> Ranges {
        let mut left = Vec::new();
        let mut taken = other.0.iter().peekable();
        for range in &self.0 {
            let mut start = range.start;
            while let Some(hit) = taken.peek().filter(|hit| hit.start < range.end) {
                if hit.start > start {
                    left.push(start..hit.start);
                }
                start = start.max(hit.end);
                if hit.end > range.end {
                    break;
                }
                taken.next();
            }
            if start < range.end {
                left.push(start..range.end);
            }
        }
        Ranges(left)
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(text).collect();
        f.write_str(&texts.join(", "))
    }
}

/// `[10, 20)`: half-open, as in filesets.
pub(super) fn text(range: &Range<u64>) -> String {
    format!("[{}, {})", range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_events() {
        let of = |ranges: &[(u64, u64)]| Ranges::new(ranges.iter().map(|(a, b)| *a..*b)).unwrap();
        let set = of(&[(20, 30), (0, 10), (5, 5), (10, 15)]);
        assert_eq!(set.to_string(), "[0, 15), [20, 30)");
        assert_eq!((set.events(), set.end()), (25, 30));
        assert_eq!(Ranges::new([0..10, 9..12]), Err(9..10));
        assert_eq!(set.joined(&of(&[(15, 20)])).unwrap(), of(&[(0, 30)]));
        assert_eq!(set.joined(&of(&[(29, 40)])), Err(29..30));
    }

    #[test]
    fn what_is_left_is_as_counted_one_by_one() {
        let set = |bits: u64| {
            Ranges::new((0..8).filter(|k| bits >> k & 1 == 1).map(|k| k..k + 1)).unwrap()
        };
        for a in 0..256u64 {
            for b in 0..256 {
                assert_eq!(set(a).without(&set(b)), set(a & !b), "{a:b} {b:b}");
            }
        }
    }
}
