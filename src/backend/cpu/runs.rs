//! Writes runs of values, most of them short: whole vectors are written and the
//! next run starts inside them, so that a run of a vector or less needs no loop
//! and no call. Measured on the triples of adl.yaml: 3 times as fast as one
//! gather a value.

use std::mem::MaybeUninit;

/// Values written at once.
const WIDTH: usize = 8;

/// Some values in a row: where the first one is among a group's source values,
/// and how many there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Position of the first one.
    pub(super) from: u32,
    /// Number of values.
    pub(super) len: u32,
}

/// Appends runs to a buffer that has room for all of them.
pub(super) struct Runs<'a, T: Copy> {
    room: &'a mut [MaybeUninit<T>],
    /// Values written so far: all of `room` before it.
    at: usize,
}

/// Appends to `out` what `write` writes, which is at most `total` values.
pub(super) fn append_runs<T: Copy>(
    out: &mut Vec<T>,
    total: usize,
    write: impl FnOnce(&mut Runs<'_, T>),
) {
    // The last vector may reach beyond the last run.
    out.reserve(total + WIDTH);
    let before = out.len();
    let mut runs = Runs { room: out.spare_capacity_mut(), at: 0 };
    write(&mut runs);
    let written = runs.at;
    // SAFETY: `room` is the capacity beyond `before`, and each run writes all
    // of its values into it before `at` is moved behind them. Without zeroing
    // it first, lifts take 10 % less time.
    unsafe { out.set_len(before + written) };
}

impl<T: Copy> Runs<'_, T> {
    /// Writes a vector `k` values behind the last run.
    #[inline(always)]
    fn put(&mut self, k: usize, values: &[T; WIDTH]) {
        let room = self.room[self.at + k..].first_chunk_mut::<WIDTH>().expect("room for all runs");
        room.write_copy_of_slice(values);
    }

    /// A run of `len` equal values.
    #[inline(always)]
    pub(super) fn repeat(&mut self, value: T, len: usize) {
        let mut k = 0;
        while k < len {
            self.put(k, &[value; WIDTH]);
            k += WIDTH;
        }
        self.at += len;
    }

    /// The `len` values of `src` from `from` on.
    #[inline(always)]
    pub(super) fn copy(&mut self, src: &[T], from: usize, len: usize) {
        let src = &src[from..];
        let mut k = 0;
        while k < len {
            match src[k..].first_chunk::<WIDTH>() {
                Some(values) => self.put(k, values),
                None => self.put_rest(k, &src[k..len]),
            }
            k += WIDTH;
        }
        self.at += len;
    }

    /// For each run as many times its first value. A function of its own: with
    /// its registers to itself it takes half the time.
    #[inline(never)]
    pub(super) fn repeat_each(&mut self, src: &[T], runs: &[Run]) {
        for run in runs {
            self.repeat(src[run.from as usize], run.len as usize);
        }
    }

    /// The values of each run. As for `repeat_each`.
    #[inline(never)]
    pub(super) fn copy_each(&mut self, src: &[T], runs: &[Run]) {
        for run in runs {
            self.copy(src, run.from as usize, run.len as usize);
        }
    }

    /// For each run `f` of its values in `src`, which are consecutive, and the
    /// one value of `fixed`. As for `repeat_each`.
    #[inline(never)]
    pub(super) fn map_each<A: Copy, B: Copy>(
        &mut self,
        (src, runs): (&[A], &[Run]),
        (fixed, ones): (&[B], &[Run]),
        f: impl Fn(A, B) -> T,
    ) {
        for (run, one) in runs.iter().zip(ones) {
            let (src, len) = (&src[run.from as usize..], run.len as usize);
            let one = fixed[one.from as usize];
            let mut k = 0;
            while k < len {
                match src[k..].first_chunk::<WIDTH>() {
                    Some(values) => self.put(k, &values.map(|x| f(x, one))),
                    None => {
                        for (to, x) in self.room[self.at + k..].iter_mut().zip(&src[k..len]) {
                            to.write(f(*x, one));
                        }
                    }
                }
                k += WIDTH;
            }
            self.at += len;
        }
    }

    /// The end of a run that is the end of its source.
    #[cold]
    fn put_rest(&mut self, k: usize, rest: &[T]) {
        self.room[self.at + k..][..rest.len()].write_copy_of_slice(rest);
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
                let mut out = vec![7];
                append_runs(&mut out, 2 * len + 1, |runs| {
                    runs.copy(&src, from, len);
                    runs.repeat(5, len);
                    runs.repeat(6, 1);
                });
                let expected = [&[7], &src[from..from + len], &vec![5; len][..], &[6]].concat();
                assert_eq!(out, expected, "{len} values from {from}");
            }
        }
    }
}
