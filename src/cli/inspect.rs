//! `gpuana inspect`: what a file holds.

use super::fail::Result;
use super::out;
use gpuana::error::Error;
use gpuana::read::FileReport;
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  gpuana inspect examples/data/Run2012B_SingleMu_1000.root
  gpuana inspect --verify examples/data/Run2012B_SingleMu_1000.root")]
pub(crate) struct Args {
    /// The file
    file: PathBuf,
    /// Read every value of every tree instead, and say what is damaged
    #[arg(long)]
    verify: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the report of the file.
pub(crate) fn run(args: &Args) -> Result {
    let report = gpuana::read::inspect(&args.file)?;
    if args.verify {
        return verify(args, &report);
    }
    if !args.json {
        out::print(&report.to_text())?;
        return Ok(());
    }
    print_json(&report)
}

fn print_json(report: &impl serde::Serialize) -> Result {
    let json = serde_json::to_string_pretty(report)
        .map_err(|e| Error::output(format!("the report as JSON: {e}")))?;
    out::print(&(json + "\n"))?;
    Ok(())
}

/// Reads all trees; one damaged branch makes the command fail.
fn verify(args: &Args, report: &FileReport) -> Result {
    let verified = report.trees.iter().map(|tree| gpuana::read::verify(&args.file, &tree.name));
    let verified = verified.collect::<gpuana::error::Result<Vec<_>>>()?;
    if args.json {
        print_json(&verified)?;
    } else {
        verified.iter().try_for_each(|tree| out::print(&tree.to_text()))?;
    }
    let damaged: usize = verified.iter().map(|tree| tree.damaged.len()).sum();
    if damaged > 0 {
        let branches = if damaged == 1 { "branch is" } else { "branches are" };
        let path = args.file.display();
        return Err(Error::input(format!("{path}: {damaged} {branches} damaged")).into());
    }
    Ok(())
}
