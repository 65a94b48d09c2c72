//! Landscapes: hard ones from one pass are those of separate runs to the bit, and
//! events in memory give what events in files do.

use gpuana::analysis::Compiled;
use gpuana::backend::Backend;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::batch::Request;
use gpuana::lang::check::{Options, compile_for};
use gpuana::resident::{Half, Resident};
use gpuana::run::{self, Inputs, RunOptions};
use gpuana::thresholds::{Grid, Thresholds};
use gpuana::{config, diag};
use std::path::Path;

const EVENTS: &str = "examples/data/Run2012B_SingleMu_1000.root";

/// Comparisons of all four kinds, with weights, a count, and muons one by one.
const ANALYSIS: &str = "
parameters:
  met: {start: 20}
  lpt: {start: 20}
  most: {start: 2}
define:
  lead: Muon.max_by(pt)
regions:
  above:
    - muon: count(Muon) >= 1
    - met: MET.pt > met
    - lead: lead.pt >= lpt
  below:
    - few: count(Jet) < most
    - met: met >= MET.pt
histograms:
  mass:
    value: lead.pt + MET.pt
    bins: [25, 0, 250]
    weight: 1 + 0.01 * lead.eta
    regions: [above, below]
  muons:
    value: Muon.eta
    bins: [12, -2.4, 2.4]
    regions: [above]
";

fn inputs() -> Inputs<'static> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    Inputs::new(vec![top.join(EVENTS)], None)
}

/// The analysis with its parameters set.
fn compiled(set: &[(&str, f64)], double: bool) -> Compiled {
    let show = |d: Vec<_>| diag::render(&d, "analysis.yaml", ANALYSIS, false);
    let mut analysis = config::parse(ANALYSIS).unwrap_or_else(|d| panic!("{}", show(d)));
    for (name, value) in set {
        analysis.set_parameter(name, *value).expect("a value that can be set");
    }
    let schema = inputs().schema(&RunOptions::default()).expect("the file can be read");
    let options = Options::default();
    let found = compile_for(&analysis, ANALYSIS, &schema, &options);
    let mut compiled = found.unwrap_or_else(|d| panic!("{}", show(d)));
    compiled.plan.request.keep_doubles = double;
    compiled
}

fn resident(request: &Request) -> Resident {
    let options = RunOptions { chunk_events: Some(300), ..RunOptions::default() };
    let read = Resident::read(request, &inputs(), &options, u64::MAX, &mut ());
    read.expect("the events can be read").0
}

fn backend(double: bool) -> CpuBackend {
    CpuBackend::new(if double { Precision::Double } else { Precision::Single })
}

/// 101 thresholds, some of them numbers that events have; and two at a time.
#[test]
fn one_pass_gives_what_separate_runs_give() {
    let met: Vec<f64> = (0..101).map(|i| 0.7 * f64::from(i)).collect();
    let pt: Vec<f64> = [0.0, 18.5, 20.0, 33.25, 60.0].to_vec();
    let most: Vec<f64> = (0..6).map(f64::from).collect();
    let grids: [Vec<(&str, usize, &[f64])>; 4] = [
        vec![("met", 0, &met)],
        vec![("most", 2, &most)],
        vec![("lpt", 1, &pt), ("met", 0, &met[..20])],
        vec![("met", 0, &met[40..43]), ("most", 2, &most)],
    ];
    let mut compared = 0;
    for double in [false, true] {
        let events = resident(&compiled(&[], double).plan.request);
        assert_eq!(events.events, 1000);
        for grid in &grids {
            let thresholds: Vec<Thresholds> = grid
                .iter()
                .map(|(_, parameter, values)| Thresholds {
                    parameter: *parameter,
                    values: values.to_vec(),
                })
                .collect();
            // Cutflows are not histograms of values.
            let mut base = compiled(&[], double);
            base.regions.clear();
            let kept: Vec<_> =
                base.histograms.iter().map(|h| base.plan.fills[h.fill].clone()).collect();
            for (k, info) in base.histograms.iter_mut().enumerate() {
                info.fill = k;
            }
            base.plan.fills = kept;
            let made = Grid::new(&base, &thresholds).expect("cuts that can be taken out");
            let filled = events.evaluate(&made.compiled.plan, &backend(double)).expect("it runs");
            let last = grid.last().expect("a parameter").2.len();
            for point in 0..grid.iter().map(|(_, _, values)| values.len()).product::<usize>() {
                let position =
                    if grid.len() == 1 { vec![point] } else { vec![point / last, point % last] };
                let set: Vec<(&str, f64)> =
                    grid.iter().zip(&position).map(|((name, _, v), i)| (*name, v[*i])).collect();
                let own = compiled(&set, double);
                let wanted = events.evaluate(&own.plan, &backend(double)).expect("it runs");
                let found = made.at(&filled.fills, &position);
                for (info, fill) in own.histograms.iter().zip(found) {
                    let wanted = &wanted.fills[info.fill];
                    assert_eq!(fill.counts, wanted.counts, "{} at {set:?}", info.name);
                    assert_eq!(fill.sums, wanted.sums, "{} at {set:?}", info.name);
                    compared += fill.counts.len();
                }
            }
        }
    }
    assert!(compared > 10_000, "{compared} bins");
}

/// What is no threshold of a cut is refused, to be computed point by point.
#[test]
fn other_parameters_are_refused() {
    let table = [
        ("value: MET.pt + t", "MET.pt > 10"),
        ("value: MET.pt", "MET.pt > 2 * t"),
        ("value: MET.pt", "MET.pt > t or MET.phi > 0"),
        ("value: MET.pt", "not MET.pt > t"),
        ("value: MET.pt", "MET.pt > t and MET.phi > t"),
        ("value: MET.pt", "count(Jet[pt > t]) > 1"),
        ("value: Jet[pt > t].pt", "MET.pt > 10"),
    ];
    let schema = inputs().schema(&RunOptions::default()).expect("the file can be read");
    for (value, cut) in table {
        let text = format!(
            "parameters:\n  t: {{start: 20}}\nregions:\n  r:\n    - cut: {cut}\nhistograms:\n  h:\n    \
             {value}\n    bins: [4, 0, 80]\n    regions: [r]\n"
        );
        let analysis = config::parse(&text).expect("it parses");
        let compiled = compile_for(&analysis, &text, &schema, &Options::default());
        let compiled =
            compiled.unwrap_or_else(|d| panic!("{}", diag::render(&d, "a", &text, false)));
        let thresholds = [Thresholds { parameter: 0, values: vec![10.0, 20.0] }];
        assert!(Grid::new(&compiled, &thresholds).is_none(), "{value} {cut}");
    }
}

/// Events in memory, in halves, for another request, with parameters set in the
/// plan: all the same bits as a run over the file.
#[test]
fn memory_gives_what_files_give() {
    let set = [("met", 33.0), ("lpt", 25.0), ("most", 3.0)];
    let own = compiled(&set, false);
    let backend = backend(false);
    let options = RunOptions::default();
    let wanted = run::run(&own, &inputs(), &backend, &options, &mut ()).expect("it runs").partial;
    let mut wider = own.plan.request.clone();
    wider.columns.reverse();
    let wider = wider.with(&Request {
        counters: vec!["nTau".into()],
        columns: vec![gpuana::batch::RequestedColumn { branch: "Tau_pt".into(), counter: Some(0) }],
        keep_doubles: false,
    });
    let all = resident(&wider);
    let mut plan = compiled(&[], false).plan;
    plan.set_parameters(&set.map(|(_, value)| value));
    let halves = [Half::Even, Half::Odd].map(|half| all.half(half));
    assert_eq!(halves.each_ref().map(|h| h.events), [500, 500]);
    let mut sum = halves[0].evaluate(&plan, &backend as &dyn Backend).expect("it runs");
    sum.merge(&halves[1].evaluate(&plan, &backend).expect("it runs"));
    assert_eq!(sum, wanted);
    assert_eq!(all.evaluate(&plan, &backend).expect("it runs"), wanted);
    let error = resident(&Request::default()).evaluate(&plan, &backend).expect_err("no columns");
    assert!(error.to_string().contains("was not read with the others"), "{error}");
    let few = Resident::read(&wider, &inputs(), &options, 1000, &mut ()).expect_err("too many");
    assert!(few.to_string().contains("raise --memory"), "{few}");
}
