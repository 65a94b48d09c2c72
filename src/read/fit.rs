//! Files of other versions made to look like the first one: a branch of another
//! integer type is converted, value by value and never silently; a branch that
//! a file lacks takes the default that the analysis declares for it.

use super::{ColumnReader, Identity, ReadStats, Source};
use crate::batch::{Batch, Request, Values};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Branch, DefaultValue, Literal, Schema, Shape, StoredType};
use std::ops::Range;

/// The type of a branch that no file is known to have.
fn own_type(value: Literal) -> StoredType {
    match value {
        Literal::Bool(_) => StoredType::Bool,
        Literal::Integer(n) if i32::try_from(n).is_ok() => StoredType::I32,
        Literal::Integer(_) => StoredType::I64,
        Literal::Real(_) => StoredType::F32,
    }
}

/// A value `count` times, as a branch of this type has it; `None` if it cannot.
fn constant(value: Literal, stored: StoredType, count: usize, doubles: bool) -> Option<Values> {
    let number = match value {
        Literal::Bool(_) => None,
        Literal::Integer(n) => Some(n as f64),
        Literal::Real(x) => Some(x),
    };
    Some(match (Loaded::of(stored), value) {
        (Loaded::Bool, Literal::Bool(b)) => Values::Bool(vec![u8::from(b); count]),
        (Loaded::I32, Literal::Integer(n)) => Values::I32(vec![i32::try_from(n).ok()?; count]),
        (Loaded::I64, Literal::Integer(n)) => Values::I64(vec![n; count]),
        (Loaded::Real, _) if stored == StoredType::F64 && doubles => {
            Values::F64(vec![number?; count])
        }
        (Loaded::Real, _) => Values::F32(vec![number? as f32; count]),
        _ => return None,
    })
}

/// The types that a batch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loaded {
    Bool,
    I32,
    I64,
    Real,
}

impl Loaded {
    fn of(stored: StoredType) -> Loaded {
        use StoredType::*;
        match stored {
            Bool => Loaded::Bool,
            I8 | U8 | I16 | U16 | I32 => Loaded::I32,
            U32 | I64 | U64 => Loaded::I64,
            F32 | F64 => Loaded::Real,
        }
    }

    /// Whether values of the type `from` can be values of this one, all or at
    /// least those that fit.
    fn takes(self, from: Loaded) -> bool {
        self == from || (self != Loaded::Real && from != Loaded::Real)
    }
}

/// Whether batches of the two branches are alike without any conversion.
pub(crate) fn alike(a: &Branch, b: &Branch) -> bool {
    a.shape == b.shape && a.stored.map(Loaded::of) == b.stored.map(Loaded::of)
}

/// The source with the declared branches, where it lacks them. A default's
/// branch has the shape of others of its collection: `Jet_x` that of `Jet_pt`.
///
/// # Errors
/// A default is not of the type that its branch has in the file.
pub(crate) fn with_defaults(
    source: Box<dyn Source>,
    defaults: &[DefaultValue],
) -> Result<Box<dyn Source>> {
    let mut schema = source.schema().clone();
    let mut absent = Vec::new();
    for default in defaults {
        match schema.branch(&default.branch) {
            Some(found) => check(default, found).map_err(|e| e.within(&source.identity().path))?,
            None => {
                let branch = stand_in(&schema, default);
                schema.branches.push(branch);
                absent.push(default.clone());
            }
        }
    }
    if absent.is_empty() {
        return Ok(source);
    }
    let names = absent.iter().map(|d| d.branch.clone()).collect();
    Ok(Box::new(Fitted { source, schema, absent, names }))
}

fn check(default: &DefaultValue, branch: &Branch) -> Result<()> {
    let Some(stored) = branch.stored else { return Ok(()) };
    if constant(default.value, stored, 0, true).is_some() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Analysis,
        format!(
            "branch {} is {}: its default under `input: defaults:` cannot be {}",
            default.branch,
            stored.name(),
            default.value
        ),
    ))
}

fn stand_in(schema: &Schema, default: &DefaultValue) -> Branch {
    let name = &default.branch;
    let prefix = name.split_once('_').map_or("", |(prefix, _)| prefix);
    let sibling = schema.branches.iter().find(|b| {
        b.stored.is_some() && b.name.split_once('_').is_some_and(|(other, _)| other == prefix)
    });
    Branch {
        name: name.clone(),
        title: "a declared default".into(),
        stored: Some(own_type(default.value)),
        shape: sibling.map_or(Shape::Scalar, |b| b.shape.clone()),
        unsupported: None,
        bytes: 0,
        compressed_bytes: 0,
        baskets: 0,
        compression: "none".into(),
    }
}

/// The source with the types of `like`, as far as its values can be of them.
pub(crate) fn like(source: Box<dyn Source>, like: &Schema) -> Box<dyn Source> {
    let mut schema = source.schema().clone();
    let mut changed = false;
    for branch in &mut schema.branches {
        let Some(wanted) = like.branch(&branch.name).and_then(|b| b.stored) else { continue };
        let Some(stored) = branch.stored else { continue };
        let (from, to) = (Loaded::of(stored), Loaded::of(wanted));
        if from != to && to.takes(from) {
            branch.stored = Some(wanted);
            changed = true;
        }
    }
    if !changed {
        return source;
    }
    let names = source.absent().to_vec();
    Box::new(Fitted { source, schema, absent: Vec::new(), names })
}

/// A source that looks different from what it is.
struct Fitted {
    source: Box<dyn Source>,
    /// What it looks like.
    schema: Schema,
    /// What it lacks.
    absent: Vec<DefaultValue>,
    /// Their names, and those that `source` lacks.
    names: Vec<String>,
}

impl Source for Fitted {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn identity(&self) -> &Identity {
        self.source.identity()
    }

    fn absent(&self) -> &[String] {
        &self.names
    }

    fn columns(&self, request: &Request) -> Result<Box<dyn ColumnReader>> {
        let mut inner = Request { columns: Vec::new(), ..request.clone() };
        let mut parts = Vec::with_capacity(request.columns.len());
        for column in &request.columns {
            let stored = |schema: &Schema| schema.branch(&column.branch).and_then(|b| b.stored);
            let wanted = stored(&self.schema);
            let missing = self.absent.iter().find(|d| d.branch == column.branch);
            parts.push(match (missing, wanted) {
                (Some(default), Some(stored)) => {
                    Part::Constant { value: default.value, stored, counter: column.counter }
                }
                _ => {
                    inner.columns.push(column.clone());
                    let to = wanted.map(Loaded::of);
                    Part::Read { to, counter: column.counter, branch: column.branch.clone() }
                }
            });
        }
        let reader = self.source.columns(&inner)?;
        let file = self.source.identity().path.clone();
        Ok(Box::new(FittedReader { reader, parts, file, doubles: request.keep_doubles }))
    }
}

/// Where a column comes from.
enum Part {
    /// The file; converted to the type.
    Read { to: Option<Loaded>, counter: Option<usize>, branch: String },
    /// A default.
    Constant { value: Literal, stored: StoredType, counter: Option<usize> },
}

struct FittedReader {
    reader: Box<dyn ColumnReader>,
    parts: Vec<Part>,
    file: String,
    doubles: bool,
}

impl ColumnReader for FittedReader {
    fn read(&mut self, range: Range<u64>) -> Result<Batch> {
        let mut batch = self.reader.read(range)?;
        let mut read = std::mem::take(&mut batch.columns).into_iter();
        for part in &self.parts {
            let values = match part {
                Part::Constant { value, stored, counter } => {
                    let offsets = counter.map(|c| &batch.offsets[c]);
                    let count = offsets.map_or(batch.events, |o| o[batch.events] as usize);
                    constant(*value, *stored, count, self.doubles)
                }
                Part::Read { to, counter, branch } => match (read.next(), to) {
                    (Some(values), Some(to)) => Some(convert(values, *to).map_err(|bad| {
                        let event = batch.first_event + event_of(&batch, *counter, bad.at) as u64;
                        Error::input(format!(
                            "{}: branch {branch}, event {event}: {} does not fit {}, the type that \
                             the branch has in the first file; name this file first",
                            self.file, bad.value, bad.wanted
                        ))
                    })?),
                    (values, _) => values,
                },
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

/// The event of the batch that value number `at` belongs to.
fn event_of(batch: &Batch, counter: Option<usize>, at: usize) -> usize {
    counter.map_or(at, |c| batch.offsets[c].partition_point(|o| *o as usize <= at) - 1)
}

/// A value that another type does not have.
struct Misfit {
    at: usize,
    value: i64,
    wanted: &'static str,
}

fn convert(values: Values, to: Loaded) -> std::result::Result<Values, Misfit> {
    let wide: Vec<i64> = match (&values, to) {
        (Values::Bool(v), Loaded::I32) => {
            return Ok(Values::I32(v.iter().map(|x| i32::from(*x != 0)).collect()));
        }
        (Values::Bool(v), Loaded::I64) => v.iter().map(|x| i64::from(*x != 0)).collect(),
        (Values::I32(v), Loaded::I64 | Loaded::Bool) => v.iter().map(|x| i64::from(*x)).collect(),
        (Values::I64(v), Loaded::I32 | Loaded::Bool) => v.clone(),
        _ => return Ok(values),
    };
    let misfit = |wanted| move |(at, value): (usize, &i64)| Misfit { at, value: *value, wanted };
    let numbered = || wide.iter().enumerate();
    Ok(match to {
        Loaded::Bool => match numbered().find(|(_, x)| !(0..=1).contains(*x)) {
            Some(found) => return Err(misfit("bool")(found)),
            None => Values::Bool(wide.iter().map(|x| *x as u8).collect()),
        },
        Loaded::I32 => match numbered().find(|(_, x)| i32::try_from(**x).is_err()) {
            Some(found) => return Err(misfit("int32")(found)),
            None => Values::I32(wide.iter().map(|x| *x as i32).collect()),
        },
        _ => Values::I64(wide),
    })
}
