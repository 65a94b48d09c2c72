//! The dimuon spectrum through the Rust API. What you learn here: an analysis
//! is text, a backend evaluates the plan that it is lowered to, and a histogram
//! is plain numbers.
//!
//! ```text
//! cargo run --release --example quickstart
//! ```

use gpuana::backend::cpu::CpuBackend;
use gpuana::hist::Histogram;
use gpuana::run::{Inputs, RunOptions, run};
use gpuana::{config, diag, lang::check};
use std::error::Error;
use std::path::Path;

const ANALYSIS: &str = "
define:
  dimuon: pairs(Muon)[charge == 0]
histograms:
  mass:
    value: dimuon.mass
    bins: [24, 0.3, 300]
    log: true
    unit: GeV
";

fn main() -> Result<(), Box<dyn Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let inputs = Inputs::new(vec![data.join("Run2012B_SingleMu_1000.root")], None);

    // Text to plan. What is wrong is said with its line and column.
    let explain = |findings: Vec<_>| diag::render(&findings, "quickstart", ANALYSIS, false);
    let analysis = config::parse(ANALYSIS).map_err(explain)?;
    let schema = inputs.schema(&RunOptions::default())?;
    let compiled = check::compile(&analysis, ANALYSIS, &schema).map_err(explain)?;

    // Plan to histograms. `GpuBackend` gives the same bits.
    let outcome = run(&compiled, &inputs, &CpuBackend::default(), &RunOptions::default(), &mut ())?;
    for info in &compiled.histograms {
        let data = &outcome.partial.fills[info.fill];
        show(&Histogram::new(&info.name, &info.title, info.axes.clone(), data));
    }
    Ok(())
}

/// Prints a histogram of one axis as lines of text.
#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn show(histogram: &Histogram) {
    let edges = histogram.axes[0].edges();
    println!("{}: {} entries", histogram.axes[0].label, histogram.entries);
    for bin in 0..edges.len() - 1 {
        let value = histogram.value(bin + 1);
        let bar = "#".repeat(value as usize);
        println!("{:9.3} to {:7.3}  {value:4}  {bar}", edges[bin], edges[bin + 1]);
    }
}
