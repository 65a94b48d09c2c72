//! Which factors the weights of a run have, and which samples got them.

use super::RunRecord;
use super::number::counted;
use super::text_table::Table;
use crate::analysis::WeightInfo;
use serde_json::{Value, json};

/// Most lines that are shown.
const MOST_LINES: usize = 20;
/// Longest factor that is shown whole.
const FACTOR: usize = 40;

/// `[{"place": ..., "factor": ..., "applied": ..., "why_not": ...}]`.
pub(super) fn to_json(weights: &[WeightInfo]) -> Value {
    let object = |w: &WeightInfo| {
        let (place, factor) = (&w.place, &w.factor);
        json!({"place": place, "factor": factor, "applied": w.why_not.is_none(), "why_not": w.why_not})
    };
    weights.iter().map(object).collect()
}

/// One line a factor and what became of it: the samples that got it, those that did
/// not and why. Without samples only factors that do not apply are worth a line.
pub(super) fn table(record: &RunRecord) -> Option<Table> {
    let each: Vec<(&str, &WeightInfo)> = match record.samples.as_slice() {
        [] => record.weights.iter().filter(|w| w.why_not.is_some()).map(|w| ("-", w)).collect(),
        samples => {
            let of = samples.iter().map(|s| s.weights.iter().map(|w| (s.name.as_str(), w)));
            of.flatten().collect()
        }
    };
    let mut lines: Vec<(&WeightInfo, Vec<&str>)> = Vec::new();
    for (sample, weight) in each {
        match lines.iter_mut().find(|(w, _)| *w == weight) {
            Some((_, samples)) => samples.push(sample),
            None => lines.push((weight, vec![sample])),
        }
    }
    if lines.is_empty() {
        return None;
    }
    let mut table = Table::new(["Weight", "of", "samples", ""]).left(&[0, 1, 2, 3]).widest(FACTOR);
    for (weight, samples) in lines.iter().take(MOST_LINES) {
        let factor = weight.factor.split_whitespace().collect::<Vec<_>>().join(" ");
        let samples = match samples.as_slice() {
            few if few.len() <= 4 => few.join(", "),
            many => counted(many.len() as u64, "sample"),
        };
        let why_not = weight.why_not.as_ref().map_or(String::new(), |why| format!("not: {why}"));
        table.row([factor, weight.place.clone(), samples, why_not]);
    }
    if let Some(more) = lines.len().checked_sub(MOST_LINES).filter(|n| *n > 0) {
        table.note(format!("... and {}; see run.json", counted(more as u64, "more factor")));
    }
    Some(table)
}
