//! The factors of weights, and which events they are for.

use super::Expr;
use serde::Serialize;

/// A factor of a weight.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Factor {
    /// Which events it is for.
    pub of: Weighted,
    /// The factor.
    pub value: Expr,
}

/// Which events a factor of a weight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Weighted {
    /// `weight: x`, which does not say it: see [`crate::lang::check`].
    Bare,
    /// `simulation:`.
    Simulation,
    /// `data:`.
    Data,
    /// `all:`, both.
    All,
}

impl Weighted {
    /// How it is written, empty if it is not.
    pub fn name(self) -> &'static str {
        match self {
            Weighted::Bare => "",
            Weighted::Simulation => "simulation",
            Weighted::Data => "data",
            Weighted::All => "all",
        }
    }
}
