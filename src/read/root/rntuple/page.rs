//! Pages: which of them hold the elements that are wanted, and their bytes.

use super::clusters::{Extent, Page};
use super::envelope::{CHECKSUM, check};
use super::ntuple::Ntuple;
use crate::error::{Error, Result};
use crate::read::root::codec;
use crate::read::root::file::RootFile;
use crate::read::root::plausible::plausible;
use crate::read::root::record::with_content;
use crate::read::totals::Counters;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// The largest page that is believed to be one (ROOT writes up to 1 MiB unless
/// told otherwise).
const MAX_PAGE: u64 = 256 << 20;
/// Most values that are taken as zero at a time because their column began later.
const MAX_ZEROS: u64 = 1 << 26;

/// Which page: cluster, column, number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageId {
    pub(super) cluster: usize,
    pub(super) column: usize,
    pub(super) page: usize,
}

/// Wanted elements that lie together.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Where they lie; nowhere if they are from before the column began, and zero.
    pub(super) page: Option<PageId>,
    /// Their indices in the page.
    pub(super) wanted: Range<usize>,
    /// Whether elements behind them are in the page, too.
    pub(super) more: bool,
}

impl Ntuple {
    /// What a cluster has of a column: of the representation that is in use there.
    fn in_use(&self, columns: &[usize], cluster: usize) -> Result<(usize, Extent<'_>)> {
        let all = columns.iter().map(|&id| (id, self.extent(cluster, id)));
        let found = all.into_iter().find(|(_, extent)| !extent.suppressed);
        found.ok_or_else(|| Error::input(format!("cluster {cluster}: no representation in use")))
    }

    /// What a cluster has of a column.
    pub(super) fn extent(&self, cluster: usize, column: usize) -> Extent<'_> {
        self.clusters[cluster].column(column, &self.columns[column])
    }

    /// Where the elements `wanted` of a cluster lie.
    pub(super) fn parts(
        &self,
        columns: &[usize],
        cluster: usize,
        wanted: &Range<u64>,
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        let (column, list) = self.in_use(columns, cluster)?;
        if wanted.end > list.elements {
            return Err(Error::input(format!(
                "cluster {cluster}: {} elements, where {} belong",
                list.elements, wanted.end
            )));
        }
        let before = list.pages.first().map_or(list.elements, |page| page.first);
        if wanted.start < before.min(wanted.end) {
            let zeros = before.min(wanted.end) - wanted.start;
            if zeros > MAX_ZEROS {
                return Err(Error::input(format!(
                    "cluster {cluster}: {zeros} events are from before the column began, \
                     {MAX_ZEROS} at a time are allowed; read fewer"
                )));
            }
            parts.push(Part { page: None, wanted: 0..zeros as usize, more: false });
        }
        let first = list.pages.partition_point(|page| page.end() <= wanted.start);
        for (number, page) in list.pages.iter().enumerate().skip(first) {
            if page.first >= wanted.end {
                break;
            }
            let from = wanted.start.max(page.first) - page.first;
            let to = wanted.end.min(page.end()) - page.first;
            if to > from {
                let id = PageId { cluster, column, page: number };
                let more = to < u64::from(page.elements);
                parts.push(Part { page: Some(id), wanted: from as usize..to as usize, more });
            }
        }
        Ok(())
    }

    pub(super) fn page(&self, id: PageId) -> &Page {
        &self.extent(id.cluster, id.column).pages[id.page]
    }

    /// Bytes of a page on disk (without its checksum) and after decompression.
    fn sizes(&self, id: PageId) -> Result<(usize, usize)> {
        let page = self.page(id);
        let unpacked = self.columns[id.column].encoding.page_bytes(page.elements.into());
        let largest = unpacked.max(page.locator.bytes);
        if largest > MAX_PAGE {
            return Err(Error::input(format!(
                "a page of {largest} bytes, more than the {MAX_PAGE} that are allowed"
            )));
        }
        Ok((page.locator.bytes as usize, unpacked as usize))
    }

    /// An error if a page cannot have as many bytes as its elements need, so
    /// that nothing is allocated for what is not there.
    pub(super) fn believable(&self, file: &RootFile, id: PageId) -> Result<()> {
        let (packed, unpacked) = self.sizes(id)?;
        if plausible(unpacked as u64, packed as u64) {
            return Ok(());
        }
        codec::check(&file.read_at(self.page(id).locator.offset, packed)?, unpacked)
    }

    /// Calls `with` with the bytes of a page, verified and decompressed.
    pub(super) fn with_page<T>(
        &self,
        file: &RootFile,
        id: PageId,
        counters: &Counters,
        with: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let (packed, unpacked) = self.sizes(id)?;
        let page = self.page(id);
        let bytes = packed + if page.checksum { CHECKSUM } else { 0 };
        let locate = |record: &[u8]| {
            let (payload, checksum) = record.split_at(packed);
            if let Ok(stored) = <[u8; CHECKSUM]>::try_from(checksum) {
                check(u64::from_le_bytes(stored), xxh3_64(payload))?;
            }
            Ok((0..packed, unpacked))
        };
        with_content(file, page.locator.offset, bytes, counters, locate, with)
    }

    /// Where a page is, for messages.
    pub(super) fn place(&self, id: PageId) -> String {
        let offset = self.page(id).locator.offset;
        format!("cluster {}: page {} at byte {offset}", id.cluster, id.page)
    }
}
