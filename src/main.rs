//! The command line: arguments in, one library call, text and an exit code
//! out. Only here and in `cli` does anything print or exit.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
