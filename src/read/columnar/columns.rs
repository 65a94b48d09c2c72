//! Reads ranges of events of the requested branches of a table: each column a
//! stream of its own, all of them in parallel.

use super::layout::{Content, Leaf, Step};
use super::values::Flat;
use super::{Table, TableSource};
use crate::batch::{Batch, Request, Values};
use crate::error::{Error, Result};
use crate::read::shape::{from_zero, length, readable, summed, unequal, zeros};
use crate::read::storage::Fetched;
use crate::read::totals::Counters;
use crate::read::{ColumnReader, ReadStats};
use crate::schema::StoredType;
use arrow_array::{Array, ArrayRef};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// Consecutive parts of a column of a chunk.
pub(super) type Scan = Box<dyn Iterator<Item = Result<ArrayRef>> + Send>;

/// Reads the columns of one request.
pub(super) struct TableColumns {
    source: Arc<TableSource>,
    counters: Vec<Counting>,
    columns: Vec<Requested>,
    streams: Vec<Stream>,
    starts: Vec<u64>,
    totals: Arc<Counters>,
}

/// Where a branch comes from: a stream, by its number.
#[derive(Clone, Copy)]
enum Origin {
    Values(usize),
    Lengths(usize),
}

impl Origin {
    fn stream(self) -> usize {
        let (Origin::Values(stream) | Origin::Lengths(stream)) = self;
        stream
    }
}

/// What a counter says: the lengths of a list, or the numbers of a branch.
struct Counting {
    branch: usize,
    origin: Origin,
}

struct Requested {
    branch: usize,
    origin: Origin,
    counter: Option<usize>,
}

/// One leaf of the table, read from front to back.
struct Stream {
    branch: usize,
    leaf: Leaf,
    stored: StoredType,
    list: bool,
    keep_doubles: bool,
    /// The chunk being read, its next event, and what is left of it.
    open: Option<(usize, u64, Scan)>,
    /// The bytes of chunks that are read, if the file is not on disk.
    fetched: Vec<(usize, Arc<Fetched>)>,
    /// The last part: its first event, and its values.
    part: Option<(u64, ArrayRef)>,
}

impl TableColumns {
    /// Checks the request against the table.
    pub(super) fn new(source: Arc<TableSource>, request: &Request) -> Result<TableColumns> {
        let bounds = source.table.bounds();
        let starts = match bounds {
            [] | [_] => vec![0],
            [starts @ .., _] => starts.to_vec(),
        };
        let totals = Arc::default();
        let (counters, columns, streams) = (Vec::new(), Vec::new(), Vec::new());
        let mut new = TableColumns { source, counters, columns, streams, starts, totals };
        for wanted in &request.columns {
            let counter = wanted.counter.and_then(|i| request.counters.get(i));
            let (branch, origin) = new.column(&wanted.branch, counter, request)?;
            new.columns.push(Requested { branch, origin, counter: wanted.counter });
        }
        for name in &request.counters {
            let counter = new.counter(name, request)?;
            new.counters.push(counter);
        }
        Ok(new)
    }

    /// What a requested column comes from.
    fn column(
        &mut self,
        name: &str,
        counter: Option<&String>,
        request: &Request,
    ) -> Result<(usize, Origin)> {
        let source = Arc::clone(&self.source);
        let place = |e: Error| e.within(format!("{}: branch {name}", source.identity.path));
        let branch = source.branch(name);
        let branch = branch.ok_or_else(|| place(Error::input("there is no such branch")))?;
        let found = &source.schema.branches[branch];
        let stored = readable(found, counter.map(String::as_str)).map_err(place)?;
        let keep_doubles = request.keep_doubles;
        let origin = match &source.contents[branch] {
            Content::Values(leaf) => {
                Origin::Values(self.stream(branch, leaf, stored, keep_doubles))
            }
            Content::Lengths(_) => match source.list(name, request) {
                Some((list, leaf)) => self.lengths(list, leaf, keep_doubles),
                None => return Err(place(Error::input("no list has these lengths"))),
            },
            Content::Unknown => return Err(place(Error::input("cannot be read"))),
        };
        Ok((branch, origin))
    }

    /// What a counter of the request says.
    fn counter(&mut self, name: &str, request: &Request) -> Result<Counting> {
        let source = Arc::clone(&self.source);
        if let Some((list, leaf)) = source.list(name, request) {
            let origin = self.lengths(list, leaf, request.keep_doubles);
            return Ok(Counting { branch: list, origin });
        }
        let (branch, origin) = self.column(name, None, request)?;
        let stored = source.schema.branches[branch].stored;
        if matches!(stored, Some(StoredType::F32 | StoredType::F64)) {
            let holds = stored.map_or("", StoredType::name);
            let what = Error::input(format!("holds {holds}, which cannot count"));
            return Err(source.at_branch(branch, what));
        }
        Ok(Counting { branch, origin })
    }

    /// The lengths of a list, which may have been asked for itself.
    fn lengths(&mut self, list: usize, leaf: &Leaf, keep_doubles: bool) -> Origin {
        let stored = self.source.schema.branches[list].stored.unwrap_or(StoredType::Bool);
        Origin::Lengths(self.stream(list, leaf, stored, keep_doubles))
    }

    /// The stream of a leaf.
    fn stream(
        &mut self,
        branch: usize,
        leaf: &Leaf,
        stored: StoredType,
        keep_doubles: bool,
    ) -> usize {
        let known = self.streams.iter().position(|s| s.leaf.number == leaf.number);
        known.unwrap_or_else(|| {
            let leaf = leaf.clone();
            let list = leaf.steps.contains(&Step::Items);
            let (open, fetched, part) = (None, Vec::new(), None);
            let stream = Stream { branch, leaf, stored, list, keep_doubles, open, fetched, part };
            self.streams.push(stream);
            self.streams.len() - 1
        })
    }

    /// Gets the chunks that have events of `range`, if the file is not on disk;
    /// forgets the others.
    fn fetch(&mut self, range: &Range<u64>) -> Result<()> {
        let table = Arc::clone(&self.source.table);
        if !table.storage().is_remote() {
            return Ok(());
        }
        let bounds = table.bounds();
        let first = bounds.partition_point(|&start| start <= range.start).saturating_sub(1);
        let end = bounds.partition_point(|&start| start < range.end);
        let chunks = first..end.min(bounds.len() - 1);
        let mut places = Vec::new();
        for stream in &mut self.streams {
            stream.fetched.retain(|(chunk, _)| chunks.contains(chunk));
            let known = |chunk: usize| stream.fetched.iter().any(|(c, _)| *c == chunk);
            for chunk in chunks.clone().filter(|chunk| !known(*chunk)) {
                places.extend(table.places(&stream.leaf, chunk));
            }
        }
        let fetched = Arc::new(table.storage().fetch(places.into_iter(), &self.totals)?);
        for stream in &mut self.streams {
            for chunk in chunks.clone() {
                if !stream.fetched.iter().any(|(c, _)| *c == chunk) {
                    stream.fetched.push((chunk, Arc::clone(&fetched)));
                }
            }
        }
        Ok(())
    }

    /// Offsets of the events of `range` by a counter.
    fn offsets(&self, origin: Origin, flats: &[Flat]) -> Result<Vec<u64>> {
        match origin {
            Origin::Lengths(stream) => Ok(flats[stream].offsets.clone().unwrap_or(vec![0])),
            Origin::Values(stream) => {
                let place = |e: Error| self.source.at_branch(self.streams[stream].branch, e);
                summed(&flats[stream].values).map_err(place)
            }
        }
    }

    /// An error if the lists of a column are not as long as the counter says.
    fn agree(
        &self,
        column: &Requested,
        lists: &[u64],
        (counting, counted): (&Counting, &[u64]),
        range: &Range<u64>,
    ) -> Result<()> {
        if lists == counted {
            return Ok(());
        }
        let lengths = lists.windows(2).map(|w| w[1] - w[0]);
        let counts = counted.windows(2).map(|w| w[1] - w[0]);
        let differ = lengths.zip(counts).zip(range.start..).find(|((a, b), _)| a != b);
        let name = |branch: usize| self.source.schema.branches[branch].name.as_str();
        let what = match differ {
            Some(((here, there), event)) => {
                unequal([(name(column.branch), here), (name(counting.branch), there)], event)
            }
            None => {
                format!("branch {}: the lists are not those of all events", name(column.branch))
            }
        };
        Err(Error::input(what).within(&self.source.identity.path))
    }
}

impl Stream {
    /// The events of `range`.
    fn take(
        &mut self,
        table: &Arc<dyn Table>,
        range: &Range<u64>,
        totals: &Arc<Counters>,
    ) -> Result<Flat> {
        let mut flat = Flat {
            offsets: self.list.then(|| vec![0]),
            values: zeros(self.stored, self.keep_doubles, 0),
            narrowed: 0,
        };
        let mut at = range.start;
        while at < range.end {
            match &self.part {
                Some((first, array)) if *first <= at && at - first < array.len() as u64 => {
                    let skip = (at - first) as usize;
                    let n = (array.len() - skip).min(length(range.end - at)?);
                    let start = Instant::now();
                    let steps = table.steps(&self.leaf);
                    flat.append(&array.slice(skip, n), &steps, at)?;
                    totals.decoded(start);
                    at += n as u64;
                }
                _ => self.advance(table, at, totals)?,
            }
        }
        Ok(flat)
    }

    /// Reads the next part; the one with event `at`, or one before it.
    fn advance(&mut self, table: &Arc<dyn Table>, at: u64, totals: &Arc<Counters>) -> Result<()> {
        let bounds = table.bounds();
        let chunk = bounds.partition_point(|&start| start <= at).saturating_sub(1);
        let here = matches!(&self.open, Some((open, next, _)) if *open == chunk && *next <= at);
        let place = |e: Error| e.within(format!("{} {chunk}", table.chunk_name()));
        if !here {
            self.part = None;
            let scan = Arc::clone(table).scan(&self.leaf, chunk, at - bounds[chunk], totals);
            self.open = Some((chunk, at, scan.map_err(place)?));
        }
        let Some((_, next, scan)) = &mut self.open else { return Ok(()) };
        let Some(array) = scan.next() else {
            return Err(place(Error::input(format!(
                "the column ends with event {next}, the file says it has events up to {}",
                bounds[chunk + 1]
            ))));
        };
        let array = array.map_err(place)?;
        let first = *next;
        *next += array.len() as u64;
        self.part = Some((first, array));
        Ok(())
    }
}

impl ColumnReader for TableColumns {
    fn read(&mut self, range: Range<u64>) -> Result<Batch> {
        let total = self.source.schema.events;
        if range.start > range.end || range.end > total {
            let (from, to) = (range.start, range.end);
            let what = format!("events {from}..{to} are asked for, the table has {total}");
            return Err(Error::input(what).within(&self.source.identity.path));
        }
        let events = length(range.end - range.start)?;
        self.fetch(&range)?;
        let (source, totals) = (Arc::clone(&self.source), Arc::clone(&self.totals));
        let flats: Vec<Result<Flat>> = self
            .streams
            .par_iter_mut()
            .map(|stream| {
                let taken = stream.take(&source.table, &range, &totals);
                taken.map_err(|e| source.at_branch(stream.branch, e))
            })
            .collect();
        let mut flats = flats.into_iter().collect::<Result<Vec<Flat>>>()?;
        let mut counted = Vec::with_capacity(self.counters.len());
        for counter in &self.counters {
            counted.push(self.offsets(counter.origin, &flats)?);
        }
        let (mut columns, mut narrowed) = (Vec::with_capacity(self.columns.len()), 0);
        for (index, column) in self.columns.iter().enumerate() {
            let stream = column.origin.stream();
            if let (Some(counter), Some(lists)) = (column.counter, &flats[stream].offsets) {
                let counted = (&self.counters[counter], counted[counter].as_slice());
                self.agree(column, lists, counted, &range)?;
            }
            columns.push(match column.origin {
                Origin::Lengths(_) => {
                    let offsets = flats[stream].offsets.as_deref().unwrap_or(&[]);
                    Values::I64(offsets.windows(2).map(|w| (w[1] - w[0]) as i64).collect())
                }
                Origin::Values(_) => {
                    narrowed += flats[stream].narrowed;
                    let again =
                        |c: &Requested| matches!(c.origin, Origin::Values(s) if s == stream);
                    match self.columns[index + 1..].iter().any(again) {
                        true => flats[stream].values.clone(),
                        false => std::mem::replace(&mut flats[stream].values, Values::Bool(vec![])),
                    }
                }
            });
        }
        let offsets = counted.iter().map(|o| from_zero(o, &range)).collect::<Result<_>>()?;
        let first_event = range.start;
        Ok(Batch { first_event, events, offsets, columns, narrowed, ..Batch::default() })
    }

    fn stats(&self) -> ReadStats {
        self.totals.stats()
    }

    fn cluster_starts(&self) -> &[u64] {
        &self.starts
    }
}
