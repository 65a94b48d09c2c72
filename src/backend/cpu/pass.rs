//! One pass over the events on the CPU: jobs on the threads of the pool, each with a
//! worker that fills a partial result of its own.

use super::block::Scratch;
use super::fill::FillScratch;
use super::prepared::PreparedPlan;
use super::real::Real;
use super::stage::{Front, Stage};
use crate::backend::{Partial, Pass};
use crate::batch::Batch;
use crate::error::Result;
use crate::hist::FillData;
use crate::plan::check;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Fewest events of a batch that are worth a job of their own.
const FEWEST_EVENTS: usize = 64;

/// One pass over the events in one precision.
pub(super) struct CpuPass<R> {
    prepared: Arc<PreparedPlan<R>>,
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

impl<R: Real> CpuPass<R> {
    pub(super) fn new(prepared: Arc<PreparedPlan<R>>) -> CpuPass<R> {
        CpuPass { prepared, idle: Mutex::new(Vec::new()) }
    }

    /// Evaluates a range of events, stage by stage.
    fn run(&self, batch: &Batch, range: Range<usize>) -> Result<()> {
        let _mode = R::enter_mode();
        let idle = self.lock_idle().pop();
        let mut worker = idle.unwrap_or_else(|| Worker {
            scratch: Scratch::default(),
            stages: self.prepared.stages.iter().map(|_| StageWorker::default()).collect(),
            partial: R::no_events(&self.prepared.plan),
        });
        let done = worker.run(&self.prepared, batch, range);
        // Nothing but soft fills keeps anything, and plans with these have one stage.
        if let ([stage], [kept]) = (&self.prepared.stages[..], &mut worker.stages[..]) {
            stage.filler.settle(&mut kept.fill_scratch, &mut worker.partial.fills);
        }
        self.lock_idle().push(worker);
        done
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker<R>>> {
        // A worker is only ever pushed whole, so a poisoned list is still good.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Real> Worker<R> {
    fn run(
        &mut self,
        prepared: &PreparedPlan<R>,
        batch: &Batch,
        range: Range<usize>,
    ) -> Result<()> {
        let fills = &mut self.partial.fills;
        for (stage, kept) in prepared.stages.iter().zip(&mut self.stages) {
            let scratch = &mut self.scratch;
            let Some(front) = &stage.front else {
                kept.stage(prepared, stage, (batch, None), range.clone(), scratch, fills)?;
                continue;
            };
            let mut events = std::mem::take(&mut kept.events);
            let mut selected = std::mem::take(&mut kept.selected);
            events.clear();
            kept.front(prepared, front, batch, range.clone(), scratch, &mut events)?;
            front.add_others((range.len() - events.len()) as u64, fills);
            if !events.is_empty() {
                front.gather(&stage.plan.request, batch, &events, &mut selected)?;
                let some = (&selected, Some(&events[..]));
                kept.stage(prepared, stage, some, 0..events.len(), scratch, fills)?;
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
        prepared: &PreparedPlan<R>,
        front: &Front,
        batch: &Batch,
        range: Range<usize>,
        scratch: &mut Scratch<R>,
        events: &mut Vec<u32>,
    ) -> Result<()> {
        let work = prepared.work(&front.plan, &front.program);
        let buffers = (scratch, &mut self.front_events);
        work.run((batch, None), range, buffers, |_, block| {
            front.select(block, &mut self.picks, events);
        })
    }

    /// Evaluates a stage for a range of a batch's events.
    fn stage(
        &mut self,
        prepared: &PreparedPlan<R>,
        stage: &Stage,
        batch: (&Batch, Option<&[u32]>),
        range: Range<usize>,
        scratch: &mut Scratch<R>,
        fills: &mut [FillData],
    ) -> Result<()> {
        let work = prepared.work(&stage.plan, &stage.program);
        let fill_scratch = &mut self.fill_scratch;
        work.run(batch, range, (scratch, &mut self.block_events), |k, block| {
            let data = &mut fills[stage.fills[k]];
            stage.filler.fill(&stage.plan, k, block, fill_scratch, data);
        })
    }
}

impl<R: Real> Pass for CpuPass<R> {
    fn deferred(&self) -> Vec<usize> {
        self.prepared.deferred.clone()
    }

    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        let PreparedPlan { backend, plan, deferred, .. } = &*self.prepared;
        check::batch(plan, &batch, deferred)?;
        let block = backend.block_events.max(1);
        // Some jobs a thread, so that busy events do not leave one thread behind.
        let jobs = 8 * rayon::current_num_threads();
        let job = batch.events.div_ceil(jobs).max(block.min(FEWEST_EVENTS));
        let run = |k: usize| self.run(&batch, k * job..((k + 1) * job).min(batch.events));
        let jobs = (0..batch.events.div_ceil(job)).into_par_iter().with_max_len(1);
        // The first error is the same on any number of threads.
        jobs.map(run).collect::<Vec<_>>().into_iter().collect()
    }

    fn finish(self: Box<Self>) -> Result<Partial> {
        let mut total = R::no_events(&self.prepared.plan);
        for worker in self.idle.into_inner().unwrap_or_else(PoisonError::into_inner) {
            total.merge(&worker.partial);
        }
        Ok(total)
    }
}
