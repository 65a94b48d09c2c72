//! Second derivatives and those of variances; and histograms of two axes.

use super::events::{
    Case, Tally, column, compiled, deviation, differentiated, gradient, gradient_with, run, table,
    values,
};
use super::oracles::{Histograms, Jets, two_cuts};
use crate::support::gpu;
use crate::support::{Column, Table};
use gpuana::backend::Backend;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::backend::gpu::{Choice, Gpu, GpuBackend};
use gpuana::gradient::{Differentiated, Extent};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Second derivatives in single precision: they are differences of slopes, which
/// cancel once more than those of densities.
const SECOND: Case = Case::SINGLE.derivatives_within(2e-5);

#[derive(Deserialize)]
struct Second {
    softhist: BTreeMap<String, Vec<f64>>,
    dijet: Vec<Option<Vec<Vec<Vec<f64>>>>>,
    two_cuts: Vec<TwoCuts>,
}

#[derive(Deserialize)]
struct TwoCuts {
    /// Not where cuts are nearly hard.
    hess: Option<Vec<Vec<Vec<f64>>>>,
    jac_w2p2: Vec<Vec<f64>>,
}

fn wanted() -> Second {
    serde_json::from_str(include_str!("../../data/soft/second.json")).expect("JSON")
}

fn pairs(n: usize) -> Vec<[usize; 2]> {
    (0..n).flat_map(|j| (j..n).map(move |k| [j, k])).collect()
}

/// The rows of the bins, without flow unless it was kept.
fn inside<'a>(rows: &'a [Vec<f64>], flow: &str) -> &'a [Vec<f64>] {
    if flow == "bins" { rows } else { &rows[1..rows.len() - 1] }
}

/// For each bin the wanted second derivatives by these pairs.
fn picked(hess: &[Vec<Vec<f64>>], pairs: &[[usize; 2]]) -> Vec<Vec<f64>> {
    hess.iter().map(|h| pairs.iter().map(|[j, k]| h[*j][*k]).collect()).collect()
}

#[test]
fn bandwidths() {
    let (cases, wanted) = (Histograms::read(), wanted());
    for case in [Case::DOUBLE, SECOND] {
        let mut tally = Tally::new(case);
        let mut compared = 0;
        for h in &cases.cases {
            let Some(hess) = wanted.softhist.get(&h.name) else { continue };
            let extent = Extent { second: vec![[0, 0]], ..Extent::default() };
            let (text, events) = h.analysis();
            let found = differentiated(&text, &events, &[], case, &extent).swap_remove(0);
            let each: Vec<Vec<f64>> = hess.iter().map(|x| vec![*x]).collect();
            tally.takes(compared, 1);
            tally.jacobian(&h.name, inside(&found.second, &h.flow), &each);
            compared += 1;
        }
        assert!(compared > 25, "{compared}");
        tally.done("softhist, second");
    }
}

#[test]
fn dijet() {
    let (jets, wanted) = (Jets::read(), wanted());
    let events = jets.events(2);
    for case in [Case::DOUBLE, SECOND] {
        let mut tally = Tally::new(case);
        for (result, hess) in jets.dijet.iter().zip(&wanted.dijet) {
            let Some(hess) = hess else { continue };
            let (text, set) = jets.dijet_analysis(result);
            let pairs = pairs(set.len() + 1);
            let extent = Extent { second: pairs.clone(), ..Extent::default() };
            let found = differentiated(&text, &events, &set, case, &extent).swap_remove(1);
            let what = format!("{} at {:?}", result.form, result.alpha);
            tally.takes(0, 1);
            tally.jacobian(&what, inside(&found.second, "none"), &picked(hess, &pairs));
        }
        tally.done("dijet, second");
    }
}

#[test]
fn soft_cuts() {
    let (jets, wanted) = (Jets::read(), wanted());
    let events = jets.events(2);
    let pairs = pairs(5);
    let text = two_cuts(&jets.edges);
    for case in [Case::DOUBLE, SECOND] {
        let mut tally = Tally::new(case);
        for (result, wanted) in jets.softcut.iter().zip(&wanted.two_cuts) {
            let set: Vec<(&str, f64)> =
                result.params.iter().map(|(k, v)| (k.as_str(), *v)).collect();
            let extent = Extent { variances: true, second: pairs.clone() };
            let found = differentiated(&text, &events, &set, case, &extent).swap_remove(1);
            let what = format!("two_cuts at {:?}", result.params);
            tally.takes(0, 1);
            if let Some(hess) = &wanted.hess {
                let found = inside(&found.second, "none");
                tally.jacobian(&what, found, &picked(hess, &pairs));
            }
            let variances = inside(&found.variance_jacobian, "none");
            tally.jacobian(&format!("w2p2 of {what}"), variances, &wanted.jac_w2p2);
        }
        tally.done("softcut, second");
    }
}

/// Events anywhere around two axes.
fn events(n: u32) -> Table {
    let of = |f: fn(u32) -> f64| column(None, &(0..n).map(|i| vec![f(i)]).collect::<Vec<_>>());
    table(vec![
        ("x", of(|i| f64::from((i * 7919) % 1000) / 1000.0 * 14.0 - 2.0 + 1e-3)),
        ("y", of(|i| f64::from((i * 104_729) % 977) / 977.0 * 3.0 - 1.5)),
        ("w", of(|i| f64::from((i * 31) % 97) / 32.0 - 0.5)),
    ])
}

/// Two axes that both depend on a parameter, and both bandwidths.
fn two_axes() -> String {
    let mut text = String::from(
        "parameters:\n  a: {start: 1.25}\n  t: {start: 4}\n  h: {start: 0.75}\n  k: {start: 0.4}\n\
         histograms:\n",
    );
    for (kernel, flow, mode) in [
        ("gauss", "none", "windowed"),
        ("gauss", "renorm", "windowed"),
        ("logistic", "bins", "all-bin"),
        ("logistic", "fold", "windowed"),
        ("softmax", "none", "windowed"),
    ] {
        text += &format!(
            "  {kernel}_{flow}:\n    axes:\n      - {{value: x * a, bins: [6, 0, 10]}}\n      \
             - {{value: y * a + 0.1 * a ** 2, edges: [-1, -0.5, 0.25, 1]}}\n    \
             weight: w * sigmoid(2 * (x - t))\n    \
             soft: {{kernel: {kernel}, flow: {flow}, bandwidth: [h, k], mode: {mode}}}\n"
        );
    }
    text
}

const AT: [(&str, f64); 4] = [("a", 1.25), ("t", 4.0), ("h", 0.75), ("k", 0.4)];

fn all() -> Extent {
    Extent { variances: true, second: pairs(4) }
}

#[test]
fn two_axes_share_as_products() {
    let events = events(300);
    let found = gradient(&two_axes(), &events, &AT, Case::DOUBLE);
    // One axis at a time, in bins of the other one that hold everything.
    for (k, (kernel, flow)) in [("gauss", "none"), ("logistic", "fold")].into_iter().enumerate() {
        let one = |i: usize, axis: &str, lines: &str| {
            let one = |(name, c): (&String, &Column)| {
                (name.clone(), Column { events: vec![c.events[i].clone()], ..c.clone() })
            };
            let event = Table { columns: events.columns.iter().map(one).collect(), events: 1 };
            let text = format!(
                "parameters:\n  a: {{start: 1.25}}\nhistograms:\n  h:\n    value: {axis}\n    {lines}\n"
            );
            values(&gradient(&text, &event, &[], Case::DOUBLE)[0])
        };
        let h = &found[[0, 3][k]].histogram;
        let mut sums = vec![0.0; 18];
        for i in 0..events.events {
            let number = |name: &str| events.columns.get(name);
            let number =
                |name: &str| f64::from(number(name).expect("a column").events[i][0] as f32);
            let weight = number("w") / (1.0 + f64::exp(-2.0 * (number("x") - 4.0)));
            let soft = |width: f64| {
                format!("soft: {{kernel: {kernel}, flow: {flow}, bandwidth: {width}}}")
            };
            let p = one(i, "x * a", &format!("bins: [6, 0, 10]\n    {}", soft(0.75)));
            let y = format!("edges: [-1, -0.5, 0.25, 1]\n    {}", soft(0.4));
            let q = one(i, "y * a + 0.1 * a ** 2", &y);
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum += weight * p[n / 3] * q[n % 3];
            }
        }
        let cell = |n: usize| h.value((n / 3 + 1) * 5 + n % 3 + 1);
        let off = deviation(&(0..18).map(cell).collect::<Vec<f64>>(), &sums);
        assert!(off < 1e-13, "{kernel} {flow}: {off:e}");
    }
}

/// Column `k` of a table of rows.
fn of(rows: &[Vec<f64>], k: usize) -> Vec<f64> {
    rows.iter().map(|row| row[k]).collect()
}

/// Everything against differences of what it is the derivative of.
#[test]
fn two_axes_agree_with_finite_differences() {
    let (text, events) = (two_axes(), events(200));
    let evaluate = |set: &[(&str, f64)]| differentiated(&text, &events, set, Case::DOUBLE, &all());
    let found = evaluate(&AT);
    for (k, (name, value)) in AT.into_iter().enumerate() {
        let step = 1e-5;
        let with = |value: f64| {
            let mut set = AT;
            set[k].1 = value;
            evaluate(&set)
        };
        let (less, more) = (with(value - step), with(value + step));
        for ((found, less), more) in found.iter().zip(&less).zip(&more) {
            let cells = || 0..found.histogram.cells();
            let check = |what: &str, column: Vec<f64>, of: &dyn Fn(&Differentiated) -> Vec<f64>| {
                let difference = |(a, b): (f64, f64)| (a - b) / (2.0 * step);
                let wanted: Vec<f64> = of(more).into_iter().zip(of(less)).map(difference).collect();
                let off = deviation(&column, &wanted);
                assert!(off < 1e-4, "{what} of {} by {name}: {off:.1e}", found.histogram.name);
            };
            check("contents", of(&found.jacobian, k), &|d| {
                cells().map(|c| d.histogram.value(c)).collect()
            });
            check("variances", of(&found.variance_jacobian, k), &|d| {
                cells().map(|c| d.histogram.variance(c)).collect()
            });
            for (n, [i, j]) in pairs(4).into_iter().enumerate().filter(|(_, [_, j])| *j == k) {
                let of_first = |d: &Differentiated| of(&d.jacobian, i);
                check(&format!("slope {i} {j}"), of(&found.second, n), &of_first);
            }
        }
    }
}

/// Single precision follows double precision, and the device has its bits.
#[test]
fn two_axes_on_a_gpu() {
    let (text, events) = (two_axes(), events(150));
    let gradient = gradient_with(&text, &events, &AT, &all()).expect("a gradient");
    let single = run(&CpuBackend::default(), compiled(&gradient), &events);
    let double = run(&CpuBackend::new(Precision::Double), compiled(&gradient), &events);
    // Of an entry far outside, renorm divides by what little is inside.
    for (a, b) in gradient.results(&single.fills).iter().zip(gradient.results(&double.fills)) {
        for (found, wanted, allowed) in [
            (&a.jacobian, &b.jacobian, 6e-6),
            (&a.variance_jacobian, &b.variance_jacobian, 6e-6),
            (&a.second, &b.second, 1e-4),
        ] {
            for k in 0..wanted[0].len() {
                let off = deviation(&of(found, k), &of(wanted, k));
                assert!(off < allowed, "{} {k}: {off:.1e}", a.histogram.name);
            }
        }
    }
    let gpu = match Gpu::open(&Choice::from_env().expect("a valid choice")) {
        Ok(gpu) => GpuBackend::new(gpu),
        Err(error) => return gpu::absent("two axes", &error.to_string()),
    };
    let found = run(&gpu, compiled(&gradient), &events);
    let both = found.fills.iter().zip(&single.fills);
    let wrong: Vec<usize> = both.enumerate().filter(|(_, (a, b))| a != b).map(|(k, _)| k).collect();
    assert!(wrong.is_empty(), "fills {wrong:?} differ");
    gpu::present("two axes", found.fills.len(), &gpu.name());
}
