//! Landscapes of objectives and paths through them, as JSON.

use crate::error::Result;
use crate::syntax::{Objective, Parameter};
use serde_json::{Map, Value, json};

/// Values of an objective on a grid of one or two parameters.
#[derive(Debug, Clone)]
pub struct Scan {
    /// What is shown.
    pub objective: Objective,
    /// All parameters; those off the axes have the value that they have everywhere.
    pub parameters: Vec<Parameter>,
    /// One or two.
    pub axes: Vec<GridAxis>,
    /// With smooth cuts, and the gradient by all parameters where it is known: the
    /// last axis is the fastest.
    pub soft: Vec<(f64, Option<Vec<f64>>)>,
    /// With hard cuts and bins.
    pub hard: Vec<f64>,
    /// Whether hard values come from one pass by cumulative sums, not from one a point.
    pub one_pass: bool,
}

/// The values of a parameter that a landscape is at.
#[derive(Debug, Clone, PartialEq)]
pub struct GridAxis {
    /// Position among the parameters.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Ascending.
    pub values: Vec<f64>,
}

/// An optimisation from all its starts.
#[derive(Debug, Clone)]
pub struct Optimization {
    /// What is sought.
    pub objective: Objective,
    /// All parameters.
    pub parameters: Vec<Parameter>,
    /// What the analysis's own values give.
    pub nominal: Found,
    /// One a start.
    pub paths: Vec<Path>,
}

/// What some values of the parameters give.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// All parameters.
    pub values: Vec<f64>,
    /// With smooth cuts, of the events that are optimised on.
    pub soft: f64,
    /// With hard cuts, of these events.
    pub seen: f64,
    /// With hard cuts, of the other half.
    pub held_out: f64,
    /// With hard cuts, of all events.
    pub all: f64,
}

/// From one start to the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Where it begins.
    pub start: Vec<f64>,
    /// Where it comes by.
    pub stops: Vec<Stop>,
    /// Where it ends.
    pub end: Found,
}

/// A point of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// From 0; slopes grow from stage to stage.
    pub stage: usize,
    /// All parameters.
    pub values: Vec<f64>,
    /// The objective as the optimiser sees it.
    pub value: f64,
}

impl Scan {
    /// The position of the best value.
    pub fn best(&self, values: impl Iterator<Item = f64>) -> Option<usize> {
        best(self.objective.minimize, values)
    }

    /// The values of the axes' parameters at a position.
    pub fn at(&self, position: usize) -> Vec<f64> {
        let mut rest = position;
        let mut found: Vec<f64> = Vec::new();
        for axis in self.axes.iter().rev() {
            found.insert(0, axis.values[rest % axis.values.len()]);
            rest /= axis.values.len();
        }
        found
    }
}

impl Optimization {
    /// The path whose end is best on the events that it was sought on.
    pub fn best(&self) -> usize {
        let ends = self.paths.iter().map(|p| p.end.seen);
        best(self.objective.minimize, ends).unwrap_or(0)
    }
}

fn best(minimize: bool, values: impl Iterator<Item = f64>) -> Option<usize> {
    let sign = if minimize { 1.0 } else { -1.0 };
    let finite = values.enumerate().filter(|(_, v)| v.is_finite());
    finite.min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1))).map(|(k, _)| k)
}

/// JSON has no infinities: they are null.
fn number(x: f64) -> Value {
    if x.is_finite() { x.into() } else { Value::Null }
}

fn named(parameters: &[Parameter], values: &[f64]) -> Value {
    let one = |(p, v): (&Parameter, &f64)| (p.name.name.clone(), number(*v));
    Value::Object(parameters.iter().zip(values).map(one).collect::<Map<_, _>>())
}

fn goal(objective: &Objective) -> &'static str {
    if objective.minimize { "minimize" } else { "maximize" }
}

/// A landscape: `objective`, its `goal`, `parameters` with the values that all
/// have, the `axes` with name and values, and by grid point, the last axis being
/// the fastest, `soft`, `soft_gradient` (one number a parameter, or null) and
/// `hard`; `best` has the best points of both.
///
/// # Errors
/// None are known.
pub fn scan(scan: &Scan) -> Result<String> {
    let here: Vec<f64> = scan.parameters.iter().map(|p| p.value).collect();
    let axis = |a: &GridAxis| json!({"name": a.name, "values": a.values});
    let best = |values: Vec<f64>| {
        let at = scan.best(values.iter().copied());
        at.map(|k| json!({"at": scan.at(k), "value": values[k]}))
    };
    let soft: Vec<f64> = scan.soft.iter().map(|(v, _)| *v).collect();
    let gradient = |g: &Option<Vec<f64>>| -> Value {
        g.as_ref().map_or(Value::Null, |g| g.iter().map(|x| number(*x)).collect::<Vec<_>>().into())
    };
    let numbers = |values: &[f64]| values.iter().map(|v| number(*v)).collect::<Vec<_>>();
    let value = json!({
        "objective": scan.objective.name.name,
        "goal": goal(&scan.objective),
        "parameters": named(&scan.parameters, &here),
        "axes": scan.axes.iter().map(axis).collect::<Vec<_>>(),
        "best": {"soft": best(soft.clone()), "hard": best(scan.hard.clone())},
        "hard_from_one_pass": scan.one_pass,
        "soft": numbers(&soft),
        "soft_gradient": scan.soft.iter().map(|(_, g)| gradient(g)).collect::<Vec<_>>(),
        "hard": numbers(&scan.hard),
    });
    Ok(format!("{value:#}\n"))
}

fn found(parameters: &[Parameter], found: &Found) -> Value {
    json!({
        "parameters": named(parameters, &found.values),
        "soft": number(found.soft),
        "hard": {
            "seen": number(found.seen),
            "held_out": number(found.held_out),
            "all": number(found.all),
        },
    })
}

fn stop(parameters: &[Parameter], stop: &Stop) -> Value {
    let parameters = named(parameters, &stop.values);
    json!({"stage": stop.stage, "parameters": parameters, "value": number(stop.value)})
}

fn whole(parameters: &[Parameter], path: &Path) -> Value {
    json!({
        "start": named(parameters, &path.start),
        "end": found(parameters, &path.end),
        "path": path.stops.iter().map(|s| stop(parameters, s)).collect::<Vec<_>>(),
    })
}

/// An optimisation: `objective`, its `goal`, what the `nominal` values give, the
/// number `best` of the best start, and for each of `starts` where it `start`s,
/// what its `end` gives, and its `path`.
///
/// # Errors
/// None are known.
pub fn optimization(report: &Optimization) -> Result<String> {
    let p = &report.parameters;
    let value = json!({
        "objective": report.objective.name.name,
        "goal": goal(&report.objective),
        "nominal": found(p, &report.nominal),
        "best": report.best(),
        "starts": report.paths.iter().map(|path| whole(p, path)).collect::<Vec<_>>(),
    });
    Ok(format!("{value:#}\n"))
}

/// What an optimisation was told, which one that goes on must be told, too.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How it looks.
    pub method: String,
    /// Whether values are of hard cuts and gradients of smooth ones.
    pub straight_through: bool,
    /// What slopes are multiplied by at first and at last, and the number of stages.
    pub anneal: (f64, f64, usize),
    /// Most evaluations a stage.
    pub evaluations: usize,
    /// What varies.
    pub over: Vec<String>,
    /// Where it starts.
    pub starts: Vec<Vec<f64>>,
}

impl Settings {
    /// By name, as a checkpoint has them.
    pub fn members(&self) -> Vec<(String, Value)> {
        let (from, to, stages) = self.anneal;
        let members = [
            ("method", json!(self.method)),
            ("straight_through", json!(self.straight_through)),
            ("anneal", json!([from, to, stages])),
            ("evaluations", json!(self.evaluations)),
            ("over", json!(self.over)),
            ("starts", json!(self.starts)),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Where an optimisation stands: its `settings`; the `starts` that are done, as in
/// [`optimization`]; of the one that is not where it `start`ed, its `path` so far, the
/// `next_stage`, and the values `at` which it goes on, which --start takes.
///
/// # Errors
/// None are known.
pub fn checkpoint(
    report: &Optimization,
    settings: &Settings,
    path: &Path,
    (at, next_stage): (&[f64], usize),
) -> Result<String> {
    let p = &report.parameters;
    let value = json!({
        "objective": report.objective.name.name,
        "settings": settings.members().into_iter().collect::<Map<_, _>>(),
        "finished_starts": report.paths.len(),
        "starts": report.paths.iter().map(|path| whole(p, path)).collect::<Vec<_>>(),
        "start": named(p, &path.start),
        "next_stage": next_stage,
        "at": named(p, at),
        "path": path.stops.iter().map(|s| stop(p, s)).collect::<Vec<_>>(),
    });
    Ok(format!("{value:#}\n"))
}
