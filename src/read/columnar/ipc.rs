//! Arrow IPC files: record batches as chunks. Of a batch, only the buffers of
//! the wanted column are read.

use super::columns::Scan;
use super::guard::guarded;
use super::layout::{Layout, Leaf, Step};
use super::{Size, Table, buffers, counts};
use crate::error::{Error, Result};
use crate::read::storage::Storage;
use crate::read::totals::Counters;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, CompressionType, MetadataVersion, RecordBatch as Header};
use arrow_schema::{ArrowError, SchemaRef};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

/// The largest ratio of ZSTD's blocks: 128 kB in 4 bytes.
const MAX_RATIO: usize = 1 << 15;
/// Any buffer may have so many bytes.
const SMALL: usize = 1 << 16;

/// An open Arrow IPC file.
pub(super) struct IpcFile {
    storage: Arc<Storage>,
    schema: SchemaRef,
    version: MetadataVersion,
    batches: Vec<Batch>,
    bounds: Vec<u64>,
    /// The buffers of each column, by their numbers in a batch; `None` where the
    /// schema does not tell.
    buffers: Vec<Option<Range<usize>>>,
    /// One for each column.
    decoded: Vec<Decoded>,
}

/// The batch that was last decoded of a column, while it is in use.
type Decoded = Mutex<Option<(usize, Weak<dyn Array>)>>;

/// A record batch: where it is, and the ranges of its buffers in its body.
struct Batch {
    block: Block,
    /// That of its own message: pyarrow writes the newest one into every footer.
    version: MetadataVersion,
    codec: Option<CompressionType>,
    buffers: Vec<Range<usize>>,
    /// Bytes of the buffers after decompression, of those for which that is known.
    needed: Vec<Option<usize>>,
}

impl Batch {
    /// Bytes of a buffer after decompression: an estimate, if its type does not tell.
    fn unpacked(&self, number: usize) -> u64 {
        let packed = self.buffers[number].len();
        let needed = self.needed.get(number).copied().flatten();
        // An empty buffer stands for what is the same in all places.
        let needed = needed.filter(|_| packed > 0);
        // What a codec makes of floating-point numbers is rarely less.
        needed.unwrap_or(packed.saturating_mul(3)) as u64
    }
}

fn refused(error: ArrowError) -> Error {
    let said = match &error {
        ArrowError::ParseError(text)
        | ArrowError::IpcError(text)
        | ArrowError::InvalidArgumentError(text) => text.clone(),
        other => other.to_string(),
    };
    Error::input(said).with_source(error)
}

impl IpcFile {
    /// Reads the footer and what describes the record batches.
    pub(super) fn open(storage: &Arc<Storage>) -> Result<(IpcFile, Layout)> {
        let footer = |e: Error| e.within("footer of the Arrow file");
        let size = storage.size;
        let end = size.checked_sub(10).ok_or_else(|| footer(Error::input("it is cut off")))?;
        let mut trailer = [0; 10];
        storage.fill_at(end, &mut trailer).map_err(footer)?;
        let length = read_footer_length(trailer).map_err(|e| {
            footer(refused(e).within("not complete; was the file closed and copied as a whole?"))
        })?;
        let start = end.checked_sub(length as u64);
        let start = start.ok_or_else(|| footer(Error::input(format!("{length} bytes long"))))?;
        let bytes = storage.read_at(start, length).map_err(footer)?;
        let parsed = arrow_ipc::root_as_footer(&bytes)
            .map_err(|e| footer(Error::input(format!("damaged: {e}"))))?;
        let schema = parsed.schema().ok_or_else(|| footer(Error::input("it has no schema")))?;
        if !schema.endianness().equals_to_target_endianness() {
            return Err(footer(Error::input(
                "its numbers are in the byte order of other machines",
            )));
        }
        let schema = guarded(|| try_fb_to_schema(schema).map_err(refused)).map_err(footer)?;
        let schema = Arc::new(schema);
        let layout = Layout::new(schema.fields(), &HashMap::new());
        let mut next = Some(0);
        let mut ranges = Vec::new();
        for field in schema.fields() {
            let from = next;
            let mut all = Vec::new();
            let told = buffers::bytes(field.data_type(), &mut std::iter::empty(), &mut all);
            next = next.zip(told).map(|(at, ())| at + all.len());
            ranges.push(from.zip(next).map(|(from, to)| from..to));
        }
        let decoded = ranges.iter().map(|_| Mutex::new(None)).collect();
        let (storage, version) = (Arc::clone(storage), parsed.version());
        let (batches, bounds) = (Vec::new(), vec![0]);
        let mut file =
            IpcFile { storage, schema, version, batches, bounds, buffers: ranges, decoded };
        let listed = || parsed.recordBatches().into_iter().flatten();
        let dictionaries = parsed.dictionaries().into_iter().flatten();
        counts::cover(&file.storage, &file.schema, listed().chain(dictionaries), start)
            .map_err(footer)?;
        for (number, block) in listed().enumerate() {
            file.add(*block).map_err(|e| e.within(format!("record batch {number}")))?;
        }
        Ok((file, layout))
    }

    /// Reads what describes a record batch.
    fn add(&mut self, block: Block) -> Result<()> {
        let whole = |n: i64| usize::try_from(n).ok();
        let (offset, head) = (block.offset(), i64::from(block.metaDataLength()));
        let lengths = whole(head).zip(whole(block.bodyLength()));
        let total = lengths.and_then(|(head, body)| head.checked_add(body));
        let (Some(total), Ok(at)) = (total, u64::try_from(offset)) else {
            return Err(Error::input(format!(
                "{head} and {} bytes at byte {offset}",
                block.bodyLength()
            )));
        };
        self.storage.check_inside(at, total)?;
        let head = self.storage.read_at(at, total - block.bodyLength() as usize)?;
        let (version, header) = header(&head)?;
        counts::rows(&header, self.schema.fields())?;
        let rows = u64::try_from(header.length()).ok();
        let end = rows.and_then(|rows| self.bounds[self.bounds.len() - 1].checked_add(rows));
        let what = || Error::input(format!("a number of {} rows", header.length()));
        self.bounds.push(end.ok_or_else(what)?);
        let mut buffers = Vec::new();
        for (number, buffer) in header.buffers().into_iter().flatten().enumerate() {
            let range = whole(buffer.offset()).zip(whole(buffer.length()));
            let end = range.and_then(|(from, n)| Some((from, from.checked_add(n)?)));
            match end {
                Some((from, to)) if to as i64 <= block.bodyLength() => buffers.push(from..to),
                _ => {
                    return Err(Error::input(format!(
                        "buffer {number}: {} bytes at byte {} of {}",
                        buffer.length(),
                        buffer.offset(),
                        block.bodyLength()
                    )));
                }
            }
        }
        let codec = header.compression().map(|c| c.codec());
        let nodes = header.nodes().into_iter().flatten();
        let mut nodes = nodes.map(|node| usize::try_from(node.length()).unwrap_or(0));
        let mut needed = Vec::with_capacity(buffers.len());
        // Behind a type that does not tell, which buffer is whose is not known.
        let mut columns = self.schema.fields().iter();
        columns.try_for_each(|f| buffers::bytes(f.data_type(), &mut nodes, &mut needed));
        self.batches.push(Batch { block, version, codec, buffers, needed });
        Ok(())
    }

    /// The version of the format.
    pub(super) fn version(&self) -> String {
        self.version.variant_name().unwrap_or("of an unknown version").to_owned()
    }

    /// The numbers of the buffers of a column.
    fn buffers(&self, column: usize, batch: &Batch) -> Range<usize> {
        let all = batch.buffers.len();
        let known = self.buffers.get(column).cloned().flatten();
        known.filter(|range| range.end <= all).unwrap_or(0..all)
    }

    /// What each leaf takes: known for columns that are one leaf.
    pub(super) fn sizes(&self) -> Vec<Size> {
        let mut sizes = Vec::new();
        for (column, field) in self.schema.fields().iter().enumerate() {
            let mut size = Size { compression: "none".to_owned(), ..Size::default() };
            for batch in &self.batches {
                let numbers = self.buffers(column, batch);
                let bytes: u64 =
                    batch.buffers[numbers.clone()].iter().map(|r| r.len() as u64).sum();
                size.compressed_bytes = size.compressed_bytes.saturating_add(bytes);
                size.chunks += 1;
                let values = match batch.codec {
                    Some(_) => numbers.fold(0, |sum: u64, n| sum.saturating_add(batch.unpacked(n))),
                    None => bytes,
                };
                size.values = size.values.saturating_add(values);
                size.held = size.held.max(values.saturating_add(bytes));
                if let Some(codec) = batch.codec {
                    size.compression = codec.variant_name().unwrap_or("unknown").to_owned();
                }
            }
            // A compressed buffer tells its length only to those who read it.
            size.bytes = if size.compression == "none" { size.compressed_bytes } else { 0 };
            let leaves = super::layout::leaves(field.data_type());
            if leaves > 1 {
                (size.bytes, size.compressed_bytes) = (0, 0);
            }
            sizes.extend(std::iter::repeat_n(size, leaves));
        }
        sizes
    }

    /// A column of a batch; not decoded twice while it is in use.
    fn column(&self, column: usize, number: usize, totals: &Counters) -> Result<ArrayRef> {
        let mut known = self.decoded[column].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, weak)) = known.as_ref()
            && let (true, Some(array)) = (*of == number, weak.upgrade())
        {
            return Ok(array);
        }
        let array = self.decode(column, number, totals)?;
        *known = Some((number, Arc::downgrade(&array)));
        Ok(array)
    }

    fn decode(&self, column: usize, number: usize, totals: &Counters) -> Result<ArrayRef> {
        let batch = &self.batches[number];
        let head = batch.block.metaDataLength() as usize;
        let (at, body) = (batch.block.offset() as u64, batch.block.bodyLength() as usize);
        // Memory for the whole batch, most of which is never touched: buffers
        // are where the header says they are.
        let mut bytes = vec![0u8; head + body];
        let since = Instant::now();
        self.storage.fill_at(at, &mut bytes[..head])?;
        let mut moved = head;
        for number in self.buffers(column, batch) {
            let range = &batch.buffers[number];
            let place = head + range.start..head + range.end;
            self.storage.fill_at(at + place.start as u64, &mut bytes[place.clone()])?;
            moved += range.len();
            if let Some(codec) = batch.codec {
                let needed = batch.needed.get(number).copied().flatten();
                believable(codec, &bytes[place], needed)?;
            }
        }
        totals.read(since);
        let since = Instant::now();
        let decoder =
            FileDecoder::new(Arc::clone(&self.schema), batch.version).with_projection(vec![column]);
        let buffer = Buffer::from_vec(bytes);
        let decode = || decoder.read_record_batch(&batch.block, &buffer).map_err(refused);
        let decoded = guarded(decode)?;
        let array = decoded.and_then(|batch| batch.columns().first().map(Arc::clone));
        let array = array.ok_or_else(|| Error::input("the column is not there"))?;
        totals.decompressed(since);
        totals.moved(moved, moved);
        Ok(array)
    }
}

/// The version of a message and the header of a record batch in it.
fn header(bytes: &[u8]) -> Result<(MetadataVersion, Header<'_>)> {
    let start = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = bytes.get(start..).ok_or_else(|| Error::input("its header is too short"))?;
    let message = arrow_ipc::root_as_message(message)
        .map_err(|e| Error::input(format!("its header is damaged: {e}")))?;
    let header = message.header_as_record_batch();
    Ok((message.version(), header.ok_or_else(|| Error::input("another kind of message"))?))
}

/// An error if a compressed buffer cannot be as long as it says, so that
/// nothing is allocated on the word of damaged bytes.
fn believable(codec: CompressionType, buffer: &[u8], needed: Option<usize>) -> Result<()> {
    let Some((length, packed)) = buffer.split_first_chunk::<8>() else { return Ok(()) };
    let claimed = match i64::from_le_bytes(*length) {
        -1 => return Ok(()), // stored as it is
        n => usize::try_from(n).map_err(|_| Error::input(format!("a buffer of {n} bytes")))?,
    };
    let size = match codec {
        CompressionType::ZSTD => zstd_safe::get_frame_content_size(packed).ok().flatten(),
        _ => None,
    };
    let found = match size {
        Some(size) if size != claimed as u64 => format!("the frame holds {size}"),
        _ if !buffers::fit(claimed, needed) => {
            format!("its values take {}", needed.unwrap_or(claimed))
        }
        None if claimed > SMALL && claimed / MAX_RATIO > packed.len() => {
            format!("it has {} bytes on disk", packed.len())
        }
        _ => return Ok(()),
    };
    Err(Error::input(format!("a buffer says it has {claimed} bytes, but {found}")))
}

impl Table for IpcFile {
    fn bounds(&self) -> &[u64] {
        &self.bounds
    }

    fn chunk_name(&self) -> &'static str {
        "record batch"
    }

    fn places(&self, leaf: &Leaf, chunk: usize) -> Vec<Range<u64>> {
        let Some(batch) = self.batches.get(chunk) else { return Vec::new() };
        let start = batch.block.offset() as u64;
        let body = start.saturating_add(batch.block.metaDataLength() as u64);
        let buffers = &batch.buffers[self.buffers(leaf.column, batch)];
        let head = Some(start..body);
        let place = |r: &Range<usize>| {
            body.saturating_add(r.start as u64)..body.saturating_add(r.end as u64)
        };
        buffers.iter().map(place).chain(head).collect()
    }

    fn storage(&self) -> &Storage {
        &self.storage
    }

    fn steps(&self, leaf: &Leaf) -> Vec<Step> {
        leaf.steps.clone()
    }

    fn scan(
        self: Arc<Self>,
        leaf: &Leaf,
        chunk: usize,
        skip: u64,
        totals: &Arc<Counters>,
    ) -> Result<Scan> {
        let array = self.column(leaf.column, chunk, totals)?;
        let rows = self.bounds[chunk + 1] - self.bounds[chunk];
        if array.len() as u64 != rows {
            let what = format!("{} values where {rows} belong", array.len());
            return Err(Error::input(what));
        }
        // A slice keeps its array alive, but not the one that others look for.
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(array.len());
        let rest = if skip == 0 { array } else { array.slice(skip, array.len() - skip) };
        Ok(Box::new(std::iter::once(Ok(rest))))
    }
}
