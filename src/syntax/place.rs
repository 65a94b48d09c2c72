//! Where something stands in the analysis file, and names with their places.

use serde::Serialize;

/// A range of bytes of the analysis file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Ident {
    /// The name.
    pub name: String,
    /// Where it is.
    pub span: Span,
}
