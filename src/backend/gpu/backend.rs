//! The device as a backend, and a plan that is ready for passes on it.

use super::device::Gpu;
use super::pass::GpuPass;
use super::prepared::PreparedPlan;
use super::shared::{Settings, Shared, binding_words};
use crate::backend::{Backend, CompiledPlan, Pass};
use crate::error::Result;
use crate::plan::Plan;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Evaluates plans on a GPU.
#[derive(Debug)]
pub struct GpuBackend {
    shared: Arc<Shared>,
    settings: Settings,
}

impl GpuBackend {
    /// A backend on this device.
    pub fn new(device: Gpu) -> GpuBackend {
        let settings = Settings { chunk_words: binding_words(&device), rewrite: |wgsl| wgsl };
        GpuBackend { shared: Arc::new(Shared::new(device)), settings }
    }

    /// Changes the text of every kernel before it is compiled: how a test
    /// plants an error that it must find.
    #[doc(hidden)]
    pub fn rewritten(self, rewrite: fn(String) -> String) -> GpuBackend {
        GpuBackend { settings: Settings { rewrite, ..self.settings }, ..self }
    }

    /// Lets no chunk have more than these words of columns; for tests.
    #[cfg(test)]
    pub(super) fn limit_chunks(&mut self, words: usize) {
        self.settings.chunk_words = words;
    }

    /// The device that it runs on.
    pub fn device(&self) -> &Gpu {
        &self.shared.device
    }

    /// Number of kernels that were compiled so far.
    pub fn compiled(&self) -> usize {
        self.shared.compiled()
    }

    /// Bytes of columns that were copied to the device so far.
    pub fn uploaded(&self) -> u64 {
        self.shared.uploaded.load(Ordering::Relaxed)
    }

    /// Most bytes of columns that stay on the device, 4 GiB unless it is said; those that
    /// were used longest ago go first.
    pub fn limit_residents(&self, bytes: u64) {
        self.shared.residents().limit(bytes);
    }

    /// Bytes of columns that stay on the device at present.
    pub fn resident(&self) -> u64 {
        self.shared.residents().bytes()
    }

    /// Number of kernels that were started so far.
    pub fn dispatches(&self) -> u64 {
        self.shared.dispatches.load(Ordering::Relaxed)
    }
}

impl Backend for GpuBackend {
    fn name(&self) -> String {
        self.shared.device.adapter().to_string()
    }

    fn compile(&self, plan: &Arc<Plan>) -> Result<Box<dyn CompiledPlan>> {
        Ok(Box::new(GpuPlan::new(&self.shared, self.settings, Arc::clone(plan))?))
    }
}

/// A plan for a device.
pub(super) struct GpuPlan(Arc<PreparedPlan>);

impl GpuPlan {
    /// Writes its kernels, and compiles those that the device has not had yet.
    pub(super) fn new(shared: &Arc<Shared>, settings: Settings, plan: Arc<Plan>) -> Result<Self> {
        Ok(GpuPlan(Arc::new(PreparedPlan::new(shared, settings, plan)?)))
    }
}

impl CompiledPlan for GpuPlan {
    fn pass(&self) -> Result<Box<dyn Pass>> {
        Ok(Box::new(GpuPass::new(Arc::clone(&self.0))?))
    }

    fn set_parameters(&mut self, values: &[f64]) -> Result<()> {
        let PreparedPlan { shared, settings, plan, .. } = &*self.0;
        let mut plan = Plan::clone(plan);
        plan.set_parameters(values);
        // Values are in the tables: the kernels are those that are compiled already.
        *self = GpuPlan::new(shared, *settings, Arc::new(plan))?;
        Ok(())
    }
}
