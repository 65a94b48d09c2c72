//! Events that stay in memory: read once, evaluated as often as parameters get
//! other values.

use crate::analysis::Compiled;
use crate::backend::{Backend, Partial, Pass};
use crate::batch::{Batch, Request};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;
use crate::run::{self, InputRecord, Inputs, Progress, RunOptions};
use std::sync::{Arc, Mutex, PoisonError};

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
        let keeper = Keeper { limit, kept: Mutex::new(Resident::default()) };
        let outcome = run::run(&compiled, inputs, &keeper, options, progress)?;
        let mut kept = keeper.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
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
    let Some(first) = all.first() else { return Ok(Partial::new(plan)) };
    assert!(all.iter().all(|events| events.request == first.request), "events of one request");
    let plan = plan.reading(&first.request).map_err(|column| {
        let message = format!("the column {column} was not read with the others");
        Error::new(ErrorKind::Usage, message)
    })?;
    let mut pass = backend.compile(&plan)?;
    for batch in all.iter().flat_map(|events| &events.batches) {
        pass.push_resident(Arc::clone(batch))?;
    }
    pass.finish()
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
struct Keeper {
    limit: u64,
    kept: Mutex<Resident>,
}

struct Keeping<'a> {
    keeper: &'a Keeper,
    plan: &'a Plan,
}

impl Backend for Keeper {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn compile<'a>(&'a self, plan: &'a Plan) -> Result<Box<dyn Pass + 'a>> {
        Ok(Box::new(Keeping { keeper: self, plan }))
    }
}

impl Pass for Keeping<'_> {
    fn push(&mut self, batch: Arc<Batch>) -> Result<()> {
        let mut kept = self.keeper.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(batch);
        if kept.bytes > self.keeper.limit {
            return Err(Error::new(
                ErrorKind::Usage,
                format!(
                    "the columns of {} events take more than {:.0} MB, and all events stay in \
                     memory: raise --memory, or take fewer by --events",
                    kept.events,
                    self.keeper.limit as f64 / 1e6
                ),
            ));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Partial> {
        Ok(Partial::new(self.plan))
    }
}
