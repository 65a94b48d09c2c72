//! Histograms: axes, exact sums, associative merging.

mod decode;
mod exact;
mod exact_number;
mod fill;
mod histogram;
mod moments;
mod round;
mod sums;

pub use exact::{ExactFill, ExactSums, Shape};
pub use exact_number::ExactNumber;
pub use fill::FillData;
pub use histogram::{Contents, Histogram, Kind, Origin};
pub use moments::{MomentRow, MomentSums, Moments};
pub use sums::WeightSums;
