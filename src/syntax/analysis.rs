//! The analysis as a whole: its sections, in the order of their author.

use super::{
    Combination, Define, Factor, HistogramSpec, Ident, Objective, Parameter, Process, Region,
    Sample, ScalarSpec, Variation,
};
use crate::schema::DefaultValue;
use crate::warning::Warnings;
use serde::Serialize;

/// An analysis file, parsed but not yet checked against an input.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Analysis {
    /// `input.files`, as written (relative paths are relative to the analysis file).
    pub files: Vec<Ident>,
    /// `input.tree`.
    pub tree: Option<Ident>,
    /// `input.defaults`: values of branches that some files lack.
    pub defaults: Vec<DefaultValue>,
    /// `input.golden`, as written: a file with the luminosity sections to keep.
    pub golden: Option<Ident>,
    /// `define`, in file order; a definition may use later ones, but no cycle.
    pub defines: Vec<Define>,
    /// `parameters`, in file order.
    pub parameters: Vec<Parameter>,
    /// `second`: pairs of parameters, by position, by which `gpuana grad`
    /// differentiates twice.
    pub second: Vec<[usize; 2]>,
    /// `weight`: factors on every event.
    pub weight: Vec<Factor>,
    /// `regions`, in file order. The region `all` (no cuts) always exists and
    /// is not listed here.
    pub regions: Vec<Region>,
    /// `vary`, in file order.
    pub variations: Vec<Variation>,
    /// `histograms`, in file order.
    pub histograms: Vec<HistogramSpec>,
    /// `scalars`, in file order.
    pub scalars: Vec<ScalarSpec>,
    /// `objectives`, in file order.
    pub objectives: Vec<Objective>,
    /// `samples`, in file order.
    pub samples: Vec<Sample>,
    /// `processes`, in file order.
    pub processes: Vec<Process>,
    /// `luminosity`, in /pb.
    pub luminosity: Option<f64>,
    /// `combine`, in file order.
    pub combinations: Vec<Combination>,
    /// `output: flat_json:`, the name of a file with all one-dimensional
    /// histograms as edges and contents.
    pub flat_json: Option<Ident>,
    /// What may not be meant as it is written.
    pub warnings: Warnings,
}

impl Analysis {
    /// What the analysis says of a sample of this name and process: under its own
    /// name, else under its process.
    pub fn sample(&self, name: &str, process: &str) -> Option<&Sample> {
        let find = |name: &str| self.samples.iter().find(|s| s.name.name == name);
        find(name).or_else(|| find(process))
    }
}
