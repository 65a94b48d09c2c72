//! Where the bytes of an input are, on disk or on a web server: positional
//! reads, the same for all formats, checked against the size.

use super::absent;
use super::address::address;
use super::identity::{Identity, Version};
use super::remote::{Block, Remote};
use super::totals::Counters;
use crate::error::{Error, Result};
use crate::redact::redacted;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// An input of known size whose bytes can be read in any order, by many
/// threads at a time.
#[derive(Debug)]
pub(super) struct Storage {
    place: Place,
    /// Path or address as given, without secrets.
    pub(super) path: String,
    /// Size in bytes.
    pub(super) size: u64,
    version: Version,
}

#[derive(Debug)]
enum Place {
    Disk(File),
    Server(Box<Remote>),
    #[cfg(any(test, fuzzing))]
    Memory(Vec<u8>),
}

/// Bytes that were fetched before they are read: in memory while this lives.
#[derive(Debug, Default)]
#[must_use]
pub(super) struct Fetched {
    _blocks: Vec<Arc<Block>>,
}

impl Storage {
    /// Opens a file or an address.
    pub(super) fn open(path: &Path) -> Result<Storage> {
        let shown = redacted(&path.display().to_string()).into_owned();
        if let Some(url) = address(path)? {
            let server = Remote::open(url).map_err(|e| e.within(&shown))?;
            let (size, version) = (server.size(), server.seen());
            return Ok(Storage {
                place: Place::Server(Box::new(server)),
                path: shown,
                size,
                version,
            });
        }
        let failed = |e: std::io::Error| absent::why(path, e);
        // Before it is opened: that of a pipe waits for somebody who writes.
        let meta = std::fs::metadata(path).map_err(failed)?;
        if !meta.is_file() {
            return Err(absent::no_file(path, &meta));
        }
        let file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        let (size, version) = (meta.len(), Version::of(&meta));
        Ok(Storage { place: Place::Disk(file), path: shown, size, version })
    }

    /// What tells the file from others; `uuid` is empty if it has none.
    pub(super) fn identity(&self, uuid: String) -> Identity {
        let (path, version) = (self.path.clone(), self.version.clone());
        Identity { path, size: self.size, uuid, version }
    }

    /// Bytes in memory, as if they were a file.
    #[cfg(any(test, fuzzing))]
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Storage {
        let size = bytes.len() as u64;
        let (place, path) = (Place::Memory(bytes), "bytes".to_owned());
        Storage { place, path, size, version: Version::Unknown }
    }

    /// Whether reads cost a round trip, so that [`Storage::fetch`] pays.
    pub(super) fn is_remote(&self) -> bool {
        matches!(self.place, Place::Server(_))
    }

    /// Gets ranges of bytes that will be read soon, near ones together and
    /// several at a time. Files on disk need no such thing.
    pub(super) fn fetch(
        &self,
        ranges: impl Iterator<Item = Range<u64>>,
        totals: &Counters,
    ) -> Result<Fetched> {
        let Place::Server(server) = &self.place else { return Ok(Fetched::default()) };
        let since = Instant::now();
        let blocks = server.fetch(ranges.collect()).map_err(|e| e.within(&self.path))?;
        totals.read(since);
        Ok(Fetched { _blocks: blocks })
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
    pub(super) fn fill_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.check_inside(offset, buffer.len())?;
        match &self.place {
            Place::Disk(file) => fill(file, offset, buffer),
            Place::Server(server) => server.fill_at(offset, buffer),
            #[cfg(any(test, fuzzing))]
            Place::Memory(bytes) => {
                buffer.copy_from_slice(&bytes[offset as usize..][..buffer.len()]);
                Ok(())
            }
        }
    }
}

#[cfg(unix)]
fn fill(file: &File, offset: u64, buffer: &mut [u8]) -> Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_exact_at(buffer, offset).map_err(|e| read_error(offset, buffer.len(), e))
}

#[cfg(windows)]
fn fill(file: &File, offset: u64, buffer: &mut [u8]) -> Result<()> {
    use std::os::windows::fs::FileExt;
    let (mut at, total) = (0, buffer.len());
    while at < total {
        match file.seek_read(&mut buffer[at..], offset + at as u64) {
            Ok(0) => {
                let end = std::io::ErrorKind::UnexpectedEof.into();
                return Err(read_error(offset, total, end));
            }
            Ok(n) => at += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(read_error(offset, total, e)),
        }
    }
    Ok(())
}

fn read_error(offset: u64, length: usize, error: std::io::Error) -> Error {
    let what = format!("reading {length} bytes at byte {offset}: {error}");
    Error::reading(error, what)
}
