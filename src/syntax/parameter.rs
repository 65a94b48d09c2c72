//! The parameters of an analysis: numbers that it depends on smoothly.

use super::Ident;
use serde::Serialize;

/// Most parameters: which ones a value depends on are the bits of a word.
pub(crate) const MOST_PARAMETERS: usize = 128;

/// One entry of `parameters`: a number that expressions name, and by which
/// `gpuana grad` differentiates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: Ident,
    /// `start:`, its value unless another one is set.
    pub value: f64,
    /// `range:`, the values that it may have, both ends included.
    pub range: Option<[f64; 2]>,
    /// `prior:`, the standard deviation of a measurement that gave `start`.
    pub prior: Option<f64>,
    /// `slope:`, how steep the sigmoids are that comparisons with it become in
    /// gradients, in 1 / the unit of what is compared.
    pub slope: Option<Slope>,
}

/// The slope of smooth cuts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum Slope {
    /// A number above 0.
    Fixed(f64),
    /// The parameter at this position.
    Parameter(usize),
}
