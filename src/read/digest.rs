//! Whether two files have the same content: digests of their ends, then all of their bytes.

use super::storage::Storage;
use crate::error::Result;
use std::path::Path;
use xxhash_rust::xxh3::Xxh3;

/// Bytes at each end of a file that its digest is of.
const ENDS: u64 = 64 << 10;
/// Bytes that are compared at a time.
const BLOCK: usize = 1 << 20;

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
    use std::fs;

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
