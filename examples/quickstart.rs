//! The dimuon spectrum through the Rust API. What you learn here: an analysis is text that is
//! bound to files and run on a backend, and a histogram is plain numbers.
//!
//! ```text
//! cargo run --release --example quickstart
//! ```

use gpuana::{Analysis, Backend, Error, Inputs, Options};

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

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn main() -> Result<(), Error> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/Run2012B_SingleMu_1000.root");
    let mut analysis = Analysis::from_yaml(ANALYSIS)?.bind(&Inputs::files([data]))?;
    let result = analysis.run(&Backend::auto(), &Options::default())?;

    let mass = &result["mass"];
    println!("{}: {} entries", mass.axes[0].label, mass.entries);
    for (edges, value) in mass.axes[0].edges().windows(2).zip(mass.values()) {
        let bar = "#".repeat(value as usize);
        println!("{:9.3} to {:7.3}  {value:4}  {bar}", edges[0], edges[1]);
    }
    Ok(())
}
