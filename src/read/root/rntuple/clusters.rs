//! The footer and the page lists: which entries a cluster has, and where the
//! pages of its columns lie.

use super::envelope::{Anchor, CHECKSUM, Envelope, Kind, Link, check};
use super::schema::{Column, Description};
use super::words::{List, Locator, Words};
use crate::error::{Error, Result};
use crate::read::root::file::RootFile;
use std::ops::Range;

/// A cluster that is spread over several storages.
const SHARDED: u64 = 1;
/// Bits of the number of entries; flags above them.
const ENTRIES_BITS: u32 = 56;

/// Consecutive entries, with all that is stored of them.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) first: u64,
    pub(super) entries: u64,
    /// One for each column that existed when the cluster was written.
    columns: Vec<ColumnPages>,
}

/// The pages of one column in one cluster.
#[derive(Debug, Default)]
struct ColumnPages {
    suppressed: bool,
    pages: Vec<Page>,
    compression: u32,
    elements: u64,
}

/// What a cluster has of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent<'a> {
    /// Whether another representation of the field is in use here.
    pub(super) suppressed: bool,
    /// Without those of elements before the column began, which are zero.
    pub(super) pages: &'a [Page],
    /// Elements of all pages, and those before.
    pub(super) elements: u64,
    /// Compression setting: 100 x algorithm + level.
    pub(super) compression: u32,
}

/// One page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// Index of the first element, counted from the start of the cluster.
    pub(super) first: u64,
    pub(super) elements: u32,
    pub(super) locator: Locator,
    /// Whether a checksum follows the page.
    pub(super) checksum: bool,
}

impl Page {
    /// Index of the element behind the last one.
    pub(super) fn end(&self) -> u64 {
        self.first + u64::from(self.elements)
    }

    /// Its bytes in the file, with the checksum.
    pub(super) fn bytes(&self) -> Range<u64> {
        let from = self.locator.offset;
        let checksum = if self.checksum { CHECKSUM as u64 } else { 0 };
        from..from.saturating_add(self.locator.bytes).saturating_add(checksum)
    }
}

/// Reads footer and page lists; the footer may extend the description.
pub(super) fn read(
    file: &RootFile,
    anchor: &Anchor,
    description: &mut Description,
) -> Result<Vec<Cluster>> {
    let envelope = Envelope::read(file, anchor.footer, Kind::Footer)?;
    let links = footer(&mut envelope.words(), description)
        .map_err(|e| e.within(format!("footer at byte {}", anchor.footer.locator.offset)))?;
    let mut clusters = Vec::new();
    for (link, count) in links {
        let envelope = Envelope::read(file, link, Kind::PageList)?;
        let group = page_list(&mut envelope.words(), description)
            .map_err(|e| e.within(format!("page list at byte {}", link.locator.offset)))?;
        if group.len() as u64 != u64::from(count) {
            return Err(Error::input(format!(
                "page list at byte {}: {} clusters, the footer says {count}",
                link.locator.offset,
                group.len()
            )));
        }
        clusters.extend(group);
    }
    consecutive(clusters)
}

/// Clusters in the order of their entries, of which none is missing.
pub(super) fn consecutive(mut clusters: Vec<Cluster>) -> Result<Vec<Cluster>> {
    clusters.retain(|c| c.entries > 0);
    clusters.sort_by_key(|c| c.first);
    let mut end = 0;
    for cluster in &clusters {
        if cluster.first != end {
            return Err(Error::input(format!(
                "a cluster starts with entry {} where {end} belongs",
                cluster.first
            )));
        }
        end += cluster.entries;
    }
    Ok(clusters)
}

/// The page lists of all groups, with their numbers of clusters.
pub(super) fn footer(
    words: &mut Words<'_>,
    description: &mut Description,
) -> Result<Vec<(Link, u32)>> {
    words.feature_flags()?;
    same_header(words, description)?;
    description.extend(&mut words.record()?).map_err(|e| e.within("schema extension"))?;
    words.list()?.each("cluster group", |words| {
        let mut record = words.record()?;
        let (_first, _entries, count) = (record.u64()?, record.u64()?, record.u32()?);
        let length = record.u64()?;
        Ok((Link { length, locator: record.locator()? }, count))
    })
}

/// An error if footer or page list belong to another header.
fn same_header(words: &mut Words<'_>, description: &Description) -> Result<()> {
    check(words.u64()?, description.checksum).map_err(|e| e.within("made for another header"))
}

pub(super) fn page_list(words: &mut Words<'_>, description: &Description) -> Result<Vec<Cluster>> {
    same_header(words, description)?;
    let summaries = words.list()?.each("cluster summary", |words| {
        let mut record = words.record()?;
        let (first, word) = (record.u64()?, record.u64()?);
        let (entries, flags) = (word & ((1 << ENTRIES_BITS) - 1), word >> ENTRIES_BITS);
        if flags & SHARDED != 0 {
            return Err(Error::input("a sharded cluster, which this version cannot read"));
        }
        if first.checked_add(entries).is_none_or(|end| end > i64::MAX as u64) {
            return Err(Error::input(format!("{entries} entries from entry {first} on")));
        }
        Ok((first, entries))
    })?;
    let known = description.columns.len();
    let columns = words.list()?.each("cluster", |words| {
        let columns = words.list()?;
        if columns.items as usize > known {
            return Err(Error::input(format!(
                "pages of {} columns, but {known} are described",
                columns.items
            )));
        }
        columns.each("column", |words| column_pages(words.list()?))
    })?;
    if summaries.len() != columns.len() {
        return Err(Error::input(format!(
            "summaries of {} clusters, but pages of {}",
            summaries.len(),
            columns.len()
        )));
    }
    let mut clusters = Vec::with_capacity(summaries.len());
    for ((first, entries), columns) in summaries.into_iter().zip(columns) {
        let mut cluster = Cluster { first, entries, columns };
        cluster.check_entries()?;
        cluster.place_deferred(description)?;
        clusters.push(cluster);
    }
    Ok(clusters)
}

fn column_pages(list: List<'_>) -> Result<ColumnPages> {
    let (items, mut words) = (list.items, list.words);
    let mut found = ColumnPages::default();
    for number in 0..items {
        let count = words.i32()?;
        let page = Page {
            first: found.elements,
            elements: count.unsigned_abs(),
            locator: words.locator().map_err(|e| e.within(format!("page {number}")))?,
            checksum: count < 0,
        };
        // 2^32 pages of 2^31 elements at most: the sum cannot overflow.
        found.elements = page.end();
        found.pages.push(page);
    }
    found.suppressed = words.i64()? < 0;
    if !found.suppressed {
        found.compression = words.u32()?;
    }
    Ok(found)
}

impl Cluster {
    /// Index of the entry behind the last one.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries
    }

    /// The pages of a column; it may have begun after this cluster.
    pub(super) fn column(&self, id: usize, column: &Column) -> Extent<'_> {
        match self.columns.get(id) {
            Some(own) => Extent {
                suppressed: own.suppressed,
                pages: &own.pages,
                elements: own.elements,
                compression: own.compression,
            },
            None => Extent {
                suppressed: column.suppressed,
                pages: &[],
                elements: if column.deferred {
                    column.repetitions.saturating_mul(self.entries)
                } else {
                    0
                },
                compression: 0,
            },
        }
    }

    /// Moves the pages of columns that began in this cluster to where they
    /// belong; what is before them has no pages and is zero.
    fn place_deferred(&mut self, description: &Description) -> Result<()> {
        let entries = self.entries;
        for (own, column) in self.columns.iter_mut().zip(&description.columns) {
            if !column.deferred || own.suppressed {
                continue;
            }
            let total = column.repetitions.checked_mul(entries);
            let missing = total.and_then(|total| total.checked_sub(own.elements));
            let Some(missing) = missing else {
                return Err(Error::input(format!(
                    "{} elements of a late column in a cluster of {entries} entries",
                    own.elements
                )));
            };
            own.pages.iter_mut().for_each(|page| page.first += missing);
            own.elements += missing;
        }
        Ok(())
    }

    /// An error if no column has an element for each entry.
    fn check_entries(&self) -> Result<()> {
        let most = self.columns.iter().map(|column| column.elements).max().unwrap_or(0);
        if self.entries <= most {
            return Ok(());
        }
        Err(Error::input(format!(
            "a cluster of {} entries, where columns have {most} elements at most",
            self.entries
        )))
    }
}
