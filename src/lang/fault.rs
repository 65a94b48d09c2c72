//! Why a text is no expression, as the parser says it.

use crate::diag::Diagnostic;

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What is wrong and where.
    pub diagnostic: Diagnostic,
    /// Whether the text is the beginning of an expression: a bracket is open
    /// or the last operand is missing.
    pub incomplete: bool,
}

impl Fault {
    pub(super) fn new(diagnostic: Diagnostic) -> Box<Self> {
        Box::new(Fault { diagnostic, incomplete: false })
    }
}
