//! The wgpu backend: a plan becomes WGSL kernels, a batch an arena, and the
//! histograms stay on the device until the end. Nothing else in the crate names wgpu.

mod adapter;
mod arena;
mod backend;
mod barrier;
mod bound;
mod checked;
mod clock;
mod controls;
mod device;
mod dispatch;
pub mod emit;
mod guard;
mod mode;
mod open;
mod pass;
mod pin;
mod prepared;
mod remap;
mod resident;
mod selftest;
mod shared;
mod spirv;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;

pub use adapter::{AdapterKind, AdapterReport, Choice, adapters};
pub use backend::GpuBackend;
pub use device::{Bound, Gpu, Pipeline, binding};
pub use dispatch::{HEADER, Inputs};
pub use mode::{Denormals, Exactness, FloatControls, Mode};
