//! Means over events and their derivatives, by another program in double
//! precision: `scalars` of an analysis.

use super::events::{Case, column, run, table};
use crate::support::Table;
use gpuana::backend::cpu::CpuBackend;
use gpuana::gradient::{Companions, Gradient, PRODUCTS};
use gpuana::lang::check::{Options, compile_for};
use gpuana::objective::{Measured, OutputKind, Valued};
use gpuana::{config, diag};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Oracle {
    means: Vec<Mean>,
    scan: Scan,
}

#[derive(Deserialize)]
struct Mean {
    form: String,
    alpha: Vec<f64>,
    mean: f64,
    dmean_dalpha: Vec<f64>,
}

#[derive(Deserialize)]
struct Scan {
    scan_alpha: Vec<f64>,
    scan_mean: Vec<f64>,
    scan_grad: Vec<f64>,
}

#[derive(Deserialize)]
struct Jets {
    constants: BTreeMap<String, f64>,
    jets: BTreeMap<String, Vec<Vec<f64>>>,
}

impl Jets {
    /// The events with two jets at least.
    fn events(&self) -> Table {
        let two = |events: &[Vec<f64>]| -> Vec<Vec<f64>> {
            events.iter().filter(|jets| jets.len() >= 2).cloned().collect()
        };
        let columns = ["pt", "eta", "phi", "mass"].map(|field| two(&self.jets[field]));
        let names = ["Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass"];
        table(names.into_iter().zip(columns.map(|c| column(Some("nJet"), &c))).collect())
    }
}

/// The mean mass of the two jets that come first, with a changed pt.
fn mean(events: &Table, pt: &str, mass: &str, alpha: &[f64], case: Case) -> Valued {
    let text = format!(
        "parameters:\n  a: {{start: 0}}\n  b: {{start: 0}}\n\
         vary:\n  jes:\n    Jet.pt:\n      up: {pt}\n    Jet.mass:\n      up: {mass}\n\
         scalars:\n  m:\n    mean: pairs(Jet)[0].mass\n"
    );
    let show = |d: Vec<_>| diag::render(&d, "analysis.yaml", &text, false);
    let mut analysis = config::parse(&text).unwrap_or_else(|d| panic!("{}", show(d)));
    for (name, value) in ["a", "b"].iter().zip(alpha) {
        analysis.set_parameter(name, *value).expect("a value");
    }
    analysis.histograms.extend(analysis.scalars.iter().map(|s| s.histogram.clone()));
    let compiled = compile_for(&analysis, &text, &events.schema(), &Options::default());
    let mut compiled = compiled.unwrap_or_else(|d| panic!("{}", show(d)));
    compiled.histograms.retain(|h| h.variation.is_some());
    compiled.fill_companions(|_| Companions { squares: false, products: true });
    let gradient = Gradient::new(&compiled, &analysis.parameters).expect("a gradient");
    let partial = run(&CpuBackend::new(case.precision), &gradient.compiled, events);
    let mut results = gradient.results(&partial.fills);
    let at = results.iter().position(|r| r.histogram.name.ends_with(PRODUCTS)).expect("products");
    let products = Some(results.swap_remove(at));
    let main = results.swap_remove(0);
    Measured { main, variances: None, products, kind: OutputKind::Mean, flows: Vec::new() }.scalar()
}

#[test]
fn means() {
    let oracle: Oracle =
        serde_json::from_str(include_str!("../../data/soft/objectives.json")).expect("JSON");
    let jets: Jets = serde_json::from_str(include_str!("../../data/soft/jets.json")).expect("JSON");
    let events = jets.events();
    assert_eq!(events.events, 140);
    let by_pt = format!("({} + {} / sqrt(Jet.pt))", jets.constants["c0"], jets.constants["c1"]);
    for case in [Case::DOUBLE, Case::SINGLE] {
        let close = |found: f64, wanted: f64, tolerance: f64| {
            assert!((found / wanted - 1.0).abs() <= tolerance, "{found} {wanted}");
        };
        for wanted in &oracle.means {
            let (pt, mass) = match wanted.form.as_str() {
                "scale_pt" => ("Jet.pt * (1 + a)".to_owned(), "Jet.mass"),
                "scale_p4" => ("Jet.pt * (1 + a)".to_owned(), "Jet.mass * (1 + a)"),
                "shift25" => ("Jet.pt + 25 * a".to_owned(), "Jet.mass"),
                "ptdep" => (format!("Jet.pt * (1 + a * {by_pt})"), "Jet.mass"),
                _ => (format!("Jet.pt * (1 + a) * (1 + b * {by_pt})"), "Jet.mass"),
            };
            let found = mean(&events, &pt, mass, &wanted.alpha, case);
            close(found.value, wanted.mean, case.values);
            for (found, wanted) in found.gradient.iter().zip(&wanted.dmean_dalpha) {
                close(*found, *wanted, case.derivatives);
            }
        }
        // The PyHEP.dev 2023 notebook's scan. Where it makes a pt negative, which no
        // jet has, terms of our mass cancel that are positive otherwise: in single
        // precision to nothing.
        let scan = &oracle.scan;
        let rows = scan.scan_alpha.iter().zip(scan.scan_mean.iter().zip(&scan.scan_grad));
        let mut compared = 0;
        for (alpha, (value, slope)) in rows {
            if *alpha < 0.0 && case.precision == Case::SINGLE.precision {
                continue;
            }
            compared += 1;
            let found = mean(&events, "Jet.pt + 25 * a", "Jet.mass", &[*alpha], case);
            let loss = if *alpha < 0.0 { 1e3 } else { 1.0 };
            close(found.value, *value, loss * case.values);
            close(found.gradient[0], *slope, loss * case.derivatives);
        }
        println!("{compared} of {} points of the scan", scan.scan_alpha.len());
        assert!(compared >= 10);
    }
}
