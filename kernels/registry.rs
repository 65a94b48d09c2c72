//! The kernels that expressions can call, by name. There is no list of all kernels: whoever
//! compiles an analysis gives the registry with it, and plans carry what they use.

use super::{FUNCTIONS, Kernel};
use std::sync::{Arc, LazyLock};

/// Kernels by name.
#[derive(Debug, Clone)]
pub struct Registry {
    kernels: Vec<Arc<dyn Kernel>>,
}

impl Registry {
    /// The functions of [`FUNCTIONS`], in their order.
    pub fn standard() -> &'static Registry {
        static STANDARD: LazyLock<Registry> = LazyLock::new(|| {
            let kernel = |function| Arc::new(function) as Arc<dyn Kernel>;
            Registry { kernels: FUNCTIONS.iter().map(kernel).collect() }
        });
        &STANDARD
    }

    /// These kernels and another one.
    ///
    /// # Panics
    /// If one of them has its name.
    #[must_use]
    pub fn with(&self, kernel: Arc<dyn Kernel>) -> Registry {
        assert!(self.find(kernel.name()).is_none(), "there is a kernel `{}`", kernel.name());
        let mut kernels = self.kernels.clone();
        kernels.push(kernel);
        Registry { kernels }
    }

    /// The kernel of this name.
    pub fn find(&self, name: &str) -> Option<&Arc<dyn Kernel>> {
        self.kernels.iter().find(|kernel| kernel.name() == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Kernel>> {
        self.kernels.iter()
    }
}

/// A kernel of the standard registry.
///
/// # Panics
/// If there is none of this name.
pub fn standard(name: &str) -> &'static Arc<dyn Kernel> {
    let found = Registry::standard().find(name);
    found.unwrap_or_else(|| panic!("no function of the catalogue is called `{name}`"))
}

impl PartialEq for Registry {
    /// Whether both have the same kernels.
    fn eq(&self, other: &Registry) -> bool {
        let texts = |of: &Registry| of.iter().map(|kernel| kernel.text()).collect::<Vec<_>>();
        std::ptr::eq(self, other) || texts(self) == texts(other)
    }
}

impl Eq for Registry {}
