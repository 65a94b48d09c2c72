//! A soft histogram of resident columns with its Jacobian by four parameters: 1e6
//! entries, 50 bins. Throughput is in entries. `benches/peers/soft_jax.py` does
//! the same.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpuana::backend::Backend;
use gpuana::backend::cpu::CpuBackend;
use gpuana::batch::{Batch, Values};
use gpuana::gradient::Gradient;
use gpuana::lang::check::{Options, compile_for};
use gpuana::schema::{Branch, Schema, Shape, StoredType};
use std::hint::black_box;
use std::sync::Arc;

const ENTRIES: usize = 1_000_000;

/// By the scale of x, a shift of x, a threshold in u, and the bandwidth, which is a
/// bin's width.
const ANALYSIS: &str = "
parameters:
  scale: {start: 1.01}
  shift: {start: 0.3}
  threshold: {start: 40}
  bandwidth: {start: 2}
histograms:
  h:
    value: x * scale + shift
    weight: w * sigmoid(0.1 * (u - threshold))
    bins: [50, 0, 100]
    soft: {bandwidth: bandwidth, mode: MODE}
";

/// Numbers that look random and are the same in every run (xorshift).
fn numbers(seed: u64, low: f32, high: f32) -> Values {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        low + (high - low) * ((state >> 40) as f32 / (1u64 << 24) as f32)
    };
    Values::F32((0..ENTRIES).map(|_| next()).collect())
}

fn schema() -> Schema {
    let branch = |name: &str| Branch {
        name: name.into(),
        title: String::new(),
        stored: Some(StoredType::F32),
        shape: Shape::Scalar,
        unsupported: None,
        bytes: 0,
        compressed_bytes: 0,
        baskets: 0,
        compression: String::new(),
    };
    let branches = ["x", "u", "w"].map(branch).into();
    Schema { tree: "Events".into(), events: ENTRIES as u64, branches }
}

fn benchmarks(c: &mut Criterion) {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let backend = CpuBackend::default();
    let mut group = c.benchmark_group("soft");
    group.throughput(Throughput::Elements(ENTRIES as u64)).sample_size(20);
    for mode in ["windowed", "all-bin"] {
        let text = ANALYSIS.replace("MODE", mode);
        let analysis = gpuana::config::parse(&text).expect("an analysis");
        let options = Options { soft_cuts: true, ..Options::default() };
        let compiled = compile_for(&analysis, &text, &schema(), &options).expect("it checks");
        let gradient = Gradient::new(&compiled, &analysis.parameters).expect("it has one");
        let plan = &gradient.compiled.plan;
        let column = |name: &str| match name {
            "x" => numbers(1, 0.0, 100.0),
            "u" => numbers(2, 0.0, 100.0),
            _ => numbers(3, 0.5, 1.5),
        };
        let columns = plan.request.columns.iter().map(|c| column(&c.branch)).collect();
        let batch = Arc::new(Batch { events: ENTRIES, columns, ..Batch::default() });
        group.bench_function(mode, |b| {
            b.iter(|| {
                one.install(|| {
                    let mut pass = backend.pass(plan).expect("the plan is well-formed");
                    pass.push(batch.clone()).expect("the batch fits");
                    let partial = pass.finish().expect("it is finished");
                    black_box(gradient.results(&partial.fills))
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
