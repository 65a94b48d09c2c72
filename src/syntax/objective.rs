//! Objectives: numbers made of histograms, and what they take to be uncertain.

use super::{Expr, Ident};
use serde::Serialize;

/// One entry of `objectives`: what `gpuana scan` shows and `gpuana optimize` seeks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Objective {
    /// Its name.
    pub name: Ident,
    /// Whether less of it is better.
    pub minimize: bool,
    /// What it is.
    pub kind: ObjectiveKind,
}

/// How an objective is computed. Histograms are named as outputs are; several
/// are added up.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub enum ObjectiveKind {
    /// Asimov significance, bins in quadrature.
    Significance {
        /// The signal's histograms.
        signal: Vec<Ident>,
        /// The background's histograms.
        background: Vec<Ident>,
        /// What is known of the background.
        uncertainty: Uncertainty,
    },
    /// The standard deviation of a signal's strength, parameters with priors
    /// being nuisances.
    SigmaMu {
        /// The signal's histograms.
        signal: Vec<Ident>,
        /// The background's histograms.
        background: Vec<Ident>,
    },
    /// An expression of bins.
    Expression(Expr),
}

/// What is known of the background.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Uncertainty {
    /// Which statistical variances its contents have, if any.
    pub statistical: Option<Variance>,
    /// A relative standard deviation of each bin, in quadrature with that.
    pub fraction: f64,
}

/// The variance of the sum of w p over entries of weight w, with p the share that a bin
/// gets of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Variance {
    /// The sum of w^2 p: as if each entry were in one bin, chosen by lot. No less than
    /// the other one, and of all bins together the variance of the sum of weights.
    #[default]
    Whole,
    /// The sum of w^2 p^2: that of the number that the bin holds, if entries come and
    /// go as a Poisson process has them.
    Shares,
}

impl Variance {
    /// Both, by their words in an analysis.
    pub const ALL: [(&'static str, Variance); 2] =
        [("stat", Variance::Whole), ("stat_w2p2", Variance::Shares)];
}
