//! Random soft histograms with parameters: gradients against finite differences,
//! single against double precision, and the device's bits.

use super::events::{Case, column, deviation, gradient, run, table, try_gradient};
use crate::support::Table;
use crate::support::gpu;
use gpuana::backend::Backend;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::backend::gpu::{Choice, Gpu, GpuBackend};

/// Histograms of the analysis; and of the one for devices, of which software ones
/// end loops of many turns.
const PLANS: usize = 48;
const DEVICE_PLANS: usize = 12;

/// Of the largest derivative of a histogram. Values of some 10 have roundings of
/// 1e-6, of which kernels of 0.3 see three times as much, and sums of some such
/// terms cancel.
const SINGLE: f64 = 5e-4;
/// Differences with a step of 1e-5; compact kernels have kinks that an entry may
/// cross within one, and windowed ones end with 1e-8.
const DIFFERENCE: f64 = 1e-3;

/// Numbers that look random and are the same in every run (xorshift).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number from 0 to n - 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A smooth function of columns and parameters, from about -10 to 10.
    fn value(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one(&["x", "y", "x * a", "y * b", "x + c", "2.5 * c"]).into();
        }
        let inner = self.value(depth - 1);
        match self.below(7) {
            0 => format!("({inner}) + {}", self.value(0)),
            1 => format!("({inner}) * (1 + 0.1 * b)"),
            2 => format!("3 * log(1 + ({inner}) ** 2)"),
            3 => format!("sqrt(({inner}) ** 2 + c ** 2)"),
            4 => format!("4 * sin(0.3 * ({inner}))"),
            5 => format!("({inner}) / (1 + 0.2 * a ** 2)"),
            _ => format!("(if y > 0 then {inner} else {})", self.value(0)),
        }
    }

    fn weight(&mut self) -> String {
        let value = self.value(0);
        match self.below(4) {
            0 => "w".into(),
            1 => format!("w * sigmoid(1.5 * ({value} - c))"),
            2 => format!("w * exp(-0.1 * ({value}))"),
            _ => format!("(w - 0.5) * (1 + b * ({value}))"),
        }
    }

    fn axis(&mut self) -> &'static str {
        self.one(&["bins: [7, -3, 9]", "edges: [-4, -1, -0.9, 2.5, 8]", "bins: [12, -5, 5]"])
    }

    /// Its lines and whether its density jumps.
    fn histogram(&mut self, name: &str) -> (String, bool) {
        let kernel =
            self.one(&["gauss", "logistic", "uniform", "triangular", "epanechnikov", "softmax"]);
        let flow = match kernel {
            "softmax" => "none",
            _ => self.one(&["none", "bins", "fold", "renorm"]),
        };
        let mode = self.one(&["windowed", "all-bin"]);
        let (depth, two) = (self.below(3), self.below(4) == 0);
        let mut text = format!("  {name}:\n");
        let width = if two {
            let (first, second) = (self.value(depth), self.value(1));
            text += &format!("    axes:\n      - {{value: \"{first}\", {}}}\n", self.axis());
            text += &format!("      - {{value: \"{second}\", {}}}\n", self.axis());
            self.one(&["[h, 0.8]", "[1.5 bins, h]", "[h, h]"])
        } else {
            text += &format!("    value: {}\n    {}\n", self.value(depth), self.axis());
            self.one(&["h", "0.75", "1.5 bins"])
        };
        text += &format!("    weight: {}\n", self.weight());
        text += &format!(
            "    soft: {{kernel: {kernel}, flow: {flow}, mode: {mode}, bandwidth: {width}}}\n"
        );
        (text, kernel == "uniform")
    }
}

/// The analysis, and which of its histograms have densities that jump.
pub(crate) fn analysis(plans: usize) -> (String, Vec<bool>) {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut text = String::from(
        "parameters:\n  a: {start: 1.25}\n  b: {start: -0.4}\n  c: {start: 0.7}\n  \
         h: {start: 0.6}\nhistograms:\n",
    );
    let mut jumps = Vec::new();
    for k in 0..plans {
        let (lines, jump) = random.histogram(&format!("h{k}"));
        text += &lines;
        jumps.push(jump);
    }
    (text, jumps)
}

/// The parameters' values.
pub(crate) const AT: [(&str, f64); 4] = [("a", 1.25), ("b", -0.4), ("c", 0.7), ("h", 0.6)];

/// Events with the columns that the analysis has.
pub(crate) fn events(n: usize) -> Table {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut of = |low: f64, high: f64| {
        let number = |r: &mut Random| low + (high - low) * r.below(1 << 20) as f64 / 1048576.0;
        column(None, &(0..n).map(|_| vec![number(&mut random)]).collect::<Vec<_>>())
    };
    table(vec![("x", of(-4.0, 8.0)), ("y", of(-2.0, 2.0)), ("w", of(0.0, 2.0))])
}

fn of(rows: &[Vec<f64>], k: usize) -> Vec<f64> {
    rows.iter().map(|row| row[k]).collect()
}

#[test]
fn random_plans_agree_with_finite_differences() {
    let ((text, jumps), events) = (analysis(PLANS), events(150));
    let double = gradient(&text, &events, &AT, Case::DOUBLE);
    let single = gradient(&text, &events, &AT, Case::SINGLE);
    let (mut wrong, mut worst) = (Vec::new(), [0.0f64; 2]);
    for (k, (name, value)) in AT.into_iter().enumerate() {
        let step = 1e-5;
        let with = |value: f64| {
            let mut set = AT;
            set[k].1 = value;
            gradient(&text, &events, &set, Case::DOUBLE)
        };
        let (less, more) = (with(value - step), with(value + step));
        for (i, found) in double.iter().enumerate() {
            let cells = 0..found.histogram.cells();
            let difference =
                |c| (more[i].histogram.value(c) - less[i].histogram.value(c)) / (2.0 * step);
            let differences: Vec<f64> = cells.map(difference).collect();
            let column = of(&found.jacobian, k);
            let mut note = |what: usize, off: f64, allowed: f64| {
                worst[what] = worst[what].max(off);
                if off > allowed {
                    let which = ["differences", "single precision"][what];
                    wrong.push(format!("{} by {name}, {which}: {off:.1e}", found.histogram.name));
                }
            };
            // A derivative that is zero has differences of rounding.
            if column.iter().any(|x| x.abs() > 1e-6) {
                note(0, deviation(&column, &differences), DIFFERENCE);
            }
            if !jumps[i] {
                note(1, deviation(&of(&single[i].jacobian, k), &column), SINGLE);
            }
        }
    }
    println!("random plans: differences {:.1e}, single precision {:.1e}", worst[0], worst[1]);
    assert!(wrong.is_empty(), "{}\n{text}", wrong.join("\n"));
}

#[test]
fn random_plans_on_a_gpu() {
    let gpu = match Gpu::open(&Choice::from_env().expect("a valid choice")) {
        Ok(gpu) => GpuBackend::new(gpu),
        Err(error) => return gpu::absent("random gradients", &error.to_string()),
    };
    let ((text, _), events) = (analysis(DEVICE_PLANS), events(60));
    let gradient = try_gradient(&text, &events, &AT).expect("a gradient");
    let found = run(&gpu, &gradient.compiled, &events);
    let wanted = run(&CpuBackend::new(Precision::Single), &gradient.compiled, &events);
    let fills = &gradient.compiled.plan.fills;
    let both = fills.iter().zip(found.fills.iter().zip(&wanted.fills));
    let wrong: Vec<&str> =
        both.filter(|(_, (a, b))| a != b).map(|(fill, _)| fill.name.as_str()).collect();
    assert!(wrong.is_empty(), "{} fills differ: {wrong:?}", wrong.len());
    gpu::present("random gradients", fills.len(), &gpu.name());
}
