//! `run.json`: how a result came about, in full.

use super::plan::plan_hash;
use super::samples::{SampleRecord, totals};
use crate::analysis::{Compiled, WeightInfo};
use crate::hist::FillData;
use crate::run::{
    Cutflow, HistogramTotals, InputRecord, Ledger, Outcome, Timings, cutflows, histogram_totals,
};
use crate::samples::Shared;
use crate::warning::Warnings;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What a finished run did: the source of `run.json` and of the summary.
#[derive(Debug, Clone, Default)]
pub struct RunRecord {
    /// Path of the analysis file.
    pub analysis: String,
    /// [`super::plan_hash`] of the plan.
    pub plan_hash: String,
    /// `cpu` or `gpu`.
    pub backend: String,
    /// What computed, in words: `llvmpipe (LLVM 15, Vulkan), strict`.
    pub device: String,
    /// `f32` or `f64`.
    pub precision: String,
    /// How a GPU's floats are kept exact.
    pub exactness: Option<String>,
    /// Kernels dispatched to a GPU.
    pub dispatches: u64,
    /// Threads of the CPU that could be used.
    pub threads: usize,
    /// `--chunk-events`, if given.
    pub chunk_events: Option<u64>,
    /// The input files.
    pub inputs: Vec<InputRecord>,
    /// Planned, processed, skipped.
    pub ledger: Ledger,
    /// Time by stage.
    pub timings: Timings,
    /// Time to write the outputs, as far as known.
    pub write: Duration,
    /// Folder of the outputs.
    pub output: String,
    /// Pictures in its folder `plots`.
    pub pictures: usize,
    /// Stacks of simulation and data in its folder `stacks`.
    pub stacks: usize,
    /// The regions; with samples those of all nominal simulation together, or
    /// of all data if there is no simulation, scaled.
    pub cutflows: Vec<Cutflow>,
    /// The histograms.
    pub histograms: Vec<HistogramTotals>,
    /// Without samples, the factors of the weights, applied or not.
    pub weights: Vec<WeightInfo>,
    /// The samples, if the analysis has some.
    pub samples: Vec<SampleRecord>,
    /// Files that are in two samples.
    pub shared: Vec<Shared>,
    /// From the start of the program's work, as far as known.
    pub elapsed: Duration,
    /// Whether to show what each file cost.
    pub show_costs: bool,
    /// Outputs beside the usual ones.
    pub more_outputs: Vec<String>,
    /// What may not mean what it seems to.
    pub warnings: Warnings,
    /// The hashes of the outputs, by name.
    pub outputs: Value,
}

/// One stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: &'static str,
    /// Its duration.
    pub time: Duration,
    /// Whether the time is summed over threads and beside the computation.
    pub summed: bool,
}

impl RunRecord {
    /// The parts of a record that come from the run itself; the caller adds
    /// what it alone knows: backend, device, paths.
    pub fn new(compiled: &Compiled, outcome: &Outcome) -> Self {
        let fills: &[FillData] = &outcome.partial.fills;
        RunRecord {
            plan_hash: plan_hash(&compiled.plan),
            inputs: outcome.inputs.clone(),
            ledger: outcome.ledger.clone(),
            timings: outcome.timings,
            weights: compiled.weights.clone(),
            cutflows: cutflows(compiled, fills),
            histograms: histogram_totals(compiled, fills),
            ..RunRecord::default()
        }
    }

    /// The same of a run over samples; histograms are those of the output.
    pub fn of_samples(
        samples: Vec<SampleRecord>,
        outcomes: &[Outcome],
        histograms: Vec<HistogramTotals>,
    ) -> Self {
        let simulation = totals(&samples, false);
        let mut record = RunRecord {
            plan_hash: samples.first().map_or(String::new(), |s| s.plan_hash.clone()),
            cutflows: if simulation.is_empty() { totals(&samples, true) } else { simulation },
            histograms,
            ..RunRecord::default()
        };
        for (sample, outcome) in samples.iter().zip(outcomes) {
            record.ledger.add(&sample.ledger);
            record.timings.add(&outcome.timings);
            let of_sample = |input: &InputRecord| InputRecord {
                sample: Some(sample.name.clone()),
                ..input.clone()
            };
            record.inputs.extend(outcome.inputs.iter().map(of_sample));
        }
        record.samples = samples;
        record
    }

    /// Time by stage, in the order in which an event meets them.
    pub fn stages(&self) -> [Stage; 9] {
        let t = &self.timings;
        let wall = |name, time| Stage { name, time, summed: false };
        let summed = |name, time| Stage { name, time, summed: true };
        [
            wall("open", t.open),
            wall("prepare", t.compile),
            summed("read", t.read.read),
            summed("decompress", t.read.decompress),
            summed("decode", t.read.decode),
            wall("wait", t.wait),
            wall("upload", t.upload),
            wall("compute", t.compute.saturating_sub(t.upload)),
            wall("write", self.write),
        ]
    }

    /// From the first file opened to the last output written.
    pub fn total(&self) -> Duration {
        self.timings.total + self.write
    }

    /// The text of `run.json`.
    pub fn to_json(&self) -> String {
        let mut value = json!({
            "gpuana": env!("CARGO_PKG_VERSION"),
            "analysis": self.analysis,
            "plan_hash": self.plan_hash,
            "output": self.output,
            "backend": {
                "name": self.backend,
                "device": self.device,
                "precision": self.precision,
                "exactness": self.exactness,
                "gpu_dispatches": self.dispatches,
                "threads": self.threads,
                "chunk_events": self.chunk_events,
            },
            "inputs": self.inputs.iter().map(input).collect::<Vec<_>>(),
            "ledger": super::ledger::to_json(&self.ledger),
            "warnings": self.warnings.to_json(),
            "outputs": self.outputs,
            "seconds": self.seconds(),
            "bytes": {
                "compressed": self.timings.read.compressed_bytes,
                "uncompressed": self.timings.read.bytes,
            },
            "histograms": self.histograms.iter().map(histogram).collect::<Map<_, _>>(),
            "regions": self.cutflows.iter().map(region).collect::<Map<_, _>>(),
        });
        if self.samples.is_empty() {
            value["weights"] = super::weights::to_json(&self.weights);
        } else {
            let named = |s: &SampleRecord| (s.name.clone(), s.to_json());
            value["samples"] = self.samples.iter().map(named).collect::<Map<_, _>>().into();
            let both = |s: &Shared| json!({"path": s.path, "samples": s.samples});
            value["shared_files"] = self.shared.iter().map(both).collect();
        }
        super::pretty(&value)
    }

    fn seconds(&self) -> Value {
        let mut seconds: Map<String, Value> =
            self.stages().iter().map(|s| (s.name.to_owned(), rounded(s.time))).collect();
        seconds.extend(self.timings.kernels.map(|time| ("kernels".to_owned(), rounded(time))));
        seconds.insert("total".to_owned(), rounded(self.total()));
        seconds.into()
    }
}

/// The record of a command other than `run`: what it was given, and the hashes of its
/// outputs by name.
pub fn command_json(command: &str, analysis: &str, warnings: &Warnings, outputs: Value) -> String {
    super::pretty(&json!({
        "gpuana": env!("CARGO_PKG_VERSION"),
        "command": command,
        "analysis": analysis,
        "warnings": warnings.to_json(),
        "outputs": outputs,
    }))
}

pub(super) fn rounded(time: Duration) -> Value {
    (time.as_micros() as f64 / 1e6).into()
}

fn input(file: &InputRecord) -> Value {
    json!({
        "path": file.identity.path,
        "bytes": file.identity.size,
        "uuid": file.identity.uuid,
        "events": file.events,
        "processed": file.processed,
    })
}

fn histogram(h: &HistogramTotals) -> (String, Value) {
    let value = json!({
        "region": h.region,
        "entries": h.entries,
        "sum": h.sum,
        "underflow": h.underflow,
        "overflow": h.overflow,
        "nan": h.nan,
        "missing": h.missing,
        "bad_weight": h.bad_weight,
    });
    (h.name.clone(), value)
}

fn region(c: &Cutflow) -> (String, Value) {
    let selected = c.selected();
    (c.region.clone(), json!({"events": selected.events, "sumw": selected.sumw}))
}
