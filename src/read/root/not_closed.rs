//! What is said of a file that lacks what is written at its closing.

use crate::error::Error;

/// What is said of a file that lacks what is written at its closing.
pub(super) fn not_closed() -> Error {
    Error::input(format!("the file was not closed by the program that wrote it{RECOVER}"))
}

/// How such a file is mended.
pub(super) const RECOVER: &str = "; open it once in ROOT for writing (`TFile::Open(name, \"UPDATE\")`) to \
                       recover what can be, or have it written again";
