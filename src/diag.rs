//! Diagnostics: what is wrong in the analysis file and where, with carets.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::error::{Error, ErrorKind};
use crate::redact::{masked, redacted};
use crate::syntax::Span;
use std::fmt;
use std::path::{Path, PathBuf};

/// Most diagnostics that are shown; the rest is counted.
const MAX_SHOWN: usize = 20;

/// One finding about the analysis file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong: what was found, in one sentence without a full stop.
    pub message: String,
    /// The main place.
    pub span: Span,
    /// What stands at the main place, in a few words (may be empty).
    pub label: String,
    /// Other places that matter, each with a few words.
    pub also: Vec<(Span, String)>,
    /// What is allowed, the nearest name, what to do next; one line each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A finding at a place.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            message: message.into(),
            span,
            label: String::new(),
            also: Vec::new(),
            help: Vec::new(),
        }
    }

    /// With a few words at the place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// With another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.also.push((span, text.into()));
        self
    }

    /// Without what addresses in it keep secret.
    fn redacted(&self) -> Diagnostic {
        let hide = |text: &String| redacted(text).into_owned();
        Diagnostic {
            message: hide(&self.message),
            span: self.span,
            label: hide(&self.label),
            also: self.also.iter().map(|(span, label)| (*span, hide(label))).collect(),
            help: self.help.iter().map(hide).collect(),
        }
    }

    /// With a line of help.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}

/// A text that was written by hand and where it stands, for errors that name a place in it.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// Its file.
    pub path: &'a Path,
    /// The text.
    pub text: &'a str,
}

impl<'a> Written<'a> {
    /// Where a span starts: `analysis.yaml:3:12`.
    pub fn place(&self, span: Span) -> String {
        let (line, column) = line_column(span, self.text);
        format!("{}:{line}:{column}", self.path.display())
    }

    /// The folder of the file: paths in the text are relative to it.
    pub fn folder(&self) -> &'a Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The error of an analysis that is refused for these findings about its text:
    /// [`Error::diagnostics`] has them.
    pub fn refused(&self, found: &[Diagnostic]) -> Error {
        let diagnostics = Diagnostics {
            path: self.path.to_owned(),
            text: masked(self.text).into_owned(),
            found: found.iter().map(Diagnostic::redacted).collect(),
        };
        Error::new(ErrorKind::Analysis, diagnostics.to_string()).with_source(diagnostics)
    }
}

/// Why an analysis is refused: all findings, with the text that they are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    /// The file.
    pub path: PathBuf,
    /// Its text, with what addresses in it keep secret blotted out.
    pub text: String,
    /// What is wrong, in the order in which it was found.
    pub found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Text for a terminal, see [`render`].
    pub fn render(&self, color: bool) -> String {
        render(&self.found, &self.path.display().to_string(), &self.text, color)
    }
}

/// Without colour, and without the last end of line.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end_matches('\n'))
    }
}

impl std::error::Error for Diagnostics {}

impl Error {
    /// What an analysis was refused for, if this error says that.
    pub fn diagnostics(&self) -> Option<&Diagnostics> {
        std::error::Error::source(self)?.downcast_ref()
    }
}

/// Text for a terminal: each diagnostic with its lines of the file and carets,
/// by place, at most 20 and the number of the others. `text` is the file's
/// content; without `color` the result is plain ASCII around the file's text.
pub fn render(diagnostics: &[Diagnostic], file_name: &str, text: &str, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let text = masked(text);
    let sorted = sorted(diagnostics);
    let mut shown: Vec<String> = sorted
        .iter()
        .take(MAX_SHOWN)
        .map(|diagnostic| renderer.render(&[group(diagnostic, file_name, &text)]))
        .collect();
    if let Some(more) = sorted.len().checked_sub(MAX_SHOWN).filter(|&more| more > 0) {
        shown.push(format!("and {more} more {}", if more == 1 { "error" } else { "errors" }));
    }
    let mut all = shown.join("\n\n");
    all.push('\n');
    all
}

/// The diagnostics as they are shown, by place.
fn sorted(diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut sorted: Vec<Diagnostic> = diagnostics.iter().map(Diagnostic::redacted).collect();
    sorted.sort_by_key(|d| (d.span.start, d.span.end));
    sorted
}

fn group<'a>(diagnostic: &'a Diagnostic, file_name: &'a str, text: &'a str) -> Group<'a> {
    let annotation = |kind: AnnotationKind, span: Span, label: &'a str| {
        let span = within(span, text);
        let annotation = kind.span(span.start..span.end);
        if label.is_empty() { annotation } else { annotation.label(label) }
    };
    let also = diagnostic
        .also
        .iter()
        .map(|(span, label)| annotation(AnnotationKind::Context, *span, label));
    let snippet = Snippet::source(text)
        .path(file_name)
        .annotation(annotation(AnnotationKind::Primary, diagnostic.span, &diagnostic.label))
        .annotations(also);
    Level::ERROR
        .primary_title(diagnostic.message.as_str())
        .element(snippet)
        .elements(diagnostic.help.iter().map(|line| Level::HELP.message(line.as_str())))
}

/// The span cut to the text and to borders of characters.
fn within(span: Span, text: &str) -> Span {
    let border =
        |at: usize| (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    let start = border(span.start);
    Span { start, end: border(span.end).max(start) }
}

/// The diagnostics as JSON: a list of objects with `file`, `line` and `column`
/// (from 1, in characters), `message`, `help` (a list of lines) and `also` (a
/// list of `line`, `column` and `message`), in file order.
pub fn to_json(diagnostics: &[Diagnostic], file_name: &str, text: &str) -> serde_json::Value {
    let objects = sorted(diagnostics).into_iter().map(|diagnostic| {
        let (line, column) = line_column(diagnostic.span, text);
        let also = diagnostic.also.iter().map(|(span, label)| {
            let (line, column) = line_column(*span, text);
            serde_json::json!({"line": line, "column": column, "message": label})
        });
        serde_json::json!({
            "file": file_name,
            "line": line,
            "column": column,
            "message": diagnostic.message,
            "help": diagnostic.help,
            "also": also.collect::<Vec<_>>(),
        })
    });
    objects.collect()
}

/// Line and column of a span's start, both from 1; columns are characters.
pub fn line_column(span: Span, text: &str) -> (usize, usize) {
    let before = &text[..within(span, text).start];
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (line, before[start..].chars().count() + 1)
}

/// The candidate most like `name`, if one is like it.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted = name.to_lowercase();
    let close = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, _)| *distance <= close)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        let names = ["value", "bins", "edges", "Jet_pt", "pt"];
        let cases = [
            ("values", Some("value")),
            ("bin", Some("bins")),
            ("egdes", Some("edges")),
            ("jet_pt", Some("Jet_pt")),
            ("pz", Some("pt")),
            ("colour", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }

    const TEXT: &str = "été: a\nb: x && y\n";

    fn finding(start: usize, end: usize) -> Diagnostic {
        Diagnostic::new(Span { start, end }, "`&&` is not an operator").help("write `and`")
    }

    #[test]
    fn json() {
        let diagnostic = finding(14, 16).also(Span { start: 7, end: 8 }, "after this");
        assert_eq!(
            to_json(&[diagnostic], "a.yaml", TEXT).to_string(),
            r#"[{"file":"a.yaml","line":2,"column":6,"message":"`&&` is not an operator","help":["write `and`"],"also":[{"line":1,"column":6,"message":"after this"}]}]"#
        );
    }

    /// The error has each finding, and says them all.
    #[test]
    fn an_error_carries_its_findings() {
        let written = Written { path: Path::new("a.yaml"), text: TEXT };
        let error = written.refused(&[finding(14, 16)]);
        assert_eq!(error.kind(), ErrorKind::Analysis);
        let diagnostics = error.diagnostics().expect("there are some");
        assert_eq!(diagnostics.found, [finding(14, 16)]);
        assert_eq!(diagnostics.render(false), format!("{error}\n"));
        assert_eq!(diagnostics.render(false), render(&[finding(14, 16)], "a.yaml", TEXT, false));
        assert!(Error::input("else").diagnostics().is_none());
    }

    #[test]
    fn by_place_and_capped() {
        let shown = render(&[finding(14, 16), finding(7, 8)], "a.yaml", TEXT, false);
        let places: Vec<&str> = shown.lines().filter(|line| line.contains("-->")).collect();
        assert_eq!(places, [" --> a.yaml:1:6", " --> a.yaml:2:6"]);
        let many = render(&vec![finding(7, 8); 21], "a.yaml", TEXT, false);
        assert_eq!(many.matches("error:").count(), 20);
        assert!(many.ends_with("\n\nand 1 more error\n"));
    }

    /// Colours are there when asked for only; wild spans are cut to the text.
    #[test]
    fn color_and_wild_spans() {
        for (start, end) in [(0, 0), (1, 2), (5, 4), (17, 17), (99, 200)] {
            let diagnostics = [finding(start, end)];
            assert!(!render(&diagnostics, "a.yaml", TEXT, false).contains('\x1b'));
            assert!(render(&diagnostics, "a.yaml", TEXT, true).contains('\x1b'));
        }
    }
}
