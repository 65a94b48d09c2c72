//! `gpuana completions`: scripts that make a shell complete commands and options.

use super::fail::Result;
use super::{Cli, stdout};
use clap::CommandFactory;
use clap_complete::Shell;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  gpuana completions bash > ~/.local/share/bash-completion/completions/gpuana")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &Args) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gpuana", &mut script);
    stdout::print(&String::from_utf8_lossy(&script))?;
    Ok(())
}
