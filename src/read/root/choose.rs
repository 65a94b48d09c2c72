//! Which tree of a file is meant: the named one, else `Events`, else the only one.

use super::directory::{self, Found, Look};
use super::entry::{Entry, is_chain, is_ntuple, is_tree};
use super::file::RootFile;
use super::streamer::Layouts;
use crate::error::{Error, Result};
use crate::read::DEFAULT_TREE;

/// Finds the tree that `wanted` names.
pub(super) fn choose(file: &RootFile, layouts: &Layouts, wanted: Option<&str>) -> Result<Entry> {
    let name = wanted.unwrap_or(DEFAULT_TREE);
    let readable = |entry: &&Entry| is_tree(layouts, entry) || is_ntuple(entry);
    let near = directory::find(file, Look::Towards(name))?;
    let here = near.entries.into_iter().find(|entry| entry.path == name);
    if let Some(entry) = here.as_ref().filter(readable) {
        return Ok(entry.clone());
    }
    if let Some(chain) = here.as_ref().filter(|entry| is_chain(layouts, entry)) {
        let class = &chain.key.class;
        return Err(Error::input(format!("{name} is a {class}, a list of files: name the files")));
    }
    let found = directory::find(file, Look::Everywhere)?;
    let trees: Vec<&Entry> = found.entries.iter().filter(readable).collect();
    if let (None, [only], true) = (wanted, &trees[..], found.unread.is_empty()) {
        return Ok((*only).clone());
    }
    let mut has = match trees.is_empty() {
        true => "the file has no TTree and no RNTuple".to_owned(),
        false => {
            let names: Vec<&str> = trees.iter().map(|entry| entry.path.as_str()).collect();
            format!("the file has the trees {}", names.join(", "))
        }
    };
    has.extend(around(&found, wanted));
    Err(Error::input(match (wanted, here) {
        (Some(_), Some(other)) => {
            let class = &other.key.class;
            let doubt = layouts.doubt(class).map(|error| format!(" ({error})"));
            format!("{name} is of class {class}, no tree{}; {has}", doubt.unwrap_or_default())
        }
        (Some(_), None) => format!("there is no tree {name}; {has}"),
        (None, _) => format!("{has}, none of the name {DEFAULT_TREE}; name the one to read"),
    }))
}

/// What is said of directories that cannot be read, and of an empty one where
/// the tree was looked for.
fn around(found: &Found, wanted: Option<&str>) -> Vec<String> {
    let empty = found.empty.iter().filter(|path| {
        let rest = wanted.and_then(|name| name.strip_prefix(path.as_str()));
        rest.is_some_and(|rest| rest.starts_with('/'))
    });
    let empty = empty.map(|path| {
        format!("; the directory {path} has no list of keys: it is empty, or was not saved")
    });
    let unread = found.unread.iter();
    let unread =
        unread.map(|(path, error)| format!("; the directory {path} cannot be read: {error}"));
    empty.chain(unread).collect()
}
