//! The kernel interface: a plan is compiled once, batches are pushed, and what
//! they filled comes back as a partial result that merges with others.

pub mod cpu;
pub mod flush;
#[cfg(feature = "gpu")]
pub mod gpu;

use crate::batch::Batch;
use crate::error::Result;
use crate::hist::FillData;
use crate::plan::{Fill, Plan};
use std::sync::Arc;
use std::time::Duration;

/// Something that evaluates plans.
pub trait Backend: Sync {
    /// What it runs on, for people: `CPU, 8 threads`.
    fn name(&self) -> String;

    /// Events of a batch that suit it, if batches themselves cost nothing.
    fn batch_events(&self) -> u64 {
        200_000
    }

    /// Whether some of its passes look at columns in few events, [`Pass::deferred`].
    fn defers_columns(&self) -> bool {
        false
    }

    /// Prepares a plan for any number of passes over events.
    ///
    /// # Errors
    /// The plan is not well-formed, or the device cannot run it.
    fn compile(&self, plan: &Arc<Plan>) -> Result<Box<dyn CompiledPlan>>;

    /// Prepares a plan for one pass.
    ///
    /// # Errors
    /// As [`Backend::compile`] and [`CompiledPlan::pass`].
    fn pass(&self, plan: &Plan) -> Result<Box<dyn Pass>> {
        self.compile(&Arc::new(plan.clone()))?.pass()
    }
}

/// A plan that is ready to be evaluated; it depends on nothing but what it owns.
pub trait CompiledPlan: Send {
    /// Starts a pass over events. Passes do not know of each other.
    ///
    /// # Errors
    /// The device has no memory.
    fn pass(&self) -> Result<Box<dyn Pass>>;

    /// Gives the parameters of the analysis other values, bandwidths among them, for the
    /// passes that start from now on. A device compiles at most those kernels whose sizes
    /// follow from a bandwidth that is now quite another one.
    ///
    /// # Errors
    /// As [`Backend::compile`]; the values are the old ones then.
    fn set_parameters(&mut self, values: &[f64]) -> Result<()>;
}

/// A plan that takes events.
pub trait Pass: Send {
    /// Columns of the plan's request that it looks at in few events, by their numbers:
    /// these may be late in a batch.
    fn deferred(&self) -> Vec<usize> {
        Vec::new()
    }

    /// Evaluates a batch, whose columns are those of the plan's request. May
    /// return before the device is done with it.
    ///
    /// # Errors
    /// The batch does not fit the plan, an event is too large, or the device
    /// failed. The pass must not be used any more.
    fn push(&mut self, batch: Arc<Batch>) -> Result<()>;

    /// The same for a batch that will be pushed to other passes of this backend as well:
    /// a device may keep its columns for as long as somebody else has the batch.
    ///
    /// # Errors
    /// As [`Pass::push`].
    fn push_resident(&mut self, batch: Arc<Batch>) -> Result<()> {
        self.push(batch)
    }

    /// Time that copying batches to the device took so far, in `push`.
    fn uploading(&self) -> Duration {
        Duration::ZERO
    }

    /// Time that a device took for what was pushed, by its own clock, if it has one;
    /// waits until it is done.
    ///
    /// # Errors
    /// The device failed.
    fn kernels(&mut self) -> Result<Option<Duration>> {
        Ok(None)
    }

    /// What was filled.
    ///
    /// # Errors
    /// The device failed.
    fn finish(self: Box<Self>) -> Result<Partial>;
}

/// What some events filled. Merging is associative and commutative to the bit:
/// no order of threads, batches or files shows in the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Partial {
    /// Number of events.
    pub events: u64,
    /// One for each of the plan's fills.
    pub fills: Vec<FillData>,
}

impl Partial {
    /// No events.
    pub fn new(plan: &Plan) -> Self {
        Partial { events: 0, fills: plan.fills.iter().map(Fill::empty).collect() }
    }

    /// No events, evaluated in double precision.
    pub fn in_double(plan: &Plan) -> Self {
        Partial { events: 0, fills: plan.fills.iter().map(Fill::empty_in_double).collect() }
    }

    /// Adds what other events filled.
    ///
    /// # Panics
    /// If the other one is of another plan.
    pub fn merge(&mut self, other: &Partial) {
        assert_eq!(self.fills.len(), other.fills.len(), "partial results of one plan");
        self.events += other.events;
        for (fill, more) in self.fills.iter_mut().zip(&other.fills) {
            fill.merge(more);
        }
    }
}
