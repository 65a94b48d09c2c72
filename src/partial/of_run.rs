//! From a finished run to the partial result that it is.

use super::coverage::{Covered, InputKey};
use super::plan_hash::PlanHash;
use super::ranges::Ranges;
use super::{PartialResult, SampleResult};
use crate::error::{Error, Result};
use crate::hist::FillData;
use crate::run::{Inputs, Outcome};
use std::collections::BTreeMap;
use std::path::Path;

impl PartialResult {
    /// What a run over `inputs` gave, of a sample or of files that are all alike. Events
    /// that the inputs leave out, by steps or a most number, are not covered.
    ///
    /// # Errors
    /// A file without a UUID cannot be read again, or two inputs are one file.
    pub fn of_run(
        sample: Option<&str>,
        plan: PlanHash,
        inputs: &Inputs<'_>,
        outcome: &Outcome,
    ) -> Result<PartialResult> {
        let paths: Vec<&Path> = inputs.files().collect();
        let mut covered = BTreeMap::new();
        for record in &outcome.inputs {
            let ranges = Ranges::new(record.ranges.iter().cloned());
            let ranges = ranges.map_err(|events| {
                let text = format!("the events {events:?} are meant twice");
                Error::input(text).within(&record.identity.path)
            })?;
            // A file of which nothing was wanted is not covered; one without events is.
            if ranges.is_empty() && record.events > 0 {
                continue;
            }
            let key = InputKey::new(&record.tree, &record.identity, paths[record.file])?;
            let mut absent = record.absent.clone();
            absent.sort();
            absent.dedup();
            let input = Covered {
                name: file_name(&record.identity.path),
                events: record.events,
                ranges,
                processed: record.processed,
                uncertified: record.uncertified,
                absent,
            };
            if let Some(other) = covered.insert(key, input) {
                let text = format!("{} is among the inputs already", other.name);
                return Err(Error::input(text).within(&record.identity.path));
            }
        }
        let fills = outcome.partial.fills.iter().map(FillData::exact).collect();
        let unreadable = outcome.unreadable.iter().cloned().collect();
        Ok(PartialResult::new(sample, SampleResult { plan, fills, inputs: covered, unreadable }))
    }
}

/// The last part of a path or address.
fn file_name(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned()
}
