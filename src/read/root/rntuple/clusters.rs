//! The footer and the page lists: which entries a cluster has, and where the
//! pages of its columns lie.

use super::envelope::{Anchor, Envelope, Kind, Link, check};
use super::schema::Description;
use super::words::{List, Locator, Words};
use crate::error::{Error, Result};
use crate::read::root::file::RootFile;

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
    pub(super) columns: Vec<ColumnPages>,
}

/// The pages of one column in one cluster.
#[derive(Debug, Default)]
pub(super) struct ColumnPages {
    /// Whether another representation of the field is in use here.
    pub(super) suppressed: bool,
    pub(super) pages: Vec<Page>,
    /// Compression setting: 100 x algorithm + level.
    pub(super) compression: u32,
    /// Elements of all pages.
    pub(super) elements: u64,
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
fn footer(words: &mut Words<'_>, description: &mut Description) -> Result<Vec<(Link, u32)>> {
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

fn page_list(words: &mut Words<'_>, description: &Description) -> Result<Vec<Cluster>> {
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
        cluster.fill_deferred(description)?;
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

    /// Moves the pages of columns that began later to where they belong; what
    /// is before them has no pages and is zero.
    fn fill_deferred(&mut self, description: &Description) -> Result<()> {
        for (id, column) in description.columns.iter().enumerate() {
            if self.columns.len() <= id {
                let suppressed = column.suppressed;
                self.columns.push(ColumnPages { suppressed, ..ColumnPages::default() });
            }
            let own = &mut self.columns[id];
            if !column.deferred || own.suppressed {
                continue;
            }
            let total = description.repetitions(column.field).checked_mul(self.entries);
            let Some((total, missing)) =
                total.and_then(|total| Some((total, total.checked_sub(own.elements)?)))
            else {
                return Err(Error::input(format!(
                    "column {id}: {} elements in a cluster of {} entries",
                    own.elements, self.entries
                )));
            };
            own.pages.iter_mut().for_each(|page| page.first += missing);
            own.elements = total;
        }
        Ok(())
    }
}
