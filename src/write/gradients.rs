//! Gradients as JSON, and the same numbers as bytes, for fits and optimisers of
//! any language. `docs/gradients.md` describes both.

use super::json::{edges, lines, numbers};
use crate::error::{Error, Result};
use crate::gradient::Differentiated;
use crate::hist::Histogram;
use crate::objective::{Measured, OutputKind, Valued};
use crate::syntax::Parameter;
use serde_json::{Value, json};

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
    let pair = |pair: &[usize; 2]| json!(pair.map(|k| parameters[k].name.name.as_str()));
    let second: Vec<Value> = pairs.iter().map(pair).collect();
    let parameters: Vec<Value> = parameters.iter().map(described).collect();
    let (mut histograms, mut scalars) = (Vec::new(), Vec::new());
    for result in results {
        let (members, value) = match result.kind {
            OutputKind::Histogram => (&mut histograms, histogram(&result.main, places)),
            OutputKind::Sum | OutputKind::Mean => (&mut scalars, scalar(result)),
        };
        let value = value.ok_or_else(|| {
            Error::output(format!("{}: a bin, an edge or a derivative is infinite", result.name()))
        })?;
        members.push((result.name().to_owned(), value));
    }
    let objective = |(name, value, gradient): &Evaluated| {
        let number = |x: f64| x.is_finite().then_some(x);
        let gradient = gradient.as_ref().and_then(|g| numbers(g));
        (name.clone(), json!({"value": number(*value), "gradient": gradient}))
    };
    let objectives = lines(objectives.iter().map(objective).collect());
    let (histograms, scalars) = (lines(histograms), lines(scalars));
    let (parameters, second) = (Value::from(parameters), Value::from(second));
    Ok(format!(
        "{{\n\"parameters\": {parameters},\n\"second\": {second},\n\"histograms\": {histograms},\n\"scalars\": {scalars},\n\
         \"objectives\": {objectives}}}\n"
    ))
}

/// A parameter and where it is.
pub(super) fn described(p: &Parameter) -> Value {
    json!({"name": p.name.name, "value": p.value, "range": p.range, "prior": p.prior})
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

/// The numbers of a histogram without derivatives; `None` if a number is infinite.
pub(super) fn contents(h: &Histogram) -> Option<Value> {
    let cells = 0..h.cells();
    let values: Vec<f64> = cells.clone().map(|c| h.value(c)).collect();
    let variances: Vec<f64> = cells.map(|c| h.variance(c)).collect();
    Some(json!({
        "edges": edges(h)?,
        "values": numbers(&values)?,
        "variances_w2p2": numbers(&variances)?,
        "variances_w2p": numbers(h.upper.as_ref()?)?,
    }))
}

/// One histogram; `None` if a number is infinite.
fn histogram(result: &Differentiated, second: &[usize]) -> Option<Value> {
    let rows = result.jacobian.iter().map(|row| numbers(row).map(Value::from));
    let pairs = |row: &Vec<f64>| second.iter().map(|k| row[*k]).collect::<Vec<f64>>();
    let twice = result.second.iter().map(|row| numbers(&pairs(row)).map(Value::from));
    let mut value = contents(&result.histogram)?;
    value["jacobian"] = rows.collect::<Option<Vec<Value>>>()?.into();
    if !second.is_empty() {
        value["second"] = twice.collect::<Option<Vec<Value>>>()?.into();
    }
    count(&mut value, &result.histogram);
    value["dropped"] = result.dropped.into();
    Some(value)
}

fn scalar(result: &Measured) -> Option<Value> {
    let part = |valued: Valued| {
        Some(json!({
            "value": valued.value.is_finite().then_some(valued.value)?,
            "gradient": numbers(&valued.gradient)?,
        }))
    };
    let whole = result.scalar();
    // The mean of nothing.
    let (number, gradient) =
        (whole.value.is_finite().then_some(whole.value), numbers(&whole.gradient));
    let mut value = json!({"value": number, "gradient": number.and(gradient)});
    value["sum"] = part(result.sum())?;
    value["weights"] = part(result.weights())?;
    count(&mut value, &result.main.histogram);
    value["dropped"] = result.main.dropped.into();
    Some(value)
}

/// Adds how many entries it has, and of how many it has none.
pub(super) fn count(value: &mut Value, h: &Histogram) {
    let counts = [
        ("entries", h.entries),
        ("nan", h.nan),
        ("missing", h.missing),
        ("bad_weight", h.bad_weight),
    ];
    counts.into_iter().for_each(|(name, n)| value[name] = n.into());
}
