//! From Arrow arrays to the flat columns and offsets of a batch.

use super::layout::Step;
use crate::batch::Values;
use crate::error::{Error, Result};
use crate::read::shape::single;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, OffsetSizeTrait};
use arrow_schema::DataType;

/// The values of some events, as they come out of a table.
#[derive(Debug)]
pub(super) struct Flat {
    /// Where the values of each event start, the first 0; `None`: one each.
    pub(super) offsets: Option<Vec<u64>>,
    pub(super) values: Values,
    /// Doubles that did not survive narrowing exactly.
    pub(super) narrowed: u64,
}

impl Flat {
    /// Appends the events of `array`, a column of a table; the values are
    /// reached by `steps`. `first` is the number of its first event.
    pub(super) fn append(&mut self, array: &ArrayRef, steps: &[Step], first: u64) -> Result<()> {
        let mut inner = ArrayRef::clone(array);
        let mut starts: Option<Vec<u64>> = None;
        for step in steps {
            no_null(&inner, starts.as_deref(), first)?;
            match step {
                Step::Field(index) => {
                    let record = inner.as_struct_opt().ok_or_else(|| wrong(&inner))?;
                    let field = record.columns().get(*index).ok_or_else(|| wrong(&inner))?;
                    inner = ArrayRef::clone(field);
                }
                Step::Items => {
                    let (offsets, items) = match inner.data_type() {
                        DataType::List(_) => items::<i32>(&inner),
                        DataType::LargeList(_) => items::<i64>(&inner),
                        DataType::FixedSizeList(..) => rows(&inner),
                        _ => None,
                    }
                    .ok_or_else(|| wrong(&inner))?;
                    // Of lists in lists, an event has all values in a row.
                    starts = match starts {
                        None => Some(offsets),
                        Some(outer) => {
                            let inside = outer.iter().map(|&at| offsets.get(at as usize).copied());
                            Some(inside.collect::<Option<_>>().ok_or_else(|| wrong(&inner))?)
                        }
                    };
                    inner = items;
                }
            }
        }
        no_null(&inner, starts.as_deref(), first)?;
        self.narrowed += extend(&mut self.values, &inner).map_err(|stop| match stop {
            Stop::Type => wrong(&inner),
            Stop::TooLarge(index) => Error::unsupported(format!(
                "event {}: a value above 9223372036854775807, the largest int64",
                event(index, starts.as_deref(), first)
            )),
        })?;
        if let (Some(all), Some(starts)) = (&mut self.offsets, starts) {
            let base = all.last().copied().unwrap_or(0);
            all.extend(starts.iter().skip(1).map(|start| base + start));
        }
        Ok(())
    }
}

/// Where lists start, counted from the first item, and all their items.
fn items<O: OffsetSizeTrait>(array: &ArrayRef) -> Option<(Vec<u64>, ArrayRef)> {
    let list = array.as_list_opt::<O>()?;
    let offsets = list.value_offsets();
    let first = offsets.first()?.as_usize();
    let count = offsets.last()?.as_usize().checked_sub(first)?;
    if first.checked_add(count)? > list.values().len() {
        return None;
    }
    let starts = offsets.iter().map(|o| (o.as_usize() - first) as u64).collect();
    Some((starts, list.values().slice(first, count)))
}

/// The same for lists of one length.
fn rows(array: &ArrayRef) -> Option<(Vec<u64>, ArrayRef)> {
    let list = array.as_fixed_size_list_opt()?;
    let length = u64::try_from(list.value_length()).ok()?;
    let starts: Vec<u64> = (0..=list.len() as u64).map(|event| event * length).collect();
    let items = ArrayRef::clone(list.values());
    (starts.last() == Some(&(items.len() as u64))).then_some((starts, items))
}

fn wrong(array: &ArrayRef) -> Error {
    Error::input(format!("the values are stored as {}, against the schema", array.data_type()))
}

/// The event of a value.
fn event(index: usize, starts: Option<&[u64]>, first: u64) -> u64 {
    let within = match starts {
        None => index,
        Some(starts) => starts.partition_point(|&start| start <= index as u64).saturating_sub(1),
    };
    first + within as u64
}

/// Missing values have no place in a batch.
fn no_null(array: &ArrayRef, starts: Option<&[u64]>, first: u64) -> Result<()> {
    let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) else { return Ok(()) };
    let index = nulls.iter().position(|valid| !valid).unwrap_or(0);
    let what = if starts.is_some() { "a value in the list" } else { "the value" };
    Err(Error::unsupported(format!(
        "event {}: {what} is missing (null), which cannot be read; fill or drop such events when \
         writing the file",
        event(index, starts, first)
    )))
}

/// Why values cannot be appended.
enum Stop {
    Type,
    TooLarge(usize),
}

/// Appends values; returns how many doubles did not narrow exactly.
fn extend(values: &mut Values, array: &ArrayRef) -> Result<u64, Stop> {
    fn of<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<&[T::Native], Stop> {
        Ok(array.as_primitive_opt::<T>().ok_or(Stop::Type)?.values())
    }
    match (values, array.data_type()) {
        (Values::Bool(out), DataType::Boolean) => {
            let bits = array.as_boolean_opt().ok_or(Stop::Type)?;
            out.extend(bits.values().iter().map(u8::from));
        }
        (Values::I32(out), data_type) => match data_type {
            DataType::Int8 => out.extend(of::<Int8Type>(array)?.iter().map(|&v| i32::from(v))),
            DataType::UInt8 => out.extend(of::<UInt8Type>(array)?.iter().map(|&v| i32::from(v))),
            DataType::Int16 => out.extend(of::<Int16Type>(array)?.iter().map(|&v| i32::from(v))),
            DataType::UInt16 => out.extend(of::<UInt16Type>(array)?.iter().map(|&v| i32::from(v))),
            DataType::Int32 => out.extend_from_slice(of::<Int32Type>(array)?),
            _ => return Err(Stop::Type),
        },
        (Values::I64(out), data_type) => match data_type {
            DataType::UInt32 => out.extend(of::<UInt32Type>(array)?.iter().map(|&v| i64::from(v))),
            DataType::Int64 => out.extend_from_slice(of::<Int64Type>(array)?),
            DataType::UInt64 => {
                for (index, &value) in of::<UInt64Type>(array)?.iter().enumerate() {
                    out.push(i64::try_from(value).map_err(|_| Stop::TooLarge(index))?);
                }
            }
            _ => return Err(Stop::Type),
        },
        (Values::F32(out), data_type) => match data_type {
            DataType::Float16 => out.extend(of::<Float16Type>(array)?.iter().map(|v| v.to_f32())),
            DataType::Float32 => out.extend_from_slice(of::<Float32Type>(array)?),
            DataType::Float64 => {
                let mut inexact = 0;
                out.extend(of::<Float64Type>(array)?.iter().map(|&wide| {
                    let (narrow, lossy) = single(wide);
                    inexact += u64::from(lossy);
                    narrow
                }));
                return Ok(inexact);
            }
            _ => return Err(Stop::Type),
        },
        (Values::F64(out), DataType::Float64) => out.extend_from_slice(of::<Float64Type>(array)?),
        _ => return Err(Stop::Type),
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{FixedSizeListArray, Int32Array, ListArray};
    use arrow_buffer::OffsetBuffer;
    use arrow_schema::Field;
    use std::sync::Arc;

    fn item(inner: &ArrayRef) -> Arc<Field> {
        Arc::new(Field::new("item", inner.data_type().clone(), false))
    }

    fn lists(lengths: &[usize], inner: ArrayRef) -> ArrayRef {
        let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
        Arc::new(ListArray::new(item(&inner), offsets, inner, None))
    }

    /// depth, the array, its first event and number of events, offsets, values
    #[test]
    fn lists_in_lists_have_all_values_in_a_row() {
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..6));
        let inner = lists(&[1, 0, 3, 2], ArrayRef::clone(&numbers));
        let outer = lists(&[2, 0, 1, 1], ArrayRef::clone(&inner));
        let rows: ArrayRef =
            Arc::new(FixedSizeListArray::new(item(&numbers), 2, ArrayRef::clone(&numbers), None));
        let of_rows = lists(&[2, 1], ArrayRef::clone(&rows));
        type Row<'a> = (usize, &'a ArrayRef, usize, usize, &'a [u64], &'a [i32]);
        let table: [Row<'_>; 6] = [
            (1, &inner, 0, 4, &[0, 1, 1, 4, 6], &[0, 1, 2, 3, 4, 5]),
            (2, &outer, 0, 4, &[0, 1, 1, 4, 6], &[0, 1, 2, 3, 4, 5]),
            (2, &outer, 2, 2, &[0, 3, 5], &[1, 2, 3, 4, 5]),
            (1, &rows, 0, 3, &[0, 2, 4, 6], &[0, 1, 2, 3, 4, 5]),
            (1, &rows, 1, 2, &[0, 2, 4], &[2, 3, 4, 5]),
            (2, &of_rows, 1, 1, &[0, 2], &[4, 5]),
        ];
        for (depth, array, first, events, offsets, values) in table {
            let mut flat =
                Flat { offsets: Some(vec![0]), values: Values::I32(Vec::new()), narrowed: 0 };
            let steps = vec![Step::Items; depth];
            flat.append(&array.slice(first, events), &steps, 0).expect("are numbers");
            assert_eq!(flat.offsets.as_deref(), Some(offsets), "{array:?}");
            assert_eq!(flat.values, Values::I32(values.to_vec()), "{array:?}");
        }
    }
}
