//! Texts that people write or programs exchange (analyses, filesets, lists): read whole, but
//! not from what never ends.

use std::fs::{File, Metadata};
use std::io::{Error, Read, Result};
use std::path::Path;

/// No text is longer.
const MOST: u64 = 1 << 28;

/// The text in a file, or in a pipe.
///
/// # Errors
/// It cannot be read, is a device, is too long, or is not UTF-8.
pub fn read(path: &Path) -> Result<String> {
    if is_device(&std::fs::metadata(path)?) {
        return Err(Error::other("a device, where a file belongs"));
    }
    let mut text = String::new();
    File::open(path)?.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(Error::other(format!("longer than {MOST} bytes: this is no such text")));
    }
    Ok(text)
}

#[cfg(unix)]
fn is_device(meta: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    meta.file_type().is_char_device() || meta.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_meta: &Metadata) -> bool {
    false
}
