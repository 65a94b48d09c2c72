//! Gradients for a cotangent as JSON. `docs/gradients.md` describes the file.

use super::gradients::{contents, count, described};
use super::json::{lines, numbers};
use crate::error::{Error, Result};
use crate::hist::Histogram;
use crate::syntax::Parameter;
use serde_json::Value;

/// What is written.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// For each parameter the derivative of the sum of cotangent times contents.
    pub gradient: Vec<f64>,
    /// The histograms that have a cotangent.
    pub histograms: Vec<Histogram>,
    /// How many entries were left out, see [`crate::gradient::Pulled::dropped`].
    pub dropped: u64,
    /// Whether a Jacobian was multiplied.
    pub by_jacobian: bool,
}

/// A JSON object: `parameters` as in [`super::gradients::gradients`], `gradient`
/// with a number for each, `way` (`reverse` or `jacobian`), `dropped`, and
/// `histograms`, without their derivatives.
///
/// # Errors
/// A number is infinite, which JSON cannot say.
pub fn vjp(written: &Written, parameters: &[Parameter]) -> Result<String> {
    let infinite = |what: &str| Error::output(format!("{what} is infinite, or not a number"));
    let gradient = numbers(&written.gradient).ok_or_else(|| infinite("the gradient"))?;
    let gradient = Value::from(gradient);
    let parameters: Vec<Value> = parameters.iter().map(described).collect();
    let parameters = Value::from(parameters);
    let mut histograms = Vec::new();
    for h in &written.histograms {
        let value = contents(h);
        let mut value = value.ok_or_else(|| infinite(&format!("{}: a bin or an edge", h.name)))?;
        count(&mut value, h);
        histograms.push((h.name.clone(), value));
    }
    let histograms = lines(histograms);
    let way = if written.by_jacobian { "jacobian" } else { "reverse" };
    Ok(format!(
        "{{\n\"parameters\": {parameters},\n\"gradient\": {gradient},\n\"way\": \"{way}\",\n\
         \"dropped\": {},\n\"histograms\": {histograms}}}\n",
        written.dropped
    ))
}
