//! An open ntuple as its columns are read from it: pages, and errors that say where they are.

use super::ntuple::Ntuple;
use super::page::{PageId, Part};
use crate::error::{Error, Result};
use crate::read::root::file::RootFile;
use crate::read::storage::Fetched;
use crate::read::totals::Counters;
use std::ops::Range;
use std::sync::Arc;

/// An open ntuple and what reading it took.
pub(super) struct Input {
    pub(super) file: Arc<RootFile>,
    pub(super) ntuple: Arc<Ntuple>,
    pub(super) totals: Counters,
}

impl Input {
    pub(super) fn error(&self, error: &Error) -> Error {
        let (path, ntuple) = (&self.file.identity.path, &self.ntuple.schema.tree);
        error.clone().within(format!("{path}: ntuple {ntuple}"))
    }

    pub(super) fn at_field(&self, branch: usize, error: Error) -> Error {
        let name = &self.ntuple.schema.branches[branch].name;
        self.error(&error.within(format!("field {name}")))
    }

    pub(super) fn at_page(&self, branch: usize, page: PageId, error: Error) -> Error {
        self.at_field(branch, error.within(self.ntuple.place(page)))
    }

    /// What a page holds after `with`, or an error that says where it is.
    pub(super) fn page<T>(
        &self,
        branch: usize,
        page: PageId,
        with: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let (file, totals) = (&self.file, &self.totals);
        let done = self.ntuple.with_page(file, page, totals, with);
        done.map_err(|e| self.at_page(branch, page, e))
    }

    /// Where the elements of all pieces lie.
    pub(super) fn parts(
        &self,
        branch: usize,
        columns: &[usize],
        wanted: impl Iterator<Item = (usize, Range<u64>)>,
    ) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        for (cluster, elements) in wanted {
            self.ntuple
                .parts(columns, cluster, &elements, &mut parts)
                .map_err(|e| self.at_field(branch, e))?;
        }
        Ok(parts)
    }

    /// Gets pages, each with the branch to name in messages, if the file is not on
    /// disk; checks them before memory is taken for what they hold.
    pub(super) fn fetch(&self, pages: &[(usize, PageId)]) -> Result<Fetched> {
        let bytes = pages.iter().map(|(_, page)| self.ntuple.page(*page).bytes());
        let fetched = self.file.storage.fetch(bytes, &self.totals)?;
        for &(branch, page) in pages {
            self.ntuple.believable(&self.file, page).map_err(|e| self.at_page(branch, page, e))?;
        }
        Ok(fetched)
    }
}

/// The pages that are not in memory from before.
pub(super) fn needed(parts: &[Part], kept: Option<PageId>) -> impl Iterator<Item = PageId> {
    parts.iter().filter_map(|part| part.page).filter(move |&page| Some(page) != kept)
}
