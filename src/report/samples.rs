//! What a run says about its samples: how each is scaled, its cutflow, and
//! the cutflows of simulation and of data in total.

use super::number::{grouped, sum};
use super::text_table::Table;
use crate::analysis::WeightInfo;
use crate::run::{Cutflow, ExactYield, Ledger, Outcome, exact_cutflows};
use crate::samples::{Finished, Scale};
use serde_json::{Map, Value, json};

/// Most samples that are shown.
const MOST_SAMPLES: usize = 30;

/// One sample of a finished run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleRecord {
    /// Its name.
    pub name: String,
    /// The process that it is of.
    pub process: String,
    /// Of which variation of the process.
    pub variation: Option<String>,
    /// Whether it is data.
    pub data: bool,
    /// What its histograms are scaled by.
    pub scale: Option<Scale>,
    /// [`super::plan_hash`] of its plan.
    pub plan_hash: String,
    /// Planned, processed, skipped.
    pub ledger: Ledger,
    /// The factors of its weights, applied or not.
    pub weights: Vec<WeightInfo>,
    /// Its regions; sums of weights are not scaled and not rounded.
    pub cutflows: Vec<Cutflow<ExactYield>>,
}

impl SampleRecord {
    /// The record of a sample whose events have been processed; the ledger has
    /// the files that were left out before the run, too.
    pub fn new(finished: &Finished<'_>, outcome: &Outcome) -> Self {
        let sample = finished.sample;
        SampleRecord {
            name: sample.name.clone(),
            process: sample.process.clone(),
            variation: sample.variation.clone(),
            data: sample.data,
            scale: finished.scale,
            plan_hash: super::plan_hash(&finished.compiled.plan),
            ledger: outcome.ledger.clone(),
            weights: finished.compiled.weights.clone(),
            cutflows: exact_cutflows(finished.compiled, finished.fills),
        }
    }

    /// Its cutflows, scaled as its histograms are.
    pub(super) fn scaled(&self) -> Vec<Cutflow<ExactYield>> {
        match self.scale {
            Some(scale) => self.cutflows.iter().map(|flow| flow.scaled(scale.factor)).collect(),
            None => self.cutflows.clone(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "process": self.process,
            "variation": self.variation,
            "kind": if self.data { "data" } else { "mc" },
            "normalisation": self.scale.map(|s| json!({
                "cross_section_pb": s.cross_section,
                "luminosity_per_pb": s.luminosity,
                "generated_events": s.events,
                "factor": s.factor,
            })),
            "weights": super::weights::to_json(&self.weights),
            "plan_hash": self.plan_hash,
            "ledger": super::ledger::to_json(&self.ledger),
        })
    }
}

/// The cutflows of all nominal samples together: of simulation, or of data. Sums are
/// rounded once, so that no order of samples shows.
pub(super) fn totals(samples: &[SampleRecord], data: bool) -> Vec<Cutflow> {
    let wanted = |s: &&SampleRecord| s.data == data && s.variation.is_none();
    let mut total: Vec<Cutflow<ExactYield>> = Vec::new();
    for sample in samples.iter().filter(wanted) {
        let flows = sample.scaled();
        if total.is_empty() {
            total = flows;
        } else {
            total.iter_mut().zip(&flows).for_each(|(sum, flow)| sum.merge(flow));
        }
    }
    rounded(&total)
}

fn rounded(flows: &[Cutflow<ExactYield>]) -> Vec<Cutflow> {
    flows.iter().map(Cutflow::rounded).collect()
}

/// The text of `cutflow.json` of a run over samples: `samples` by name, and
/// the totals `mc` and `data` of the nominal ones. All sums are scaled.
pub fn samples_cutflow_json(samples: &[SampleRecord]) -> String {
    let one = |s: &SampleRecord| super::cutflow::regions(&rounded(&s.scaled()));
    let each: Map<String, Value> = samples.iter().map(|s| (s.name.clone(), one(s))).collect();
    let mut value = json!({ "samples": each });
    for (name, data) in [("mc", false), ("data", true)] {
        if samples.iter().any(|s| s.data == data) {
            value[name] = super::cutflow::regions(&totals(samples, data));
        }
    }
    super::pretty(&value)
}

/// How each sample is scaled.
pub(super) fn table(samples: &[SampleRecord]) -> Option<Table> {
    if samples.is_empty() {
        return None;
    }
    let heading = ["Sample", "files", "events", "generated", "cross-section/pb", "scaled by"];
    let mut table = Table::new(heading);
    for s in samples.iter().take(MOST_SAMPLES) {
        let mut row = vec![
            s.name.clone(),
            grouped(s.ledger.files_processed),
            grouped(s.ledger.events_processed),
        ];
        row.extend(match s.scale {
            Some(scale) => {
                [sum(scale.events), sum(scale.cross_section), format!("{:.6e}", scale.factor)]
            }
            None => [String::new(), if s.data { "data" } else { "-" }.to_owned(), "-".to_owned()],
        });
        table.row(row);
    }
    if let Some(more) = samples.len().checked_sub(MOST_SAMPLES).filter(|n| *n > 0) {
        let text = super::number::counted(more as u64, "more sample");
        table.note(format!("... and {text}; see run.json"));
    }
    Some(table)
}
