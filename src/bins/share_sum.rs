//! What the cells of a soft histogram give one number: the sum over cells of a
//! number times the cell's share of an entry. It is a smooth function of the
//! entry's values, whose derivatives have the derivatives of the shares instead.
//! Gradients for a given cotangent start with it, see [`crate::gradient`].

use super::{Axis, Soft};

/// A number a cell, for the axes of a soft histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareSum {
    /// One or two axes of reals, and how entries are spread over each.
    pub axes: Vec<(Axis, Soft)>,
    /// One a cell, under- and overflow included, the first axis slowest.
    pub numbers: Vec<f64>,
}
