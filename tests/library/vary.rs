//! Variations: what is replaced, what follows, and what is not filled twice.

use crate::support::Table;
use gpuana::analysis::Compiled;
use gpuana::backend::cpu::CpuBackend;
use gpuana::backend::{Backend, Partial};
use gpuana::lang::check::{Options, compile_for};
use std::sync::Arc;

const EVENTS: &str = include_str!("../semantics/events.txt");
const ANALYSIS: &str = include_str!("../semantics/variations.yaml");

/// Cells of every histogram, under- and overflow first and last. The jets of
/// the three events have pt 50 30 20, none, 15; MET is 12.5, 0, NaN.
const CELLS: &str = "
ht 0 3 0 0 0 0
ht_two 0 0 0 0 0 0
n 0 2 1 0 0 0 0
met 0 1 1 0 0 0
ht_jes_up 0 2 0 1 0 0
ht_two_jes_up 0 0 0 1 0 0
n_jes_up 0 2 0 0 1 0 0
met_jes_up 0 1 1 0 0 0
ht_jes_down 0 3 0 0 0 0
ht_two_jes_down 0 0 0 0 0 0
n_jes_down 0 3 0 0 0 0 0
met_jes_down 0 1 1 0 0 0
ht_met_up 0 3 0 0 0 0
ht_two_met_up 0 0 0 0 0 0
n_met_up 0 2 1 0 0 0 0
met_met_up 0 1 1 0 0 0
ht_more_up 0 3 0 0 0 0
ht_two_more_up 0 1 0 0 0 0
n_more_up 0 0 2 1 0 0 0
met_more_up 0 1 1 0 0 0
ht_scale_up 0 6 0 0 0 0
ht_two_scale_up 0 0 0 0 0 0
n_scale_up 0 4 2 0 0 0 0
met_scale_up 0 2 2 0 0 0
ht_both_up 0 0 0 50 0 0
ht_two_both_up 0 0 0 50 0 0
n_both_up 0 0 0 0 50 0 0
met_both_up 0 0 50 0 0 0
";

fn compiled(options: &Options<'_>) -> Compiled {
    let show = |d: Vec<_>| gpuana::diag::render(&d, "variations.yaml", ANALYSIS, false);
    let analysis = gpuana::config::parse(ANALYSIS).map_err(show).expect("it parses");
    let schema = Table::parse(EVENTS).schema();
    compile_for(&analysis, ANALYSIS, &schema, options).map_err(show).expect("it checks")
}

fn filled(compiled: &Compiled) -> Partial {
    let table = Table::parse(EVENTS);
    let backend = CpuBackend::default();
    let mut pass = backend.pass(&compiled.plan).expect("a plan for the CPU");
    let batch = table.batch(&compiled.plan.request, 0..table.events);
    pass.push(Arc::new(batch)).expect("events go through");
    pass.finish().expect("a result")
}

#[test]
fn what_a_variation_changes() {
    let compiled = compiled(&Options::default());
    let partial = filled(&compiled);
    let mut found = String::from("\n");
    for histogram in &compiled.histograms {
        let data = &partial.fills[histogram.fill];
        let cells = (0..data.counts.len()).map(|c| data.sumw(c).to_string());
        found += &format!("{} {}\n", histogram.name, cells.collect::<Vec<_>>().join(" "));
    }
    assert_eq!(found, CELLS);
}

#[test]
fn what_does_not_change_is_filled_once() {
    let compiled = compiled(&Options::default());
    let fill =
        |name: &str| compiled.histograms.iter().find(|h| h.name == name).expect("a histogram").fill;
    for (variation, nominal) in [("met_jes_up", "met"), ("ht_met_up", "ht"), ("n_met_up", "n")] {
        assert_eq!(fill(variation), fill(nominal), "{variation}");
    }
    for (variation, nominal) in [("ht_jes_up", "ht"), ("met_met_up", "met"), ("n_scale_up", "n")] {
        assert_ne!(fill(variation), fill(nominal), "{variation}");
    }
}

#[test]
fn nominal_only_has_no_variation() {
    let options = Options { nominal_only: true, ..Options::default() };
    let names: Vec<String> = compiled(&options).histograms.into_iter().map(|h| h.name).collect();
    assert_eq!(names, ["ht", "ht_two", "n", "met"]);
}
