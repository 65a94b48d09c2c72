//! What all formats do alike when they make batches: check the requested
//! shape, widen types, and rebase offsets.

use crate::batch::{Batch, Values};
use crate::error::{Error, Result};
use crate::schema::{Branch, Shape, StoredType};
use std::ops::Range;

/// The stored type of a branch if its shape is the requested one.
pub(in crate::read) fn readable(branch: &Branch, counter: Option<&str>) -> Result<StoredType> {
    let Some(stored) = branch.stored else {
        let why = branch.unsupported.as_deref().unwrap_or("its type is unknown");
        return Err(Error::input(format!("cannot be read: {why}")));
    };
    let wanted = match counter {
        None => "one value an event".to_owned(),
        Some(name) => format!("as many values as {name} says"),
    };
    let found = match (&branch.shape, counter) {
        (Shape::Scalar, None) => return Ok(stored),
        (Shape::Counted(found), Some(name)) if found == name => return Ok(stored),
        // Its own lengths, whatever other lists have.
        (Shape::Counted(_), Some(name)) if branch.name == name => return Ok(stored),
        (Shape::Scalar, Some(_)) => "one value an event".to_owned(),
        (Shape::Counted(found), _) => format!("as many values as {found} says"),
        (Shape::Fixed(n), _) => format!("{n} values in every event"),
        (Shape::Vector, _) => "a vector that stores its own length".to_owned(),
    };
    Err(Error::input(format!("{wanted} are asked for, but it holds {found}")))
}

/// What is said of two lists of a collection that differ in an event.
pub(in crate::read) fn unequal([(name, n), (other, m)]: [(&str, u64); 2], event: u64) -> String {
    format!(
        "branches {name} and {other}: {n} and {m} values in event {event}; lists of one \
         collection, as their names say that they are, have as many"
    )
}

/// The types of values in memory.
enum Loaded {
    Bool,
    I32,
    I64,
    F32,
    F64,
}

/// The type to which a stored type is widened.
fn loaded(stored: StoredType, keep_doubles: bool) -> Loaded {
    match stored {
        StoredType::Bool => Loaded::Bool,
        StoredType::I8 | StoredType::U8 | StoredType::I16 | StoredType::U16 | StoredType::I32 => {
            Loaded::I32
        }
        StoredType::U32 | StoredType::I64 | StoredType::U64 => Loaded::I64,
        StoredType::F64 if keep_doubles => Loaded::F64,
        StoredType::F32 | StoredType::F64 => Loaded::F32,
    }
}

/// `n` zeros in the type to which a stored type is widened.
pub(in crate::read) fn zeros(stored: StoredType, keep_doubles: bool, n: usize) -> Values {
    match loaded(stored, keep_doubles) {
        Loaded::Bool => Values::Bool(vec![0; n]),
        Loaded::I32 => Values::I32(vec![0; n]),
        Loaded::I64 => Values::I64(vec![0; n]),
        Loaded::F32 => Values::F32(vec![0.0; n]),
        Loaded::F64 => Values::F64(vec![0.0; n]),
    }
}

/// The memory of a batch that is no longer needed, for the next one: pages of
/// memory that are new to the process cost more than decoding into them.
#[derive(Debug, Default)]
pub(in crate::read) struct Spare {
    offsets: Vec<Vec<u32>>,
    columns: Vec<Values>,
}

impl Spare {
    /// Takes a batch apart.
    pub(in crate::read) fn of(batch: Batch) -> Spare {
        Spare { offsets: batch.offsets, columns: batch.columns }
    }

    /// Room for `n` values of column number `column`, **with any values in it**.
    pub(in crate::read) fn values(
        &mut self,
        column: usize,
        stored: StoredType,
        keep_doubles: bool,
        n: usize,
    ) -> Values {
        let old = self.columns.get_mut(column);
        let old = old.map_or(Values::Bool(Vec::new()), |old| {
            std::mem::replace(old, Values::Bool(Vec::new()))
        });
        match (old, loaded(stored, keep_doubles)) {
            (Values::Bool(v), Loaded::Bool) => Values::Bool(room(v, n)),
            (Values::I32(v), Loaded::I32) => Values::I32(room(v, n)),
            (Values::I64(v), Loaded::I64) => Values::I64(room(v, n)),
            (Values::F32(v), Loaded::F32) => Values::F32(room(v, n)),
            (Values::F64(v), Loaded::F64) => Values::F64(room(v, n)),
            (_, Loaded::Bool) => Values::Bool(room(Vec::new(), n)),
            (_, Loaded::I32) => Values::I32(room(Vec::new(), n)),
            (_, Loaded::I64) => Values::I64(room(Vec::new(), n)),
            (_, Loaded::F32) => Values::F32(room(Vec::new(), n)),
            (_, Loaded::F64) => Values::F64(room(Vec::new(), n)),
        }
    }

    /// Room for the offsets of counter number `counter`, empty.
    pub(in crate::read) fn offsets(&mut self, counter: usize) -> Vec<u32> {
        let mut old = self.offsets.get_mut(counter).map(std::mem::take).unwrap_or_default();
        old.clear();
        old
    }
}

/// Room for `n` values, **with any values in it**: in the memory of a vector if
/// that is large enough, else in new memory, a little more than is needed. The
/// next batch is seldom of exactly the same size.
pub(in crate::read) fn room<T: Copy + Default>(mut values: Vec<T>, n: usize) -> Vec<T> {
    if values.capacity() < n {
        // Zeroed by the system, so that what is not used takes no memory.
        values = vec![T::default(); n.saturating_add(n / 16)];
    }
    values.resize(n, T::default());
    values
}

/// A double as the nearest single, and whether they differ (NaN counts as exact).
pub(in crate::read) fn single(wide: f64) -> (f32, bool) {
    let narrow = wide as f32;
    (narrow, f64::from(narrow) != wide && !wide.is_nan())
}

/// Offsets of the events of `range`, minus the first one.
#[cfg(feature = "parquet")]
pub(in crate::read) fn from_zero(offsets: &[u64], range: &Range<u64>) -> Result<Vec<u32>> {
    from_zero_into(offsets, range, Vec::new())
}

/// The same, in the memory of a vector.
pub(in crate::read) fn from_zero_into(
    offsets: &[u64],
    range: &Range<u64>,
    mut into: Vec<u32>,
) -> Result<Vec<u32>> {
    if offsets[offsets.len() - 1] - offsets[0] > u64::from(u32::MAX) {
        return Err(too_many(range));
    }
    into.clear();
    if into.capacity() < offsets.len() {
        into = Vec::with_capacity(offsets.len() + offsets.len() / 16);
    }
    into.extend(offsets.iter().map(|o| (o - offsets[0]) as u32));
    Ok(into)
}

/// What is said of events whose values 32 bits cannot count.
pub(in crate::read) fn too_many(events: &Range<u64>) -> Error {
    Error::input(format!(
        "events {}..{} have more than 4294967295 values in one column; read fewer at a time",
        events.start, events.end
    ))
}

/// A number of values that can be allocated for.
pub(in crate::read) fn length(n: u64) -> Result<usize> {
    usize::try_from(n)
        .ok()
        .filter(|n| *n <= isize::MAX as usize)
        .ok_or_else(|| Error::input(format!("{n} values are more than memory can hold")))
}

/// Offsets from the values of a column that counts.
pub(in crate::read) fn summed(counts: &Values) -> Result<Vec<u64>> {
    let mut offsets = vec![0u64];
    let mut sum = 0u64;
    let mut add = |count: i64| {
        let next = u64::try_from(count).ok().and_then(|n| sum.checked_add(n));
        sum = next.ok_or_else(|| Error::input(format!("a count of {count}")))?;
        offsets.push(sum);
        Ok(())
    };
    match counts {
        Values::Bool(v) => v.iter().try_for_each(|&n| add(n.into()))?,
        Values::I32(v) => v.iter().try_for_each(|&n| add(n.into()))?,
        Values::I64(v) => v.iter().try_for_each(|&n| add(n))?,
        Values::F32(_) | Values::F64(_) => return Err(Error::input("counts that are not whole")),
    }
    Ok(offsets)
}
