//! Regions: cuts, one after the other.

use super::{Expr, Factor, Ident};
use serde::Serialize;

/// One entry of `regions`: either a list of cuts, or a mapping with `from`,
/// `cuts` and `weight`. A list item that is a bare name instead of
/// `label: cut` builds on that region (first item only).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Region {
    /// Its name.
    pub name: Ident,
    /// The region whose cuts come first and whose weight also counts.
    pub from: Option<Ident>,
    /// The cuts, in order.
    pub cuts: Vec<Cut>,
    /// Factors on the weight of every event of the region.
    pub weight: Vec<Factor>,
}

/// One named cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cut {
    /// The label, as the cutflow shows it.
    pub label: Ident,
    /// The condition.
    pub condition: Expr,
}
