//! Whether a file was among the inputs before, by whatever path: by its number on the
//! device, else by size and UUID, else, if it has none, by its bytes: of files of one
//! size those at the ends, then all.

use crate::error::Result;
use crate::read::{self, Identity, Version};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The files so far. `T` is what is kept of each.
pub struct Known<T> {
    nodes: HashMap<(u64, u64), T>,
    uuids: HashMap<(u64, String), T>,
    /// Files without a UUID, by size.
    others: HashMap<u64, Vec<Other<T>>>,
}

struct Other<T> {
    path: PathBuf,
    digest: Option<u64>,
    kept: T,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Known { nodes: HashMap::new(), uuids: HashMap::new(), others: HashMap::new() }
    }
}

impl<T: Copy> Known<T> {
    /// Adds a file, unless it is there already: then what was kept of it.
    ///
    /// # Errors
    /// A file without a UUID, which is as long as another one, cannot be read.
    pub fn add(&mut self, path: &Path, file: &Identity, events: u64, kept: T) -> Result<Option<T>> {
        let found = self.find(path, file, events)?;
        if found.is_some() {
            return Ok(found);
        }
        if let Some(node) = file.version.node() {
            self.nodes.insert(node, kept);
        }
        if !file.uuid.is_empty() {
            self.uuids.insert((file.size, file.uuid.clone()), kept);
        } else if is_comparable(file, events) {
            let other = Other { path: path.to_owned(), digest: None, kept };
            self.others.entry(file.size).or_default().push(other);
        }
        Ok(None)
    }

    fn find(&mut self, path: &Path, file: &Identity, events: u64) -> Result<Option<T>> {
        if let Some(known) = file.version.node().and_then(|node| self.nodes.get(&node)) {
            return Ok(Some(*known));
        }
        if !file.uuid.is_empty() {
            return Ok(self.uuids.get(&(file.size, file.uuid.clone())).copied());
        }
        if !is_comparable(file, events) {
            return Ok(None);
        }
        let Some(others) = self.others.get_mut(&file.size) else { return Ok(None) };
        let own = read::digest(path)?;
        for other in others {
            let digest = match other.digest {
                Some(digest) => digest,
                None => *other.digest.insert(read::digest(&other.path)?),
            };
            // Files of one program may begin and end alike.
            if digest == own && read::same_bytes(path, &other.path)? {
                return Ok(Some(other.kept));
            }
        }
        Ok(None)
    }
}

/// Whether files with the same bytes are the same: those without events may well be so.
fn is_comparable(file: &Identity, events: u64) -> bool {
    events > 0 && file.version != Version::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Two files without a UUID, which begin and end alike.
    #[test]
    fn bytes_in_the_middle_count() {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = vec![7u8; 3 << 20];
        let mut known = Known::default();
        let mut add = |name: &str, bytes: &[u8], kept: usize| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            let version = Version::of(&fs::metadata(&path).unwrap());
            let size = bytes.len() as u64;
            let file = Identity { size, version, ..Identity::default() };
            known.add(&path, &file, 1, kept).unwrap()
        };
        assert_eq!(add("a", &bytes, 0), None);
        assert_eq!(add("copy", &bytes, 1), Some(0));
        bytes[2 << 20] = 8;
        assert_eq!(add("other", &bytes, 2), None);
        assert_eq!(add("copy of the other", &bytes, 3), Some(2));
    }
}
