//! Whether a plan is well-formed, and a batch what the plan asked for.
//! Everything behind these checks relies on them.

use super::{Fill, Plan};
use crate::batch::{Batch, Values};
use crate::bins::Soft;
use crate::error::{Error, ErrorKind, Result};
use crate::ir::{Ir, MOST_ELEMENTS, Op, Space, SpaceId, Ty};
use crate::kernels::axis::AxisTable;

/// Most cells of one fill: their numbers have 32 bits, of which one is kept.
const MOST_CELLS: usize = u32::MAX as usize - 1;

/// # Errors
/// A space or a fill is not what a backend can evaluate.
pub(crate) fn plan(plan: &Plan) -> Result<()> {
    for space in plan.ir.spaces() {
        let (Space::Filter { base, .. } | Space::Sort { base, .. }) = space else { continue };
        if *base == SpaceId::EVENT {
            let message = "events are not a collection to filter or sort: use a cut";
            return Err(Error::new(ErrorKind::Analysis, message));
        }
    }
    let wrong = |f: &Fill, message| {
        Error::new(ErrorKind::Analysis, message).within(format!("fill `{}`", f.name))
    };
    plan.fills.iter().try_for_each(|f| fill(&plan.ir, f).map_err(|message| wrong(f, message)))
}

fn fill(ir: &Ir, fill: &Fill) -> Result<(), String> {
    let space = ir.over(fill.mask);
    let fits = |n| ir.constant(n).is_some() || ir.over(n) == space;
    if !fill.nodes().all(fits) {
        return Err("mask, axes, weight and missing values must be of one space".into());
    }
    for (axis, node) in &fill.axes {
        let (ty, real) = (ir.ty(*node), matches!(AxisTable::new(axis), AxisTable::Real(_)));
        if matches!(ty, Ty::Index(_)) || real != (ty == Ty::F32) {
            let wanted = if real { "real numbers" } else { "integers" };
            return Err(format!("an axis takes {wanted}, but the value is {ty:?}"));
        }
    }
    if let Some(soft) = &fill.soft {
        let real = fill.axes.iter().all(|(_, node)| ir.ty(*node) == Ty::F32)
            && soft.factors().all(|node| ir.ty(node) == Ty::F32);
        let axes = [1, 2].contains(&fill.axes.len()) && soft.axes.len() == fill.axes.len();
        let positive = |soft: &Soft| soft.bandwidth.is_finite() && soft.bandwidth > 0.0;
        let parts = soft.rows.iter().all(|row| !row.parts.is_empty());
        if !real || !axes || fill.weight.is_none() || !soft.axes.iter().all(positive) || !parts {
            return Err("a soft fill has one or two axes of reals, each with a positive \
                        bandwidth, a weight, and rows of real factors"
                .into());
        }
    }
    let bools = [Some(fill.mask), fill.missing];
    if bools.into_iter().flatten().any(|n| ir.ty(n) != Ty::Bool)
        || fill.weight.is_some_and(|w| ir.ty(w) != Ty::F32)
    {
        return Err("masks are boolean, weights are real numbers".into());
    }
    let extents = fill.axes.iter().map(|(axis, _)| axis.extent());
    match extents.into_iter().try_fold(1usize, usize::checked_mul) {
        Some(cells) if cells <= MOST_CELLS => Ok(()),
        _ => Err(format!("more than {MOST_CELLS} cells: use fewer bins or axes")),
    }
}

/// # Errors
/// The batch has other columns, types or lengths than the plan's nodes expect, or others
/// are late than those that may be.
pub(crate) fn batch(plan: &Plan, batch: &Batch, deferred: &[usize]) -> Result<()> {
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
        few_enough(name, offsets, batch.first_event)?;
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
        let expected = match batch.deferred.column(k) {
            Some(_) if deferred.contains(&k) => Some(0),
            _ => expected,
        };
        column(&request.columns[k].branch, values, node.ty, expected)?;
    }
    Ok(())
}

/// What is worked out of a list's length relies on a bound on it.
fn few_enough(name: &str, offsets: &[u32], first_event: u64) -> Result<()> {
    let most = MOST_ELEMENTS as u32;
    if offsets.last().is_none_or(|all| *all <= most) {
        return Ok(());
    }
    match offsets.windows(2).position(|ends| ends[1] - ends[0] > most) {
        None => Ok(()),
        Some(event) => Err(Error::input(format!(
            "`{name}` is {} in event {}, above the limit of {most}",
            offsets[event + 1] - offsets[event],
            first_event + event as u64
        ))),
    }
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
