//! Histograms: axes, exact sums, associative merging.

mod axis;
mod fill;
mod histogram;
mod round;
mod sums;

pub use axis::{Axis, AxisKind};
pub use fill::FillData;
pub use histogram::{Contents, Histogram, Kind, Origin};
pub use sums::WeightSums;
