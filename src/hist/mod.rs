//! Histograms: axes, exact sums, associative merging.

mod decode;
mod exact;
mod fill;
mod histogram;
mod moments;
mod round;
mod sums;

pub use exact::{ExactFill, ExactSums, Shape};
pub use fill::FillData;
pub use histogram::{Contents, Histogram, Kind, Origin};
pub use moments::{MomentRow, MomentSums, Moments};
pub use sums::WeightSums;
