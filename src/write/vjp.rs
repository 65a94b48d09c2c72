//! Gradients for a cotangent as JSON. `docs/gradients.md` describes the file.

use super::gradients::{Bins, Place};
use super::object::{compact, finite, lines, parts};
use super::uhi::Counts;
use crate::error::{Error, Result};
use crate::hist::Histogram;
use crate::syntax::Parameter;
use serde::Serialize;

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

/// A histogram that has a cotangent.
#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    bins: Bins<'a>,
    #[serde(flatten)]
    counts: Counts,
}

/// A JSON object: `parameters` as in [`super::gradients::gradients`], `gradient`
/// with a number for each, `way` (`reverse` or `jacobian`), `dropped`, and
/// `histograms`, without their derivatives.
///
/// # Errors
/// A number is infinite, which JSON cannot say.
pub fn vjp(written: &Written, parameters: &[Parameter]) -> Result<String> {
    let infinite = |what: &str| Error::output(format!("{what} is infinite, or not a number"));
    let gradient = finite(&*written.gradient).ok_or_else(|| infinite("the gradient"))?;
    let mut histograms = Vec::new();
    for h in &written.histograms {
        let bins = Bins::of(h).ok_or_else(|| infinite(&format!("{}: a bin or an edge", h.name)))?;
        histograms.push((h.name.as_str(), Form { bins, counts: Counts::of(h) }));
    }
    let way = if written.by_jacobian { "jacobian" } else { "reverse" };
    parts(&[
        ("parameters", compact(&parameters.iter().map(Place::of).collect::<Vec<_>>())?),
        ("gradient", compact(&gradient)?),
        ("way", compact(&way)?),
        ("dropped", compact(&written.dropped)?),
        ("histograms", lines(&histograms)?),
    ])
}
