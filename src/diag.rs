//! Diagnostics: what is wrong in the analysis file and where, with carets.

use crate::lang::ast::Span;

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

    /// With a line of help.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}
