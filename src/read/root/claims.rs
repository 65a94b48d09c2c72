//! What a tree says of itself, checked against the baskets that are there before anything
//! depends on it: numbers of events, and sizes from which memory is estimated.

use super::basket::{self, Place};
use super::content::Layout;
use super::file::RootFile;
use super::plausible::plausible;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::schema::Shape;

/// Bytes around the values of a basket at most: its header.
const AROUND: u64 = 2048;
/// A size may be off by this factor from that of the baskets, as other programs count
/// in other ways; it is an estimate.
const OFF: u64 = 2;

/// An error if no branch has baskets with as many events as the tree says.
pub(super) fn events(tree: &Tree) -> Result<()> {
    let events = tree.schema.events;
    let ends = tree.baskets.iter().filter_map(|baskets| baskets.last()).map(|last| last.end);
    match ends.clone().max() {
        None if events == 0 => Ok(()),
        None => Err(Error::input(format!(
            "it says that it has {events} events, but none of its branches has a basket"
        ))),
        Some(_) if events > 0 && ends.clone().any(|end| end == events) => Ok(()),
        Some(most) => Err(Error::input(format!(
            "it says that it has {events} events, but the baskets of its branches hold {most}; \
             the file is damaged or was not closed properly"
        ))),
    }
}

/// An error if the baskets of a branch do not hold all events of the tree.
pub(super) fn complete(tree: &Tree, index: usize) -> Result<()> {
    let baskets = &tree.baskets[index];
    let first = baskets.first().map_or(0, |b| b.first);
    let end = baskets.last().map_or(0, |b| b.end);
    match tree.schema.events {
        events if first == 0 && end == events => Ok(()),
        events => Err(Error::input(format!(
            "its baskets hold events {first}..{end}, the tree has {events}; \
             the file is damaged or was not closed properly"
        ))),
    }
}

/// Bytes of a branch after decompression: what the tree says, but not less than what must
/// be there.
pub(super) fn bytes(claimed: i64, tree: &Tree, index: usize) -> u64 {
    let on_disk = tree.baskets[index].iter().map(|basket| match &basket.place {
        Place::Disk { bytes, .. } => *bytes as u64,
        Place::Embedded(_) => 0,
    });
    let written = u64::try_from(claimed).unwrap_or(0).max(on_disk.sum());
    written.saturating_add(embedded(tree, index)).max(fixed(tree, index).unwrap_or(0))
}

/// Bytes of the values in embedded baskets, which the tree's sizes leave out.
fn embedded(tree: &Tree, index: usize) -> u64 {
    let baskets = tree.baskets[index].iter();
    let values = baskets.map(|basket| match &basket.place {
        Place::Disk { .. } => 0,
        Place::Embedded(basket) => basket.values.len() as u64,
    });
    values.sum()
}

/// Bytes of the values of a branch that has as many in each event.
fn fixed(tree: &Tree, index: usize) -> Option<u64> {
    let branch = &tree.schema.branches[index];
    let n = match (&tree.layouts[index], &branch.shape) {
        (Layout::Plain, Shape::Scalar) => 1,
        (Layout::Fixed(n), _) => *n as u64,
        _ => return None,
    };
    let size = tree.packings[index].map_or(branch.stored?.size(), |packing| packing.size());
    let events = tree.baskets[index].last().map_or(0, |last| last.end);
    Some(events.saturating_mul(n).saturating_mul(size as u64))
}

/// An error if the size of a branch, from which memory is estimated, is far above that of
/// its baskets.
pub(super) fn size(file: &RootFile, tree: &Tree, index: usize) -> Result<()> {
    let branch = &tree.schema.branches[index];
    let baskets = &tree.baskets[index];
    let around = AROUND.saturating_mul(baskets.len() as u64);
    let believed = match fixed(tree, index) {
        Some(values) => branch.bytes <= values.saturating_mul(OFF).saturating_add(around),
        None => plausible(branch.bytes, branch.compressed_bytes),
    };
    if believed {
        return Ok(());
    }
    let mut found = embedded(tree, index);
    for basket in baskets {
        found = found.saturating_add(basket::unpacked_bytes(file, basket)?);
    }
    if branch.bytes <= found.saturating_mul(OFF) {
        return Ok(());
    }
    Err(Error::input(format!(
        "the tree says that it has {} bytes after decompression, its baskets say {found}; the \
         file is damaged",
        branch.bytes
    )))
}
