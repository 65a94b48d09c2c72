//! A plan and how it is evaluated on the CPU: what any number of passes share.

use super::CpuBackend;
use super::blocks::Work;
use super::kernels;
use super::program::Program;
use super::real::{Prepared, Real};
use super::stage::{self, Stage};
use crate::error::Result;
use crate::plan::{Plan, check, split};
use std::sync::Arc;

/// A plan and how it is evaluated; passes share it.
pub(super) struct PreparedPlan<R> {
    pub(super) backend: CpuBackend,
    pub(super) plan: Arc<Plan>,
    pub(super) stages: Vec<Stage>,
    /// Columns that may be late.
    pub(super) deferred: Vec<usize>,
    kernels: Vec<Prepared<R>>,
}

impl<R: Real> PreparedPlan<R> {
    pub(super) fn new(backend: &CpuBackend, plan: Arc<Plan>) -> Result<Self> {
        check::plan(&plan)?;
        let stages = stage::stages::<R>(&plan, split::WORTH)?;
        Ok(PreparedPlan::of_stages(backend, plan, stages))
    }

    /// Of a plan as it is, each space's groups behind these gates.
    #[cfg(test)]
    pub(super) fn with_gates(
        backend: &CpuBackend,
        plan: Plan,
        gates: Vec<Vec<crate::ir::NodeId>>,
    ) -> Result<Self> {
        let stages = vec![Stage::whole(plan.clone(), gates)?];
        Ok(PreparedPlan::of_stages(backend, Arc::new(plan), stages))
    }

    pub(super) fn of_stages(backend: &CpuBackend, plan: Arc<Plan>, stages: Vec<Stage>) -> Self {
        // Stages have the kernels of the whole plan.
        let kernels = kernels::of(&plan.ir);
        let deferred = stage::deferred(&plan.request, &stages);
        PreparedPlan { backend: backend.clone(), plan, stages, deferred, kernels }
    }

    /// How a part of the plan is evaluated.
    pub(super) fn work<'w>(&'w self, plan: &'w Plan, program: &'w Program) -> Work<'w, R> {
        Work { backend: &self.backend, plan, program, kernels: &self.kernels }
    }
}
