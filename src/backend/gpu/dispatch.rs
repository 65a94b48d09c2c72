//! One kernel over small inputs, there and back: for tests of kernels.

use super::device::{Bound, Gpu, Pipeline};
use crate::error::{Error, Result};
use wgpu::util::DeviceExt;

/// The bindings that all kernels share, as WGSL.
pub const HEADER: &str = include_str!("../../../shaders/shared/bindings.wgsl");

/// What [`Gpu::compute`] gives a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'i> {
    /// The arena's words.
    pub arena: &'i [u32],
    /// The tables' words.
    pub tables: &'i [u32],
    /// Length of `out` in words; it starts as zeros.
    pub out: usize,
    /// `params.events`, and the number of invocations rounded up to workgroups.
    pub events: u32,
    /// Invocations in a workgroup.
    pub workgroup: u32,
}

impl Gpu {
    /// Runs a kernel once and reads `out` back. Every invocation below
    /// `events` has `x + y * 2^15 * workgroup` as its number: workgroups go to a second
    /// dimension beyond 2^15.
    ///
    /// # Errors
    /// If the device fails.
    pub fn compute(&self, pipeline: &Pipeline, inputs: &Inputs<'_>) -> Result<Vec<u32>> {
        let storage = wgpu::BufferUsages::STORAGE;
        let words = |words: &[u32], usage| {
            let padded = if words.is_empty() { &[0][..] } else { words };
            self.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: None,
                contents: bytemuck::cast_slice(padded),
                usage,
            })
        };
        let zeros = |length: usize, usage| {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: 4 * length.max(1) as u64,
                usage,
                mapped_at_creation: false,
            })
        };
        let arena = words(inputs.arena, storage);
        let tables = words(inputs.tables, storage);
        let out = zeros(inputs.out, storage | wgpu::BufferUsages::COPY_SRC);
        let scratch = zeros(1, storage);
        let params = words(&[inputs.events, 0, 0, 0], wgpu::BufferUsages::STORAGE);
        let back = zeros(inputs.out, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ);
        let group = self.bind(&Bound {
            arena: &arena,
            tables: &tables,
            out: &out,
            scratch: &scratch,
            params: &params,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipeline.raw);
            pass.set_bind_group(0, &group, &[]);
            let groups = inputs.events.div_ceil(inputs.workgroup).max(1);
            pass.dispatch_workgroups(groups.min(1 << 15), groups.div_ceil(1 << 15), 1);
        }
        encoder.copy_buffer_to_buffer(&out, 0, &back, 0, back.size());
        self.queue.submit([encoder.finish()]);
        let (sender, receiver) = std::sync::mpsc::channel();
        back.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // The receiver outlives the wait below.
            let _ = sender.send(result);
        });
        self.wait()?;
        match receiver.try_recv() {
            Ok(Ok(())) => {}
            _ => return Err(Error::device("the results cannot be read back")),
        }
        let view = back.slice(..).get_mapped_range().map_err(|e| {
            Error::device(format!("the results cannot be read back: {e}")).with_source(e)
        })?;
        Ok(bytemuck::cast_slice(&view).to_vec())
    }
}
