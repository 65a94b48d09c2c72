//! How long kernels took, by the device's own clock: what no clock of the host
//! sees, as uploads and reading go on beside them.

use super::device::Gpu;
use crate::error::{Error, Result};
use std::time::Duration;

/// Timestamps between two looks at them, of chunks' beginnings and ends.
const QUERIES: u32 = 256;

/// The timestamps of a pass.
#[derive(Debug)]
pub(super) struct Clock {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    back: wgpu::Buffer,
    used: u32,
    /// What the chunks took whose timestamps were looked at.
    time: Duration,
}

impl Clock {
    /// A clock, if the device has one.
    pub(super) fn new(device: &Gpu) -> Option<Clock> {
        if !device.adapter().timestamps {
            return None;
        }
        let buffer = |usage| {
            device.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("timestamps"),
                size: 8 * u64::from(QUERIES),
                usage,
                mapped_at_creation: false,
            })
        };
        let resolve = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let read = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        Some(Clock {
            queries: device.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count: QUERIES,
            }),
            resolved: buffer(resolve),
            back: buffer(read),
            used: 0,
            time: Duration::ZERO,
        })
    }

    /// Times the next compute pass.
    ///
    /// # Errors
    /// The device failed.
    pub(super) fn next(&mut self, device: &Gpu) -> Result<wgpu::ComputePassTimestampWrites<'_>> {
        if self.used == QUERIES {
            self.look(device)?;
        }
        let first = self.used;
        self.used += 2;
        Ok(wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        })
    }

    /// What all passes took so far; waits until they are done.
    ///
    /// # Errors
    /// The device failed.
    pub(super) fn time(&mut self, device: &Gpu) -> Result<Duration> {
        if self.used > 0 {
            self.look(device)?;
        }
        Ok(self.time)
    }

    /// Adds up the timestamps so far, so that all are free again.
    fn look(&mut self, device: &Gpu) -> Result<()> {
        let size = 8 * u64::from(self.used);
        let mut encoder = device.device.create_command_encoder(&Default::default());
        encoder.resolve_query_set(&self.queries, 0..self.used, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.back, 0, size);
        device.queue.submit([encoder.finish()]);
        let slice = self.back.slice(..size);
        slice.map_async(wgpu::MapMode::Read, |_| {});
        device.wait()?;
        let view = slice.get_mapped_range().map_err(|e| {
            Error::device(format!("the timestamps cannot be read back: {e}")).with_source(e)
        })?;
        let stamps: &[u64] = bytemuck::cast_slice(&view);
        // A device that counts backwards, as some do at a change of its pace, took no time.
        let ticks: u64 = stamps.chunks_exact(2).map(|pair| pair[1].saturating_sub(pair[0])).sum();
        let nanoseconds = ticks as f64 * f64::from(device.queue.get_timestamp_period());
        self.time += Duration::from_nanos(nanoseconds as u64);
        drop(view);
        self.back.unmap();
        self.used = 0;
        Ok(())
    }
}
