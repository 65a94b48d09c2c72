//! What all plans and passes on a device share: kernels, and columns that stay there.

use super::device::{Gpu, Pipeline};
use super::resident::Residents;
use crate::error::Result;
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How a backend's plans are compiled and run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// Most words of one chunk's columns; no result depends on it.
    pub(super) chunk_words: usize,
    /// Changes the text of every kernel before it is compiled.
    pub(super) rewrite: fn(String) -> String,
}

/// What all plans and passes on a device share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) device: Gpu,
    pub(super) dispatches: AtomicU64,
    /// Bytes of columns that were copied to the device.
    pub(super) uploaded: AtomicU64,
    residents: Mutex<Residents>,
    /// Kernels compiled so far, by their text: samples often have equal plans.
    pipelines: Mutex<HashMap<String, Pipeline>>,
}

impl Shared {
    pub(super) fn new(device: Gpu) -> Shared {
        Shared {
            device,
            dispatches: AtomicU64::new(0),
            uploaded: AtomicU64::new(0),
            residents: Mutex::default(),
            pipelines: Mutex::default(),
        }
    }

    /// Number of kernels that were compiled so far.
    pub(super) fn compiled(&self) -> usize {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The columns that stay on the device.
    pub(super) fn residents(&self) -> MutexGuard<'_, Residents> {
        self.residents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pipeline of a kernel, compiled once for all passes.
    pub(super) fn pipeline(&self, source: &str) -> Result<Pipeline> {
        let known = || self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = known().get(source) {
            return Ok(pipeline.clone());
        }
        let pipeline = self.device.pipeline(source, "main")?;
        known().insert(source.to_owned(), pipeline.clone());
        Ok(pipeline)
    }
}

/// Words of the largest storage buffer that a kernel can see.
pub(super) fn binding_words(device: &Gpu) -> usize {
    // Positions are words and flags are found by byte, both in 32 bits.
    usize::try_from(device.largest_buffer() / 4).unwrap_or(usize::MAX).min(1 << 30)
}
