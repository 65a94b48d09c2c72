//! The ways to evaluate a plan.

pub mod flush;
pub mod gpu;
