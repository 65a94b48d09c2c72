//! The one error type that crosses module borders: what happened, in words a
//! user can act on, and the kind that decides the exit code.

use crate::redact::redacted;
use std::fmt;
use std::io;
use std::sync::Arc;

/// What went wrong, coarsely: it decides the exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The command line asks for something that cannot be done (exit code 2).
    Usage,
    /// The analysis file is wrong, or does not fit the input's schema (exit code 3).
    Analysis,
    /// An input file is not there, or is damaged (exit code 4).
    Input,
    /// An input file that may be sound cannot be got at: no permission, a server that
    /// fails, too few descriptors (exit code 4). `--skip-bad-files` does not skip it.
    Unavailable,
    /// An input file is sound, but holds what cannot be read (exit code 4).
    Unsupported,
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
            ErrorKind::Input | ErrorKind::Unavailable | ErrorKind::Unsupported => 4,
            ErrorKind::Output => 5,
            ErrorKind::Device => 6,
        }
    }
}

/// An error with a kind and a message that names what was found, what is
/// allowed and what to do next. The message says all: the error that caused this one, if
/// another library's, is there for programs to look at. What an analysis file is refused
/// for is one by one in [`Error::diagnostics`].
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// Errors are equal if they say the same of the same kind; sources cannot be compared.
impl PartialEq for Error {
    fn eq(&self, other: &Error) -> bool {
        (self.kind, &self.message) == (other.kind, &other.message)
    }
}

impl Eq for Error {}

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`; the message is a full sentence without a final full stop. What
    /// addresses in it keep secret is left out.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: redacted(&message.into()).into_owned(), source: None }
    }

    /// The same error with the one that caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// An input of which the system says why it cannot be read: it is absent or damaged, or
    /// else it is not to blame.
    pub fn reading(error: io::Error, message: impl Into<String>) -> Self {
        use io::ErrorKind as E;
        let blamed = match error.kind() {
            E::NotFound | E::NotADirectory | E::IsADirectory => true,
            E::UnexpectedEof | E::InvalidData | E::InvalidInput => true,
            // A loop of links, a name that is too long: nothing that could be there.
            _ => is_no_path(&error),
        };
        let kind = if blamed { ErrorKind::Input } else { ErrorKind::Unavailable };
        Error::new(kind, message).with_source(error)
    }

    /// An input that cannot be read.
    pub fn input(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Input, message)
    }

    /// Something in a sound input that cannot be read.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Unsupported, message)
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
        let place = place.to_string();
        self.message = format!("{}: {}", redacted(&place), self.message);
        self
    }

    /// The kind, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// Whether a path leads nowhere, for reasons that the standard library has no name for.
fn is_no_path(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let code = error.raw_os_error();
        [Errno::LOOP, Errno::NAMETOOLONG].iter().any(|e| code == Some(e.raw_os_error()))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    /// What the system says stays at hand, under any number of places.
    #[test]
    fn the_cause_can_be_looked_at() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let error = Error::reading(denied(), "not readable").within("a.root");
        assert_eq!(error.to_string(), "a.root: not readable");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        assert_eq!(cause.map(io::Error::kind), Some(io::ErrorKind::PermissionDenied));
        assert_eq!(error.clone(), Error::new(error.kind(), error.to_string()));
        assert!(Error::input("damaged").source().is_none());
    }
}
