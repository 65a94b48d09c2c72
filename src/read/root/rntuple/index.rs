//! Index columns: where the elements of each event's collection end, from the
//! start of the cluster on.

use super::input::{Input, needed};
use super::ntuple::Ntuple;
use super::page::{PageId, Part};
use crate::error::{Error, Result};
use crate::read::shape::{length, room};
use rayon::prelude::*;
use std::ops::Range;
use std::time::Instant;

/// The entries of one cluster that a range of events takes.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) cluster: usize,
    /// Counted from the start of the cluster.
    pub(super) entries: Range<u64>,
}

/// The index of one collection.
pub(super) struct Index {
    pub(super) collection: usize,
    /// The index of the collection that this one is in: position among all.
    parent: Option<usize>,
    /// The branch that is named in messages.
    pub(super) branch: usize,
    /// The columns of its representations.
    pub(super) columns: Vec<usize>,
    /// The last page, decoded, if it has elements that later ranges will need.
    kept: Option<(PageId, Vec<u64>)>,
    /// Memory for ends and offsets.
    spare: [Vec<u64>; 2],
    /// The event behind the last range, and where the collection of the one
    /// before it ends.
    before: Option<(u64, u64)>,
}

/// The collections of a range of events.
pub(super) struct Lengths {
    /// `events + 1` offsets, the first one 0.
    pub(super) offsets: Vec<u64>,
    /// For each piece, the elements of its events in the cluster.
    pub(super) elements: Vec<Range<u64>>,
}

impl Lengths {
    /// Of the elements of these, those of an inner collection, event by event.
    fn flattened(&self, inner: Lengths) -> Lengths {
        let offsets = self.offsets.iter().map(|&offset| inner.offsets[offset as usize]);
        Lengths { offsets: offsets.collect(), elements: inner.elements }
    }
}

impl Index {
    pub(super) fn new(
        ntuple: &Ntuple,
        collection: usize,
        parent: Option<usize>,
        branch: usize,
    ) -> Index {
        let columns = ntuple.collections[collection].columns.clone();
        Index {
            collection,
            parent,
            branch,
            columns,
            kept: None,
            spare: Default::default(),
            before: None,
        }
    }

    /// Whether the end before the first event of `range` must be read as well.
    fn lead(&self, range: &Range<u64>, pieces: &[Piece]) -> bool {
        let inside = pieces.first().is_some_and(|piece| piece.entries.start > 0);
        inside && self.before.is_none_or(|(event, _)| event != range.start)
    }

    /// From the ends in each cluster to offsets over all events.
    fn lengths(
        &self,
        ends: &[u64],
        start: u64,
        pieces: &[Piece],
        lead: bool,
        mut offsets: Vec<u64>,
    ) -> Result<Lengths> {
        if offsets.capacity() <= ends.len() {
            offsets = Vec::with_capacity(ends.len() + ends.len() / 16 + 1);
        }
        offsets.clear();
        offsets.push(0);
        let mut ends = ends.iter().copied();
        let (mut total, mut event) = (0u64, start);
        let mut elements = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let first = match (piece.entries.start, lead) {
                (0, _) => 0,
                (_, true) => ends.next().unwrap_or(0),
                (_, false) => self.before.map_or(0, |(_, end)| end),
            };
            let mut last = first;
            for end in ends.by_ref().take((piece.entries.end - piece.entries.start) as usize) {
                let next = end.checked_sub(last).and_then(|n| total.checked_add(n));
                total = next.ok_or_else(|| {
                    Error::input(format!(
                        "cluster {}: the index falls from {last} to {end} in event {event}",
                        piece.cluster
                    ))
                })?;
                offsets.push(total);
                (last, event) = (end, event + 1);
            }
            elements.push(first..last);
        }
        Ok(Lengths { offsets, elements })
    }
}

/// A page of an index (or a part of one).
struct Job<'a> {
    index: &'a Index,
    position: usize,
    page: PageId,
    part: &'a Part,
    out: &'a mut [u64],
}

/// Takes back lengths that are no longer needed, for the memory.
pub(super) fn reuse(indexes: &mut [Index], lengths: Vec<Lengths>) {
    for (index, lengths) in indexes.iter_mut().zip(lengths) {
        index.spare[1] = lengths.offsets;
    }
}

/// Reads the lengths of all collections for the events of `range`.
pub(super) fn read(
    input: &Input,
    indexes: &mut [Index],
    range: &Range<u64>,
    pieces: &[Piece],
) -> Result<Vec<Lengths>> {
    let mut outer: Vec<&mut Index> = indexes.iter_mut().filter(|i| i.parent.is_none()).collect();
    let mut read = level(input, &mut outer, range, pieces)?.into_iter();
    let mut all: Vec<Lengths> = Vec::with_capacity(indexes.len());
    for index in indexes {
        // Parents come before what is in them.
        let found = match index.parent.map(|parent| &all[parent]) {
            None => read.next().into_iter().collect(),
            Some(parent) => {
                let pieces = pieces.iter().zip(&parent.elements);
                let pieces = pieces.map(|(piece, elements)| Piece {
                    cluster: piece.cluster,
                    entries: elements.clone(),
                });
                let inner = level(input, &mut [index], range, &pieces.collect::<Vec<_>>())?;
                inner.into_iter().map(|inner| parent.flattened(inner)).collect::<Vec<_>>()
            }
        };
        all.extend(found);
    }
    Ok(all)
}

/// The same for collections whose indexes have entries for those of `pieces`.
fn level(
    input: &Input,
    indexes: &mut [&mut Index],
    range: &Range<u64>,
    pieces: &[Piece],
) -> Result<Vec<Lengths>> {
    let mut spare: Vec<[Vec<u64>; 2]> = Vec::new();
    spare.extend(indexes.iter_mut().map(|index| std::mem::take(&mut index.spare)));
    let mut found: Vec<(&Index, bool, Vec<Part>)> = Vec::new();
    let mut pages = Vec::new();
    for index in indexes.iter().map(|index| &**index) {
        let lead = index.lead(range, pieces);
        let wanted = pieces.iter().enumerate().map(|(i, piece)| {
            let start = piece.entries.start - u64::from(lead && i == 0);
            (piece.cluster, start..piece.entries.end)
        });
        let kept = index.kept.as_ref().map(|(page, _)| *page);
        let parts = input.parts(index.branch, &index.columns, wanted)?;
        pages.extend(needed(&parts, kept).map(|page| (index.branch, page)));
        found.push((index, lead, parts));
    }
    let _fetched = input.fetch(&pages)?;
    let mut all: Vec<(&Index, bool, Vec<Part>, Vec<u64>)> = Vec::new();
    for ((index, lead, parts), spare) in found.into_iter().zip(&mut spare) {
        let total = parts.iter().map(|part| part.wanted.len() as u64).sum();
        let ends = room(std::mem::take(&mut spare[0]), length(total)?);
        all.push((index, lead, parts, ends));
    }
    let mut jobs = Vec::new();
    for (position, (index, _, parts, ends)) in all.iter_mut().enumerate() {
        let mut rest = ends.as_mut_slice();
        for part in &*parts {
            let (out, behind) = rest.split_at_mut(part.wanted.len());
            rest = behind;
            match part.page {
                Some(page) => jobs.push(Job { index, position, page, part, out }),
                None => out.fill(0), // from before the column began
            }
        }
    }
    let done: Vec<_> =
        jobs.into_par_iter().map(|job| (job.position, job.page, run(input, job))).collect();
    let mut lengths = Vec::with_capacity(all.len());
    for ((index, lead, _, ends), spare) in all.iter().zip(&mut spare) {
        let offsets = std::mem::take(&mut spare[1]);
        lengths.push((index.lengths(ends, range.start, pieces, *lead, offsets), index.branch));
    }
    for ((.., ends), spare) in all.into_iter().zip(&mut spare) {
        spare[0] = ends;
    }
    let mut kept = Vec::new();
    for (position, page, done) in done {
        kept.extend(done?.map(|ends| (position, page, ends)));
    }
    let lengths: Vec<Lengths> = lengths
        .into_iter()
        .map(|(lengths, branch)| lengths.map_err(|e| input.at_field(branch, e)))
        .collect::<Result<_>>()?;
    for (position, page, ends) in kept {
        indexes[position].kept = Some((page, ends));
    }
    for (index, spare) in indexes.iter_mut().zip(spare) {
        index.spare = spare;
    }
    for (index, lengths) in indexes.iter_mut().zip(&lengths) {
        if let Some(last) = lengths.elements.last() {
            index.before = Some((range.end, last.end));
        }
    }
    Ok(lengths)
}

/// Decodes a page to its place; returns all of it if it is to be kept.
fn run(input: &Input, job: Job<'_>) -> Result<Option<Vec<u64>>> {
    let wanted = job.part.wanted.clone();
    if let Some((page, ends)) = &job.index.kept
        && *page == job.page
    {
        job.out.copy_from_slice(&ends[wanted]);
        return Ok(None);
    }
    let ntuple = &input.ntuple;
    let encoding = ntuple.columns[job.page.column].encoding;
    let elements = ntuple.page(job.page).elements as usize;
    input.page(job.index.branch, job.page, |bytes| {
        let start = Instant::now();
        let kept = if wanted.len() == elements {
            encoding.ends(bytes, job.out);
            None
        } else {
            let mut ends = vec![0; elements];
            encoding.ends(bytes, &mut ends);
            job.out.copy_from_slice(&ends[wanted]);
            job.part.more.then_some(ends)
        };
        input.totals.decoded(start);
        Ok(kept)
    })
}
