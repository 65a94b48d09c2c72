//! Which backend computes: `--backend`, `--adapter`, `--exactness`, `--precision`.

use super::fail::{self, Result};
use clap::ValueEnum;
use gpuana::backend::Backend;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::backend::gpu::{self, AdapterKind, AdapterReport, Choice, Gpu, GpuBackend, Mode};
use gpuana::error::{Error, ErrorKind};

#[derive(clap::Args)]
pub(crate) struct BackendArgs {
    /// What computes; `auto` is a hardware GPU if there is one, else the CPU
    #[arg(long, value_enum, default_value_t = Kind::Auto)]
    backend: Kind,
    /// Use the first GPU whose name contains this text (see `gpuana devices`)
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
    /// How a GPU is kept to exact arithmetic [default: strict where it can be]
    #[arg(long, value_enum)]
    exactness: Option<Exactness>,
    /// Real numbers in single precision (the same bits on all backends), or in
    /// double precision on the CPU
    #[arg(long, value_enum, default_value_t = Real::F32)]
    precision: Real,
    /// Threads of the CPU [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Auto,
    Cpu,
    Gpu,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Exactness {
    /// SPIR-V without contraction, handed to Vulkan as it is
    Strict,
    /// WGSL whose intermediate results no compiler can see through
    Portable,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Real {
    F32,
    F64,
}

/// The backend that was chosen.
pub(crate) struct Chosen {
    /// `cpu` or `gpu`.
    pub(crate) kind: &'static str,
    /// What it is and why it was chosen.
    pub(crate) device: String,
    /// `f32` or `f64`.
    pub(crate) precision: &'static str,
    /// How a GPU's floats are kept exact: `strict`, ...
    pub(crate) exactness: Option<String>,
    backend: Either,
}

enum Either {
    Cpu(CpuBackend),
    Gpu(Box<GpuBackend>),
}

impl Chosen {
    /// The backend.
    pub(crate) fn backend(&self) -> &dyn Backend {
        match &self.backend {
            Either::Cpu(cpu) => cpu,
            Either::Gpu(gpu) => gpu.as_ref(),
        }
    }

    /// Kernels that were dispatched to a GPU so far.
    pub(crate) fn dispatches(&self) -> u64 {
        match &self.backend {
            Either::Cpu(_) => 0,
            Either::Gpu(gpu) => gpu.dispatches(),
        }
    }
}

/// Whether an adapter is a GPU and not a processor that plays one.
pub(crate) fn is_hardware(adapter: &AdapterReport) -> bool {
    adapter.kind < AdapterKind::Cpu
}

impl BackendArgs {
    /// Whether real numbers are computed in double precision.
    pub(crate) fn keeps_doubles(&self) -> bool {
        self.precision == Real::F64
    }

    /// Starts the threads and chooses the backend.
    pub(crate) fn choose(&self) -> Result<Chosen> {
        self.start_threads()?;
        match self.wanted()? {
            Kind::Cpu => Ok(self.cpu("")),
            Kind::Gpu => Ok(gpu_chosen(self.open_gpu()?)),
            Kind::Auto => Ok(self.auto()),
        }
    }

    /// A hardware GPU that computes exactly, else the CPU.
    fn auto(&self) -> Chosen {
        if !gpu::adapters().first().is_some_and(is_hardware) {
            return self.cpu(" (auto: no hardware GPU)");
        }
        match Gpu::open(&Choice { adapter: Some("0".to_owned()), mode: None }) {
            Ok(gpu) => gpu_chosen(gpu),
            Err(error) => {
                fail::print_warning(&format!("the GPU is not used: {error}"));
                self.cpu(" (auto: the GPU cannot be used)")
            }
        }
    }

    /// The backend asked for: `auto` with options that only one has is that one.
    fn wanted(&self) -> Result<Kind> {
        let for_gpu = self.adapter.is_some() || self.exactness.is_some();
        match (self.backend, self.keeps_doubles(), for_gpu) {
            (Kind::Gpu, true, _) => {
                Err(usage("--precision f64 runs on the CPU only; use --backend cpu"))
            }
            (_, true, true) | (Kind::Cpu, _, true) => {
                Err(usage("--adapter and --exactness are for --backend gpu"))
            }
            (Kind::Auto, true, _) => Ok(Kind::Cpu),
            (Kind::Auto, _, true) => Ok(Kind::Gpu),
            (kind, ..) => Ok(kind),
        }
    }

    fn start_threads(&self) -> Result {
        let Some(threads) = self.threads else { return Ok(()) };
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global()
            .map_err(|e| usage(&format!("--threads {threads}: {e}")))?;
        Ok(())
    }

    fn cpu(&self, why: &str) -> Chosen {
        let (precision, name) = match self.precision {
            Real::F32 => (Precision::Single, "f32"),
            Real::F64 => (Precision::Double, "f64"),
        };
        let backend = CpuBackend::new(precision);
        let device = format!("{}{why}", backend.name());
        let backend = Either::Cpu(backend);
        Chosen { kind: "cpu", device, precision: name, exactness: None, backend }
    }

    /// The GPU that the options and the environment ask for, in the first mode
    /// of the wanted exactness that passes the self-test.
    fn open_gpu(&self) -> gpuana::error::Result<Gpu> {
        let mut choice = Choice::from_env()?;
        if self.adapter.is_some() {
            choice.adapter.clone_from(&self.adapter);
        }
        let Some(exactness) = self.exactness else { return Gpu::open(&choice) };
        let fits = |mode: &Mode| exactness == mode.exactness.into();
        let mut last = Error::device("there is no such mode");
        for mode in Mode::ALL.into_iter().filter(fits) {
            choice.mode = Some(mode);
            match Gpu::open(&choice) {
                Ok(gpu) => return Ok(gpu),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl From<gpu::Exactness> for Exactness {
    fn from(exactness: gpu::Exactness) -> Self {
        match exactness {
            gpu::Exactness::Strict => Exactness::Strict,
            gpu::Exactness::Portable => Exactness::Portable,
        }
    }
}

fn gpu_chosen(gpu: Gpu) -> Chosen {
    let exactness = gpu.mode().to_string();
    let adapter = gpu.adapter();
    let what = if is_hardware(adapter) { "GPU" } else { "software GPU" };
    let device = format!("{what} {} ({}, {exactness})", adapter.name, adapter.backend);
    let exactness = Some(exactness);
    let backend = Box::new(GpuBackend::new(gpu));
    Chosen { kind: "gpu", device, precision: "f32", exactness, backend: Either::Gpu(backend) }
}

fn usage(message: &str) -> super::fail::Failure {
    Error::new(ErrorKind::Usage, message).into()
}
