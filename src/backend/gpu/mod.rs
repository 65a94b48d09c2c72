//! GPUs: plans become WGSL kernels, batches become arenas.

pub mod emit;
#[cfg(test)]
mod zoo;
