//! Output formats: one file a format, all of them written to an [`OutputDir`],
//! where a file appears complete or not at all.

pub mod gradients;
pub mod json;
pub mod landscape;
mod output;
pub mod plot;
pub mod root;
pub mod vjp;

pub use output::OutputDir;

#[cfg(test)]
use crate::hist::{Axis, AxisKind, FillData, Histogram};
/// Histograms of every kind of axis and content, for the writers' tests.
#[cfg(test)]
#[path = "../../tests/support/sample.rs"]
mod sample;
