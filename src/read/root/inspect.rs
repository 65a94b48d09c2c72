//! What `inspect` reports about a ROOT file.

use super::content::Layout;
use super::directory::{self, Look};
use super::entry::{Entry, is_ntuple, is_tree};
use super::file::RootFile;
use super::rntuple;
use super::streamer::Layouts;
use super::tree::Tree;
use super::{basket, codec, tree_record};
use crate::error::{Error, Result};
use crate::read::report::{
    BranchReport, FileReport, ObjectReport, TreeReport, UnreadReport, ratio, shape_name,
};
use crate::read::storage::Storage;
use crate::read::totals::Counters;
use crate::schema::{Branch, Shape};

/// Everything about the trees of a file that can be known without reading their events.
pub(in crate::read) fn inspect(storage: Storage) -> Result<FileReport> {
    let file = RootFile::open(storage)?;
    report(&file).map_err(|e| e.within(&file.identity.path))
}

fn report(file: &RootFile) -> Result<FileReport> {
    let found = directory::find(file, Look::Everywhere)?;
    let layouts = Layouts::of(file);
    let (trees, others): (Vec<&Entry>, Vec<&Entry>) =
        found.entries.iter().partition(|entry| is_tree(&layouts, entry) || is_ntuple(entry));
    let because = |name: &str, error: &Error| UnreadReport {
        name: name.to_owned(),
        error: error.to_string(),
    };
    let directories = found.unread.iter().map(|(path, error)| because(path, error));
    let mut unread: Vec<UnreadReport> = directories.collect();
    let mut reports = Vec::new();
    for entry in trees {
        let report = match is_ntuple(entry) {
            true => rntuple::read(file, entry).and_then(|n| rntuple::report(file, entry, &n)),
            false => {
                tree_record::read(file, &layouts, entry).and_then(|t| tree_report(file, entry, &t))
            }
        };
        match report {
            Ok(report) => reports.push(report),
            Err(error) => unread.push(because(&entry.path, &error)),
        }
    }
    let others = others
        .into_iter()
        .map(|entry| ObjectReport { name: entry.path.clone(), class: entry.key.class.clone() });
    let (major, rest) = (file.version / 10_000, file.version % 10_000);
    Ok(FileReport {
        path: file.identity.path.clone(),
        size: file.identity.size,
        uuid: file.identity.uuid.clone(),
        writer: format!("ROOT {major}.{:02}/{:02}", rest / 100, rest % 100),
        compression: codec::setting_name(file.compression),
        trees: reports,
        others: others.collect(),
        unread,
    })
}

fn tree_report(file: &RootFile, entry: &Entry, tree: &Tree) -> Result<TreeReport> {
    let headers = tree.baskets.iter().filter_map(|baskets| basket::first_header(baskets));
    let _fetched = file.storage.fetch(headers, &Counters::default())?;
    let branches: Vec<BranchReport> = tree
        .schema
        .branches
        .iter()
        .zip(tree.layouts.iter().zip(&tree.baskets))
        // What counts vectors is not in the file.
        .filter(|(_, (layout, _))| !matches!(layout, Layout::Lengths))
        .map(|(branch, (layout, baskets))| branch_report(file, branch, layout, baskets))
        .collect();
    let bytes = branches.iter().map(|b| b.bytes).sum();
    let compressed_bytes = branches.iter().map(|b| b.compressed_bytes).sum();
    Ok(TreeReport {
        name: entry.path.clone(),
        format: "TTree".to_owned(),
        writer: None,
        clusters: None,
        cycle: entry.key.cycle,
        entries: tree.schema.events,
        bytes,
        compressed_bytes,
        ratio: ratio(bytes, compressed_bytes),
        branches,
    })
}

fn branch_report(
    file: &RootFile,
    branch: &Branch,
    layout: &Layout,
    baskets: &[basket::Basket],
) -> BranchReport {
    let embedded = baskets.iter().filter(|b| matches!(b.place, basket::Place::Embedded(_)));
    let on_disk = baskets.iter().find(|b| matches!(b.place, basket::Place::Disk { .. }));
    let found = on_disk.map(|basket| match basket::codec_of(file, basket) {
        Ok(Some(codec)) => codec.name().to_owned(),
        Ok(None) => "none".to_owned(),
        Err(_) => "damaged".to_owned(),
    });
    BranchReport {
        name: branch.name.clone(),
        title: branch.title.clone(),
        stored: branch.stored.map(|stored| stored.name().to_owned()),
        shape: stored_shape(&branch.shape, layout),
        encoding: None,
        unsupported: branch.unsupported.clone(),
        baskets: baskets.len(),
        embedded_baskets: embedded.count(),
        compression: branch.compression.clone(),
        first_basket_compression: found,
        bytes: branch.bytes,
        compressed_bytes: branch.compressed_bytes,
        ratio: ratio(branch.bytes, branch.compressed_bytes),
    }
}

/// Values an event as they are stored, and the name of what counts them.
fn stored_shape(shape: &Shape, layout: &Layout) -> String {
    let name = shape_name(shape);
    match layout {
        Layout::Plain | Layout::Lengths => name,
        Layout::Fixed(n) => format!("{n} {name}"),
        Layout::Counted(counter, 1) => format!("[{counter}]"),
        Layout::Counted(counter, n) => format!("[{counter}] x {n} {name}"),
        Layout::Lists(depth) => format!("{}{name}", "vector ".repeat(*depth)),
    }
}
