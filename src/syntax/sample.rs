//! Samples, processes and sums of samples.

use super::{Factor, Ident};
use serde::Serialize;

/// One entry of `samples`: events of one origin. Its files may come from a
/// fileset on the command line instead.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Sample {
    /// Its name.
    pub name: Ident,
    /// Its files, as written (relative paths are relative to the analysis file).
    pub files: Vec<Ident>,
    /// In pb; `None` for data, and where there is no luminosity.
    pub cross_section: Option<f64>,
    /// What the cross-section is divided by.
    pub generated: Generated,
    /// `kind: data`: not scaled, and not varied.
    pub data: bool,
    /// The process that it is of, if that is not its name.
    pub process: Option<Ident>,
    /// Of which variation of the process; `None`: nominal.
    pub variation: Option<Ident>,
    /// Of data, as written: a file with the luminosity sections to keep.
    pub golden: Option<Ident>,
    /// Factors on every event of it.
    pub weight: Vec<Factor>,
}

/// How many events were generated for a sample.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub enum Generated {
    /// As many as its files have (or as a fileset says that they have).
    #[default]
    InFiles,
    /// As many as the analysis says.
    Events(f64),
    /// The sum of this branch over the entries of this tree of its files:
    /// `Runs.genEventSumw`.
    SumOfWeights {
        /// The tree.
        tree: String,
        /// The branch.
        branch: String,
    },
}

/// One entry of `processes`: what all samples of a process have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Process {
    /// Its name.
    pub name: Ident,
    /// Factors on every event of its samples.
    pub weight: Vec<Factor>,
}

/// One entry of `combine`: one more sample, the sum of others times factors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Combination {
    /// Its name.
    pub name: Ident,
    /// Samples and their factors.
    pub terms: Vec<(Ident, f64)>,
}
