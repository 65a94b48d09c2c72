//! Parquet and Arrow IPC files, by the arrow crates.
//!
//! `layout` makes branches of columns, `values` batches of arrays, `columns`
//! reads ranges of events from a `Table`, which `parquet` and `ipc` are.

mod buffers;
mod columns;
mod counts;
mod guard;
mod inspect;
mod ipc;
mod layout;
mod page_headers;
mod parquet;
mod values;

pub use guard::panic_becomes_error;
pub(super) use inspect::{inspect_arrow, inspect_parquet};

use self::columns::{Scan, TableColumns};
use self::ipc::IpcFile;
use self::layout::{Content, Layout, Leaf, Step};
use self::parquet::ParquetFile;
use super::DEFAULT_TREE;
use super::footprint::{Footprint, widened};
use super::storage::Storage;
use super::totals::Counters;
use crate::batch::Request;
use crate::error::{Error, Result};
use crate::read::{ColumnReader, Identity, Source};
use crate::schema::{Branch, Schema, Shape};
use std::ops::Range;
use std::sync::Arc;

/// Columns in chunks of events: row groups or record batches.
trait Table: Send + Sync {
    /// First events of the chunks, and the number of all events.
    fn bounds(&self) -> &[u64];

    /// What the format calls a chunk.
    fn chunk_name(&self) -> &'static str;

    /// Where the bytes of a leaf in a chunk lie.
    fn places(&self, leaf: &Leaf, chunk: usize) -> Vec<Range<u64>>;

    /// The bytes of all of it.
    fn storage(&self) -> &Storage;

    /// The way to the values of a leaf in what a scan gives.
    fn steps(&self, leaf: &Leaf) -> Vec<Step>;

    /// The column of a leaf in a chunk, without its first `skip` events.
    fn scan(
        self: Arc<Self>,
        leaf: &Leaf,
        chunk: usize,
        skip: u64,
        totals: &Arc<Counters>,
    ) -> Result<Scan>;
}

/// What one leaf takes in the file.
#[derive(Debug, Clone, Default)]
struct Size {
    bytes: u64,
    compressed_bytes: u64,
    /// Bytes of its values in memory: an estimate.
    values: u64,
    /// Bytes that reading it holds: an estimate.
    held: u64,
    chunks: usize,
    compression: String,
    encoding: String,
}

/// An open table, and its branches.
struct TableSource {
    table: Arc<dyn Table>,
    schema: Schema,
    contents: Vec<Content>,
    sizes: Vec<Size>,
    identity: Identity,
}

impl TableSource {
    fn new(
        table: Arc<dyn Table>,
        layout: Layout,
        sizes: Vec<Size>,
        storage: &Storage,
        tree: Option<&str>,
    ) -> Arc<TableSource> {
        let Layout { mut branches, contents, .. } = layout;
        for (branch, content) in branches.iter_mut().zip(&contents) {
            sized(branch, content, &sizes);
        }
        let events = table.bounds().last().copied().unwrap_or(0);
        let tree = tree.unwrap_or(DEFAULT_TREE).to_owned();
        let schema = Schema { tree, events, branches };
        let identity = storage.identity(String::new());
        Arc::new(TableSource { table, schema, contents, sizes, identity })
    }

    /// Number of the branch of this name.
    fn branch(&self, name: &str) -> Option<usize> {
        self.schema.branches.iter().position(|b| b.name == name)
    }

    /// A list of those that a counter of a request counts: one that is read anyway, or
    /// any. The name of a list means that list alone.
    fn list(&self, name: &str, request: &Request) -> Option<(usize, &Leaf)> {
        let branches = &self.schema.branches;
        let counter = |list: usize| match &branches[list].shape {
            Shape::Counted(counter) => Some(counter.as_str()),
            _ => None,
        };
        let counted = |list: &usize| counter(*list) == Some(name);
        let mut read = request.columns.iter().filter_map(|column| self.branch(&column.branch));
        let any = read.find(counted).or_else(|| (0..branches.len()).find(counted));
        let own = || self.branch(name).filter(|list| counter(*list).is_some());
        let list = any.or_else(own)?;
        match &self.contents[list] {
            Content::Values(leaf) => Some((list, leaf)),
            Content::Lengths(_) | Content::Unknown => None,
        }
    }

    fn footprint(&self, request: &Request) -> Footprint {
        let mut all = Footprint::counting(request);
        for column in &request.columns {
            let Some(index) = self.branch(&column.branch) else { continue };
            let (Content::Values(leaf) | Content::Lengths(leaf)) = &self.contents[index] else {
                continue;
            };
            let Some(size) = self.sizes.get(leaf.number) else { continue };
            let values = widened(size.values, &self.schema.branches[index], request);
            all.add(self.schema.events, values, size.held);
            if self.table.storage().is_remote() {
                // Whole chunks are fetched: the last one of a batch, and the next.
                let chunk = size.compressed_bytes / size.chunks.max(1) as u64;
                all.held = all.held.saturating_add(2 * chunk);
            }
        }
        all
    }

    fn at_branch(&self, branch: usize, error: Error) -> Error {
        let name = &self.schema.branches[branch].name;
        error.within(format!("{}: branch {name}", self.identity.path))
    }
}

/// Fills in what the values of a branch take; lengths are part of a list's.
fn sized(branch: &mut Branch, content: &Content, sizes: &[Size]) {
    let Content::Values(leaf) = content else { return };
    let Some(size) = sizes.get(leaf.number) else { return };
    branch.bytes = size.bytes;
    branch.compressed_bytes = size.compressed_bytes;
    branch.baskets = size.chunks;
    branch.compression.clone_from(&size.compression);
}

/// An open table as a source of columns.
struct Opened(Arc<TableSource>);

/// Opens a Parquet file.
pub(super) fn open_parquet(storage: Storage, tree: Option<&str>) -> Result<Box<dyn Source>> {
    let storage = Arc::new(storage);
    let (file, layout) = ParquetFile::open(&storage).map_err(|e| e.within(&storage.path))?;
    let sizes = file.sizes();
    Ok(Box::new(Opened(TableSource::new(Arc::new(file), layout, sizes, &storage, tree))))
}

/// Opens an Arrow IPC file.
pub(super) fn open_arrow(storage: Storage, tree: Option<&str>) -> Result<Box<dyn Source>> {
    let storage = Arc::new(storage);
    let (file, layout) = IpcFile::open(&storage).map_err(|e| e.within(&storage.path))?;
    let sizes = file.sizes();
    Ok(Box::new(Opened(TableSource::new(Arc::new(file), layout, sizes, &storage, tree))))
}

impl Source for Opened {
    fn schema(&self) -> &Schema {
        &self.0.schema
    }

    fn identity(&self) -> &Identity {
        &self.0.identity
    }

    fn columns(&self, request: &Request) -> Result<Box<dyn ColumnReader>> {
        Ok(Box::new(TableColumns::new(Arc::clone(&self.0), request)?))
    }

    fn footprint(&self, request: &Request) -> Footprint {
        self.0.footprint(request)
    }
}
