//! Gradients for a cotangent against the Jacobian times the same numbers.

use crate::events::{Case, run};
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
