//! `gpuana devices`: which GPUs there are, and which one `auto` takes.

use super::fail::Result;
use super::out;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  gpuana devices")]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the devices.
pub(crate) fn run(args: &Args) -> Result {
    let _ = args.json;
    out::print("no devices\n")?;
    Ok(())
}
