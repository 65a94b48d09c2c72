//! gpuana turns NanoAOD files into histograms, cutflows and gradients, with the
//! same bits on a laptop's CPU and on a GPU.

pub mod analysis;
pub mod backend;
pub mod batch;
pub mod bins;
pub mod config;
pub mod diag;
pub mod error;
pub mod gradient;
mod hash;
pub mod hist;
pub mod ir;
mod json;
#[path = "../kernels/mod.rs"]
pub mod kernels;
pub mod lang;
pub mod objective;
pub mod optimize;
pub mod partial;
mod pattern;
pub mod plan;
pub mod read;
pub mod redact;
pub mod report;
pub mod resident;
pub mod run;
pub mod samples;
pub mod schema;
pub mod session;
pub mod syntax;
pub mod text;
pub mod thresholds;
pub mod warning;
mod wide_registers;
pub mod write;

pub use error::Error;
pub use session::{Analysis, Backend, Inputs, Options};
