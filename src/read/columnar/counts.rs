//! What table files say twice of the number of their events, compared: one wrong bit in
//! one of the two would lose events without a word.

use crate::error::{Error, Result};
use crate::read::storage::Storage;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::{Block, RecordBatch};
use arrow_schema::{DataType, Fields, SchemaRef};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

/// The first message of an Arrow file follows its mark.
const FIRST: u64 = 8;
/// More bytes than programs put between messages, and fewer than any batch has.
const PADDING: u64 = 64;
/// What ends the messages.
const END: u64 = 8;

/// An error unless the batches that a footer lists are all that lies between the schema
/// before them, which must be the same, and the footer.
pub(super) fn cover<'a>(
    storage: &Storage,
    schema: &SchemaRef,
    blocks: impl Iterator<Item = &'a Block>,
    footer: u64,
) -> Result<()> {
    let mut at = first(storage, schema, footer)?;
    let end = |block: &Block| {
        let bytes =
            u64::try_from(block.metaDataLength()).ok().zip(block.bodyLength().try_into().ok());
        let start = u64::try_from(block.offset()).ok()?;
        let (head, body): (u64, u64) = bytes?;
        Some((start, start.checked_add(head)?.checked_add(body)?))
    };
    let mut places: Vec<(u64, u64)> = Vec::new();
    for (number, block) in blocks.enumerate() {
        let place = end(block);
        places.push(place.ok_or_else(|| Error::input(format!("block {number} lies nowhere")))?);
    }
    places.sort_unstable();
    for (start, end) in places {
        if start < at || start - at >= PADDING {
            return Err(uncovered(at, start));
        }
        at = end;
    }
    match footer.checked_sub(at) {
        Some(rest) if rest < PADDING + END => Ok(()),
        _ => Err(uncovered(at, footer)),
    }
}

fn uncovered(at: u64, found: u64) -> Error {
    Error::input(format!(
        "damaged: a batch or the footer is expected at byte {at}, and is listed at byte {found}"
    ))
}

/// The end of the message with the schema, which must be that of the footer. Some programs
/// put more zeros before it than others.
fn first(storage: &Storage, schema: &SchemaRef, footer: u64) -> Result<u64> {
    let room = storage.size.saturating_sub(FIRST).min(PADDING + 8) as usize;
    let bytes = storage.read_at(FIRST, room)?;
    let head = bytes.chunks_exact(8).zip(0u64..).find(|(head, _)| head[..4] != [0; 4]);
    let Some((head, skipped)) = head else {
        return Err(Error::input(format!("damaged: there is no schema at byte {FIRST}")));
    };
    let start = FIRST + 8 * skipped;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (prefix, length) = if word(0) == u32::MAX { (8, word(4)) } else { (4, word(0)) };
    let end = start + prefix + u64::from(length);
    if end > footer {
        return Err(Error::input(format!("damaged: a schema of {length} bytes at byte {start}")));
    }
    let bytes = storage.read_at(start + prefix, length as usize)?;
    let damaged = |what: &dyn std::fmt::Display| {
        Error::input(format!("damaged: the schema at byte {start}: {what}"))
    };
    let message = arrow_ipc::root_as_message(&bytes).map_err(|e| damaged(&e))?;
    let other = message.header_as_schema().ok_or_else(|| damaged(&"another kind of message"))?;
    let other =
        super::guard::guarded(|| try_fb_to_schema(other).map_err(|e| damaged(&e).with_source(e)))?;
    if other.fields() != schema.fields() {
        return Err(damaged(&"its columns are not those of the footer"));
    }
    Ok(end)
}

/// An error unless all columns of a record batch have as many values as it has rows.
pub(super) fn rows(header: &RecordBatch<'_>, fields: &Fields) -> Result<()> {
    let rows = header.length();
    let nodes: Vec<i64> = header.nodes().into_iter().flatten().map(|node| node.length()).collect();
    let mut at = 0;
    for field in fields {
        match nodes.get(at) {
            Some(&length) if length == rows => at += node_count(field.data_type()),
            found => {
                return Err(Error::input(format!(
                    "damaged: it has {rows} rows, its column {} {} values",
                    field.name(),
                    found.unwrap_or(&0)
                )));
            }
        }
    }
    if at != nodes.len() {
        let what =
            format!("damaged: it describes {} columns and parts of them, not {at}", nodes.len());
        return Err(Error::input(what));
    }
    Ok(())
}

/// Number of a column and all that is in it.
fn node_count(data_type: &DataType) -> usize {
    use DataType as D;
    1 + match data_type {
        D::List(inner)
        | D::LargeList(inner)
        | D::ListView(inner)
        | D::LargeListView(inner)
        | D::FixedSizeList(inner, _)
        | D::Map(inner, _) => node_count(inner.data_type()),
        D::Struct(fields) => fields.iter().map(|field| node_count(field.data_type())).sum(),
        D::Union(fields, _) => fields.iter().map(|(_, field)| node_count(field.data_type())).sum(),
        D::RunEndEncoded(ends, values) => {
            node_count(ends.data_type()) + node_count(values.data_type())
        }
        _ => 0,
    }
}

/// An error unless the rows of a Parquet file are those of its row groups.
pub(super) fn groups(metadata: &ParquetMetaData) -> Result<()> {
    let all = metadata.file_metadata().num_rows();
    let groups = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
    let sum = groups.map(i128::from).sum::<i128>();
    if sum == i128::from(all) {
        return Ok(());
    }
    Err(Error::input(format!("damaged: the file has {all} rows, its row groups have {sum}")))
}

/// An error unless the columns of a row group have as many values as it has rows, or at
/// least so many if they are lists.
pub(super) fn values(group: &RowGroupMetaData) -> Result<()> {
    for column in group.columns() {
        let (rows, values) = (group.num_rows(), column.num_values());
        let flat = column.column_descr().max_rep_level() == 0;
        if values < rows || (flat && values > rows) {
            return Err(Error::input(format!(
                "damaged: it has {rows} rows, its column {} {values} values",
                column.column_path()
            )));
        }
    }
    Ok(())
}
