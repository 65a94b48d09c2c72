//! Directories and their lists of keys: what a file holds, by name.

use super::cursor::Cursor;
use super::entry::Entry;
use super::file::RootFile;
use super::key::Key;
use super::unclosed;
use crate::error::{Error, Result};
use std::collections::HashSet;

/// Directories deeper than this are not looked into.
const MAX_DEPTH: usize = 16;
/// Keys of all directories together.
const MAX_KEYS: usize = 1 << 20;
/// Directory versions above this one have 64-bit positions.
const WIDE: i16 = 1000;

/// Which directories are looked into, besides the file's own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look<'a> {
    Everywhere,
    /// Those on the way to this path: what is wrong with others does not matter.
    Towards(&'a str),
}

impl Look<'_> {
    fn enters(self, directory: &str) -> bool {
        match self {
            Look::Everywhere => true,
            Look::Towards(path) => {
                path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
            }
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Of several keys of a name the first in its directory's list, which ROOT takes too.
    pub(super) entries: Vec<Entry>,
    /// Directories without a list of keys: nothing is in them, or they were not saved.
    pub(super) empty: Vec<String>,
    /// Directories that cannot be read, and why.
    pub(super) unread: Vec<(String, Error)>,
}

/// A directory's own record.
struct Directory {
    /// Where its list of keys lies, and how long it is; its own header says
    /// nothing that can be relied on.
    keys: u64,
    keys_bytes: usize,
}

impl Directory {
    fn read(record: &[u8]) -> Result<Directory> {
        let mut c = Cursor::new(record);
        let wide = c.i16()? > WIDE;
        let (_created, _modified) = (c.u32()?, c.u32()?);
        let (keys_bytes, _name_bytes) = (c.length()?, c.i32()?);
        let (_self, _parent) = (c.position(wide)?, c.position(wide)?);
        Ok(Directory { keys: c.position(wide)?, keys_bytes })
    }
}

/// Finds what the directories of a file hold.
pub(super) fn find(file: &RootFile, look: Look<'_>) -> Result<Found> {
    let mut walk = Walk { file, look, found: Found::default(), seen: HashSet::new() };
    walk.top().map_err(|e| e.within("root directory"))?;
    Ok(walk.found)
}

struct Walk<'a> {
    file: &'a RootFile,
    look: Look<'a>,
    found: Found,
    /// Where lists of keys lie that were read.
    seen: HashSet<u64>,
}

impl Walk<'_> {
    fn top(&mut self) -> Result<()> {
        let at = self.file.root_directory;
        let length = self.file.identity.size.saturating_sub(at).min(64) as usize;
        let top = Directory::read(&self.file.read_at(at, length)?)?;
        match top.keys {
            0 => Err(unclosed::describe(self.file)),
            _ => self.list(&top, "", 0),
        }
    }

    /// Adds what the list of keys of the directory `at` names, and looks into
    /// the directories among it.
    fn list(&mut self, directory: &Directory, at: &str, depth: usize) -> Result<()> {
        if !self.seen.insert(directory.keys) {
            let keys = directory.keys;
            return Err(Error::input(format!("two directories share the keys at byte {keys}")));
        }
        let place = |e: Error| e.within(format!("keys at byte {}", directory.keys));
        let mut names = HashSet::new();
        for key in keys(self.file, directory).map_err(place)? {
            if !names.insert(key.name.clone()) {
                continue; // a backup of the one before it
            }
            let path = if at.is_empty() { key.name.clone() } else { format!("{at}/{}", key.name) };
            if self.found.entries.len() >= MAX_KEYS {
                return Err(Error::input(format!("more than {MAX_KEYS} keys")));
            }
            let inner = matches!(key.class.as_str(), "TDirectory" | "TDirectoryFile");
            self.found.entries.push(Entry { path: path.clone(), key: key.clone() });
            if inner
                && self.look.enters(&path)
                && let Err(error) = self.enter(&key, &path, depth + 1)
            {
                self.found.unread.push((path, error));
            }
        }
        Ok(())
    }

    fn enter(&mut self, key: &Key, path: &str, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Error::input(format!("directories nest deeper than {MAX_DEPTH}")));
        }
        let directory = Directory::read(&self.file.object(key)?.0)?;
        if directory.keys == 0 {
            self.found.empty.push(path.to_owned());
            return Ok(());
        }
        self.list(&directory, path, depth)
    }
}

/// The keys of a list, which is never compressed.
fn keys(file: &RootFile, directory: &Directory) -> Result<Vec<Key>> {
    let bytes = file.read_at(directory.keys, directory.keys_bytes)?;
    let mut c = Cursor::new(&bytes);
    Key::read(&mut c)?;
    let count = c.length()?;
    (0..count).map(|_| Key::read(&mut c)).collect()
}
