//! `gpuana inspect`: what a file holds.

use super::fail::Result;
use super::stdout;
use gpuana::error::Error;
use gpuana::read::FileReport;
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  gpuana inspect examples/data/Run2012B_SingleMu_1000.root
  gpuana inspect --verify examples/data/Run2012B_SingleMu_1000.root")]
pub(crate) struct Args {
    /// The file (ROOT, Parquet, Arrow), or its https:// address
    file: PathBuf,
    /// Read every value of every tree instead, and say what is damaged
    #[arg(long)]
    verify: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the report of the file; what cannot be read makes the command fail.
pub(crate) fn run(args: &Args) -> Result {
    let report = gpuana::read::inspect(&args.file)?;
    let damaged = match (args.verify, args.json) {
        (true, _) => verify(args, &report)?,
        (false, true) => print_json(&report).map(|()| 0)?,
        (false, false) => stdout::print(&report.to_text()).map(|()| 0)?,
    };
    let mut wrong = Vec::new();
    match damaged {
        0 => {}
        1 => wrong.push("1 branch is damaged".to_owned()),
        n => wrong.push(format!("{n} branches are damaged")),
    }
    if let Some(first) = report.unread.first() {
        wrong.push(match report.unread.len() {
            1 => format!("{} cannot be read", first.name),
            n => format!("{} and {} more cannot be read", first.name, n - 1),
        });
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::input(wrong.join(", ")).within(args.file.display()).into())
}

fn print_json(report: &impl serde::Serialize) -> Result {
    let json = serde_json::to_string_pretty(report)
        .map_err(|e| Error::output(format!("the report as JSON: {e}")))?;
    stdout::print(&(json + "\n"))?;
    Ok(())
}

/// Reads all trees; the number of their damaged branches.
fn verify(args: &Args, report: &FileReport) -> Result<usize> {
    let verified = report.trees.iter().map(|tree| gpuana::read::verify(&args.file, &tree.name));
    let verified = verified.collect::<gpuana::error::Result<Vec<_>>>()?;
    if args.json {
        print_json(&verified)?;
    } else {
        verified.iter().try_for_each(|tree| stdout::print(&tree.to_text()))?;
        for part in &report.unread {
            stdout::print(&format!("{}: cannot be read: {}\n", part.name, part.error))?;
        }
    }
    Ok(verified.iter().map(|tree| tree.damaged.len()).sum())
}
