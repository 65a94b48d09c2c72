//! The file around the trees: header, positional reads, directories and keys.

use super::codec;
use super::cursor::Cursor;
use super::key::Key;
use super::unclosed;
use crate::error::{Error, Result};
use crate::read::Identity;
use crate::read::storage::Storage;
use std::collections::HashSet;

/// Directories deeper than this are not looked into.
const MAX_DEPTH: usize = 16;
/// Keys of all directories together.
const MAX_KEYS: usize = 1 << 20;
/// File versions from here on have 64-bit positions in the header.
const WIDE_FILE: u32 = 1_000_000;
/// Directory versions above this one have 64-bit positions.
const WIDE_DIRECTORY: u16 = 1000;

/// An open ROOT file.
#[derive(Debug)]
pub(super) struct RootFile {
    pub(super) storage: Storage,
    pub(super) identity: Identity,
    /// ROOT's version as an integer, e.g. 63206 for 6.32/06.
    pub(super) version: u32,
    /// Compression setting of the file: 100 x algorithm + level.
    pub(super) compression: i32,
    /// Where the first record lies.
    pub(super) first_record: u64,
    root_directory: u64,
    streamer_info: u64,
}

/// A key with the directory path of what it names.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Name with its directories: `ntuples/Events`.
    pub(super) path: String,
    pub(super) key: Key,
}

impl RootFile {
    /// Reads the header of an opened file.
    pub(super) fn open(storage: Storage) -> Result<RootFile> {
        let (shown, size) = (storage.path.clone(), storage.size);
        let identity = Identity { path: shown.clone(), size, uuid: String::new() };
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
        let version = c.u32()?;
        let wide = version >= WIDE_FILE;
        let position = |c: &mut Cursor<'_>| -> Result<u64> {
            if wide { c.u64() } else { Ok(u64::from(c.u32()?)) }
        };
        let begin = u64::from(c.u32()?);
        let end = position(&mut c)?;
        let _free_list = position(&mut c)?;
        let (_free_bytes, _free_count) = (c.u32()?, c.u32()?);
        let name_bytes = u64::from(c.u32()?);
        let _pointer_bytes = c.u8()?;
        self.compression = c.i32()?;
        self.streamer_info = position(&mut c)?;
        let _streamer_info_bytes = c.u32()?;
        let _uuid_version = c.u16()?;
        self.identity.uuid = dashed(c.take(16)?);
        self.version = version % WIDE_FILE;
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

    /// The decompressed content of a record, and the length of its header.
    pub(super) fn content(&self, seek: u64) -> Result<(Vec<u8>, usize)> {
        let place = |e: Error| e.within(format!("record at byte {seek}"));
        let left = self.identity.size.saturating_sub(seek);
        let head = self.read_at(seek, left.min(4096) as usize).map_err(place)?;
        let key = Key::read(&mut Cursor::new(&head)).map_err(place)?;
        key.check().map_err(place)?;
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

    /// All keys of all directories; of several cycles the highest.
    pub(super) fn entries(&self) -> Result<Vec<Entry>> {
        let mut walk = Walk { entries: Vec::new(), seen: HashSet::new() };
        let root = self.root_directory;
        let length = self.identity.size.saturating_sub(root).min(64) as usize;
        let record = self.read_at(root, length).map_err(|e| e.within("root directory"))?;
        self.directory(&record, "", 0, &mut walk).map_err(|e| e.within("root directory"))?;
        Ok(walk.entries)
    }

    fn directory(&self, record: &[u8], at: &str, depth: usize, walk: &mut Walk) -> Result<()> {
        let mut c = Cursor::new(record);
        let wide = c.u16()? > WIDE_DIRECTORY;
        let (_created, _modified) = (c.u32()?, c.u32()?);
        let (_keys_bytes, _name_bytes) = (c.i32()?, c.i32()?);
        let mut position = || if wide { c.u64() } else { c.u32().map(u64::from) };
        let (_self, _parent, keys) = (position()?, position()?, position()?);
        if keys == 0 {
            return Err(unclosed::describe(self));
        }
        if !walk.seen.insert(keys) {
            return Err(Error::input(format!("two directories share the keys at byte {keys}")));
        }
        let mut found = self.keys(keys).map_err(|e| e.within(format!("keys at byte {keys}")))?;
        // Highest cycle first; a later one of the same name and class is an older backup.
        found.sort_by_key(|key| std::cmp::Reverse(key.cycle));
        let mut names = HashSet::new();
        found.retain(|key| names.insert((key.name.clone(), key.class.clone())));
        for key in found {
            let path = if at.is_empty() { key.name.clone() } else { format!("{at}/{}", key.name) };
            if matches!(key.class.as_str(), "TDirectory" | "TDirectoryFile") && depth < MAX_DEPTH {
                let inner = self.content(key.seek).map_err(|e| e.within(&path))?.0;
                self.directory(&inner, &path, depth + 1, walk).map_err(|e| e.within(&path))?;
            }
            if walk.entries.len() >= MAX_KEYS {
                return Err(Error::input(format!("more than {MAX_KEYS} keys")));
            }
            walk.entries.push(Entry { path, key });
        }
        Ok(())
    }

    fn keys(&self, seek: u64) -> Result<Vec<Key>> {
        let content = self.content(seek)?.0;
        let mut c = Cursor::new(&content);
        let count = c.length()?;
        (0..count).map(|_| Key::read(&mut c)).collect()
    }
}

struct Walk {
    entries: Vec<Entry>,
    seen: HashSet<u64>,
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
