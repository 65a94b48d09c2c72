//! Bins: which ones an axis has, and how an entry is spread over them.

mod axis;
mod soft;

pub use axis::{Axis, AxisKind};
pub use soft::{Soft, SoftFlow, SoftKernel, SoftSum, SoftTerm};
