//! Partial results as files: whole under their name, or not there.

use super::PartialResult;
use crate::error::{Error, Result};
use crate::write::replace;
use std::fs;
use std::path::Path;

impl PartialResult {
    /// Reads a `.gpart` file.
    ///
    /// # Errors
    /// It cannot be read, is no partial result, or is damaged.
    pub fn read(path: &Path) -> Result<PartialResult> {
        let name = path.display().to_string();
        let bytes = fs::read(path).map_err(|e| {
            let text = format!("cannot read {name}: {e}");
            Error::reading(e, text)
        })?;
        PartialResult::decode(&bytes, &name)
    }

    /// Writes a `.gpart` file, in place of one that may be there: it is on disk, as a whole,
    /// before it has the name.
    ///
    /// # Errors
    /// It cannot be written; what was there stays.
    pub fn write(&self, path: &Path) -> Result<()> {
        replace(path, &self.encode()).map_err(|e| {
            Error::output(format!("cannot write {}: {e}", path.display())).with_source(e)
        })
    }
}
