//! A compiled analysis: the plan, and what its fills mean to the user.

use crate::bins::Axis;
use crate::hist::{FillData, Histogram, Kind, Origin};
use crate::ir::NodeId;
use crate::plan::Plan;
use crate::warning::Warnings;

/// An analysis checked against a schema and lowered to a plan.
#[derive(Debug, Clone, Default)]
pub struct Compiled {
    /// What a backend evaluates.
    pub plan: Plan,
    /// The regions, `all` first, then in file order.
    pub regions: Vec<RegionInfo>,
    /// The histograms of the output, one for each histogram and region.
    pub histograms: Vec<HistogramInfo>,
    /// Definitions, cuts and weights by name, for `explain --event`.
    pub watches: Vec<Watch>,
    /// The factors of its weights.
    pub weights: Vec<WeightInfo>,
    /// What the analysis may not mean as it is written.
    pub warnings: Warnings,
}

impl Compiled {
    /// What a run needs: without the watches and what only they look at.
    pub fn for_run(self) -> Compiled {
        let mut regions = self.regions;
        regions.iter_mut().for_each(|region| region.watches.clear());
        Compiled { plan: self.plan.pruned(), watches: Vec::new(), regions, ..self }
    }
}

/// What the cutflow of a region is made of.
#[derive(Debug, Clone)]
pub struct RegionInfo {
    /// Its name.
    pub name: String,
    /// The labels of its cuts in order, those of the regions it builds on first.
    pub cuts: Vec<String>,
    /// For each cut its position in [`Compiled::watches`]; empty where these are left out.
    pub watches: Vec<usize>,
    /// Index of the unweighted fill over an integer axis `[0, cuts + 1)`: how
    /// many cuts in a row each event passes.
    pub counts: usize,
    /// Index of the weighted fill over the same axis, if the region has a weight.
    pub weighted: Option<usize>,
    /// Index of the fill over an integer axis `[0, cuts)`: at which cut an
    /// event failed because a value was missing; `None` if no cut can be missing.
    pub missing: Option<usize>,
}

/// A factor of a weight, as the events of a sample get it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightInfo {
    /// Where it stands: `all` for the top, `region sr`, `sample ttbar`.
    pub place: String,
    /// The factor, as written.
    pub factor: String,
    /// Why it does not apply, in a few words; `None`: it does.
    pub why_not: Option<String>,
}

/// One histogram of the output.
#[derive(Debug, Clone)]
pub struct HistogramInfo {
    /// Output name.
    pub name: String,
    /// Title for pictures and ROOT.
    pub title: String,
    /// The name in the analysis file.
    pub base: String,
    /// The region it is filled in.
    pub region: String,
    /// The variation, as `jes_up`; `None`: nominal.
    pub variation: Option<String>,
    /// Its axes.
    pub axes: Vec<Axis>,
    /// Index of its fill.
    pub fill: usize,
}

impl HistogramInfo {
    /// The histogram of its finished fill, of no sample.
    pub fn finished(&self, fills: &[FillData]) -> Histogram {
        let histogram =
            Histogram::new(&self.name, &self.title, self.axes.clone(), &fills[self.fill]);
        Histogram { origin: Some(self.origin()), ..histogram }
    }

    /// What it is of, where there are no samples.
    pub fn origin(&self) -> Origin {
        Origin {
            histogram: self.base.clone(),
            region: self.region.clone(),
            process: None,
            variation: self.variation.clone(),
            kind: Kind::Simulation,
        }
    }
}

/// A named value that a user may want to see for one event.
#[derive(Debug, Clone)]
pub struct Watch {
    /// What it is.
    pub kind: Watched,
    /// Its name: `lep.pt`, a cut's label, what a weight is of: `all`, `region sr`.
    pub name: String,
    /// Its expression, as the analysis file has it.
    pub source: String,
    /// The value.
    pub value: NodeId,
    /// Whether the value is there, if it can be missing.
    pub valid: Option<NodeId>,
    /// The values that decide it, if it is true or false.
    pub parts: Vec<Watch>,
}

/// What a watched value is in the analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// A definition.
    Definition,
    /// A cut of a region.
    Cut,
    /// A weight.
    Weight,
    /// What a condition compares.
    Part,
}
