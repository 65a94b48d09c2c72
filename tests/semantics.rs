//! What expressions mean: each row of `semantics/*.txt` is an expression and
//! its value in each event of `semantics/events.txt`, as the CPU computes it.
//! `!!` in place of the values says that the expression is refused.

mod support;

use gpuana::analysis::{Compiled, Watch};
use gpuana::backend::cpu::{NodeValues, evaluate_nodes};
use gpuana::ir::{NodeId, SpaceId};
use support::Table;

const EVENTS: &str = include_str!("semantics/events.txt");

/// A number as people write it.
fn number(x: f32) -> String {
    if x.is_nan() { "NaN".to_string() } else { format!("{x}") }
}

/// The values of a node in one event, one text an element.
fn texts(values: &NodeValues) -> Vec<String> {
    match values {
        NodeValues::Bool(v) => v.iter().map(bool::to_string).collect(),
        NodeValues::I32(v) => v.iter().map(i32::to_string).collect(),
        NodeValues::I64(v) => v.iter().map(i64::to_string).collect(),
        NodeValues::F32(v) => v.iter().map(|x| number(*x)).collect(),
        NodeValues::Index(v) => {
            v.iter().map(|i| i.map_or("none".to_string(), |i| format!("#{i}"))).collect()
        }
    }
}

fn evaluate(compiled: &Compiled, table: &Table, node: NodeId, event: usize) -> Vec<String> {
    let batch = table.batch(&compiled.plan.request, 0..table.events);
    let values = evaluate_nodes(&compiled.plan, &batch, event, &[node]);
    texts(&values.expect("an event that can be evaluated")[0])
}

/// A watched value in one event: `3`, `missing`, `[1 missing 2]`.
fn shown(compiled: &Compiled, table: &Table, watch: &Watch, event: usize) -> String {
    let mut values = evaluate(compiled, table, watch.value, event);
    let ir = &compiled.plan.ir;
    let scalar = ir.constant(watch.value).is_some() || ir.over(watch.value) == SpaceId::EVENT;
    if let Some(valid) = watch.valid {
        let valid = evaluate(compiled, table, valid, event);
        for (value, valid) in values.iter_mut().zip(&valid) {
            if valid == "false" {
                *value = "missing".to_string();
            }
        }
    }
    if scalar { values.concat() } else { format!("[{}]", values.join(" ")) }
}

/// The row's value in every event, or the errors of the expression.
fn row(expression: &str, table: &Table) -> Result<String, String> {
    let text = format!("define:\n  it: {expression}\n");
    let name = |d: Vec<gpuana::diag::Diagnostic>| gpuana::diag::render(&d, "row", &text, false);
    let analysis = gpuana::config::parse(&text).map_err(name)?;
    let compiled = gpuana::lang::check::compile(&analysis, &text, &table.schema()).map_err(name)?;
    let watch = &compiled.watches[0];
    let events = (0..table.events).map(|event| shown(&compiled, table, watch, event));
    Ok(events.collect::<Vec<_>>().join(" | "))
}

fn check(rows: &str) {
    let table = Table::parse(EVENTS);
    let (mut checked, mut wrong) = (0, Vec::new());
    for line in rows.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
        let (expression, expected) = match line.split_once("=> ") {
            Some((e, v)) if !line.trim_end().ends_with("!!") && line.contains(" => ") => {
                let at = line.rfind(" => ").expect("just found");
                let _ = (e, v);
                (line[..at].trim(), Some(line[at + 4..].trim()))
            }
            _ => (line.trim_end_matches("!!").trim(), None),
        };
        checked += 1;
        match (row(expression, &table), expected) {
            (Ok(found), Some(expected)) if found == expected => {}
            (Err(_), None) => {}
            (found, _) => {
                let found = found.unwrap_or_else(|e| e);
                wrong.push(format!("{line}\n    found {found}"));
            }
        }
    }
    println!("{checked} rows");
    assert!(wrong.is_empty(), "{} of {checked} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn language() {
    check(include_str!("semantics/language.txt"));
}
