//! `histograms.root`: TH1D, TH2D and TH3D in a ROOT file, uncompressed. The
//! bytes depend on the contents alone: the date is fixed and the file's UUID
//! is a hash of what is in it.
//!
//! Layout after "TFile" and "TKey" in ROOT's documentation: a header, records
//! that start with a key, the last ones being the list of keys and the free
//! space behind the end.

mod buffer;
mod histogram;
mod streamers;

use crate::error::{Error, Result};
use crate::hist::Histogram;
use buffer::Buffer;
use xxhash_rust::xxh3::xxh3_128;

/// ROOT 6.24, the first release with all the class versions written here.
const VERSION: i32 = 62400;
const BEGIN: usize = 100;
/// 1 January 1995, midnight: the origin of ROOT's dates.
const DATE: u32 = 1 << 22 | 1 << 17;
/// Beyond it, positions need eight bytes.
const LARGEST: usize = 2_000_000_000;

/// A file of this name with all histograms of up to three axes, and the names
/// of those left out because they have more (or none).
///
/// # Errors
/// The file would exceed 2 GB.
pub fn histograms(name: &str, histograms: &[Histogram]) -> Result<(Vec<u8>, Vec<String>)> {
    let (kept, left): (Vec<&Histogram>, Vec<&Histogram>) =
        histograms.iter().partition(|h| (1..=3).contains(&h.axes.len()));
    let size: usize = kept.iter().map(|h| 2000 + 16 * h.cells() + h.name.len()).sum();
    if size > LARGEST {
        return Err(Error::output(format!(
            "{name} would have {size} bytes, more than the {LARGEST} of a small ROOT file; \
             use fewer bins, or JSON only"
        )));
    }
    let mut file = File::new(name);
    for h in kept {
        let class = histogram::class(h);
        file.add(class, &h.name, &h.title, |b| histogram::stream(b, h));
    }
    Ok((file.finish(), left.into_iter().map(|h| h.name.clone()).collect()))
}

/// What precedes every record.
struct Key<'a> {
    class: &'a str,
    name: &'a str,
    title: &'a str,
    /// Where the record is.
    at: usize,
    /// Where the record of its folder is.
    folder: usize,
}

impl Key<'_> {
    fn length(&self) -> usize {
        let string = |s: &str| s.len() + if s.len() < 255 { 1 } else { 5 };
        26 + string(self.class) + string(self.name) + string(self.title)
    }

    /// The key of an object of this many bytes.
    fn stream(&self, size: usize) -> Vec<u8> {
        let mut b = Buffer::new(0);
        b.i32((self.length() + size) as i32);
        b.i16(4);
        b.i32(size as i32);
        b.u32(DATE);
        b.i16(self.length() as i16);
        b.i16(1); // cycle
        b.i32(self.at as i32);
        b.i32(self.folder as i32);
        b.string(self.class);
        b.string(self.name);
        b.string(self.title);
        b.into_bytes()
    }
}

struct File<'a> {
    name: &'a str,
    bytes: Vec<u8>,
    keys: Vec<Vec<u8>>,
}

impl<'a> File<'a> {
    /// A file whose header and folder are still blank.
    fn new(name: &'a str) -> Self {
        let folder = Folder::default().stream(name, 0);
        let key = Key { class: "TFile", name, title: "", at: BEGIN, folder: 0 };
        let mut bytes = vec![0; BEGIN];
        bytes.extend(key.stream(folder.len()));
        bytes.extend(folder);
        File { name, bytes, keys: Vec::new() }
    }

    /// Appends a record; gives its key's bytes.
    fn record(&mut self, key: &Key<'_>, object: &[u8]) -> Vec<u8> {
        let key = key.stream(object.len());
        self.bytes.extend(&key);
        self.bytes.extend(object);
        key
    }

    fn add(&mut self, class: &str, name: &str, title: &str, stream: impl FnOnce(&mut Buffer)) {
        let key = Key { class, name, title, at: self.bytes.len(), folder: BEGIN };
        let mut object = Buffer::new(key.length());
        stream(&mut object);
        let key = self.record(&key, &object.into_bytes());
        self.keys.push(key);
    }

    /// Appends what comes last and fills in the blanks.
    fn finish(mut self) -> Vec<u8> {
        let name = self.name;
        let info = self.bytes.len();
        let key = Key {
            class: "TList",
            name: "StreamerInfo",
            title: "Doubly linked list",
            at: info,
            folder: BEGIN,
        };
        let mut object = Buffer::new(key.length());
        streamers::stream(&mut object);
        self.record(&key, &object.into_bytes());

        let keys = self.bytes.len();
        let mut list = Buffer::new(0);
        list.i32(self.keys.len() as i32);
        self.keys.iter().for_each(|key| list.raw(key));
        let key = Key { class: "TFile", name, title: "", at: keys, folder: BEGIN };
        self.record(&key, &list.into_bytes());

        let free = self.bytes.len();
        let key = Key { class: "TFile", name, title: "", at: free, folder: BEGIN };
        let end = free + key.length() + 10;
        let mut segment = Buffer::new(0);
        segment.i16(1);
        segment.i32(end as i32);
        segment.i32(LARGEST as i32);
        self.record(&key, &segment.into_bytes());
        self.fill_in(info, keys, free);
        self.bytes
    }

    fn fill_in(&mut self, info: usize, keys: usize, free: usize) {
        let end = self.bytes.len();
        let uuid = uuid(&self.bytes[BEGIN..]);
        let key = Key { class: "TFile", name: self.name, title: "", at: BEGIN, folder: 0 };
        let named = key.length() + self.name.len() + 2;
        let folder = Folder { keys, keys_size: free - keys, uuid }.stream(self.name, named);
        let start = BEGIN + key.length();
        self.bytes[start..start + folder.len()].copy_from_slice(&folder);

        let mut header = Buffer::new(0);
        header.raw(b"root");
        header.i32(VERSION);
        for x in [BEGIN, end, free, end - free, 1, named] {
            header.i32(x as i32);
        }
        header.u8(4); // bytes of a position
        header.i32(0); // no compression
        header.i32(info as i32);
        header.i32((keys - info) as i32);
        header.i16(1);
        header.raw(&uuid);
        let header = header.into_bytes();
        self.bytes[..header.len()].copy_from_slice(&header);
    }
}

/// The root folder's record, a `TDirectory` behind the file's name.
#[derive(Default)]
struct Folder {
    keys: usize,
    keys_size: usize,
    uuid: [u8; 16],
}

impl Folder {
    fn stream(&self, name: &str, named: usize) -> Vec<u8> {
        let mut b = Buffer::new(0);
        b.string(name);
        b.string("");
        b.i16(5);
        b.u32(DATE);
        b.u32(DATE);
        for x in [self.keys_size, named, BEGIN, 0, self.keys] {
            b.i32(x as i32);
        }
        b.i16(1);
        b.raw(&self.uuid);
        b.raw(&[0; 12]); // room for positions of eight bytes
        b.into_bytes()
    }
}

/// A UUID (of version 8, "custom") from the contents.
fn uuid(contents: &[u8]) -> [u8; 16] {
    let mut bytes = xxh3_128(contents).to_be_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

#[cfg(test)]
mod tests;
