//! The parts of the TTree reader that see bytes of a file, for fuzzing.

use super::basket::{self, Basket, Place};
use super::column::RootColumns;
use super::convert::{convert, out};
use super::cursor::Cursor;
use super::directory::{self, Look};
use super::entry::{Entry, is_tree};
use super::file::RootFile;
use super::lists;
use super::streamer::Layouts;
use super::tree::Tree;
use super::tree_record;
use crate::batch::Request;
use crate::error::{Error, Result};
use crate::read::ColumnReader;
use crate::read::shape::zeros;
use crate::read::storage::Storage;
use crate::read::totals::Counters;
use crate::schema::StoredType;
use std::sync::Arc;

pub(in crate::read) use super::rntuple::fuzz as rntuple;

/// The file around a tree's record.
const FILE: &[u8] = include_bytes!("../../../tests/data/leaves_tail.root");
/// Events that are read of a tree at most.
const EVENTS: u64 = 1000;
/// Bytes of a basket's values that are believed here.
const VALUES: usize = 1 << 22;

/// A file, of which only what leads to the trees is read.
pub(in crate::read) fn header(data: &[u8]) {
    if let Ok(file) = RootFile::open(Storage::of_bytes(data.to_vec())) {
        let _ = (directory::find(&file, Look::Everywhere), Layouts::of(&file));
    }
}

fn around() -> Result<(Arc<RootFile>, Layouts, Entry)> {
    let file = RootFile::open(Storage::of_bytes(FILE.to_vec()))?;
    let layouts = Layouts::of(&file);
    let mut entries = directory::find(&file, Look::Everywhere)?.entries;
    entries.retain(|entry| is_tree(&layouts, entry));
    Ok((Arc::new(file), layouts, entries.remove(0)))
}

/// The content of the record of a tree, of whose branches some events are read.
pub(in crate::read) fn metadata(data: &[u8]) {
    branches(data);
}

/// Number of branches that are described.
pub(in crate::read) fn branches(data: &[u8]) -> usize {
    let Ok((file, layouts, entry)) = around() else { return 0 };
    let header_bytes = file.content(entry.key.seek).map_or(0, |(_, bytes)| bytes);
    let Ok(tree) = tree_record::parse(&file, &layouts, &entry, data, header_bytes) else {
        return 0;
    };
    let tree = Arc::new(tree);
    read(&file, &tree);
    tree.schema.branches.len()
}

fn read(file: &Arc<RootFile>, tree: &Arc<Tree>) {
    let branches = &tree.schema.branches;
    for request in branches.iter().filter_map(|branch| Request::of([branch]).ok()).take(64) {
        if let Ok(mut reader) = RootColumns::new(Arc::clone(file), Arc::clone(tree), &request) {
            let _ = reader.read(0..tree.schema.events.min(EVENTS));
        }
    }
}

/// The type of the values, their number of events in four bytes, and the
/// record of a basket.
pub(in crate::read) fn basket(data: &[u8]) {
    let _ = unpacked(data);
}

/// Number of values in the basket.
pub(in crate::read) fn unpacked(data: &[u8]) -> Result<usize> {
    let short = || Error::input("too short");
    let ([kind, entries @ ..], record) = data.split_first_chunk::<5>().ok_or_else(short)?;
    let stored = match kind % 5 {
        0 => StoredType::Bool,
        1 => StoredType::I16,
        2 => StoredType::U64,
        3 => StoredType::F32,
        _ => StoredType::F64,
    };
    let _ = basket::read_embedded(&mut Cursor::new(record));
    let file = RootFile::open(Storage::of_bytes(padded(record)))?;
    let place = Place::Disk { seek: HEAD as u64, bytes: record.len() };
    let basket = Basket { first: 0, end: u32::from_be_bytes(*entries).into(), place };
    let bytes = basket::value_bytes(&file, &basket)?;
    if bytes > VALUES {
        return Err(Error::input("too many values"));
    }
    basket::with_content(&file, &basket, Some(bytes), &Counters::default(), |content| {
        let values = content.values;
        let _ = content.notes.check(&[0, 1, 3], stored.size(), 0);
        let n = values.len() / stored.size();
        for depth in 1..3 {
            let _ = lists::unpack(values, basket.end, depth, stored.size());
        }
        let mut found = zeros(stored, false, n);
        convert(stored, &values[..n * stored.size()], out(&mut found));
        Ok(n)
    })
}

/// Bytes before the record.
const HEAD: usize = 100;

/// A file that begins like one, and goes on with the record.
fn padded(record: &[u8]) -> Vec<u8> {
    let mut file = FILE[..HEAD].to_vec();
    // Where the file ends: here, or it would count as cut off.
    file[12..16].copy_from_slice(&((HEAD + record.len()) as u32).to_be_bytes());
    file.extend_from_slice(record);
    file
}

#[cfg(test)]
pub(in crate::read) mod seeds {
    //! Parts of the shipped files, as the functions above take them.

    use super::*;

    pub(in crate::read) fn metadata() -> Vec<Vec<u8>> {
        let (file, _, entry) = around().expect("is shipped");
        vec![file.content(entry.key.seek).expect("reads").0]
    }

    pub(in crate::read) fn baskets(bytes: &[u8]) -> Vec<Vec<u8>> {
        let file = RootFile::open(Storage::of_bytes(bytes.to_vec())).expect("opens");
        let layouts = Layouts::of(&file);
        let entries = directory::find(&file, Look::Everywhere).expect("reads").entries;
        let entry = entries.iter().find(|entry| is_tree(&layouts, entry)).expect("a tree");
        let tree = tree_record::read(&file, &layouts, entry).expect("reads");
        let mut seeds = Vec::new();
        for basket in tree.baskets.iter().filter_map(|baskets| baskets.first()) {
            let Place::Disk { seek, bytes } = basket.place else { continue };
            let mut seed = vec![seeds.len() as u8];
            seed.extend(((basket.end - basket.first) as u32).to_be_bytes());
            seed.extend(file.read_at(seek, bytes).expect("is there"));
            seeds.push(seed);
        }
        seeds
    }
}
