//! Sums and means over events to `scalars.json`.

use crate::error::{Error, Result};
use crate::gradient::PRODUCTS;
use crate::hist::Histogram;
use crate::syntax::ScalarSpec;
use serde_json::{Map, Value, json};

/// Takes the scalars out of the outputs of a run.
pub fn split(histograms: &mut Vec<Histogram>, specs: &[ScalarSpec]) -> Vec<Histogram> {
    let of = |h: &Histogram| h.origin.as_ref().map(|o| o.histogram.clone()).unwrap_or_default();
    let is_scalar = |h: &Histogram| specs.iter().any(|s| s.histogram.name.name == of(h));
    let (scalars, others) = std::mem::take(histograms).into_iter().partition(is_scalar);
    *histograms = others;
    scalars
}

/// The text of `scalars.json`: by name the value, the sum of the weights and the number
/// of entries that it is of, and what was left out. A mean of no weight is null. `None`
/// if there are no scalars.
///
/// # Errors
/// None but bugs of ours.
pub fn scalars(found: &[Histogram], specs: &[ScalarSpec]) -> Result<Option<String>> {
    let mut all: Map<String, Value> = Map::new();
    for main in found.iter().filter(|h| !h.name.ends_with(PRODUCTS)) {
        let products = found.iter().find(|h| h.name == format!("{}{PRODUCTS}", main.name));
        let base = main.origin.as_ref().map(|o| o.histogram.as_str()).unwrap_or_default();
        let spec = specs.iter().find(|s| s.histogram.name.name == base);
        let (Some(products), Some(spec)) = (products, spec) else {
            return Err(Error::output(format!("the scalar {} has no sum: a bug", main.name)));
        };
        let (sum, weights) = (total(products), total(main));
        let value = if spec.mean { sum / weights } else { sum };
        let entry = json!({
            "kind": if spec.mean { "mean" } else { "sum" },
            "value": value,
            "sum_of_weights": weights,
            "entries": main.entries,
            "nan": main.nan,
            "missing": main.missing,
            "bad_weight": main.bad_weight + products.bad_weight,
        });
        all.insert(main.name.clone(), entry);
    }
    Ok((!all.is_empty()).then(|| format!("{:#}\n", Value::Object(all))))
}

fn total(histogram: &Histogram) -> f64 {
    (0..histogram.cells()).map(|cell| histogram.value(cell)).sum()
}
