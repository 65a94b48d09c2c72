//! Choices of the generators.

use crate::support::random::Random;

/// Seeded choices; equal seeds give equal choices on every machine.
pub(crate) struct Dice(Random);

impl Dice {
    /// Dice with this seed; neighbouring seeds have nothing in common.
    pub(crate) fn new(seed: u64) -> Dice {
        let mut random = Random::new(seed);
        Dice(Random::new(random.word()))
    }

    /// A number from 0 up to, not including, `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.0.word() >> 11) as usize % n
    }

    /// True so many times out of a hundred.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of a list.
    pub(crate) fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        let at = self.below(list.len());
        &list[at]
    }

    /// A number from `low` to `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.0.word() >> 11) as f64 / (1u64 << 53) as f64
    }
}
