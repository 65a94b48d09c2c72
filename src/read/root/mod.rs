//! ROOT files: `TTree`s of flat and counted branches, and RNTuples, of all
//! compressions.
//!
//! `file` finds records, `streamer` and `objects` read what describes a tree,
//! `tree_record` makes branches of it, `column` reads their baskets; `rntuple` is the
//! same for the newer format.

mod basket;
mod choose;
mod claims;
mod class_tags;
mod codec;
mod column;
mod content;
mod convert;
mod count;
mod counter;
mod cursor;
mod deferred;
mod directory;
mod entry;
mod file;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
mod inspect;
mod kept;
mod key;
mod lists;
mod not_closed;
mod objects;
mod packed;
mod plausible;
mod record;
mod rntuple;
mod select;
mod starts;
mod streamer;
mod tree;
mod tree_record;
mod unclosed;
mod wanted;

pub(super) use inspect::inspect;

use self::choose::choose;
use self::column::RootColumns;
use self::content::Layout;
use self::entry::is_ntuple;
use self::file::RootFile;
use self::rntuple::NtupleSource;
use self::streamer::Layouts;
use self::tree::Tree;
use crate::batch::Request;
use crate::error::Result;
use crate::read::storage::Storage;
use crate::read::{ColumnReader, Footprint, Identity, ReadStats, Source};
use crate::schema::Schema;
use std::sync::Arc;

/// An open tree of a ROOT file.
struct RootSource {
    file: Arc<RootFile>,
    tree: Arc<Tree>,
}

/// Opens a tree or ntuple: the named one, else `Events`, else the only one.
pub(super) fn open(storage: Storage, tree: Option<&str>) -> Result<Box<dyn Source>> {
    let file = Arc::new(RootFile::open(storage)?);
    find(&file, tree).map_err(|e| e.within(&file.identity.path))
}

fn find(file: &Arc<RootFile>, wanted: Option<&str>) -> Result<Box<dyn Source>> {
    let layouts = Layouts::of(file);
    let entry = choose(file, &layouts, wanted)?;
    let file = Arc::clone(file);
    if is_ntuple(&entry) {
        let ntuple = Arc::new(rntuple::read(&file, &entry)?);
        return Ok(Box::new(NtupleSource { file, ntuple }));
    }
    let tree = Arc::new(tree_record::read(&file, &layouts, &entry)?);
    Ok(Box::new(RootSource { file, tree }))
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

    fn unpack(&self, request: &Request) -> Result<ReadStats> {
        let (file, tree) = (Arc::clone(&self.file), Arc::clone(&self.tree));
        RootColumns::new(file, tree, request)?.unpack_all()
    }

    fn footprint(&self, request: &Request) -> Footprint {
        let schema = self.schema();
        let mut all = Footprint::of_pieces(schema, request);
        for index in request.columns.iter().filter_map(|c| self.tree.index(&c.branch)) {
            match &self.tree.layouts[index] {
                // Vectors are unpacked before they become columns.
                Layout::Lists(_) => all.add(schema.events, schema.branches[index].bytes as f64, 0),
                Layout::Counted(counter, _) if !request.counters.contains(counter) => all.count(),
                _ => {}
            }
        }
        all.fetched(&self.file.storage, schema, request)
    }
}
