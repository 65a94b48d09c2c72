//! Partial results as files: whole under their name, or not there.

use super::PartialResult;
use crate::error::{Error, Result};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// What temporary files' names begin with.
const TEMPORARY: &str = ".gpuana-";

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

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As of any new file; the process's mask is taken off.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    // The new name, too, is on disk then.
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}
