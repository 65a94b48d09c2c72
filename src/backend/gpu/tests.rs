//! The device against the CPU, bit by bit.

use super::zoo;
use super::{Choice, Gpu, GpuBackend};
use crate::backend::cpu::CpuBackend;
use crate::backend::{Backend, Partial};
use crate::batch::Batch;
use crate::plan::Plan;
use std::sync::Arc;

fn run(backend: &dyn Backend, plan: &Plan, batch: &Batch, chunk: usize) -> Partial {
    let mut pass = backend.compile(plan).unwrap();
    for start in (0..batch.events).step_by(chunk) {
        let events = start..(start + chunk).min(batch.events);
        pass.push(Arc::new(zoo::slice(batch, events))).unwrap();
    }
    pass.finish().unwrap()
}

fn compare(plan: &Plan, cpu: &Partial, gpu: &Partial) -> Vec<String> {
    assert_eq!(cpu.events, gpu.events);
    let mut bad = Vec::new();
    for ((fill, a), b) in plan.fills.iter().zip(&cpu.fills).zip(&gpu.fills) {
        if a != b {
            let node = fill.axes.first().map(|(_, n)| *n);
            bad.push(format!(
                "{} {node:?} counts {:?} vs {:?} nan {} vs {} bad {} vs {}",
                fill.name, a.counts, b.counts, a.nan, b.nan, a.bad_weight, b.bad_weight
            ));
        }
    }
    bad
}

fn check(plan: &Plan) {
    let gpu = GpuBackend::new(Gpu::open(&Choice::from_env().unwrap()).unwrap());
    println!("{}", gpu.name());
    let batch = zoo::batch(500, 7);
    let expected = run(&CpuBackend::default(), plan, &batch, batch.events);
    for chunk in [500, 97] {
        let got = run(&gpu, plan, &batch, chunk);
        let bad = compare(plan, &expected, &got);
        assert!(
            bad.is_empty(),
            "{} of {}: {}",
            bad.len(),
            plan.fills.len(),
            bad[..bad.len().min(20)].join("\n")
        );
    }
    println!("{} dispatches", gpu.dispatches());
}

#[test]
fn functions() {
    check(&zoo::functions());
}
#[test]
fn spaces0() {
    check(&zoo::spaces()[0]);
}
#[test]
fn spaces1() {
    check(&zoo::spaces()[1]);
}
#[test]
fn spaces2() {
    check(&zoo::spaces()[2]);
}
