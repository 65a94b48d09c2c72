//! Batches of the plans' columns.

use super::COLUMNS;
use crate::batch::{Batch, Values};
use crate::ir::Ty;

/// Deterministic numbers (an xorshift generator).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) as usize) % below
    }

    fn real(&mut self) -> f32 {
        const SPECIAL: [f32; 14] = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            1e-40,
            -1e-45,
            0.0,
            -0.0,
            30.0,
            30.0,
            60.0,
            -50.0,
            1e-30,
            2.5e20,
            f32::MIN_POSITIVE,
        ];
        match self.roll(4) {
            0 => SPECIAL[self.roll(SPECIAL.len())],
            _ => (self.roll(2_000_000) as f32 - 200_000.0) / 9973.0,
        }
    }

    fn wide(&mut self) -> i64 {
        match self.roll(4) {
            0 => [i64::MIN, i64::MAX, -1, 0, 1 << 32, (1 << 32) - 1][self.roll(6)],
            1 => self.roll(5) as i64 - 2,
            _ => self.0 as i64 >> self.roll(50),
        }
    }

    fn int(&mut self) -> i32 {
        match self.roll(6) {
            0 => [i32::MIN, i32::MAX, -1, 0, 33, 1 << 24][self.roll(6)],
            _ => self.roll(9) as i32 - 3,
        }
    }
}

/// A batch of [`COLUMNS`] with up to 5 elements of each collection.
pub(in crate::backend::gpu) fn batch(events: usize, seed: u64) -> Batch {
    let mut dice = Dice::new(seed);
    let mut counts = |_| (0..events).map(|_| [0, 0, 1, 2, 3, 4, 5][dice.roll(7)]).collect();
    let counts: [Vec<u32>; 3] = [0, 1, 2].map(&mut counts);
    filled(events, &counts, dice)
}

/// One event with `n` elements of each collection.
pub(in crate::backend::gpu) fn busy_batch(n: u32) -> Batch {
    filled(1, &[vec![n], vec![n], vec![n]], Dice::new(1))
}

fn filled(events: usize, counts: &[Vec<u32>; 3], mut dice: Dice) -> Batch {
    let offsets: Vec<Vec<u32>> = counts
        .iter()
        .map(|counts| {
            let sums = counts.iter().scan(0, |sum, n| {
                *sum += n;
                Some(*sum)
            });
            std::iter::once(0).chain(sums).collect()
        })
        .collect();
    let columns = COLUMNS
        .iter()
        .map(|(branch, counter, ty)| {
            let n = counter.map_or(events, |c| offsets[c][events] as usize);
            match ty {
                Ty::F32 if *branch == "huge" => Values::F32(
                    (0..n).map(|_| dice.real() * [-1e-37, 1.0, -1e9, 3e18][dice.roll(4)]).collect(),
                ),
                Ty::F32 => Values::F32((0..n).map(|_| dice.real()).collect()),
                Ty::I32 => Values::I32((0..n).map(|_| dice.int()).collect()),
                Ty::I64 => Values::I64((0..n).map(|_| dice.wide()).collect()),
                _ => Values::Bool((0..n).map(|_| dice.roll(2) as u8).collect()),
            }
        })
        .collect();
    Batch { events, offsets, columns, ..Batch::default() }
}

/// The events `range` of a batch as a batch.
pub(in crate::backend::gpu) fn slice(batch: &Batch, range: std::ops::Range<usize>) -> Batch {
    let bounds = |counter: Option<usize>| match counter {
        None => range.clone(),
        Some(c) => batch.offsets[c][range.start] as usize..batch.offsets[c][range.end] as usize,
    };
    let offsets = batch
        .offsets
        .iter()
        .map(|o| o[range.start..=range.end].iter().map(|x| x - o[range.start]).collect());
    let columns = COLUMNS.iter().zip(&batch.columns).map(|((_, counter, _), values)| {
        let at = bounds(*counter);
        match values {
            Values::Bool(v) => Values::Bool(v[at].to_vec()),
            Values::I32(v) => Values::I32(v[at].to_vec()),
            Values::I64(v) => Values::I64(v[at].to_vec()),
            Values::F32(v) => Values::F32(v[at].to_vec()),
            Values::F64(v) => Values::F64(v[at].to_vec()),
        }
    });
    Batch {
        first_event: batch.first_event + range.start as u64,
        events: range.len(),
        offsets: offsets.collect(),
        columns: columns.collect(),
        ..Batch::default()
    }
}
