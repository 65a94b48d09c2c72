//! What all formats do alike when they make batches: check the requested
//! shape, widen types, and rebase offsets.

use crate::batch::Values;
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
        (Shape::Scalar, Some(_)) => "one value an event".to_owned(),
        (Shape::Counted(found), _) => format!("as many values as {found} says"),
        (Shape::Fixed(n), _) => format!("{n} values in every event"),
        (Shape::Vector, _) => "a vector that stores its own length".to_owned(),
    };
    Err(Error::input(format!("{wanted} are asked for, but it holds {found}")))
}

/// `n` zeros in the type to which a stored type is widened.
pub(in crate::read) fn zeros(stored: StoredType, keep_doubles: bool, n: usize) -> Values {
    match stored {
        StoredType::Bool => Values::Bool(vec![0; n]),
        StoredType::I8 | StoredType::U8 | StoredType::I16 | StoredType::U16 | StoredType::I32 => {
            Values::I32(vec![0; n])
        }
        StoredType::U32 | StoredType::I64 | StoredType::U64 => Values::I64(vec![0; n]),
        StoredType::F64 if keep_doubles => Values::F64(vec![0.0; n]),
        StoredType::F32 | StoredType::F64 => Values::F32(vec![0.0; n]),
    }
}

/// A double as the nearest single, and whether they differ (NaN counts as exact).
pub(in crate::read) fn single(wide: f64) -> (f32, bool) {
    let narrow = wide as f32;
    (narrow, f64::from(narrow) != wide && !wide.is_nan())
}

/// Offsets of the events of `range`, minus the first one.
pub(in crate::read) fn from_zero(offsets: &[u64], range: &Range<u64>) -> Result<Vec<u32>> {
    if offsets[offsets.len() - 1] - offsets[0] > u64::from(u32::MAX) {
        return Err(Error::input(format!(
            "events {}..{} have more than 4294967295 values in one column; read fewer at a time",
            range.start, range.end
        )));
    }
    Ok(offsets.iter().map(|o| (o - offsets[0]) as u32).collect())
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
