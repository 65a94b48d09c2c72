//! Events in memory: flat columns, and offsets for the jagged ones.

mod deferred;
mod values;

pub use deferred::{Deferred, Part};
pub use values::Values;

use crate::schema::{Branch, Shape};

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
