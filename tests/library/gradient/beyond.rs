//! `flow: renorm` of entries that are beyond the axis, where what reaches a bin and
//! what reaches any fade: nothing is lost, and shares and derivatives are their limits.

use super::events::{
    Case, column, deviation, differentiated, gradient_with, jacobian, run, table, values,
};
use crate::support::Table;
use crate::support::gpu;
use gpuana::backend::Backend;
use gpuana::backend::cpu::CpuBackend;
use gpuana::backend::gpu::{Choice, Gpu, GpuBackend};
use gpuana::gradient::{Differentiated, Extent};

const EDGES: [f64; 5] = [0.0, 1.5, 2.0, 5.0, 5.25];
const H: f64 = 1.25;
/// In bandwidths beyond the nearest edge. Windows are 6, 18 and 1 of them.
const DISTANCES: [f64; 13] =
    [0.5, 1.0, 1.5, 5.875, 6.0, 6.125, 9.0, 17.5, 18.0, 18.5, 37.5, 90.0, 1000.0];

/// Of the share of an entry: the rounding of a quotient of two exponentials whose
/// exponents, of some 20, are rounded.
const SHARE: f64 = 2e-6;
/// Derivatives are differences of hazards times the distance.
const SLOPE: f64 = 2e-5;
const CURVE: f64 = 2e-4;

fn analysis(kernels: &[&str], mode: &str) -> String {
    let mut text = format!(
        "parameters:\n  s: {{start: 0}}\n  h: {{start: {H}}}\n  t: {{start: 0}}\nhistograms:\n"
    );
    for kernel in kernels {
        text += &format!(
            "  {kernel}:\n    value: x + s\n    weight: sigmoid(0.01 * (x - t))\n    \
             edges: {EDGES:?}\n    \
             soft: {{kernel: {kernel}, flow: renorm, bandwidth: h, mode: {mode}}}\n"
        );
    }
    text
}

fn events(x: &[f64]) -> Table {
    table(vec![("x", column(None, &x.iter().map(|x| vec![*x]).collect::<Vec<_>>()))])
}

/// Values at the distances to both sides.
fn places() -> Vec<f64> {
    DISTANCES.iter().flat_map(|d| [-d * H, EDGES[4] + d * H]).collect()
}

const SMOOTH: [&str; 2] = ["gauss", "logistic"];
const ALL: [&str; 5] = ["gauss", "logistic", "uniform", "triangular", "epanechnikov"];

fn second() -> Extent {
    Extent { second: vec![[0, 0], [0, 1], [1, 1]], ..Extent::default() }
}

/// The shares of bins: integrals of the density, in units of what it is at the
/// nearest edge.
fn integrals(kernel: &str, x: f64) -> Vec<f64> {
    let near = if x < 0.0 { -x } else { x - EDGES[4] };
    let (b, steps) = (near / H, 2000);
    let density = |at: f64| {
        let apart = ((at - x).abs() - near) / H;
        match kernel {
            "gauss" => (-0.5 * apart * (apart + 2.0 * b)).exp(),
            _ => (-apart).exp() * ((1.0 + (-b).exp()) / (1.0 + (-b - apart).exp())).powi(2),
        }
    };
    let bin = |e: &[f64]| {
        // Simpson's rule, with steps that follow the density to the nearest edge.
        let (low, width) = if x < 0.0 { (e[0], e[1] - e[0]) } else { (e[1], e[0] - e[1]) };
        let at = |i: usize| {
            let u = i as f64 / steps as f64;
            u.powi(4) * density(low + width * u.powi(4) * u) * 5.0
        };
        let odd: f64 = (1..steps).step_by(2).map(at).sum();
        let even: f64 = (2..steps).step_by(2).map(at).sum();
        (at(0) + 4.0 * odd + 2.0 * even + at(steps)) / (3 * steps) as f64 * width.abs()
    };
    let bins: Vec<f64> = EDGES.windows(2).map(bin).collect();
    let whole: f64 = bins.iter().sum();
    bins.iter().map(|b| b / whole).collect()
}

#[test]
fn shares_are_those_of_the_density_near_the_edge() {
    for x in places() {
        for case in [Case::DOUBLE, Case::SINGLE] {
            let found = differentiated(
                &analysis(&SMOOTH, "windowed"),
                &events(&[x]),
                &[],
                case,
                &Extent::default(),
            );
            for (kernel, found) in SMOOTH.into_iter().zip(&found) {
                let single = case.precision == Case::SINGLE.precision;
                // 2000 steps are good to 1e-9.
                let allowed = if single { SHARE } else { 1e-8 };
                let shares = values(found);
                let sum: f64 = shares.iter().sum();
                let shares: Vec<f64> = shares.iter().map(|v| v / sum).collect();
                let off = deviation(&shares, &integrals(kernel, x));
                assert!(off < allowed, "{kernel} at {x}, {:?}: {off:.1e}", case.precision);
            }
        }
    }
}

/// Each entry alone, so that none hides behind others.
#[test]
fn derivatives_agree_with_finite_differences() {
    let text = analysis(&ALL[..2], "windowed");
    for x in places() {
        let event = events(&[x]);
        let at = |s: f64, h: f64, case: Case| {
            differentiated(&text, &event, &[("s", s), ("h", h)], case, &second())
        };
        let (found, single) = (at(0.0, H, Case::DOUBLE), at(0.0, H, Case::SINGLE));
        let step = 1e-5;
        let moved = [[step, 0.0], [0.0, step]]
            .map(|[s, h]| [at(-s, H - h, Case::DOUBLE), at(s, H + h, Case::DOUBLE)]);
        for (i, (found, single)) in found.iter().zip(&single).enumerate() {
            let kernel = ALL[i];
            let column = |of: &[Vec<f64>], k: usize| -> Vec<f64> {
                of[1..of.len() - 1].iter().map(|row| row[k]).collect()
            };
            let largest = |of: &[f64]| of.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            for (k, [less, more]) in moved.iter().enumerate() {
                let difference = |of: &dyn Fn(&Differentiated) -> Vec<f64>| -> Vec<f64> {
                    let both = of(&more[i]).into_iter().zip(of(&less[i]));
                    both.map(|(a, b)| (a - b) / (2.0 * step)).collect()
                };
                let slope = column(&found.jacobian, k);
                // Differences of shares round to 1e-11.
                let wanted = difference(&values);
                let off = largest(&subtracted(&slope, &wanted));
                assert!(off < 1e-9, "{kernel} at {x} by {k}: {slope:?} {wanted:?}");
                let off = largest(&subtracted(&slope, &column(&single.jacobian, k)));
                assert!(off < SLOPE, "{kernel} at {x} by {k}, single: {off:.1e}");
                for (pair, [_, j]) in [[0, 0], [0, 1], [1, 1]].into_iter().enumerate() {
                    let first = if pair == 2 { 1 } else { 0 };
                    let curve = column(&found.second, pair);
                    if j == k {
                        let wanted = difference(&|d| column(&d.jacobian, first));
                        let off = largest(&subtracted(&curve, &wanted));
                        assert!(off < 1e-8, "{kernel} at {x}, {pair}: {curve:?} {wanted:?}");
                    }
                    let off = largest(&subtracted(&curve, &column(&single.second, pair)));
                    assert!(off < CURVE, "{kernel} at {x}, {pair}, single: {off:.1e}");
                }
            }
        }
    }
}

fn subtracted(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Of all kernels, in both modes and precisions, as far as numbers go: the contents
/// are the sum of weights, and so are their derivatives by what the weight depends on.
#[test]
fn nothing_is_lost() {
    let far = [1e6, -1e6, 1e30, -1e30, f64::INFINITY, f64::NEG_INFINITY];
    let places: Vec<f64> = places().into_iter().chain(far).collect();
    for mode in ["windowed", "all-bin"] {
        for case in [Case::DOUBLE, Case::SINGLE] {
            let text = analysis(&ALL, mode).replace("0.01 * (x - t)", "0.01 * (1 - t)");
            let found = differentiated(&text, &events(&places), &[], case, &Extent::default());
            let weight = 1.0 / (1.0 + (-0.01f64).exp());
            for (kernel, found) in ALL.into_iter().zip(&found) {
                let n = places.len() as f64;
                let sum: f64 = values(found).iter().sum();
                assert!((sum / (n * weight) - 1.0).abs() < 2e-7, "{kernel} {mode}: {sum}");
                assert_eq!((found.histogram.entries as usize, found.dropped), (places.len(), 0));
                let slopes = |k: usize| jacobian(found).iter().map(move |row| row[k]);
                let by_t: f64 = slopes(2).sum();
                let wanted = -0.01 * n * weight * (1.0 - weight);
                assert!((by_t / wanted - 1.0).abs() < 1e-6, "{kernel} {mode}: {by_t} {wanted}");
                // What moves from bin to bin is not lost.
                for k in [0, 1] {
                    let size: f64 = slopes(k).map(f64::abs).sum();
                    let sum: f64 = slopes(k).sum();
                    assert!(sum.abs() <= 1e-5 * size.max(1.0), "{kernel} {mode} {k}: {sum}");
                }
            }
        }
    }
}

/// Six entries beyond [0, 200] by 4 to 57 bandwidths, and one that is just not: all are
/// in the last bin, but for what the logistic tail has before it.
#[test]
fn entries_beyond_are_in_the_last_bin() {
    let x = [100.0, 230.0, 250.0, 290.0, 300.0, 350.0, 450.0, 600.0];
    for kernel in ["gauss", "logistic"] {
        for mode in ["windowed", "all-bin"] {
            let text = format!(
                "parameters: {{h: {{start: 7}}}}\nhistograms:\n  w:\n    value: x\n    bins: [4, 0, 200]\n    \
                 soft: {{kernel: {kernel}, bandwidth: h, flow: renorm, mode: {mode}}}\n"
            );
            for case in [Case::DOUBLE, Case::SINGLE] {
                let found = differentiated(&text, &events(&x), &[], case, &Extent::default());
                let (found, sum) = (values(&found[0]), values(&found[0]).iter().sum::<f64>());
                assert!((sum - 8.0).abs() < 1e-6, "{kernel} {mode}: {sum}");
                assert!((found[3] - 7.0).abs() < 0.01, "{kernel} {mode}: {found:?}");
            }
        }
    }
}

#[test]
fn a_gpu_gives_the_same_bits() {
    let gpu = match Gpu::open(&Choice::from_env().expect("a valid choice")) {
        Ok(gpu) => GpuBackend::new(gpu),
        Err(error) => return gpu::absent("beyond the axis", &error.to_string()),
    };
    let far = [1e6, -1e30, f64::INFINITY, f64::NEG_INFINITY, 3.0];
    let events = events(&places().into_iter().chain(far).collect::<Vec<_>>());
    let text = analysis(&["gauss", "logistic", "triangular"], "windowed");
    let gradient = gradient_with(&text, &events, &[], &second()).expect("a gradient");
    let found = run(&gpu, &gradient.compiled, &events);
    let wanted = run(&CpuBackend::default(), &gradient.compiled, &events);
    let both = found.fills.iter().zip(&wanted.fills).enumerate();
    let wrong: Vec<usize> = both.filter(|(_, (a, b))| a != b).map(|(k, _)| k).collect();
    assert!(wrong.is_empty(), "fills {wrong:?} differ");
    gpu::present("beyond the axis", found.fills.len(), &gpu.name());
}
