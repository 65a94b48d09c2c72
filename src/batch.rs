//! Events in memory: flat columns, and offsets for the jagged ones.

use std::ops::Range;

use crate::deferred::Deferred;
use crate::schema::{Branch, Shape};

/// The values of one column, flat over the events of a batch.
///
/// Narrow integers are widened (`int8`, `uint8`, `int16`, `uint16` to `I32`;
/// `uint32`, `uint64` to `I64`), so a backend knows five types.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// 0 or 1.
    Bool(Vec<u8>),
    /// Integers that fit 32 bits by their stored type.
    I32(Vec<i32>),
    /// Wider integers; always exact.
    I64(Vec<i64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision, only where [`Request::keep_doubles`] asks for it.
    F64(Vec<f64>),
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::Bool(v) => v.len(),
            Values::I32(v) => v.len(),
            Values::I64(v) => v.len(),
            Values::F32(v) => v.len(),
            Values::F64(v) => v.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Values {
    /// The values in these ranges, one after the other.
    fn taken(&self, ranges: impl Iterator<Item = Range<usize>>) -> Values {
        fn of<T: Copy>(values: &[T], ranges: impl Iterator<Item = Range<usize>>) -> Vec<T> {
            ranges.flat_map(|range| &values[range]).copied().collect()
        }
        match self {
            Values::Bool(v) => Values::Bool(of(v, ranges)),
            Values::I32(v) => Values::I32(of(v, ranges)),
            Values::I64(v) => Values::I64(of(v, ranges)),
            Values::F32(v) => Values::F32(of(v, ranges)),
            Values::F64(v) => Values::F64(of(v, ranges)),
        }
    }
}

impl Batch {
    /// Some of the events, ascending positions in the batch; of the columns the
    /// first ones, as many as `counters` gives, for each the offsets that it has.
    /// None of the columns may be a late one.
    pub fn only(&self, kept: &[usize], counters: impl Iterator<Item = Option<usize>>) -> Batch {
        let offsets = self.offsets.iter().map(|all| {
            let mut end = 0;
            let ends = kept.iter().map(|event| {
                end += all[event + 1] - all[*event];
                end
            });
            std::iter::once(0).chain(ends).collect()
        });
        let columns = self.columns.iter().zip(counters).map(|(values, counter)| {
            values.taken(kept.iter().map(|event| match counter {
                Some(c) => self.offsets[c][*event] as usize..self.offsets[c][event + 1] as usize,
                None => *event..event + 1,
            }))
        });
        let (offsets, columns) = (offsets.collect(), columns.collect());
        let (first_event, narrowed) = (self.first_event, self.narrowed);
        Batch { first_event, events: kept.len(), offsets, columns, narrowed, ..Batch::default() }
    }

    /// Bytes that the values and offsets take in memory, with all late columns in it.
    pub fn bytes(&self) -> u64 {
        let width = |values: &Values| match values {
            Values::Bool(_) => 1,
            Values::I32(_) | Values::F32(_) => 4,
            Values::I64(_) | Values::F64(_) => 8,
        };
        let columns = self.columns.iter().enumerate().map(|(number, values)| {
            let deferred = self.deferred.column(number).and_then(|pieces| pieces.last());
            width(values) * deferred.map_or(values.len(), |last| last.elements.end) as u64
        });
        let offsets = self.offsets.iter().map(|offsets| 4 * offsets.len() as u64);
        columns.chain(offsets).sum()
    }
}

/// What a plan needs from a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// What counts lists, as their [`Shape`] names it (`nJet`), or the name of one list, for
    /// its own lengths; each gives one offsets array of the batch.
    pub counters: Vec<String>,
    /// Columns to read, in the order in which the batch has them.
    pub columns: Vec<RequestedColumn>,
    /// Keep `float64` branches in double precision; otherwise they narrow to single.
    pub keep_doubles: bool,
}

impl Request {
    /// The request of these branches as they are stored, with what counts them.
    ///
    /// # Errors
    /// Why a branch cannot be read, in a few words.
    pub fn of<'a>(branches: impl IntoIterator<Item = &'a Branch>) -> Result<Request, String> {
        let mut request = Request::default();
        for branch in branches {
            request.add(branch)?;
        }
        Ok(request)
    }

    /// The request of one branch; a list is not held against others of its collection.
    ///
    /// # Errors
    /// Why the branch cannot be read, in a few words.
    pub fn alone(branch: &Branch) -> Result<Request, String> {
        let mut request = Request::of([branch])?;
        request.counters.fill(branch.name.clone());
        Ok(request)
    }

    fn add(&mut self, branch: &Branch) -> Result<(), String> {
        if let Some(reason) = &branch.unsupported {
            return Err(reason.clone());
        }
        let counter = match &branch.shape {
            Shape::Scalar => None,
            Shape::Counted(name) => Some(self.counters.iter().position(|c| c == name)).map(|at| {
                at.unwrap_or_else(|| {
                    self.counters.push(name.clone());
                    self.counters.len() - 1
                })
            }),
            Shape::Fixed(n) => return Err(format!("{n} values an event")),
            Shape::Vector => return Err("a vector without a counter".to_owned()),
        };
        self.columns.push(RequestedColumn { branch: branch.name.clone(), counter });
        Ok(())
    }
}

/// One column of a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedColumn {
    /// Branch name.
    pub branch: String,
    /// Index into [`Request::counters`] for a jagged column, `None` for one value an event.
    pub counter: Option<usize>,
}

/// Consecutive events of one file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Index of the first event in its file.
    pub first_event: u64,
    /// Number of events.
    pub events: usize,
    /// For each counter of the request: `events + 1` offsets into the flat
    /// columns that it counts, the first one 0.
    pub offsets: Vec<Vec<u32>>,
    /// For each column of the request: its values; none where they are in `late`.
    pub columns: Vec<Values>,
    /// Columns that are read when they are first needed.
    pub deferred: Deferred,
    /// How many doubles did not survive narrowing to single precision exactly.
    pub narrowed: u64,
}
