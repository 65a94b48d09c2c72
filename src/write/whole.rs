//! A file that stands by itself, outside of an output folder: whole under its name, or not there.

use super::folder::TEMPORARY;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file in place of one that may be there: its bytes are on disk before it has the
/// name.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
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
