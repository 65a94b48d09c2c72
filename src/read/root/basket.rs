//! Baskets: the pieces in which a branch's values lie in the file, each a
//! record of its own, or (the unflushed tail) embedded in the tree's record.

use super::codec;
use super::cursor::Cursor;
use super::file::RootFile;
use super::key::Key;
use super::record;
use super::starts::{Notes, most_bytes};
use crate::error::{Error, Result};
use crate::read::totals::Counters;
use std::cell::Cell;
use std::ops::Range;

/// From here on a basket's flag says that offsets can be computed (and are not stored).
const GENERATED_OFFSETS: u8 = 80;
/// The feature bit of baskets without offsets, or with lengths in their place.
const GENERATE_OFFSETS: u8 = 1;
/// Flags between these say that the notes have other bits in them.
const MARKED_OFFSETS: std::ops::RangeInclusive<u8> = 21..=39;
/// Enough bytes for the header of any basket's record.
const HEADER_GUESS: usize = 1024;

/// Which entries a basket holds, and where.
#[derive(Debug, Clone)]
pub(super) struct Basket {
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) place: Place,
}

/// Where a basket lies.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// A record of `bytes` bytes at `seek`.
    Disk { seek: u64, bytes: usize },
    /// In the tree's record, with which it came.
    Embedded(Embedded),
}

impl Basket {
    /// How many bytes it takes in the file.
    pub(super) fn stored_bytes(&self) -> usize {
        match &self.place {
            Place::Disk { bytes, .. } => *bytes,
            Place::Embedded(basket) => basket.stored_bytes,
        }
    }

    /// Its bytes in the file, if it has a record of its own.
    pub(super) fn bytes(&self) -> Option<Range<u64>> {
        match self.place {
            Place::Disk { seek, bytes } => Some(seek..seek.saturating_add(bytes as u64)),
            Place::Embedded(_) => None,
        }
    }
}

/// A basket inside the tree's record.
#[derive(Debug, Clone, Default)]
pub(super) struct Embedded {
    pub(super) entries: u64,
    pub(super) values: Vec<u8>,
    /// The notes of where its entries start.
    notes: Vec<u8>,
    /// Its share of the tree's record.
    pub(super) stored_bytes: usize,
}

/// The content of a basket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) values: &'a [u8],
    pub(super) notes: Notes<'a>,
}

/// The fields of a basket that follow its key.
struct Header {
    /// Whether the notes behind the values are lengths.
    lengths: bool,
    entries: u64,
    /// Where the values end, counted from the start of the record.
    last: usize,
    flag: u8,
}

fn read_header(c: &mut Cursor<'_>) -> Result<Header> {
    let _version = c.u16()?;
    let _buffer_bytes = c.i32()?;
    // Negative: one byte of I/O feature bits follows.
    let features = if c.i32()? < 0 { c.u8()? } else { 0 };
    let lengths = features & GENERATE_OFFSETS != 0;
    let entries = c.length()? as u64;
    Ok(Header { lengths, entries, last: c.length()?, flag: c.u8()? })
}

/// Reads a basket that is embedded in a tree's record.
pub(super) fn read_embedded(c: &mut Cursor<'_>) -> Result<Embedded> {
    let key = Key::read(c)?;
    let header = read_header(c)?;
    let generated = header.flag >= GENERATED_OFFSETS;
    let flag = header.flag % GENERATED_OFFSETS;
    let mut notes = Vec::new();
    if !generated && flag != 0 && flag % 10 != 2 && header.entries > 0 {
        let mut numbers = c.clone();
        for _ in 0..if flag > 40 { 2 } else { 1 } {
            let n = c.length()?;
            c.take(n.saturating_mul(4))?;
        }
        if !MARKED_OFFSETS.contains(&flag) {
            notes = numbers.take(c.pos() - numbers.pos())?.to_vec();
        }
    }
    if flag != 1 && flag <= 10 {
        return Ok(Embedded::default());
    }
    let buffer = c.take(header.last)?;
    let values = buffer
        .get(key.header_bytes..)
        .ok_or_else(|| Error::input(format!("an embedded basket of {} bytes", header.last)))?;
    Ok(Embedded { entries: header.entries, values: values.to_vec(), notes, stored_bytes: 0 })
}

/// Key, length of the values, and whether lengths follow them, of a basket on disk,
/// checked against what the tree says.
fn checked_key(record: &[u8], basket: &Basket, bytes: usize) -> Result<(Key, usize, bool)> {
    let mut c = Cursor::new(record);
    let key = Key::read(&mut c)?;
    key.check()?;
    let header = read_header(&mut c)?;
    if key.bytes != bytes {
        return Err(Error::input(format!(
            "the record has {} bytes, the tree says {bytes}",
            key.bytes
        )));
    }
    if header.entries != basket.end - basket.first {
        return Err(Error::input(format!(
            "the basket has {} entries, the tree says {}",
            header.entries,
            basket.end - basket.first
        )));
    }
    match header.last.checked_sub(key.header_bytes) {
        Some(values) if values <= key.object_bytes => {
            let behind = (key.object_bytes - values) as u64;
            if behind > most_bytes(header.entries) {
                return Err(Error::input(format!(
                    "{behind} bytes behind the values of {} entries, which is too many",
                    header.entries
                )));
            }
            Ok((key, values, header.lengths))
        }
        _ => Err(Error::input(format!(
            "values that end at byte {}, in a record of {} + {} bytes",
            header.last, key.header_bytes, key.object_bytes
        ))),
    }
}

/// Bytes of a basket's values after decompression, from its header alone.
pub(super) fn value_bytes(file: &RootFile, basket: &Basket) -> Result<usize> {
    match basket.place {
        Place::Embedded(ref embedded) => Ok(embedded.values.len()),
        Place::Disk { seek, bytes } => {
            let head = file.read_at(seek, bytes.min(HEADER_GUESS))?;
            Ok(checked_key(&head, basket, bytes)?.1)
        }
    }
}

/// Bytes of a basket's content after decompression with its header, from its header alone.
pub(super) fn unpacked_bytes(file: &RootFile, basket: &Basket) -> Result<u64> {
    let Place::Disk { seek, bytes } = basket.place else { return Ok(0) };
    let head = file.read_at(seek, bytes.min(HEADER_GUESS))?;
    let (key, ..) = checked_key(&head, basket, bytes)?;
    Ok((key.header_bytes + key.object_bytes) as u64)
}

/// The codec that a basket really uses; `None` if it is not compressed.
pub(super) fn codec_of(file: &RootFile, basket: &Basket) -> Result<Option<codec::Codec>> {
    let Place::Disk { seek, bytes } = basket.place else { return Ok(None) };
    let head = file.read_at(seek, bytes.min(HEADER_GUESS))?;
    let (key, ..) = checked_key(&head, basket, bytes)?;
    let tag = head.get(key.header_bytes..).unwrap_or_default();
    Ok(if bytes - key.header_bytes == key.object_bytes { None } else { codec::tag_of(tag) })
}

/// The bytes that tell the codec of the first basket on disk.
pub(super) fn first_header(baskets: &[Basket]) -> Option<Range<u64>> {
    let bytes = baskets.iter().find_map(Basket::bytes)?;
    Some(bytes.start..bytes.end.min(bytes.start.saturating_add(HEADER_GUESS as u64)))
}

/// Calls `use_content` with the content of a basket, whose values must have
/// `expected` bytes, if that is known.
pub(super) fn with_content<T>(
    file: &RootFile,
    basket: &Basket,
    expected: Option<usize>,
    counters: &Counters,
    use_content: impl FnOnce(Content<'_>) -> Result<T>,
) -> Result<T> {
    let check = |found: usize| expected.map_or(Ok(()), |expected| check_length(found, expected));
    let (seek, bytes) = match &basket.place {
        Place::Embedded(Embedded { values, notes, stored_bytes, .. }) => {
            check(values.len())?;
            counters.moved(*stored_bytes, values.len());
            let notes = Notes { bytes: notes, lengths: false };
            return use_content(Content { values, notes });
        }
        Place::Disk { seek, bytes } => (*seek, *bytes),
    };
    let known = Cell::new((0, false));
    let locate = |record: &[u8]| {
        let (key, values, lengths) = checked_key(record, basket, bytes)?;
        check(values)?;
        known.set((values, lengths));
        Ok((key.header_bytes..record.len(), key.object_bytes))
    };
    record::with_content(file, seek, bytes, counters, locate, |content| {
        let (length, lengths) = known.get();
        let (values, behind) = content.split_at(length);
        use_content(Content { values, notes: Notes { bytes: behind, lengths } })
    })
}

fn check_length(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::input(format!("the basket holds {found} bytes of values where {expected} belong")))
}
