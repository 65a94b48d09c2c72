//! What `inspect` reports about an ntuple.

use super::clusters::Page;
use super::fields::Content;
use super::ntuple::Ntuple;
use crate::error::Result;
use crate::read::report::{BranchReport, TreeReport, ratio, shape_name};
use crate::read::root::codec;
use crate::read::root::entry::Entry;
use crate::read::root::file::RootFile;
use crate::read::totals::Counters;
use crate::schema::Branch;

/// Fields, encodings, clusters, pages and sizes.
pub(in crate::read::root) fn report(
    file: &RootFile,
    entry: &Entry,
    ntuple: &Ntuple,
) -> Result<TreeReport> {
    let tags = ntuple.branch_columns.iter().filter_map(|columns| first_page(ntuple, columns));
    let tags = tags.map(|(_, page)| page.locator.offset..page.locator.offset.saturating_add(2));
    let _fetched = file.storage.fetch(tags, &Counters::default())?;
    let all: Vec<usize> = (0..ntuple.columns.len()).collect();
    let all = ntuple.size(&all);
    let branches = ntuple.schema.branches.iter().enumerate();
    // What counts lists without a counter is not in the file.
    let branches = branches.filter(|(index, _)| match ntuple.contents[*index] {
        Content::Counts(_) => !ntuple.branch_columns[*index].is_empty(),
        _ => true,
    });
    Ok(TreeReport {
        name: entry.path.clone(),
        format: format!("RNTuple {}", ntuple.version),
        writer: Some(ntuple.writer.clone()),
        clusters: Some(ntuple.clusters.len()),
        cycle: entry.key.cycle,
        entries: ntuple.schema.events,
        bytes: all.bytes,
        compressed_bytes: all.compressed_bytes,
        ratio: ratio(all.bytes, all.compressed_bytes),
        branches: branches.map(|(i, branch)| branch_report(file, ntuple, i, branch)).collect(),
    })
}

fn branch_report(file: &RootFile, ntuple: &Ntuple, index: usize, branch: &Branch) -> BranchReport {
    let columns = &ntuple.branch_columns[index];
    let encodings: Vec<String> =
        columns.iter().map(|&id| ntuple.columns[id].encoding.name()).collect();
    BranchReport {
        name: branch.name.clone(),
        title: branch.title.clone(),
        stored: branch.stored.map(|stored| stored.name().to_owned()),
        shape: shape_name(&branch.shape),
        encoding: Some(encodings.join(", ")),
        unsupported: branch.unsupported.clone(),
        baskets: branch.baskets,
        embedded_baskets: 0,
        compression: branch.compression.clone(),
        first_basket_compression: found_compression(file, ntuple, columns),
        bytes: branch.bytes,
        compressed_bytes: branch.compressed_bytes,
        ratio: ratio(branch.bytes, branch.compressed_bytes),
    }
}

/// The first page of a branch, with its column.
fn first_page<'a>(ntuple: &'a Ntuple, columns: &'a [usize]) -> Option<(usize, &'a Page)> {
    ntuple.extents(columns).find_map(|(id, extent)| Some((id, extent.pages.first()?)))
}

/// The codec that the first page of a branch really uses.
fn found_compression(file: &RootFile, ntuple: &Ntuple, columns: &[usize]) -> Option<String> {
    let (id, page) = first_page(ntuple, columns)?;
    let unpacked = ntuple.columns[id].encoding.page_bytes(page.elements.into());
    if page.locator.bytes == unpacked {
        return Some("none".to_owned());
    }
    let tag = file.read_at(page.locator.offset, 2).ok().and_then(|tag| codec::tag_of(&tag));
    Some(tag.map_or("damaged", codec::Codec::name).to_owned())
}
