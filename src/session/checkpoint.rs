//! An optimisation that was stopped: goes on where checkpoint.json says.
//!
//! Stages begin with nothing but values, so that what is found is the same, to the
//! bit, as if nothing had stopped.

use crate::error::{Error, ErrorKind, Result};
use crate::syntax::{Objective, Parameter};
use crate::write::scan::{Found, Path, Settings, Stop};
use serde_json::Value;

/// What a checkpoint says.
#[derive(Debug)]
pub struct Resumed {
    /// The paths of the starts that are done.
    pub finished: Vec<Path>,
    /// That of the next one.
    pub begun: Begun,
}

/// A path that is not at its end.
#[derive(Debug)]
pub struct Begun {
    /// What of it is done.
    pub path: Path,
    /// Where it goes on.
    pub at: Vec<f64>,
    /// The stage that comes next.
    pub stage: usize,
}

impl Begun {
    /// One that has only its start.
    pub fn new(start: Vec<f64>) -> Begun {
        let path = Path { start: start.clone(), stops: Vec::new(), end: Found::default() };
        Begun { path, at: start, stage: 0 }
    }
}

/// Reads the checkpoint in a folder, which must be of the same optimisation.
pub fn read(
    folder: &std::path::Path,
    objective: &Objective,
    parameters: &[Parameter],
    settings: &Settings,
) -> Result<Resumed> {
    let file = folder.join("checkpoint.json");
    let usage = |what: String| Error::new(ErrorKind::Usage, format!("{}: {what}", file.display()));
    let text = crate::text::read(&file)
        .map_err(|e| usage(format!("{e}: there is nothing to go on with; leave out --resume")))?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|e| usage(format!("no checkpoint: {e}; leave out --resume")))?;
    if value["objective"] != objective.name.name {
        let what = format!(
            "this is of the objective {}, not `{}`; leave out --resume",
            value["objective"], objective.name.name
        );
        return Err(usage(what));
    }
    for (name, wanted) in settings.members() {
        let found = &value["settings"][&name];
        if *found != wanted {
            let what = format!(
                "this is of another optimisation: {name} was {found} and is {wanted}; give the \
                 same options, or leave out --resume"
            );
            return Err(usage(what));
        }
    }
    let read = Reader { parameters };
    read.resumed(&value)
        .ok_or_else(|| usage("no checkpoint of these parameters; leave out --resume".into()))
}

/// Reads what [`crate::write::scan`] writes.
struct Reader<'a> {
    parameters: &'a [Parameter],
}

impl Reader<'_> {
    fn resumed(&self, value: &Value) -> Option<Resumed> {
        let finished = value["starts"].as_array()?.iter().map(|path| self.path(path));
        let finished = finished.collect::<Option<_>>()?;
        let start = self.values(&value["start"])?;
        let path = Path { start, stops: self.stops(&value["path"])?, end: Found::default() };
        let stage = usize::try_from(value["next_stage"].as_u64()?).ok()?;
        let begun = Begun { path, at: self.values(&value["at"])?, stage };
        Some(Resumed { finished, begun })
    }

    fn values(&self, value: &Value) -> Option<Vec<f64>> {
        let object = value.as_object().filter(|o| o.len() == self.parameters.len())?;
        self.parameters.iter().map(|p| object.get(&p.name.name)?.as_f64()).collect()
    }

    fn path(&self, value: &Value) -> Option<Path> {
        let end = &value["end"];
        let hard = &end["hard"];
        Some(Path {
            start: self.values(&value["start"])?,
            stops: self.stops(&value["path"])?,
            end: Found {
                values: self.values(&end["parameters"])?,
                soft: number(&end["soft"]),
                seen: number(&hard["seen"]),
                held_out: number(&hard["held_out"]),
                all: number(&hard["all"]),
            },
        })
    }

    fn stops(&self, value: &Value) -> Option<Vec<Stop>> {
        let stop = |value: &Value| {
            Some(Stop {
                stage: usize::try_from(value["stage"].as_u64()?).ok()?,
                values: self.values(&value["parameters"])?,
                value: number(&value["value"]),
            })
        };
        value.as_array()?.iter().map(stop).collect()
    }
}

/// What is not finite is null.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
