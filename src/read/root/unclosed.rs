//! Files that were not closed, as a writer that crashed leaves them: the
//! directory has no list of keys. What can be saved is found by going from
//! record to record, so that the error says what ROOT would recover.

use super::cursor::Cursor;
use super::entry::{Entry, is_tree};
use super::file::RootFile;
use super::key::Key;
use super::not_closed::{RECOVER, not_closed};
use super::streamer::Layouts;
use super::tree_record;
use crate::error::{Error, Result};

/// Enough bytes for the header of any record.
const HEADER: u64 = 1024;
/// Bytes of the smallest record, a gap.
const LEAST: u64 = 4;
/// Records that are looked at; each is a read.
const MOST_RECORDS: usize = 1 << 20;

/// What is said of a file that was not closed, with what is in it.
pub(super) fn describe(file: &RootFile) -> Error {
    if file.storage.is_remote() {
        return not_closed();
    }
    let found = records(file);
    let trees = trees(file, &found.keys);
    let saved = match trees.is_empty() {
        true => "no tree was saved in it: there is nothing to recover".to_owned(),
        false => format!("saved in it: {}{RECOVER}", trees.join(", ")),
    };
    Error::input(format!(
        "the file was not closed by the program that wrote it, and has no list of keys. Of its \
         {} bytes the first {} are whole records, {} of them baskets; {saved}",
        file.identity.size, found.end, found.baskets
    ))
}

/// What lies in a file.
struct Records {
    /// Of everything but baskets.
    keys: Vec<Key>,
    baskets: usize,
    /// Where the last whole record ends.
    end: u64,
}

fn records(file: &RootFile) -> Records {
    let size = file.identity.size;
    let mut found = Records { keys: Vec::new(), baskets: 0, end: file.first_record };
    for _ in 0..MOST_RECORDS {
        let Some((bytes, key)) = record(file, found.end) else { break };
        match found.end.checked_add(bytes) {
            Some(next) if bytes >= LEAST && next <= size => found.end = next,
            _ => break,
        }
        match key {
            Some(key) if key.class == "TBasket" => found.baskets += 1,
            key => found.keys.extend(key),
        }
    }
    found
}

/// Length of the record at `seek`, and its header if it is not a gap.
fn record(file: &RootFile, seek: u64) -> Option<(u64, Option<Key>)> {
    let left = file.identity.size.checked_sub(seek)?;
    let head = file.read_at(seek, left.min(HEADER) as usize).ok()?;
    let bytes = Cursor::new(&head).i32().ok()?;
    if bytes < 0 {
        return Some((bytes.unsigned_abs().into(), None));
    }
    let key = Key::read(&mut Cursor::new(&head)).ok()?;
    key.check().ok()?;
    (key.seek == seek).then_some((bytes as u64, Some(key)))
}

/// Names of the trees, with their events and places.
fn trees(file: &RootFile, keys: &[Key]) -> Vec<String> {
    let layouts = keys.iter().rev().filter(|key| key.name == "StreamerInfo").find_map(|key| {
        let (content, header_bytes) = file.content(key.seek).ok()?;
        Some(Layouts::read(&content, header_bytes))
    });
    let layouts = layouts.unwrap_or_default();
    let entries = keys.iter().map(|key| Entry { path: key.name.clone(), key: key.clone() });
    entries
        .filter(|entry| entry.key.class == "TTree" || is_tree(&layouts, entry))
        .map(|entry| {
            let place = format!("{} (cycle {})", entry.path, entry.key.cycle);
            match events(file, &layouts, &entry) {
                Ok(events) => format!("tree {place} with {events} events"),
                Err(_) => format!("tree {place}, whose content cannot be read"),
            }
        })
        .collect()
}

fn events(file: &RootFile, layouts: &Layouts, entry: &Entry) -> Result<u64> {
    Ok(tree_record::read(file, layouts, entry)?.schema.events)
}
