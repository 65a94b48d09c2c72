//! Everything that calls the library: the language, what it means, gradients, kernels
//! against the GPU, and reading.

mod analysis_file;
mod conformance;
mod differential;
mod errors;
mod expressions;
mod functions;
mod gradient;
mod kernel_from_outside;
mod mutations;
mod objectives;
mod partial;
mod read;
mod scan;
mod semantics;
mod soft;
#[path = "../support/mod.rs"]
mod support;
mod vary;
