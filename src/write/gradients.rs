//! Gradients as JSON, and the same numbers as bytes, for fits and optimisers of
//! any language. `docs/gradients.md` describes both.

use super::json::{Edges, cells};
use super::object::{compact, finite, lines, parts};
use super::uhi::Counts;
use crate::error::{Error, Result};
use crate::gradient::Differentiated;
use crate::hist::Histogram;
use crate::objective::{Measured, OutputKind, Valued};
use crate::syntax::Parameter;
use serde::Serialize;

/// The name of an objective, its value and its gradient where that is known.
pub type Evaluated = (String, f64, Option<Vec<f64>>);

/// Pairs of parameters, and where their second derivatives are among all.
pub type Second<'a> = (&'a [[usize; 2]], Vec<usize>);

/// A JSON object of five members, one output a line:
///
/// - `parameters`: for each its `name`, the `value` at which everything is, its
///   `range` and `prior` or null;
/// - `second`: the pairs of names of the second derivatives that were asked for;
/// - `histograms`: by name, for each `edges` (with two axes a list for each), then
///   by cell, from the underflow to the overflow, the first axis slowest, `values`, `variances_w2p2`, `variances_w2p` (see
///   [`super::json::soft`]), `jacobian`, which has one number a parameter, and
///   `second`, which has one a pair; and
///   the counts of `entries`, of those left out because the value was `nan`,
///   `missing`, had a `bad_weight`, or a derivative that is not finite (`dropped`);
/// - `scalars`: by name, for each its `value` and `gradient`, the same of the
///   `sum` of weights times values and of the sum of `weights`, and the counts;
/// - `objectives`: by name, for each its `value` and `gradient`, which is null
///   where it takes derivatives that are not computed.
///
/// Values, variances and derivatives of histograms and sums are sums over events:
/// those of several runs over different files add up. What is computed from
/// them, a mean, a likelihood or a significance, does not.
///
/// # Errors
/// A number is infinite, which JSON cannot say.
pub fn gradients(
    results: &[Measured],
    parameters: &[Parameter],
    (pairs, places): &Second<'_>,
    objectives: &[Evaluated],
) -> Result<String> {
    let pair = |pair: &[usize; 2]| pair.map(|k| parameters[k].name.name.as_str());
    let second: Vec<[&str; 2]> = pairs.iter().map(pair).collect();
    let (mut histograms, mut scalars) = (Vec::new(), Vec::new());
    for result in results {
        let infinite = || {
            Error::output(format!("{}: a bin, an edge or a derivative is infinite", result.name()))
        };
        match result.kind {
            OutputKind::Histogram => {
                let form = HistogramForm::of(&result.main, places).ok_or_else(infinite)?;
                histograms.push((result.name(), form));
            }
            OutputKind::Sum | OutputKind::Mean => {
                scalars.push((result.name(), ScalarForm::of(result).ok_or_else(infinite)?));
            }
        }
    }
    let objectives: Vec<(&str, Number<'_>)> = objectives.iter().map(objective).collect();
    parts(&[
        ("parameters", compact(&parameters.iter().map(Place::of).collect::<Vec<_>>())?),
        ("second", compact(&second)?),
        ("histograms", lines(&histograms)?),
        ("scalars", lines(&scalars)?),
        ("objectives", lines(&objectives)?),
    ])
}

/// A parameter and where it is.
#[derive(Serialize)]
pub(super) struct Place<'a> {
    name: &'a str,
    value: f64,
    range: Option<[f64; 2]>,
    prior: Option<f64>,
}

impl Place<'_> {
    pub(super) fn of(p: &Parameter) -> Place<'_> {
        Place { name: &p.name.name, value: p.value, range: p.range, prior: p.prior }
    }
}

/// What [`gradients`] has of histograms as bytes: `GPUANA1\n`, the number of
/// parameters and that of histograms, then for each histogram the number of its
/// cells and, row-major and from the underflow to the overflow, `values`,
/// `variances_w2p2`, `variances_w2p` and `jacobian`. Integers are 64 bits wide,
/// numbers in double precision, all of them little endian.
pub fn binary(results: &[Measured], parameters: usize) -> Vec<u8> {
    let is_histogram = |m: &&Measured| matches!(m.kind, OutputKind::Histogram);
    let all: Vec<&Measured> = results.iter().filter(is_histogram).collect();
    let mut bytes = b"GPUANA1\n".to_vec();
    let integer = |bytes: &mut Vec<u8>, n: usize| bytes.extend((n as u64).to_le_bytes());
    integer(&mut bytes, parameters);
    integer(&mut bytes, all.len());
    for result in all {
        let h = &result.main.histogram;
        integer(&mut bytes, h.cells());
        let cells = || 0..h.cells();
        let columns = cells().map(|c| h.value(c)).chain(cells().map(|c| h.variance(c)));
        let upper = h.upper.iter().flatten().copied();
        let jacobian = result.main.jacobian.iter().flatten().copied();
        columns.chain(upper).chain(jacobian).for_each(|x| bytes.extend(x.to_le_bytes()));
    }
    bytes
}

/// The numbers of a histogram without derivatives.
#[derive(Serialize)]
pub(super) struct Bins<'a> {
    edges: Edges,
    values: Vec<f64>,
    variances_w2p2: Vec<f64>,
    variances_w2p: &'a [f64],
}

impl Bins<'_> {
    /// `None` if a number is infinite.
    pub(super) fn of(h: &Histogram) -> Option<Bins<'_>> {
        Some(Bins {
            edges: Edges::of(h)?,
            values: cells(h, Histogram::value)?,
            variances_w2p2: cells(h, Histogram::variance)?,
            variances_w2p: finite(h.upper.as_deref()?)?,
        })
    }
}

/// One histogram.
#[derive(Serialize)]
struct HistogramForm<'a> {
    #[serde(flatten)]
    bins: Bins<'a>,
    jacobian: Vec<&'a [f64]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<Vec<Vec<f64>>>,
    #[serde(flatten)]
    counts: Counts,
    dropped: u64,
}

impl<'a> HistogramForm<'a> {
    /// `None` if a number is infinite.
    fn of(result: &'a Differentiated, second: &[usize]) -> Option<HistogramForm<'a>> {
        let pairs = |row: &Vec<f64>| finite(second.iter().map(|k| row[*k]).collect::<Vec<f64>>());
        let twice = || result.second.iter().map(pairs).collect::<Option<Vec<Vec<f64>>>>();
        Some(HistogramForm {
            bins: Bins::of(&result.histogram)?,
            jacobian: result.jacobian.iter().map(|row| finite(&**row)).collect::<Option<_>>()?,
            second: if second.is_empty() { None } else { Some(twice()?) },
            counts: Counts::of(&result.histogram),
            dropped: result.dropped,
        })
    }
}

/// A number with its derivatives; null where it is not known.
#[derive(Serialize)]
struct Number<'a> {
    value: Option<f64>,
    gradient: Option<&'a [f64]>,
}

/// An objective; null is what JSON cannot say.
fn objective((name, value, gradient): &Evaluated) -> (&str, Number<'_>) {
    let gradient = gradient.as_deref().and_then(finite);
    (name, Number { value: value.is_finite().then_some(*value), gradient })
}

/// A sum over events with its derivatives.
#[derive(Serialize)]
struct Sum {
    value: f64,
    gradient: Vec<f64>,
}

impl Sum {
    /// `None` if a number is infinite.
    fn of(valued: Valued) -> Option<Sum> {
        let value = valued.value.is_finite().then_some(valued.value)?;
        Some(Sum { value, gradient: finite(valued.gradient)? })
    }
}

/// A sum or a mean.
#[derive(Serialize)]
struct ScalarForm {
    value: Option<f64>,
    gradient: Option<Vec<f64>>,
    sum: Sum,
    weights: Sum,
    #[serde(flatten)]
    counts: Counts,
    dropped: u64,
}

impl ScalarForm {
    /// `None` if a number is infinite.
    fn of(result: &Measured) -> Option<ScalarForm> {
        let whole = result.scalar();
        // The mean of nothing.
        let value = whole.value.is_finite().then_some(whole.value);
        Some(ScalarForm {
            value,
            gradient: value.and(finite(whole.gradient)),
            sum: Sum::of(result.sum())?,
            weights: Sum::of(result.weights())?,
            counts: Counts::of(&result.main.histogram),
            dropped: result.main.dropped,
        })
    }
}
