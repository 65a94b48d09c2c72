//! The one error type that crosses module borders: what happened, in words a
//! user can act on, and the kind that decides the exit code.

use std::fmt;

/// What went wrong, coarsely: it decides the exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line asks for something that cannot be done (exit code 2).
    Usage,
    /// The analysis file is wrong, or does not fit the input's schema (exit code 3).
    Analysis,
    /// An input file cannot be read, or is damaged (exit code 4).
    Input,
    /// A result cannot be written (exit code 5).
    Output,
    /// No usable device, or a device that failed (exit code 6).
    Device,
}

impl ErrorKind {
    /// The exit code of the program for this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Usage => 2,
            ErrorKind::Analysis => 3,
            ErrorKind::Input => 4,
            ErrorKind::Output => 5,
            ErrorKind::Device => 6,
        }
    }
}

/// An error with a kind and a message that names what was found, what is
/// allowed and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`; the message is a full sentence without a final full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into() }
    }

    /// An input that cannot be read.
    pub fn input(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Input, message)
    }

    /// A result that cannot be written.
    pub fn output(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Output, message)
    }

    /// A device that is missing or failed.
    pub fn device(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Device, message)
    }

    /// The same error, its message led by where it happened: `place: message`.
    #[must_use]
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// The kind, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
