//! Definitions: names for values, fields and functions.

use super::{Expr, Ident};
use serde::Serialize;

/// One entry of `define`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Define {
    /// What gets the value.
    pub target: Target,
    /// The value.
    pub value: Expr,
}

/// The left-hand side of a definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Target {
    /// `clean: ...`.
    Name(Ident),
    /// `Jet.calib_pt: ...`: a new field of a collection (or record); bare
    /// names in the value are fields of the element.
    Field {
        /// The collection or record.
        of: Ident,
        /// The new field.
        field: Ident,
    },
    /// `good(l): ...`.
    Function {
        /// Its name.
        name: Ident,
        /// Its parameters.
        parameters: Vec<Ident>,
    },
}
