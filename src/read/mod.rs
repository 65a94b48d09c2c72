//! Input formats: one folder a format behind one trait. A source gives its
//! schema, then batches of just the columns that a plan needs.

mod fit;
mod report;
mod root;
mod verify;

pub(crate) use fit::{alike, like, with_defaults};
pub use report::{BranchReport, FileReport, ObjectReport, TreeReport};
pub use verify::{Verified, verify};

use crate::batch::{Batch, Request};
use crate::error::{Error, Result};
use crate::schema::Schema;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// Opens the events of a file: the tree of the given name, else `Events`, else
/// the only tree.
///
/// # Errors
/// The file cannot be read, is of no known format, is damaged, or has no such tree.
pub fn open(path: &Path, tree: Option<&str>) -> Result<Box<dyn Source>> {
    match format(path)? {
        Format::Root => root::open(path, tree),
    }
}

/// Reports what a file holds, without reading its events.
///
/// # Errors
/// The file cannot be read, is of no known format or is damaged.
pub fn inspect(path: &Path) -> Result<FileReport> {
    match format(path)? {
        Format::Root => root::inspect(path),
    }
}

/// The formats that can be read.
enum Format {
    Root,
}

/// The format of a file, by its first bytes.
fn format(path: &Path) -> Result<Format> {
    let place = |e: Error| e.within(path.display());
    let failed = |e: std::io::Error| place(Error::input(e.to_string()));
    let mut head = Vec::new();
    std::fs::File::open(path).map_err(failed)?.take(4).read_to_end(&mut head).map_err(failed)?;
    match head.as_slice() {
        b"root" => Ok(Format::Root),
        b"PAR1" => Err(place(Error::input(
            "a Parquet file; this version reads TTrees and RNTuples in ROOT files, a later one \
             reads Parquet",
        ))),
        [] => Err(place(Error::input("the file is empty (0 bytes)"))),
        other => Err(place(Error::input(format!(
            "not a ROOT file: it starts with {}, not with `root`",
            other.escape_ascii()
        )))),
    }
}

/// An opened input: a schema, and readers of columns.
pub trait Source: Send + Sync {
    /// What the file offers.
    fn schema(&self) -> &Schema;

    /// Identity of the file, for `run.json`.
    fn identity(&self) -> &Identity;

    /// Branches of the schema that the file lacks: they have a declared default.
    fn absent(&self) -> &[String] {
        &[]
    }

    /// A reader of the requested columns.
    ///
    /// # Errors
    /// A branch is missing, cannot be read, or is not of the requested shape.
    fn columns(&self, request: &Request) -> Result<Box<dyn ColumnReader>>;
}

/// Reads ranges of events of the requested columns.
pub trait ColumnReader: Send {
    /// The events `range` (first to one past the last) as one batch. Ranges
    /// may come in any order; ascending ones touch each basket once.
    ///
    /// # Errors
    /// The file is damaged: the message names file, tree, branch, basket and offset.
    fn read(&mut self, range: Range<u64>) -> Result<Batch>;

    /// Time and bytes spent so far.
    fn stats(&self) -> ReadStats;

    /// First events of the file's clusters, ascending, starting with 0: good
    /// places to cut batches at.
    fn cluster_starts(&self) -> &[u64];
}

/// What tells one file from another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Path or address as given.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// The file's UUID, in the usual dashed form; empty if it has none.
    pub uuid: String,
}

/// Where reading spent its time (summed over threads) and what it moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadStats {
    /// Reading bytes from disk.
    pub read: Duration,
    /// Decompressing.
    pub decompress: Duration,
    /// Byte-swapping into columns.
    pub decode: Duration,
    /// Bytes read from disk.
    pub compressed_bytes: u64,
    /// Bytes after decompression.
    pub bytes: u64,
}
