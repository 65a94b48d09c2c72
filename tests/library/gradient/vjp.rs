//! Gradients for a cotangent against the Jacobian times the same numbers.

use super::events::{Case, column, run, table};
use super::random::{AT, Random, analysis, events};
use crate::support::Table;
use crate::support::gpu;
use gpuana::analysis::Compiled;
use gpuana::backend::Backend;
use gpuana::backend::cpu::CpuBackend;
use gpuana::config;
use gpuana::diag;
use gpuana::gradient::{Gradient, Pulled, Vjp};
use gpuana::lang::check::{Options, compile_for};
use gpuana::syntax::Parameter;

/// Sums of some terms that cancel, of the largest of them.
const DOUBLE: f64 = 1e-14;
/// Shares and adjoints are rounded a few times each, to 6e-8 of terms that cancel.
const SINGLE: f64 = 1e-6;

fn compiled(text: &str, table: &Table, set: &[(&str, f64)]) -> (Compiled, Vec<Parameter>) {
    let show = |d: Vec<_>| diag::render(&d, "analysis.yaml", text, false);
    let mut analysis = config::parse(text).map_err(show).unwrap_or_else(|e| panic!("{e}"));
    for (name, value) in set {
        analysis.set_parameter(name, *value).expect("a value that it may have");
    }
    let options = Options { soft_cuts: true, ..Options::default() };
    let compiled = compile_for(&analysis, text, &table.schema(), &options).map_err(show);
    (compiled.unwrap_or_else(|e| panic!("{e}\n{text}")), analysis.parameters)
}

/// Numbers from -1 to 1 for the cells of a histogram.
fn cotangent(name: &str, cells: usize) -> Vec<f64> {
    let seed =
        name.bytes().fold(0x2545_f491_4f6c_dd1d, |s: u64, b| s.rotate_left(7) ^ u64::from(b));
    let mut random = Random(seed);
    (0..cells).map(|_| random.below(1 << 20) as f64 / 524_288.0 - 1.0).collect()
}

/// An analysis, and what multiplying its Jacobian gives.
struct Setup<'t> {
    text: &'t str,
    table: &'t Table,
    case: Case,
    compiled: Compiled,
    parameters: Vec<Parameter>,
    /// By name the Jacobian of each histogram.
    jacobians: Vec<(String, Vec<Vec<f64>>)>,
}

impl<'t> Setup<'t> {
    fn new(text: &'t str, table: &'t Table, set: &[(&str, f64)], case: Case) -> Self {
        let (compiled, parameters) = compiled(text, table, set);
        let gradient = Gradient::new(&compiled, &parameters).expect("a gradient");
        let partial = run(&CpuBackend::new(case.precision), &gradient.compiled, table);
        let results = gradient.results(&partial.fills).into_iter();
        let jacobians = results.map(|r| (r.histogram.name.clone(), r.jacobian)).collect();
        Setup { text, table, case, compiled, parameters, jacobians }
    }

    /// The gradient for the cotangents of the histograms that are `taken`; whether
    /// in one walk.
    fn pulled(&self, taken: impl Fn(&str) -> bool) -> (Pulled, bool) {
        let numbers = |name: &str, fill: usize| {
            let cells = self.compiled.plan.fills[fill].cells();
            taken(name).then(|| cotangent(name, cells))
        };
        let vjp = Vjp::new(&self.compiled, &self.parameters, |info| numbers(&info.name, info.fill));
        let vjp = vjp.unwrap_or_else(|e| panic!("{e}\n{}", self.text));
        let partial = run(&CpuBackend::new(self.case.precision), &vjp.compiled, self.table);
        if let Some(gpu) = self.case.gpu {
            let device = run(gpu, &vjp.compiled, self.table);
            assert!(device.fills == partial.fills, "the GPU has other bits:\n{}", self.text);
        }
        (vjp.results(&partial.fills), vjp.is_reverse())
    }

    /// The largest difference to the product with the Jacobian, of the sum of the
    /// sizes of its terms.
    fn deviation(&self, found: &Pulled, taken: impl Fn(&str) -> bool) -> f64 {
        let mut wanted = vec![[0.0f64; 2]; self.parameters.len()];
        for (name, jacobian) in self.jacobians.iter().filter(|(name, _)| taken(name)) {
            for (row, c) in jacobian.iter().zip(cotangent(name, jacobian.len())) {
                for (sum, d) in wanted.iter_mut().zip(row) {
                    sum[0] += c * d;
                    sum[1] += (c * d).abs();
                }
            }
        }
        let off = |(found, [wanted, size]): (&f64, &[f64; 2])| match *size {
            0.0 if *found == 0.0 => 0.0,
            size => (found - wanted).abs() / size,
        };
        let all: Vec<f64> = found.gradient.iter().zip(&wanted).map(off).collect();
        if all.iter().any(|x| x.is_nan()) { f64::NAN } else { all.into_iter().fold(0.0, f64::max) }
    }

    /// The largest deviation of each histogram alone and of all together; each must
    /// be one walk.
    fn check(&self, allowed: f64) -> f64 {
        let names = self.jacobians.iter().map(|(name, _)| Some(name.as_str()));
        let (mut wrong, mut worst) = (Vec::new(), 0.0f64);
        for only in names.chain([None]) {
            let taken = |name: &str| only.is_none_or(|only| only == name);
            let (found, reverse) = self.pulled(taken);
            let off = self.deviation(&found, taken);
            if !(reverse && found.dropped == 0 && off < allowed) {
                wrong.push(format!("{only:?}: {off:.1e}, reverse: {reverse}, {found:?}"));
            }
            worst = worst.max(off);
        }
        assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), self.text);
        worst
    }
}

const BOTH: [(Case, f64); 2] = [(Case::DOUBLE, DOUBLE), (Case::SINGLE, SINGLE)];

#[test]
fn random_plans_agree_with_their_jacobians() {
    let ((text, _), events) = (analysis(48), events(150));
    for (case, allowed) in BOTH {
        let worst = Setup::new(&text, &events, &AT, case).check(allowed);
        println!("random cotangents, {:?}: {worst:.1e}", case.precision);
    }
}

/// Events with up to 5 jets and 3 muons.
fn collisions(n: usize) -> Table {
    let mut random = Random(0x0123_4567_89ab_cdef);
    let mut number =
        |low: f64, high: f64| low + (high - low) * random.below(1 << 16) as f64 / 65536.0;
    let counts: Vec<[usize; 2]> =
        (0..n).map(|_| [number(0.0, 6.0) as usize, number(0.0, 4.0) as usize]).collect();
    let mut columns = Vec::new();
    for (name, counter, which) in [("Jet", "nJet", 0), ("Muon", "nMuon", 1)] {
        for (field, low, high) in
            [("pt", 15.0, 90.0), ("eta", -2.4, 2.4), ("phi", -3.1, 3.1), ("mass", 0.0, 9.0)]
        {
            let event = |c: &[usize; 2]| (0..c[which]).map(|_| number(low, high)).collect();
            let values: Vec<Vec<f64>> = counts.iter().map(event).collect();
            columns.push((format!("{name}_{field}"), column(Some(counter), &values)));
        }
    }
    let met: Vec<Vec<f64>> = (0..n).map(|_| vec![number(0.0, 120.0)]).collect();
    let phi: Vec<Vec<f64>> = (0..n).map(|_| vec![number(-3.1, 3.1)]).collect();
    columns.push(("MET_pt".to_owned(), column(None, &met)));
    columns.push(("MET_phi".to_owned(), column(None, &phi)));
    let columns = columns.iter().map(|(name, column)| (name.as_str(), column.clone())).collect();
    table(columns)
}

/// All that adjoints go through: members of combinations, chosen and sorted elements,
/// filters, concatenations, sums, what is not there, cuts that are smooth.
const STRUCTURES: &str = "
parameters:
  a: {start: 0.97}
  b: {start: 0.02}
  t: {start: 40, slope: k}
  k: {start: 0.15}
  h: {start: 12}
vary:
  jes:
    Jet.pt:
      a: Jet.pt * a * (1 + b * abs(Jet.eta))
define:
  hard: Jet[abs(eta) < 1.8]
  jets: Jet.sort_by(-pt)
  leptons: concat(Jet, Muon)
  near(m): -0.5 * ((m - 60) / 20 / a) ** 2
  pair: pairs(hard).min_by(abs(mass - 60))
regions:
  two:
    - two jets: count(Jet) >= 2
    - leading jet: jets[0].pt > t
  soft_count:
    - counted: sum(sigmoid(k * (Jet.pt - t))) > t / 30
histograms:
  each: {value: Jet.pt, SOFT}
  pairs: {value: 'pairs(jets).mass', SOFT}
  triples: {value: 'triples(Jet).pt', SOFT}
  best: {value: pair.mass, SOFT}
  first_of_best: {value: 'pair[0].pt', SOFT}
  leading: {value: 'jets[0].pt', SOFT, regions: [two, soft_count]}
  ht: {value: sum(hard.pt), SOFT, regions: [all, soft_count]}
  mixed: {value: leptons.pt, SOFT}
  mixed_pairs: {value: 'pairs(leptons).mass', SOFT}
  best_mixed: {value: pairs(leptons).max_by(pt).mass, SOFT}
  weighted: {value: MET.pt, weight: 'exp(-b * sum(Jet.pt) / MET.pt)', SOFT}
  mt: {value: 'mt(jets[0], MET)', SOFT}
  of_none: {value: 'sqrt(jets[1].pt - 15) * 9', weight: 'if count(Jet) > 1 then 1 / jets[1].pt else a', SOFT}
  largest: {value: 'max(Jet.pt * (1 + b * max(Muon.pt)))', SOFT}
  softly_chosen: {value: Jet.pt, weight: exp(near(Jet.pt) - max(near(Jet.pt))), SOFT}
  two_axes:
    axes:
      - {value: 'jets[0].pt', bins: [5, 0, 150]}
      - {value: 'sum(Jet.pt)', bins: [4, 0, 300]}
    soft: {bandwidth: [h, 20]}
";

#[test]
fn structures_agree_with_their_jacobians() {
    let text = STRUCTURES.replace("SOFT", "bins: [10, 0, 200], soft: {bandwidth: h}");
    let events = collisions(300);
    for (case, allowed) in BOTH {
        let worst = Setup::new(&text, &events, &[], case).check(allowed);
        println!("cotangents of structures, {:?}: {worst:.1e}", case.precision);
    }
}

/// Software devices take long to compile: some histograms, with what differs most.
#[test]
fn a_device_has_the_bits_of_the_cpu() {
    let structures = STRUCTURES.replace("SOFT", "bins: [10, 0, 200], soft: {bandwidth: h}");
    let (random, _) = analysis(2);
    let inputs = [
        (structures, collisions(40), vec![], &["leading_two_jes_a"][..]),
        (random, events(40), AT.to_vec(), &["h0", "h1"][..]),
    ];
    for case in Case::SINGLE.and_others().into_iter().filter(|case| case.gpu.is_some()) {
        for (text, table, set, names) in &inputs {
            let setup = Setup::new(text, table, set, case);
            let (found, _) = setup.pulled(|name| names.contains(&name));
            let off = setup.deviation(&found, |name| names.contains(&name));
            assert!(off < SINGLE, "{off:e}");
        }
        let name = case.gpu.map(|gpu| gpu.name()).unwrap_or_default();
        gpu::present("cotangents", 3, &name);
    }
}

/// What is summed is one number a parameter and the contents, not a Jacobian.
#[test]
fn many_parameters_take_one_pass() {
    let many = 40;
    let mut text = String::from("parameters:\n");
    let mut weight = String::from("1");
    let mut value = String::from("x");
    for k in 0..many {
        text += &format!("  p{k}: {{start: {}}}\n", 0.01 * f64::from(k));
        weight += &format!(" + p{k} * sin({}.5 * x)", k + 1);
        value += &format!(" + 0.01 * p{k} * y / {}", k + 1);
    }
    text += &format!(
        "histograms:\n  h:\n    value: {value}\n    weight: {weight}\n    bins: [9, -4, 8]\n    \
         soft: {{bandwidth: 0.5}}\n"
    );
    let events = events(200);
    for (case, allowed) in BOTH {
        let setup = Setup::new(&text, &events, &[], case);
        let worst = setup.check(allowed);
        println!("40 parameters, {:?}: {worst:.1e}", case.precision);
        let cells = setup.compiled.plan.fills[setup.compiled.histograms[0].fill].cells();
        let (of, numbers) = (&setup.compiled, cotangent("h", cells));
        let vjp = Vjp::new(of, &setup.parameters, |_| Some(numbers.clone())).expect("a gradient");
        let fills = &vjp.compiled.plan.fills;
        let rows: usize = fills.iter().flat_map(|f| &f.soft).map(|soft| soft.rows.len()).sum();
        // One more says which entries to leave out.
        assert_eq!((fills.len(), rows), (2, many as usize + 1));
    }
}

/// Where a derivative of one histogram is infinite its entry is left out, and no other:
/// elements of an event, and what it is in other histograms, stay. Also where the
/// weight is 0, and where the cotangent is.
#[test]
fn an_entry_is_dropped_from_its_own_histogram() {
    let text = "
parameters:
  a: {start: 0.05}
  h: {start: 9}
histograms:
  m: {value: MET_pt, bins: [4, 0, 100], soft: {bandwidth: h}, weight: \"(a * sum(Jet.pt)) ** 0.5\"}
  x: {value: MET_pt, bins: [4, 0, 100], soft: {bandwidth: h}}
  each: {value: Jet.pt * (1 + a), bins: [4, 0, 100], weight: \"sqrt(a * (Jet.pt - 30))\", soft: {bandwidth: h, mode: all-bin}}
  zero: {value: MET_pt, bins: [4, 0, 100], weight: \"sqrt(a * x) * x\", soft: {bandwidth: h}}
";
    let table = Table::parse(
        "MET_pt: float32 = 20 | 40 | 60 | 80\nx: float32 = 0 | 1 | 2 | 0\n\
         Jet_pt: float32[nJet] = 50 30 | | 35 45 60 | 30",
    );
    for case in Case::SINGLE.and_others() {
        let setup = Setup::new(text, &table, &[], case);
        let gradient = Gradient::new(&setup.compiled, &setup.parameters).expect("a gradient");
        let partial = run(&CpuBackend::new(case.precision), &gradient.compiled, &table);
        let results = gradient.results(&partial.fills);
        let dropped: Vec<u64> = results.iter().map(|r| r.dropped).collect();
        assert_eq!(dropped, [1, 0, 2, 2]);
        // A software device takes long to compile.
        if case.gpu.is_some() {
            let (found, _) = setup.pulled(|name| name == "m" || name == "x");
            assert_eq!(found.dropped, 1);
            continue;
        }
        for (k, result) in results.iter().enumerate() {
            for only in [Some(result.histogram.name.as_str()), None] {
                let taken = |name: &str| only.is_none_or(|only| only == name);
                let (found, reverse) = setup.pulled(taken);
                let wanted = only.map_or(5, |_| dropped[k]);
                assert_eq!((found.dropped, reverse), (wanted, true), "{only:?}");
                let off = setup.deviation(&found, taken);
                assert!(off < SINGLE, "{only:?}: {off:e}");
                if only.is_some() {
                    assert_eq!(found.histograms[0].entries, result.histogram.entries);
                    let cells = 0..result.histogram.cells();
                    let values = |h: &gpuana::hist::Histogram| -> Vec<f64> {
                        cells.clone().map(|c| h.value(c)).collect()
                    };
                    assert_eq!(values(&found.histograms[0]), values(&result.histogram));
                }
            }
        }
    }
}

/// Where a derivative is infinite the event is left out of the gradient.
#[test]
fn what_has_no_finite_derivative_is_dropped() {
    let text = "
parameters:
  a: {start: 1}
histograms:
  h:
    value: x
    weight: sqrt((x - 1) * a)
    bins: [1, 0, 4]
    soft: {kernel: uniform, bandwidth: 0.5}
";
    let table = Table::parse("x: float32 = 1 | 2");
    for (case, _) in BOTH {
        let setup = Setup::new(text, &table, &[], case);
        let (found, reverse) = setup.pulled(|_| true);
        assert_eq!((found.dropped, reverse), (1, true));
        assert_eq!(found.gradient, [0.5 * cotangent("h", 3)[1] as f32 as f64]);
    }
}

/// `gpuana grad --cotangent` beside the Jacobian that `gpuana grad` writes, with
/// samples that are scaled, and what it says about files that are wrong.
#[test]
fn the_command_pulls_cotangents_back() {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let gpuana = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gpuana"));
        let command = command.current_dir(top).arg("grad").args(args).args(["--backend", "cpu"]);
        let output = command.arg("--output").arg(folder.path()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let read = |name: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    };
    let file = folder.path().join("cotangent.json");
    let path = file.to_str().expect("a path");
    let (dijet, landscape) =
        ("examples/differentiable/dijet.yaml", "examples/differentiable/cut_landscape.yaml");
    for example in [dijet, landscape] {
        assert_eq!(gpuana(&[example, "--precision", "f64"]).0, Some(0));
        let wanted = read("gradients.json");
        let all = wanted["histograms"].as_object().expect("an object");
        let numbers = |value: &serde_json::Value| -> Vec<f64> {
            value.as_array().expect("a list").iter().filter_map(|x| x.as_f64()).collect()
        };
        let mut given = serde_json::Map::new();
        let mut sums = vec![[0.0f64; 2]; wanted["parameters"].as_array().map_or(0, Vec::len)];
        for (name, of) in all {
            let jacobian = of["jacobian"].as_array().expect("rows");
            let own = cotangent(name, jacobian.len());
            for (c, row) in own.iter().zip(jacobian) {
                for (sum, d) in sums.iter_mut().zip(numbers(row)) {
                    *sum = [sum[0] + c * d, sum[1] + (c * d).abs()];
                }
            }
            given.insert(name.clone(), own.into());
        }
        let text = serde_json::Value::from(given).to_string();
        std::fs::write(&file, text).expect("a file");
        let (code, error) = gpuana(&[example, "--precision", "f64", "--cotangent", path]);
        assert_eq!((code, error.as_str()), (Some(0), ""));
        let found = read("vjp.json");
        assert_eq!((&found["way"], &found["dropped"]), (&"reverse".into(), &0.into()));
        for (d, [wanted, size]) in numbers(&found["gradient"]).iter().zip(&sums) {
            assert!((d - wanted).abs() <= 1e-11 * size && *size > 0.0, "{d} {wanted} {size}");
        }
        for (name, of) in all {
            assert_eq!(of["values"], found["histograms"][name]["values"]);
        }
    }
    for (text, expected) in [
        ("{", "this is no JSON that can be read"),
        ("[1, 2]", "this is no JSON object"),
        ("{}", "there are no histograms in it"),
        ("{\"mjj_two_jets\": 1}", "`mjj_two_jets` is no list of numbers"),
        ("{\"mjj_two_jets\": [1, null]}", "number 1 of `mjj_two_jets` (from 0) is null"),
        ("{\"mjj_two_jets\": [1e39]}", "it must be finite, and below 3.4e38"),
        ("{\"mjj_two_jets\": [1, 2]}", "has 2 numbers: it takes 52, one for each cell (52)"),
        ("{\"mjj_two_jet\": [1]}", "`mjj_two_jet`: did you mean `mjj_two_jets`?"),
    ] {
        std::fs::write(&file, text).expect("a file");
        let (code, error) = gpuana(&[dijet, "--cotangent", path]);
        assert!(code == Some(2) && error.contains(expected), "{text}: {code:?} {error}");
    }
    let (code, error) = gpuana(&[dijet, "--cotangent", "none.json"]);
    assert!(code == Some(2) && error.contains("none.json: No such file"), "{code:?} {error}");
    let (code, _) = gpuana(&[dijet, "--cotangent", path, "--check"]);
    assert_eq!(code, Some(2));
}
