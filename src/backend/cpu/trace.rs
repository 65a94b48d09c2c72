//! One event's values, for `explain` and for tests.

use super::block::{Block, Scratch, Stop};
use super::column::{Column, NONE};
use super::program::Program;
use super::real::Real;
use crate::batch::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::ir::{Const, NodeId};
use crate::plan::Plan;
use crate::plan::check;
use std::fmt;
use std::ops::Range;

/// The values of a node, one an element of its space.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValues {
    /// True or false.
    Bool(Vec<bool>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 64-bit integers.
    I64(Vec<i64>),
    /// Real numbers.
    F32(Vec<f32>),
    /// Which element of the space pointed into, counted within the event.
    Index(Vec<Option<usize>>),
}

impl NodeValues {
    /// The values of a column.
    pub(super) fn of(column: &Column<'_, f32>) -> NodeValues {
        let index = |i: &u32| (*i != NONE).then_some(*i as usize);
        match column {
            Column::Bool(v) => NodeValues::Bool(v.iter().map(|b| *b != 0).collect()),
            Column::I32(v) => NodeValues::I32(v.to_vec()),
            Column::I64(v) => NodeValues::I64(v.to_vec()),
            Column::Real(v) => NodeValues::F32(v.to_vec()),
            Column::Index(v) => NodeValues::Index(v.iter().map(index).collect()),
        }
    }
}

impl fmt::Display for NodeValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T>(
            f: &mut fmt::Formatter<'_>,
            values: &[T],
            text: impl Fn(&T) -> String,
        ) -> fmt::Result {
            let texts: Vec<String> = values.iter().map(text).collect();
            write!(f, "[{}]", texts.join(", "))
        }
        match self {
            NodeValues::Bool(v) => list(f, v, bool::to_string),
            NodeValues::I32(v) => list(f, v, i32::to_string),
            NodeValues::I64(v) => list(f, v, i64::to_string),
            NodeValues::F32(v) => list(f, v, |x| format!("{x:?}")),
            NodeValues::Index(v) => {
                list(f, v, |i| i.map_or("none".to_string(), |i| format!("#{i}")))
            }
        }
    }
}

/// The values of `nodes` in one event (counted within the batch), in single
/// precision as all backends compute them. A constant has one value.
///
/// # Errors
/// The batch does not fit the plan, it has no such event, or the event has too
/// many elements.
pub fn evaluate_nodes(
    plan: &Plan,
    batch: &Batch,
    event: usize,
    nodes: &[NodeId],
) -> Result<Vec<NodeValues>> {
    if event >= batch.events {
        return Err(Error::new(
            ErrorKind::Usage,
            format!("event {event} of a batch that has {}: count from 0", batch.events),
        ));
    }
    let columns = columns::<f32, _>(plan, batch, event..event + 1, nodes, NodeValues::of)?;
    let constant = |n: &NodeId| match plan.ir.constant(*n)? {
        Const::Bool(b) => Some(NodeValues::Bool(vec![b])),
        Const::I32(i) => Some(NodeValues::I32(vec![i])),
        Const::I64(i) => Some(NodeValues::I64(vec![i])),
        Const::Real { exact, single } | Const::Parameter { exact, single, .. } => {
            Some(NodeValues::F32(vec![f32::constant(exact, single)]))
        }
    };
    let both = nodes.iter().zip(columns);
    Ok(both.filter_map(|(n, column)| column.or_else(|| constant(n))).collect())
}

/// Elements that are computed in one go: few, so that tests see several.
const CHUNK: u64 = 4;

/// What `read` makes of the columns of `nodes` over one block of these events;
/// `None` for a constant.
pub(super) fn columns<R: Real, T>(
    plan: &Plan,
    batch: &Batch,
    events: Range<usize>,
    nodes: &[NodeId],
    read: impl Fn(&Column<'_, R>) -> T,
) -> Result<Vec<Option<T>>> {
    check::batch(plan, batch, &[])?;
    let program = Program::of_nodes(plan, nodes)?;
    let _mode = R::enter_mode();
    let mut scratch = Scratch::default();
    let kernels = super::kernels::of(&plan.ir);
    let limits = (u64::from(NONE), CHUNK);
    let mut block = Block::new((plan, &kernels), batch, events, limits, &mut scratch);
    block.steps(&program, &mut |_, _| {}).map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::TooLarge(elements) => Error::input(format!("{elements} elements at once")),
    })?;
    let constant = |n: &NodeId| plan.ir.constant(*n).is_some();
    Ok(nodes.iter().map(|n| (!constant(n)).then(|| read(block.column(*n)))).collect())
}
