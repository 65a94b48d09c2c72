//! The analysis file as written: every name and expression with its place.
//! `parse` makes it from YAML text; `lang` gives it meaning.

mod align;
mod histogram;
mod objectives;
mod parameters;
mod parse;
mod read;
mod samples;
mod soft;
mod template;
mod vary;
mod weight;
mod yaml;
mod yaml_errors;

pub use objectives::{Objective, ObjectiveKind, ScalarSpec};
pub(crate) use parameters::MOST_PARAMETERS;
pub use parse::parse;
pub(crate) use read::is_output_name;
pub use template::{Names, render};

use crate::hist::{AxisKind, Soft};
use crate::lang::ast::{Expr, Ident, Span};
use crate::schema::DefaultValue;
use crate::warning::Warnings;

/// An analysis file, parsed but not yet checked against an input.
#[derive(Debug, Clone, PartialEq, Default)]
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

/// One entry of `parameters`: a number that expressions name, and by which
/// `gpuana grad` differentiates.
#[derive(Debug, Clone, PartialEq)]
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

/// A factor of a weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Which events it is for.
    pub of: Weighted,
    /// The factor.
    pub value: Expr,
}

/// Which events a factor of a weight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighted {
    /// `weight: x`, which does not say it: see [`crate::lang::check`].
    Bare,
    /// `simulation:`.
    Simulation,
    /// `data:`.
    Data,
    /// `all:`, both.
    All,
}

impl Weighted {
    /// How it is written, empty if it is not.
    pub fn name(self) -> &'static str {
        match self {
            Weighted::Bare => "",
            Weighted::Simulation => "simulation",
            Weighted::Data => "data",
            Weighted::All => "all",
        }
    }
}

/// One entry of `processes`: what all samples of a process have.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// Its name.
    pub name: Ident,
    /// Factors on every event of its samples.
    pub weight: Vec<Factor>,
}

/// The slope of smooth cuts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slope {
    /// A number above 0.
    Fixed(f64),
    /// The parameter at this position.
    Parameter(usize),
}

/// One entry of `samples`: events of one origin. Its files may come from a
/// fileset on the command line instead.
#[derive(Debug, Clone, PartialEq, Default)]
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
#[derive(Debug, Clone, PartialEq, Default)]
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

/// One entry of `combine`: one more sample, the sum of others times factors.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination {
    /// Its name.
    pub name: Ident,
    /// Samples and their factors.
    pub terms: Vec<(Ident, f64)>,
}

/// One entry of `vary`: what a systematic uncertainty changes. Every direction
/// that any of its changes has is one variation of all histograms.
#[derive(Debug, Clone, PartialEq)]
pub struct Variation {
    /// Its name, `jes`.
    pub name: Ident,
    /// `samples:`, the samples that it applies to; empty: all.
    pub samples: Vec<Ident>,
    /// What it changes.
    pub changes: Vec<Change>,
}

/// One thing that a variation changes, in one or more directions.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What is replaced.
    pub target: Varied,
    /// Direction (`up`, `down`, or any name) and the value in it.
    pub directions: Vec<(Ident, Expr)>,
}

/// What a variation replaces. The value sees nominal values only.
#[derive(Debug, Clone, PartialEq)]
pub enum Varied {
    /// `Jet.pt`: a stored column, `MET.pt`: a branch.
    Field {
        /// The collection or record.
        of: Ident,
        /// The field.
        field: Ident,
    },
    /// A definition or a branch.
    Name(Ident),
    /// `weight`: the value is a factor on the weight.
    Weight(Span),
}

/// One entry of `define`.
#[derive(Debug, Clone, PartialEq)]
pub struct Define {
    /// What gets the value.
    pub target: Target,
    /// The value.
    pub value: Expr,
}

/// The left-hand side of a definition.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// `clean: ...`.
    Name(Ident),
    /// `Jet.calib_pt: ...`: a new field of a collection (or record); bare
    /// names in the value are fields of the element.
    Field {
        /// The collection or record.
        of: Ident,
        /// The new field.
        field: Ident,
    },
    /// `good(l): ...`.
    Function {
        /// Its name.
        name: Ident,
        /// Its parameters.
        parameters: Vec<Ident>,
    },
}

/// One entry of `regions`: either a list of cuts, or a mapping with `from`,
/// `cuts` and `weight`. A list item that is a bare name instead of
/// `label: cut` builds on that region (first item only).
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// The label, as the cutflow shows it.
    pub label: Ident,
    /// The condition.
    pub condition: Expr,
}

/// One entry of `histograms`.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramSpec {
    /// Its name.
    pub name: Ident,
    /// One to three axes.
    pub axes: Vec<AxisSpec>,
    /// Regions to fill in; `[all]` if the file names none.
    pub regions: Vec<Ident>,
    /// Factors on the weight of each entry.
    pub weight: Vec<Factor>,
    /// `name:`, a template of output names; see [`render`].
    pub template: Option<Ident>,
    /// `title:`, shown on the picture.
    pub title: Option<String>,
    /// `soft:`, how entries are spread over the bins of each axis; empty: they are
    /// not.
    pub soft: Vec<Soft>,
}

impl Analysis {
    /// What the analysis says of a sample of this name and process: under its own
    /// name, else under its process.
    pub fn sample(&self, name: &str, process: &str) -> Option<&Sample> {
        let find = |name: &str| self.samples.iter().find(|s| s.name.name == name);
        find(name).or_else(|| find(process))
    }
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
#[derive(Debug, Clone, PartialEq)]
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
