//! Histograms: what is filled, where and how.

use super::{Expr, Factor, Ident, Span};
use crate::bins::{AxisKind, Soft};
use serde::Serialize;

/// One entry of `histograms`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistogramSpec {
    /// Its name.
    pub name: Ident,
    /// One to three axes.
    pub axes: Vec<AxisSpec>,
    /// Regions to fill in; `[all]` if the file names none.
    pub regions: Vec<Ident>,
    /// Factors on the weight of each entry.
    pub weight: Vec<Factor>,
    /// `name:`, a template of output names; see [`render`](super::render).
    pub template: Option<Ident>,
    /// `title:`, shown on the picture.
    pub title: Option<String>,
    /// `soft:`, how entries are spread over the bins of each axis; empty: they are
    /// not.
    pub soft: Vec<Soft>,
}

impl HistogramSpec {
    /// Whether the file names no region for it: `all` then stands at its own name.
    pub fn names_no_region(&self) -> bool {
        self.regions.iter().all(|r| r.span == self.name.span)
    }
}

/// One axis of a histogram: `value`, then `bins: [n, low, high]` (with
/// `log: true` for logarithmic ones), `edges: [...]`, `integers: [low, high]`
/// (both included), `categories: [...]` or `boolean: true`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AxisSpec {
    /// What is filled.
    pub value: Expr,
    /// The bins, checked: ascending, finite, at least one.
    pub kind: AxisKind,
    /// Where the bins stand.
    pub bins_span: Span,
    /// `label:`, else the expression's text.
    pub label: Option<String>,
    /// `unit:`.
    pub unit: Option<String>,
}

/// One entry of `scalars`: a sum or a mean over the entries of a region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScalarSpec {
    /// Whether it is a mean; else a sum.
    pub mean: bool,
    /// It as a soft histogram of one bin that gets every entry whole: its
    /// contents are the sum of weights.
    pub histogram: HistogramSpec,
}
