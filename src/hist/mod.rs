//! Histograms: axes, exact sums, associative merging.

mod axis;

pub use axis::{Axis, AxisKind};
