//! gpuana turns NanoAOD files into histograms, cutflows and gradients, with the
//! same bits on a laptop's CPU and on a GPU.

pub mod analysis;
pub mod backend;
pub mod batch;
pub mod config;
pub mod diag;
pub mod error;
pub mod gradient;
pub mod hist;
pub mod ir;
mod json;
#[path = "../kernels/mod.rs"]
pub mod kernels;
pub mod landscape;
pub mod lang;
pub mod late;
pub mod objective;
pub mod optimize;
mod pattern;
pub mod plan;
pub mod read;
pub mod redact;
pub mod report;
pub mod resident;
pub mod run;
pub mod samples;
pub mod schema;
mod table;
pub mod text;
pub mod warning;
mod widest;
pub mod write;
