//! How a command fails: what is printed, and the exit code.

use super::stdout;
use gpuana::error::Error;
use gpuana::report::text_table::Style;
use gpuana::session::{Bound, WarningsRefused};
use gpuana::warning::Warning;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// Why a command ends early.
pub(crate) enum Failure {
    /// What the library says.
    Error(Error),
    /// All is written, but this many files could not be read and were left out.
    FilesLeftOut(u64),
    /// Whoever reads our standard output has seen enough.
    BrokenPipe,
}

/// The exit code of a run that left out unreadable files, as it was told to.
const FILES_LEFT_OUT: u8 = 7;

pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Error(error)
    }
}

impl From<io::Error> for Failure {
    /// An error of writing to standard output.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::BrokenPipe;
        }
        Error::output(format!("standard output: {error}")).into()
    }
}

impl Failure {
    /// Prints the failure and gives its exit code.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Failure::Error(error) => {
                print_error(&error);
                ExitCode::from(error.kind().exit_code())
            }
            Failure::FilesLeftOut(files) => {
                let files = gpuana::report::number::counted(files, "unreadable file");
                print_warning(&format!("{files} left out; the results are of the others"));
                ExitCode::from(FILES_LEFT_OUT)
            }
            Failure::BrokenPipe => ExitCode::SUCCESS,
        }
    }
}

fn print_error(error: &Error) {
    let style = stdout::stderr_style();
    if let Some(found) = error.diagnostics() {
        eprint!("{}", found.render(style == Style::COLOUR));
    } else if let Some(refused) = WarningsRefused::of(error) {
        for warning in refused.warnings().iter() {
            eprintln!("{} {}", style.error("error:"), within(refused.path(), warning));
        }
        eprintln!("nothing is written: --strict makes errors of warnings");
    } else {
        eprintln!("{} {error}", style.error("error:"));
    }
}

/// Prints all warnings about an analysis.
pub(crate) fn print_warnings(bound: &Bound) {
    bound.warnings().iter().for_each(|w| print_warning(&within(bound.path(), w)));
}

/// Prints a warning that is not about an analysis file.
pub(crate) fn print_warning(text: &str) {
    eprintln!("{} {text}", stdout::stderr_style().warn("warning:"));
}

/// A warning, led by the file that it is about.
fn within(file: &Path, warning: &Warning) -> String {
    format!("{}: {warning}", file.display())
}
