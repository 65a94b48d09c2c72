//! Gradients as JSON, for fits and optimisers of any language.

use super::json::{edges, lines, numbers};
use crate::config::Parameter;
use crate::error::{Error, Result};
use crate::gradient::Differentiated;
use serde_json::{Value, json};

/// A JSON object of two members, one histogram a line:
///
/// - `parameters`: for each its `name`, the `value` at which everything is, its
///   `range` and `prior` or null;
/// - `histograms`: by name, for each `edges` (with two axes a list for each), then
///   by cell, from the underflow to the overflow, the first axis slowest, `values`, `variances_w2p2`, `variances_w2p` (see
///   [`super::json::soft`]) and `jacobian`, which has one number a parameter; and
///   the counts of `entries`, of those left out because the value was `nan`,
///   `missing`, had a `bad_weight`, or a derivative that is not finite (`dropped`).
///
/// Values, variances and derivatives are sums over events: those of several runs
/// over different files add up. What is computed from them, a likelihood or a
/// significance, does not.
///
/// # Errors
/// A number is infinite, which JSON cannot say.
pub fn gradients(results: &[Differentiated], parameters: &[Parameter]) -> Result<String> {
    let described = |p: &Parameter| json!({"name": p.name.name, "value": p.value, "range": p.range, "prior": p.prior});
    let parameters: Vec<Value> = parameters.iter().map(described).collect();
    let mut members = Vec::with_capacity(results.len());
    for result in results {
        let h = &result.histogram;
        let value = member(result).ok_or_else(|| {
            Error::output(format!(
                "histogram {}: a bin, an edge or a derivative is infinite",
                h.name
            ))
        })?;
        members.push((h.name.clone(), value));
    }
    let histograms = lines(members);
    let parameters = Value::from(parameters);
    Ok(format!("{{\n\"parameters\": {parameters},\n\"histograms\": {histograms}}}\n"))
}

/// One histogram; `None` if a number is infinite.
fn member(result: &Differentiated) -> Option<Value> {
    let h = &result.histogram;
    let cells = 0..h.cells();
    let values: Vec<f64> = cells.clone().map(|c| h.value(c)).collect();
    let variances: Vec<f64> = cells.map(|c| h.variance(c)).collect();
    let rows = result.jacobian.iter().map(|row| numbers(row).map(Value::from));
    Some(json!({
        "edges": edges(h)?,
        "values": numbers(&values)?,
        "variances_w2p2": numbers(&variances)?,
        "variances_w2p": numbers(h.upper.as_ref()?)?,
        "jacobian": rows.collect::<Option<Vec<Value>>>()?,
        "entries": h.entries,
        "nan": h.nan,
        "missing": h.missing,
        "bad_weight": h.bad_weight,
        "dropped": result.dropped,
    }))
}
