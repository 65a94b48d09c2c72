//! The text of an analysis, and the inputs that it is bound to.

use crate::config;
use crate::diag::{Diagnostic, Written};
use crate::error::{Error, ErrorKind, Result};
use crate::syntax;
use std::path::{Path, PathBuf};

/// An analysis, read and parsed.
///
/// ```
/// # fn main() -> Result<(), gpuana::Error> {
/// let analysis = gpuana::Analysis::from_yaml("histograms: {met: {value: MET.pt, bins: [40, 0, 200]}}")?;
/// assert_eq!(analysis.parsed().histograms.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Analysis {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) parsed: syntax::Analysis,
    pub(super) strict: bool,
}

impl Analysis {
    /// Reads an analysis file.
    ///
    /// # Errors
    /// The file cannot be read, or its text is no analysis.
    pub fn read(path: impl AsRef<Path>) -> Result<Analysis> {
        let path = path.as_ref();
        let unreadable = |error: std::io::Error| {
            Error::new(ErrorKind::Analysis, format!("{}: {error}", path.display()))
        };
        Analysis::parse(path, crate::text::read(path).map_err(unreadable)?)
    }

    /// An analysis of this text; files that it names are relative to the current folder.
    ///
    /// # Errors
    /// The text is no analysis.
    pub fn from_yaml(text: impl Into<String>) -> Result<Analysis> {
        Analysis::parse(Path::new("analysis"), text.into())
    }

    fn parse(path: &Path, text: String) -> Result<Analysis> {
        let parsed = config::parse(&text).map_err(|d| Written { path, text: &text }.refused(&d))?;
        Ok(Analysis { path: path.to_owned(), text, parsed, strict: false })
    }

    /// Whether warnings about the analysis are errors.
    #[must_use]
    pub fn strict(self, strict: bool) -> Analysis {
        Analysis { strict, ..self }
    }

    /// The path of the file as it was given; `analysis` for one of a text.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the text says.
    pub fn parsed(&self) -> &syntax::Analysis {
        &self.parsed
    }

    /// The text with its place.
    pub(super) fn written(&self) -> Written<'_> {
        Written { path: &self.path, text: &self.text }
    }

    /// These findings about the text.
    pub(super) fn diagnosed(&self, findings: &[Diagnostic]) -> Error {
        self.written().refused(findings)
    }
}

/// Which files an analysis is run over; by default those that it names.
///
/// ```
/// use gpuana::Inputs;
/// let own = Inputs::default();
/// let named = Inputs::files(["a.root", "more/*.root", "https://server/b.root"]);
/// let of_samples = Inputs { max_files_per_sample: Some(1), ..Inputs::fileset("inputs.json") };
/// ```
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Paths, patterns with `*` and addresses, instead of those that the analysis names.
    pub files: Vec<PathBuf>,
    /// JSON that lists the files of each sample; paths in it are relative to it.
    pub fileset: Option<PathBuf>,
    /// Take at most this many files of each sample.
    pub max_files_per_sample: Option<usize>,
    /// What errors about `files` say that the files are named by; nothing if empty.
    pub named_by: String,
}

impl Inputs {
    /// These paths, patterns and addresses.
    pub fn files<P: Into<PathBuf>>(files: impl IntoIterator<Item = P>) -> Inputs {
        Inputs { files: files.into_iter().map(Into::into).collect(), ..Inputs::default() }
    }

    /// The files of each sample that this JSON lists.
    pub fn fileset(path: impl Into<PathBuf>) -> Inputs {
        Inputs { fileset: Some(path.into()), ..Inputs::default() }
    }
}
