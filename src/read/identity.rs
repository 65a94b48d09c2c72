//! What tells one file from another, and one version of a file from the next.

use super::storage::Storage;
use crate::error::{Error, Result};
use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};
use xxhash_rust::xxh3::Xxh3;

/// Bytes at each end of a file that its digest is of.
const ENDS: u64 = 64 << 10;
/// Bytes that are compared at a time.
const BLOCK: usize = 1 << 20;

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

/// Whether two files of one size have the same bytes. Few pairs get here: those whose
/// [`digest`]s agree.
///
/// # Errors
/// One of them cannot be read.
pub fn same_bytes(a: &Path, b: &Path) -> Result<bool> {
    let files = [Storage::open(a)?, Storage::open(b)?];
    let size = files[0].size;
    for at in (0..size).step_by(BLOCK) {
        let length = (size - at).min(BLOCK as u64) as usize;
        let read = |f: &Storage| f.read_at(at, length).map_err(|e| e.within(&f.path));
        if read(&files[0])? != read(&files[1])? {
            return Ok(false);
        }
    }
    Ok(files[1].size == size)
}

/// A digest of a file's first and last 64 KiB, for files that have no UUID.
///
/// # Errors
/// The file cannot be read.
pub fn digest(path: &Path) -> Result<u64> {
    let storage = Storage::open(path)?;
    let mut hash = Xxh3::new();
    let first = storage.size.min(ENDS);
    let last = (storage.size - first).min(ENDS);
    for (at, length) in [(0, first), (storage.size - last, last)] {
        let bytes = storage.read_at(at, length as usize).map_err(|e| e.within(&storage.path))?;
        hash.update(&bytes);
    }
    Ok(hash.digest())
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn digests_are_of_both_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let of = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            digest(&path).unwrap()
        };
        let mut long = vec![7; 300_000];
        let whole = of(&long);
        for at in [0, 65_535, 300_000 - 65_536, 299_999] {
            long[at] = 8;
            assert_ne!(of(&long), whole, "{at}");
            long[at] = 7;
        }
        assert_eq!(of(&long), whole);
        assert_ne!(of(b"abc"), of(b"abd"));
        assert_eq!(of(b""), of(b""));
    }
}
