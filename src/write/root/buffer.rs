//! Big-endian bytes as ROOT's streamers lay them out.

/// Marks a byte count.
const BYTE_COUNT: u32 = 0x4000_0000;
/// Marks a class that was named before, by where.
const CLASS_MASK: u32 = 0x8000_0000;
/// Announces a class name.
const NEW_CLASS: u32 = 0xffff_ffff;
/// References count from here.
const MAP_OFFSET: u32 = 2;

/// A growing object. References to classes count from the start of the key
/// that the object will be put behind.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    key_length: u32,
    classes: Vec<(&'static str, u32)>,
}

impl Buffer {
    /// An object behind a key of this length.
    pub(super) fn new(key_length: usize) -> Self {
        Buffer { bytes: Vec::new(), key_length: key_length as u32, classes: Vec::new() }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn u8(&mut self, x: u8) {
        self.bytes.push(x);
    }

    pub(super) fn i16(&mut self, x: i16) {
        self.bytes.extend(x.to_be_bytes());
    }

    pub(super) fn u32(&mut self, x: u32) {
        self.bytes.extend(x.to_be_bytes());
    }

    pub(super) fn i32(&mut self, x: i32) {
        self.bytes.extend(x.to_be_bytes());
    }

    pub(super) fn f32(&mut self, x: f32) {
        self.bytes.extend(x.to_be_bytes());
    }

    pub(super) fn f64(&mut self, x: f64) {
        self.bytes.extend(x.to_be_bytes());
    }

    pub(super) fn i16s(&mut self, values: &[i16]) {
        values.iter().for_each(|x| self.i16(*x));
    }

    pub(super) fn f32s(&mut self, values: &[f32]) {
        values.iter().for_each(|x| self.f32(*x));
    }

    pub(super) fn f64s(&mut self, values: &[f64]) {
        values.iter().for_each(|x| self.f64(*x));
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// A `TString`: its length in one byte, or in four behind 255.
    pub(super) fn string(&mut self, text: &str) {
        match text.len() {
            short @ 0..=254 => self.u8(short as u8),
            long => {
                self.u8(255);
                self.i32(long as i32);
            }
        }
        self.raw(text.as_bytes());
    }

    /// A `TArrayD`: its length and its numbers.
    pub(super) fn doubles(&mut self, values: &[f64]) {
        self.i32(values.len() as i32);
        self.f64s(values);
    }

    /// A part with its byte count and class version in front.
    pub(super) fn versioned(&mut self, version: i16, part: impl FnOnce(&mut Self)) {
        self.counted(|b| {
            b.i16(version);
            part(b);
        });
    }

    /// An object that a pointer leads to, its class in front.
    pub(super) fn pointed(&mut self, class: &'static str, object: impl FnOnce(&mut Self)) {
        self.counted(|b| {
            b.class(class);
            object(b);
        });
    }

    /// A `TObject`.
    pub(super) fn object(&mut self, id: u32, bits: u32) {
        self.i16(1);
        self.u32(id);
        self.u32(bits);
    }

    /// A `TNamed`.
    pub(super) fn named(&mut self, bits: u32, name: &str, title: &str) {
        self.versioned(1, |b| {
            b.object(0, bits);
            b.string(name);
            b.string(title);
        });
    }

    fn counted(&mut self, part: impl FnOnce(&mut Self)) {
        let at = self.bytes.len();
        self.u32(0);
        part(self);
        let count = (self.bytes.len() - at - 4) as u32 | BYTE_COUNT;
        self.bytes[at..at + 4].copy_from_slice(&count.to_be_bytes());
    }

    fn class(&mut self, class: &'static str) {
        if let Some((_, at)) = self.classes.iter().find(|(name, _)| *name == class) {
            return self.u32(at | CLASS_MASK);
        }
        let at = self.bytes.len() as u32 + self.key_length + MAP_OFFSET;
        self.classes.push((class, at));
        self.u32(NEW_CLASS);
        self.raw(class.as_bytes());
        self.u8(0);
    }
}
