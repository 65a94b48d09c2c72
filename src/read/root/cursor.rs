//! A bounds-checked walk through big-endian bytes: the one way in which this
//! module reads what a file says, so that no damaged file can cause a panic.

use crate::error::{Error, Result};

/// Marks a 32-bit word as a byte count (of the object that follows it).
const BYTE_COUNT: u32 = 0x4000_0000;
/// `TObject::kIsReferenced`: a process identifier follows the object's bits.
const IS_REFERENCED: u32 = 1 << 4;

/// A position in a slice of bytes.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    data: &'a [u8],
    pos: usize,
}

/// Version of a streamed object, and where it ends if it says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObjectHeader {
    pub(super) version: u16,
    pub(super) end: Option<usize>,
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {$(
        pub(super) fn $name(&mut self) -> Result<$type> {
            Ok(<$type>::from_be_bytes(self.array()?))
        }
    )*};
}

impl<'a> Cursor<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Cursor { data, pos: 0 }
    }

    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    pub(super) fn remaining(&self) -> usize {
        self.data.len() - self.pos
    }

    numbers! { i8: i8, u16: u16, i16: i16, u32: u32, i32: i32, u64: u64, i64: i64, f32: f32, f64: f64 }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| Error::input("internal: a slice of another length"))
    }

    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if n > self.remaining() {
            return Err(Error::input(format!(
                "byte {} of {}: {n} more bytes expected, {} left",
                self.pos,
                self.data.len(),
                self.remaining()
            )));
        }
        let bytes = &self.data[self.pos..self.pos + n];
        self.pos += n;
        Ok(bytes)
    }

    /// Moves forward to `pos`; backwards means a byte count that is too small.
    pub(super) fn forward_to(&mut self, pos: usize) -> Result<()> {
        if pos < self.pos || pos > self.data.len() {
            return Err(Error::input(format!(
                "byte {} of {}: an object's byte count says that it ends at byte {pos}",
                self.pos,
                self.data.len()
            )));
        }
        self.pos = pos;
        Ok(())
    }

    /// A length that must not be negative.
    pub(super) fn length(&mut self) -> Result<usize> {
        let at = self.pos;
        let n = self.i32()?;
        usize::try_from(n).map_err(|_| Error::input(format!("byte {at}: a length of {n}")))
    }

    /// A position in the file, of 64 bits if it is `wide`: signed, but never negative.
    pub(super) fn position(&mut self, wide: bool) -> Result<u64> {
        let at = self.pos;
        let n = if wide { self.i64()? } else { i64::from(self.i32()?) };
        u64::try_from(n).map_err(|_| Error::input(format!("byte {at}: a position of {n}")))
    }

    /// A `TString`: one length byte (255: four more), then the characters.
    pub(super) fn text(&mut self) -> Result<String> {
        let n = match self.u8()? {
            255 => self.length()?,
            n => usize::from(n),
        };
        Ok(String::from_utf8_lossy(self.take(n)?).into_owned())
    }

    /// Characters up to a zero byte.
    pub(super) fn zero_terminated(&mut self) -> Result<String> {
        let rest = &self.data[self.pos..];
        let n = rest.iter().take(1024).position(|&b| b == 0).ok_or_else(|| {
            Error::input(format!("byte {}: a class name without an end", self.pos))
        })?;
        self.pos += n + 1;
        Ok(String::from_utf8_lossy(&rest[..n]).into_owned())
    }

    /// Byte count (if there is one) and version of a streamed object.
    pub(super) fn object_header(&mut self) -> Result<ObjectHeader> {
        let start = self.pos;
        let word = if self.remaining() >= 4 { self.u32()? } else { 0 };
        if word & BYTE_COUNT == 0 {
            self.pos = start;
            return Ok(ObjectHeader { version: self.u16()?, end: None });
        }
        let end = self.end_of(word)?;
        Ok(ObjectHeader { version: self.u16()?, end: Some(end) })
    }

    /// Where an object ends whose byte count was just read.
    pub(super) fn end_of(&self, word: u32) -> Result<usize> {
        let n = (word & !BYTE_COUNT) as usize;
        if n > self.remaining() {
            return Err(Error::input(format!(
                "byte {}: an object of {n} bytes, but only {} are left",
                self.pos,
                self.remaining()
            )));
        }
        Ok(self.pos + n)
    }

    /// Skips a streamed object by its byte count.
    pub(super) fn skip_object(&mut self) -> Result<()> {
        let at = self.pos;
        match self.object_header()?.end {
            Some(end) => self.forward_to(end),
            None => Err(Error::input(format!("byte {at}: an object without a byte count"))),
        }
    }

    /// Skips a `TObject`.
    pub(super) fn skip_tobject(&mut self) -> Result<()> {
        if let Some(end) = self.object_header()?.end {
            return self.forward_to(end);
        }
        let (_unique_id, bits) = (self.u32()?, self.u32()?);
        if bits & IS_REFERENCED != 0 {
            self.u16()?;
        }
        Ok(())
    }

    /// Name and title of a `TNamed`.
    pub(super) fn named(&mut self) -> Result<(String, String)> {
        let header = self.object_header()?;
        self.skip_tobject()?;
        let named = (self.text()?, self.text()?);
        if let Some(end) = header.end {
            self.forward_to(end)?;
        }
        Ok(named)
    }
}
