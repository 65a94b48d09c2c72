//! The file around the trees: header, positional reads, records.

use super::codec;
use super::cursor::Cursor;
use super::key::Key;
use crate::error::{Error, Result};
use crate::read::Identity;
use crate::read::storage::Storage;

/// File versions from here on have 64-bit positions in the header. Some writers
/// have left negative versions, which count as small ones.
const WIDE: i32 = 1_000_000;

/// An open ROOT file.
#[derive(Debug)]
pub(super) struct RootFile {
    pub(super) storage: Storage,
    pub(super) identity: Identity,
    /// ROOT's version as an integer, e.g. 63206 for 6.32/06.
    pub(super) version: i32,
    /// Compression setting of the file: 100 x algorithm + level.
    pub(super) compression: i32,
    /// Where the first record lies.
    pub(super) first_record: u64,
    pub(super) root_directory: u64,
    streamer_info: u64,
}

impl RootFile {
    /// Reads the header of an opened file.
    pub(super) fn open(storage: Storage) -> Result<RootFile> {
        let (shown, identity) = (storage.path.clone(), storage.identity(String::new()));
        let mut root = RootFile {
            storage,
            identity,
            version: 0,
            compression: 0,
            first_record: 0,
            root_directory: 0,
            streamer_info: 0,
        };
        root.read_header().map_err(|e| e.within(shown))?;
        Ok(root)
    }

    fn read_header(&mut self) -> Result<()> {
        let size = self.identity.size;
        if size == 0 {
            return Err(Error::input("the file is empty (0 bytes)"));
        }
        let head = self.read_at(0, size.min(100) as usize)?;
        if !head.starts_with(b"root") {
            return Err(Error::input("not a ROOT file: it does not start with the bytes `root`"));
        }
        let mut c = Cursor::new(&head);
        c.take(4)?;
        let version = c.i32()?;
        let wide = version >= WIDE;
        let begin = c.length()? as u64;
        let end = c.position(wide)?;
        let _free_list = c.take(if wide { 8 } else { 4 })?;
        let (_free_bytes, _free_count) = (c.i32()?, c.i32()?);
        let name_bytes = c.length()? as u64;
        let _pointer_bytes = c.u8()?;
        self.compression = c.i32()?;
        self.streamer_info = c.position(wide)?;
        let _streamer_info_bytes = c.i32()?;
        let _uuid_version = c.u16()?;
        let uuid = c.take(16)?;
        // Some programs, and ROOT's reproducible files, leave it empty.
        if uuid.iter().any(|byte| *byte != 0) {
            self.identity.uuid = dashed(uuid);
        }
        self.version = version.rem_euclid(WIDE);
        self.first_record = begin;
        self.root_directory = begin + name_bytes;
        if end > size {
            return Err(Error::input(format!(
                "truncated: the header says {end} bytes, the file has {size}; copy it again"
            )));
        }
        Ok(())
    }

    /// `length` bytes at `offset`.
    pub(super) fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.storage.read_at(offset, length)
    }

    /// The decompressed content of what a directory's key names, and the length of its header.
    pub(super) fn object(&self, key: &Key) -> Result<(Vec<u8>, usize)> {
        self.record(key.seek, Some(key))
    }

    /// The same of the record at `seek`.
    pub(super) fn content(&self, seek: u64) -> Result<(Vec<u8>, usize)> {
        self.record(seek, None)
    }

    fn record(&self, seek: u64, listed: Option<&Key>) -> Result<(Vec<u8>, usize)> {
        let place = |e: Error| e.within(format!("record at byte {seek}"));
        let left = self.identity.size.saturating_sub(seek);
        let head = self.read_at(seek, left.min(4096) as usize).map_err(place)?;
        let key = Key::read(&mut Cursor::new(&head)).map_err(place)?;
        key.check().map_err(place)?;
        if let Some(listed) = listed {
            key.same_as(listed).map_err(place)?;
        }
        codec::believable(key.bytes, key.object_bytes).map_err(place)?;
        let record = self.read_at(seek, key.bytes).map_err(place)?;
        let content = codec::unpacked(&record[key.header_bytes..], key.object_bytes);
        Ok((content.map_err(place)?, key.header_bytes))
    }

    /// The content of the record that describes the layout of classes, and the
    /// length of its header; none in a file without trees, or not closed.
    pub(super) fn streamer_info(&self) -> Result<Option<(Vec<u8>, usize)>> {
        match self.streamer_info {
            0 => Ok(None),
            seek => self.content(seek).map(Some).map_err(|e| e.within("StreamerInfo")),
        }
    }
}

/// The usual dashed form of 16 bytes.
fn dashed(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
