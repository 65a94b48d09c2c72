//! `cutflow.json`: what each cut of each region leaves. Nothing in it depends
//! on the machine, the backend or the moment.

use crate::run::{CutRow, Cutflow, Yield};
use serde_json::{Map, Value, json};

/// The text of `cutflow.json`.
pub fn cutflow_json(cutflows: &[Cutflow]) -> String {
    super::pretty(&regions(cutflows))
}

/// The regions of a run, or of one sample of it.
pub(super) fn regions(cutflows: &[Cutflow]) -> Value {
    let regions: Map<String, Value> =
        cutflows.iter().map(|c| (c.region.clone(), region(c))).collect();
    json!({ "regions": regions })
}

fn region(cutflow: &Cutflow) -> Value {
    let cuts: Vec<Value> =
        cutflow.cuts.iter().enumerate().map(|(i, row)| cut(cutflow, i, row)).collect();
    let mut value = yields(cutflow.all);
    value.insert("weighted".to_owned(), cutflow.weighted.into());
    value.insert("bad_weight".to_owned(), cutflow.bad_weight.into());
    value.insert("missing_weight".to_owned(), cutflow.missing_weight.into());
    value.insert("cuts".to_owned(), cuts.into());
    value.insert("selected".to_owned(), yields(cutflow.selected()).into());
    value.into()
}

fn cut(cutflow: &Cutflow, index: usize, row: &CutRow) -> Value {
    let mut value = Map::from_iter([("cut".to_owned(), row.label.clone().into())]);
    value.append(&mut yields(row.passed));
    let before = cutflow.before(index);
    value.insert("efficiency".to_owned(), share(row.passed, before));
    value.insert("cumulative_efficiency".to_owned(), share(row.passed, cutflow.all));
    value.insert("missing".to_owned(), row.missing.into());
    value.into()
}

fn yields(y: Yield) -> Map<String, Value> {
    Map::from_iter([
        ("events".to_owned(), y.events.into()),
        ("sumw".to_owned(), y.sumw.into()),
        ("sumw2".to_owned(), y.sumw2.into()),
    ])
}

/// Events of `part` for each of `whole`; null of nothing.
fn share(part: Yield, whole: Yield) -> Value {
    if whole.events == 0 { Value::Null } else { (part.events as f64 / whole.events as f64).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_in_full() {
        let y = |events, sumw| Yield { events, sumw, sumw2: sumw };
        let cuts = vec![
            CutRow { label: "two jets".into(), passed: y(4, 2.0), missing: 1 },
            CutRow { label: "a \"Z\"".into(), passed: y(0, 0.0), missing: 0 },
            CutRow { label: "never".into(), passed: y(0, 0.0), missing: 0 },
        ];
        let flow = Cutflow {
            region: "sr".into(),
            weighted: true,
            all: y(16, 8.0),
            cuts,
            bad_weight: 2,
            missing_weight: 3,
        };
        let value: Value = serde_json::from_str(&cutflow_json(&[flow])).unwrap();
        let sr = &value["regions"]["sr"];
        assert_eq!(sr["events"], 16);
        assert_eq!((&sr["bad_weight"], &sr["missing_weight"]), (&json!(2), &json!(3)));
        let row = |label: &str, events: u64, sumw: f64, each: Value, all: f64, missing: u64| {
            json!({"cut": label, "events": events, "sumw": sumw, "sumw2": sumw,
                "efficiency": each, "cumulative_efficiency": all, "missing": missing})
        };
        let expected = json!([
            row("two jets", 4, 2.0, json!(0.25), 0.25, 1),
            row("a \"Z\"", 0, 0.0, json!(0.0), 0.0, 0),
            row("never", 0, 0.0, Value::Null, 0.0, 0),
        ]);
        assert_eq!(sr["cuts"], expected);
        assert_eq!(sr["selected"], json!({"events": 0, "sumw": 0.0, "sumw2": 0.0}));
    }
}
