//! An open device: its queue, the layout all kernels share, and the errors that
//! come in while nobody asks.

use super::adapter::{AdapterReport, Found};
use super::mode::{Exactness, Mode};
use super::pin::pin;
use crate::error::{Error, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// Binding numbers of group 0, the same in every kernel.
pub mod binding {
    /// Columns and offsets of a chunk: `array<u32>`, read.
    pub const ARENA: u32 = 0;
    /// Axis edges and constants: `array<u32>`, read.
    pub const TABLES: u32 = 1;
    /// Histogram cells and counters: `array<atomic<u32>>`.
    pub const OUT: u32 = 2;
    /// What one kernel leaves for the next: `array<u32>`, read and written.
    pub const SCRATCH: u32 = 3;
    /// `Params`; its member `opaque` is 0.
    pub const PARAMS: u32 = 4;
}

/// A graphics device that passed the self-test in a [`Mode`].
#[derive(Debug)]
pub struct Gpu {
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    report: AdapterReport,
    pub(super) mode: Mode,
    layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    failures: Failures,
}

/// Errors reported by callbacks, until somebody asks.
type Failures = Arc<Mutex<Vec<String>>>;

/// A compiled kernel.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// For `set_pipeline`.
    pub raw: wgpu::ComputePipeline,
}

/// The buffers of a dispatch, by binding.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'b> {
    /// [`binding::ARENA`].
    pub arena: &'b wgpu::Buffer,
    /// [`binding::TABLES`].
    pub tables: &'b wgpu::Buffer,
    /// [`binding::OUT`].
    pub out: &'b wgpu::Buffer,
    /// [`binding::SCRATCH`].
    pub scratch: &'b wgpu::Buffer,
    /// [`binding::PARAMS`].
    pub params: &'b wgpu::Buffer,
}

impl Gpu {
    /// Opens the adapter without a test.
    pub(super) fn connect(found: Found) -> Result<Gpu> {
        let Found { adapter, report } = found;
        let mut features = wgpu::Features::empty();
        if report.passthrough {
            features |= wgpu::Features::PASSTHROUGH_SHADERS;
        }
        if report.timestamps {
            features |= wgpu::Features::TIMESTAMP_QUERY;
        }
        features |= adapter.features() & wgpu::Features::MAPPABLE_PRIMARY_BUFFERS;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("gpuana"),
            required_features: features,
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|e| {
                Error::device(format!("the device cannot be opened: {e}")).with_source(e)
            })?;
        let failures = Failures::default();
        install_handlers(&device, &failures);
        let layout = group_layout(&device);
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("gpuana"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let gpu =
            Gpu { device, queue, report, mode: Mode::ALL[0], layout, pipeline_layout, failures };
        gpu.check()?;
        Ok(gpu)
    }

    /// What was opened.
    pub fn adapter(&self) -> &AdapterReport {
        &self.report
    }

    /// How floats are pinned.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the device can be asked for this mode.
    pub fn supports(&self, mode: Mode) -> bool {
        mode.exactness == Exactness::Portable || self.report.passthrough
    }

    /// Largest buffer that a kernel can see, in bytes.
    pub fn largest_buffer(&self) -> u64 {
        self.report.largest_buffer
    }

    /// Fails with what callbacks reported since the last call, if anything.
    ///
    /// # Errors
    /// Out of memory, a lost device, or a rejected call.
    pub fn check(&self) -> Result<()> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.is_empty() {
            return Ok(());
        }
        Err(Error::device(std::mem::take(&mut *failures).join("; ")))
    }

    /// Compiles the kernel `entry` of a WGSL text, floats pinned as
    /// [`Gpu::mode`] says.
    ///
    /// # Errors
    /// If the text is not valid, or the driver rejects it.
    pub fn pipeline(&self, wgsl: &str, entry: &str) -> Result<Pipeline> {
        let pinned = pin(wgsl, entry, self.mode, self.report.float_controls)?;
        let module = pinned.load(&self.device, entry, entry);
        self.check()?;
        let raw = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry),
            layout: Some(&self.pipeline_layout),
            module: &module,
            entry_point: Some(entry),
            compilation_options: Default::default(),
            cache: None,
        });
        self.check()?;
        Ok(Pipeline { raw })
    }

    /// The bind group of group 0.
    pub fn bind(&self, buffers: &Bound<'_>) -> wgpu::BindGroup {
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("gpuana"),
            layout: &self.layout,
            entries: &[
                entry(binding::ARENA, buffers.arena),
                entry(binding::TABLES, buffers.tables),
                entry(binding::OUT, buffers.out),
                entry(binding::SCRATCH, buffers.scratch),
                entry(binding::PARAMS, buffers.params),
            ],
        })
    }

    /// Waits until all that was submitted is done.
    ///
    /// # Errors
    /// If the device was lost, or reported an error.
    pub fn wait(&self) -> Result<()> {
        self.device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| {
            Error::device(format!("waiting for the device failed: {e}")).with_source(e)
        })?;
        self.check()
    }
}

fn install_handlers(device: &wgpu::Device, failures: &Failures) {
    let push = |failures: &Failures, message: String| {
        failures.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    };
    let reported = Arc::clone(failures);
    device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| push(&reported, describe(&e))));
    let lost = Arc::clone(failures);
    device.set_device_lost_callback(move |reason, message| {
        if reason != wgpu::DeviceLostReason::Destroyed {
            push(&lost, format!("the device was lost: {message}"));
        }
    });
}

fn describe(error: &wgpu::Error) -> String {
    match error {
        wgpu::Error::OutOfMemory { .. } => "the device is out of memory".to_owned(),
        wgpu::Error::Validation { description, .. } => {
            format!("the device rejected a call: {description}")
        }
        wgpu::Error::Internal { description, .. } => format!("the driver failed: {description}"),
    }
}

fn entry(binding: u32, buffer: &wgpu::Buffer) -> wgpu::BindGroupEntry<'_> {
    wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() }
}

fn group_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let read = wgpu::BufferBindingType::Storage { read_only: true };
    let write = wgpu::BufferBindingType::Storage { read_only: false };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("gpuana"),
        entries: &[
            entry(binding::ARENA, read),
            entry(binding::TABLES, read),
            entry(binding::OUT, write),
            entry(binding::SCRATCH, write),
            entry(binding::PARAMS, read),
        ],
    })
}
