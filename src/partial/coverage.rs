//! Which events of which files are in a partial result: by the files' sizes and
//! identities, never by their paths, so that a file that was moved is the same file.

use super::ranges::Ranges;
use crate::error::Result;
use crate::read::{self, Identity};
use std::path::Path;

/// What tells a file from others of its size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileMark {
    /// Its UUID.
    Uuid(String),
    /// If it has none: the hash of its first and last 64 KiB, [`read::digest`].
    Digest(u64),
}

/// A tree of a file, wherever the file lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputKey {
    /// The tree.
    pub tree: String,
    /// Size of the file in bytes.
    pub size: u64,
    /// What tells it from others of this size.
    pub mark: FileMark,
}

impl InputKey {
    /// That of a tree of a file, which is read only if it has no UUID.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(tree: &str, identity: &Identity, path: &Path) -> Result<InputKey> {
        let mark = match identity.uuid.as_str() {
            "" => FileMark::Digest(read::digest(path)?),
            uuid => FileMark::Uuid(uuid.to_owned()),
        };
        Ok(InputKey { tree: tree.to_owned(), size: identity.size, mark })
    }
}

/// What is in a partial result of one tree of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The file's name without folders, for people.
    pub name: String,
    /// Events that the tree has.
    pub events: u64,
    /// Which of them were gone through.
    pub ranges: Ranges,
    /// How many of these were processed.
    pub processed: u64,
    /// How many were left out because they are not certified.
    pub uncertified: u64,
    /// Branches of the plan that the file lacks, ascending; they took their default.
    pub absent: Vec<String>,
}

impl Covered {
    /// Whether the numbers fit each other.
    pub(super) fn is_sound(&self) -> bool {
        let events = self.processed.checked_add(self.uncertified);
        self.ranges.end() <= self.events
            && events == Some(self.ranges.events())
            && self.absent.is_sorted_by(|a, b| a < b)
    }

    /// Adds other events of the same tree, which has as many events; why not, if that
    /// cannot be.
    pub(super) fn merge(&mut self, other: &Covered) -> Result<(), Conflict> {
        if self.events != other.events || self.absent != other.absent {
            return Err(Conflict::Contents);
        }
        self.ranges = self.ranges.joined(&other.ranges).map_err(Conflict::Overlap)?;
        self.processed += other.processed;
        self.uncertified += other.uncertified;
        // Copies of one file may have several names.
        if other.name < self.name {
            self.name.clone_from(&other.name);
        }
        Ok(())
    }
}

/// Why two parts of one tree do not merge.
pub(super) enum Conflict {
    /// Both have these events.
    Overlap(std::ops::Range<u64>),
    /// They say different things of the file.
    Contents,
}

/// What is to be covered of one tree of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedInput {
    /// The file's name, for people.
    pub name: String,
    /// The events that are planned.
    pub ranges: Ranges,
}

/// Events that were planned and are in no part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The sample, if there are samples.
    pub sample: Option<String>,
    /// The file's name, for people.
    pub name: String,
    /// Which file it is.
    pub input: InputKey,
    /// The events.
    pub ranges: Ranges,
}
