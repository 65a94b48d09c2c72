//! Evaluations one after the other on a GPU, which keeps kernels and columns.

use super::events::{column, gradient_with, run, table};
use crate::support::gpu;
use gpuana::backend::Backend;
use gpuana::backend::cpu::CpuBackend;
use gpuana::backend::gpu::{Choice, Gpu, GpuBackend};
use gpuana::gradient::Extent;
use std::sync::Arc;

const ANALYSIS: &str = "
parameters:
  scale: {start: 1}
  threshold: {start: 20, slope: 0.3}
  width: {start: 4}
regions:
  r:
    - x: x * scale > threshold
histograms:
  moments:
    value: x * scale
    weight: w
    bins: [10, 0, 100]
    regions: [r]
    soft: {bandwidth: width}
  bins:
    value: x * scale
    bins: [10, 0, 100]
    regions: [r]
    soft: {bandwidth: width, mode: all-bin}
  hard:
    value: x
    bins: [10, 0, 100]
";

/// Values of parameters are no other kernels, as long as the grid of moments is about as
/// large, and columns go up once.
#[test]
fn kernels_and_columns_stay_on_the_device() {
    // One of its own: what it did is counted.
    let gpu = match Gpu::open(&Choice::from_env().expect("a valid choice")) {
        Ok(gpu) => GpuBackend::new(gpu),
        Err(why) => return gpu::absent("columns that stay", &why.to_string()),
    };
    let x: Vec<Vec<f64>> = (0..300u16).map(|i| vec![f64::from(i) * 0.4]).collect();
    let w: Vec<Vec<f64>> = (0..300u16).map(|i| vec![0.5 + f64::from(i % 7)]).collect();
    let events = table(vec![("x", column(None, &x)), ("w", column(None, &w))]);
    let gradient = gradient_with(ANALYSIS, &events, &[], &Extent::default()).expect("it has one");
    let mut compiled = gradient.compiled.clone();
    let batch = Arc::new(events.batch(&compiled.plan.request, 0..events.events));
    let mut counts = Vec::new();
    let plan = Arc::new(compiled.plan.clone());
    let backends = [&gpu as &dyn Backend, &CpuBackend::default()];
    let mut plans = backends.map(|backend| backend.compile(&plan).expect("can be run"));
    drop(plan);
    for values in [[1.0, 20.0, 4.0], [0.9, 35.0, 4.7], [1.3, 10.0, 6.5]] {
        compiled.plan.set_parameters(&values);
        let wanted = run(&CpuBackend::default(), &compiled, &events);
        for plan in &mut plans {
            plan.set_parameters(&values).expect("values like the others");
            // It gives as many passes as are wanted.
            for pass in [plan.pass(), plan.pass()] {
                let mut pass = pass.expect("can be started");
                pass.push_resident(Arc::clone(&batch)).expect("a batch that fits");
                let found = pass.finish().expect("a finished pass");
                assert!(found == wanted, "other bits at {values:?}");
            }
        }
        counts.push((gpu.compiled(), gpu.uploaded()));
    }
    assert_eq!([counts[1], counts[2]], [counts[0]; 2], "compiled kernels and bytes uploaded");
    // A batch that is pushed as one that does not stay goes up again.
    run(&gpu, &compiled, &events);
    assert!(gpu.uploaded() > counts[0].1);
    gpu::present("columns that stay", 3, &gpu.name());
}
