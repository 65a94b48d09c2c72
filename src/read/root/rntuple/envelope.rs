//! Anchor and envelopes: the chain of checksummed records that leads from a
//! key of the file to all that describes an ntuple.

use super::words::{Locator, Words};
use crate::error::{Error, Result};
use crate::read::root::codec;
use crate::read::root::cursor::Cursor;
use crate::read::root::entry::Entry;
use crate::read::root::file::RootFile;
use xxhash_rust::xxh3::xxh3_64;

/// The largest envelope that is believed to be one (a header with a million
/// fields has about 100 MB).
const MAX_ENVELOPE: u64 = 1 << 30;
/// Bytes of the fields of an anchor: four versions, seven numbers.
const ANCHOR_FIELDS: usize = 4 * 2 + 7 * 8;
/// Bytes of a checksum.
pub(super) const CHECKSUM: usize = 8;

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Header = 1,
    Footer = 2,
    PageList = 3,
}

/// Where an envelope lies, and how long it is after decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) length: u64,
    pub(super) locator: Locator,
}

/// What the key of an ntuple says.
#[derive(Debug)]
pub(super) struct Anchor {
    /// Version of the format: epoch, major, minor, patch.
    pub(super) version: [u16; 4],
    pub(super) header: Link,
    pub(super) footer: Link,
}

impl Anchor {
    /// Reads and checks the anchor that a key leads to.
    pub(super) fn read(file: &RootFile, entry: &Entry) -> Result<Anchor> {
        if entry.key.class != "ROOT::RNTuple" {
            return Err(Error::input(format!(
                "of class {}, from before the format was released; write it anew with \
                 ROOT 6.34 or later",
                entry.key.class
            )));
        }
        let (content, _) = file.object(&entry.key)?;
        Anchor::parse(&content).map_err(|e| e.within(format!("anchor at byte {}", entry.key.seek)))
    }

    fn parse(content: &[u8]) -> Result<Anchor> {
        let mut c = Cursor::new(content);
        c.object_header()?;
        // Later versions may append fields; the checksum is the last of all.
        let body = content.len().saturating_sub(CHECKSUM);
        let Some(fields) = content.get(c.pos()..body).filter(|f| f.len() >= ANCHOR_FIELDS) else {
            return Err(Error::input(format!("{} bytes, too few for an anchor", content.len())));
        };
        let stored = content[body..].iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        check(stored, xxh3_64(fields))?;
        let version = [c.u16()?, c.u16()?, c.u16()?, c.u16()?];
        if version[0] != 1 {
            return Err(Error::input(format!(
                "format version {}, but only 1 is known; versions before it were never released",
                dotted(version)
            )));
        }
        let mut link = || -> Result<Link> {
            let (offset, bytes, length) = (c.u64()?, c.u64()?, c.u64()?);
            Ok(Link { length, locator: Locator { offset, bytes } })
        };
        let (header, footer) = (link()?, link()?);
        Ok(Anchor { version, header, footer })
    }
}

/// A version as text.
pub(super) fn dotted(version: [u16; 4]) -> String {
    version.map(|n| n.to_string()).join(".")
}

/// An error if checksums differ.
pub(super) fn check(stored: u64, found: u64) -> Result<()> {
    if stored == found {
        return Ok(());
    }
    Err(Error::input(format!("damaged: checksum {found:016x}, but {stored:016x} is stored")))
}

/// An envelope whose checksum is right.
pub(super) struct Envelope {
    bytes: Vec<u8>,
    pub(super) checksum: u64,
}

impl Envelope {
    /// Reads, decompresses and verifies an envelope.
    pub(super) fn read(file: &RootFile, link: Link, kind: Kind) -> Result<Envelope> {
        Envelope::load(file, link, kind).map_err(|e| {
            let name = match kind {
                Kind::Header => "header",
                Kind::Footer => "footer",
                Kind::PageList => "page list",
            };
            e.within(format!("{name} at byte {}", link.locator.offset))
        })
    }

    fn load(file: &RootFile, link: Link, kind: Kind) -> Result<Envelope> {
        let size = |n: u64| {
            usize::try_from(n).ok().filter(|_| n <= MAX_ENVELOPE).ok_or_else(|| {
                Error::input(format!("{n} bytes, more than the {MAX_ENVELOPE} that are allowed"))
            })
        };
        let (packed, length) = (size(link.locator.bytes)?, size(link.length)?);
        codec::believable(packed, length)?;
        let payload = file.read_at(link.locator.offset, packed)?;
        let mut bytes = codec::unpacked(&payload, length)?;
        let Some(body) = bytes.len().checked_sub(CHECKSUM).filter(|&n| n >= 8) else {
            return Err(Error::input(format!("{} bytes, too few for an envelope", bytes.len())));
        };
        let checksum = Words::new(&bytes[body..]).u64()?;
        check(checksum, xxh3_64(&bytes[..body]))?;
        let head = Words::new(&bytes).u64()?;
        let (found, said) = (head & 0xffff, head >> 16);
        if found != kind as u64 || said != link.length {
            return Err(Error::input(format!(
                "an envelope of kind {found} with {said} bytes, where kind {} with {} belongs",
                kind as u64, link.length
            )));
        }
        bytes.truncate(body);
        Ok(Envelope { bytes, checksum })
    }

    /// The content, from behind kind and length to before the checksum.
    pub(super) fn words(&self) -> Words<'_> {
        Words::new(self.content())
    }

    /// The bytes of it.
    pub(super) fn content(&self) -> &[u8] {
        &self.bytes[8..]
    }
}
