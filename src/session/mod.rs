//! The library's front: from the text of an analysis and its files to results.
//!
//! ```
//! use gpuana::{Analysis, Backend, Inputs, Options};
//!
//! # fn main() -> Result<(), gpuana::Error> {
//! let text = "histograms: {met: {value: MET.pt, bins: [40, 0, 200]}}";
//! let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/Run2012B_SingleMu_1000.root");
//! let inputs = Inputs::files([file]);
//! let result = Analysis::from_yaml(text)?.bind(&inputs)?.run(&Backend::cpu(), &Options::default())?;
//! assert_eq!(result["met"].entries, 1000);
//! assert_eq!(result["met"].values().len(), 40);
//! # Ok(())
//! # }
//! ```
//!
//! An [`Analysis`] is text that was read and parsed. A [`Bound`] one has its files or samples and
//! can be run. Nothing here prints or writes a file.

mod analysis;
mod backend;
mod bound;
mod check_gradients;
pub mod checkpoint;
mod cotangent;
mod error;
mod evaluate;
mod gradients;
mod run;
pub mod variables;

pub use crate::run::RunOptions as Options;
pub use analysis::{Analysis, Inputs};
pub use backend::{Backend, set_threads};
pub use bound::Bound;
pub use check_gradients::Deviation;
pub use cotangent::Cotangent;
pub use error::WarningsRefused;
pub use evaluate::{Evaluator, FilledGrids, Found, HELD_OUT, Part, SEEN};
pub use gradients::without_derivatives;
pub use run::{CompiledRun, RunResult};
