//! The members of combinations as a list of runs, and loops over such a list.
//!
//! A list is worked out once for a space and a slot, and every column that is
//! lifted to the space goes through it. What makes the loops safe without a
//! check for each run is known to the list: how far its runs reach and how many
//! values they have together. Most runs are short: whole vectors are written and
//! the next run starts inside them. Companions looking the runs of each event up for
//! each column, query 6 of adl.yaml takes a fifth less CPU time.

use super::wide::wide_registers;
use std::mem::MaybeUninit;

/// Values written at once.
const WIDTH: usize = 8;

/// Some values in a row: where the first one is among the source's values, and
/// how many there are.
///
/// One word, so that moving a list is one addition a run: the place below, the
/// number above.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run(u64);

impl Run {
    fn new(from: u32, len: u32) -> Run {
        Run(u64::from(len) << 32 | u64::from(from))
    }

    #[inline(always)]
    fn from(self) -> usize {
        self.0 as u32 as usize
    }

    #[inline(always)]
    fn len(self) -> usize {
        (self.0 >> 32) as usize
    }
}

/// Runs one after the other. Nothing but its own functions makes one.
#[derive(Debug, Clone, Default)]
pub(super) struct RunList {
    runs: Vec<Run>,
    /// The number of values of all runs.
    total: usize,
    /// Where the source's values end that runs need.
    reach: usize,
    /// The longest reach of a part that was appended.
    longest: usize,
}

/// Runs moved at once.
const PART_WIDTH: usize = 4;

/// Runs that are appended to lists again and again, in whole vectors of which
/// the last one may have some that do not count.
#[derive(Debug, Clone)]
pub(super) struct Part {
    vectors: Vec<[Run; PART_WIDTH]>,
    runs: usize,
    total: usize,
    reach: usize,
}

impl Part {
    /// The number of runs.
    pub(super) fn len(&self) -> usize {
        self.runs
    }
}

impl RunList {
    /// No runs, in this buffer.
    pub(super) fn within(mut runs: Vec<Run>) -> RunList {
        runs.clear();
        RunList { runs, ..RunList::default() }
    }

    /// The buffer, to be used again.
    pub(super) fn into_buffer(self) -> Vec<Run> {
        self.runs
    }

    /// One more run.
    pub(super) fn push(&mut self, from: u32, len: u32) {
        self.runs.push(Run::new(from, len));
        self.total += len as usize;
        self.reach = self.reach.max(from as usize + len as usize);
        self.longest = self.reach;
    }

    /// One more run, of values behind those of all others.
    #[inline(always)]
    pub(super) fn push_behind(&mut self, from: u32, len: u32) {
        assert!(self.reach <= from as usize, "runs in the order of the source");
        self.runs.push(Run::new(from, len));
        self.total += len as usize;
        self.reach = from as usize + len as usize;
        self.longest = self.longest.max(len as usize);
    }

    /// The values after those of the last run, if they are next in the source, else
    /// one more run.
    pub(super) fn push_or_join(&mut self, from: u32, len: u32) {
        match self.runs.last_mut() {
            Some(run) if run.from() + run.len() == from as usize => {
                *run = Run::new(run.from() as u32, run.len() as u32 + len);
                self.total += len as usize;
                self.reach = self.reach.max(from as usize + len as usize);
                self.longest = self.reach;
            }
            _ => self.push(from, len),
        }
    }

    /// The same runs as a part of other lists.
    pub(super) fn into_part(self) -> Part {
        let mut vectors: Vec<[Run; PART_WIDTH]> = Vec::new();
        for some in self.runs.chunks(PART_WIDTH) {
            let mut vector = [Run(0); PART_WIDTH];
            vector[..some.len()].copy_from_slice(some);
            vectors.push(vector);
        }
        Part { vectors, runs: self.runs.len(), total: self.total, reach: self.reach }
    }

    /// The runs of `part` in values that start at `start`, behind all others.
    #[inline(always)]
    pub(super) fn append(&mut self, part: &Part, start: usize) {
        assert!(self.reach <= start, "parts in the order of the source");
        let runs = self.runs.len() + part.runs;
        self.runs.reserve(part.vectors.len() * PART_WIDTH);
        for vector in &part.vectors {
            self.runs.extend_from_slice(&vector.map(|run| Run(run.0 + start as u64)));
        }
        self.runs.truncate(runs);
        self.total += part.total;
        self.reach = self.reach.max(start + part.reach);
        self.longest = self.longest.max(part.reach);
    }

    /// How many runs at the beginning are followed by a vector's width of values
    /// that belong to the source. Parts were appended in ascending order.
    fn roomy(&self) -> usize {
        // All runs before this one end within `longest` of where it begins: they
        // are of the same part, or of one before.
        let early = |run: &Run| run.from() + self.longest + WIDTH <= self.reach;
        self.runs.iter().rposition(early).map_or(0, |k| k + 1)
    }
}

/// Appends for each run as many times its first value.
pub(super) fn append_repeated<T: Copy>(out: &mut Vec<T>, src: &[T], list: &RunList) {
    assert!(src.len() >= list.reach, "a column of the space that runs point into");
    append(out, list.total, |room| repeat(room, src, list));
}

/// Appends the values of each run.
pub(super) fn append_copied<T: Copy>(out: &mut Vec<T>, src: &[T], list: &RunList) {
    assert!(src.len() >= list.reach, "a column of the space that runs point into");
    append(out, list.total, |room| map_each(room, src, list, |_| |x| x));
}

/// Appends `f` of the values of each run and of the first value of the run at the
/// same place in `ones`.
pub(super) fn append_mapped<A: Copy, B: Copy, T: Copy>(
    out: &mut Vec<T>,
    (src, list): (&[A], &RunList),
    (fixed, ones): (&[B], &RunList),
    f: impl Fn(A, B) -> T,
) {
    assert!(src.len() >= list.reach, "a column of the space that runs point into");
    assert!(fixed.len() >= ones.reach && list.runs.len() == ones.runs.len(), "runs of one space");
    append(out, list.total, |room| {
        map_each(room, src, list, |k| {
            let one = fixed[ones.runs[k].from()];
            let f = &f;
            move |x| f(x, one)
        });
    });
}

/// Appends `f` of the values of `own`, which has one for each of the list's, and of
/// those of each run.
pub(super) fn append_with_own<A: Copy, B: Copy, T: Copy>(
    out: &mut Vec<T>,
    own: &[A],
    (src, list): (&[B], &RunList),
    f: impl Fn(A, B) -> T,
) {
    assert!(own.len() == list.total && src.len() >= list.reach, "columns of the list's spaces");
    append(out, list.total, |room| map_with_own(room, own, src, list, f));
}

/// Appends `total` values that `write` writes to room for them and a vector more.
fn append<T: Copy>(out: &mut Vec<T>, total: usize, write: impl FnOnce(&mut [MaybeUninit<T>])) {
    out.reserve(total + WIDTH);
    let before = out.len();
    write(&mut out.spare_capacity_mut()[..total + WIDTH]);
    // SAFETY: the runs of a list have `total` values together, each is written
    // behind those of the run before, and there is capacity for them.
    unsafe { out.set_len(before + total) };
}

/// Calls `write` with where each vector of a run begins. Not for bytes: to make a vector
/// of comparisons' results takes longer than a loop over most runs. Most runs have one vector,
/// which is written without asking: nothing is kept of what a run of no values gets.
#[inline(always)]
fn vectors(len: usize, mut write: impl FnMut(usize)) {
    write(0);
    let mut i = WIDTH;
    while i < len {
        write(i);
        i += WIDTH;
    }
}

wide_registers! {
    /// Writes for each run as many times its first value. `src` has what the runs
    /// reach, `room` is a vector longer than all runs.
    fn repeat[T: Copy](room: &mut [MaybeUninit<T>], src: &[T], list: &RunList) {
        assert!(room.len() >= list.total + WIDTH);
        let mut at = 0;
        for run in &list.runs {
            let value = MaybeUninit::new(src[run.from()]);
            vectors(run.len(), |k| {
                // SAFETY: `at` and what is left of the run are within `total`, and
                // `room` is a vector longer.
                unsafe { *room.as_mut_ptr().add(at + k).cast() = [value; WIDTH] };
            });
            at += run.len();
        }
    }
}

wide_registers! {
    /// Writes for each run what `per` its number makes of its values. `src` has what
    /// the runs reach, `room` is a vector longer than all runs.
    fn map_each[A: Copy, T, G: Fn(A) -> T](
        room: &mut [MaybeUninit<T>],
        src: &[A],
        list: &RunList,
        per: impl Fn(usize) -> G,
    ) {
        assert!(src.len() >= list.reach && room.len() >= list.total + WIDTH);
        let roomy = if size_of::<T>() == 1 { 0 } else { list.roomy() };
        let mut at = 0;
        for (k, run) in list.runs[..roomy].iter().enumerate() {
            let f = per(k);
            let (from, len) = (run.from(), run.len());
            vectors(len, |i| {
                // SAFETY: a vector from `from + i` on is within `src`, which `roomy`
                // says; `at + i` is before the end of all runs, which `room` exceeds
                // by a vector. With checks for each vector, runs take up to twice the time.
                let (values, to) = unsafe {
                    let values = src.as_ptr().add(from + i).cast::<[A; WIDTH]>();
                    (*values, room.as_mut_ptr().add(at + i).cast::<[MaybeUninit<T>; WIDTH]>())
                };
                let values = values.map(|x| MaybeUninit::new(f(x)));
                // SAFETY: as above.
                unsafe { *to = values };
            });
            at += len;
        }
        for (k, run) in list.runs.iter().enumerate().skip(roomy) {
            let f = per(k);
            let values = &src[run.from()..][..run.len()];
            for (to, x) in room[at..].iter_mut().zip(values) {
                to.write(f(*x));
            }
            at += run.len();
        }
    }
}

wide_registers! {
    /// Writes `f` of what there is of one's own, and of the values of each run. `src`
    /// has what the runs reach, `room` is a vector longer than all runs.
    fn map_with_own[A: Copy, B: Copy, T](
        room: &mut [MaybeUninit<T>],
        own: &[A],
        src: &[B],
        list: &RunList,
        f: impl Fn(A, B) -> T,
    ) {
        assert!(own.len() >= list.total && src.len() >= list.reach);
        assert!(room.len() >= list.total + WIDTH);
        // Runs that are followed by a vector's width of values, theirs and their own.
        let mut left = 0;
        let last = list.runs.iter().rposition(|run| {
            let enough = left >= WIDTH;
            left += run.len();
            enough
        });
        let roomy = last.map_or(0, |k| k + 1).min(list.roomy());
        let roomy = if size_of::<T>() == 1 { 0 } else { roomy };
        let mut at = 0;
        for run in &list.runs[..roomy] {
            vectors(run.len(), |i| {
                // SAFETY: a vector from the run's place on is within `src`, one from
                // `at + i` on within `own`, and `room` is longer than that.
                let (a, b, to) = unsafe {
                    let a = own.as_ptr().add(at + i).cast::<[A; WIDTH]>();
                    let b = src.as_ptr().add(run.from() + i).cast::<[B; WIDTH]>();
                    (*a, *b, room.as_mut_ptr().add(at + i).cast::<[MaybeUninit<T>; WIDTH]>())
                };
                let mut values = [const { MaybeUninit::uninit() }; WIDTH];
                for (value, (a, b)) in values.iter_mut().zip(a.into_iter().zip(b)) {
                    value.write(f(a, b));
                }
                // SAFETY: as above.
                unsafe { *to = values };
            });
            at += run.len();
        }
        for run in &list.runs[roomy..] {
            let values = own[at..].iter().zip(&src[run.from()..][..run.len()]);
            for (to, (a, b)) in room[at..].iter_mut().zip(values) {
                to.write(f(*a, *b));
            }
            at += run.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_every_length_and_place() {
        let src: Vec<u32> = (0..40).collect();
        for len in 0..=20 {
            for from in [0, 3, 40 - len] {
                let mut list = RunList::default();
                let mut ones = RunList::default();
                [from, 0].iter().for_each(|from| list.push(*from, len));
                [from.min(39), 39].iter().for_each(|from| ones.push(*from, 1));
                let (mut copied, mut mapped) = (vec![7], vec![7]);
                append_copied(&mut copied, &src, &list);
                append_mapped(&mut mapped, (&src, &list), (&src, &ones), |x, one| 100 * one + x);
                let values = || (from..from + len).chain(0..len);
                let expected: Vec<u32> = std::iter::once(7).chain(values()).collect();
                assert_eq!(copied, expected, "{len} values from {from}");
                let mut beside = vec![7];
                let own: Vec<u32> = (0..2 * len).collect();
                append_with_own(&mut beside, &own, (&src, &list), |own, x| 100 * own + x);
                let expected: Vec<u32> =
                    (0..).zip(values()).map(|(own, x)| 100 * own + x).collect();
                assert_eq!(beside[1..], expected, "{len} values from {from}");
                let one = |k: usize| if k < len as usize { from.min(39) } else { 39 };
                let expected: Vec<u32> =
                    values().enumerate().map(|(k, x)| 100 * one(k) + x).collect();
                assert_eq!(mapped[1..], expected, "{len} values from {from}");
            }
        }
    }

    #[test]
    fn a_value_as_often_as_its_run_is_long() {
        let mut part = RunList::default();
        (0..4).for_each(|k| part.push(k, 5 * k));
        let (part, mut list) = (part.into_part(), RunList::default());
        list.append(&part, 0);
        list.append(&part, 20);
        let mut out = Vec::new();
        let src: Vec<usize> = (0..40).collect();
        append_repeated(&mut out, &src, &list);
        let expected = [1, 2, 3, 21, 22, 23].map(|v| vec![v; 5 * (v % 20)]).concat();
        assert_eq!(out, expected);
    }
}
