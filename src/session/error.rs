//! Warnings about an analysis that were to be errors.

use crate::error::{Error, ErrorKind};
use crate::warning::Warnings;
use std::fmt;
use std::path::{Path, PathBuf};

/// Warnings about an analysis file, which are errors ([`super::Analysis::strict`]): the source of
/// the [`Error`].
#[derive(Debug, Clone, PartialEq)]
pub struct WarningsRefused {
    path: PathBuf,
    warnings: Warnings,
}

impl WarningsRefused {
    /// Those that an error was made of.
    pub fn of(error: &Error) -> Option<&WarningsRefused> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// The error that is made of warnings.
    pub(super) fn error(path: &Path, warnings: Warnings) -> Error {
        let refused = WarningsRefused { path: path.to_owned(), warnings };
        Error::new(ErrorKind::Analysis, refused.to_string()).with_source(refused)
    }

    /// The analysis file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The warnings.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }
}

impl fmt::Display for WarningsRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |warning| format!("{}: {warning}", self.path.display());
        let lines: Vec<String> = self.warnings.iter().map(line).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for WarningsRefused {}

/// An error of what was asked for.
pub(super) fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message)
}
