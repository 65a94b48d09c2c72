//! Every scalar function of the catalogue on the CPU, over a block that stays
//! in cache. Throughput is in values.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpuana::kernels::FUNCTIONS;
use std::hint::black_box;

/// Values of a block, as many as the evaluator takes together.
const VALUES: usize = 2048;

fn functions(c: &mut Criterion) {
    let mut group = c.benchmark_group("function");
    group.throughput(Throughput::Elements(VALUES as u64));
    for function in FUNCTIONS {
        let (low, high) = function.range;
        // Within what the arguments of physics are.
        let (low, high) = (low.max(-10.0), high.min(10.0));
        let step = (high - low) / VALUES as f32;
        let up: Vec<f32> = (0..VALUES).map(|i| low + step * i as f32).collect();
        let down: Vec<f32> = up.iter().rev().copied().collect();
        let arguments = [&up[..], &down[..]];
        let mut out = vec![0.0; VALUES];
        group.bench_function(function.name, |b| {
            b.iter(|| function.map32(black_box(&arguments[..function.arity()]), &mut out));
        });
    }
    group.finish();
}

criterion_group!(benches, functions);
criterion_main!(benches);
