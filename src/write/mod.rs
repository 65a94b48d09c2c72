//! Output formats: one file a format, all of them written to an [`OutputDir`] of a
//! [`Folder`], where a file appears complete or not at all.

mod folder;
pub mod gradients;
pub mod json;
mod object;
mod output;
pub mod plot;
pub mod root;
pub mod scalars;
pub mod scan;
mod uhi;
pub mod vjp;
mod whole;

pub use folder::Folder;
pub use output::{LeftOver, OutputDir};
pub(crate) use whole::replace;

#[cfg(test)]
use crate::bins::{Axis, AxisKind};
#[cfg(test)]
use crate::hist::{FillData, Histogram};
/// Histograms of every kind of axis and content, for the writers' tests.
#[cfg(test)]
#[path = "../../tests/support/sample.rs"]
mod sample;
