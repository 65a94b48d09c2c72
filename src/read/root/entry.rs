//! What a key names, with the directories that it is in, and whether that is something
//! with events: a tree or an ntuple.

use super::key::Key;
use super::streamer::Layouts;

/// A key with the directory path of what it names.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Name with its directories: `ntuples/Events`.
    pub(super) path: String,
    pub(super) key: Key,
}

/// Whether the entry is a tree with events of its own.
pub(super) fn is_tree(layouts: &Layouts, entry: &Entry) -> bool {
    layouts.derives(&entry.key.class, "TTree") && !is_chain(layouts, entry)
}

/// Whether it is a list of files, which only looks like a tree.
pub(super) fn is_chain(layouts: &Layouts, entry: &Entry) -> bool {
    layouts.derives(&entry.key.class, "TChain")
}

/// Whether a directory entry is an ntuple.
pub(super) fn is_ntuple(entry: &Entry) -> bool {
    matches!(entry.key.class.as_str(), "ROOT::RNTuple" | "ROOT::Experimental::RNTuple")
}
