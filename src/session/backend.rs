//! What computes: a backend, how it was chosen, and how real numbers are computed.

use super::error::usage;
use crate::backend;
use crate::backend::cpu::{CpuBackend, Precision};
#[cfg(feature = "gpu")]
use crate::backend::gpu::{self, AdapterReport, Choice, Exactness, Gpu, GpuBackend, Mode};
#[cfg(feature = "gpu")]
use crate::error::Error;
use crate::error::Result;

/// A backend that is ready to compute.
///
/// ```
/// let backend = gpuana::Backend::cpu();
/// assert_eq!((backend.kind(), backend.precision()), ("cpu", "f32"));
/// ```
pub struct Backend {
    kind: &'static str,
    device: String,
    precision: &'static str,
    exactness: Option<String>,
    unused: Option<String>,
    inner: Inner,
}

enum Inner {
    Cpu(CpuBackend),
    #[cfg(feature = "gpu")]
    Gpu(Box<GpuBackend>),
}

impl Backend {
    /// A hardware GPU that computes exactly, else the CPU.
    #[cfg(feature = "gpu")]
    pub fn auto() -> Backend {
        if !gpu::adapters().first().is_some_and(AdapterReport::is_hardware) {
            return Backend::on_cpu(Precision::Single, " (auto: no hardware GPU)");
        }
        match Gpu::open(&Choice { adapter: Some("0".to_owned()), mode: None }) {
            Ok(gpu) => Backend::on_gpu(gpu),
            Err(error) => Backend {
                unused: Some(error.to_string()),
                ..Backend::on_cpu(Precision::Single, " (auto: the GPU cannot be used)")
            },
        }
    }

    /// The CPU: this library was built without the GPU.
    #[cfg(not(feature = "gpu"))]
    pub fn auto() -> Backend {
        Backend::on_cpu(Precision::Single, " (auto: no hardware GPU)")
    }

    /// The CPU in single precision, with the same bits as any GPU.
    pub fn cpu() -> Backend {
        Backend::on_cpu(Precision::Single, "")
    }

    /// The CPU in double precision.
    pub fn cpu_double() -> Backend {
        Backend::on_cpu(Precision::Double, "")
    }

    /// The GPU whose name contains `adapter`, else the one that the environment asks for or the
    /// first, in the first mode of the wanted exactness that passes the self-test.
    ///
    /// # Errors
    /// There is no such GPU, or it does not compute exactly.
    #[cfg(feature = "gpu")]
    pub fn gpu(adapter: Option<&str>, exactness: Option<Exactness>) -> Result<Backend> {
        let mut choice = Choice::from_env()?;
        if let Some(adapter) = adapter {
            choice.adapter = Some(adapter.to_owned());
        }
        let Some(exactness) = exactness else { return Ok(Backend::on_gpu(Gpu::open(&choice)?)) };
        let mut last = Error::device("there is no such mode");
        for mode in Mode::ALL.into_iter().filter(|mode| mode.exactness == exactness) {
            choice.mode = Some(mode);
            match Gpu::open(&choice) {
                Ok(gpu) => return Ok(Backend::on_gpu(gpu)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn on_cpu(precision: Precision, why: &str) -> Backend {
        let name = match precision {
            Precision::Single => "f32",
            Precision::Double => "f64",
        };
        let cpu = CpuBackend::new(precision);
        let device = format!("{}{why}", backend::Backend::name(&cpu));
        let (exactness, unused, inner) = (None, None, Inner::Cpu(cpu));
        Backend { kind: "cpu", device, precision: name, exactness, unused, inner }
    }

    #[cfg(feature = "gpu")]
    fn on_gpu(gpu: Gpu) -> Backend {
        let mode = gpu.mode().to_string();
        let adapter = gpu.adapter();
        let what = if adapter.is_hardware() { "GPU" } else { "software GPU" };
        let device = format!("{what} {} ({}, {mode})", adapter.name, adapter.backend);
        let inner = Inner::Gpu(Box::new(GpuBackend::new(gpu)));
        let exactness = Some(mode);
        Backend { kind: "gpu", device, precision: "f32", exactness, unused: None, inner }
    }

    /// `cpu` or `gpu`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What it is and why it was chosen.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// `f32` or `f64`.
    pub fn precision(&self) -> &'static str {
        self.precision
    }

    /// How a GPU's floats are kept exact: `strict`, ...
    pub fn exactness(&self) -> Option<&str> {
        self.exactness.as_deref()
    }

    /// Why a hardware GPU that is there is not used.
    pub fn unused_gpu(&self) -> Option<&str> {
        self.unused.as_deref()
    }

    /// Whether real numbers are computed in double precision.
    pub fn keeps_doubles(&self) -> bool {
        self.precision == "f64"
    }

    /// Kernels that were dispatched to a GPU so far.
    pub fn dispatches(&self) -> u64 {
        match &self.inner {
            Inner::Cpu(_) => 0,
            #[cfg(feature = "gpu")]
            Inner::Gpu(gpu) => gpu.dispatches(),
        }
    }

    /// What evaluates plans.
    pub fn evaluator(&self) -> &dyn backend::Backend {
        match &self.inner {
            Inner::Cpu(cpu) => cpu,
            #[cfg(feature = "gpu")]
            Inner::Gpu(gpu) => gpu.as_ref(),
        }
    }
}

/// Sets the number of threads that the CPU computes with, once for the process and before
/// anything is computed.
///
/// # Errors
/// The threads were started before, or cannot be.
pub fn set_threads(threads: usize) -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|e| usage(format!("--threads {threads}: {e}")))
}
