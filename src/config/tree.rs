//! What YAML text becomes: keys and values with their places, all of them text.

use crate::diag::Diagnostic;
use crate::lang::text_map::TextMap;
use crate::syntax::Span;

/// How deep mappings and lists may nest; an analysis needs 5 levels.
pub(super) const MAX_DEPTH: usize = 16;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum NodeKind {
    /// Nothing: `key:` and no more.
    Empty,
    Scalar(Scalar),
    List(Vec<Node>),
    /// Keys in file order, without duplicates.
    Map(Vec<(Scalar, Node)>),
    /// Something that has been refused already.
    Refused,
}

/// A text and where each of its bytes stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) map: TextMap,
    /// The text in the file, quotes included.
    pub(super) span: Span,
}

impl Node {
    /// The text, if it is one.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

/// Why YAML's parser cannot go on.
pub(super) struct Stop {
    pub(super) diagnostic: Diagnostic,
    /// The value that is to blame; without it the rest of the file can be read.
    pub(super) value: Option<Span>,
}
