//! Objectives: numbers that say how good an analysis is, computed from the bins
//! of its histograms, with their derivatives by the parameters.
//!
//! Contents and Jacobians are sums over events and come from the backends; what
//! is made of them here is small, in double precision, and goes by the chain rule.

mod asimov;
mod bins;
mod expression;
mod fisher;
mod named;

pub use asimov::significance;
pub use bins::{Bins, Valued};
pub use expression::{evaluate, names};
pub use fisher::{SecondDerivatives, sigma_mu};
pub use named::{
    Histograms, Measured, OutputKind, check_names, needs_squares, outputs_of, second_pairs, takes,
    value,
};
