//! What a backend evaluates: the typed DAG, the columns it reads and the fills
//! that it ends in. All regions and histograms of an analysis are one plan and
//! one pass over the events.

use crate::batch::Request;
use crate::hist::{Axis, Soft, SoftTerm};
use crate::ir::{Ir, NodeId};

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
    /// How each entry is spread over the bins of the one axis, which is one of
    /// reals; there is a weight then. `None`: it goes to the bin it lies in.
    pub soft: Option<Soft>,
}

impl Plan {
    /// Gives the parameters of the analysis other values, bandwidths among them.
    pub fn set_parameters(&mut self, values: &[f64]) {
        self.ir.set_parameters(values);
        for soft in self.fills.iter_mut().filter_map(|fill| fill.soft.as_mut()) {
            if let Some(value) = soft.parameter.and_then(|k| values.get(k)) {
                soft.bandwidth = *value;
            }
        }
    }
}

impl Fill {
    /// Whether another fill, whatever it is called, has the same entries.
    pub fn fills_alike(&self, other: &Fill) -> bool {
        let parts = |f: &Fill| (f.mask, f.missing, f.weight, f.soft);
        parts(self) == parts(other) && self.axes == other.axes
    }

    /// Whether the sum of the products of weights and shares is kept.
    pub fn keeps_products(&self) -> bool {
        self.soft.is_some_and(|soft| soft.term == SoftTerm::Share)
    }

    /// Number of bins, under- and overflow included, of all axes together.
    pub fn cells(&self) -> usize {
        self.axes.iter().map(|(axis, _)| axis.extent()).product()
    }
}
