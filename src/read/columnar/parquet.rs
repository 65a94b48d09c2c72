//! Parquet files: row groups as chunks; a leaf is one column of theirs.

use super::columns::Scan;
use super::guard::guarded;
use super::layout::{Layout, Leaf, Step};
use super::{Size, Table, counts, page_headers};
use crate::error::{Error, ErrorKind, Result};
use crate::read::storage::Storage;
use crate::read::totals::Counters;
use arrow_array::{ArrayRef, RecordBatch};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{CompressionCodec, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use std::collections::HashMap;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Events that are decoded at a time.
const ROWS: usize = 1 << 14;
/// Bytes of a page and a dictionary, as programs write them, and of them in the file.
const PAGES: u64 = 4 << 20;
/// Bytes that are read for the header of a page.
const PAGE_HEADER: usize = 512;

/// An open Parquet file.
pub(super) struct ParquetFile {
    storage: Arc<Storage>,
    metadata: ArrowReaderMetadata,
    bounds: Vec<u64>,
}

/// The storage as the parquet crate wants to see it.
#[derive(Clone)]
struct Chunks {
    storage: Arc<Storage>,
    totals: Arc<Counters>,
    /// Where flags lie that are wrong, ascending.
    flags: Arc<[u64]>,
    /// Of which kind a read failed: the crate makes text of all errors.
    failed: Arc<OnceLock<ErrorKind>>,
}

impl Chunks {
    fn new(storage: &Arc<Storage>, totals: &Arc<Counters>, flags: Vec<u64>) -> Chunks {
        let (storage, totals) = (Arc::clone(storage), Arc::clone(totals));
        Chunks { storage, totals, flags: flags.into(), failed: Arc::default() }
    }

    /// What reading gives, with the kind of its error.
    fn kept<T>(&self, read: Result<T>) -> Result<T> {
        read.inspect_err(|e| {
            let _ = self.failed.set(e.kind());
        })
    }

    /// An error of the crate, which is of the kind of the read that failed, if one did.
    fn blamed(&self, error: Error) -> Error {
        match self.failed.get() {
            Some(kind) => Error::new(*kind, error.to_string()),
            None => error,
        }
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.storage.size
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Forward>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let forward = Forward { chunks: self.clone(), at: start };
        Ok(BufReader::with_capacity(PAGE_HEADER, forward))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let since = Instant::now();
        let mut bytes = self.kept(self.storage.read_at(start, length)).map_err(outer)?;
        self.totals.read(since);
        page_headers::correct(&self.flags, start, &mut bytes);
        self.totals.moved(length, 0);
        Ok(Bytes::from(bytes))
    }
}

fn outer(error: Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// Reads from a position on.
struct Forward {
    chunks: Chunks,
    at: u64,
}

impl Read for Forward {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let storage = &self.chunks.storage;
        let left = storage.size.saturating_sub(self.at);
        if left == 0 && !buffer.is_empty() {
            // No header of a page is the last thing in a file. To say that there are
            // no more bytes would not end the skipping of a forged list.
            let what = "the file ends in the header of a page";
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, what));
        }
        let n = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let filled = storage.fill_at(self.at, &mut buffer[..n]);
        self.chunks.kept(filled).map_err(std::io::Error::other)?;
        page_headers::correct(&self.chunks.flags, self.at, &mut buffer[..n]);
        self.at += n as u64;
        Ok(n)
    }
}

/// An error of the parquet crate, without what its type says already.
fn refused(error: ParquetError) -> Error {
    let said = match &error {
        ParquetError::General(text) | ParquetError::NYI(text) | ParquetError::EOF(text) => {
            text.clone()
        }
        // Each layer names itself before what happened.
        other => {
            let text = other.to_string();
            let layers = ["External: ", "Parquet argument error: ", "Parquet error: "];
            layers.iter().fold(&*text, |text, layer| text.trim_start_matches(layer)).to_owned()
        }
    };
    Error::input(said).with_source(error)
}

impl ParquetFile {
    /// Reads the footer.
    pub(super) fn open(storage: &Arc<Storage>) -> Result<(ParquetFile, Layout)> {
        let chunks = Chunks::new(storage, &Arc::default(), Vec::new());
        let load =
            || ArrowReaderMetadata::load(&chunks, ArrowReaderOptions::new()).map_err(refused);
        let metadata = guarded(load).map_err(|e| {
            let hint = "not complete; was the file closed and copied as a whole?";
            chunks.blamed(e).within(hint).within("footer of the Parquet file")
        })?;
        counts::groups(metadata.metadata())?;
        let (mut bounds, mut unreadable) = (vec![0u64], HashMap::new());
        for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
            let place = |e: Error| e.within(format!("row group {number}"));
            let last = bounds[bounds.len() - 1];
            let end = u64::try_from(group.num_rows()).ok().and_then(|rows| last.checked_add(rows));
            let what = || Error::input(format!("a number of {} rows", group.num_rows()));
            bounds.push(end.ok_or_else(what).map_err(place)?);
            counts::values(group).map_err(place)?;
            for (leaf, column) in group.columns().iter().enumerate() {
                check(storage, column).map_err(place)?;
                if let CompressionCodec::BROTLI | CompressionCodec::LZO = column.compression_codec()
                {
                    unreadable.entry(leaf).or_insert_with(|| {
                        format!(
                            "compressed with {}; write the file with zstd, snappy, lz4 or gzip",
                            codec(column)
                        )
                    });
                }
            }
        }
        let layout = Layout::new(metadata.schema().fields(), &unreadable);
        let found = metadata.parquet_schema().num_columns();
        if layout.leaves != found {
            return Err(Error::input(format!(
                "the file has {found} columns, its Arrow schema {}",
                layout.leaves
            )));
        }
        Ok((ParquetFile { storage: Arc::clone(storage), metadata, bounds }, layout))
    }

    /// The program that wrote the file.
    pub(super) fn writer(&self) -> String {
        let writer = self.metadata.metadata().file_metadata().created_by();
        writer.unwrap_or("an unnamed program").to_owned()
    }

    /// The version of the format.
    pub(super) fn version(&self) -> i32 {
        self.metadata.metadata().file_metadata().version()
    }

    fn row_groups(&self) -> &[RowGroupMetaData] {
        self.metadata.metadata().row_groups()
    }

    /// What each leaf takes.
    pub(super) fn sizes(&self) -> Vec<Size> {
        let schema = self.metadata.parquet_schema();
        let mut sizes = vec![Size::default(); schema.num_columns()];
        for group in self.row_groups() {
            for (size, column) in sizes.iter_mut().zip(group.columns()) {
                let bytes = |n: i64| u64::try_from(n).unwrap_or(0);
                size.bytes = size.bytes.saturating_add(bytes(column.uncompressed_size()));
                let packed = bytes(column.compressed_size());
                size.compressed_bytes = size.compressed_bytes.saturating_add(packed);
                size.chunks += 1;
                let values = bytes(column.num_values()).saturating_mul(width(column));
                size.values = size.values.saturating_add(values);
                let scan = values / bytes(group.num_rows()).max(1) * ROWS as u64;
                size.held = size.held.max(2 * scan + values.min(PAGES));
                if size.chunks == 1 {
                    size.compression = codec(column);
                    let encodings: Vec<String> =
                        column.encodings().map(|encoding| format!("{encoding:?}")).collect();
                    size.encoding = encodings.join(", ");
                }
            }
        }
        sizes
    }
}

/// Bytes of a value in memory, before it is widened.
fn width(column: &ColumnChunkMetaData) -> u64 {
    match column.column_type() {
        PhysicalType::BOOLEAN => 1,
        PhysicalType::INT32 | PhysicalType::FLOAT => 4,
        _ => 8,
    }
}

fn codec(column: &ColumnChunkMetaData) -> String {
    match column.compression_codec() {
        CompressionCodec::UNCOMPRESSED => "none".to_owned(),
        codec => format!("{codec:?}"),
    }
}

/// An error if a column chunk cannot lie in the file.
fn check(storage: &Storage, column: &ColumnChunkMetaData) -> Result<()> {
    let (data, bytes) = (column.data_page_offset(), column.compressed_size());
    let first = column.dictionary_page_offset().unwrap_or(data);
    let whole = |n: i64| u64::try_from(n).ok();
    let inside = match (whole(first), whole(data), whole(bytes), whole(column.num_values())) {
        (Some(first), Some(_), Some(bytes), Some(_)) => {
            first.checked_add(bytes).is_some_and(|end| end <= storage.size)
        }
        _ => false,
    };
    if inside && column.file_path().is_none() {
        return Ok(());
    }
    let what = match column.file_path() {
        Some(other) => format!("its data are in another file, {other}"),
        None => format!("{bytes} bytes at byte {first} do not lie in the file"),
    };
    Err(Error::input(what).within(format!("column {}", column.column_path())))
}

impl Table for ParquetFile {
    fn bounds(&self) -> &[u64] {
        &self.bounds
    }

    fn chunk_name(&self) -> &'static str {
        "row group"
    }

    fn places(&self, leaf: &Leaf, chunk: usize) -> Vec<Range<u64>> {
        let column = self.row_groups().get(chunk).and_then(|g| g.columns().get(leaf.number));
        let place = |column: &ColumnChunkMetaData| {
            let (start, bytes) = column.byte_range();
            start..start.saturating_add(bytes)
        };
        column.map(place).into_iter().collect()
    }

    fn storage(&self) -> &Storage {
        &self.storage
    }

    /// A record that is read for one leaf has no other fields.
    fn steps(&self, leaf: &Leaf) -> Vec<Step> {
        let only = |step: &Step| match step {
            Step::Items => Step::Items,
            Step::Field(_) => Step::Field(0),
        };
        leaf.steps.iter().map(only).collect()
    }

    fn scan(
        self: Arc<Self>,
        leaf: &Leaf,
        chunk: usize,
        skip: u64,
        totals: &Arc<Counters>,
    ) -> Result<Scan> {
        let column = self.row_groups().get(chunk).and_then(|g| g.columns().get(leaf.number));
        let column = column.ok_or_else(|| Error::input("no such column"))?;
        let mut flags = Vec::new();
        let packed = column.compression_codec();
        if packed != CompressionCodec::UNCOMPRESSED {
            let (start, bytes) = column.byte_range();
            let place = start..start.saturating_add(bytes);
            flags = page_headers::look(&self.storage, place, packed)?;
        }
        if !page_headers::have_wrong_flags(&self.writer()) {
            flags.clear();
        }
        let chunks = Chunks::new(&self.storage, totals, flags);
        let mask = ProjectionMask::leaves(self.metadata.parquet_schema(), [leaf.number]);
        let skip = usize::try_from(skip).map_err(|_| Error::input("too many rows"))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            chunks.clone(),
            self.metadata.clone(),
        )
        .with_row_groups(vec![chunk])
        .with_projection(mask)
        .with_batch_size(ROWS)
        .with_offset(skip);
        let mut reader = Some(guarded(|| builder.build().map_err(|e| chunks.blamed(refused(e))))?);
        let totals = Arc::clone(totals);
        Ok(Box::new(std::iter::from_fn(move || {
            let next = guarded(|| {
                let next = reader.as_mut().and_then(Iterator::next).transpose();
                next.map_err(|e| chunks.blamed(refused(e.into())))
            });
            if next.is_err() {
                reader = None;
            }
            let column = next.and_then(|batch| batch.map(only_column).transpose());
            if let Ok(Some(column)) = &column {
                totals.moved(0, column.get_buffer_memory_size());
            }
            column.transpose()
        })))
    }
}

fn only_column(batch: RecordBatch) -> Result<ArrayRef> {
    let column = batch.columns().first().map(Arc::clone);
    column.ok_or_else(|| Error::input("the column is not there"))
}
