//! The record header (`TKey`) in front of everything that a ROOT file holds.

use super::cursor::Cursor;
use crate::error::{Error, Result};

/// Versions above this one have 64-bit positions.
const WIDE: i16 = 1000;

/// A record: what it is, where it lies and how long it is.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// Bytes of the whole record on disk, header included.
    pub(super) bytes: usize,
    /// Bytes of the content after decompression.
    pub(super) object_bytes: usize,
    /// Bytes of the header.
    pub(super) header_bytes: usize,
    pub(super) cycle: i16,
    /// Where the record lies in the file.
    pub(super) seek: u64,
    pub(super) class: String,
    pub(super) name: String,
}

impl Key {
    /// Reads a header.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Key> {
        let bytes = cursor.length()?;
        let version = cursor.i16()?;
        let object_bytes = cursor.length()?;
        let _time = cursor.u32()?;
        let header_bytes = usize::from(cursor.u16()?);
        let cycle = cursor.i16()?;
        let wide = version > WIDE;
        let seek = cursor.position(wide)?;
        let _directory = if wide { cursor.u64()? } else { u64::from(cursor.u32()?) };
        let (class, name, _title) = (cursor.text()?, cursor.text()?, cursor.text()?);
        Ok(Key { bytes, object_bytes, header_bytes, cycle, seek, class, name })
    }

    /// An error if this is not the record that the key of a directory means.
    pub(super) fn same_as(&self, listed: &Key) -> Result<()> {
        if self.class == listed.class && self.bytes == listed.bytes {
            return Ok(());
        }
        Err(Error::input(format!(
            "{} bytes of class {}, where the directory has {} of class {}",
            self.bytes, self.class, listed.bytes, listed.class
        )))
    }

    /// An error if the header claims to be longer than the whole record, as the
    /// one of a basket that was never written may.
    pub(super) fn check(&self) -> Result<()> {
        if self.header_bytes <= self.bytes {
            return Ok(());
        }
        Err(Error::input(format!(
            "the record `{}` has a header of {} bytes in a total of {}",
            self.name, self.header_bytes, self.bytes
        )))
    }
}
