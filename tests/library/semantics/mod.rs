//! What expressions mean: each row of `semantics/*.txt` is an expression and
//! its value in each event of `semantics/events.txt`, as the CPU computes it.
//! `!!` in place of the values says that the expression is refused. What regions
//! and histograms mean is told by small analyses and their yields.

mod accuracy;

use crate::support::Table;
use gpuana::analysis::{Compiled, Watch};
use gpuana::backend::Backend;
use gpuana::backend::cpu::{CpuBackend, NodeValues, evaluate_nodes};
use gpuana::ir::{NodeId, SpaceId};
use gpuana::run::{HistogramTotals, Yield, cutflows, histogram_totals};
use std::fs;
use std::path::Path;
use std::sync::Arc;

const EVENTS: &str = include_str!("../../semantics/events.txt");

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

fn check(events: &str, rows: &str) {
    let table = Table::parse(events);
    let (mut checked, mut wrong) = (0, Vec::new());
    for line in rows.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
        let (expression, expected) = match line.rsplit_once(" => ") {
            _ if line.trim_end().ends_with("!!") => (line.trim_end().trim_end_matches("!!"), None),
            Some((expression, values)) => (expression, Some(values.trim())),
            None => panic!("a row without ` => ` or `!!`: {line}"),
        };
        let expression = expression.trim();
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
    assert!(wrong.is_empty(), "{} of {checked} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn language() {
    check(EVENTS, include_str!("../../semantics/language.txt"));
}

#[test]
fn numbers() {
    check(
        include_str!("../../semantics/numbers_events.txt"),
        include_str!("../../semantics/numbers.txt"),
    );
}

#[test]
fn missing() {
    check(
        include_str!("../../semantics/missing_events.txt"),
        include_str!("../../semantics/missing.txt"),
    );
}

/// A random expression of integers, its value in each event worked out in 128 bits,
/// missing where a step leaves 64, and whether it is a constant.
fn random_integers(next: &mut dyn FnMut(usize) -> usize, depth: usize) -> (String, Exact, bool) {
    if depth == 0 || next(5) == 0 {
        let most = i128::from(i32::MAX);
        return match next(7) {
            0 | 1 => ("n".into(), vec![Some(7), Some(-7), Some(0)], false),
            2 => ("m".into(), vec![Some(2), Some(-2), Some(0)], false),
            3 => ("big".into(), vec![Some(1 << 62), Some(-1), Some(0)], false),
            4 => ("sum(V.rank)".into(), vec![Some(5), Some(14), Some(0)], false),
            5 => ("2147483647".into(), vec![Some(most); 3], true),
            _ => ("3".into(), vec![Some(3); 3], true),
        };
    }
    let (a, x, fixed) = random_integers(next, depth - 1);
    let fits = |z: i128| i64::try_from(z).ok().map(i128::from);
    if next(6) == 0 && !fixed {
        let one = |f: fn(i128) -> i128| x.iter().map(|x| x.and_then(|x| fits(f(x)))).collect();
        return match next(2) {
            0 => (format!("(-{a})"), one(|x| -x), false),
            _ => (format!("abs({a})"), one(i128::abs), false),
        };
    }
    let (mut b, mut y, other) = random_integers(next, depth - 1);
    if fixed && other {
        (b, y) = ("n".into(), vec![Some(7), Some(-7), Some(0)]);
    }
    let op = ["+", "-", "*", "*", "//", "%"][next(6)];
    let value = |x: i128, y: i128| match op {
        "+" => fits(x + y),
        "-" => fits(x - y),
        "*" => fits(x * y),
        _ if y == 0 => None,
        "//" => fits(x.div_euclid(y) - i128::from(y < 0 && x.rem_euclid(y) != 0)),
        _ => fits(x - y * (x.div_euclid(y) - i128::from(y < 0 && x.rem_euclid(y) != 0))),
    };
    let values = x.iter().zip(&y).map(|(x, y)| value((*x)?, (*y)?)).collect();
    (format!("({a} {op} {b})"), values, false)
}

type Exact = Vec<Option<i128>>;

#[test]
fn integers_are_exact_or_missing() {
    let table = Table::parse(include_str!("../../semantics/numbers_events.txt"));
    let mut state = 1_u64;
    let mut next = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let (mut missing, mut beyond) = (0, 0);
    for _ in 0..3_000 {
        let (expression, values, _) = random_integers(&mut next, 4);
        let shown = values.iter().map(|v| v.map_or("missing".to_owned(), |v| v.to_string()));
        let expected = shown.collect::<Vec<_>>().join(" | ");
        assert_eq!(row(&expression, &table).as_ref(), Ok(&expected), "{expression}");
        missing += values.iter().filter(|v| v.is_none()).count();
        beyond += values.iter().flatten().filter(|v| i32::try_from(**v).is_err()).count();
    }
    assert!(missing > 500 && beyond > 500, "{missing} missing, {beyond} beyond 32 bits");
}

/// A sum of many terms is no deeper than one of two, for any part of the program.
#[test]
fn long_sums() {
    let table = Table::parse(include_str!("../../semantics/numbers_events.txt"));
    let terms = |term: &str, n: usize| vec![term; n].join(" + ");
    assert_eq!(row(&terms("n", 1_000), &table), Ok("7000 | -7000 | 0".to_owned()));
    let nested = format!("({}) * ({})", terms("n * 2", 700), terms("V[0].rank", 700));
    assert_eq!(row(&nested, &table), Ok("13720000 | -34300000 | missing".to_owned()));
    let text = format!(
        "histograms:\n  a: {{value: \"{}\", bins: [1, 0, 1]}}\n",
        terms("low * near", 1_000)
    );
    let analysis = gpuana::config::parse(&text).expect("a long sum");
    let compiled = gpuana::lang::check::compile(&analysis, &text, &table.schema());
    let plan = compiled.expect("it can be compiled").for_run().plan;
    let kernels = gpuana::backend::gpu::emit::wgsl(&plan).expect("kernels");
    assert!(kernels.concat().matches(" + ").count() >= 999);
}

/// One line a cut and a histogram: `region/cut: events sumw missing` and
/// `histogram: entries sum missing nan bad`, cells as `cell=sum`.
fn yields(analysis: &str) -> String {
    let table = Table::parse(include_str!("../../semantics/yields_events.txt"));
    let analysis_file = gpuana::config::parse(analysis).expect("an analysis");
    let compiled = gpuana::lang::check::compile(&analysis_file, analysis, &table.schema())
        .unwrap_or_else(|d| panic!("{}", gpuana::diag::render(&d, "yields", analysis, false)))
        .for_run();
    let backend = CpuBackend::default();
    let mut pass = backend.pass(&compiled.plan).expect("a plan that can be run");
    pass.push(Arc::new(table.batch(&compiled.plan.request, 0..table.events))).expect("a batch");
    let fills = pass.finish().expect("a result").fills;
    let mut lines = Vec::new();
    for flow in cutflows(&compiled, &fills) {
        let Yield { events, sumw, sumw2 } = flow.all;
        let lost = match (flow.missing_weight, flow.bad_weight) {
            (0, 0) => String::new(),
            (missing, bad) => format!(", weight: {missing} missing, {bad} bad"),
        };
        lines.push(format!("{}: {events} {sumw} {sumw2}{lost}", flow.region));
        for cut in &flow.cuts {
            let Yield { events, sumw, sumw2 } = cut.passed;
            let (label, missing) = (&cut.label, cut.missing);
            lines.push(format!("  {label}: {events} {sumw} {sumw2}, {missing} missing"));
        }
    }
    for (info, total) in compiled.histograms.iter().zip(histogram_totals(&compiled, &fills)) {
        let fill = &fills[info.fill];
        let cells = (0..fill.counts.len()).filter(|c| fill.counts[*c] > 0);
        let cells: Vec<String> = cells.map(|c| format!("{c}={}", fill.sumw(c))).collect();
        let HistogramTotals { name, missing, nan, bad_weight, .. } = total;
        let cells = if cells.is_empty() { "empty".to_string() } else { cells.join(" ") };
        lines.push(format!("{name}: {cells}, {missing} missing, {nan} nan, {bad_weight} bad"));
    }
    lines.join("\n") + "\n"
}

/// Cutflows and bins of small analyses; `UPDATE=1` rewrites them.
#[test]
fn regions_and_histograms() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/semantics");
    for name in ["regions", "weights", "bins", "vary"] {
        let analysis = fs::read_to_string(folder.join(format!("{name}.yaml"))).expect(name);
        let path = folder.join(format!("{name}.yields"));
        let found = yields(&analysis);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &found).expect("yields can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, expected, "{name}");
    }
}

/// What no histogram or cutflow needs is defined, checked, and not read.
#[test]
fn unused_definitions_are_not_read() {
    let analysis = "
define:
  unused: count(Muon)
  pairs: pairs(Jet)
  masses: pairs.mass
  best: min_by(triples(Jet), abs(mass - 172.5))
  hard: Jet[pt > 30]
histograms:
  pt: {value: hard.pt, bins: [10, 0, 100]}
";
    let table = Table::parse(
        "Muon_pt: float32[nMuon] = 3\nMET_pt: float32 = 1\n\
         Jet_pt: float32[nJet] = 50\nJet_eta: float32[nJet] = 1\nJet_phi: float32[nJet] = 1\n\
         Jet_mass: float32[nJet] = 1",
    );
    let parsed = gpuana::config::parse(analysis).expect("an analysis");
    let compiled = gpuana::lang::check::compile(&parsed, analysis, &table.schema())
        .unwrap_or_else(|d| panic!("{}", gpuana::diag::render(&d, "unused", analysis, false)));
    let text = |compiled: &Compiled| {
        let columns = compiled.plan.request.columns.iter().map(|c| &c.branch[..]);
        let counters = compiled.plan.request.counters.iter().map(|c| &c[..]);
        counters.chain(columns).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(text(&compiled), "nMuon nJet Jet_mass Jet_pt Jet_eta Jet_phi");
    let pruned = compiled.for_run();
    assert_eq!(text(&pruned), "nJet Jet_pt");
    let spaces: Vec<String> =
        pruned.plan.ir.spaces().iter().map(|space| format!("{space:?}")).collect();
    assert_eq!(spaces.len(), 3, "the events, the jets and the hard ones: {spaces:?}");
}
