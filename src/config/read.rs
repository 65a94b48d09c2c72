//! From the tree's nodes to texts, numbers and expressions; what is not of
//! the kind that its place asks for is reported with what the place allows.

use super::tree::{Node, NodeKind, Scalar};
use crate::diag::{Diagnostic, line_column, nearest};
use crate::lang::{lex, parse, syntax_errors};
use crate::syntax::{Expr, Ident, Span, is_output_name};
use crate::warning::{Code, Warning, Warnings};

/// Reads nodes and keeps what is wrong with them.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) warnings: Warnings,
}

/// What a node is, in words.
pub(super) fn found(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::Empty | NodeKind::Refused => "nothing",
        NodeKind::Scalar(_) => "a text",
        NodeKind::List(_) => "a list",
        NodeKind::Map(_) => "a mapping",
    }
}

impl Reader<'_> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Notes what may not be meant as it is written.
    pub(super) fn warn(&mut self, code: Code, span: Span, text: String) {
        self.warnings.add(Warning::new(code, text).at(line_column(span, self.text).0));
    }

    /// Reports a node that is not what `what` must be.
    pub(super) fn wrong(&mut self, node: &Node, what: &str, wanted: &str) {
        if node.kind != NodeKind::Refused {
            let message = match node.kind {
                NodeKind::Empty => format!("{what} is empty: it must be {wanted}"),
                _ => format!("{what} must be {wanted}, not {}", found(node)),
            };
            self.report(Diagnostic::new(self.place(node), message));
        }
    }

    /// Where to point for a node: its first line, or the key before nothing.
    fn place(&self, node: &Node) -> Span {
        let Span { start, end } = node.span;
        if start == end {
            let before = self.text[..start].trim_end();
            let line = before.rfind('\n').map_or(0, |i| i + 1);
            let key = before[line..].len() - before[line..].trim_start().len();
            return Span { start: line + key, end: before.len() };
        }
        let line = self.text[start..end].find(['\n', '\r']).unwrap_or(end - start);
        Span { start, end: start + line }
    }

    /// The entries of a mapping.
    pub(super) fn entries<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        wanted: &str,
    ) -> Option<&'n [(Scalar, Node)]> {
        if let NodeKind::Map(entries) = &node.kind {
            return Some(entries);
        }
        self.wrong(node, what, wanted);
        None
    }

    /// The items of a list.
    pub(super) fn items<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        wanted: &str,
    ) -> Option<&'n [Node]> {
        if let NodeKind::List(items) = &node.kind {
            return Some(items);
        }
        self.wrong(node, what, wanted);
        None
    }

    /// A text and its place.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<Ident> {
        match node.scalar() {
            Some(scalar) if !scalar.text.trim().is_empty() => Some(ident(scalar)),
            Some(_) => {
                self.report(Diagnostic::new(node.span, format!("{what} is an empty text")));
                None
            }
            None => {
                self.wrong(node, what, "a text");
                None
            }
        }
    }

    /// A list of texts, or one text alone.
    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Vec<Ident> {
        match &node.kind {
            NodeKind::List(items) if items.is_empty() => {
                self.report(Diagnostic::new(node.span, format!("{what} is an empty list")));
                Vec::new()
            }
            NodeKind::List(items) => {
                let item = format!("an item of {what}");
                items.iter().filter_map(|n| self.text(n, &item)).collect()
            }
            NodeKind::Scalar(_) => self.text(node, what).into_iter().collect(),
            _ => {
                self.wrong(node, what, "a text or a list of texts");
                Vec::new()
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.scalar().map(|s| s.text.as_str()) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(other) => {
                let message = format!("{what} must be `true` or `false`, not `{other}`");
                self.report(Diagnostic::new(node.span, message));
                None
            }
            None => {
                self.wrong(node, what, "`true` or `false`");
                None
            }
        }
    }

    /// A finite number in decimal.
    pub(super) fn number(&mut self, node: &Node, what: &str) -> Option<f64> {
        let Some(scalar) = node.scalar() else {
            self.wrong(node, what, "a number");
            return None;
        };
        let decimal = scalar.text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        match scalar.text.parse::<f64>() {
            Ok(value) if decimal && value.is_finite() => Some(value),
            Ok(_) => {
                let message = format!("{what} must be a finite number, not `{}`", scalar.text);
                self.report(Diagnostic::new(node.span, message));
                None
            }
            Err(_) => {
                let message = format!("{what} must be a number, not `{}`", scalar.text);
                let error = Diagnostic::new(node.span, message);
                self.report(error.help("numbers here are written out: `100`, `-2.5`, `1e3`"));
                None
            }
        }
    }

    /// An integer in decimal.
    pub(super) fn integer(&mut self, node: &Node, what: &str) -> Option<i64> {
        let Some(scalar) = node.scalar() else {
            self.wrong(node, what, "an integer");
            return None;
        };
        let value = scalar.text.parse().ok();
        if value.is_none() {
            let message = format!("{what} must be an integer, not `{}`", scalar.text);
            self.report(Diagnostic::new(node.span, message));
        }
        value
    }

    /// An expression.
    pub(super) fn expression(&mut self, node: &Node, what: &str) -> Option<Expr> {
        let scalar = match &node.kind {
            NodeKind::Scalar(scalar) => scalar,
            NodeKind::Refused => return None,
            NodeKind::Empty => {
                let place = self.place(node);
                let error = Diagnostic::new(place, format!("{what} has no expression"));
                self.report(error.help("write it behind the colon"));
                return None;
            }
            NodeKind::List(_) | NodeKind::Map(_) => {
                let mut error = Diagnostic::new(
                    self.place(node),
                    format!("{what} must be an expression, not {}", found(node)),
                );
                if self.text[node.span.start..].starts_with(['[', '{']) {
                    error = error.help("an expression that begins with `[` or `{` needs quotes");
                }
                self.report(error);
                return None;
            }
        };
        match parse::expression(&scalar.text, &scalar.map) {
            Ok(expression) => Some(expression),
            Err(fault) => {
                let incomplete = fault.incomplete;
                let mut error = fault.diagnostic;
                if let Some(comment) = self.comment_after(scalar).filter(|_| incomplete) {
                    error = error
                        .also(comment, "YAML reads this as a comment")
                        .help("if ` #` belongs to the expression, quote all of it");
                }
                self.report(error);
                None
            }
        }
    }

    /// The comment on the line where a plain text ends.
    fn comment_after(&self, scalar: &Scalar) -> Option<Span> {
        let end = scalar.span.end;
        let line = self.text[end..].lines().next()?;
        let gap = line.len() - line.trim_start().len();
        (gap > 0 && line[gap..].starts_with('#'))
            .then(|| Span { start: end + gap, end: end + line.trim_end().len() })
    }

    /// Refuses keys other than the allowed ones; says whether there were none.
    pub(super) fn keys<'n>(
        &mut self,
        keys: impl IntoIterator<Item = &'n Scalar>,
        what: &str,
        allowed: &[&str],
    ) -> bool {
        let before = self.diagnostics.len();
        for key in keys {
            if !allowed.contains(&key.text.as_str()) {
                let message = format!("{what} has no key `{}`", lex::shorten(&key.text));
                let mut error = Diagnostic::new(key.span, message);
                if let Some(near) = nearest(&key.text, allowed.iter().copied()) {
                    error = error.help(format!("did you mean `{near}`?"));
                }
                self.report(error.help(format!("allowed are: {}", allowed.join(", "))));
            }
        }
        self.diagnostics.len() == before
    }

    /// The name of a region or histogram.
    pub(super) fn name(&mut self, scalar: &Scalar, what: &str) -> Ident {
        let text = &scalar.text;
        if lex::KEYWORDS.contains(&text.as_str()) {
            self.report(syntax_errors::reserved(text, scalar.span));
        } else if !is_output_name(text) {
            let message = format!("`{}` cannot be the name of {what}", lex::shorten(text));
            self.report(Diagnostic::new(scalar.span, message).help(
                "names are made of letters, digits, `_`, `-` and `.`, and begin with a letter, \
                 a digit or `_`",
            ));
        }
        ident(scalar)
    }
}

/// A scalar's text and place.
pub(super) fn ident(scalar: &Scalar) -> Ident {
    Ident { name: scalar.text.clone(), span: scalar.span }
}

/// The keys of a mapping.
pub(super) fn keys(entries: &[(Scalar, Node)]) -> impl Iterator<Item = &Scalar> {
    entries.iter().map(|(key, _)| key)
}

/// The value of a key.
pub(super) fn get<'n>(entries: &'n [(Scalar, Node)], key: &str) -> Option<&'n Node> {
    entries.iter().find(|(k, _)| k.text == key).map(|(_, value)| value)
}
