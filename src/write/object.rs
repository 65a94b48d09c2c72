//! JSON as the writers lay it out: an object with one member a line.

use crate::error::{Error, Result};
use serde::Serialize;

/// A value in one line.
///
/// # Errors
/// None but bugs of ours: a map with a key that is no text.
pub(super) fn compact(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::output(format!("JSON: {e}")).with_source(e))
}

/// An object, one member a line.
///
/// # Errors
/// See [`compact`].
pub(super) fn lines<T: Serialize>(members: &[(&str, T)]) -> Result<String> {
    let line = |(name, value): &(&str, T)| Ok(format!("  {}: {}", compact(name)?, compact(value)?));
    let lines: Vec<String> = members.iter().map(line).collect::<Result<_>>()?;
    if lines.is_empty() {
        return Ok("{}\n".to_owned());
    }
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

/// An object of parts, each on lines of its own: its name and its text.
///
/// # Errors
/// See [`compact`].
pub(super) fn parts(parts: &[(&str, String)]) -> Result<String> {
    let part = |(name, text): &(&str, String)| Ok(format!("{}: {text}", compact(name)?));
    let parts: Vec<String> = parts.iter().map(part).collect::<Result<_>>()?;
    Ok(format!("{{\n{}}}\n", parts.join(",\n")))
}

/// The numbers, if JSON can say them all: `None` if one is infinite, or not a number.
pub(super) fn finite<T: AsRef<[f64]>>(numbers: T) -> Option<T> {
    numbers.as_ref().iter().all(|x| x.is_finite()).then_some(numbers)
}
