//! `gpuana inspect`: what a file holds.

use super::fail::Result;
use super::out;
use gpuana::error::Error;
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  gpuana inspect examples/data/adl_real_1000.root")]
pub(crate) struct Args {
    /// The file
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the report of the file.
pub(crate) fn run(args: &Args) -> Result {
    let report = gpuana::read::inspect(&args.file)?;
    if !args.json {
        out::print(&report.to_text())?;
        return Ok(());
    }
    let json = serde_json::to_string_pretty(&report)
        .map_err(|e| Error::output(format!("the report as JSON: {e}")))?;
    out::print(&(json + "\n"))?;
    Ok(())
}
