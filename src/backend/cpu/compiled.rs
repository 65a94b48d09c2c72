//! A plan that is ready for passes on the CPU.

use super::CpuBackend;
use super::pass::CpuPass;
use super::prepared::PreparedPlan;
use super::real::Real;
use crate::backend::{CompiledPlan, Pass};
use crate::error::Result;
use crate::plan::Plan;
use std::sync::Arc;

/// A plan for the CPU in one precision.
pub(super) struct CpuPlan<R>(Arc<PreparedPlan<R>>);

impl<R: Real> CpuPlan<R> {
    pub(super) fn new(backend: &CpuBackend, plan: &Arc<Plan>) -> Result<Self> {
        Ok(CpuPlan(Arc::new(PreparedPlan::new(backend, Arc::clone(plan))?)))
    }
}

impl<R: Real> CompiledPlan for CpuPlan<R> {
    fn pass(&self) -> Result<Box<dyn Pass>> {
        Ok(Box::new(CpuPass::new(Arc::clone(&self.0))))
    }

    fn set_parameters(&mut self, values: &[f64]) -> Result<()> {
        let mut plan = Plan::clone(&self.0.plan);
        plan.set_parameters(values);
        // What is split off, and what its other events add, may depend on them.
        *self = CpuPlan::new(&self.0.backend, &Arc::new(plan))?;
        Ok(())
    }
}
