//! A part of a result: what some events of some files filled, with which events these are.
//!
//! A run over all files, and the merged parts of any number of runs over parts of them, in
//! any order and on any backends, are the same bytes ([`PartialResult::encode`]). Parts
//! that have events in common, or are of different plans, do not merge.

mod bytes;
mod coverage;
mod file;
mod format;
mod node_hashes;
mod of_run;
mod plan_hash;
mod ranges;

pub use coverage::{Covered, ExpectedInput, FileMark, Hole, InputKey};
pub use plan_hash::PlanHash;
pub use ranges::Ranges;

use crate::backend::cpu::Precision;
use crate::error::{Error, ErrorKind, Result};
use crate::hist::{ExactFill, FillData};
use crate::plan::Plan;
use crate::run::{Defaulted, Ledger, Skipped};
use coverage::Conflict;
use std::collections::{BTreeMap, BTreeSet};

/// Differences between plans that an error names.
const NAMED: usize = 5;

/// What some events filled, and which events these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialResult {
    /// The version of gpuana that made it: parts of one version merge.
    pub version: String,
    /// By name; `None`: there are no samples.
    pub samples: BTreeMap<Option<String>, SampleResult>,
}

/// What events of one sample filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleResult {
    /// What was computed.
    pub plan: PlanHash,
    /// One for each of the plan's fills, in its order.
    pub fills: Vec<ExactFill>,
    /// Which events they are of.
    pub inputs: BTreeMap<InputKey, Covered>,
    /// Files that could not be read, each with the reason.
    pub unreadable: BTreeSet<String>,
}

/// What is to be covered, by sample: [`PartialResult::holes`] says what is missing.
pub type Expected = BTreeMap<Option<String>, BTreeMap<InputKey, ExpectedInput>>;

impl PartialResult {
    /// Of one sample, made by this version of gpuana.
    pub fn new(sample: Option<&str>, result: SampleResult) -> PartialResult {
        PartialResult {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            samples: BTreeMap::from([(sample.map(str::to_owned), result)]),
        }
    }

    /// Both together. `names` are what errors call them. Associative and commutative to the
    /// byte.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Usage`]: they have events in common, or are of different plans,
    /// precisions or versions. Of kind [`ErrorKind::Input`]: they disagree on a file, so
    /// that one of them is damaged.
    pub fn merged(mut self, other: &PartialResult, names: [&str; 2]) -> Result<PartialResult> {
        let [a, b] = names;
        if self.version != other.version {
            return Err(refused(format!(
                "{a} was made by gpuana {} and {b} by gpuana {}: make all parts with one version",
                self.version, other.version
            )));
        }
        if let (Some(own), Some(others)) = (self.precision(), other.precision())
            && own != others
        {
            return Err(refused(format!("{a} is in {own} and {b} in {others}: they do not merge")));
        }
        for (sample, more) in &other.samples {
            match self.samples.get_mut(sample) {
                Some(own) => own.merge(sample.as_deref(), more, names)?,
                None => drop(self.samples.insert(sample.clone(), more.clone())),
            }
        }
        Ok(self)
    }

    /// How real numbers were computed; `None` if there are no samples.
    pub fn precision(&self) -> Option<Precision> {
        self.samples.values().next().map(|sample| sample.plan.precision)
    }

    /// What is planned and in no part.
    pub fn holes(&self, expected: &Expected) -> Vec<Hole> {
        let mut holes = Vec::new();
        for (sample, inputs) in expected {
            let own = self.samples.get(sample);
            for (input, planned) in inputs {
                let covered = own.and_then(|own| own.inputs.get(input));
                let ranges = match covered {
                    Some(covered) => planned.ranges.without(&covered.ranges),
                    None => planned.ranges.clone(),
                };
                if !ranges.is_empty() {
                    let (sample, name) = (sample.clone(), planned.name.clone());
                    holes.push(Hole { sample, name, input: input.clone(), ranges });
                }
            }
        }
        holes
    }
}

impl SampleResult {
    /// What was filled, as fills of the plan that filled it.
    ///
    /// # Errors
    /// It is another plan, or the partial result is damaged.
    pub fn filled(&self, plan: &Plan) -> Result<Vec<FillData>> {
        let other = || Error::input("the partial result has other fills than the plan");
        if plan.fills.len() != self.fills.len() {
            return Err(other());
        }
        let fills = plan.fills.iter().zip(&self.fills).map(|(fill, exact)| {
            let empty = match self.plan.precision {
                Precision::Single => fill.empty(),
                Precision::Double => fill.empty_in_double(),
            };
            FillData::of_exact(&empty, exact).ok_or_else(other)
        });
        fills.collect()
    }

    /// The tally of the files: planned are the events that are covered. Without what depends
    /// on how events were read: batches, and doubles that were narrowed.
    pub fn ledger(&self) -> Ledger {
        let sum =
            |of: fn(&Covered) -> u64| self.inputs.values().map(of).fold(0, u64::saturating_add);
        let (read, unreadable) = (self.inputs.len() as u64, self.unreadable.len() as u64);
        let mut skipped: Vec<Skipped> = self
            .unreadable
            .iter()
            .map(|reason| Skipped { reason: format!("unreadable: {reason}"), files: 1, events: 0 })
            .collect();
        let uncertified = sum(|input| input.uncertified);
        if uncertified > 0 {
            let reason = "not certified".to_owned();
            skipped.push(Skipped { reason, files: 0, events: uncertified });
        }
        let mut defaulted: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for input in self.inputs.values().filter(|input| input.processed > 0) {
            for branch in &input.absent {
                let (files, events) = defaulted.entry(branch).or_default();
                *files += 1;
                *events = events.saturating_add(input.processed);
            }
        }
        let defaulted = defaulted.into_iter().map(|(branch, (files, events))| Defaulted {
            branch: branch.to_owned(),
            files,
            events,
        });
        Ledger {
            files_planned: read + unreadable,
            files_processed: read,
            files_unreadable: unreadable,
            events_planned: sum(|input| input.ranges.events()),
            events_processed: sum(|input| input.processed),
            skipped,
            defaulted: defaulted.collect(),
            ..Ledger::default()
        }
    }

    fn merge(&mut self, name: Option<&str>, other: &Self, [a, b]: [&str; 2]) -> Result<()> {
        let of = name.map_or(String::new(), |name| format!("sample `{name}`: "));
        if self.plan.total != other.plan.total {
            let differ = self.plan.difference(&other.plan);
            let more = differ.len().saturating_sub(NAMED);
            let mut told = differ.into_iter().take(NAMED).collect::<Vec<String>>().join("; ");
            if more > 0 {
                told.push_str(&format!("; and {more} more"));
            }
            return Err(refused(format!("{of}{a} and {b} are of different plans: {told}")));
        }
        for (key, more) in &other.inputs {
            let Some(own) = self.inputs.get_mut(key) else {
                self.inputs.insert(key.clone(), more.clone());
                continue;
            };
            own.merge(more).map_err(|conflict| match conflict {
                Conflict::Overlap(events) => refused(format!(
                    "{of}both {a} and {b} have the events {} of {}: they would count twice",
                    ranges::text(&events),
                    more.name
                )),
                Conflict::Contents => Error::input(format!(
                    "{of}{a} and {b} disagree on how many events or which branches {} has: one of \
                     them is damaged",
                    more.name
                )),
            })?;
        }
        if self.fills.len() != other.fills.len() {
            return Err(unlike(&of, a, b));
        }
        for (own, more) in self.fills.iter_mut().zip(&other.fills) {
            own.merge(more).ok_or_else(|| unlike(&of, a, b))?;
        }
        self.unreadable.extend(other.unreadable.iter().cloned());
        // Of a definition that no fill needs there may be two: one of them is kept.
        for (name, hash) in &other.plan.named {
            let own = self.plan.named.entry(name.clone()).or_insert(*hash);
            *own = (*own).min(*hash);
        }
        Ok(())
    }
}

fn refused(text: String) -> Error {
    Error::new(ErrorKind::Usage, text)
}

/// Parts of one plan whose fills do not add up.
fn unlike(of: &str, a: &str, b: &str) -> Error {
    Error::input(format!(
        "{of}{a} and {b} are of one plan, but their fills do not add up: one of them is damaged"
    ))
}
