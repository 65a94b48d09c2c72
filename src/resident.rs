//! Events that stay in memory: read once, evaluated as often as parameters get
//! other values.

use crate::analysis::Compiled;
use crate::backend::{Backend, CompiledPlan, Partial, Pass};
use crate::batch::{Batch, Request};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;
use crate::run::{self, InputRecord, Inputs, Progress, RunOptions};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All events of some files.
#[derive(Debug, Clone, Default)]
pub struct Resident {
    request: Request,
    batches: Vec<Arc<Batch>>,
    /// Number of events.
    pub events: u64,
    /// Bytes that they take.
    pub bytes: u64,
}

/// Every other event, by its number in its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The first, the third, ...
    Even,
    /// The second, the fourth, ...
    Odd,
}

impl Resident {
    /// Reads what `request` names of all events, at most `limit` bytes, and says
    /// of each file how many of its events these are.
    ///
    /// # Errors
    /// As [`run::run`]; or they do not fit.
    pub fn read(
        request: &Request,
        inputs: &Inputs<'_>,
        options: &RunOptions,
        limit: u64,
        progress: &mut dyn Progress,
    ) -> Result<(Resident, Vec<InputRecord>)> {
        let plan = Plan { request: request.clone(), ..Plan::default() };
        let compiled = Compiled { plan, ..Compiled::default() };
        let keeper = Keeper(Arc::new(Kept { limit, events: Mutex::default() }));
        let outcome = run::run(&compiled, inputs, &keeper, options, progress)?;
        let mut kept = std::mem::take(&mut *keeper.0.lock());
        kept.request = request.clone();
        Ok((kept, outcome.inputs))
    }

    /// What a plan, which needs no columns but those that were read, fills with
    /// all events.
    ///
    /// # Errors
    /// It needs other columns, or the backend fails.
    pub fn evaluate(&self, plan: &Plan, backend: &dyn Backend) -> Result<Partial> {
        evaluate(&[self], plan, backend)
    }

    /// Half of the events, copied.
    #[must_use]
    pub fn half(&self, half: Half) -> Resident {
        let mut kept = Resident { request: self.request.clone(), ..Resident::default() };
        for batch in &self.batches {
            let events: Vec<usize> =
                (usize::from(half == Half::Odd)..batch.events).step_by(2).collect();
            let counters = self.request.columns.iter().map(|c| c.counter);
            kept.push(Arc::new(batch.only(&events, counters)));
        }
        kept
    }

    fn push(&mut self, batch: Arc<Batch>) {
        self.events += batch.events as u64;
        self.bytes += batch.bytes();
        self.batches.push(batch);
    }
}

/// What a plan fills with the events of several, for which the same columns were
/// read, in one pass.
///
/// # Errors
/// As [`Resident::evaluate`].
pub fn evaluate(all: &[&Resident], plan: &Plan, backend: &dyn Backend) -> Result<Partial> {
    ResidentPlan::new(all, plan, backend)?.evaluate()
}

/// A plan over resident events, which is compiled once and evaluated as often as its
/// parameters get other values.
pub struct ResidentPlan {
    batches: Vec<Arc<Batch>>,
    compiled: Box<dyn CompiledPlan>,
}

impl ResidentPlan {
    /// Of events for which the same columns were read.
    ///
    /// # Errors
    /// The plan needs other columns, or the backend cannot run it.
    pub fn new(all: &[&Resident], plan: &Plan, backend: &dyn Backend) -> Result<ResidentPlan> {
        let request = all.first().map_or(&plan.request, |first| &first.request);
        assert!(all.iter().all(|events| events.request == *request), "events of one request");
        let plan = plan.reading(request).map_err(|column| {
            let message = format!("the column {column} was not read with the others");
            Error::new(ErrorKind::Usage, message)
        })?;
        let batches = all.iter().flat_map(|events| &events.batches).cloned().collect();
        Ok(ResidentPlan { batches, compiled: backend.compile(&Arc::new(plan))? })
    }

    /// Gives the parameters of the analysis other values, bandwidths among them.
    ///
    /// # Errors
    /// As [`CompiledPlan::set_parameters`].
    pub fn set_parameters(&mut self, values: &[f64]) -> Result<()> {
        self.compiled.set_parameters(values)
    }

    /// What it fills with all events.
    ///
    /// # Errors
    /// The backend fails.
    pub fn evaluate(&self) -> Result<Partial> {
        let mut pass = self.compiled.pass()?;
        for batch in &self.batches {
            pass.push_resident(Arc::clone(batch))?;
        }
        pass.finish()
    }
}

impl Request {
    /// Everything that either of two requests names.
    #[must_use]
    pub fn with(mut self, other: &Request) -> Request {
        for counter in &other.counters {
            if !self.counters.contains(counter) {
                self.counters.push(counter.clone());
            }
        }
        for column in &other.columns {
            if self.columns.iter().all(|c| c.branch != column.branch) {
                let name = column.counter.map(|c| &other.counters[c]);
                let counter = name.and_then(|n| self.counters.iter().position(|c| c == n));
                self.columns.push(crate::batch::RequestedColumn { counter, ..column.clone() });
            }
        }
        self
    }
}

/// Keeps batches instead of computing.
struct Keeper(Arc<Kept>);

struct Kept {
    /// Most bytes.
    limit: u64,
    events: Mutex<Resident>,
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Resident> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A plan of which nothing is evaluated, and a pass of it.
#[derive(Clone)]
struct Keeping {
    kept: Arc<Kept>,
    plan: Arc<Plan>,
}

impl Backend for Keeper {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn compile(&self, plan: &Arc<Plan>) -> Result<Box<dyn CompiledPlan>> {
        Ok(Box::new(Keeping { kept: Arc::clone(&self.0), plan: Arc::clone(plan) }))
    }
}

impl CompiledPlan for Keeping {
    fn pass(&self) -> Result<Box<dyn Pass>> {
        Ok(Box::new(self.clone()))
    }

    fn set_parameters(&mut self, _: &[f64]) -> Result<()> {
        Ok(())
    }
}

impl Pass for Keeping {
    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        let mut kept = self.kept.lock();
        kept.push(batch);
        if kept.bytes > self.kept.limit {
            return Err(Error::new(
                ErrorKind::Usage,
                format!(
                    "the columns of {} events take more than {:.0} MB, and all events stay in \
                     memory: raise --memory, or take fewer by --events",
                    kept.events,
                    self.kept.limit as f64 / 1e6
                ),
            ));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Partial> {
        Ok(Partial::new(&self.plan))
    }
}
