//! Gradients against finite differences, and the device's against the CPU's.

use super::events::{Case, column, deviation, gradient, run, table, try_gradient};
use crate::support::Table;
use crate::support::gpu;
use gpuana::backend::Backend;
use gpuana::backend::cpu::CpuBackend;
use gpuana::backend::gpu::{Choice, Gpu, GpuBackend};
use gpuana::kernels::{Derivative, FUNCTIONS, Kernel};

/// Events that lie anywhere around an axis from 0 to 10.
fn events(n: u32) -> Table {
    let x = |i: u32| f64::from((i * 7919) % 1000) / 1000.0 * 14.0 - 2.0 + 1e-3;
    let w = |i: u32| f64::from((i * 104_729) % 97) / 32.0 - 0.5;
    let of = |f: &dyn Fn(u32) -> f64| column(None, &(0..n).map(|i| vec![f(i)]).collect::<Vec<_>>());
    table(vec![("x", of(&x)), ("w", of(&w))])
}

/// All kernels and flows, of a value and a weight that depend on parameters.
fn kernels() -> String {
    let mut text = String::from(
        "parameters:\n  a: {start: 1.25}\n  t: {start: 4}\n  h: {start: 0.75}\nhistograms:\n",
    );
    for kernel in ["gauss", "logistic", "uniform", "triangular", "epanechnikov", "softmax"] {
        for flow in ["none", "bins", "fold", "renorm"] {
            if kernel == "softmax" && flow != "none" {
                continue;
            }
            let mode = if flow == "bins" { "all-bin" } else { "windowed" };
            text += &format!(
                "  {kernel}_{flow}:\n    value: x * a\n    weight: w * sigmoid(2 * (x - t))\n    \
                 bins: [9, 0, 10]\n    soft: {{kernel: {kernel}, flow: {flow}, bandwidth: h, mode: {mode}}}\n"
            );
        }
    }
    text
}

#[test]
fn all_kernels_agree_with_finite_differences() {
    let (text, events) = (kernels(), events(400));
    let at = [("a", 1.25), ("t", 4.0), ("h", 0.75)];
    let found = gradient(&text, &events, &at, Case::DOUBLE);
    assert_eq!(found.len(), 21);
    for (k, (name, value)) in at.into_iter().enumerate() {
        let step = 1e-5;
        let with = |value: f64| {
            let mut set = at;
            set[k].1 = value;
            gradient(&text, &events, &set, Case::DOUBLE)
        };
        let (less, more) = (with(value - step), with(value + step));
        for ((found, less), more) in found.iter().zip(&less).zip(&more) {
            let column: Vec<f64> = found.jacobian.iter().map(|row| row[k]).collect();
            let cells = 0..found.histogram.cells();
            let difference = |c| (more.histogram.value(c) - less.histogram.value(c)) / (2.0 * step);
            let wanted: Vec<f64> = cells.map(difference).collect();
            let off = deviation(&column, &wanted);
            // A windowed logistic is cut off at 1.5e-8; kinks are crossed rarely.
            assert!(off < 1e-4, "{} by {name}: {off:.1e}", found.histogram.name);
            let largest = wanted.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            assert!(largest > 1e-3, "{} by {name} is dead", found.histogram.name);
        }
    }
}

/// Every function that can be called has its derivative, or none where it says so.
#[test]
fn all_functions_agree_with_finite_differences() {
    let events = table(vec![("x", column(None, &[vec![0.0]]))]);
    for function in FUNCTIONS {
        let name = function.name;
        let derivative = function.derivative();
        assert_eq!(derivative == Derivative::Steps, ["floor", "ceil", "round"].contains(&name));
        if derivative != Derivative::Rule {
            continue;
        }
        let (low, high) = (f64::from(function.range.0), f64::from(function.range.1));
        let inside = |part: f64| (low + part * (high - low)).clamp(-3.0, 3.0);
        let at = [("a", inside(0.63)), ("b", inside(0.41))];
        let call = match (function.arity(), name) {
            (_, "pow") => "(a + x) ** (b + x)".to_owned(),
            (1, _) => format!("{name}(a + x)"),
            _ => format!("{name}(a + x, b + x)"),
        };
        let text = format!(
            "parameters:\n  a: {{start: 0}}\n  b: {{start: 0}}\nhistograms:\n  h:\n    value: x\n    \
             weight: {call}\n    bins: [1, -1, 1]\n    soft: {{kernel: uniform, bandwidth: 0.5}}\n"
        );
        let of =
            |set: [(&str, f64); 2]| gradient(&text, &events, &set, Case::DOUBLE).swap_remove(0);
        let found = of(at);
        for k in 0..function.arity() {
            let step = 1e-6;
            let with = |by: f64| {
                let mut set = at;
                set[k].1 += by;
                of(set).histogram.value(1)
            };
            let wanted = (with(step) - with(-step)) / (2.0 * step);
            let derivative = found.jacobian[1][k];
            let off = (derivative - wanted).abs() / wanted.abs().max(1.0);
            assert!(off < 1e-6, "{name} {at:?} by {k}: {derivative} {wanted}");
        }
    }
}

#[test]
fn a_gpu_gives_the_same_bits() {
    let gpu = match Gpu::open(&Choice::from_env().expect("a valid choice")) {
        Ok(gpu) => GpuBackend::new(gpu),
        Err(error) => return gpu::absent("gradient", &error.to_string()),
    };
    let events = events(300);
    let gradient = try_gradient(&kernels(), &events, &[]).expect("a gradient");
    let found = run(&gpu, &gradient.compiled, &events);
    let wanted = run(&CpuBackend::default(), &gradient.compiled, &events);
    let fills = &gradient.compiled.plan.fills;
    let both = fills.iter().zip(found.fills.iter().zip(&wanted.fills));
    let wrong: Vec<&str> =
        both.filter(|(_, (a, b))| a != b).map(|(fill, _)| fill.name.as_str()).collect();
    assert!(wrong.is_empty(), "{} fills differ: {wrong:?}", wrong.len());
    gpu::present("gradient", fills.len(), &gpu.name());
}
