//! From the objects of a tree's record to branches: types, shapes, baskets.

use super::basket::{Basket, Place};
use super::claims;
use super::codec;
use super::content::{Content, Layout, Part, element, leaf_type, member, or_unknown};
use super::entry::Entry;
use super::file::RootFile;
use super::objects::{Graph, Link, Record};
use super::packed::Packing;
use super::streamer::Layouts;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::schema::{Branch, Shape, StoredType};
use std::collections::HashSet;

/// The members of a branch that decide what is read of it.
const BRANCH: [&str; 8] = [
    "fName",
    "fLeaves",
    "fBaskets",
    "fEntries",
    "fWriteBasket",
    "fBasketEntry",
    "fBasketBytes",
    "fBasketSeek",
];
/// Those of a leaf, and of the branches of objects.
const LEAF: [&str; 3] = ["fLen", "fIsUnsigned", "fLeafCount"];
const ELEMENT: [&str; 4] = ["fClassName", "fType", "fID", "fStreamerType"];

/// Reads the tree that a directory entry names.
pub(super) fn read(file: &RootFile, layouts: &Layouts, entry: &Entry) -> Result<Tree> {
    let place = |e: Error| e.within(format!("tree {}", entry.path));
    let (content, header_bytes) = file.object(&entry.key).map_err(place)?;
    parse(file, layouts, entry, &content, header_bytes).map_err(place)
}

/// The tree that the content of its record describes.
pub(super) fn parse(
    file: &RootFile,
    layouts: &Layouts,
    entry: &Entry,
    content: &[u8],
    header_bytes: usize,
) -> Result<Tree> {
    let graph = Graph::read(layouts, &entry.key.class, content, header_bytes)
        .map_err(|e| e.within(format!("record at byte {}", entry.key.seek)))?;
    let names = names(&graph.records);
    let mut graph = graph;
    for basket in &mut graph.baskets {
        // Of a record that is compressed as a whole each part takes its share.
        let share = basket.values.len() as f64 * entry.key.bytes as f64;
        basket.stored_bytes = (share / entry.key.object_bytes.max(1) as f64).ceil() as usize;
    }
    Builder { file, graph, names, tree: Tree::empty(&entry.path) }.build()
}

struct Builder<'l, 'f> {
    file: &'f RootFile,
    graph: Graph<'l>,
    /// What the records are called, of those that are branches.
    names: Vec<String>,
    tree: Tree,
}

impl Builder<'_, '_> {
    fn build(mut self) -> Result<Tree> {
        let top = &self.graph.records[0];
        top.require(&["fEntries", "fBranches"])?;
        self.tree.schema.events = count(top.number("fEntries"), "entries")?;
        let branches: Vec<usize> = self.children(0);
        let owners = self.leaf_owners();
        // Depth first, in file order; a branch that comes twice is listed once.
        let mut stack: Vec<usize> = branches.into_iter().rev().collect();
        let mut listed = vec![false; self.graph.records.len()];
        while let Some(index) = stack.pop() {
            if std::mem::replace(&mut listed[index], true) {
                continue;
            }
            self.branch(index, &owners)?;
            stack.extend(self.children(index).into_iter().rev());
        }
        claims::events(&self.tree)?;
        self.tree.name_lengths();
        Ok(self.tree)
    }

    fn children(&self, index: usize) -> Vec<usize> {
        let links = self.graph.records[index].links("fBranches");
        links.iter().filter_map(|&link| self.graph.follow(link)).collect()
    }

    /// For each record that is a leaf: the branch that owns it.
    fn leaf_owners(&self) -> Vec<Option<usize>> {
        let records = &self.graph.records;
        let mut owners = vec![None; records.len()];
        for (index, record) in records.iter().enumerate().skip(1) {
            for leaf in record.links("fLeaves").iter().filter_map(|&l| self.graph.follow(l)) {
                owners[leaf] = Some(index);
            }
        }
        owners
    }

    fn branch(&mut self, index: usize, owners: &[Option<usize>]) -> Result<()> {
        let name = self.names[index].clone();
        self.graph.records[index]
            .require(&BRANCH)
            .map_err(|e| e.within(format!("branch {name}")))?;
        let content = self.content(index, owners);
        let baskets = self.baskets(index);
        let record = &self.graph.records[index];
        let packing = content.as_ref().ok().and_then(|content| content.packing);
        let (content, baskets) = match (content, baskets) {
            (Ok(content), Ok(baskets)) => (Ok(content), baskets),
            (Err(reason), Ok(baskets)) => (Err(reason), baskets),
            (_, Err(reason)) => (Err(reason), Vec::new()),
        };
        let setting = match record.number("fCompress") {
            -1 => self.file.compression,
            own => own as i32,
        };
        let (stored, layout, shape, unsupported) = match content {
            Ok(content) => (Some(content.stored), content.layout, content.shape, None),
            Err(reason) => (None, Layout::Plain, Shape::Scalar, Some(reason)),
        };
        self.tree.schema.branches.push(Branch {
            name,
            title: record.text("fTitle").to_owned(),
            stored,
            shape,
            unsupported,
            bytes: 0,
            compressed_bytes: baskets.iter().map(|basket| basket.stored_bytes() as u64).sum(),
            baskets: baskets.len(),
            compression: codec::setting_name(setting),
        });
        self.tree.baskets.push(baskets);
        self.tree.layouts.push(layout);
        self.tree.packings.push(packing);
        let last = self.tree.baskets.len() - 1;
        self.tree.schema.branches[last].bytes =
            claims::bytes(record.number("fTotBytes"), &self.tree, last);
        Ok(())
    }

    /// Type and shape of a branch, or why it cannot be read.
    fn content(&self, index: usize, owners: &[Option<usize>]) -> Result<Content, String> {
        let records = &self.graph.records;
        let branch = &records[index];
        if !branch.text("fFileName").is_empty() {
            return Err(format!("its baskets are in another file, {}", branch.text("fFileName")));
        }
        let part = Part::of(branch);
        if part == Some(Part::Counter) {
            return Ok(Content::scalar(StoredType::I32));
        }
        if !self.children(index).is_empty() {
            return Err(format!(
                "an object of class {}, split into branches of its own",
                or_unknown(branch.text("fClassName"))
            ));
        }
        let leaves: Vec<&Record<'_>> = branch
            .links("fLeaves")
            .iter()
            .filter_map(|&link| self.graph.follow(link))
            .map(|leaf| &records[leaf])
            .collect();
        let [leaf] = leaves[..] else {
            return Err(format!("a list of {} leaves", leaves.len()));
        };
        leaf.require(&LEAF).map_err(|e| e.to_string())?;
        if branch.class == "TBranchElement" {
            branch.require(&ELEMENT).map_err(|e| e.to_string())?;
        }
        let count_leaf = leaf.links("fLeafCount").first().copied().unwrap_or(Link::Nothing);
        let fixed = usize::try_from(leaf.number("fLen")).unwrap_or(0);
        let counter = match (count_leaf, self.graph.follow(count_leaf)) {
            (Link::Nothing, _) => None,
            (_, Some(leaf)) => {
                let owner = owners.get(leaf).copied().flatten().unwrap_or(leaf);
                Some(self.names[owner].clone())
            }
            (_, None) => return Err("its counter is not in the tree".to_owned()),
        };
        match (part, counter) {
            (Some(Part::Member), Some(counter)) => member(branch, counter, fixed),
            (None, counter) if branch.class == "TBranch" => {
                let stored = leaf_type(&leaf.class, leaf.number("fIsUnsigned") != 0)
                    .ok_or_else(|| format!("values of type {}", leaf.class))?;
                let mut content = Content::leaf(stored, counter, fixed);
                if matches!(leaf.class.as_str(), "TLeafD32" | "TLeafF16") {
                    content.packing = Some(Packing::of(stored, leaf.text("fTitle"))?);
                }
                Ok(content)
            }
            _ => element(branch),
        }
    }

    /// The baskets of a branch, or why they make no sense.
    fn baskets(&self, index: usize) -> Result<Vec<Basket>, String> {
        let branch = &self.graph.records[index];
        let (firsts, bytes, seeks) = (
            branch.numbers("fBasketEntry"),
            branch.numbers("fBasketBytes"),
            branch.numbers("fBasketSeek"),
        );
        let written = usize::try_from(branch.number("fWriteBasket")).unwrap_or(0);
        if written > seeks.len() || seeks.len() > bytes.len() || seeks.len() > firsts.len() {
            return Err(format!("lists {written} baskets, but has room for {}", seeks.len()));
        }
        let entries = branch.number("fEntries");
        let in_memory = branch.links("fBaskets");
        let mut found: Vec<Basket> = Vec::new();
        for i in 0..written.max(in_memory.len()) {
            let basket = if i < written && seeks[i] > 0 {
                let last = i + 1 == firsts.len() || (i + 1 == written && firsts[i + 1] == 0);
                let range = (firsts[i], if last { entries } else { firsts[i + 1] });
                disk(range, seeks[i], bytes[i])
            } else if let Some(&Link::Basket(basket)) = in_memory.get(i) {
                let first = found.last().map_or(0, |b| b.end);
                let basket = &self.graph.baskets[basket];
                let place = Place::Embedded(basket.clone());
                first.checked_add(basket.entries).map(|end| Basket { first, end, place })
            } else {
                continue;
            };
            let basket = basket.ok_or_else(|| format!("basket {i} has impossible numbers"))?;
            if found.last().is_some_and(|before| before.end != basket.first) {
                return Err(format!("basket {i} does not start where the one before it ends"));
            }
            if basket.end > basket.first {
                found.push(basket);
            }
        }
        Ok(found)
    }
}

/// What records are called: branches by their names, but those of collections
/// of objects, `hit` and `hit.x`, like NanoAOD's, `nhit` and `hit_x`, if no other
/// branch has that name.
fn names(records: &[Record<'_>]) -> Vec<String> {
    let mut taken: HashSet<String> = records.iter().map(|r| r.text("fName").to_owned()).collect();
    let name = |record: &Record<'_>| {
        let own = record.text("fName");
        let plain = own.split('[').next().unwrap_or(own).trim_end_matches('.').replace('.', "_");
        let found = match Part::of(record) {
            None => return own.to_owned(),
            Some(Part::Counter) => format!("n{plain}"),
            Some(Part::Member) => plain,
        };
        if taken.insert(found.clone()) { found } else { own.to_owned() }
    };
    records.iter().map(name).collect()
}

fn disk((first, end): (i64, i64), seek: i64, bytes: i64) -> Option<Basket> {
    let (first, end) = (u64::try_from(first).ok()?, u64::try_from(end).ok()?);
    let place =
        Place::Disk { seek: u64::try_from(seek).ok()?, bytes: usize::try_from(bytes).ok()? };
    (end >= first).then_some(Basket { first, end, place })
}

fn count(number: i64, what: &str) -> Result<u64> {
    u64::try_from(number).map_err(|_| Error::input(format!("{number} {what}")))
}
