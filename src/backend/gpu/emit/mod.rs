//! From a plan to kernels: WGSL text with one thread an event, loops over its
//! objects, and the fills at the end.
//!
//! Text is written on demand: a fill asks for its values, a value for its
//! operands, a reduction for a loop. `loc` says where an element is, `scope`
//! keeps the text and what is known in it, `graph` orders the loops, `walk`
//! and `flat` write them, `reduce` fills them, `value` and `map` write expressions, `store` keeps in
//! the `places` of `scratch` what would be computed too often, which `recompute` finds; `tables` is
//! what no batch changes.

mod consumer;
mod fill;
mod flat;
mod graph;
mod kernel;
mod loc;
mod map;
mod placed;
mod places;
mod recompute;
mod reduce;
mod scope;
mod store;
mod tables;
mod value;
mod walk;

#[cfg(test)]
mod tests;

pub use kernel::{Kernel, Limits, Program, WORKGROUP_SIZE};
pub use places::{Extra, Places};

use crate::error::Result;
use crate::plan::Plan;

/// The kernels of a plan as complete WGSL modules, for people to read.
///
/// # Errors
/// The plan cannot be run on a device.
pub fn wgsl(plan: &Plan) -> Result<Vec<String>> {
    let program = Program::new(plan, &Limits::default())?;
    Ok(program.kernels.into_iter().map(|k| k.source).collect())
}
