//! Which graphics adapters there are, and which one is taken.

use super::mode::FloatControls;
use crate::error::{Error, ErrorKind, Result};
use std::fmt;

/// What an adapter is made of, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AdapterKind {
    /// A card with its own memory.
    Discrete,
    /// Part of the processor, sharing its memory.
    Integrated,
    /// A share of a card in another machine.
    Virtual,
    /// A processor that plays a graphics card.
    Cpu,
    /// The driver does not say.
    Unknown,
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AdapterKind::Discrete => "discrete",
            AdapterKind::Integrated => "integrated",
            AdapterKind::Virtual => "virtual",
            AdapterKind::Cpu => "cpu",
            AdapterKind::Unknown => "unknown",
        })
    }
}

/// One adapter, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct AdapterReport {
    /// Name of the device.
    pub name: String,
    /// What it is.
    pub kind: AdapterKind,
    /// `vulkan`, `metal`, `dx12`.
    pub backend: String,
    /// Driver with its version.
    pub driver: String,
    /// Largest buffer that a kernel can see, in bytes.
    pub largest_buffer: u64,
    /// Whether kernels can be timed on the device.
    pub timestamps: bool,
    /// Whether shaders can be handed over as they are, which
    /// [`super::Exactness::Strict`] needs.
    pub passthrough: bool,
    /// What the driver lets a shader ask of its floats.
    pub float_controls: FloatControls,
}

impl AdapterReport {
    /// Whether it is a GPU and not a processor that plays one.
    pub fn is_hardware(&self) -> bool {
        self.kind < AdapterKind::Cpu
    }
}

impl fmt::Display for AdapterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {}, {})", self.name, self.kind, self.backend, self.driver)
    }
}

/// What a user asks of the device; everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Position in [`adapters`], or a part of the name, ignoring case.
    pub adapter: Option<String>,
    /// How floats are pinned; else the first way that passes the self-test.
    pub mode: Option<super::Mode>,
}

impl Choice {
    /// From `GPUANA_ADAPTER` (a position or a part of a name) and
    /// `GPUANA_FLOATS` (see [`super::Mode`]).
    ///
    /// # Errors
    /// If `GPUANA_FLOATS` is none of the modes.
    pub fn from_env() -> Result<Choice> {
        let adapter = std::env::var("GPUANA_ADAPTER").ok().filter(|name| !name.is_empty());
        let mode = match std::env::var("GPUANA_FLOATS") {
            Ok(text) if !text.is_empty() => Some(text.parse()?),
            _ => None,
        };
        Ok(Choice { adapter, mode })
    }
}

/// An adapter and what is known of it.
pub(super) struct Found {
    pub(super) adapter: wgpu::Adapter,
    pub(super) report: AdapterReport,
}

/// All adapters that can run compute shaders, the best first.
pub fn adapters() -> Vec<AdapterReport> {
    found().into_iter().map(|found| found.report).collect()
}

pub(super) fn found() -> Vec<Found> {
    let instance =
        wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle().with_env());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let mut found: Vec<Found> = adapters
        .into_iter()
        .filter(|a| {
            let flags = a.get_downlevel_capabilities().flags;
            flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
        })
        .map(|adapter| Found { report: report(&adapter), adapter })
        .collect();
    found.sort_by_key(|f| f.report.kind);
    found
}

fn report(adapter: &wgpu::Adapter) -> AdapterReport {
    let info = adapter.get_info();
    let limits = adapter.limits();
    let features = adapter.features();
    AdapterReport {
        name: info.name,
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Cpu => AdapterKind::Cpu,
            wgpu::DeviceType::Other => AdapterKind::Unknown,
        },
        backend: info.backend.to_str().to_owned(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        largest_buffer: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
        timestamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
        passthrough: info.backend == wgpu::Backend::Vulkan
            && features.contains(wgpu::Features::PASSTHROUGH_SHADERS),
        float_controls: super::controls::of(adapter),
    }
}

/// The adapters to try for `choice`, in order.
pub(super) fn candidates(choice: &Choice) -> Result<Vec<Found>> {
    let all = found();
    let listed: Vec<String> =
        all.iter().enumerate().map(|(i, f)| format!("{i}: {}", f.report)).collect();
    if all.is_empty() {
        return Err(Error::device(
            "no graphics adapter was found; install a Vulkan driver (Mesa's lavapipe runs on any \
             CPU) or use the cpu backend",
        ));
    }
    let Some(wanted) = &choice.adapter else { return Ok(all) };
    let fits = |at: usize, found: &Found| match wanted.parse::<usize>() {
        Ok(position) => position == at,
        Err(_) => found.report.name.to_lowercase().contains(&wanted.to_lowercase()),
    };
    let chosen: Vec<Found> =
        all.into_iter().enumerate().filter(|(i, f)| fits(*i, f)).map(|(_, f)| f).collect();
    if chosen.is_empty() {
        let message = match wanted.parse::<usize>() {
            Ok(position) => format!("there is no adapter number {position}"),
            Err(_) => format!("no adapter has `{wanted}` in its name"),
        };
        let verb = if listed.len() == 1 { "is" } else { "are" };
        let message = format!("{message}; there {verb} {}", listed.join(", "));
        return Err(Error::new(ErrorKind::Usage, message));
    }
    Ok(chosen)
}
