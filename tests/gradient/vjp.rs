//! Gradients for a cotangent against the Jacobian times the same numbers.

use crate::events::{Case, column, run, table};
use crate::random::{AT, Random, analysis, events};
use crate::support::Table;
use gpuana::analysis::Compiled;
use gpuana::backend::cpu::CpuBackend;
use gpuana::config::{self, Parameter};
use gpuana::diag;
use gpuana::gradient::{Gradient, Pulled, Vjp};
use gpuana::lang::check::{Options, compile_for};

/// Sums of some terms that cancel, of the largest of them.
const DOUBLE: f64 = 1e-12;
/// Shares and adjoints are rounded a few times each, to 6e-8 of terms that cancel.
const SINGLE: f64 = 1e-5;

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
    let seed = name.bytes().fold(0x2545_f491_4f6c_dd1d, |s: u64, b| s.rotate_left(7) ^ u64::from(b));
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
        let vjp =
            Vjp::new(&self.compiled, &self.parameters, |info| numbers(&info.name, info.fill));
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

    /// That of all histograms together, which must be one walk.
    fn of_all(&self) -> f64 {
        let (found, reverse) = self.pulled(|_| true);
        assert!(reverse, "{}", self.text);
        assert_eq!(found.dropped, 0, "{}", self.text);
        self.deviation(&found, |_| true)
    }
}

#[test]
fn random_plans_agree_with_their_jacobians() {
    let ((text, _), events) = (analysis(48), events(150));
    let mut wrong = Vec::new();
    for (case, allowed) in [(Case::DOUBLE, DOUBLE), (Case::SINGLE, SINGLE)] {
        let setup = Setup::new(&text, &events, &AT, case);
        let mut worst = setup.of_all();
        for k in 0..48 {
            let taken = |name: &str| name == format!("h{k}");
            let (found, reverse) = setup.pulled(taken);
            let off = setup.deviation(&found, taken);
            if !(reverse && found.dropped == 0 && off < allowed) {
                wrong.push(format!("h{k}: {off:.1e}, reverse: {reverse}, {found:?}"));
            }
            worst = worst.max(off);
        }
        println!("random cotangents, {:?}: {worst:.1e}", case.precision);
    }
    assert!(wrong.is_empty(), "{}\n{text}", wrong.join("\n"));
}

/// Events with up to 5 jets and 3 muons.
fn collisions(n: usize) -> Table {
    let mut random = Random(0x0123_4567_89ab_cdef);
    let mut number = |low: f64, high: f64| low + (high - low) * random.below(1 << 16) as f64 / 65536.0;
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
    let soft = "bins: [10, 0, 200], soft: {bandwidth: h}";
    let text = STRUCTURES.replace("SOFT", soft);
    let events = collisions(300);
    let mut wrong = Vec::new();
    for (case, allowed) in [(Case::DOUBLE, DOUBLE), (Case::SINGLE, SINGLE)] {
        let setup = Setup::new(&text, &events, &[], case);
        let mut worst = setup.of_all();
        for (name, _) in &setup.jacobians {
            let taken = |of: &str| of == name;
            let (found, reverse) = setup.pulled(taken);
            let off = setup.deviation(&found, taken);
            if !(reverse && found.dropped == 0 && off < allowed) {
                wrong.push(format!("{name}: {off:.1e}, reverse: {reverse}, {found:?}"));
            }
            worst = worst.max(off);
        }
        println!("cotangents of structures, {:?}: {worst:.1e}", case.precision);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
