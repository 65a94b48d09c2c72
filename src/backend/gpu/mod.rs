//! GPUs: plans become WGSL kernels, batches become arenas.

mod arena;
mod bound;
pub mod device;
pub mod emit;
mod pass;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod zoo;

pub use pass::GpuBackend;
