//! The device against the CPU, bit by bit: whole plans, in every way of
//! pinning floats that the device supports.
//!
//! Without an adapter nothing is compared, which is printed; with
//! `GPUANA_REQUIRE_GPU=1` that is a failure.
#![allow(clippy::print_stdout, reason = "what ran on which device belongs in the log")]

use super::plans;
use super::{Choice, Exactness, Gpu, GpuBackend, Mode};
use crate::backend::cpu::CpuBackend;
use crate::backend::{Backend, Partial};
use crate::batch::Batch;
use crate::ir::Space;
use crate::plan::Plan;
use std::sync::Arc;

/// Pushes the batch in pieces of `chunk` events.
fn run(backend: &dyn Backend, plan: &Plan, batch: &Batch, chunk: usize) -> Partial {
    let mut pass = backend.pass(plan).unwrap();
    for start in (0..batch.events).step_by(chunk) {
        let events = start..(start + chunk).min(batch.events);
        pass.push(Arc::new(plans::slice(batch, events))).unwrap();
    }
    pass.finish().unwrap()
}

/// The fills that differ, with their counts.
fn differences(plan: &Plan, cpu: &Partial, gpu: &Partial) -> Vec<String> {
    assert_eq!(cpu.events, gpu.events);
    let fills = plan.fills.iter().zip(&cpu.fills).zip(&gpu.fills);
    fills
        .filter(|((_, a), b)| a != b)
        .map(|((fill, a), b)| {
            let node = fill.axes.first().map(|(_, n)| plan.ir.node_text(*n, |c| format!("c{c}")));
            let counts = |d: &crate::hist::FillData| {
                format!("{:?} nan {} missing {} bad {}", d.counts, d.nan, d.missing, d.bad_weight)
            };
            format!("{} of {node:?}: CPU {}, GPU {}", fill.name, counts(a), counts(b))
        })
        .collect()
}

/// The device with floats pinned in this way, the cheapest if `None`.
fn device(exactness: Option<Exactness>) -> Option<GpuBackend> {
    let wanted = |mode: &Mode| exactness.is_none_or(|e| mode.exactness == e);
    let mut reasons = Vec::new();
    for mode in Mode::ALL.into_iter().filter(wanted) {
        match Gpu::open(&Choice { mode: Some(mode), ..Choice::from_env().unwrap() }) {
            Ok(gpu) => return Some(GpuBackend::new(gpu)),
            Err(e) => reasons.push(e.to_string()),
        }
    }
    println!("GPU tests: 0 run: {}", reasons.join("; "));
    let required = std::env::var("GPUANA_REQUIRE_GPU").is_ok_and(|v| v == "1");
    assert!(!required, "GPUANA_REQUIRE_GPU=1, but no adapter computes exactly");
    None
}

/// Runs the plans on the device, the events in chunks of each of these sizes,
/// and compares.
fn compare(exactness: Option<Exactness>, plans: &[Plan], events: usize, chunks: &[usize]) {
    let Some(gpu) = device(exactness) else { return };
    let batch = plans::batch(events, 7);
    let mut tests = 0;
    for plan in plans {
        let expected = run(&CpuBackend::default(), plan, &batch, events);
        for chunk in chunks {
            let before = gpu.dispatches();
            let got = run(&gpu, plan, &batch, *chunk);
            let started = gpu.dispatches() - before;
            assert!(started >= events.div_ceil(*chunk) as u64, "kernels ran: {started}");
            let bad = differences(plan, &expected, &got);
            let some = bad[..bad.len().min(9)].join("\n");
            assert!(bad.is_empty(), "{} of {} fills: {some}", bad.len(), plan.fills.len());
            tests += plan.fills.len();
        }
    }
    println!("{}: floats {}: GPU tests: {tests} run", gpu.name(), gpu.device().mode());
}

#[test]
fn functions_and_fills() {
    compare(None, &[plans::functions(), plans::fills()], 500, &[500]);
}

#[test]
fn portable_mode() {
    // Its kernels are several times as long: the functions are in another test.
    let plans = [plans::fills(), plans::spaces().swap_remove(0)];
    compare(Some(Exactness::Portable), &plans, 300, &[300]);
}

#[test]
fn spaces() {
    let plans = plans::spaces();
    let all: Vec<&Plan> = plans.iter().collect();
    assert_eq!(plans::uncovered(&all), Vec::<&str>::new(), "operations that no plan has");
    compare(None, &plans, 300, &[300]);
}

#[test]
fn no_chunk_size_shows() {
    compare(None, &[plans::fills(), plans::costly()], 60, &[60, 97, 7, 1]);
}

#[test]
fn many_histograms() {
    compare(None, &[plans::many(6, 100)], 300, &[300, 100]);
}

/// Software devices end loops after 65,535 turns. That is noticed.
#[test]
fn no_loop_ends_early_in_silence() {
    let Some(gpu) = device(None) else { return };
    let mut z = plans::PlanMaker::new();
    let jet = z.stored(0);
    let triples = z.ir().add_space(Space::Combos { base: jet, size: 3 });
    z.probe_space(triples);
    let batch = plans::busy_batch(90);
    let expected = run(&CpuBackend::default(), &z.plan, &batch, 1);
    let mut pass = gpu.pass(&z.plan).unwrap();
    pass.push(Arc::new(batch)).unwrap();
    match pass.finish() {
        Ok(got) => assert_eq!(got, expected),
        Err(e) => assert!(e.to_string().contains("before their end"), "{e}"),
    }
    println!("GPU tests: 1 run");
}

#[test]
fn one_bin_takes_weights_of_any_magnitude() {
    compare(None, &[plans::mixed_weights()], 100_000, &[100_000, 33_333]);
}

#[test]
fn batches_larger_than_the_device_allows_are_cut() {
    let Some(mut gpu) = device(None) else { return };
    let plan = plans::mixed_weights();
    let batch = plans::batch(5000, 3);
    let whole = run(&gpu, &plan, &batch, 5000);
    assert_eq!(gpu.dispatches(), 1);
    gpu.limit_chunks(4000);
    assert_eq!(run(&gpu, &plan, &batch, 5000), whole);
    let cut = gpu.dispatches() - 1;
    assert!(cut > 10, "{cut} dispatches");
    gpu.limit_chunks(30);
    let mut pass = gpu.pass(&plan).unwrap();
    let error = pass.push(Arc::new(batch)).unwrap_err().to_string();
    assert!(error.contains("too large"), "{error}");
    println!("GPU tests: 2 run");
}

/// Of more chunks than there are timestamps; times add up.
#[test]
fn the_device_times_its_kernels() {
    let Some(gpu) = device(None) else { return };
    let (plan, batch) = (plans::mixed_weights(), plans::batch(300, 3));
    let mut pass = gpu.pass(&plan).unwrap();
    let mut push = |range: std::ops::Range<usize>| {
        for event in range {
            pass.push(Arc::new(plans::slice(&batch, event..event + 1))).unwrap();
        }
        pass.kernels().unwrap()
    };
    let times = [push(0..200), push(200..300)];
    match (gpu.device().adapter().timestamps, times) {
        (true, [Some(first), Some(all)]) => assert!(!first.is_zero() && all > first),
        (true, times) => panic!("a device with a clock has times: {times:?}"),
        (false, times) => assert_eq!(times, [None; 2]),
    }
    println!("GPU tests: 1 run, with a clock: {}", gpu.device().adapter().timestamps);
}

/// Evaluates a batch that stays, and gives how many bytes went up.
fn stays(gpu: &GpuBackend, plan: &Plan, batch: &Arc<Batch>) -> (Partial, u64) {
    let before = gpu.uploaded();
    let mut pass = gpu.pass(plan).unwrap();
    pass.push_resident(Arc::clone(batch)).unwrap();
    (pass.finish().unwrap(), gpu.uploaded() - before)
}

/// A plan that needs more beside the columns takes these from the arena of the first.
#[test]
fn columns_that_stay_serve_other_plans() {
    let Some(gpu) = device(None) else { return };
    let (plain, other) = (plans::mixed_weights(), plans::costly());
    let batch = Arc::new(plans::batch(60, 7));
    let (_, all) = stays(&gpu, &plain, &batch);
    let (found, more) = stays(&gpu, &other, &batch);
    assert_eq!(found, run(&CpuBackend::default(), &other, &batch, 60));
    assert!(0 < more && more < all / 2, "{more} bytes after {all}");
    assert_eq!(stays(&gpu, &other, &batch).1, 0);
    println!("GPU tests: 3 run");
}

/// No more stays than is allowed; what was used longest ago goes for what comes again.
#[test]
fn what_stays_has_a_bound() {
    let Some(gpu) = device(None) else { return };
    let plan = plans::mixed_weights();
    let batches = [1, 2, 3].map(|seed| Arc::new(plans::batch(300, seed)));
    let expected = |k: usize| run(&CpuBackend::default(), &plan, &batches[k], 300);
    let (_, one) = stays(&gpu, &plan, &batches[0]);
    let most = 5 * one / 2;
    gpu.limit_residents(most);
    let up = |k: usize| {
        let (found, up) = stays(&gpu, &plan, &batches[k]);
        assert_eq!(found, expected(k));
        assert!(gpu.resident() <= most, "{} of {most} bytes", gpu.resident());
        up > 0
    };
    // In turns: two stay, the third does not take their room.
    assert_eq!([up(1), up(2), up(0), up(1), up(2)], [true, true, false, false, true]);
    // The first is not used any more.
    assert_eq!([up(1), up(2), up(1), up(2)], [false, true, false, false]);
    gpu.limit_residents(0);
    assert_eq!((gpu.resident(), up(1), up(1)), (0, true, true));
    println!("GPU tests: 12 run");
}
