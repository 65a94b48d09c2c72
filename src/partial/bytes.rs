//! Numbers, texts and lists as bytes, little endian, in one form each, so that equal
//! values are equal bytes. Nothing is allocated on the word of a length before the bytes
//! that it promises are there.

/// Bytes that are written one after the other.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u8(&mut self, x: u8) {
        self.0.push(x);
    }

    pub(super) fn u32(&mut self, x: u32) {
        self.0.extend(x.to_le_bytes());
    }

    pub(super) fn i32(&mut self, x: i32) {
        self.0.extend(x.to_le_bytes());
    }

    pub(super) fn u64(&mut self, x: u64) {
        self.0.extend(x.to_le_bytes());
    }

    pub(super) fn u128(&mut self, x: u128) {
        self.0.extend(x.to_le_bytes());
    }

    /// Seven bits a byte, the lowest first; the last byte has no top bit.
    pub(super) fn short(&mut self, mut x: u64) {
        while x >= 0x80 {
            self.u8(x as u8 | 0x80);
            x >>= 7;
        }
        self.u8(x as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    /// A list, its length first.
    pub(super) fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut item: impl FnMut(&mut Writer, T),
    ) {
        self.u64(items.len() as u64);
        items.for_each(|x| item(self, x));
    }

    /// A named section, with its length.
    pub(super) fn section(&mut self, name: &[u8; 4], content: impl FnOnce(&mut Writer)) {
        let mut inner = Writer::default();
        content(&mut inner);
        self.0.extend(name);
        self.u64(inner.0.len() as u64);
        self.0.append(&mut inner.0);
    }
}

/// What is wrong with bytes, in a few words.
pub(super) type Result<T> = std::result::Result<T, String>;

/// Bytes that are read one after the other.
pub(super) struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader(bytes)
    }

    /// So many bytes, if they are there.
    pub(super) fn take(&mut self, n: u64) -> Result<&'b [u8]> {
        let split = usize::try_from(n).ok().and_then(|n| self.0.split_at_checked(n));
        let (taken, rest) = split.ok_or_else(|| {
            format!("it ends where {n} more bytes should be, of which {} are there", self.0.len())
        })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.take(N as u64)?;
        bytes.try_into().map_err(|_| "it ends too early".to_owned())
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn u128(&mut self) -> Result<u128> {
        Ok(u128::from_le_bytes(self.array()?))
    }

    pub(super) fn short(&mut self) -> Result<u64> {
        let mut x = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits || byte == 0 && shift > 0 {
                break;
            }
            x |= bits << shift;
            if byte < 0x80 {
                return Ok(x);
            }
        }
        Err("a number is not in its shortest form".to_owned())
    }

    pub(super) fn text(&mut self) -> Result<String> {
        let length = self.u64()?;
        let text = std::str::from_utf8(self.take(length)?);
        Ok(text.map_err(|_| "a text is not UTF-8")?.to_owned())
    }

    /// A list, its length first; an item has a byte at least.
    pub(super) fn list<T, L: FromIterator<T>>(
        &mut self,
        mut item: impl FnMut(&mut Reader<'b>) -> Result<T>,
    ) -> Result<L> {
        let length = self.u64()?;
        if length > self.0.len() as u64 {
            return Err(format!("a list of {length} items has {} bytes", self.0.len()));
        }
        (0..length).map(|_| item(self)).collect()
    }

    /// The content of the section of this name.
    pub(super) fn section(&mut self, name: &[u8; 4]) -> Result<Reader<'b>> {
        let found: [u8; 4] = self.array()?;
        if found != *name {
            let (name, found) = (name.escape_ascii(), found.escape_ascii());
            return Err(format!("the section `{found}` is where `{name}` should be"));
        }
        let length = self.u64()?;
        Ok(Reader(self.take(length)?))
    }

    /// All must have been read.
    pub(super) fn end(self) -> Result<()> {
        match self.0.len() {
            0 => Ok(()),
            n => Err(format!("{n} bytes are left over")),
        }
    }
}
