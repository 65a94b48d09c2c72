//! What tells one file from another, and one version of a file from the next.

use crate::error::{Error, Result};
use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What tells one file from another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Path or address as given, without what an address keeps secret.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// The file's UUID, in the usual dashed form; empty if it has none.
    pub uuid: String,
    /// Which version of the file it is.
    pub version: Version,
}

/// What changes when a file changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Version {
    /// Of a file on disk.
    Disk {
        /// Device and number of the file on it; zeros where there are no such numbers.
        node: (u64, u64),
        /// When it was last written, since 1970.
        modified: Duration,
    },
    /// Of a file on a server.
    Server {
        /// The server's tag or date of the file, if it has any.
        tag: Option<String>,
        /// Whether every other content has another tag.
        strong: bool,
    },
    /// Nothing is known.
    #[default]
    Unknown,
}

impl Version {
    /// Of an open file.
    pub(crate) fn of(meta: &Metadata) -> Version {
        let since = |t: SystemTime| t.duration_since(SystemTime::UNIX_EPOCH).ok();
        let modified = meta.modified().ok().and_then(since).unwrap_or_default();
        #[cfg(unix)]
        let node = {
            use std::os::unix::fs::MetadataExt;
            (meta.dev(), meta.ino())
        };
        #[cfg(not(unix))]
        let node = (0, 0);
        Version::Disk { node, modified }
    }

    /// Device and number of a file on disk, if there are such numbers.
    pub fn node(&self) -> Option<(u64, u64)> {
        match self {
            Version::Disk { node, .. } if *node != (0, 0) => Some(*node),
            _ => None,
        }
    }
}

impl Identity {
    /// Fails if the file at `path`, which had this identity when it was opened, has changed
    /// since. Servers are asked with every range of bytes instead.
    ///
    /// # Errors
    /// It was written, replaced or removed.
    pub fn check_unchanged(&self, path: &Path) -> Result<()> {
        if !matches!(self.version, Version::Disk { .. }) {
            return Ok(());
        }
        let now = std::fs::metadata(path);
        let same = |meta: Metadata| meta.len() == self.size && Version::of(&meta) == self.version;
        if now.is_ok_and(same) { Ok(()) } else { Err(self.changed()) }
    }

    /// The error of a file that is another one now.
    pub fn changed(&self) -> Error {
        Error::input(format!(
            "{}: the file changed during the run: results would be of no version of it; run again \
             when it is complete",
            self.path
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::storage::Storage;
    use std::fs::{self, File};

    #[test]
    fn a_file_that_was_touched_is_another_version() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let write = |path: &Path| {
            fs::write(path, "12345").unwrap();
            let file = File::options().append(true).open(path).unwrap();
            file.set_modified(long_ago).unwrap();
        };
        write(&path);
        let identity = Storage::open(&path).unwrap().identity(String::new());
        identity.check_unchanged(&path).unwrap();
        // As long and as old, but another file.
        write(&other);
        fs::rename(&other, &path).unwrap();
        assert_eq!(identity.check_unchanged(&path).is_err(), cfg!(unix));
        // The same file with other content.
        let identity = Storage::open(&path).unwrap().identity(String::new());
        fs::write(&path, "54321").unwrap();
        let error = identity.check_unchanged(&path).unwrap_err().to_string();
        assert!(error.contains("the file changed during the run"), "{error}");
        fs::remove_file(&path).unwrap();
        assert!(identity.check_unchanged(&path).is_err());
    }
}
