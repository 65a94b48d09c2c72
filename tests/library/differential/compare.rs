//! Runs a plan on a backend, and says where two results differ.

use crate::support::Table;
use crate::support::panics::quietly;
use gpuana::analysis::Compiled;
use gpuana::backend::cpu::CpuBackend;
use gpuana::backend::{Backend, Partial};
use gpuana::plan::Plan;
use std::sync::Arc;

/// Why there is no plan.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The checker's answer.
    Refused(String),
    /// The checker has a bug.
    Panicked(String),
}

/// The analysis, compiled for the columns of a table.
pub(crate) fn compile(text: &str, table: &Table) -> Result<Compiled, Refusal> {
    let refused = |d: Vec<gpuana::diag::Diagnostic>| {
        Refusal::Refused(gpuana::diag::render(&d, "analysis", text, false))
    };
    let compiled = quietly(|| {
        let analysis = gpuana::config::parse(text).map_err(refused)?;
        gpuana::lang::check::compile(&analysis, text, &table.schema()).map_err(refused)
    });
    compiled.unwrap_or_else(|message| Err(Refusal::Panicked(message)))
}

/// What a backend fills: all events as one batch, then all of them again in
/// batches of `piece`. (Twice, because compiling costs a GPU more than running.)
pub(crate) fn twice(
    backend: &dyn Backend,
    plan: &Plan,
    table: &Table,
    piece: usize,
) -> Result<Partial, String> {
    let run = || -> gpuana::error::Result<Partial> {
        let mut pass = backend.pass(plan)?;
        pass.push(Arc::new(table.batch(&plan.request, 0..table.events)))?;
        for start in (0..table.events).step_by(piece) {
            let range = start..(start + piece).min(table.events);
            pass.push(Arc::new(table.batch(&plan.request, range)))?;
        }
        pass.finish()
    };
    quietly(run).map_err(|e| format!("panicked: {e}"))?.map_err(|e| e.to_string())
}

/// The CPU with these most events of a block.
pub(crate) fn cpu(block_events: usize) -> CpuBackend {
    CpuBackend { block_events, ..CpuBackend::default() }
}

/// What the CPU fills with one thread and default blocks.
pub(crate) fn reference(plan: &Plan, table: &Table) -> Result<Partial, String> {
    on_threads(1, || twice(&CpuBackend::default(), plan, table, table.events.max(1)))
}

/// Runs something with this many threads.
pub(crate) fn on_threads<T: Send>(threads: usize, f: impl FnOnce() -> T + Send) -> T {
    use std::sync::LazyLock;
    static POOLS: LazyLock<[rayon::ThreadPool; 2]> = LazyLock::new(|| {
        [1, 2].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads"))
    });
    POOLS[threads - 1].install(f)
}

/// The first fill that differs, as text.
pub(crate) fn difference(plan: &Plan, expected: &Partial, got: &Partial) -> Option<String> {
    if expected.events != got.events {
        return Some(format!("{} events instead of {}", got.events, expected.events));
    }
    for ((fill, a), b) in plan.fills.iter().zip(&expected.fills).zip(&got.fills) {
        if a == b {
            continue;
        }
        let mut text = format!("{}: ", fill.name);
        for (what, a, b) in [
            ("NaN", a.nan, b.nan),
            ("missing", a.missing, b.missing),
            ("bad weights", a.bad_weight, b.bad_weight),
        ] {
            if a != b {
                text.push_str(&format!("{b} {what} instead of {a}; "));
            }
        }
        for cell in 0..a.counts.len() {
            if a.counts[cell] != b.counts[cell] {
                let (a, b) = (a.counts[cell], b.counts[cell]);
                text.push_str(&format!("cell {cell} has {b} entries instead of {a}; "));
            } else if a.sumw(cell).to_bits() != b.sumw(cell).to_bits()
                || a.sumw2(cell).to_bits() != b.sumw2(cell).to_bits()
            {
                let (a, b) = ((a.sumw(cell), a.sumw2(cell)), (b.sumw(cell), b.sumw2(cell)));
                text.push_str(&format!("cell {cell} sums to {b:?} instead of {a:?}; "));
            }
        }
        return Some(text);
    }
    None
}
