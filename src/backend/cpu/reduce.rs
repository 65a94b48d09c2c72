//! Values of a group put together, the best of a group, a group in order.

use super::column::NONE;
use super::spaces::groups;
use super::wide::wide_registers;
use std::cmp::Ordering;

/// Start of each group within `src`, and its length: the offsets may be those
/// of some groups of a larger column, whose values alone `src` has.
fn groups_of<'a, T>(offsets: &'a [u32], src: &'a [T]) -> impl Iterator<Item = &'a [T]> + 'a {
    let first = offsets[0] as usize;
    groups(offsets).map(move |(at, n)| &src[at - first..at - first + n])
}

/// For each group the fold of its values in stored order.
pub(super) fn fold<T: Copy, A: Copy>(
    offsets: &[u32],
    src: &[T],
    out: &mut Vec<A>,
    start: A,
    add: impl Fn(A, T) -> A,
) {
    out.extend(groups_of(offsets, src).map(|group| group.iter().fold(start, |a, x| add(a, *x))));
}

/// For each group the wrapping sum of its values.
pub(super) fn sum<T: Copy>(
    offsets: &[u32],
    src: &[T],
    out: &mut Vec<i32>,
    value: impl Fn(T) -> i32,
) {
    if src.len() > SHORT * offsets.len() {
        return fold(offsets, src, out, 0, |a: i32, x| a.wrapping_add(value(x)));
    }
    // Differences of running sums: no loop whose end is hard to predict.
    let mut running = Vec::with_capacity(src.len() + 1);
    running.push(0i32);
    let mut sum = 0i32;
    running.extend(src.iter().map(|x| {
        sum = sum.wrapping_add(value(*x));
        sum
    }));
    let first = offsets[0];
    let at = |o: &u32| running[(o - first) as usize];
    out.extend(offsets.iter().zip(&offsets[1..]).map(|(a, b)| at(b).wrapping_sub(at(a))));
}

/// For each group the position of its least or greatest key: NaN passed over,
/// the first of equals, [`NONE`] if there is no candidate.
pub(super) fn best<T: Copy + PartialOrd>(
    offsets: &[u32],
    keys: &[T],
    greatest: bool,
    out: &mut Vec<u32>,
) {
    if greatest {
        best_by(offsets, keys, out, |a, b| a > b);
    } else {
        best_by(offsets, keys, out, |a, b| a < b);
    }
}

wide_registers! {
    /// As [`best`], by what is `better`.
    fn best_by[T: Copy + PartialOrd](
        offsets: &[u32],
        keys: &[T],
        out: &mut Vec<u32>,
        better: impl Fn(T, T) -> bool,
    ) {
        out.reserve(offsets.len());
        let first = offsets[0];
        for g in 1..offsets.len() {
            let (start, end) = (offsets[g - 1], offsets[g]);
            let group = &keys[(start - first) as usize..(end - first) as usize];
            let found = first_best(group, &better);
            out.push(found.map_or(NONE, |k| start + k as u32));
        }
    }
}

/// Mean number of values a group up to which sums are differences of running sums.
const SHORT: usize = 8;

/// Keys compared at once.
const LANES: usize = 8;

#[inline(always)]
fn first_best<T: Copy + PartialOrd>(keys: &[T], better: impl Fn(T, T) -> bool) -> Option<usize> {
    let first = keys.iter().position(|k| !is_nan(k))?;
    // Never true for NaN.
    let pick = |a: T, b: T| if better(a, b) { a } else { b };
    let (vectors, rest) = keys[first..].as_chunks::<LANES>();
    let mut lanes = [keys[first]; LANES];
    for vector in vectors {
        for (best, key) in lanes.iter_mut().zip(vector) {
            *best = pick(*key, *best);
        }
    }
    let best = lanes.iter().chain(rest).fold(keys[first], |best, key| pick(*key, best));
    // A vector at a time, without a branch for each key.
    let is_best = |key: &T| *key == best;
    let has_best = |vector: &[T; LANES]| vector.iter().fold(false, |any, key| any | is_best(key));
    let passed = vectors.iter().position(has_best).unwrap_or(vectors.len()) * LANES;
    Some(first + passed + keys[first + passed..].iter().position(is_best)?)
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
