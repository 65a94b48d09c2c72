//! A plan as kernels of a device: what any number of passes share.

use super::bound::Bounds;
use super::device::Pipeline;
use super::emit::{Extra, Kernel, Limits, Program};
use super::shared::{Settings, Shared, binding_words};
use crate::error::Result;
use crate::plan::Plan;
use rayon::prelude::*;
use std::sync::Arc;

/// Most copies of a histogram. Atomic operations on one word wait for each
/// other: many events in one bin are spread over the copies.
const COPIES: usize = 64;

/// Most words of all copies of a pass, which are read back at its end.
const COPIED_WORDS: usize = 4 << 20;

/// A plan and its kernels; passes share them.
pub(super) struct PreparedPlan {
    pub(super) shared: Arc<Shared>,
    pub(super) settings: Settings,
    pub(super) plan: Arc<Plan>,
    pub(super) bounds: Bounds,
    pub(super) kernels: Vec<(Kernel, Pipeline)>,
    pub(super) extras: Vec<Extra>,
    /// Parameters, axes and what fills need to know.
    pub(super) tables: Vec<u32>,
    /// Copies of each histogram.
    pub(super) copies: usize,
}

impl PreparedPlan {
    /// Writes its kernels, and compiles those that the device has not had yet.
    pub(super) fn new(
        shared: &Arc<Shared>,
        settings: Settings,
        plan: Arc<Plan>,
    ) -> Result<PreparedPlan> {
        let limits = Limits { out_words: binding_words(&shared.device), ..Limits::default() };
        let program = Program::new(&plan, &limits)?;
        let words: usize = program.kernels.iter().map(|k| k.out_words).sum();
        let largest = program.kernels.iter().map(|k| k.out_words).max().unwrap_or(1);
        let copies = COPIES.min(COPIED_WORDS / words.max(1)).min(limits.out_words / largest).max(1);
        // Drivers take their time, and can compile on several threads.
        let kernels = program.kernels.into_par_iter().map(|mut kernel| {
            kernel.source = (settings.rewrite)(kernel.source);
            let pipeline = shared.pipeline(&kernel.source)?;
            Ok((kernel, pipeline))
        });
        let kernels = kernels.collect::<Result<Vec<_>>>()?;
        Ok(PreparedPlan {
            shared: Arc::clone(shared),
            settings,
            bounds: Bounds::new(&plan),
            plan,
            kernels,
            extras: program.extras,
            tables: program.tables,
            copies,
        })
    }
}
