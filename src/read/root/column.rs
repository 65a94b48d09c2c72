//! Reads ranges of events of the requested branches: counters first, then all
//! pieces of all columns in parallel, each straight to its place.

use super::basket::{self, Basket, Place};
use super::convert::{Converted, Out, convert, out};
use super::file::RootFile;
use super::select::{Column, common_starts};
use super::tree::Tree;
use crate::batch::{Batch, Request, Values};
use crate::error::{Error, Result};
use crate::read::shape::{from_zero, length, zeros};
use crate::read::storage::Fetched;
use crate::read::totals::Counters;
use crate::read::{ColumnReader, ReadStats};
use crate::schema::StoredType;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// A claimed length beyond this many times the compressed length is checked
/// against the basket's own header before memory is allocated for it.
const PLAUSIBLE_RATIO: u64 = 8;
/// Lengths up to this one need no such check.
const PLAUSIBLE_BYTES: u64 = 1 << 16;

/// Whether so many bytes may well come out of so many on disk.
pub(super) fn plausible(claimed: u64, packed: u64) -> bool {
    claimed <= PLAUSIBLE_BYTES.max(packed.saturating_mul(PLAUSIBLE_RATIO))
}

/// Reads the columns of one request.
pub(super) struct RootColumns {
    file: Arc<RootFile>,
    tree: Arc<Tree>,
    keep_doubles: bool,
    counters: Vec<Counter>,
    columns: Vec<Column>,
    clusters: Vec<u64>,
    totals: Counters,
}

/// A counter branch and the offsets computed from it so far.
struct Counter {
    column: Column,
    /// The event to which the first offset belongs.
    first: u64,
    offsets: Vec<u64>,
}

impl Counter {
    /// Whether the offsets are those of all of these events.
    fn spans(&self, events: &Range<u64>) -> bool {
        let end = self.first + (self.offsets.len() as u64 - 1);
        self.first <= events.start && events.end <= end
    }
}

/// Where the values of an event start, counted from some event on.
#[derive(Clone, Copy)]
enum Extent<'a> {
    OneEach,
    Counted { first: u64, offsets: &'a [u64] },
}

impl Extent<'_> {
    fn at(self, event: u64) -> u64 {
        match self {
            Extent::OneEach => event,
            Extent::Counted { first, offsets } => offsets[(event - first) as usize],
        }
    }

    fn between(self, from: u64, to: u64) -> u64 {
        self.at(to) - self.at(from)
    }
}

/// Where a job's bytes come from.
enum From<'a> {
    /// The basket that was kept from before.
    Kept(&'a [u8]),
    /// The file; the values are kept for the next range if asked for.
    File { keep: bool },
}

/// One basket (or a part of one) of one column.
struct Job<'a> {
    branch: usize,
    basket: usize,
    stored: StoredType,
    from: From<'a>,
    /// Bytes that all values of the basket must have.
    total: usize,
    /// The bytes wanted.
    wanted: Range<usize>,
    /// The first event wanted.
    event: u64,
    out: Out<'a>,
}

/// What a job leaves behind.
struct Done {
    narrowed: u64,
    keep: Option<Vec<u8>>,
}

/// Branch, basket and bytes of a basket that later ranges will need again.
type Kept = (usize, usize, Vec<u8>);

impl RootColumns {
    /// Checks the request against the tree.
    pub(super) fn new(file: Arc<RootFile>, tree: Arc<Tree>, request: &Request) -> Result<Self> {
        let mut counters = Vec::new();
        for name in &request.counters {
            let column = Column::new(&file, &tree, name, None)?;
            if matches!(column.stored, StoredType::F32 | StoredType::F64) {
                return Err(Error::input(format!(
                    "{}: tree {}: branch {name} holds {}, which cannot count",
                    file.identity.path,
                    tree.schema.tree,
                    column.stored.name()
                )));
            }
            counters.push(Counter { column, first: 0, offsets: vec![0] });
        }
        let mut columns = Vec::new();
        for wanted in &request.columns {
            let counter = wanted.counter.and_then(|i| request.counters.get(i).map(|n| (i, n)));
            columns.push(Column::new(&file, &tree, &wanted.branch, counter)?);
        }
        let requested = counters.iter().map(|c| &c.column).chain(&columns);
        let clusters = common_starts(requested.map(|c| tree.baskets[c.branch].as_slice()));
        let (keep_doubles, totals) = (request.keep_doubles, Counters::default());
        Ok(RootColumns { file, tree, keep_doubles, counters, columns, clusters, totals })
    }

    /// For each counter: the events whose counts are needed to place those of
    /// `range` inside whole baskets.
    fn counted_ranges(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let mut wanted = vec![range.clone(); self.counters.len()];
        for column in &self.columns {
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
        let counted = self.counters.iter().zip(self.counted_ranges(range));
        let counted = counted.filter(|(counter, wanted)| !counter.spans(wanted));
        let counted = counted.map(|(counter, wanted)| (&counter.column, wanted));
        let columns = self.columns.iter().map(|column| (column, range.clone()));
        let ranges = counted.chain(columns).flat_map(|(column, range)| {
            let kept = column.kept.as_ref().map(|(basket, _)| *basket);
            let baskets = covering(&self.tree.baskets[column.branch], &range);
            baskets.filter(move |(number, _)| Some(*number) != kept).filter_map(|(_, b)| b.bytes())
        });
        storage.fetch(ranges, &self.totals)
    }

    /// Makes the counters' offsets span what `range` needs.
    fn count(&mut self, range: &Range<u64>) -> Result<()> {
        let wanted = self.counted_ranges(range);
        let mut missing: Vec<(usize, Range<u64>, Values)> = Vec::new();
        for (index, (counter, wanted)) in self.counters.iter().zip(wanted).enumerate() {
            if !counter.spans(&wanted) {
                self.believable(&counter.column, Extent::OneEach, &wanted)?;
                let n = length(wanted.end - wanted.start)?;
                missing.push((index, wanted, Values::I64(vec![0; n])));
            }
        }
        let mut jobs = Vec::new();
        for (index, range, values) in &mut missing {
            self.jobs(
                &self.counters[*index].column,
                Extent::OneEach,
                range,
                out(values),
                &mut jobs,
            )?;
        }
        let (_, kept) = self.run(jobs)?;
        for (branch, basket, bytes) in kept {
            for counter in self.counters.iter_mut().filter(|c| c.column.branch == branch) {
                counter.column.kept = Some((basket, bytes.clone()));
            }
        }
        for (index, range, values) in missing {
            if let Values::I64(counts) = values {
                let offsets = self.offsets(index, range.start, &counts)?;
                let counter = &mut self.counters[index];
                (counter.first, counter.offsets) = (range.start, offsets);
            }
        }
        Ok(())
    }

    fn offsets(&self, index: usize, first: u64, counts: &[i64]) -> Result<Vec<u64>> {
        let mut offsets = Vec::with_capacity(counts.len() + 1);
        let mut sum = 0u64;
        offsets.push(sum);
        for (i, &count) in counts.iter().enumerate() {
            let next = u64::try_from(count).ok().and_then(|n| sum.checked_add(n));
            sum = next.ok_or_else(|| {
                let branch = &self.tree.schema.branches[self.counters[index].column.branch];
                self.error(format!(
                    "branch {} counts {count} in event {}",
                    branch.name,
                    first + i as u64
                ))
            })?;
            offsets.push(sum);
        }
        Ok(offsets)
    }

    fn extent(&self, column: &Column) -> Extent<'_> {
        match column.counter {
            None => Extent::OneEach,
            Some(index) => {
                let Counter { first, ref offsets, .. } = self.counters[index];
                Extent::Counted { first, offsets }
            }
        }
    }

    /// An error if baskets cannot hold what the tree or the counter claims, so
    /// that nothing is allocated on the word of damaged bytes.
    fn believable(&self, column: &Column, extent: Extent<'_>, range: &Range<u64>) -> Result<()> {
        let size = column.stored.size() as u64;
        for (index, basket) in covering(&self.tree.baskets[column.branch], range) {
            let claimed = extent.between(basket.first, basket.end).saturating_mul(size);
            let packed = match &basket.place {
                Place::Disk { bytes, .. } => *bytes,
                Place::Embedded(values) => values.len(),
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

    /// Cuts `range` of a column into pieces, one a basket.
    fn jobs<'a>(
        &'a self,
        column: &'a Column,
        extent: Extent<'_>,
        range: &Range<u64>,
        mut out: Out<'a>,
        jobs: &mut Vec<Job<'a>>,
    ) -> Result<()> {
        let size = column.stored.size() as u64;
        for (index, basket) in covering(&self.tree.baskets[column.branch], range) {
            let start = basket.first.max(range.start);
            let end = basket.end.min(range.end);
            let values = length(extent.between(start, end))?;
            let skip = length(extent.between(basket.first, start).saturating_mul(size))?;
            let total = length(extent.between(basket.first, basket.end).saturating_mul(size))?;
            let (piece, rest) = out.split(values);
            out = rest;
            let from = match &column.kept {
                Some((kept, bytes)) if *kept == index && bytes.len() == total => From::Kept(bytes),
                _ => From::File { keep: end < basket.end },
            };
            let (branch, stored) = (column.branch, column.stored);
            let wanted = skip..skip + values * column.stored.size();
            let event = start;
            let basket = index;
            jobs.push(Job { branch, basket, stored, from, total, wanted, event, out: piece });
        }
        Ok(())
    }

    /// Runs the jobs; returns inexact narrowings and the baskets to keep.
    fn run(&self, jobs: Vec<Job<'_>>) -> Result<(u64, Vec<Kept>)> {
        let done: Vec<_> = jobs
            .into_par_iter()
            .map(|job| {
                let (branch, basket) = (job.branch, job.basket);
                let done = self.piece(job).map_err(|e| self.at_basket(branch, basket, e));
                (branch, basket, done)
            })
            .collect();
        let (mut narrowed, mut kept) = (0, Vec::new());
        for (branch, basket, done) in done {
            let done = done?;
            narrowed += done.narrowed;
            kept.extend(done.keep.map(|bytes| (branch, basket, bytes)));
        }
        Ok((narrowed, kept))
    }

    fn piece(&self, job: Job<'_>) -> Result<Done> {
        let convert = |bytes: &[u8], out: Out<'_>| {
            let start = Instant::now();
            let converted = convert(job.stored, &bytes[job.wanted.clone()], out);
            self.totals.decoded(start);
            match converted {
                Converted::Narrowed(n) => Ok(n),
                Converted::TooLarge(i) => Err(Error::input(format!(
                    "value {i} from event {} on is above 9223372036854775807, the largest int64",
                    job.event
                ))),
            }
        };
        let keep = match job.from {
            From::Kept(bytes) => {
                return Ok(Done { narrowed: convert(bytes, job.out)?, keep: None });
            }
            From::File { keep } => keep,
        };
        let basket = &self.tree.baskets[job.branch][job.basket];
        basket::with_values(&self.file, basket, job.total, &self.totals, |bytes| {
            let narrowed = convert(bytes, job.out)?;
            Ok(Done { narrowed, keep: keep.then(|| bytes.to_vec()) })
        })
    }

    fn error(&self, message: String) -> Error {
        let tree = &self.tree.schema.tree;
        Error::input(message).within(format!("{}: tree {tree}", self.file.identity.path))
    }

    fn at_basket(&self, branch: usize, basket: usize, error: Error) -> Error {
        let place = match self.tree.baskets[branch][basket].place {
            Place::Disk { seek, .. } => format!("at byte {seek}"),
            Place::Embedded(_) => "in the tree's record".to_owned(),
        };
        let name = &self.tree.schema.branches[branch].name;
        self.error(format!("branch {name}: basket {basket} {place}: {error}"))
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
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let extent = self.extent(column);
            self.believable(column, extent, &range)?;
            let n = length(extent.between(range.start, range.end))?;
            columns.push(zeros(column.stored, self.keep_doubles, n));
        }
        let mut jobs = Vec::new();
        for (column, values) in self.columns.iter().zip(&mut columns) {
            self.jobs(column, self.extent(column), &range, out(values), &mut jobs)?;
        }
        let (narrowed, kept) = self.run(jobs)?;
        for (branch, basket, bytes) in kept {
            if let Some(column) = self.columns.iter_mut().find(|c| c.branch == branch) {
                column.kept = Some((basket, bytes));
            }
        }
        let offsets = self.counters.iter().map(|c| rebased(c, &range)).collect::<Result<_>>()?;
        let events = length(range.end - range.start)?;
        Ok(Batch { first_event: range.start, events, offsets, columns, narrowed })
    }

    fn stats(&self) -> ReadStats {
        self.totals.stats()
    }

    fn cluster_starts(&self) -> &[u64] {
        &self.clusters
    }
}

/// The baskets that hold events of `range`, with their numbers.
fn covering<'a>(
    baskets: &'a [Basket],
    range: &Range<u64>,
) -> impl Iterator<Item = (usize, &'a Basket)> + Clone + use<'a> {
    let first = baskets.partition_point(|b| b.end <= range.start);
    let end =
        if range.is_empty() { first } else { baskets.partition_point(|b| b.first < range.end) };
    baskets[..end].iter().enumerate().skip(first)
}

/// The offsets of `range`, starting with 0.
fn rebased(counter: &Counter, range: &Range<u64>) -> Result<Vec<u32>> {
    let from = (range.start - counter.first) as usize;
    let to = (range.end - counter.first) as usize;
    from_zero(&counter.offsets[from..=to], range)
}
