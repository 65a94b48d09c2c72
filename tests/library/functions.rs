//! Every scalar function in single precision against double precision.

use crate::support::random::Random;
use gpuana::backend::flush::FlushDenormals;
use gpuana::kernels::real::f_load;
use gpuana::kernels::{Accuracy, FUNCTIONS, Function};

/// Any bits but those of denormals.
fn any(random: &mut Random) -> f32 {
    f_load(random.word() as u32)
}

fn within(random: &mut Random, (low, high): (f32, f32)) -> f32 {
    let unit = (random.word() >> 40) as f32 / 16_777_216.0;
    low + (high - low) * unit
}

/// The cases, as many uniform arguments in the range, log-uniform ones, and any bits.
fn arguments(function: &Function, random: &mut Random) -> [Vec<f32>; 2] {
    let mut out = [Vec::new(), Vec::new()];
    let mut push = |a: f32, b: f32| {
        out[0].push(f_load(a.to_bits()));
        out[1].push(f_load(b.to_bits()));
    };
    for [a, b] in function.cases {
        push(*a, *b);
    }
    for _ in 0..200_000 {
        push(within(random, function.range), within(random, function.range));
        push(any(random), any(random));
        let size = within(random, (-20.0, 3.0)).exp2() * random.pick(&[-1.0, 1.0]);
        push(size, within(random, (-8.0, 8.0)));
        push(1.0 + size * 1e-3, within(random, (-300.0, 300.0)));
    }
    out
}

fn single(function: &Function, arguments: &[Vec<f32>; 2]) -> Vec<f32> {
    let _flush = FlushDenormals::enter();
    let mut out = vec![0.0; arguments[0].len()];
    let slices: Vec<&[f32]> = arguments[..function.arity()].iter().map(Vec::as_slice).collect();
    function.map32(&slices, &mut out);
    out
}

fn double(function: &Function, arguments: &[Vec<f32>; 2]) -> Vec<f64> {
    let wide: Vec<Vec<f64>> =
        arguments.iter().map(|a| a.iter().map(|x| f64::from(*x)).collect()).collect();
    let slices: Vec<&[f64]> = wide[..function.arity()].iter().map(Vec::as_slice).collect();
    let mut out = vec![0.0; wide[0].len()];
    function.map64(&slices, &mut out);
    out
}

/// Relative error; 0 for results that agree as far as single precision goes.
fn error(got: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    if got.is_nan() || exact.is_nan() {
        return if got.is_nan() && exact.is_nan() { 0.0 } else { f64::INFINITY };
    }
    // Just above the largest number and just below the smallest normal one a
    // result within the bound may fall to the other side.
    if rounded.is_infinite() || got.is_infinite() {
        let near = exact.abs() > f64::from(f32::MAX) * (1.0 - 2.3e-7);
        return if near && (got.abs() >= f32::MAX * 0.999_999) { 0.0 } else { f64::INFINITY };
    }
    if exact.abs() < f64::from(f32::MIN_POSITIVE) * (1.0 + 2.3e-7) {
        let tiny = got.abs() <= f32::MIN_POSITIVE * 1.000_001;
        return if tiny { 0.0 } else { f64::INFINITY };
    }
    ((f64::from(got) - exact) / exact).abs()
}

/// Arguments for which the documentation promises NaN instead of a value.
fn beyond(function: &Function, a: f32, b: f32) -> bool {
    function.name == "delta_phi" && (b - a).abs() > 8192.0
}

/// Next to half a turn a difference of angles may get either sign: their
/// product is then -pi^2 = -9.8696.
#[test]
fn functions_are_as_accurate_as_they_promise() {
    let mut failures = Vec::new();
    for function in FUNCTIONS {
        let arguments = arguments(function, &mut Random::new(17));
        let (got, exact) = (single(function, &arguments), double(function, &arguments));
        let bound = match function.accuracy {
            Accuracy::Exact => 2.0_f64.powi(-24),
            Accuracy::Relative(bound) => bound,
        };
        let mut worst = (0.0, 0.0, 0.0, 0.0, 0.0);
        for i in 0..got.len() {
            let (a, b) = (arguments[0][i], arguments[1][i]);
            if beyond(function, a, b) {
                if !got[i].is_nan() {
                    failures.push(format!("{}({a}, {b}) should be NaN", function.name));
                }
                continue;
            }
            let turned = function.name == "delta_phi" && f64::from(got[i]) * exact[i] < -9.869;
            let e = if turned { 0.0 } else { error(got[i], exact[i]) };
            if e > worst.0 {
                worst = (e, a, b, got[i], exact[i] as f32);
            }
        }
        if worst.0 > bound {
            failures.push(format!(
                "{}({:e}, {:e}) = {:e}, exact {:e}: relative error {:.2e}, promised {bound:.1e}",
                function.name, worst.1, worst.2, worst.3, worst.4, worst.0
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn signed_zeros_and_special_values() {
    let inf = f32::INFINITY;
    let table: &[(&str, &[f32], f32)] = &[
        ("sin", &[-0.0], -0.0),
        ("tan", &[-0.0], -0.0),
        ("sinh", &[-0.0], -0.0),
        ("asinh", &[-0.0], -0.0),
        ("tanh", &[-0.0], -0.0),
        ("atan2", &[-0.0, -1.0], -std::f32::consts::PI),
        ("atan2", &[0.0, -0.0], std::f32::consts::PI),
        ("atan2", &[-0.0, 2.0], -0.0),
        ("sqrt", &[-0.0], -0.0),
        ("round", &[-0.4], -0.0),
        ("ceil", &[-0.7], -0.0),
        ("floor", &[-0.0], -0.0),
        ("round", &[2.5], 2.0),
        ("round", &[-3.5], -4.0),
        ("log", &[0.0], -inf),
        ("log", &[1.0], 0.0),
        ("exp", &[0.0], 1.0),
        ("pow", &[-8.0, 3.0], -512.0),
        ("pow", &[-0.0, -3.0], -inf),
        ("pow", &[f32::NAN, 0.0], 1.0),
        ("pow", &[1.0, f32::NAN], 1.0),
        ("pow", &[-1.0, inf], 1.0),
        ("pow", &[2.0, 10.0], 1024.0),
        ("min", &[0.0, -0.0], 0.0),
        ("normal_quantile", &[0.5], 0.0),
        ("normal_quantile", &[1.0], inf),
        ("delta_phi", &[3.0, -3.0], 0.283_185_3),
        ("delta_phi", &[-3.0, 3.0], -0.283_185_3),
        ("delta_phi", &[1.0, 1.5], 0.5),
    ];
    for (name, arguments, expected) in table {
        let function = FUNCTIONS.iter().find(|f| f.name == *name).expect("a known function");
        let _flush = FlushDenormals::enter();
        let slices: Vec<&[f32]> = arguments.iter().map(std::slice::from_ref).collect();
        let mut out = [0.0];
        function.map32(&slices, &mut out);
        assert_eq!(out[0].to_bits(), expected.to_bits(), "{name}{arguments:?} = {}", out[0]);
    }
}
