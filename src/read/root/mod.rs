//! ROOT files: `TTree`s of flat and counted branches, of all compressions.
//!
//! `file` finds records, `streamer` and `objects` read what describes a tree,
//! `tree` makes branches of it, `column` reads their baskets.

mod basket;
mod codec;
mod column;
mod convert;
mod cursor;
mod file;
mod inspect;
mod key;
mod objects;
mod select;
mod streamer;
mod tree;

pub(super) use inspect::inspect;

use self::column::RootColumns;
use self::file::{Entry, RootFile};
use self::streamer::Layouts;
use self::tree::Tree;
use crate::batch::Request;
use crate::error::{Error, Result};
use crate::read::{ColumnReader, Identity, Source};
use crate::schema::Schema;
use std::path::Path;
use std::sync::Arc;

/// The tree that is taken if none is named.
const DEFAULT_TREE: &str = "Events";

fn is_tree(layouts: &Layouts, entry: &Entry) -> bool {
    layouts.derives(&entry.key.class, "TTree")
}

fn is_rntuple(entry: &Entry) -> bool {
    matches!(entry.key.class.as_str(), "ROOT::RNTuple" | "ROOT::Experimental::RNTuple")
}

/// An open tree of a ROOT file.
struct RootSource {
    file: Arc<RootFile>,
    tree: Arc<Tree>,
}

/// Opens a tree: the named one, else `Events`, else the only one.
pub(super) fn open(path: &Path, tree: Option<&str>) -> Result<Box<dyn Source>> {
    let file = RootFile::open(path)?;
    let tree = find(&file, tree).map_err(|e| e.within(&file.identity.path))?;
    Ok(Box::new(RootSource { file: Arc::new(file), tree: Arc::new(tree) }))
}

fn layouts(file: &RootFile) -> Result<Layouts> {
    let Some((content, header_bytes)) = file.streamer_info()? else {
        return Ok(Layouts::default());
    };
    Layouts::read(&content, header_bytes).map_err(|e| e.within("StreamerInfo"))
}

fn find(file: &RootFile, wanted: Option<&str>) -> Result<Tree> {
    let entries = file.entries()?;
    let layouts = layouts(file)?;
    tree::read(file, &layouts, choose(&layouts, &entries, wanted)?)
}

fn choose<'a>(layouts: &Layouts, entries: &'a [Entry], wanted: Option<&str>) -> Result<&'a Entry> {
    let trees: Vec<&Entry> = entries.iter().filter(|e| is_tree(layouts, e)).collect();
    let name = wanted.unwrap_or(DEFAULT_TREE);
    if let Some(tree) = trees.iter().find(|e| e.path == name) {
        return Ok(tree);
    }
    if let Some(ntuple) = entries.iter().find(|e| is_rntuple(e) && e.path == name) {
        return Err(Error::input(format!(
            "{} is an RNTuple; this version reads TTrees, a later one reads RNTuples as well",
            ntuple.path
        )));
    }
    if let (None, [only]) = (wanted, &trees[..]) {
        return Ok(only);
    }
    let names: Vec<&str> = trees.iter().map(|e| e.path.as_str()).collect();
    let has = match names.is_empty() {
        true => "the file has no TTree".to_owned(),
        false => format!("the file has the trees {}", names.join(", ")),
    };
    match wanted {
        Some(name) => Err(Error::input(format!("there is no tree {name}; {has}"))),
        None => Err(Error::input(format!(
            "{has}, none of the name {DEFAULT_TREE}; name the one to read"
        ))),
    }
}

impl Source for RootSource {
    fn schema(&self) -> &Schema {
        &self.tree.schema
    }

    fn identity(&self) -> &Identity {
        &self.file.identity
    }

    fn columns(&self, request: &Request) -> Result<Box<dyn ColumnReader>> {
        let (file, tree) = (Arc::clone(&self.file), Arc::clone(&self.tree));
        Ok(Box::new(RootColumns::new(file, tree, request)?))
    }
}
