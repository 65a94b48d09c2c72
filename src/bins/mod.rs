//! Bins: which ones an axis has, and how an entry is spread over them.

mod axis;
mod share_sum;
mod soft;

pub use axis::{Axis, AxisKind};
pub use share_sum::ShareSum;
pub use soft::{Soft, SoftFlow, SoftKernel, SoftSum, SoftTerm};
