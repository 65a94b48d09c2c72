//! Tables of `support` as Arrow files.

use crate::support::{Column, Table};
use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, ListArray,
    RecordBatch, UInt8Array, UInt32Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema};
use gpuana::schema::StoredType;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

fn values(column: &Column) -> ArrayRef {
    let reals = || column.events.iter().flatten().copied();
    let integers = || column.integers.iter().flatten().copied();
    match column.stored {
        StoredType::Bool => Arc::new(BooleanArray::from_iter(reals().map(|x| Some(x != 0.0)))),
        StoredType::U8 => Arc::new(UInt8Array::from_iter_values(integers().map(|x| x as u8))),
        StoredType::I32 => Arc::new(Int32Array::from_iter_values(integers().map(|x| x as i32))),
        StoredType::U32 => Arc::new(UInt32Array::from_iter_values(integers().map(|x| x as u32))),
        StoredType::I64 => Arc::new(Int64Array::from_iter_values(integers())),
        StoredType::F32 => Arc::new(Float32Array::from_iter_values(reals().map(|x| x as f32))),
        StoredType::F64 => Arc::new(Float64Array::from_iter_values(reals())),
        other => panic!("no column of {}", other.name()),
    }
}

fn array(column: &Column) -> ArrayRef {
    let values = values(column);
    if column.counter.is_none() {
        return values;
    }
    let field = Arc::new(Field::new("item", values.data_type().clone(), false));
    let offsets = OffsetBuffer::from_lengths(column.events.iter().map(Vec::len));
    Arc::new(ListArray::new(field, offsets, values, None))
}

/// Writes the first `events` events of a table, whose text is parsed.
pub(crate) fn write(path: &Path, text: &str, events: usize) {
    let table = Table::parse(text);
    let arrays: Vec<ArrayRef> = table.columns.values().map(array).collect();
    let types: Vec<DataType> = arrays.iter().map(|a| a.data_type().clone()).collect();
    let fields = table.columns.keys().zip(types).map(|(name, ty)| Field::new(name, ty, false));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).expect("columns of one length");
    let file = File::create(path).expect("a file can be made");
    let mut writer = FileWriter::try_new(file, &schema).expect("the columns can be written");
    writer.write(&batch.slice(0, events.min(table.events))).expect("the events are written");
    writer.finish().expect("the file is complete");
}
