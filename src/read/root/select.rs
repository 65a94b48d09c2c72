//! Which branches a request means, and whether they have the shapes it asks for.

use super::basket::Basket;
use super::file::RootFile;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::read::shape::readable;
use crate::schema::StoredType;

/// One requested branch, and the last basket of it that was decompressed.
pub(super) struct Column {
    pub(super) branch: usize,
    pub(super) stored: StoredType,
    /// Index into the counters.
    pub(super) counter: Option<usize>,
    pub(super) kept: Option<(usize, Vec<u8>)>,
}

impl Column {
    /// Finds a branch and checks that it has the requested shape.
    pub(super) fn new(
        file: &RootFile,
        tree: &Tree,
        name: &str,
        counter: Option<(usize, &String)>,
    ) -> Result<Column> {
        let place = format!("{}: tree {}: branch {name}", file.identity.path, tree.schema.tree);
        let index = tree
            .index(name)
            .ok_or_else(|| Error::input("there is no such branch").within(&place))?;
        let branch = &tree.schema.branches[index];
        let stored = readable(branch, counter.map(|(_, name)| name.as_str()))
            .and_then(|stored| complete(tree, index).map(|()| stored))
            .map_err(|e| e.within(&place))?;
        Ok(Column { branch: index, stored, counter: counter.map(|(i, _)| i), kept: None })
    }
}

/// An error if the baskets of a branch do not hold all events of the tree.
fn complete(tree: &Tree, index: usize) -> Result<()> {
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

/// Events at which baskets of all branches start.
pub(super) fn common_starts<'a>(mut branches: impl Iterator<Item = &'a [Basket]>) -> Vec<u64> {
    let Some(first) = branches.next() else { return vec![0] };
    let mut starts: Vec<u64> = first.iter().map(|b| b.first).collect();
    for baskets in branches {
        starts.retain(|start| baskets.binary_search_by_key(start, |b| b.first).is_ok());
    }
    if starts.is_empty() {
        starts.push(0);
    }
    starts
}
