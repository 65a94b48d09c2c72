//! Reads ranges of events of the requested branches: counters first (`count`),
//! then all pieces of all columns in parallel, each straight to its place.

use super::basket::{self, Basket, Place};
use super::convert::{Converted, Out, convert, out};
use super::counter::{Counter, Extent, Origin, Unpacked};
use super::file::RootFile;
use super::kept::{Buffers, Kept};
use super::packed::Packing;
use super::plausible::plausible;
use super::select::{Selection, common_starts};
use super::tree::Tree;
use super::wanted::{Column, Wanted};
use crate::batch::{Batch, Deferred, Request};
use crate::error::{Error, Result};
use crate::read::shape::{Spare, length, zeros};
use crate::read::storage::Fetched;
use crate::read::totals::Counters;
use crate::read::{ColumnReader, ReadStats, Totals};
use crate::schema::StoredType;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// Reads the columns of one request.
pub(super) struct RootColumns {
    pub(super) file: Arc<RootFile>,
    pub(super) tree: Arc<Tree>,
    keep_doubles: bool,
    /// Those of the request first, then those that its columns need besides.
    pub(super) counters: Vec<Counter>,
    /// How many the request has.
    requested: usize,
    pub(super) columns: Vec<Wanted>,
    clusters: Vec<u64>,
    spare: Spare,
    buffers: Buffers,
    /// Columns that come late where they can.
    deferred: Vec<usize>,
    pub(super) totals: Arc<Counters>,
}

/// Where a job's bytes come from.
enum From<'a> {
    /// Memory, where these were kept from before.
    Kept(&'a [u8]),
    /// The file; the values after those that are wanted are kept for the next
    /// range if asked for.
    File { keep: bool },
}

/// One basket (or a part of one) of one column.
pub(super) struct Job<'a> {
    branch: usize,
    basket: usize,
    stored: StoredType,
    packing: Option<Packing>,
    from: From<'a>,
    /// Bytes that all values of the basket must have.
    total: usize,
    /// The bytes wanted.
    wanted: Range<usize>,
    /// The first event wanted.
    event: u64,
    /// Where the events of the basket start, if a counter says so.
    starts: Option<&'a [u32]>,
    out: Out<'a>,
}

/// What a job leaves behind.
struct Done {
    narrowed: u64,
    keep: Option<Kept>,
}

impl RootColumns {
    /// Checks the request against the tree.
    pub(super) fn new(file: Arc<RootFile>, tree: Arc<Tree>, request: &Request) -> Result<Self> {
        let Selection { counters, columns, .. } = Selection::new(&file, &tree, request)?;
        let requested = request.counters.len();
        let branches = branches(&counters, &columns);
        let clusters = common_starts(branches.map(|branch| tree.baskets[branch].as_slice()));
        let (keep_doubles, totals) = (request.keep_doubles, Arc::default());
        let spare = Spare::default();
        Ok(RootColumns {
            file,
            tree,
            keep_doubles,
            counters,
            requested,
            columns,
            clusters,
            spare,
            buffers: Buffers::default(),
            deferred: Vec::new(),
            totals,
        })
    }

    fn with_values(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter_map(Wanted::column)
    }

    /// Decompresses all baskets of all branches, and looks at nothing in them.
    pub(super) fn unpack_all(&self) -> Result<ReadStats> {
        let mut branches: Vec<usize> = self.branches().collect();
        branches.sort_unstable();
        branches.dedup();
        let baskets = branches.iter().flat_map(|&branch| {
            self.tree.baskets[branch].iter().enumerate().map(move |(n, basket)| (branch, n, basket))
        });
        baskets.collect::<Vec<_>>().into_par_iter().try_for_each(|(branch, number, basket)| {
            basket::with_content(&self.file, basket, None, &self.totals, |_| Ok(()))
                .map_err(|e| self.at_basket(branch, number, e))
        })?;
        Ok(self.totals.stats())
    }

    /// The branches whose baskets are read.
    fn branches(&self) -> impl Iterator<Item = usize> {
        branches(&self.counters, &self.columns)
    }

    /// For each counter: the events whose counts are needed to place those of
    /// `range` inside whole baskets.
    pub(super) fn counted_ranges(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let mut wanted = vec![range.clone(); self.counters.len()];
        for column in self.with_values() {
            let Some(counter) = column.counter else { continue };
            let baskets = covering(&self.tree.baskets[column.branch], range);
            if let (Some((_, first)), Some((_, last))) = (baskets.clone().next(), baskets.last()) {
                wanted[counter].start = wanted[counter].start.min(first.first);
                wanted[counter].end = wanted[counter].end.max(last.end);
            }
        }
        wanted
    }

    /// Gets the baskets that `range` needs, if the file is not on disk.
    fn fetch(&self, range: &Range<u64>) -> Result<Fetched> {
        let storage = &self.file.storage;
        if !storage.is_remote() {
            return Ok(Fetched::default());
        }
        let baskets =
            |branch: usize, range: &Range<u64>| covering(&self.tree.baskets[branch], range);
        let mut ranges = Vec::new();
        for (counter, wanted) in self.counters.iter().zip(self.counted_ranges(range)) {
            match &counter.origin {
                Origin::Branch(column, _) if !counter.spans(&wanted) => {
                    let kept = column.kept.as_ref().map(|kept| kept.basket);
                    let needed = baskets(column.branch, &wanted);
                    let needed = needed.filter(|(number, _)| Some(*number) != kept);
                    ranges.extend(needed.filter_map(|(_, basket)| basket.bytes()));
                }
                Origin::Lists(unpacked) => {
                    let needed = baskets(unpacked.branch, range);
                    let needed = needed.filter(|(number, _)| unpacked.basket(*number).is_none());
                    ranges.extend(needed.filter_map(|(_, basket)| basket.bytes()));
                }
                _ => {}
            }
        }
        for column in self.with_values().filter(|column| self.unpacked(column).is_none()) {
            let kept = column.kept.as_ref().map(|kept| kept.basket);
            let needed = baskets(column.branch, range);
            let needed = needed.filter(|(number, _)| Some(*number) != kept);
            ranges.extend(needed.filter_map(|(_, basket)| basket.bytes()));
        }
        storage.fetch(ranges.into_iter(), &self.totals)
    }

    /// The unpacked vectors of a column, if it has vectors.
    pub(super) fn unpacked(&self, column: &Column) -> Option<&Unpacked> {
        match &self.counters[column.counter?].origin {
            Origin::Lists(unpacked) if unpacked.branch == column.branch => Some(unpacked),
            _ => None,
        }
    }

    pub(super) fn extent(&self, column: &Column) -> Extent<'_> {
        column.counter.map_or(Extent::Each(1), |index| self.counters[index].extent())
    }

    /// An error if baskets cannot hold what the tree or the counter claims, so
    /// that nothing is allocated on the word of damaged bytes.
    pub(super) fn believable(
        &self,
        column: &Column,
        extent: Extent<'_>,
        range: &Range<u64>,
    ) -> Result<()> {
        let size = column.size() as u64;
        for (index, basket) in covering(&self.tree.baskets[column.branch], range) {
            let claimed = extent.between(basket.first, basket.end).saturating_mul(size);
            let packed = match &basket.place {
                Place::Disk { bytes, .. } => *bytes,
                Place::Embedded(basket) => basket.values.len(),
            };
            if plausible(claimed, packed as u64) {
                continue;
            }
            let place = |e: Error| self.at_basket(column.branch, index, e);
            let found = basket::value_bytes(&self.file, basket).map_err(place)? as u64;
            if found != claimed {
                return Err(place(Error::input(format!(
                    "the basket holds {found} bytes of values where {claimed} belong"
                ))));
            }
        }
        Ok(())
    }

    /// Number of values of a column, which are found to be there.
    fn values(&self, column: &Column, range: &Range<u64>) -> Result<usize> {
        let extent = self.extent(column);
        self.agree(column, range)?;
        if self.unpacked(column).is_none() {
            self.believable(column, extent, range)?;
        }
        length(extent.between(range.start, range.end))
    }

    /// Cuts `range` of a column into pieces, one a basket.
    pub(super) fn jobs<'a>(
        &'a self,
        column: &'a Column,
        extent: Extent<'a>,
        range: &Range<u64>,
        out: Out<'a>,
        jobs: &mut Vec<Job<'a>>,
    ) -> Result<()> {
        let size = column.size() as u64;
        let mut rest = out;
        for (index, basket) in covering(&self.tree.baskets[column.branch], range) {
            let start = basket.first.max(range.start);
            let end = basket.end.min(range.end);
            let values = length(extent.between(start, end))?;
            let skip = length(extent.between(basket.first, start).saturating_mul(size))?;
            let total = length(extent.between(basket.first, basket.end).saturating_mul(size))?;
            let (piece, behind) = rest.split(values);
            rest = behind;
            let wanted = skip..skip + values * column.size();
            let lists = self.unpacked(column).and_then(|unpacked| unpacked.basket(index));
            let kept = || column.kept.as_ref().and_then(|kept| kept.get(index, &wanted, total));
            let from = match lists.map(|lists| &lists.values[wanted.clone()]).or_else(kept) {
                Some(values) => From::Kept(values),
                None => From::File { keep: end < basket.end },
            };
            let Column { branch, stored, packing, .. } = *column;
            let (event, starts) = (start, extent.starts(basket.first, basket.end));
            let (basket, out) = (index, piece);
            jobs.push(Job {
                branch,
                basket,
                stored,
                packing,
                from,
                total,
                wanted,
                event,
                starts,
                out,
            });
        }
        Ok(())
    }

    /// Runs the jobs; returns inexact narrowings, and what is to be kept of
    /// branches, by their numbers.
    pub(super) fn run(&self, jobs: Vec<Job<'_>>) -> Result<(u64, Vec<(usize, Kept)>)> {
        let done: Vec<_> = jobs
            .into_par_iter()
            .map(|job| {
                let (branch, basket) = (job.branch, job.basket);
                (branch, self.piece(job).map_err(|e| self.at_basket(branch, basket, e)))
            })
            .collect();
        let (mut narrowed, mut kept) = (0, Vec::new());
        for (branch, done) in done {
            let done = done?;
            narrowed += done.narrowed;
            kept.extend(done.keep.map(|keep| (branch, keep)));
        }
        Ok((narrowed, kept))
    }

    fn piece(&self, job: Job<'_>) -> Result<Done> {
        let convert = |bytes: &[u8], out: Out<'_>| {
            decode((job.stored, job.packing), bytes, out, job.event, &self.totals)
        };
        let keep = match job.from {
            From::Kept(bytes) => {
                return Ok(Done { narrowed: convert(bytes, job.out)?, keep: None });
            }
            From::File { keep } => keep,
        };
        let basket = &self.tree.baskets[job.branch][job.basket];
        basket::with_content(&self.file, basket, Some(job.total), &self.totals, |content| {
            if let Some(starts) = job.starts {
                let size = job.packing.map_or(job.stored.size(), Packing::size);
                content.notes.check(starts, size, basket.first)?;
            }
            let narrowed = convert(&content.values[job.wanted.clone()], job.out)?;
            let keep = keep.then(|| self.buffers.keep(job.basket, content.values, job.wanted.end));
            Ok(Done { narrowed, keep })
        })
    }

    /// Keeps ends of baskets for the next range, in place of those from before.
    pub(super) fn keep(&mut self, kept: Vec<(usize, Kept)>) {
        let RootColumns { counters, columns, buffers, .. } = self;
        for (branch, kept) in kept {
            let counting = counters.iter_mut().filter_map(Counter::branch_mut);
            let mut all = counting.chain(columns.iter_mut().filter_map(Wanted::column_mut));
            let has = |column: &Column| column.kept.as_ref().map(|k| k.basket) == Some(kept.basket);
            let spare = match all.find(|column| column.branch == branch && !has(column)) {
                Some(column) => column.kept.replace(kept),
                None => Some(kept),
            };
            spare.into_iter().for_each(|old| buffers.give_back(old.bytes));
        }
    }

    pub(super) fn error(&self, message: String) -> Error {
        in_tree(&self.file, &self.tree, message)
    }

    pub(super) fn at_basket(&self, branch: usize, basket: usize, error: Error) -> Error {
        basket_error(&self.file, &self.tree, branch, basket, error)
    }
}

impl ColumnReader for RootColumns {
    fn read(&mut self, range: Range<u64>) -> Result<Batch> {
        let events = self.tree.schema.events;
        if range.start > range.end || range.end > events {
            return Err(self.error(format!(
                "events {}..{} are asked for, the tree has {events}",
                range.start, range.end
            )));
        }
        let _fetched = self.fetch(&range)?;
        self.count(&range)?;
        let mut spare = std::mem::take(&mut self.spare);
        let mut columns = Vec::with_capacity(self.columns.len());
        let mut deferred = Vec::new();
        for (index, wanted) in self.columns.iter().enumerate() {
            columns.push(match wanted {
                Wanted::Lengths(counter, stored) => {
                    self.counters[*counter].extent().counts(&range, *stored)
                }
                Wanted::Values(column) => {
                    if self.deferred.contains(&index)
                        && let Some(parts) = self.parts(column, &range)?
                    {
                        deferred.push((index, parts));
                        columns.push(zeros(column.stored, self.keep_doubles, 0));
                        continue;
                    }
                    let n = self.values(column, &range)?;
                    // All of them are overwritten: the baskets hold all events.
                    spare.values(index, column.stored, self.keep_doubles, n)
                }
            });
        }
        let mut jobs = Vec::new();
        let deferred = Deferred::new(deferred);
        for (index, (wanted, values)) in self.columns.iter().zip(&mut columns).enumerate() {
            if let (Wanted::Values(column), None) = (wanted, deferred.column(index)) {
                self.jobs(column, self.extent(column), &range, out(values), &mut jobs)?;
            }
        }
        let (narrowed, kept) = self.run(jobs)?;
        self.keep(kept);
        let requested = self.counters[..self.requested].iter().enumerate();
        let offsets = requested.map(|(i, c)| c.extent().rebased(&range, spare.offsets(i)));
        let offsets = offsets.collect::<Result<_>>()?;
        let events = length(range.end - range.start)?;
        Ok(Batch { first_event: range.start, events, offsets, columns, deferred, narrowed })
    }

    fn delay(&mut self, columns: &[usize]) {
        self.deferred = self.may_be_deferred(columns);
    }

    fn reuse(&mut self, batch: Batch) {
        self.spare = Spare::of(batch);
    }

    fn stats(&self) -> ReadStats {
        self.totals.stats()
    }

    fn finish(self: Box<Self>) -> Totals {
        let totals = Arc::clone(&self.totals);
        Box::new(move || totals.stats())
    }

    fn cluster_starts(&self) -> &[u64] {
        &self.clusters
    }
}

/// Converts the values of a stored and perhaps packed type that begin with those of an
/// event; returns inexact narrowings.
pub(super) fn decode(
    (stored, packing): (StoredType, Option<Packing>),
    bytes: &[u8],
    out: Out<'_>,
    event: u64,
    totals: &Counters,
) -> Result<u64> {
    let start = Instant::now();
    let converted = match packing {
        Some(packing) => packing.convert(stored == StoredType::F64, bytes, out),
        None => convert(stored, bytes, out),
    };
    totals.decoded(start);
    match converted {
        Converted::Narrowed(n) => Ok(n),
        Converted::NoCount(i) => Err(Error::input(format!(
            "what event {} has is no number of values, or more than 4294967295",
            event + i as u64
        ))),
        Converted::TooLarge(i) => Err(Error::unsupported(format!(
            "value {i} from event {event} on is above 9223372036854775807, the largest int64"
        ))),
    }
}

fn in_tree(file: &RootFile, tree: &Tree, message: String) -> Error {
    Error::input(message).within(format!("{}: tree {}", file.identity.path, tree.schema.tree))
}

/// An error in a basket, with its place.
pub(super) fn basket_error(
    file: &RootFile,
    tree: &Tree,
    branch: usize,
    basket: usize,
    error: Error,
) -> Error {
    let place = match tree.baskets[branch][basket].place {
        Place::Disk { seek, .. } => format!("at byte {seek}"),
        Place::Embedded(_) => "in the tree's record".to_owned(),
    };
    let name = &tree.schema.branches[branch].name;
    let path = &file.identity.path;
    let tree = &tree.schema.tree;
    error.within(format!("{path}: tree {tree}: branch {name}: basket {basket} {place}"))
}

/// The branches whose baskets counters and columns need; some may come twice.
fn branches(counters: &[Counter], columns: &[Wanted]) -> impl Iterator<Item = usize> {
    let placed = counters.iter().filter_map(|counter| match &counter.origin {
        Origin::Branch(column, _) => Some(column.branch),
        Origin::Lists(unpacked) => Some(unpacked.branch),
        Origin::Fixed(..) => None,
    });
    placed.chain(columns.iter().filter_map(Wanted::column).map(|column| column.branch))
}

/// The baskets that hold events of `range`, with their numbers.
pub(super) fn covering<'a>(
    baskets: &'a [Basket],
    range: &Range<u64>,
) -> impl Iterator<Item = (usize, &'a Basket)> + Clone + use<'a> {
    let first = baskets.partition_point(|b| b.end <= range.start);
    let end =
        if range.is_empty() { first } else { baskets.partition_point(|b| b.first < range.end) };
    baskets[..end].iter().enumerate().skip(first)
}
