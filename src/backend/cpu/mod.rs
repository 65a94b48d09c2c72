//! The evaluator for CPUs: rayon over blocks of events, and within a block one
//! column after the other in loops that vectorise. A block is as large as its
//! intermediate columns stay in cache.

mod block;
mod blocks;
mod choices;
mod column;
mod combos;
mod elided;
mod fill;
mod fused;
mod gather;
mod kernels;
mod layout;
mod maps;
mod nodes;
mod program;
mod reads;
mod real;
mod reduce;
mod run_list;
mod runs;
mod segment;
mod segment_chunks;
mod soft;
mod soft_banks;
mod soft_entries;
mod soft_moments;
mod soft_runs;
mod soft_shape;
mod soft_sums;
mod spaces;
mod stage;
mod trace;
mod wide;

#[cfg(test)]
mod tests;

pub use trace::{NodeValues, evaluate_nodes};

use super::{Backend, Partial, Pass};
use crate::batch::Batch;
use crate::error::Result;
use crate::hist::FillData;
use crate::plan::{Plan, check, split};
use block::Scratch;
use blocks::Work;
use fill::FillScratch;
use kernels::Prepared;
use program::Program;
use rayon::prelude::*;
use real::Real;
use stage::{Front, Stage};
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

    /// Few, as new memory costs more than what is read into it; but some blocks for
    /// each thread, and whole clusters of most files.
    fn batch_events(&self) -> u64 {
        (50_000 * rayon::current_num_threads() as u64).clamp(100_000, 200_000)
    }

    fn defers_columns(&self) -> bool {
        true
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
    stages: Vec<Stage>,
    /// Columns that may be late.
    deferred: Vec<usize>,
    kernels: Vec<Prepared<R>>,
    /// Workers that no thread is using.
    idle: Mutex<Vec<Worker<R>>>,
}

/// What a thread keeps: buffers, and what it has filled.
struct Worker<R> {
    scratch: Scratch<R>,
    stages: Vec<StageWorker<R>>,
    partial: Partial,
}

/// What a thread keeps for a stage.
#[derive(Default)]
struct StageWorker<R> {
    fill_scratch: FillScratch<R>,
    /// The events that a stage is for, by their positions in the batch, and what they have.
    events: Vec<u32>,
    selected: Batch,
    picks: Vec<u32>,
    /// Events that the next block takes of all, and of the selected ones.
    front_events: usize,
    block_events: usize,
}

impl<'a, R: Real> CpuPass<'a, R> {
    fn new(backend: &'a CpuBackend, plan: &Plan) -> Result<Self> {
        check::plan(plan)?;
        Ok(CpuPass::of_stages(backend, plan.clone(), stage::stages::<R>(plan, split::WORTH)?))
    }

    /// Of a plan as it is, each space's groups behind these gates.
    #[cfg(test)]
    fn with_gates(
        backend: &'a CpuBackend,
        plan: Plan,
        gates: Vec<Vec<crate::ir::NodeId>>,
    ) -> Result<Self> {
        let stages = vec![Stage::whole(plan.clone(), gates)?];
        Ok(CpuPass::of_stages(backend, plan, stages))
    }

    fn of_stages(backend: &'a CpuBackend, plan: Plan, stages: Vec<Stage>) -> Self {
        // Stages have the kernels of the whole plan.
        let kernels = kernels::of(&plan.ir);
        let deferred = stage::deferred(&plan.request, &stages);
        CpuPass { backend, plan, stages, deferred, kernels, idle: Mutex::new(Vec::new()) }
    }

    /// Evaluates a range of events, stage by stage.
    fn run(&self, batch: &Batch, range: Range<usize>) -> Result<()> {
        let _mode = R::enter_mode();
        let idle = self.lock_idle().pop();
        let mut worker = idle.unwrap_or_else(|| Worker {
            scratch: Scratch::default(),
            stages: self.stages.iter().map(|_| StageWorker::default()).collect(),
            partial: R::no_events(&self.plan),
        });
        let done = worker.run(self, batch, range);
        // Nothing but soft fills keeps anything, and plans with these have one stage.
        if let ([stage], [kept]) = (&self.stages[..], &mut worker.stages[..]) {
            stage.filler.settle(&mut kept.fill_scratch, &mut worker.partial.fills);
        }
        self.lock_idle().push(worker);
        done
    }

    /// How a part of the plan is evaluated.
    fn work<'w>(&'w self, plan: &'w Plan, program: &'w Program) -> Work<'w, R> {
        Work { backend: self.backend, plan, program, kernels: &self.kernels }
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker<R>>> {
        // A worker is only ever pushed whole, so a poisoned list is still good.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Real> Worker<R> {
    fn run(&mut self, pass: &CpuPass<'_, R>, batch: &Batch, range: Range<usize>) -> Result<()> {
        let fills = &mut self.partial.fills;
        for (stage, kept) in pass.stages.iter().zip(&mut self.stages) {
            let scratch = &mut self.scratch;
            let Some(front) = &stage.front else {
                kept.stage(pass, stage, (batch, None), range.clone(), scratch, fills)?;
                continue;
            };
            let mut events = std::mem::take(&mut kept.events);
            let mut selected = std::mem::take(&mut kept.selected);
            events.clear();
            kept.front(pass, front, batch, range.clone(), scratch, &mut events)?;
            front.add_others((range.len() - events.len()) as u64, fills);
            if !events.is_empty() {
                front.gather(&stage.plan.request, batch, &events, &mut selected)?;
                let some = (&selected, Some(&events[..]));
                kept.stage(pass, stage, some, 0..events.len(), scratch, fills)?;
            }
            (kept.events, kept.selected) = (events, selected);
        }
        self.partial.events += range.len() as u64;
        Ok(())
    }
}

impl<R: Real> StageWorker<R> {
    /// Finds the events of a range that a stage is for.
    fn front(
        &mut self,
        pass: &CpuPass<'_, R>,
        front: &Front,
        batch: &Batch,
        range: Range<usize>,
        scratch: &mut Scratch<R>,
        events: &mut Vec<u32>,
    ) -> Result<()> {
        let work = pass.work(&front.plan, &front.program);
        let buffers = (scratch, &mut self.front_events);
        work.run((batch, None), range, buffers, |_, block| {
            front.select(block, &mut self.picks, events);
        })
    }

    /// Evaluates a stage for a range of a batch's events.
    fn stage(
        &mut self,
        pass: &CpuPass<'_, R>,
        stage: &Stage,
        batch: (&Batch, Option<&[u32]>),
        range: Range<usize>,
        scratch: &mut Scratch<R>,
        fills: &mut [FillData],
    ) -> Result<()> {
        let work = pass.work(&stage.plan, &stage.program);
        let fill_scratch = &mut self.fill_scratch;
        work.run(batch, range, (scratch, &mut self.block_events), |k, block| {
            let data = &mut fills[stage.fills[k]];
            stage.filler.fill(&stage.plan, k, block, fill_scratch, data);
        })
    }
}

impl<R: Real> Pass for CpuPass<'_, R> {
    fn deferred(&self) -> Vec<usize> {
        self.deferred.clone()
    }

    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        check::batch(&self.plan, &batch, &self.deferred)?;
        let block = self.backend.block_events.max(1);
        // Some jobs a thread, so that busy events do not leave one thread behind.
        let jobs = 8 * rayon::current_num_threads();
        let job = batch.events.div_ceil(jobs).max(block.min(FEWEST_EVENTS));
        let run = |k: usize| self.run(&batch, k * job..((k + 1) * job).min(batch.events));
        let jobs = (0..batch.events.div_ceil(job)).into_par_iter().with_max_len(1);
        // The first error is the same on any number of threads.
        jobs.map(run).collect::<Vec<_>>().into_iter().collect()
    }

    fn finish(self: Box<Self>) -> Result<Partial> {
        let mut total = R::no_events(&self.plan);
        for worker in self.idle.into_inner().unwrap_or_else(PoisonError::into_inner) {
            total.merge(&worker.partial);
        }
        Ok(total)
    }
}
