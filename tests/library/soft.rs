//! Soft histograms from analysis to cells: against sums in double precision by
//! another program (`tests/data/soft`), and against themselves in other chunks,
//! threads and modes.
#![allow(clippy::print_stdout, reason = "the worst deviations belong in the log")]

use crate::support::Table;
use crate::support::gpu;
use gpuana::analysis::Compiled;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::backend::gpu::{Choice, Exactness, Gpu, GpuBackend, Mode};
use gpuana::backend::{Backend, Partial};
use gpuana::batch::{Batch, Values};
use gpuana::bins::SoftKernel;
use gpuana::hist::Histogram;
use gpuana::kernels::moments;
use gpuana::kernels::soft::SoftTable;
use gpuana::{config, lang};
use serde::Deserialize;
use std::sync::Arc;

/// Of the largest number of each array. Single precision: a share has a few
/// roundings of 6e-8 each, mostly independent, and its square twice as much.
/// Double: the tails of the kernels, and sums that the other program rounds at
/// each step.
const SINGLE: f64 = 3e-7;
const SINGLE_SQUARE: f64 = 6e-7;
const DOUBLE: f64 = 1e-11;

/// Tails whose exponents are -30 and below: an error of half a unit in the
/// place of z is one of z times that in the share.
const FAR_TAIL: f64 = 4e-6;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    kernel: String,
    flow: String,
    bandwidth: f64,
    edges: Vec<f64>,
    x: Vec<f64>,
    w: Vec<f64>,
    sumw: Vec<f64>,
    sumw2_w2p2: Vec<f64>,
    sumw2_w2p: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../data/soft/softhist.json");
    serde_json::from_str::<Cases>(text).expect("the cases can be parsed").cases
}

fn table() -> Table {
    Table::parse("x: float32 = 0\nw: float32 = 0")
}

fn compile(text: &str) -> Compiled {
    let analysis = config::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    lang::check::compile(&analysis, text, &table().schema()).unwrap_or_else(|e| panic!("{e:?}"))
}

/// A histogram of `x` weighted by `w`, after these lines.
fn analysis(lines: &str) -> Compiled {
    compile(&format!("histograms:\n  h:\n    value: x\n    weight: w\n{lines}"))
}

impl Case {
    fn compiled(&self, mode: &str) -> Compiled {
        let kernel = self.kernel.trim_end_matches("_centers");
        analysis(&format!(
            "    edges: {:?}\n    soft: {{kernel: {kernel}, bandwidth: {:?}, flow: {}, mode: {mode}}}\n",
            self.edges, self.bandwidth, self.flow
        ))
    }

    /// Those cells of a row that the reference has.
    fn of<'a>(&self, cells: &'a [f64]) -> &'a [f64] {
        if self.flow == "bins" { cells } else { &cells[1..cells.len() - 1] }
    }
}

fn batch(compiled: &Compiled, x: &[f32], w: &[f32]) -> Batch {
    let column = |name: &str| Values::F32(if name == "x" { x.to_vec() } else { w.to_vec() });
    let columns = compiled.plan.request.columns.iter().map(|c| column(&c.branch)).collect();
    Batch { events: x.len(), columns, ..Batch::default() }
}

fn run(backend: &dyn Backend, compiled: &Compiled, batches: Vec<Batch>) -> Partial {
    let mut pass = backend.pass(&compiled.plan).expect("a plan that can be run");
    batches.into_iter().for_each(|b| pass.push(Arc::new(b)).expect("a batch that fits"));
    pass.finish().expect("a finished pass")
}

fn filled(compiled: &Compiled, precision: Precision, x: &[f32], w: &[f32]) -> Histogram {
    let batches = vec![batch(compiled, x, w)];
    let partial = run(&CpuBackend::new(precision), compiled, batches);
    compiled.histograms[0].finished(&partial.fills)
}

/// Contents and both variances, flow bins included.
fn rows(h: &Histogram) -> [Vec<f64>; 3] {
    let cells = || 0..h.cells();
    let upper = h.upper.clone().expect("a soft histogram");
    [cells().map(|c| h.value(c)).collect(), cells().map(|c| h.variance(c)).collect(), upper]
}

fn singles(values: &[f64]) -> Vec<f32> {
    values.iter().map(|v| *v as f32).collect()
}

/// The largest difference over the largest wanted number.
fn deviation(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let largest = wanted.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let difference = |(a, b): (&f64, &f64)| (a - b).abs();
    let worst = found.iter().zip(wanted).map(difference).fold(0.0, f64::max);
    if largest == 0.0 { worst } else { worst / largest }
}

#[test]
fn cells_agree_with_the_reference() {
    let mut wrong = Vec::new();
    let cases = cases();
    assert_eq!(cases.len(), 47);
    for (precision, tolerance) in [(Precision::Single, SINGLE), (Precision::Double, DOUBLE)] {
        let mut worst = (0.0, "");
        for case in &cases {
            let single = precision == Precision::Single;
            let far = case.name == "gauss_far_tail" && single;
            let compiled = case.compiled("all-bin");
            let h = filled(&compiled, precision, &singles(&case.x), &singles(&case.w));
            assert_eq!(h.entries as usize, case.x.len(), "{}", case.name);
            let wanted = [&case.sumw, &case.sumw2_w2p2, &case.sumw2_w2p];
            for (found, (wanted, what)) in
                rows(&h).iter().zip(wanted.into_iter().zip(["sumw", "w2p2", "w2p"]))
            {
                let tolerance = match what {
                    _ if far => FAR_TAIL,
                    "w2p2" if single => SINGLE_SQUARE,
                    _ => tolerance,
                };
                let off = deviation(case.of(found), wanted);
                if !far && off > worst.0 {
                    worst = (off, &case.name);
                }
                if off.is_nan() || off > tolerance {
                    wrong.push(format!("{} {what} {precision:?}: {off:.2e}", case.name));
                }
            }
        }
        println!("{precision:?}: worst {:.2e} of the largest, {}", worst.0, worst.1);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Values near and far, on edges, and what is not filled.
fn entries() -> (Vec<f32>, Vec<f32>) {
    let mut x: Vec<f32> = (0..500u16).map(|i| f32::from(i) * 0.37 - 30.0).collect();
    x.extend([0.0, 50.0, 100.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e30, 12.5, 3e-40]);
    let w = (0..x.len()).map(|i| if i % 7 == 3 { -0.25 } else { 1.0 + i as f32 / 64.0 });
    let mut w: Vec<f32> = w.collect();
    (w[17], w[20]) = (f32::NAN, f32::INFINITY);
    (x, w)
}

/// All kernels, flows and modes.
fn settings() -> Vec<String> {
    let kernels = ["gauss", "logistic", "uniform", "triangular", "epanechnikov"];
    let mut softs = vec!["kernel: softmax".to_owned()];
    for kernel in kernels {
        let flows = ["none", "bins", "fold", "renorm"];
        softs.extend(flows.map(|flow| format!("kernel: {kernel}, flow: {flow}")));
    }
    let modes = |soft: String| ["windowed", "all-bin"].map(|mode| format!("{soft}, mode: {mode}"));
    softs.into_iter().flat_map(modes).collect()
}

/// An analysis of each of them.
fn all() -> Vec<(String, Compiled)> {
    let compiled = |text: String| {
        let lines = format!("    bins: [40, 0, 100]\n    soft: {{{text}, bandwidth: 1.5 bins}}\n");
        (text, analysis(&lines))
    };
    settings().into_iter().map(compiled).collect()
}

/// One analysis of all, regular bins and variable ones, with a hard histogram
/// among them.
fn together() -> Compiled {
    let mut text = String::from("weight: w\nhistograms:\n");
    for (i, soft) in settings().into_iter().enumerate() {
        let bins =
            if i % 3 == 1 { "edges: [-1.1, 0.3, 7, 20, 21, 63.3]" } else { "bins: [40, 0, 100]" };
        let bandwidth = ["1.5 bins", "0.01", "33"][i / 3 % 3];
        text += &format!(
            "  h{i}:\n    value: x\n    {bins}\n    soft: {{{soft}, bandwidth: {bandwidth}}}\n"
        );
    }
    compile(&(text + "  hard:\n    value: x\n    bins: [40, 0, 100]\n"))
}

#[test]
fn a_gpu_fills_the_same_bits() {
    let (x, w) = entries();
    let plans = [("many", together()), ("one", all().swap_remove(5).1)];
    let env = Choice::from_env().expect("a valid choice");
    let mut devices = 0;
    for mode in Mode::ALL {
        let gpu = match Gpu::open(&Choice { mode: Some(mode), ..env.clone() }) {
            Ok(gpu) => GpuBackend::new(gpu),
            Err(_) => continue,
        };
        devices += 1;
        for (what, compiled) in &plans {
            let batches =
                || x.chunks(300).zip(w.chunks(300)).map(|(x, w)| batch(compiled, x, w)).collect();
            let found = run(&gpu, compiled, batches());
            let wanted = run(&CpuBackend::default(), compiled, batches());
            let fills = compiled.plan.fills.iter().zip(found.fills.iter().zip(&wanted.fills));
            let wrong = fills.filter(|(_, (a, b))| a != b);
            let wrong: Vec<String> =
                wrong.map(|(f, (a, b))| format!("{:?}: {a:?} {b:?}", f.soft)).collect();
            let first = wrong.first().map_or("", |w| &w[..w.len().min(2000)]);
            assert!(wrong.is_empty(), "{what}, {mode}: {} fills differ: {first}", wrong.len());
        }
        gpu::present("soft", plans[0].1.plan.fills.len() + 1, &gpu.name());
        if mode.exactness == Exactness::Portable {
            break;
        }
    }
    if devices == 0 {
        gpu::absent("soft", "no adapter computes exactly");
    }
}

#[test]
fn no_chunk_and_no_thread_shows() {
    let (x, w) = entries();
    for (what, compiled) in all() {
        for precision in [Precision::Single, Precision::Double] {
            let backend = CpuBackend::new(precision);
            let whole = run(&backend, &compiled, vec![batch(&compiled, &x, &w)]);
            let mut pieces: Vec<Batch> =
                x.chunks(37).zip(w.chunks(37)).map(|(x, w)| batch(&compiled, x, w)).collect();
            pieces.reverse();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(5).build().expect("threads");
            let cut = pool.install(|| run(&backend, &compiled, pieces));
            assert_eq!(whole, cut, "{what} {precision:?}");
            let fill = &whole.fills[compiled.histograms[0].fill];
            assert_eq!((fill.nan, fill.bad_weight), (1, 2), "{what}");
            assert_eq!(fill.counts.iter().sum::<u64>() as usize, x.len() - 3, "{what}");
        }
    }
}

/// Entries that reach the same cells are summed together if they are alike in size: of
/// any size they give what each gives on its own.
#[test]
fn entries_of_any_size_add_up() {
    let mut state = 0x9e37_79b9u32;
    let mut word = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let x: Vec<f32> = (0..900).map(|_| word() as f32 / 1.4e5 - 10.0).collect();
    let all = all();
    for (k, powers) in [(0, 3), (1, 20), (2, 240)] {
        let weight = |i: u32, m: u32| match i % 7 {
            0 => 0.0,
            _ => (m as f32 / 16_777_216.0 - 0.5) * 2f32.powi((i * 37 % powers) as i32 - 120),
        };
        let w: Vec<f32> = (0..x.len() as u32).map(|i| weight(i, word())).collect();
        for (what, compiled) in all.iter().skip(k).step_by(3) {
            let backend = CpuBackend::default();
            let whole = run(&backend, compiled, vec![batch(compiled, &x, &w)]);
            let each = x.chunks(1).zip(w.chunks(1)).map(|(x, w)| batch(compiled, x, w));
            let alone = run(&backend, compiled, each.collect());
            assert_eq!(whole, alone, "{what}, 2^{powers}");
        }
    }
}

/// Double precision sums shares, with windows; single precision sums moments where the
/// kernel is smooth, and its own roundings are as in `SINGLE`.
#[test]
fn the_window_costs_no_more_than_is_said() {
    let (x, _) = entries();
    let all = all();
    for pair in all.chunks(2) {
        let [(what, windowed), (_, whole)] = pair else { panic!("modes come in pairs") };
        let kernel = SoftKernel::ALL.into_iter().find(|k| what.contains(k.name()));
        let kernel = kernel.expect("a known kernel");
        let truncation = SoftTable::truncation(kernel);
        let mut cases = vec![(Precision::Double, 1e-15)];
        if windowed.plan.fills[windowed.histograms[0].fill].moments().is_some() {
            cases.push((Precision::Single, moments::remainder(kernel) + SINGLE));
        }
        for x in x.iter().filter(|x| !x.is_nan()) {
            let of = |compiled, precision| rows(&filled(compiled, precision, &[*x], &[1.0]));
            let [wanted, ..] = of(whole, Precision::Double);
            for (precision, more) in &cases {
                let [found, ..] = of(windowed, *precision);
                let worst = found.iter().zip(&wanted).map(|(a, b)| (a - b).abs());
                let (worst, bound) = (worst.fold(0.0, f64::max), truncation + more);
                assert!(worst <= bound, "{what}, {x}, {precision:?}: {worst:e} > {bound:e}");
            }
        }
    }
}

#[test]
fn with_flow_bins_nothing_is_lost() {
    let (x, w) = entries();
    for (what, compiled) in all() {
        let kept = ["bins", "fold", "softmax"].iter().any(|k| what.contains(k));
        if !kept {
            continue;
        }
        let h = filled(&compiled, Precision::Double, &x, &w);
        let good = x.iter().zip(&w).filter(|(x, w)| !x.is_nan() && w.is_finite());
        let wanted: f64 = good.map(|(_, w)| f64::from(*w)).sum();
        let [found, _, _] = rows(&h);
        let found: f64 = found.iter().sum();
        assert!((found / wanted - 1.0).abs() < 1e-12, "{what}: {found} {wanted}");
    }
}

#[test]
fn bandwidths_in_bins_are_in_mean_widths() {
    for axis in ["bins: [4, 0, 10]", "edges: [0, 1, 3, 4, 10]"] {
        let soft = |bandwidth: &str| {
            let lines = format!("    {axis}\n    soft: {{bandwidth: {bandwidth}}}\n");
            let fill = analysis(&lines).plan.fills.pop().expect("a fill");
            fill.soft.expect("a soft fill").axes[0].bandwidth
        };
        assert_eq!(soft("0.5 bins"), 1.25);
        assert_eq!(soft("3"), 3.0);
    }
}

/// Values and variances of an entry between bins of width 1, by hand: half of
/// the weight of 3 on each side of an edge.
#[test]
fn both_variances_of_a_shared_entry() {
    let lines =
        "    bins: [2, 0, 2]\n    soft:\n      kernel: uniform\n      bandwidth: 0.5 bins\n";
    let h = filled(&analysis(lines), Precision::Single, &[1.0], &[3.0]);
    let expected = [[0.0, 1.5, 1.5, 0.0], [0.0, 2.25, 2.25, 0.0], [0.0, 4.5, 4.5, 0.0]];
    assert_eq!(rows(&h), expected.map(|row| row.to_vec()));
}
