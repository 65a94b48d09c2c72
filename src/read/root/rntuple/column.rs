//! Reads ranges of events of the requested branches: first where collections
//! end, then all pages of all columns in parallel, each straight to its place.

use super::fields::{Content, Extent};
use super::index::{Index, Lengths, Piece};
use super::input::{Input, needed};
use super::ntuple::Ntuple;
use super::page::{PageId, Part};
use super::place::{self, Placed};
use crate::batch::{Batch, Request, Values};
use crate::error::{Error, Result};
use crate::read::root::convert::{Converted, Out, out};
use crate::read::root::file::RootFile;
use crate::read::root::kept::Buffers;
use crate::read::shape::{Spare, from_zero_into, length, readable, summed, unequal};
use crate::read::totals::Counters;
use crate::read::{ColumnReader, ReadStats};
use crate::schema::StoredType;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// Reads the columns of one request.
pub(super) struct NtupleColumns {
    input: Input,
    keep_doubles: bool,
    indexes: Vec<Index>,
    counters: Vec<Source>,
    columns: Vec<Source>,
    clusters: Vec<u64>,
    spare: Spare,
    buffers: Buffers,
}

/// Where a requested branch comes from.
enum Source {
    /// How many values something has.
    Lengths(Placed),
    Values(Column),
}

/// A branch with values of its own.
struct Column {
    branch: usize,
    stored: StoredType,
    /// The columns of its representations.
    columns: Vec<usize>,
    placed: Placed,
    /// A counter of the request that must say the same.
    agrees: Option<usize>,
    /// The last page, if it has elements that later ranges will need.
    kept: Option<(PageId, Vec<u8>)>,
}

/// A page of one column (or a part of one).
struct Job<'a> {
    column: &'a Column,
    page: PageId,
    wanted: Range<usize>,
    keep: bool,
    out: Out<'a>,
}

impl NtupleColumns {
    /// Checks the request against the ntuple.
    pub(super) fn new(file: Arc<RootFile>, ntuple: Arc<Ntuple>, request: &Request) -> Result<Self> {
        let starts = ntuple.clusters.iter().map(|cluster| cluster.first);
        let clusters = if ntuple.clusters.is_empty() { vec![0] } else { starts.collect() };
        let input = Input { file, ntuple, totals: Counters::default() };
        let mut columns = NtupleColumns {
            input,
            keep_doubles: request.keep_doubles,
            indexes: Vec::new(),
            counters: Vec::new(),
            columns: Vec::new(),
            clusters,
            spare: Spare::default(),
            buffers: Buffers::default(),
        };
        for (index, name) in request.counters.iter().enumerate() {
            let counted = request.columns.iter().filter(|column| column.counter == Some(index));
            let read = counted.map(|column| &column.branch);
            let source = columns.counter(name, read).map_err(|e| columns.named(name, e))?;
            if let Source::Values(Column {
                stored: StoredType::F32 | StoredType::F64,
                branch,
                ..
            }) = source
            {
                let stored = columns.input.ntuple.schema.branches[branch].stored;
                return Err(columns.input.error(&Error::input(format!(
                    "branch {name} holds {}, which cannot count",
                    stored.map_or("nothing", StoredType::name)
                ))));
            }
            columns.counters.push(source);
        }
        for wanted in &request.columns {
            let counter = wanted.counter.and_then(|i| request.counters.get(i).map(|n| (i, n)));
            let name = &wanted.branch;
            let source = columns.source(name, counter).map_err(|e| columns.named(name, e))?;
            columns.columns.push(source);
        }
        Ok(columns)
    }

    /// Decompresses all pages of all columns, and looks at nothing in them.
    pub(super) fn unpack_all(&self) -> Result<ReadStats> {
        let ntuple = &self.input.ntuple;
        let mut columns: Vec<(usize, usize)> = Vec::new();
        for index in &self.indexes {
            columns.extend(index.columns.iter().map(|&column| (column, index.branch)));
        }
        for source in self.counters.iter().chain(&self.columns) {
            if let Source::Values(found) = source {
                columns.extend(found.columns.iter().map(|&column| (column, found.branch)));
            }
        }
        columns.sort_unstable();
        columns.dedup_by_key(|(column, _)| *column);
        let pages = columns.iter().flat_map(|&(column, branch)| {
            (0..ntuple.clusters.len()).flat_map(move |cluster| {
                let pages = 0..ntuple.extent(cluster, column).pages.len();
                pages.map(move |page| (branch, PageId { cluster, column, page }))
            })
        });
        pages
            .collect::<Vec<_>>()
            .into_par_iter()
            .try_for_each(|(branch, page)| self.input.page(branch, page, |_| Ok(())))?;
        Ok(self.input.totals.stats())
    }

    fn named(&self, name: &str, error: Error) -> Error {
        self.input.error(&error.within(format!("branch {name}")))
    }

    fn source(&mut self, name: &str, counter: Option<(usize, &String)>) -> Result<Source> {
        let ntuple = Arc::clone(&self.input.ntuple);
        let branch = ntuple.branch(name)?;
        let found = &ntuple.schema.branches[branch];
        let stored = readable(found, counter.map(|(_, name)| name.as_str()))?;
        Ok(match &ntuple.contents[branch] {
            Content::Unknown => return Err(Error::input("cannot be read")),
            Content::Counts(extent) => Source::Lengths(self.placed(extent, branch)),
            Content::Values { columns, extent } => {
                let mut placed = self.placed(extent, branch);
                let counter = counter.map(|(at, _)| at);
                let agrees = counter.filter(|at| match &self.counters[*at] {
                    Source::Lengths(other) if other.is_as(&placed) => {
                        placed.branch = other.branch;
                        false
                    }
                    _ => true,
                });
                let columns = columns.clone();
                Source::Values(Column { branch, stored, columns, placed, agrees, kept: None })
            }
        })
    }

    /// What a counter of the request says, of whose lists some are read.
    fn counter<'n>(
        &mut self,
        name: &str,
        read: impl Iterator<Item = &'n String>,
    ) -> Result<Source> {
        let ntuple = Arc::clone(&self.input.ntuple);
        let own = ntuple.branch(name).ok();
        let Some(list) = ntuple.list(name, read) else { return self.source(name, None) };
        let Content::Values { extent, .. } = &ntuple.contents[list] else {
            return Err(Error::input("cannot be read"));
        };
        let says = |branch: &usize| ntuple.contents[*branch] == Content::Counts(extent.clone());
        Ok(Source::Lengths(self.placed(extent, own.filter(says).unwrap_or(list))))
    }

    /// What places values; `branch` is named in messages.
    fn placed(&mut self, extent: &Extent, branch: usize) -> Placed {
        let index = extent.collection.map(|collection| self.index(collection, branch));
        Placed { branch, index, times: extent.times, columns: extent.columns.clone() }
    }

    /// Position of the index of a collection; `branch` names it in messages.
    fn index(&mut self, collection: usize, branch: usize) -> usize {
        let known = self.indexes.iter().position(|index| index.collection == collection);
        known.unwrap_or_else(|| {
            let parent = self.input.ntuple.collections[collection].parent;
            let parent = parent.map(|parent| self.index(parent, branch));
            self.indexes.push(Index::new(&self.input.ntuple, collection, parent, branch));
            self.indexes.len() - 1
        })
    }

    /// The clusters that have events of `range`, and which of their entries.
    fn pieces(&self, range: &Range<u64>) -> Vec<Piece> {
        let clusters = &self.input.ntuple.clusters;
        let first = clusters.partition_point(|c| c.end() <= range.start);
        let covering = clusters.iter().enumerate().skip(first);
        covering
            .take_while(|(_, c)| c.first < range.end)
            .map(|(cluster, c)| Piece {
                cluster,
                entries: range.start.max(c.first) - c.first..range.end.min(c.end()) - c.first,
            })
            .filter(|piece| !piece.entries.is_empty())
            .collect()
    }

    /// The values of the branches among `sources` that have their own.
    fn values(
        &self,
        sources: &[Source],
        keep_doubles: bool,
        pieces: &[Piece],
        lengths: &[Lengths],
        spare: &mut Spare,
    ) -> Result<Read> {
        let own = sources.iter().enumerate().filter_map(|(number, source)| match source {
            Source::Values(column) => Some((number, column)),
            Source::Lengths(_) => None,
        });
        let mut found: Vec<(usize, &Column, Vec<Part>)> = Vec::new();
        let mut pages = Vec::new();
        for (number, column) in own {
            let wanted = pieces
                .iter()
                .enumerate()
                .map(|(i, piece)| (piece.cluster, column.placed.elements(lengths, i, piece)));
            let kept = column.kept.as_ref().map(|(page, _)| *page);
            let parts = self.input.parts(column.branch, &column.columns, wanted)?;
            pages.extend(needed(&parts, kept).map(|page| (column.branch, page)));
            found.push((number, column, parts));
        }
        let _fetched = self.input.fetch(&pages)?;
        let mut all: Vec<(&Column, Vec<Part>, Values)> = Vec::new();
        for (number, column, parts) in found {
            let total = parts.iter().map(|part| part.wanted.len() as u64).sum();
            let values = spare.values(number, column.stored, keep_doubles, length(total)?);
            all.push((column, parts, values));
        }
        let mut jobs = Vec::new();
        for (column, parts, values) in &mut all {
            let mut rest = out(values);
            for part in parts {
                let (out, behind) = rest.split(part.wanted.len());
                rest = behind;
                // Without a page: from before the column began, and zero.
                let Some(page) = part.page else {
                    out.clear();
                    continue;
                };
                let (wanted, keep) = (part.wanted.clone(), part.more);
                jobs.push(Job { column, page, wanted, keep, out });
            }
        }
        let done: Vec<_> =
            jobs.into_par_iter().map(|job| (job.column.branch, job.page, self.run(job))).collect();
        let mut read = Read::default();
        for (branch, page, done) in done {
            let (narrowed, keep) = done?;
            read.narrowed += narrowed;
            read.kept.extend(keep.map(|bytes| (branch, page, bytes)));
        }
        read.values = all.into_iter().map(|(_, _, values)| values).collect();
        Ok(read)
    }

    /// An error unless a list has as many values as a counter of the request says.
    fn agree(
        &self,
        column: &Column,
        own: &[u64],
        (counter, counts): (usize, &[u32]),
        first: u64,
    ) -> Result<()> {
        let Some((event, [here, there])) = place::disagreement(own, counts) else { return Ok(()) };
        let (Source::Lengths(Placed { branch: other, .. })
        | Source::Values(Column { branch: other, .. })) = &self.counters[counter];
        let name = |branch: usize| self.input.ntuple.schema.branches[branch].name.as_str();
        let lists = [(name(column.branch), here), (name(*other), there)];
        Err(self.input.error(&Error::input(unequal(lists, first + event))))
    }

    /// Inexact narrowings, and the page's bytes if they are to be kept.
    fn run(&self, job: Job<'_>) -> Result<(u64, Option<Vec<u8>>)> {
        let ntuple = &self.input.ntuple;
        let elements = ntuple.page(job.page).elements as usize;
        let encoding = ntuple.columns[job.page.column].encoding;
        let (wanted, out) = (job.wanted, job.out);
        let decode = |bytes: &[u8]| {
            let start = Instant::now();
            let converted = encoding.decode(bytes, elements, wanted.clone(), out);
            self.input.totals.decoded(start);
            match converted {
                Converted::Narrowed(n) => Ok(n),
                Converted::TooLarge(i) | Converted::NoCount(i) => Err(Error::unsupported(format!(
                    "element {} is above 9223372036854775807, the largest int64",
                    wanted.start + i
                ))),
            }
        };
        match &job.column.kept {
            Some((page, bytes)) if *page == job.page => decode(bytes)
                .map(|narrowed| (narrowed, None))
                .map_err(|e| self.input.at_page(job.column.branch, job.page, e)),
            _ => self.input.page(job.column.branch, job.page, |bytes| {
                Ok((decode(bytes)?, job.keep.then(|| self.buffers.copy(bytes))))
            }),
        }
    }
}

/// What came of reading the values of some branches.
#[derive(Default)]
struct Read {
    values: Vec<Values>,
    narrowed: u64,
    /// Branch, page and bytes of pages that later ranges will need again.
    kept: Vec<(usize, PageId, Vec<u8>)>,
}

fn keep(sources: &mut [Source], kept: Vec<(usize, PageId, Vec<u8>)>, buffers: &mut Buffers) {
    for (branch, page, bytes) in kept {
        let column = sources.iter_mut().find_map(|source| match source {
            Source::Values(column) if column.branch == branch => Some(column),
            _ => None,
        });
        let spare = match column {
            Some(column) => column.kept.replace((page, bytes)).map(|(_, bytes)| bytes),
            None => Some(bytes),
        };
        spare.into_iter().for_each(|bytes| buffers.give_back(bytes));
    }
}

impl ColumnReader for NtupleColumns {
    fn read(&mut self, range: Range<u64>) -> Result<Batch> {
        let total = self.input.ntuple.schema.events;
        if range.start > range.end || range.end > total {
            return Err(self.input.error(&Error::input(format!(
                "events {}..{} are asked for, the ntuple has {total}",
                range.start, range.end
            ))));
        }
        let events = length(range.end - range.start)?;
        let pieces = self.pieces(&range);
        let lengths = super::index::read(&self.input, &mut self.indexes, &range, &pieces)?;
        let mut spare = std::mem::take(&mut self.spare);
        let none = &mut Spare::default();
        let counts = self.values(&self.counters, true, &pieces, &lengths, none)?;
        let (sources, keep_doubles) = (&self.columns, self.keep_doubles);
        let read = self.values(sources, keep_doubles, &pieces, &lengths, &mut spare)?;
        keep(&mut self.counters, counts.kept, &mut self.buffers);
        keep(&mut self.columns, read.kept, &mut self.buffers);
        let mut counts = counts.values.into_iter();
        let mut offsets = Vec::with_capacity(self.counters.len());
        for (number, source) in self.counters.iter().enumerate() {
            let into = spare.offsets(number);
            offsets.push(match source {
                Source::Lengths(placed) => {
                    placed.check(&self.input, &pieces)?;
                    from_zero_into(&placed.offsets(&lengths, &range), &range, into)
                }
                Source::Values(column) => summed(&counts.next().unwrap_or(Values::I64(Vec::new())))
                    .map_err(|e| self.input.at_field(column.branch, e))
                    .and_then(|offsets| from_zero_into(&offsets, &range, into)),
            }?);
        }
        let mut values = read.values.into_iter();
        let mut columns = Vec::with_capacity(self.columns.len());
        for source in &self.columns {
            columns.extend(match source {
                Source::Lengths(placed) => {
                    placed.check(&self.input, &pieces)?;
                    Some(placed.counts(&lengths, &range))
                }
                Source::Values(column) => {
                    if let Some(other) = column.agrees {
                        let own = column.placed.offsets(&lengths, &range);
                        self.agree(column, &own, (other, &offsets[other]), range.start)?;
                    }
                    values.next()
                }
            });
        }
        super::index::reuse(&mut self.indexes, lengths);
        let (first_event, narrowed) = (range.start, read.narrowed);
        Ok(Batch { first_event, events, offsets, columns, narrowed, ..Batch::default() })
    }

    fn reuse(&mut self, batch: Batch) {
        self.spare = Spare::of(batch);
    }

    fn stats(&self) -> ReadStats {
        self.input.totals.stats()
    }

    fn cluster_starts(&self) -> &[u64] {
        &self.clusters
    }
}
