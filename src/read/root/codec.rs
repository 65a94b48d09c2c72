//! Compressed payloads: a row of blocks, each with a nine-byte header that
//! names its codec and its lengths (at most 16 MiB), of all codecs that ROOT
//! has written so far.

use crate::error::{Error, Result};
use libdeflater::Decompressor;
use std::cell::RefCell;
use xxhash_rust::xxh64::xxh64;
use zstd_safe::DCtx;

const HEADER: usize = 9;
const LZ4_CHECKSUM: usize = 8;
/// Largest dictionary that LZMA may ask memory for.
const LZMA_MEMORY: u64 = 256 << 20;

/// The codec of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Codec {
    Zlib,
    OldZlib,
    Lzma,
    Lz4,
    Zstd,
}

impl Codec {
    fn of(tag: &[u8]) -> Option<Codec> {
        match tag {
            b"ZL" => Some(Codec::Zlib),
            b"CS" => Some(Codec::OldZlib),
            b"XZ" => Some(Codec::Lzma),
            b"L4" => Some(Codec::Lz4),
            b"ZS" => Some(Codec::Zstd),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Codec::Zlib => "ZLIB",
            Codec::OldZlib => "old ZLIB",
            Codec::Lzma => "LZMA",
            Codec::Lz4 => "LZ4",
            Codec::Zstd => "ZSTD",
        }
    }

    /// An upper limit of bytes out per byte in: what a codec cannot exceed
    /// (deflate 1032, LZ4 255; LZMA and ZSTD are bounded by what runs of equal
    /// bytes reach). A header that claims more is damaged, and is not believed.
    fn max_ratio(self) -> usize {
        match self {
            Codec::Zlib | Codec::OldZlib => 1040,
            Codec::Lz4 => 256,
            Codec::Lzma => 1 << 14,
            Codec::Zstd => 1 << 16,
        }
    }
}

/// One block of a payload.
struct Block<'a> {
    codec: Codec,
    data: &'a [u8],
    out: usize,
}

/// What a compression setting (100 x algorithm + level) means to a user.
pub(super) fn setting_name(setting: i32) -> String {
    let (algorithm, level) = (setting / 100, setting % 100);
    let name = match algorithm {
        _ if level == 0 => return "none".to_owned(),
        0 | 1 => "ZLIB",
        2 => "LZMA",
        3 => "old ZLIB",
        4 => "LZ4",
        5 => "ZSTD",
        _ => return format!("unknown setting {setting}"),
    };
    format!("{name} {level}")
}

/// The codec that the first bytes of a compressed payload name.
pub(super) fn tag_of(payload: &[u8]) -> Option<Codec> {
    Codec::of(payload.get(..2)?)
}

/// What describes a file may have so many bytes after decompression, or be so many times
/// as large as before: more is not allocated on its word.
const LARGE: usize = 64 << 20;
const RATIO: usize = 64;

/// An error if so few bytes of what describes a file claim to become so many.
pub(super) fn believable(packed: usize, bytes: usize) -> Result<()> {
    if bytes <= LARGE.max(packed.saturating_mul(RATIO)) {
        return Ok(());
    }
    Err(Error::input(format!("{packed} bytes that claim to become {bytes}, which is not believed")))
}

/// An error unless `payload` claims to have `bytes` bytes after decompression.
pub(super) fn check(payload: &[u8], bytes: usize) -> Result<()> {
    if payload.len() != bytes {
        split(payload, bytes)?;
    }
    Ok(())
}

/// The content of `payload`, which has exactly `bytes` bytes.
pub(super) fn unpacked(payload: &[u8], bytes: usize) -> Result<Vec<u8>> {
    // Before memory is taken on its word.
    check(payload, bytes)?;
    let mut out = vec![0; bytes];
    unpack(payload, &mut out)?;
    Ok(out)
}

/// Decompresses `payload` to exactly as many bytes as `out` has.
///
/// A payload that has as many itself is stored as it is.
pub(super) fn unpack(payload: &[u8], out: &mut [u8]) -> Result<()> {
    if payload.len() == out.len() {
        out.copy_from_slice(payload);
        return Ok(());
    }
    let blocks = split(payload, out.len())?;
    let mut rest = out;
    for (number, block) in blocks.iter().enumerate() {
        let (piece, next) = rest.split_at_mut(block.out);
        rest = next;
        expand(block, piece).map_err(|e| {
            e.within(format!(
                "block {number} ({}, {} to {} bytes)",
                block.codec.name(),
                block.data.len(),
                block.out
            ))
        })?;
    }
    Ok(())
}

/// Finds the blocks and checks their headers before anything is allocated.
fn split(payload: &[u8], bytes: usize) -> Result<Vec<Block<'_>>> {
    let (mut blocks, mut rest, mut total) = (Vec::new(), payload, 0usize);
    while total < bytes {
        let (Some(head), number) = (rest.get(..HEADER), blocks.len()) else {
            return Err(Error::input(format!(
                "compressed data end after block {} with {total} of {bytes} bytes",
                blocks.len()
            )));
        };
        let codec = Codec::of(&head[..2]).ok_or_else(|| {
            Error::input(format!(
                "block {number} starts with bytes {:02x} {:02x}, which is no known compression",
                head[0], head[1]
            ))
        })?;
        let length =
            |b: &[u8]| usize::from(b[0]) | usize::from(b[1]) << 8 | usize::from(b[2]) << 16;
        let (packed, out) = (length(&head[3..6]), length(&head[6..9]));
        let data = rest.get(HEADER..HEADER + packed).ok_or_else(|| {
            Error::input(format!(
                "block {number} claims {packed} bytes, {} are left",
                rest.len() - HEADER
            ))
        })?;
        if out == 0 || out > packed.saturating_mul(codec.max_ratio()) {
            return Err(Error::input(format!(
                "block {number} claims to expand {packed} to {out} bytes"
            )));
        }
        total += out;
        rest = &rest[HEADER + packed..];
        blocks.push(Block { codec, data, out });
    }
    if total != bytes {
        return Err(Error::input(format!("blocks of {total} bytes where {bytes} are expected")));
    }
    Ok(blocks)
}

thread_local! {
    static DEFLATE: RefCell<Decompressor> = RefCell::new(Decompressor::new());
    static ZSTD: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

fn expand(block: &Block<'_>, out: &mut [u8]) -> Result<()> {
    let expected = out.len();
    let written = match block.codec {
        Codec::Zlib => {
            DEFLATE.with_borrow_mut(|d| d.zlib_decompress(block.data, out)).map_err(damaged)?
        }
        Codec::OldZlib => {
            DEFLATE.with_borrow_mut(|d| d.deflate_decompress(block.data, out)).map_err(damaged)?
        }
        Codec::Zstd => ZSTD.with_borrow_mut(|z| z.decompress(out, block.data)).map_err(|code| {
            Error::input(format!("damaged: {}", zstd_safe::get_error_name(code)))
        })?,
        Codec::Lz4 => {
            lz4_flex::block::decompress_into(checked_lz4(block.data)?, out).map_err(damaged)?
        }
        Codec::Lzma => lzma(block.data, out)?,
    };
    if written != expected {
        return Err(Error::input(format!("damaged: {written} bytes instead of {expected}")));
    }
    Ok(())
}

/// What a decompressor refuses.
fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::input(format!("damaged: {error}")).with_source(error)
}

/// LZ4 data after verifying the checksum in front of them.
fn checked_lz4(data: &[u8]) -> Result<&[u8]> {
    let Some((head, body)) = data.split_at_checked(LZ4_CHECKSUM) else {
        return Err(Error::input("damaged: shorter than its checksum"));
    };
    let stored = head.iter().fold(0u64, |word, &byte| word << 8 | u64::from(byte));
    let found = xxh64(body, 0);
    if stored != found {
        return Err(Error::input(format!(
            "damaged: checksum {found:016x}, but {stored:016x} is stored"
        )));
    }
    Ok(body)
}

fn lzma(data: &[u8], out: &mut [u8]) -> Result<usize> {
    let mut stream = xz2::stream::Stream::new_stream_decoder(LZMA_MEMORY, 0).map_err(damaged)?;
    loop {
        let (read, written) = (stream.total_in() as usize, stream.total_out() as usize);
        let status = stream
            .process(&data[read..], &mut out[written..], xz2::stream::Action::Finish)
            .map_err(damaged)?;
        let moved = stream.total_in() as usize > read || stream.total_out() as usize > written;
        if status == xz2::stream::Status::StreamEnd || !moved {
            return Ok(stream.total_out() as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libdeflater::{CompressionLvl, Compressor};

    /// A block as ROOT writes it.
    fn block(codec: &[u8; 2], content: &[u8]) -> Vec<u8> {
        let mut deflate = Compressor::new(CompressionLvl::default());
        let mut data = vec![0; content.len() + 1000];
        let n = match codec {
            b"ZL" => deflate.zlib_compress(content, &mut data).expect("fits"),
            b"CS" => deflate.deflate_compress(content, &mut data).expect("fits"),
            b"ZS" => zstd_safe::compress(data.as_mut_slice(), content, 5).expect("fits"),
            b"L4" => {
                let packed = lz4_flex::block::compress(content);
                data = [&xxh64(&packed, 0).to_be_bytes()[..], &packed].concat();
                data.len()
            }
            _ => {
                data.clear();
                let mut xz = xz2::stream::Stream::new_easy_encoder(1, xz2::stream::Check::Crc32)
                    .expect("an encoder");
                data.reserve(content.len() + 1000);
                xz.process_vec(content, &mut data, xz2::stream::Action::Finish).expect("fits");
                data.len()
            }
        };
        let (packed, out) = ((n as u32).to_le_bytes(), (content.len() as u32).to_le_bytes());
        [&codec[..], &[8], &packed[..3], &out[..3], &data[..n]].concat()
    }

    #[test]
    fn blocks_of_all_codecs_in_a_row() {
        let text: Vec<u8> = (0..5000u32).flat_map(|i| (i / 7).to_be_bytes()).collect();
        let codecs = [b"ZL", b"CS", b"XZ", b"L4", b"ZS"];
        let payload: Vec<u8> = codecs.iter().flat_map(|codec| block(codec, &text)).collect();
        let out = unpacked(&payload, 5 * text.len()).expect("is right");
        assert!(out.chunks(text.len()).all(|piece| piece == text));
        assert_eq!(unpacked(&text, text.len()).as_ref(), Ok(&text));
    }

    #[test]
    fn damage_of_all_codecs_is_an_error() {
        let text: Vec<u8> = (0..5000u32).flat_map(|i| (i / 7).to_be_bytes()).collect();
        let mut said = String::new();
        for codec in [b"ZL", b"CS", b"XZ", b"L4", b"ZS"] {
            let good = block(codec, &text);
            let mut long = good.clone();
            long[6] ^= 1; // one byte more than the block holds
            let mut huge = good.clone();
            huge[6..9].fill(255);
            let cases = [(&good[..5], text.len()), (&good[..good.len() - 5], text.len())];
            for (payload, bytes) in cases {
                assert!(unpacked(payload, bytes).is_err());
            }
            assert!(unpacked(&long, text.len() + 1).is_err());
            let error = unpacked(&good, text.len() - 1).expect_err("too long");
            said += &format!("{}: {error}\n", String::from_utf8_lossy(codec));
            assert!(unpacked(&huge, 0xff_ffff).is_err());
        }
        let line = "blocks of 20000 bytes where 19999 are expected\n";
        assert_eq!(said, ["ZL", "CS", "XZ", "L4", "ZS"].map(|c| format!("{c}: {line}")).concat());
        let error = unpacked(b"??\x08\x01\0\0\x02\0\0x", 2).expect_err("no codec");
        let unknown = "block 0 starts with bytes 3f 3f, which is no known compression";
        assert_eq!(error.to_string(), unknown);
    }

    #[test]
    fn settings_have_names() {
        let found: Vec<String> = [0, 1, 101, 209, 404, 505, 701].map(setting_name).to_vec();
        assert_eq!(
            found,
            ["none", "ZLIB 1", "ZLIB 1", "LZMA 9", "LZ4 4", "ZSTD 5", "unknown setting 701"]
        );
    }
}
