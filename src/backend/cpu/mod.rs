//! The evaluator for CPUs: rayon over blocks of events, and within a block one
//! column after the other in loops that vectorise. A block is as large as its
//! intermediate columns stay in cache.

mod blend;
mod block;
pub(in crate::backend) mod check;
mod choices;
mod column;
mod combos;
mod demand;
mod fill;
mod fused;
mod layout;
mod maps;
mod nodes;
mod program;
mod real;
mod reduce;
mod run_list;
mod runs;
mod segment;
mod sink;
mod soft;
mod soft_banks;
mod soft_entries;
mod soft_runs;
mod soft_sums;
mod spaces;
mod trace;
mod wide;

#[cfg(test)]
mod tests;

pub use trace::{NodeValues, evaluate_nodes};

use super::{Backend, Partial, Pass};
use crate::batch::Batch;
use crate::error::Result;
use crate::ir::NodeId;
use crate::kernels::blend::BlendTable;
use crate::plan::Plan;
use block::{Block, Scratch, Stop};
use fill::{FillScratch, Filler};
use program::Program;
use rayon::prelude::*;
use real::Real;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Fewest events of a batch that are worth a job of their own.
const FEWEST_EVENTS: usize = 64;

/// The precision of real numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Single: the numbers that all backends agree on to the bit.
    #[default]
    Single,
    /// Double: the reference that single precision is measured against.
    Double,
}

/// Evaluates plans on the threads of the current rayon pool.
#[derive(Debug, Clone)]
pub struct CpuBackend {
    /// The precision of real numbers.
    pub precision: Precision,
    /// Most events that are evaluated together, at least 1. No result depends on it.
    pub block_events: usize,
    /// Most elements of one space that are evaluated together; a block of
    /// several events that has more is cut. No result depends on it.
    pub block_elements: u64,
    /// Elements of a combination, cross or nested space that are computed in
    /// one go, or a little more. No result depends on it.
    pub chunk_elements: u64,
}

impl Default for CpuBackend {
    fn default() -> Self {
        CpuBackend {
            precision: Precision::Single,
            block_events: 2048,
            block_elements: 1 << 17,
            chunk_elements: 2048,
        }
    }
}

impl CpuBackend {
    /// The default block sizes in this precision.
    pub fn new(precision: Precision) -> Self {
        CpuBackend { precision, ..CpuBackend::default() }
    }
}

impl Backend for CpuBackend {
    fn name(&self) -> String {
        let threads = rayon::current_num_threads();
        let precision = match self.precision {
            Precision::Single => "",
            Precision::Double => ", double precision",
        };
        format!("CPU, {threads} thread{}{precision}", if threads == 1 { "" } else { "s" })
    }

    fn compile<'a>(&'a self, plan: &'a Plan) -> Result<Box<dyn Pass + 'a>> {
        Ok(match self.precision {
            Precision::Single => Box::new(CpuPass::<f32>::new(self, plan)?),
            Precision::Double => Box::new(CpuPass::<f64>::new(self, plan)?),
        })
    }
}

/// One pass over the events in one precision.
struct CpuPass<'a, R> {
    backend: &'a CpuBackend,
    plan: Plan,
    program: Program,
    filler: Filler,
    blends: Vec<BlendTable<R>>,
    /// Workers that no thread is using.
    idle: Mutex<Vec<Worker<R>>>,
}

/// What a thread keeps: buffers, and what it has filled.
struct Worker<R> {
    scratch: Scratch<R>,
    fill_scratch: FillScratch<R>,
    partial: Partial,
    /// Events that the next block takes; adapts to how busy they are.
    block_events: usize,
}

impl<'a, R: Real> CpuPass<'a, R> {
    fn new(backend: &'a CpuBackend, plan: &Plan) -> Result<Self> {
        check::plan(plan)?;
        let plan = sink::sunk(plan);
        let gates = demand::gates(&plan);
        CpuPass::with_gates(backend, plan, gates)
    }

    /// Of a plan as it is, each space's groups behind these gates.
    fn with_gates(backend: &'a CpuBackend, plan: Plan, gates: Vec<Vec<NodeId>>) -> Result<Self> {
        Ok(CpuPass {
            backend,
            program: Program::of_fills(&plan, gates)?,
            filler: Filler::new(&plan),
            blends: blend::tables(&plan.ir),
            plan,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Evaluates a range of events, block by block.
    fn run(&self, batch: &Batch, range: Range<usize>) -> Result<()> {
        let _mode = R::enter_mode();
        let idle = self.lock_idle().pop();
        let mut worker = idle.unwrap_or_else(|| Worker {
            scratch: Scratch::default(),
            fill_scratch: FillScratch::default(),
            partial: Partial::new(&self.plan),
            block_events: self.backend.block_events.max(1),
        });
        let done = worker.run(self, batch, range);
        self.filler.settle(&mut worker.fill_scratch, &mut worker.partial.fills);
        self.lock_idle().push(worker);
        done
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker<R>>> {
        // A worker is only ever pushed whole, so a poisoned list is still good.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Real> Worker<R> {
    fn run(&mut self, pass: &CpuPass<'_, R>, batch: &Batch, range: Range<usize>) -> Result<()> {
        let most = pass.backend.block_elements;
        let limits = (most, pass.backend.chunk_elements);
        let mut start = range.start;
        while start < range.end {
            let events = self.block_events.min(range.end - start);
            let block = Block::new(
                (&pass.plan, &pass.blends),
                batch,
                start..start + events,
                limits,
                &mut self.scratch,
            );
            let (fills, scratch) = (&mut self.partial.fills, &mut self.fill_scratch);
            scratch.start_block();
            let done = block.run(&pass.program, |k, block| {
                pass.filler.fill(&pass.plan, k, block, scratch, &mut fills[k]);
            });
            match done {
                Ok(largest) => {
                    self.partial.events += events as u64;
                    start += events;
                    if largest < most / 4 {
                        self.block_events =
                            (2 * self.block_events).min(pass.backend.block_events.max(1));
                    }
                }
                Err(Stop::TooLarge(elements)) => {
                    let fitting =
                        (events as u128 * u128::from(most) / u128::from(elements)) as usize;
                    self.block_events = fitting.clamp(1, events / 2);
                }
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<R: Real> Pass for CpuPass<'_, R> {
    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        check::batch(&self.plan, &batch)?;
        let block = self.backend.block_events.max(1);
        // Some jobs a thread, so that busy events do not leave one thread behind.
        let jobs = 8 * rayon::current_num_threads();
        let job = batch.events.div_ceil(jobs).max(block.min(FEWEST_EVENTS));
        (0..batch.events.div_ceil(job))
            .into_par_iter()
            .with_max_len(1)
            .try_for_each(|k| self.run(&batch, k * job..((k + 1) * job).min(batch.events)))
    }

    fn finish(self: Box<Self>) -> Result<Partial> {
        let mut total = Partial::new(&self.plan);
        for worker in self.idle.into_inner().unwrap_or_else(PoisonError::into_inner) {
            total.merge(&worker.partial);
        }
        Ok(total)
    }
}
