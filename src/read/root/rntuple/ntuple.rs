//! An ntuple with all that describes it, ready to be read.

use super::clusters::{self, Cluster, Extent};
use super::envelope::{Anchor, dotted};
use super::fields::{self, Collection, Content, Named};
use super::schema::{Column, Description};
use crate::error::{Error, Result};
use crate::read::root::codec;
use crate::read::root::entry::Entry;
use crate::read::root::file::RootFile;
use crate::schema::{Branch, Schema, Shape};

/// An ntuple, ready to be read.
#[derive(Debug)]
pub(in crate::read::root) struct Ntuple {
    pub(in crate::read::root) schema: Schema,
    /// Version of the format.
    pub(super) version: String,
    /// The program that wrote it.
    pub(super) writer: String,
    pub(super) columns: Vec<Column>,
    pub(super) clusters: Vec<Cluster>,
    /// For each branch, where its values are.
    pub(super) contents: Vec<Content>,
    /// For each branch, the columns that it consists of.
    pub(super) branch_columns: Vec<Vec<usize>>,
    pub(super) collections: Vec<Collection>,
}

/// Reads the ntuple that a directory entry names.
pub(in crate::read::root) fn read(file: &RootFile, entry: &Entry) -> Result<Ntuple> {
    let ntuple = || -> Result<Ntuple> {
        let anchor = Anchor::read(file, entry)?;
        let mut description = Description::read(file, anchor.header)?;
        let clusters = clusters::read(file, &anchor, &mut description)?;
        Ok(Ntuple::new(&entry.path, dotted(anchor.version), description, clusters))
    };
    ntuple().map_err(|e| e.within(format!("ntuple {}", entry.path)))
}

/// What a set of columns takes.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Size {
    pub(super) pages: usize,
    pub(super) bytes: u64,
    pub(super) compressed_bytes: u64,
}

impl Ntuple {
    /// Makes branches of what is described.
    pub(super) fn new(
        path: &str,
        version: String,
        mut description: Description,
        clusters: Vec<Cluster>,
    ) -> Ntuple {
        let fields = fields::branches(&description);
        let schema = Schema {
            tree: path.to_owned(),
            events: clusters.last().map_or(0, Cluster::end),
            branches: Vec::new(),
        };
        let mut ntuple = Ntuple {
            schema,
            version,
            writer: description.writer.clone(),
            columns: std::mem::take(&mut description.columns),
            clusters,
            contents: Vec::new(),
            branch_columns: Vec::new(),
            collections: fields.collections,
        };
        for named in fields.branches {
            let title = description.fields[named.field].description.clone();
            ntuple.add(named, title);
        }
        ntuple
    }

    fn add(&mut self, named: Named, title: String) {
        let size = self.size(&named.columns);
        let stored = self.extents(&named.columns).find(|(_, extent)| !extent.pages.is_empty());
        let compression = stored.map_or_else(
            || "none".to_owned(),
            |(_, e)| codec::setting_name(i32::try_from(e.compression).unwrap_or(i32::MAX)),
        );
        self.schema.branches.push(Branch {
            name: named.name,
            title,
            stored: named.stored,
            shape: named.shape,
            unsupported: named.unsupported,
            bytes: size.bytes,
            compressed_bytes: size.compressed_bytes,
            baskets: size.pages,
            compression,
        });
        self.contents.push(named.content);
        self.branch_columns.push(named.columns);
    }

    /// What each cluster has of each of the columns, with the column.
    pub(super) fn extents<'a>(
        &'a self,
        columns: &'a [usize],
    ) -> impl Iterator<Item = (usize, Extent<'a>)> + use<'a> {
        let clusters = 0..self.clusters.len();
        clusters
            .flat_map(move |cluster| columns.iter().map(move |&id| (id, self.extent(cluster, id))))
    }

    /// What columns take in all clusters.
    pub(super) fn size(&self, columns: &[usize]) -> Size {
        let mut size = Size::default();
        for (id, extent) in self.extents(columns) {
            let encoding = self.columns[id].encoding;
            for page in extent.pages {
                let bytes = encoding.page_bytes(page.elements.into());
                size.pages += 1;
                size.bytes = size.bytes.saturating_add(bytes);
                size.compressed_bytes = size.compressed_bytes.saturating_add(page.locator.bytes);
            }
        }
        size
    }

    /// A list of those that a counter counts: one whose lengths the branch of this name
    /// shows, or one that is read anyway, or any. The name of a list means that list alone.
    pub(super) fn list<'n>(
        &self,
        name: &str,
        read: impl Iterator<Item = &'n String>,
    ) -> Option<usize> {
        let branches = &self.schema.branches;
        let counted = |list: &usize| match &branches[*list].shape {
            Shape::Counted(counter) => counter == name,
            _ => false,
        };
        let own = self.branch(name).ok();
        let shown = |list: &usize| match (&self.contents[*list], own.map(|b| &self.contents[b])) {
            (Content::Values { extent, .. }, Some(Content::Counts(shown))) => extent == shown,
            _ => false,
        };
        let all = || (0..branches.len()).filter(counted);
        let mut read = read.filter_map(|name| self.branch(name).ok()).filter(counted);
        let any = all().find(shown).or_else(|| read.next()).or_else(|| all().next());
        any.or_else(|| own.filter(|list| matches!(branches[*list].shape, Shape::Counted(_))))
    }

    /// Index of the branch of this name.
    pub(super) fn branch(&self, name: &str) -> Result<usize> {
        let found = self.schema.branches.iter().position(|b| b.name == name);
        found.ok_or_else(|| Error::input("there is no such branch"))
    }
}
