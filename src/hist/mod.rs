//! Histograms: axes, exact sums, associative merging.

mod axis;
mod fill;
mod histogram;
mod moments;
mod round;
mod share_sum;
mod soft;
mod sums;

pub use axis::{Axis, AxisKind};
pub use fill::FillData;
pub use histogram::{Contents, Histogram, Kind, Origin};
pub use moments::{MomentRow, MomentSum, MomentSums, Moments};
pub use share_sum::ShareSum;
pub use soft::{Soft, SoftFlow, SoftKernel, SoftTerm};
pub use sums::WeightSums;
