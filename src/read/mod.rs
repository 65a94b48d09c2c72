//! Input formats: one folder a format behind one trait. A source gives its
//! schema, then batches of just the columns that a plan needs.

use crate::batch::{Batch, Request};
use crate::error::Result;
use crate::schema::Schema;
use std::ops::Range;
use std::time::Duration;

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
