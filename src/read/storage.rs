//! Where the bytes of an input are: positional reads, the same for all
//! formats, checked against the size.

use crate::error::{Error, Result};
use std::fs::File;
use std::path::Path;

/// An input of known size whose bytes can be read in any order, by many
/// threads at a time.
#[derive(Debug)]
pub(super) struct Storage {
    file: File,
    /// Path as given.
    pub(super) path: String,
    /// Size in bytes.
    pub(super) size: u64,
}

impl Storage {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<Storage> {
        let shown = path.display().to_string();
        let failed = |e: std::io::Error| Error::input(format!("{shown}: {e}"));
        let file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        if !meta.is_file() {
            return Err(Error::input(format!("{shown}: not a file")));
        }
        Ok(Storage { file, path: shown, size: meta.len() })
    }

    /// `length` bytes at `offset`.
    pub(super) fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.check_inside(offset, length)?;
        let mut bytes = vec![0; length];
        self.fill_at(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// An error if the bytes do not all lie in the file.
    pub(super) fn check_inside(&self, offset: u64, length: usize) -> Result<()> {
        let size = self.size;
        match offset.checked_add(length as u64) {
            Some(end) if end <= size => Ok(()),
            _ => Err(Error::input(format!(
                "{length} bytes at byte {offset} lie past the end of the file ({size} bytes)"
            ))),
        }
    }

    /// Fills the buffer from `offset` on.
    #[cfg(unix)]
    pub(super) fn fill_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        use std::os::unix::fs::FileExt;
        self.file.read_exact_at(buffer, offset).map_err(|e| read_error(offset, buffer.len(), &e))
    }

    /// Fills the buffer from `offset` on.
    #[cfg(windows)]
    pub(super) fn fill_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        use std::os::windows::fs::FileExt;
        let (mut at, total) = (0, buffer.len());
        while at < total {
            match self.file.seek_read(&mut buffer[at..], offset + at as u64) {
                Ok(0) => {
                    let end = std::io::ErrorKind::UnexpectedEof.into();
                    return Err(read_error(offset, total, &end));
                }
                Ok(n) => at += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(read_error(offset, total, &e)),
            }
        }
        Ok(())
    }
}

fn read_error(offset: u64, length: usize, error: &std::io::Error) -> Error {
    Error::input(format!("reading {length} bytes at byte {offset}: {error}"))
}
