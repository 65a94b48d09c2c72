//! What `inspect` reports about Parquet and Arrow files.

use super::ipc::IpcFile;
use super::layout::{Content, Layout};
use super::parquet::ParquetFile;
use super::{Size, Table, sized};
use crate::error::Result;
use crate::read::report::{BranchReport, FileReport, TreeReport, ratio, shape_name};
use crate::read::storage::Storage;
use crate::schema::Branch;
use std::sync::Arc;

/// Columns, encodings, row groups and sizes of a Parquet file.
pub(in crate::read) fn inspect_parquet(storage: Storage) -> Result<FileReport> {
    let storage = Arc::new(storage);
    let (file, layout) = ParquetFile::open(&storage).map_err(|e| e.within(&storage.path))?;
    let format = format!("Parquet {}", file.version());
    Ok(report(&storage, &file, layout, &file.sizes(), format, file.writer()))
}

/// Columns, record batches and sizes of an Arrow IPC file.
pub(in crate::read) fn inspect_arrow(storage: Storage) -> Result<FileReport> {
    let storage = Arc::new(storage);
    let (file, layout) = IpcFile::open(&storage).map_err(|e| e.within(&storage.path))?;
    let format = format!("Arrow IPC {}", file.version());
    // The format has no place for the name of a program.
    Ok(report(&storage, &file, layout, &file.sizes(), format, "an unnamed program".to_owned()))
}

fn report(
    storage: &Storage,
    table: &dyn Table,
    layout: Layout,
    sizes: &[Size],
    format: String,
    writer: String,
) -> FileReport {
    let branches: Vec<BranchReport> = layout
        .branches
        .into_iter()
        .zip(&layout.contents)
        .map(|(branch, content)| branch_report(branch, content, sizes))
        .collect();
    let bytes = sizes.iter().map(|s| s.bytes).fold(0, u64::saturating_add);
    let compressed_bytes = sizes.iter().map(|s| s.compressed_bytes).fold(0, u64::saturating_add);
    let bounds = table.bounds();
    FileReport {
        path: storage.path.clone(),
        size: storage.size,
        uuid: String::new(),
        writer: writer.clone(),
        compression: sizes.first().map_or("none".to_owned(), |size| size.compression.clone()),
        trees: vec![TreeReport {
            name: "(no name)".to_owned(),
            format,
            writer: Some(writer),
            clusters: Some(bounds.len().saturating_sub(1)),
            cycle: 1,
            entries: bounds.last().copied().unwrap_or(0),
            bytes,
            compressed_bytes,
            ratio: ratio(bytes, compressed_bytes),
            branches,
        }],
        others: Vec::new(),
        unread: Vec::new(),
    }
}

fn branch_report(mut branch: Branch, content: &Content, sizes: &[Size]) -> BranchReport {
    sized(&mut branch, content, sizes);
    let encoding = match content {
        Content::Values(leaf) => sizes.get(leaf.number).map(|size| size.encoding.clone()),
        Content::Lengths(_) => Some("the lengths of the lists".to_owned()),
        Content::Unknown => None,
    };
    BranchReport {
        shape: shape_name(&branch.shape),
        stored: branch.stored.map(|stored| stored.name().to_owned()),
        name: branch.name,
        title: branch.title,
        encoding,
        unsupported: branch.unsupported,
        baskets: branch.baskets,
        embedded_baskets: 0,
        first_basket_compression: None,
        bytes: branch.bytes,
        compressed_bytes: branch.compressed_bytes,
        ratio: if branch.bytes == 0 { None } else { ratio(branch.bytes, branch.compressed_bytes) },
        compression: branch.compression,
    }
}
