//! Each query of `examples/adl.yaml` and the Analysis Grand Challenge on the
//! CPU, from columns in memory: no reading, one thread. Throughput is in events.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpuana::backend::Backend;
use gpuana::backend::cpu::CpuBackend;
use gpuana::batch::Batch;
use gpuana::plan::Plan;
use gpuana::{analysis::Compiled, config, lang::check, read};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

const ADL: &str = include_str!("../examples/adl.yaml");
const AGC: &str = include_str!("../examples/agc/ttbar.yaml");

/// An analysis compiled for a file of this repository, and the file's events.
fn load(text: &str, file: &str) -> (Compiled, Arc<Batch>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let source = read::open(&path, None).expect("opens");
    let analysis = config::parse(text).expect("an analysis");
    let compiled = check::compile(&analysis, text, source.schema()).expect("it fits the file");
    let mut reader = source.columns(&compiled.plan.request).expect("can be read");
    let batch = reader.read(0..source.schema().events).expect("reads");
    (compiled, Arc::new(batch))
}

fn evaluate(plan: &Plan, batch: &Arc<Batch>) {
    let backend = CpuBackend::default();
    let mut pass = backend.pass(plan).expect("the plan is well-formed");
    pass.push(batch.clone()).expect("the batch fits");
    black_box(pass.finish().expect("it is finished"));
}

fn queries(c: &mut Criterion) {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let mut group = c.benchmark_group("query");
    let (adl, batch) = load(ADL, "examples/data/Run2012B_SingleMu_1000.root");
    group.throughput(Throughput::Elements(batch.events as u64));
    for info in &adl.histograms {
        let fills = vec![adl.plan.fills[info.fill].clone()];
        let plan = Plan { fills, ..adl.plan.clone() };
        group.bench_function(&info.name, |b| b.iter(|| one.install(|| evaluate(&plan, &batch))));
    }
    group.bench_function("Q1-Q8", |b| b.iter(|| one.install(|| evaluate(&adl.plan, &batch))));
    let (agc, batch) = load(AGC, "tests/data/agc/ttbar__nominal.root");
    group.throughput(Throughput::Elements(batch.events as u64));
    group.bench_function("AGC", |b| b.iter(|| one.install(|| evaluate(&agc.plan, &batch))));
    group.finish();
}

criterion_group!(benches, queries);
criterion_main!(benches);
