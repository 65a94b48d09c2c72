//! From paths on the command line to a compiled analysis and its inputs.

use super::AnalysisArgs;
use super::fail::{Failure, Result};
use gpuana::analysis::Compiled;
use gpuana::config::{self, Analysis};
use gpuana::diag::{self, Diagnostic};
use gpuana::error::{Error, ErrorKind};
use gpuana::lang::check;
use gpuana::run::{self, Inputs};
use gpuana::schema::Schema;
use std::path::{Path, PathBuf};

/// An analysis file, read and parsed.
pub(crate) struct Loaded {
    /// The path as given.
    pub(crate) path: PathBuf,
    text: String,
    analysis: Analysis,
    files: Vec<PathBuf>,
}

impl Loaded {
    /// Reads and parses the analysis file, and finds its input files.
    pub(crate) fn read(args: &AnalysisArgs) -> Result<Loaded> {
        let path = args.analysis.clone();
        let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
        let analysis = config::parse(&text).map_err(|d| explain(&path, &text, &d))?;
        let files =
            if args.files.is_empty() { own_files(&path, &analysis)? } else { args.files.clone() };
        Ok(Loaded { path, text, analysis, files })
    }

    /// The input files, opened as the analysis says.
    pub(crate) fn inputs(&self) -> Inputs<'_> {
        let tree = self.analysis.tree.as_ref().map(|t| t.name.as_str());
        Inputs::new(self.files.clone(), tree)
    }

    /// Checks the analysis against a schema and lowers it.
    pub(crate) fn compile(&self, schema: &Schema) -> Result<Compiled> {
        check::compile(&self.analysis, &self.text, schema)
            .map_err(|d| explain(&self.path, &self.text, &d))
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Analysis, format!("{}: {error}", path.display()))
}

/// The files that an analysis names, relative to its own folder.
fn own_files(path: &Path, analysis: &Analysis) -> Result<Vec<PathBuf>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for pattern in &analysis.files {
        files.extend(run::expand(&pattern.name, folder)?);
    }
    Ok(files)
}

fn explain(path: &Path, text: &str, diagnostics: &[Diagnostic]) -> Failure {
    let colour = super::out::stderr_style() == gpuana::report::table::Style::COLOUR;
    Failure::Diagnostics(diag::render(diagnostics, &path.display().to_string(), text, colour))
}
