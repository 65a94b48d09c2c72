//! The tags in front of objects in a record: each names its class, or one named before.

use super::cursor::Cursor;
use crate::error::{Error, Result};
use crate::hash::HashMap;

/// Marks a class tag that is followed by the class's name.
const NEW_CLASS: u32 = 0xFFFF_FFFF;
/// Marks a tag that refers to a class named before.
const CLASS: u32 = 0x8000_0000;
const BYTE_COUNT: u32 = 0x4000_0000;
/// References count from two bytes before the record.
const ORIGIN: usize = 2;

/// The classes named so far in a record, and the rules to name the next one.
#[derive(Debug)]
pub(super) struct ClassTags {
    header_bytes: usize,
    names: HashMap<u32, String>,
}

/// What stands where an object may be.
#[derive(Debug)]
pub(super) struct Tagged {
    /// Class name; empty if there is no object here but null or a reference.
    pub(super) class: String,
    /// Where the object ends, if there is one and it says so.
    pub(super) end: Option<usize>,
    /// The number by which others refer to this object.
    pub(super) reference: u32,
}

impl ClassTags {
    /// For a record whose header has this length.
    pub(super) fn new(header_bytes: usize) -> Self {
        ClassTags { header_bytes, names: HashMap::default() }
    }

    fn number(&self, pos: usize) -> u32 {
        (pos + self.header_bytes + ORIGIN) as u32
    }

    /// Reads byte count and class in front of an object (or null, or a reference).
    pub(super) fn next(&mut self, c: &mut Cursor<'_>) -> Result<Tagged> {
        let reference = self.number(c.pos());
        let word = c.u32()?;
        let counted = word & BYTE_COUNT != 0 && word != NEW_CLASS;
        let end = if counted { Some(c.end_of(word)?) } else { None };
        let tag_at = self.number(c.pos());
        let tag = if counted { c.u32()? } else { word };
        if tag & CLASS == 0 {
            return Ok(Tagged { class: String::new(), end: None, reference: tag });
        }
        let class = if tag == NEW_CLASS {
            let name = c.zero_terminated()?;
            self.names.insert(tag_at, name.clone());
            name
        } else {
            self.names.get(&(tag & !CLASS)).cloned().ok_or_else(|| {
                Error::input(format!("byte {}: reference to an unknown class", c.pos()))
            })?
        };
        Ok(Tagged { class, end, reference })
    }
}
