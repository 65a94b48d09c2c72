//! Input formats: one folder a format behind one trait. A source gives its
//! schema, then batches of just the columns that a plan needs.

mod absent;
mod adapt;
mod address;
#[cfg(feature = "parquet")]
mod columnar;
mod counting;
mod digest;
mod footprint;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod identity;
mod loaded;
#[cfg(feature = "remote")]
mod remote;
#[cfg(not(feature = "remote"))]
#[path = "no_remote.rs"]
mod remote;
mod report;
mod root;
mod shape;
mod storage;
mod totals;
mod union;
mod verify;

pub(crate) use adapt::adapted;
#[cfg(feature = "parquet")]
pub use columnar::panic_becomes_error;
pub use digest::{digest, same_bytes};
pub use footprint::Footprint;
pub use identity::{Identity, Version};
pub use report::{BranchReport, FileReport, ObjectReport, TreeReport, UnreadReport};
pub(crate) use union::{Misfit, Model, Union, describe};
pub use verify::{Verified, verify};

use self::storage::Storage;
use crate::batch::{Batch, Request};
use crate::error::{Error, Result};
use crate::schema::Schema;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// The tree that is taken if none is named.
const DEFAULT_TREE: &str = "Events";

/// Opens the events of a file (a path, or an `https://` or `http://` address): the tree of the given name, else `Events`, else
/// the only tree. Parquet and Arrow files have one table without a name, which
/// any name means.
///
/// # Errors
/// The file cannot be read, is of no known format, is damaged, or has no such tree.
pub fn open(path: &Path, tree: Option<&str>) -> Result<Box<dyn Source>> {
    open_storage(Storage::open(path)?, tree)
}

fn open_storage(storage: Storage, tree: Option<&str>) -> Result<Box<dyn Source>> {
    match format(&storage)? {
        Format::Root => root::open(storage, tree),
        #[cfg(feature = "parquet")]
        Format::Parquet => columnar::open_parquet(storage, tree),
        #[cfg(feature = "parquet")]
        Format::Arrow => columnar::open_arrow(storage, tree),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet | Format::Arrow => Err(not_built(&storage)),
    }
}

/// Reports what a file holds, without reading its events.
///
/// # Errors
/// The file cannot be read, is of no known format or is damaged.
pub fn inspect(path: &Path) -> Result<FileReport> {
    let storage = Storage::open(path)?;
    match format(&storage)? {
        Format::Root => root::inspect(storage),
        #[cfg(feature = "parquet")]
        Format::Parquet => columnar::inspect_parquet(storage),
        #[cfg(feature = "parquet")]
        Format::Arrow => columnar::inspect_arrow(storage),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet | Format::Arrow => Err(not_built(&storage)),
    }
}

#[cfg(not(feature = "parquet"))]
fn not_built(storage: &Storage) -> Error {
    let message = "a Parquet or Arrow file, which this build of gpuana cannot read; \
                   build it with the feature `parquet`";
    Error::input(message).within(&storage.path)
}

/// The formats that can be read.
enum Format {
    Root,
    Parquet,
    Arrow,
}

/// The format of a file, by its first bytes.
fn format(storage: &Storage) -> Result<Format> {
    let head = storage.read_at(0, storage.size.min(6) as usize);
    let wrong = match head.map_err(|e| e.within(&storage.path))?.as_slice() {
        [b'r', b'o', b'o', b't', ..] => return Ok(Format::Root),
        [b'P', b'A', b'R', b'1', ..] => return Ok(Format::Parquet),
        b"ARROW1" => return Ok(Format::Arrow),
        [] => "the file is empty (0 bytes)".to_owned(),
        [b'P', b'A', b'R', b'E', ..] => {
            "an encrypted Parquet file, which cannot be read".to_owned()
        }
        [0xff, 0xff, 0xff, 0xff, ..] => "an Arrow stream; write it as an Arrow file \
             (`pyarrow.ipc.new_file`, Feather version 2) or as Parquet"
            .to_owned(),
        [b'F', b'E', b'A', b'1', ..] => {
            "a Feather file of version 1; write it as version 2 or as Parquet".to_owned()
        }
        other => format!(
            "neither a ROOT, Parquet nor Arrow file: it starts with {}, not with `root`, \
             `PAR1` or `ARROW1`",
            other.escape_ascii()
        ),
    };
    Err(Error::input(wrong).within(&storage.path))
}

/// An opened input: a schema, and readers of columns.
pub trait Source: Send + Sync {
    /// What the file offers.
    fn schema(&self) -> &Schema;

    /// Identity of the file, for `run.json`.
    fn identity(&self) -> &Identity;

    /// A reader of the requested columns.
    ///
    /// # Errors
    /// A branch is missing, cannot be read, or is not of the requested shape.
    fn columns(&self, request: &Request) -> Result<Box<dyn ColumnReader>>;

    /// Gets and decompresses all that the requested columns consist of, in
    /// parallel, and looks at nothing in it: the least that reading them costs.
    ///
    /// # Errors
    /// A branch is missing or damaged, or the format has no such pieces.
    fn unpack(&self, _request: &Request) -> Result<ReadStats> {
        Err(Error::input(format!("{}: pieces cannot be told apart", self.identity().path)))
    }

    /// The memory that reading the requested columns takes.
    fn footprint(&self, request: &Request) -> Footprint {
        Footprint::of_pieces(self.schema(), request)
    }
}

/// Tells what a reader took, when all that it left to be read late is read.
pub type Totals = Box<dyn FnOnce() -> ReadStats + Send>;

/// Reads ranges of events of the requested columns.
pub trait ColumnReader: Send {
    /// The events `range` (first to one past the last) as one batch. Ranges
    /// may come in any order; ascending ones touch each basket once.
    ///
    /// # Errors
    /// The file is damaged: the message names file, tree, branch, basket and offset.
    fn read(&mut self, range: Range<u64>) -> Result<Batch>;

    /// From now on these columns, by their numbers in the request, may come late, and no
    /// others: a reader that can leaves them to be read part by part when they are needed.
    fn delay(&mut self, _columns: &[usize]) {}

    /// Takes back a batch that is no longer needed: the next one may be put into
    /// its memory.
    fn reuse(&mut self, batch: Batch) {
        drop(batch);
    }

    /// Time and bytes spent so far.
    fn stats(&self) -> ReadStats;

    /// The last of a reader.
    fn finish(self: Box<Self>) -> Totals {
        let stats = self.stats();
        Box::new(move || stats)
    }

    /// First events of the file's clusters, ascending, starting with 0: good
    /// places to cut batches at.
    fn cluster_starts(&self) -> &[u64];
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
