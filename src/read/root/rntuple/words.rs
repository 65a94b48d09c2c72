//! A bounds-checked walk through what envelopes are made of: little-endian
//! numbers, texts, frames and locators.

use crate::error::{Error, Result};
use crate::read::root::cursor::Cursor;

/// The one kind of locator besides the plain one: 64-bit size and offset.
const LARGE_LOCATOR: u32 = 1;

/// A position in the bytes of an envelope, or of a frame in it.
#[derive(Debug, Clone)]
pub(super) struct Words<'a>(Cursor<'a>);

/// Where a page or an envelope lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Locator {
    pub(super) offset: u64,
    /// Bytes on disk, a page's checksum not included.
    pub(super) bytes: u64,
}

/// The content of a list frame.
#[derive(Debug, Clone)]
pub(super) struct List<'a> {
    pub(super) items: u32,
    /// The items, and whatever follows them in the frame.
    pub(super) words: Words<'a>,
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {$(
        pub(super) fn $name(&mut self) -> Result<$type> {
            let mut bytes = [0; size_of::<$type>()];
            bytes.copy_from_slice(self.0.take(size_of::<$type>())?);
            Ok(<$type>::from_le_bytes(bytes))
        }
    )*};
}

impl<'a> Words<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Words(Cursor::new(bytes))
    }

    numbers! { u16: u16, u32: u32, i32: i32, u64: u64, i64: i64, f64: f64 }

    /// A text: its length, then its characters.
    pub(super) fn text(&mut self) -> Result<String> {
        let n = self.u32()? as usize;
        Ok(String::from_utf8_lossy(self.0.take(n)?).into_owned())
    }

    /// Size and content of the next frame; a negative size means a list.
    fn frame(&mut self) -> Result<(bool, Words<'a>)> {
        let at = self.0.pos();
        let size = self.i64()?;
        let payload = usize::try_from(size.unsigned_abs()).ok().and_then(|n| n.checked_sub(8));
        let payload =
            payload.ok_or_else(|| Error::input(format!("byte {at}: a frame of {size} bytes")))?;
        Ok((size < 0, Words::new(self.0.take(payload)?)))
    }

    /// The content of a record frame; readers skip what they do not know at its end.
    pub(super) fn record(&mut self) -> Result<Words<'a>> {
        match self.frame()? {
            (false, words) => Ok(words),
            (true, _) => Err(Error::input("a list stands where a record belongs")),
        }
    }

    /// The content of a list frame.
    pub(super) fn list(&mut self) -> Result<List<'a>> {
        match self.frame()? {
            (true, mut words) => Ok(List { items: words.u32()?, words }),
            (false, _) => Err(Error::input("a record stands where a list belongs")),
        }
    }

    /// A locator of either kind.
    pub(super) fn locator(&mut self) -> Result<Locator> {
        let head = self.i32()?;
        if let Ok(bytes) = u64::try_from(head) {
            return Ok(Locator { offset: self.u64()?, bytes });
        }
        let head = head.unsigned_abs();
        let payload = ((head & 0xffff) as usize).checked_sub(4);
        let payload = payload.ok_or_else(|| Error::input("a locator shorter than its head"))?;
        let mut words = Words::new(self.0.take(payload)?);
        match head >> 24 {
            LARGE_LOCATOR => {
                let (bytes, offset) = (words.u64()?, words.u64()?);
                Ok(Locator { offset, bytes })
            }
            kind => Err(Error::input(format!(
                "a locator of kind {kind}; data in files have kinds 0 and 1"
            ))),
        }
    }

    /// Feature flags, of which none is known so far.
    pub(super) fn feature_flags(&mut self) -> Result<()> {
        loop {
            let flags = self.i64()?;
            // The sign says that more flags follow.
            if flags & i64::MAX != 0 {
                return Err(Error::input(format!(
                    "feature flags {flags:#x}: the file uses a feature of the format that this \
                     version does not know; look for a newer gpuana"
                )));
            }
            if flags == 0 {
                return Ok(());
            }
        }
    }
}

impl<'a> List<'a> {
    /// Reads each item, telling which one failed.
    pub(super) fn each<T>(
        mut self,
        what: &str,
        mut read: impl FnMut(&mut Words<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for item in 0..self.items {
            let one = read(&mut self.words).map_err(|e| e.within(format!("{what} {item}")))?;
            found.push(one);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], read: impl Fn(&mut Words<'_>) -> Result<String>) -> String {
        read(&mut Words::new(bytes)).unwrap_or_else(|e| e.to_string())
    }

    #[test]
    fn locators_are_plain_or_large() {
        let large = (-0x0100_0014i32).to_le_bytes();
        let unknown = (-0x0200_0014i32).to_le_bytes();
        let cases: &[(&[u8], &[u8], &str)] = &[
            (&[5, 0, 0, 0], &[7, 0, 0, 0, 0, 0, 0, 0], "5 bytes at 7"),
            (&large, &[9, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0], "9 bytes at 8"),
            (&unknown, &[0; 16], "a locator of kind 2; data in files have kinds 0 and 1"),
            (&[0xff; 4], &[0; 16], "a locator shorter than its head"),
            (&large, &[0; 9], "byte 4 of 13: 16 more bytes expected, 9 left"),
        ];
        for (head, payload, expected) in cases {
            let found = shown(&[*head, payload].concat(), |words| {
                words.locator().map(|l| format!("{} bytes at {}", l.bytes, l.offset))
            });
            assert_eq!(found, *expected);
        }
    }

    #[test]
    fn frames_are_left_by_their_size() {
        let mut bytes = 12i64.to_le_bytes().to_vec();
        bytes.extend([1, 0, 0xee, 0xee]);
        bytes.extend((-14i64).to_le_bytes());
        bytes.extend([1, 0, 0, 0, 2, 0]);
        bytes.extend([0; 8]);
        let found = shown(&bytes, |words| {
            let first = words.record()?.u16()?;
            let items = words.list()?.each("item", Words::u16)?;
            Ok(format!("{first} {items:?} {:?}", words.record().map(|_| ())))
        });
        let empty = Error::input("byte 26: a frame of 0 bytes");
        assert_eq!(found, format!("1 [2] {:?}", Err::<(), _>(empty)));
    }
}
