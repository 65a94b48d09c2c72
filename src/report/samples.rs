//! What a run says about its samples: how each is scaled, its cutflow, and
//! the cutflows of simulation and of data in total.

use super::number::{grouped, sum};
use super::text_table::Table;
use crate::analysis::WeightInfo;
use crate::run::{CutRow, Cutflow, Ledger, Outcome, Yield, cutflows};
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
    /// Its regions; sums of weights are not scaled.
    pub cutflows: Vec<Cutflow>,
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
            cutflows: cutflows(finished.compiled, finished.fills),
        }
    }

    /// Its cutflows, scaled as its histograms are.
    pub(super) fn scaled(&self) -> Vec<Cutflow> {
        let Some(scale) = self.scale else { return self.cutflows.clone() };
        let yields = |y: Yield| Yield {
            events: y.events,
            sumw: y.sumw * scale.factor,
            sumw2: y.sumw2 * scale.factor * scale.factor,
        };
        let row = |row: &CutRow| CutRow { passed: yields(row.passed), ..row.clone() };
        let flow = |flow: &Cutflow| Cutflow {
            region: flow.region.clone(),
            weighted: true,
            all: yields(flow.all),
            cuts: flow.cuts.iter().map(row).collect(),
            bad_weight: flow.bad_weight,
            missing_weight: flow.missing_weight,
        };
        self.cutflows.iter().map(flow).collect()
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

/// The cutflows of all nominal samples together: of simulation, or of data.
pub(super) fn totals(samples: &[SampleRecord], data: bool) -> Vec<Cutflow> {
    let wanted = |s: &&SampleRecord| s.data == data && s.variation.is_none();
    let mut total: Vec<Cutflow> = Vec::new();
    for sample in samples.iter().filter(wanted) {
        let flows = sample.scaled();
        if total.is_empty() {
            total = flows;
        } else {
            total.iter_mut().zip(&flows).for_each(|(sum, flow)| add(sum, flow));
        }
    }
    total
}

fn add(sum: &mut Cutflow, flow: &Cutflow) {
    let plus = |a: &mut Yield, b: Yield| {
        a.events += b.events;
        a.sumw += b.sumw;
        a.sumw2 += b.sumw2;
    };
    sum.weighted |= flow.weighted;
    sum.bad_weight += flow.bad_weight;
    sum.missing_weight += flow.missing_weight;
    plus(&mut sum.all, flow.all);
    for (a, b) in sum.cuts.iter_mut().zip(&flow.cuts) {
        plus(&mut a.passed, b.passed);
        a.missing += b.missing;
    }
}

/// The text of `cutflow.json` of a run over samples: `samples` by name, and
/// the totals `mc` and `data` of the nominal ones. All sums are scaled.
pub fn samples_cutflow_json(samples: &[SampleRecord]) -> String {
    let each: Map<String, Value> =
        samples.iter().map(|s| (s.name.clone(), super::cutflow::regions(&s.scaled()))).collect();
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
