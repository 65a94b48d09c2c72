//! The evaluator for CPUs: rayon over blocks of events, and within a block one
//! column after the other in loops that vectorise. A block is as large as its
//! intermediate columns stay in cache.

mod block;
mod blocks;
mod choices;
mod column;
mod combos;
mod compiled;
mod elided;
mod fill;
mod fused;
mod gather;
mod kernels;
mod layout;
mod maps;
mod nodes;
mod pass;
mod prepared;
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

use super::{Backend, CompiledPlan};
use crate::error::Result;
use crate::plan::Plan;
use compiled::CpuPlan;
use std::fmt;
use std::sync::Arc;

/// The precision of real numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// Single: the numbers that all backends agree on to the bit.
    #[default]
    Single,
    /// Double: the reference that single precision is measured against.
    Double,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Precision::Single => "single precision",
            Precision::Double => "double precision",
        })
    }
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

    fn compile(&self, plan: &Arc<Plan>) -> Result<Box<dyn CompiledPlan>> {
        Ok(match self.precision {
            Precision::Single => Box::new(CpuPlan::<f32>::new(self, plan)?),
            Precision::Double => Box::new(CpuPlan::<f64>::new(self, plan)?),
        })
    }
}
