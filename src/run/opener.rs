//! How the files of a run are opened: by whom, which of their events are meant, and how
//! many of them stay open.

use super::files::InputFile;
use super::golden::Golden;
use crate::error::{Error, ErrorKind, Result};
use crate::read::{self, Model, Source};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// How many files of a run stay open between the check and the reading. The rest are
/// opened again, so that thousands of files need few descriptors.
const KEPT_OPEN: usize = 64;
/// The part of the descriptors that a process may have which kept files take at most.
const SHARE: usize = 4;

/// How one file is opened.
pub(super) type Open<'a> = Box<dyn Fn(&Path) -> Result<Box<dyn Source>> + Sync + 'a>;

/// The files to read, and how to open one.
pub(super) struct Opener<'a> {
    /// What names each of the files.
    pub(super) files: Vec<InputFile>,
    by: Open<'a>,
    /// Files that may stay open.
    pub(super) kept_open: usize,
    /// Which events to keep.
    pub(super) golden: Option<&'a Golden>,
    /// What the files offer together, once that is known.
    pub(super) model: OnceLock<Arc<Model>>,
}

impl<'a> Opener<'a> {
    /// All events of these files.
    pub(super) fn new(files: Vec<InputFile>, by: Open<'a>) -> Self {
        Opener { files, by, kept_open: most_open(), golden: None, model: OnceLock::new() }
    }

    /// Opens one of the files, whose columns look as they do in all of them.
    pub(super) fn open(&self, path: &Path) -> Result<Box<dyn Source>> {
        let source = (self.by)(path)?;
        Ok(match self.model.get() {
            Some(model) => read::adapted(source, Arc::clone(model)),
            None => source,
        })
    }
}

/// How many files may stay open, of the descriptors that the system lets us have.
fn most_open() -> usize {
    #[cfg(unix)]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let limit = limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        KEPT_OPEN.min(limit / SHARE)
    }
    #[cfg(not(unix))]
    {
        let _ = SHARE;
        KEPT_OPEN
    }
}

/// The error of an input without files.
pub(super) fn no_files() -> Error {
    Error::new(
        ErrorKind::Usage,
        "no input files: name some with `--files`, or under `input: files:` in the analysis",
    )
}
