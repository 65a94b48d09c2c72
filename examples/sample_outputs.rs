//! Writes small histograms of every kind, in every format, to the folder named
//! on the command line: `cargo run --example sample_outputs -- DIR`.

use gpuana::bins::{Axis, AxisKind};
use gpuana::error::{Error, ErrorKind, Result};
use gpuana::hist::{FillData, Histogram};
use gpuana::write::{Folder, OutputDir, json, plot, root};

#[path = "../tests/support/sample.rs"]
mod sample;

fn main() -> Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or_else(|| Error::new(ErrorKind::Usage, "name the folder to write to"))?;
    let histograms = sample::histograms();
    let folder = Folder::open(folder)?;
    let mut output = OutputDir::new(&folder, "run.json");
    output.stage("histograms.json", json::histograms(&histograms)?.as_bytes())?;
    let (bytes, _) = root::histograms("histograms.root", &histograms)?;
    output.stage("histograms.root", &bytes)?;
    for histogram in &histograms {
        if let Some(svg) = plot::svg(histogram) {
            output.stage(&format!("plots/{}.svg", histogram.name), svg.as_bytes())?;
        }
    }
    let record = serde_json::json!({"outputs": output.hashes()});
    output.publish(&format!("{record:#}\n"))
}
