//! Events block by block, each as large as its columns stay in cache.

use super::CpuBackend;
use super::block::{Block, Scratch, Stop};
use super::program::Program;
use super::real::{Prepared, Real};
use crate::batch::Batch;
use crate::error::Result;
use crate::plan::Plan;
use std::ops::Range;

/// What is evaluated.
pub(super) struct Work<'a, R> {
    pub(super) backend: &'a CpuBackend,
    pub(super) plan: &'a Plan,
    pub(super) program: &'a Program,
    /// Those of the plan.
    pub(super) kernels: &'a [Prepared<R>],
}

impl<R: Real> Work<'_, R> {
    /// Evaluates a range of the events of a batch, which are those at `positions` of
    /// what was read if they are not all of it. `next` is how many events the next
    /// block takes; it adapts to how busy they are, and starts at 0.
    pub(super) fn run(
        self,
        (batch, positions): (&Batch, Option<&[u32]>),
        range: Range<usize>,
        (scratch, next): (&mut Scratch<R>, &mut usize),
        mut fill: impl FnMut(usize, &Block<'_, '_, R>),
    ) -> Result<()> {
        let most = self.backend.block_elements;
        let largest_block = self.backend.block_events.max(1);
        if *next == 0 {
            *next = largest_block;
        }
        let limits = (most, self.backend.chunk_elements);
        let mut start = range.start;
        while start < range.end {
            let events = (*next).min(range.end - start);
            let of = (self.plan, self.kernels);
            let mut block = Block::new(of, batch, start..start + events, limits, scratch);
            block.positions = positions;
            match block.run(self.program, &mut fill) {
                Ok(largest) => {
                    start += events;
                    if largest < most / 4 {
                        *next = (2 * *next).min(largest_block);
                    }
                }
                Err(Stop::TooLarge(elements)) => {
                    let fitting =
                        (events as u128 * u128::from(most) / u128::from(elements)) as usize;
                    *next = fitting.clamp(1, events / 2);
                }
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }
}
