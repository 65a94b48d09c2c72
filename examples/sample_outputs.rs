//! Writes small histograms of every kind, in every format, to the folder named
//! on the command line: `cargo run --example sample_outputs -- DIR`.

use gpuana::error::{Error, ErrorKind, Result};
use gpuana::hist::{Axis, AxisKind, FillData, Histogram};
use gpuana::write::{OutputDir, json, plot, root};

#[path = "../tests/support/sample.rs"]
mod sample;

fn main() -> Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or_else(|| Error::new(ErrorKind::Usage, "name the folder to write to"))?;
    let histograms = sample::histograms();
    let mut output = OutputDir::create(folder)?;
    output.stage("histograms.json", json::histograms(&histograms)?.as_bytes())?;
    let (bytes, _) = root::histograms("histograms.root", &histograms)?;
    output.stage("histograms.root", &bytes)?;
    for histogram in &histograms {
        if let Some(svg) = plot::svg(histogram) {
            output.stage(&format!("plots/{}.svg", histogram.name), svg.as_bytes())?;
        }
    }
    output.publish()?;
    Ok(())
}
