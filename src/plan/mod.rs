//! What a backend evaluates: the typed DAG, the columns it reads and the fills
//! that it ends in. All regions and histograms of an analysis are one plan and
//! one pass over the events.

pub(crate) mod check;
pub(crate) mod gates;
mod needed;
pub mod rewrite;
pub(crate) mod split;

pub(crate) use needed::Packed;

use crate::batch::Request;
use crate::bins::{Axis, Soft, SoftSum, SoftTerm};
use crate::hist::{FillData, MomentRow, Moments};
use crate::ir::{Ir, NodeId};
use crate::kernels::soft::Rows;

/// A complete, checked computation.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The DAG. [`crate::ir::Op::Column`] indexes `request.columns`,
    /// [`crate::ir::Space::Collection`] indexes `request.counters`.
    pub ir: Ir,
    /// What is read.
    pub request: Request,
    /// Where values end up. Histograms and cutflows alike are fills.
    pub fills: Vec<Fill>,
}

/// One histogram (or cutflow) to fill, with one entry an element of a space.
#[derive(Debug, Clone)]
pub struct Fill {
    /// Unique, for messages.
    pub name: String,
    /// The axes; each takes its value from the node beside it, which is over
    /// the mask's space or a constant. Real axes take F32, integer, boolean
    /// and category axes take I32, I64 or Bool.
    pub axes: Vec<(Axis, NodeId)>,
    /// Bool: which elements are filled. Its space is the fill's.
    pub mask: NodeId,
    /// Bool over the mask's space, exclusive with the mask: elements that
    /// would be filled if a value were not missing; they are counted.
    pub missing: Option<NodeId>,
    /// F32 over the mask's space or a constant; `None`: each entry counts 1
    /// and no weight sums are kept.
    pub weight: Option<NodeId>,
    /// How each entry is spread over the bins of the axes, which are of reals;
    /// there is a weight then. `None`: it goes to the bin it lies in.
    pub soft: Option<SoftFill>,
}

/// How entries are spread over bins, and the derivatives that are summed beside
/// the contents: all of them share what is computed at the edges.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftFill {
    /// One an axis.
    pub axes: Vec<Soft>,
    /// What is summed for each cell beside the contents and both variances.
    pub rows: Vec<SoftRow>,
}

/// A sum over entries for each cell, of which an entry adds its sum of the parts.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftRow {
    /// What it is a derivative of.
    pub of: SoftSum,
    /// At least one.
    pub parts: Vec<SoftPart>,
}

/// A factor times a term of the first axis times one of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftPart {
    /// The terms; with one axis the second one is [`SoftTerm::Share`].
    pub terms: [SoftTerm; 2],
    /// F32 over the mask's space or a constant.
    pub factor: NodeId,
}

impl SoftFill {
    /// Its rows in the form in which kernels add entries.
    pub fn kernel_rows(&self) -> Rows {
        let terms = |row: &SoftRow| row.parts.iter().map(|part| part.terms).collect();
        Rows::new(self.axes.len(), self.rows.iter().map(|row| (row.of, terms(row))))
    }

    /// The factors of all parts of all rows, in order.
    pub fn factors(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.rows.iter().flat_map(|row| row.parts.iter().map(|part| part.factor))
    }

    /// The same with other nodes.
    #[must_use]
    pub fn with_factors(&self, node: impl Fn(NodeId) -> NodeId) -> Self {
        let mut soft = self.clone();
        let parts = soft.rows.iter_mut().flat_map(|row| &mut row.parts);
        parts.for_each(|part| part.factor = node(part.factor));
        soft
    }
}

impl Plan {
    /// Gives the parameters of the analysis other values, bandwidths among them.
    pub fn set_parameters(&mut self, values: &[f64]) {
        self.ir.set_parameters(values);
        let softs = self.fills.iter_mut().filter_map(|fill| fill.soft.as_mut());
        softs.flat_map(|soft| &mut soft.axes).for_each(|soft| soft.set_parameters(values));
    }
}

impl Fill {
    /// The same of other nodes.
    pub fn renamed(&self, node: impl Fn(NodeId) -> NodeId) -> Fill {
        Fill {
            axes: self.axes.iter().map(|(axis, n)| (axis.clone(), node(*n))).collect(),
            mask: node(self.mask),
            missing: self.missing.map(&node),
            weight: self.weight.map(&node),
            soft: self.soft.as_ref().map(|soft| soft.with_factors(&node)),
            ..self.clone()
        }
    }

    /// Whether another fill, whatever it is called, has the same entries.
    pub fn fills_alike(&self, other: &Fill) -> bool {
        let parts = |f: &Fill| (f.mask, f.missing, f.weight);
        parts(self) == parts(other) && self.axes == other.axes && self.soft == other.soft
    }

    /// The nodes that it uses: values, mask, missing, weight and factors.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        let axes = self.axes.iter().map(|(_, node)| *node);
        let factors = self.soft.iter().flat_map(SoftFill::factors);
        axes.chain([self.mask]).chain(self.missing).chain(self.weight).chain(factors)
    }

    /// Number of bins, under- and overflow included, of all axes together.
    pub fn cells(&self) -> usize {
        self.axes.iter().map(|(axis, _)| axis.extent()).product()
    }

    /// Which moments it sums in single precision, if it is a soft fill of one axis and
    /// of a smooth kernel. In double precision none does: the reference looks at bins.
    pub fn moments(&self) -> Option<Moments> {
        let (Some(soft), [(axis, _)]) = (&self.soft, &self.axes[..]) else { return None };
        let numbers: Vec<NodeId> = self.weight.into_iter().chain(soft.factors()).collect();
        // Equal factors are one number.
        let number = |node: NodeId| numbers.iter().position(|n| *n == node).unwrap_or(0);
        let part = |part: &SoftPart| (number(part.factor), part.terms[0]);
        let row = |row: &SoftRow| MomentRow {
            squared: row.of == SoftSum::Variances,
            parts: row.parts.iter().map(part).collect(),
        };
        Moments::new(axis.edges(), soft.axes[0], soft.rows.iter().map(row).collect())
    }

    /// No entries, in single precision.
    pub fn empty(&self) -> FillData {
        match self.moments() {
            Some(moments) => FillData::of_moments(self.cells(), moments),
            None => self.empty_in_double(),
        }
    }

    /// No entries, in double precision.
    pub fn empty_in_double(&self) -> FillData {
        match &self.soft {
            Some(soft) => FillData::soft(self.cells(), soft.rows.len()),
            None => FillData::new(self.cells(), self.weight.is_some()),
        }
    }
}
