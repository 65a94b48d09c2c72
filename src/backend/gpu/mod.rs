//! The wgpu backend: device, kernels, passes. Nothing else in the crate names wgpu.

mod adapter;
mod barrier;
mod controls;
mod device;
mod dispatch;
mod guard;
mod pin;
mod remap;
mod selftest;
mod spirv;

pub use adapter::{AdapterKind, AdapterReport, Choice, adapters};
pub use device::{Bound, Gpu, Pipeline, binding};
pub use dispatch::{HEADER, Inputs};
pub use pin::{Denormals, Exactness, FloatControls, Mode};
