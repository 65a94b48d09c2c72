//! Values of a group put together, the best of a group, a group in order.

use super::column::NONE;
use super::spaces::groups;
use std::cmp::Ordering;

/// For each group the fold of its values in stored order.
pub(super) fn fold<T: Copy, A: Copy>(
    offsets: &[u32],
    src: &[T],
    out: &mut Vec<A>,
    start: A,
    add: impl Fn(A, T) -> A,
) {
    out.extend(
        groups(offsets).map(|(at, n)| src[at..at + n].iter().fold(start, |a, x| add(a, *x))),
    );
}

/// For each group the position of its least or greatest key: NaN passed over,
/// the first of equals, [`NONE`] if there is no candidate.
pub(super) fn best<T: Copy + PartialOrd>(
    offsets: &[u32],
    keys: &[T],
    greatest: bool,
    out: &mut Vec<u32>,
) {
    let place = |at: usize, found: Option<usize>| found.map_or(NONE, |k| (at + k) as u32);
    if greatest {
        out.extend(
            groups(offsets).map(|(at, n)| place(at, first_best(&keys[at..at + n], |a, b| a > b))),
        );
    } else {
        out.extend(
            groups(offsets).map(|(at, n)| place(at, first_best(&keys[at..at + n], |a, b| a < b))),
        );
    }
}

fn first_best<T: Copy + PartialOrd>(keys: &[T], better: impl Fn(T, T) -> bool) -> Option<usize> {
    let mut at = keys.iter().position(|k| !is_nan(k))?;
    let mut best = keys[at];
    for (i, key) in keys.iter().enumerate().skip(at + 1) {
        // Never true for NaN.
        if better(*key, best) {
            (at, best) = (i, *key);
        }
    }
    Some(at)
}

fn is_nan<T: PartialOrd>(x: &T) -> bool {
    x.partial_cmp(x).is_none()
}

/// For each group the positions of its elements by ascending key, stable, NaN last.
pub(super) fn sort<T: Copy + PartialOrd>(offsets: &[u32], keys: &[T], out: &mut Vec<u32>) {
    out.extend(0..keys.len() as u32);
    let order = |a: &u32, b: &u32| {
        let (a, b) = (&keys[*a as usize], &keys[*b as usize]);
        // Incomparable: one of them, or both, are NaN.
        a.partial_cmp(b).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
    };
    for (at, n) in groups(offsets) {
        let group = &mut out[at..at + n];
        if !group.is_sorted_by(|a, b| order(a, b) != Ordering::Greater) {
            group.sort_by(order);
        }
    }
}
