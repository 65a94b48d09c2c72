//! `histograms.json`: the UHI serialisation schema 1, which `hist` and
//! boost-histogram load (<https://uhi.readthedocs.io>, "Serialization"), and the simpler
//! forms beside it.
//!
//! Logarithmic axes are written as their edges, integer ones as regular axes
//! that boost-histogram restores to integer ones.

use super::object::{finite, lines};
use super::uhi::{AxisForm, Form, NOMINAL, Storage};
use crate::error::{Error, Result};
use crate::hist::{Histogram, Origin};
use serde::Serialize;

/// All histograms as one JSON object, by name, in their order; one a line.
/// Numbers have the fewest digits that give them back exactly.
///
/// # Errors
/// A bin or an edge is infinite, which JSON cannot say.
pub fn histograms(histograms: &[Histogram]) -> Result<String> {
    let forms = histograms.iter().map(|h| Ok((h.name.as_str(), form(h)?)));
    lines(&forms.collect::<Result<Vec<_>>>()?)
}

/// One histogram in the schema's form.
fn form(h: &Histogram) -> Result<Form<'_>> {
    Form::of(h).ok_or_else(|| {
        Error::output(format!(
            "histogram {}: a bin or an edge is infinite, which JSON cannot hold; \
             scale the weights down",
            h.name
        ))
    })
}

fn infinite(h: &Histogram) -> Error {
    Error::output(format!("histogram {}: a bin or an edge is infinite", h.name))
}

/// A histogram without what it is of.
#[derive(Serialize)]
struct Flat {
    edges: Vec<f64>,
    contents: Vec<f64>,
}

/// All histograms of one axis as a JSON object by name, one a line, each
/// `{"edges": [...], "contents": [...]}`: contents begin with the underflow and
/// end with the overflow. It is the form of the Analysis Grand Challenge's
/// reference histograms.
///
/// # Errors
/// A bin or an edge is infinite, which JSON cannot say.
pub fn flat(histograms: &[Histogram]) -> Result<String> {
    let mut members = Vec::with_capacity(histograms.len());
    for h in histograms {
        let [axis] = h.axes.as_slice() else { continue };
        let flat = finite(axis.edges())
            .zip(cells(h, Histogram::value))
            .map(|(edges, contents)| Flat { edges, contents });
        members.push((h.name.as_str(), flat.ok_or_else(|| infinite(h))?));
    }
    lines(&members)
}

/// The histograms with all their variations, in the same form: one for each
/// histogram, region and process that has any, with an axis `variation` of
/// texts before its own, `nominal` first. In Python's `hist` it is
/// `h["jes_up", :]`. `None` if nothing is varied.
///
/// # Errors
/// A bin or an edge is infinite, which JSON cannot say.
pub fn variations(histograms: &[Histogram]) -> Result<Option<String>> {
    let mut groups: Vec<Vec<(&Origin, &Histogram)>> = Vec::new();
    for (origin, h) in histograms.iter().filter_map(|h| Some((h.origin.as_ref()?, h))) {
        let alike = |o: &Origin| {
            let parts = |o: &Origin| (o.histogram.clone(), o.region.clone(), o.process.clone());
            parts(o) == parts(origin) && o.kind == origin.kind
        };
        match groups.iter_mut().find(|group| alike(group[0].0)) {
            Some(group) => group.push((origin, h)),
            None => groups.push(vec![(origin, h)]),
        }
    }
    groups.retain(|group| group.iter().any(|(origin, _)| origin.variation.is_some()));
    if groups.is_empty() {
        return Ok(None);
    }
    let varied = groups.iter_mut().map(|group| {
        group.sort_by_key(|(origin, _)| origin.variation.is_some());
        varied(group)
    });
    let varied = varied.collect::<Result<Vec<Form<'_>>>>()?;
    let named = |form| (name_of(form), form);
    lines(&varied.iter().map(named).collect::<Vec<(&str, &Form<'_>)>>()).map(Some)
}

fn name_of<'a>(form: &'a Form<'_>) -> &'a str {
    &form.metadata.name
}

/// One histogram of several variations.
fn varied<'a>(group: &[(&'a Origin, &'a Histogram)]) -> Result<Form<'a>> {
    let (origin, first) = group[0];
    let parts = [Some(&origin.histogram), Some(&origin.region), origin.process.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let mut whole = form(first)?;
    whole.metadata.name = parts.join("_").into();
    (whole.metadata.counts, whole.metadata.variation) = (None, None);
    let names = group.iter().map(|(origin, _)| origin.variation.as_deref().unwrap_or(NOMINAL));
    whole.axes.insert(0, AxisForm::of_variations(names.collect()));
    let each = group.iter().map(|(_, h)| Ok(form(h)?.storage));
    whole.storage = Storage::of_each(each.collect::<Result<_>>()?);
    Ok(whole)
}

/// A soft histogram.
#[derive(Serialize)]
struct Soft<'a> {
    edges: Edges,
    contents: Vec<f64>,
    variances_w2p2: Vec<f64>,
    variances_w2p: &'a [f64],
}

/// The soft histograms as a JSON object by name, one a line, each `{"edges",
/// "contents", "variances_w2p2", "variances_w2p"}`, where an entry of weight w
/// gives a bin the share p: the variances are the sums of `w^2 p^2` (as in
/// `histograms.json`) and of `w^2 p`, which is never less and has the same limit
/// of no bandwidth. All but the edges begin with the underflow and end with the
/// overflow; with two axes `edges` has a list for each, and the first axis is the
/// slowest. `None` if there is no soft histogram.
///
/// # Errors
/// A bin or an edge is infinite, which JSON cannot say.
pub fn soft(histograms: &[Histogram]) -> Result<Option<String>> {
    let mut members = Vec::new();
    for h in histograms {
        let Some(upper) = &h.upper else { continue };
        members.push((h.name.as_str(), Soft::of(h, upper).ok_or_else(|| infinite(h))?));
    }
    if members.is_empty() { Ok(None) } else { lines(&members).map(Some) }
}

impl<'a> Soft<'a> {
    /// `None` if a number is infinite.
    fn of(h: &Histogram, upper: &'a [f64]) -> Option<Soft<'a>> {
        Some(Soft {
            edges: Edges::of(h)?,
            contents: cells(h, Histogram::value)?,
            variances_w2p2: cells(h, Histogram::variance)?,
            variances_w2p: finite(upper)?,
        })
    }
}

/// The edges of the axis, or a list of those of each.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Edges {
    /// With one axis.
    One(Vec<f64>),
    /// With any other number of them.
    Each(Vec<Vec<f64>>),
}

impl Edges {
    /// `None` if one is infinite.
    pub(super) fn of(h: &Histogram) -> Option<Edges> {
        let each = h.axes.iter().map(|axis| finite(axis.edges()));
        let mut each = each.collect::<Option<Vec<Vec<f64>>>>()?;
        if each.len() == 1 { each.pop().map(Edges::One) } else { Some(Edges::Each(each)) }
    }
}

/// A number for each cell; `None` if one is infinite.
pub(super) fn cells(h: &Histogram, of: fn(&Histogram, usize) -> f64) -> Option<Vec<f64>> {
    finite((0..h.cells()).map(|c| of(h, c)).collect())
}

#[cfg(test)]
mod tests {
    use super::{histograms, variations};
    use crate::hist::{Contents, Kind, Origin};
    use crate::write::sample;
    use serde_json::Value;

    fn flat(value: &Value) -> Vec<f64> {
        match value {
            Value::Array(rows) => rows.iter().flat_map(flat).collect(),
            number => vec![number.as_f64().unwrap()],
        }
    }

    #[test]
    fn a_histogram_as_text() {
        let text = histograms(&sample::histograms()[..1]).unwrap();
        let expected = concat!(
            "{\n  \"counts\": {\"uhi_schema\":1,",
            "\"writer_info\":{\"gpuana\":{\"version\":\"VERSION\"}},",
            "\"metadata\":{\"name\":\"counts\",\"label\":\"Missing energy\",\"entries\":9,",
            "\"nan\":1,\"missing\":2,\"bad_weight\":0},",
            "\"axes\":[{\"type\":\"regular\",\"lower\":0.0,\"upper\":4.0,\"bins\":4,",
            "\"underflow\":true,\"overflow\":true,\"circular\":false,",
            "\"metadata\":{\"label\":\"MET [GeV]\"}}],",
            "\"storage\":{\"type\":\"int\",\"values\":[0,1,2,3,2,1]}}\n}\n"
        );
        assert_eq!(text, expected.replace("VERSION", env!("CARGO_PKG_VERSION")));
        assert_eq!(histograms(&[]).unwrap(), "{}\n");
    }

    #[test]
    fn every_cell_comes_back_exactly() {
        let samples = sample::histograms();
        let text = histograms(&samples).unwrap();
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed.as_object().unwrap().len(), samples.len());
        for h in &samples {
            let storage = &parsed[&h.name]["storage"];
            let cells: Vec<f64> = (0..h.cells()).map(|c| h.value(c)).collect();
            assert_eq!(flat(&storage["values"]), cells, "{}", h.name);
            if h.is_weighted() {
                let variances: Vec<f64> = (0..h.cells()).map(|c| h.variance(c)).collect();
                assert_eq!(flat(&storage["variances"]), variances, "{}", h.name);
            }
            assert_eq!(parsed[&h.name]["axes"].as_array().unwrap().len(), h.axes.len());
        }
    }

    #[test]
    fn variations_are_an_axis() {
        let of = |variation: Option<&str>, weighted: bool| {
            let mut h = sample::histograms().swap_remove(0);
            if weighted {
                h = h.scaled(0.5);
            }
            let (histogram, region) = ("met".to_owned(), "all".to_owned());
            let variation = variation.map(str::to_owned);
            h.origin = Some(Origin {
                histogram,
                region,
                process: None,
                variation,
                kind: Kind::Simulation,
            });
            h
        };
        assert_eq!(variations(&[of(None, false)]).unwrap(), None);
        let text = variations(&[of(Some("jes_up"), true), of(None, false)]).unwrap().unwrap();
        let expected = concat!(
            "{\n  \"met_all\": {\"uhi_schema\":1,",
            "\"writer_info\":{\"gpuana\":{\"version\":\"VERSION\"}},",
            "\"metadata\":{\"name\":\"met_all\",\"label\":\"Missing energy\",",
            "\"histogram\":\"met\",\"region\":\"all\"},",
            "\"axes\":[{\"type\":\"category_str\",\"categories\":[\"nominal\",\"jes_up\"],",
            "\"flow\":false,\"metadata\":{\"name\":\"variation\",\"label\":\"variation\"}},",
            "{\"type\":\"regular\",\"lower\":0.0,\"upper\":4.0,\"bins\":4,",
            "\"underflow\":true,\"overflow\":true,\"circular\":false,",
            "\"metadata\":{\"label\":\"MET [GeV]\"}}],",
            "\"storage\":{\"type\":\"weighted\",",
            "\"values\":[[0,1,2,3,2,1],[0.0,0.5,1.0,1.5,1.0,0.5]],",
            "\"variances\":[[0,1,2,3,2,1],[0.0,0.25,0.5,0.75,0.5,0.25]]}}\n}\n"
        );
        assert_eq!(text, expected.replace("VERSION", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn an_infinite_bin_is_an_error() {
        let mut h = sample::histograms().swap_remove(0);
        h.contents = Contents::Weighted { values: vec![f64::INFINITY; 6], variances: vec![0.; 6] };
        let error = histograms(&[h]).unwrap_err();
        assert!(error.to_string().starts_with("histogram counts: a bin"), "{error}");
    }
}
