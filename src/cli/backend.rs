//! Which backend computes: `--backend`, `--adapter`, `--exactness`, `--precision`.

use super::fail::{self, Result};
use clap::ValueEnum;
use gpuana::backend::gpu;
use gpuana::error::{Error, ErrorKind};
use gpuana::session::{self, Backend};

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

impl BackendArgs {
    /// Whether real numbers are computed in double precision.
    pub(crate) fn keeps_doubles(&self) -> bool {
        self.precision == Real::F64
    }

    /// Starts the threads and chooses the backend.
    pub(crate) fn choose(&self) -> Result<Backend> {
        if let Some(threads) = self.threads {
            session::set_threads(threads.into())?;
        }
        Ok(match (self.wanted()?, self.precision) {
            (Kind::Cpu, Real::F32) => Backend::cpu(),
            (Kind::Cpu, Real::F64) => Backend::cpu_double(),
            (Kind::Gpu, _) => {
                let exactness = self.exactness.map(gpu::Exactness::from);
                Backend::gpu(self.adapter.as_deref(), exactness)?
            }
            (Kind::Auto, _) => auto(),
        })
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
}

/// The backend of `--backend auto`; says why a hardware GPU is not used.
fn auto() -> Backend {
    let backend = Backend::auto();
    if let Some(why) = backend.unused_gpu() {
        fail::print_warning(&format!("the GPU is not used: {why}"));
    }
    backend
}

impl From<Exactness> for gpu::Exactness {
    fn from(exactness: Exactness) -> Self {
        match exactness {
            Exactness::Strict => gpu::Exactness::Strict,
            Exactness::Portable => gpu::Exactness::Portable,
        }
    }
}

fn usage(message: &str) -> super::fail::Failure {
    Error::new(ErrorKind::Usage, message).into()
}
