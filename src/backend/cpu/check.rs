//! Whether a batch is what the plan asked for. Everything behind this check
//! relies on it.

use crate::batch::{Batch, Values};
use crate::error::{Error, Result};
use crate::ir::{Op, Space, Ty};
use crate::plan::Plan;

/// # Errors
/// The batch has other columns, types or lengths than the plan's nodes expect.
pub(in crate::backend) fn batch(plan: &Plan, batch: &Batch) -> Result<()> {
    let request = &plan.request;
    if batch.offsets.len() != request.counters.len() || batch.columns.len() != request.columns.len()
    {
        return Err(Error::input(format!(
            "a batch with {} counters and {} columns, but {} and {} were requested",
            batch.offsets.len(),
            batch.columns.len(),
            request.counters.len(),
            request.columns.len()
        )));
    }
    for (name, offsets) in request.counters.iter().zip(&batch.offsets) {
        let ascends = offsets.first() == Some(&0) && offsets.is_sorted();
        if offsets.len() != batch.events + 1 || !ascends {
            return Err(Error::input(format!(
                "the offsets of `{name}` must be {} ascending numbers from 0",
                batch.events + 1
            )));
        }
    }
    for node in plan.ir.nodes() {
        let Op::Column(k) = node.op else { continue };
        let Some(values) = batch.columns.get(k) else {
            return Err(Error::input(format!("the plan reads column {k}, which is not requested")));
        };
        let expected = match plan.ir.space(node.space) {
            Space::Collection { counter, .. } => {
                batch.offsets.get(*counter).and_then(|o| o.last()).map(|n| *n as usize)
            }
            _ => Some(batch.events),
        };
        column(&request.columns[k].branch, values, node.ty, expected)?;
    }
    Ok(())
}

fn column(branch: &str, values: &Values, ty: Ty, expected: Option<usize>) -> Result<()> {
    if expected != Some(values.len()) {
        return Err(Error::input(format!(
            "column `{branch}` has {} values where its offsets say {}",
            values.len(),
            expected.map_or("nothing".into(), |n| n.to_string())
        )));
    }
    let (fits, found) = match values {
        Values::Bool(v) => (ty == Ty::Bool && v.iter().all(|b| *b <= 1), "Bool"),
        Values::I32(_) => (ty == Ty::I32, "I32"),
        Values::I64(_) => (ty == Ty::I64, "I64"),
        Values::F32(_) => (ty == Ty::F32, "F32"),
        Values::F64(_) => (ty == Ty::F32, "F64"),
    };
    if fits {
        return Ok(());
    }
    Err(Error::input(format!("column `{branch}` has values of type {found}, expected {ty:?}")))
}
