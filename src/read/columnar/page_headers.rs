//! What the headers of Parquet pages say, before the parquet crate believes it.
//!
//! The crate takes memory for the size that a page claims; here that is held against what
//! the codec can make of its bytes. And it goes by a flag that parquet-cpp before version
//! 2.0 set wrongly: `is_compressed = false` in the header of each data page of version 2,
//! which was compressed all the same. Readers have to go by the column's codec there, so
//! the flag is corrected before the crate sees it.

use crate::error::{Error, Result};
use crate::read::storage::Storage;
use parquet::basic::CompressionCodec;
use std::ops::Range;

/// Headers are read with so many bytes first; longer ones (of long statistics) with more.
const FIRST: usize = 512;
/// Any page may have so many.
const SMALL: u64 = 1 << 16;
/// No header is longer.
const LONGEST: usize = 1 << 24;
/// How deep its records may nest.
const DEEPEST: usize = 16;

/// Whether flags in files of this writer (`created_by`) are wrong.
pub(super) fn have_wrong_flags(writer: &str) -> bool {
    let version = writer.strip_prefix("parquet-cpp version ");
    let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    major.is_some_and(|major| major < 2)
}

/// The most bytes that a codec makes of one: 64 in a copy of 3 (Snappy), 255 for a byte of
/// a length (LZ4), 258 for two bits (deflate), a block of 128 kB in 4 (ZSTD).
fn most_of_one(codec: CompressionCodec) -> u64 {
    match codec {
        CompressionCodec::SNAPPY => 32,
        CompressionCodec::LZ4 | CompressionCodec::LZ4_RAW => 256,
        CompressionCodec::GZIP => 1040,
        _ => 1 << 15,
    }
}

/// Checks the sizes of the pages in the column chunk at these bytes; returns where flags
/// lie that deny compression. What no header is, is left to the crate to say.
///
/// # Errors
/// A page cannot be as long as it claims.
pub(super) fn look(
    storage: &Storage,
    chunk: Range<u64>,
    codec: CompressionCodec,
) -> Result<Vec<u64>> {
    let mut flags = Vec::new();
    let mut at = chunk.start;
    while at < chunk.end {
        let Some(Header { bytes, page, unpacked, flag }) = read(storage, at, chunk.end)? else {
            break;
        };
        if unpacked > SMALL.max(page.saturating_mul(most_of_one(codec))) {
            return Err(Error::input(format!(
                "the page at byte {at} says that it has {unpacked} bytes, in {page} on disk"
            )));
        }
        flags.extend(flag.map(|flag| at + flag as u64));
        at = at.saturating_add(bytes as u64).saturating_add(page);
    }
    Ok(flags)
}

/// Corrects the flags that are among these bytes of a file.
pub(super) fn correct(flags: &[u64], start: u64, bytes: &mut [u8]) {
    let first = flags.partition_point(|flag| *flag < start);
    for flag in &flags[first..] {
        let Some(byte) = bytes.get_mut((flag - start) as usize) else { break };
        *byte = *byte & 0xf0 | TRUE;
    }
}

fn read(storage: &Storage, at: u64, end: u64) -> Result<Option<Header>> {
    let left = usize::try_from(end - at).unwrap_or(usize::MAX).min(LONGEST);
    let mut length = FIRST;
    loop {
        let bytes = storage.read_at(at, length.min(left))?;
        let header = Reader { bytes: &bytes, at: 0 }.header();
        if header.is_some() || length >= left {
            return Ok(header);
        }
        length *= 8;
    }
}

/// What matters of the header of a page.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    /// Its own bytes.
    bytes: usize,
    /// Those of the page that follows.
    page: u64,
    /// Those of the page after decompression.
    unpacked: u64,
    /// Where in the header a flag says that the page is not compressed.
    flag: Option<usize>,
}

// Thrift's compact protocol: types of fields.
const TRUE: u8 = 1;
const FALSE: u8 = 2;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn header(mut self) -> Option<Header> {
        const UNPACKED_BYTES: i64 = 2;
        const PAGE_BYTES: i64 = 3;
        const DATA_PAGE_V2: i64 = 8;
        const IS_COMPRESSED: i64 = 7;
        let (mut page, mut unpacked, mut flag, mut id) = (None, None, None, 0);
        while let Some((kind, _)) = self.field(&mut id)? {
            match (id, kind) {
                (UNPACKED_BYTES, 4..=6) => unpacked = u64::try_from(self.integer()?).ok(),
                (PAGE_BYTES, 4..=6) => page = u64::try_from(self.integer()?).ok(),
                (DATA_PAGE_V2, 12) => {
                    let mut inner = 0;
                    while let Some((kind, at)) = self.field(&mut inner)? {
                        match (inner, kind) {
                            (IS_COMPRESSED, FALSE) => flag = Some(at),
                            _ => self.skip(kind, 0)?,
                        }
                    }
                }
                _ => self.skip(kind, 0)?,
            }
        }
        Some(Header { bytes: self.at, page: page?, unpacked: unpacked?, flag })
    }

    fn byte(&mut self) -> Option<u8> {
        self.at += 1;
        self.bytes.get(self.at - 1).copied()
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn integer(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The type of the next field and where that stands; `None` in it ends the record.
    #[expect(clippy::option_option, reason = "the bytes may end, and the record may end")]
    fn field(&mut self, id: &mut i64) -> Option<Option<(u8, usize)>> {
        let at = self.at;
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *id = match byte >> 4 {
            0 => self.integer()?,
            step => id.checked_add(step.into())?,
        };
        Some(Some((byte & 0xf, at)))
    }

    fn jump(&mut self, n: u64) -> Option<()> {
        let left = self.bytes.len().checked_sub(self.at)?;
        let n = usize::try_from(n).ok().filter(|n| *n <= left)?;
        self.at += n;
        Some(())
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            TRUE | FALSE => {}
            3 => self.jump(1)?,
            4..=6 => drop(self.unsigned()?),
            7 => self.jump(8)?,
            8 => {
                let n = self.unsigned()?;
                self.jump(n)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let n = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
                for _ in 0..n {
                    match head & 0xf {
                        TRUE | FALSE => self.jump(1)?,
                        kind => self.skip(kind, depth + 1)?,
                    }
                }
            }
            12 => {
                let mut id = 0;
                while let Some((kind, _)) = self.field(&mut id)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            // Maps: no header has one.
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_are_told_by_name_and_version() {
        let cases = [
            ("parquet-cpp version 1.5.1-SNAPSHOT", true),
            ("parquet-cpp version 1.0.0", true),
            ("parquet-cpp version 2.0.0", false),
            ("parquet-cpp-arrow version 1.0.0", false),
            ("parquet-mr version 1.8.0", false),
            ("", false),
        ];
        for (writer, wrong) in cases {
            assert_eq!(have_wrong_flags(writer), wrong, "{writer}");
        }
    }

    #[test]
    fn flags_are_found_and_corrected() {
        // Type 3, sizes 32 and 34, then the header of a data page: 5 values, 0 nulls, 5
        // rows, encoding 0, lengths 2 and 0, a flag, and statistics with one text.
        let header = |flag| {
            [
                21, 6, 21, 64, 21, 68, 92, 21, 10, 21, 0, 21, 10, 21, 0, 21, 4, 21, 0, flag, 28,
                24, 1, 7, 0, 0, 0, 99,
            ]
        };
        let found = |bytes: &[u8]| Reader { bytes, at: 0 }.header();
        let denied = header(0x12);
        assert_eq!(
            found(&denied),
            Some(Header { bytes: 27, page: 34, unpacked: 32, flag: Some(19) })
        );
        assert_eq!(
            found(&header(0x11)),
            Some(Header { bytes: 27, page: 34, unpacked: 32, flag: None })
        );
        assert_eq!(found(&denied[..26]), None);
        let mut bytes = denied;
        correct(&[519], 500, &mut bytes);
        assert_eq!(bytes, header(0x11));
        let (first, second) = bytes.split_at_mut(19);
        correct(&[519], 500, first);
        assert_eq!(first, &header(0x11)[..19]);
        second[0] = 0x12;
        correct(&[3, 519, 600], 519, second);
        assert_eq!(second, &header(0x11)[19..]);
    }

    #[test]
    fn pages_claim_no_more_than_their_codec_can_give() {
        let chunk = |unpacked: &[u8]| {
            let head = [&[21, 6, 21], unpacked, &[21, 68, 92, 21, 10, 0, 0]].concat();
            [head, vec![0; 34]].concat()
        };
        let look = |bytes: Vec<u8>, codec| {
            let end = bytes.len() as u64;
            super::look(&Storage::of_bytes(bytes), 0..end, codec).map_err(|e| e.to_string())
        };
        assert_eq!(look(chunk(&[64]), CompressionCodec::SNAPPY), Ok(vec![]));
        // 2,000,000,000, as a number of this protocol.
        let error = look(chunk(&[0x80, 0xd0, 0xac, 0xf3, 0x0e]), CompressionCodec::LZ4);
        let said = "the page at byte 0 says that it has 2000000000 bytes, in 34 on disk";
        assert_eq!(error, Err(said.to_owned()));
        assert_eq!(look(vec![9; 40], CompressionCodec::GZIP), Ok(vec![]), "no header at all");
    }
}
