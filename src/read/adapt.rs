//! Files of several versions made to look alike: integers are widened to the widest type
//! that any of the files has; what a file lacks takes the default that the analysis
//! declares for it.

use super::loaded::{Loaded, constant};
use super::shape::zeros;
use super::union::{Model, Origin};
use super::{ColumnReader, Footprint, Identity, ReadStats, Source};
use crate::batch::{Batch, Request, RequestedColumn, Values};
use crate::error::Result;
use crate::schema::{Literal, Schema, StoredType};
use std::ops::Range;
use std::sync::Arc;

/// The source as the model of all files says that it looks.
pub(crate) fn adapted(source: Box<dyn Source>, model: Arc<Model>) -> Box<dyn Source> {
    Box::new(Fitted { source, model })
}

/// A source whose columns are as in other files.
struct Fitted {
    source: Box<dyn Source>,
    model: Arc<Model>,
}

impl Source for Fitted {
    fn schema(&self) -> &Schema {
        self.source.schema()
    }

    fn identity(&self) -> &Identity {
        self.source.identity()
    }

    fn footprint(&self, request: &Request) -> Footprint {
        self.source.footprint(request)
    }

    fn columns(&self, request: &Request) -> Result<Box<dyn ColumnReader>> {
        let mut fit = Fit { inner: request.clone(), parts: Vec::new(), counters: Vec::new() };
        (fit.inner.counters, fit.inner.columns) = (Vec::new(), Vec::new());
        let mut changed = false;
        for name in &request.counters {
            let nothing = matches!(self.origin(name), Some(Origin::Nothing(..)));
            changed |= nothing;
            fit.counter(name, nothing);
        }
        for column in &request.columns {
            let origin = self.origin(&column.branch);
            changed |= !matches!(origin, None | Some(Origin::File(None)));
            fit.column(column, origin, request.keep_doubles);
        }
        if !changed {
            return self.source.columns(request);
        }
        let reader = self.source.columns(&fit.inner)?;
        Ok(Box::new(FittedReader { reader, parts: fit.parts, counters: fit.counters }))
    }
}

impl Fitted {
    /// Where a branch comes from; of what does not fit the file says itself what is wrong.
    fn origin(&self, name: &str) -> Option<Origin<'_>> {
        self.model.origin(self.source.schema(), name).ok().flatten()
    }
}

/// What is asked of the file, and how the rest is made.
struct Fit {
    inner: Request,
    parts: Vec<Part>,
    /// Of each counter its number in `inner`; `None`: it counts nothing.
    counters: Vec<Option<usize>>,
}

impl Fit {
    fn counter(&mut self, name: &str, nothing: bool) {
        self.counters.push((!nothing).then_some(self.inner.counters.len()));
        if !nothing {
            self.inner.counters.push(name.to_owned());
        }
    }

    fn column(&mut self, column: &RequestedColumn, origin: Option<Origin<'_>>, doubles: bool) {
        let counter = column.counter;
        let part = match origin {
            Some(Origin::Default(value, stored)) => {
                Part::Constant { value, stored, counter, doubles }
            }
            // A number of elements is read as one of each event.
            Some(Origin::Nothing(_, stored)) => match counter {
                Some(_) => Part::Nothing { stored, doubles },
                None => {
                    let value = Literal::Integer(0);
                    Part::Constant { value, stored, counter, doubles }
                }
            },
            Some(Origin::File(to)) => self.read(column, to),
            None => self.read(column, None),
        };
        self.parts.push(part);
    }

    fn read(&mut self, column: &RequestedColumn, to: Option<Loaded>) -> Part {
        let counter = column.counter.and_then(|c| self.counters[c]);
        self.inner.columns.push(RequestedColumn { counter, ..column.clone() });
        Part::Read(to)
    }
}

/// Where a column comes from.
enum Part {
    /// The file; widened to the type.
    Read(Option<Loaded>),
    /// A default.
    Constant { value: Literal, stored: StoredType, counter: Option<usize>, doubles: bool },
    /// There are no elements.
    Nothing { stored: StoredType, doubles: bool },
}

struct FittedReader {
    reader: Box<dyn ColumnReader>,
    parts: Vec<Part>,
    counters: Vec<Option<usize>>,
}

impl ColumnReader for FittedReader {
    fn read(&mut self, range: Range<u64>) -> Result<Batch> {
        let mut batch = self.reader.read(range)?;
        let none = vec![0; batch.events + 1];
        let mut found = std::mem::take(&mut batch.offsets);
        let mut offsets = |place: &Option<usize>| match place {
            Some(place) => std::mem::take(&mut found[*place]),
            None => none.clone(),
        };
        batch.offsets = self.counters.iter().map(&mut offsets).collect();
        let mut read = std::mem::take(&mut batch.columns).into_iter();
        for part in &self.parts {
            let values = match part {
                Part::Constant { value, stored, counter, doubles } => {
                    let offsets = counter.map(|c| &batch.offsets[c]);
                    let count = offsets.map_or(batch.events, |o| o[batch.events] as usize);
                    constant(*value, *stored, count, *doubles)
                }
                Part::Nothing { stored, doubles } => Some(zeros(*stored, *doubles, 0)),
                Part::Read(None) => read.next(),
                Part::Read(Some(to)) => read.next().map(|values| widened(values, *to)),
            };
            batch.columns.extend(values);
        }
        Ok(batch)
    }

    fn stats(&self) -> ReadStats {
        self.reader.stats()
    }

    fn cluster_starts(&self) -> &[u64] {
        self.reader.cluster_starts()
    }
}

/// Values of a type that takes theirs.
fn widened(values: Values, to: Loaded) -> Values {
    match (values, to) {
        (Values::Bool(v), Loaded::I32) => {
            Values::I32(v.iter().map(|x| i32::from(*x != 0)).collect())
        }
        (Values::Bool(v), Loaded::I64) => {
            Values::I64(v.iter().map(|x| i64::from(*x != 0)).collect())
        }
        (Values::I32(v), Loaded::I64) => Values::I64(v.iter().map(|x| i64::from(*x)).collect()),
        (values, _) => values,
    }
}
