//! Systematic uncertainties: what each changes.

use super::{Expr, Ident, Span};
use serde::Serialize;

/// One entry of `vary`: what a systematic uncertainty changes. Every direction
/// that any of its changes has is one variation of all histograms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variation {
    /// Its name, `jes`.
    pub name: Ident,
    /// `samples:`, the samples that it applies to; empty: all.
    pub samples: Vec<Ident>,
    /// What it changes.
    pub changes: Vec<Change>,
}

/// One thing that a variation changes, in one or more directions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What is replaced.
    pub target: Varied,
    /// Direction (`up`, `down`, or any name) and the value in it.
    pub directions: Vec<(Ident, Expr)>,
}

/// What a variation replaces. The value sees nominal values only.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Varied {
    /// `Jet.pt`: a stored column, `MET.pt`: a branch.
    Field {
        /// The collection or record.
        of: Ident,
        /// The field.
        field: Ident,
    },
    /// A definition or a branch.
    Name(Ident),
    /// `weight`: the value is a factor on the weight.
    Weight(Span),
}
