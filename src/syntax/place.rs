//! Where something stands in the analysis file, and names with their places.

/// A range of bytes of the analysis file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ident {
    /// The name.
    pub name: String,
    /// Where it is.
    pub span: Span,
}
