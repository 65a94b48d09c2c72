//! `histograms.json`: the UHI serialisation schema 1, which `hist` and
//! boost-histogram load (<https://uhi.readthedocs.io>, "Serialization").
//!
//! Logarithmic axes are written as their edges, integer ones as regular axes
//! that boost-histogram restores to integer ones.

use crate::bins::{Axis, AxisKind};
use crate::error::{Error, Result};
use crate::hist::{Contents, Histogram, Origin};
use serde_json::{Map, Value, json};

/// What the histogram without a variation is called among them.
const NOMINAL: &str = "nominal";

/// All histograms as one JSON object, by name, in their order; one a line.
/// Numbers have the fewest digits that give them back exactly.
///
/// # Errors
/// A bin or an edge is infinite, which JSON cannot say.
pub fn histograms(histograms: &[Histogram]) -> Result<String> {
    let named = |h: &Histogram| Ok((h.name.clone(), to_value(h)?));
    Ok(lines(histograms.iter().map(named).collect::<Result<Vec<_>>>()?))
}

/// An object, one member a line.
pub(super) fn lines(members: Vec<(String, Value)>) -> String {
    let line = |(name, value)| format!("  {}: {value}", Value::String(name));
    let lines: Vec<String> = members.into_iter().map(line).collect();
    if lines.is_empty() { "{}\n".into() } else { format!("{{\n{}\n}}\n", lines.join(",\n")) }
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
        let cells: Vec<f64> = (0..h.cells()).map(|c| h.value(c)).collect();
        let (Some(edges), Some(contents)) = (numbers(&axis.edges()), numbers(&cells)) else {
            return Err(Error::output(format!(
                "histogram {}: a bin or an edge is infinite",
                h.name
            )));
        };
        members.push((h.name.clone(), json!({"edges": edges, "contents": contents})));
    }
    Ok(lines(members))
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
    let members = groups.iter_mut().map(|group| {
        group.sort_by_key(|(origin, _)| origin.variation.is_some());
        varied(group)
    });
    let members = members.collect::<Result<Vec<_>>>()?;
    Ok((!members.is_empty()).then(|| lines(members)))
}

/// One histogram of several variations.
fn varied(group: &[(&Origin, &Histogram)]) -> Result<(String, Value)> {
    let (origin, first) = group[0];
    let parts = [Some(&origin.histogram), Some(&origin.region), origin.process.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let name = parts.join("_");
    let mut value = to_value(first)?;
    let weighted = group.iter().any(|(_, h)| h.is_weighted());
    let mut storage = json!({"type": if weighted { "weighted" } else { "int" }});
    let mut names: Vec<Value> = Vec::new();
    for (origin, h) in group {
        names.push(origin.variation.as_deref().unwrap_or(NOMINAL).into());
        let one = to_value(h)?;
        for key in if weighted { &["values", "variances"][..] } else { &["values"] } {
            let cells = one["storage"].get(key).unwrap_or(&one["storage"]["values"]).clone();
            match storage[*key].as_array_mut() {
                Some(rows) => rows.push(cells),
                None => storage[*key] = vec![cells].into(),
            }
        }
    }
    let axis = json!({
        "type": "category_str", "categories": names, "flow": false,
        "metadata": {"name": "variation", "label": "variation"},
    });
    if let Some(axes) = value["axes"].as_array_mut() {
        axes.insert(0, axis);
    }
    value["storage"] = storage;
    value["metadata"]["name"] = name.as_str().into();
    if let Some(metadata) = value["metadata"].as_object_mut() {
        let of_one = ["variation", "entries", "nan", "missing", "bad_weight"];
        metadata.retain(|key, _| !of_one.contains(&key.as_str()));
    }
    Ok((name, value))
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
    let mut lines = Vec::new();
    for h in histograms {
        let Some(upper) = &h.upper else { continue };
        let values = |of: fn(&Histogram, usize) -> f64| {
            numbers(&(0..h.cells()).map(|c| of(h, c)).collect::<Vec<f64>>())
        };
        let (Some(edges), Some(contents), Some(variances), Some(upper)) =
            (edges(h), values(Histogram::value), values(Histogram::variance), numbers(upper))
        else {
            return Err(Error::output(format!(
                "histogram {}: a bin or an edge is infinite",
                h.name
            )));
        };
        let name = Value::from(h.name.as_str());
        let all = json!({
            "edges": edges,
            "contents": contents,
            "variances_w2p2": variances,
            "variances_w2p": upper,
        });
        lines.push(format!("  {name}: {all}"));
    }
    Ok((!lines.is_empty()).then(|| format!("{{\n{}\n}}\n", lines.join(",\n"))))
}

/// The edges of the axis, or a list of those of each; `None` if one is infinite.
pub(super) fn edges(h: &Histogram) -> Option<Value> {
    let each = h.axes.iter().map(|axis| numbers(&axis.edges()).map(Value::from));
    let mut each = each.collect::<Option<Vec<Value>>>()?;
    if each.len() == 1 { each.pop() } else { Some(each.into()) }
}

/// One histogram in the schema's form.
fn to_value(h: &Histogram) -> Result<Value> {
    let axes = h.axes.iter().map(axis).collect::<Option<Vec<Value>>>();
    let shape: Vec<usize> = h.axes.iter().map(Axis::extent).collect();
    let storage = match &h.contents {
        Contents::Counts(counts) => {
            let leaves: Vec<Value> = counts.iter().map(|c| json!(c)).collect();
            Some(json!({"type": "int", "values": nested(&leaves, &shape)}))
        }
        Contents::Weighted { values, variances } => {
            numbers(values).zip(numbers(variances)).map(|(values, variances)| {
                json!({
                    "type": "weighted",
                    "values": nested(&values, &shape),
                    "variances": nested(&variances, &shape),
                })
            })
        }
    };
    let (Some(axes), Some(storage)) = (axes, storage) else {
        return Err(Error::output(format!(
            "histogram {}: a bin or an edge is infinite, which JSON cannot hold; \
             scale the weights down",
            h.name
        )));
    };
    Ok(json!({
        "uhi_schema": 1,
        "writer_info": {"gpuana": {"version": env!("CARGO_PKG_VERSION")}},
        "metadata": metadata(h),
        "axes": axes,
        "storage": storage,
    }))
}

/// Name, title, what is in no bin, and what it is of.
fn metadata(h: &Histogram) -> Value {
    let mut metadata = json!({
        "name": h.name,
        "label": h.title,
        "entries": h.entries,
        "nan": h.nan,
        "missing": h.missing,
        "bad_weight": h.bad_weight,
    });
    if let Some(origin) = &h.origin {
        metadata["histogram"] = origin.histogram.as_str().into();
        metadata["region"] = origin.region.as_str().into();
        if let Some(process) = &origin.process {
            metadata["process"] = process.as_str().into();
        }
        metadata["variation"] = origin.variation.as_deref().unwrap_or(NOMINAL).into();
    }
    metadata
}

/// An axis; `None` if an edge is not finite.
fn axis(axis: &Axis) -> Option<Value> {
    let mut map = match &axis.kind {
        AxisKind::Regular { bins, low, high } => json!({
            "type": "regular", "lower": number(*low)?, "upper": number(*high)?, "bins": bins,
        }),
        AxisKind::Log { .. } | AxisKind::Variable { .. } => {
            json!({"type": "variable", "edges": numbers(&axis.edges())?})
        }
        AxisKind::Integer { low, high } => json!({
            "type": "regular", "lower": low, "upper": high, "bins": axis.bins(),
            "writer_info": {"boost-histogram": {"orig_type": "Integer"}},
        }),
        AxisKind::Boolean => json!({"type": "boolean"}),
        AxisKind::Category { values } => {
            json!({"type": "category_int", "categories": values, "flow": true})
        }
    };
    if axis.has_underflow() {
        for (key, value) in [("underflow", true), ("overflow", true), ("circular", false)] {
            map[key] = value.into();
        }
    }
    if !axis.label.is_empty() {
        let label = Map::from_iter([("label".to_owned(), axis.label.as_str().into())]);
        map["metadata"] = label.into();
    }
    Some(map)
}

fn number(x: f64) -> Option<Value> {
    serde_json::Number::from_f64(x).map(Value::Number)
}

pub(super) fn numbers(values: &[f64]) -> Option<Vec<Value>> {
    values.iter().map(|x| number(*x)).collect()
}

/// Row-major values as arrays of arrays.
fn nested(values: &[Value], shape: &[usize]) -> Value {
    match shape {
        [] => values[0].clone(),
        [_] => values.to_vec().into(),
        [extent, rest @ ..] => {
            values.chunks(values.len() / extent).map(|row| nested(row, rest)).collect()
        }
    }
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
