//! What a sample's histograms are scaled by: cross-section times luminosity
//! over the number of events that were generated.

use super::Sample;
use crate::batch::{self, RequestedColumn, Values};
use crate::diag::nearest;
use crate::error::{Error, ErrorKind, Result};
use crate::hist::ExactNumber;
use crate::read::{self, Identity};
use crate::run::InputRecord;
use crate::syntax::Generated;
use std::path::Path;

/// How a sample is scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// In pb.
    pub cross_section: f64,
    /// In /pb.
    pub luminosity: f64,
    /// Generated events (or the sum of their weights), of the processed ones.
    pub events: f64,
    /// `cross_section * luminosity / events`; exact sums of weights are
    /// multiplied by it and variances by its square, and rounded afterwards.
    pub factor: f64,
}

/// For each file of the sample how many events it stands for, before the run:
/// what its fileset says, the sum of its generator weights, or `None` for as
/// many as it has. `opened` are the files that can be read, as they were then.
///
/// # Errors
/// The sums of weights cannot be read, or a file has changed; or the analysis gives the number of
/// events, and files are missing.
pub fn entries_of(sample: &Sample, opened: &[InputRecord]) -> Result<Vec<Option<f64>>> {
    let mut entries: Vec<Option<f64>> = sample.files.iter().map(|f| f.listed).collect();
    match &sample.generated {
        Generated::InFiles => {}
        Generated::Events(_) => {
            check_whole(sample, opened)?;
        }
        Generated::SumOfWeights { tree, branch } => {
            for input in opened {
                let path = &sample.files[input.file].file.path;
                entries[input.file] = Some(sum_of(path, &input.identity, tree, branch)?);
            }
        }
    }
    Ok(entries)
}

/// Fails where files are missing of a sample that gives its number of events.
fn check_whole(sample: &Sample, inputs: &[InputRecord]) -> Result<()> {
    if inputs.len() == sample.files.len() {
        return Ok(());
    }
    let message = format!(
        "the sample `{}` gives its number of `events`, which cannot be corrected for files that \
         are unreadable: leave `events` out to count them",
        sample.name
    );
    Err(Error::new(ErrorKind::Analysis, message))
}

/// The scale of a sample whose events have been processed; `None` for data,
/// and where there is no luminosity. Files count by the share of their events
/// that was processed.
///
/// # Errors
/// The sum of weights is not above 0, or files are missing of a sample that gives its
/// number of events.
pub fn scale(
    sample: &Sample,
    luminosity: Option<f64>,
    entries: &[Option<f64>],
    inputs: &[InputRecord],
) -> Result<Option<Scale>> {
    let (false, Some(luminosity), Some(cross_section)) =
        (sample.data, luminosity, sample.cross_section)
    else {
        return Ok(None);
    };
    let events = match sample.generated {
        Generated::Events(all) => {
            // A file may turn out to be damaged only when it is read.
            check_whole(sample, inputs)?;
            let sum = |part: fn(&InputRecord) -> u64| inputs.iter().map(part).sum::<u64>();
            all * share(sum(|i| i.processed), sum(|i| i.events))
        }
        _ => {
            let mut sum = ExactNumber::default();
            for i in inputs {
                let all = entries[i.file].unwrap_or(i.events as f64);
                sum.add_product(all, share(i.processed, i.events));
            }
            sum.value()
        }
    };
    let nothing = inputs.iter().all(|i| i.processed == 0);
    if !(events > 0.0 && events.is_finite() || nothing) {
        let message = format!(
            "the sample `{}` cannot be scaled: its generated events sum up to {events}",
            sample.name
        );
        return Err(Error::new(ErrorKind::Analysis, message));
    }
    let factor = if nothing { 0.0 } else { cross_section * luminosity / events };
    Ok(Some(Scale { cross_section, luminosity, events, factor }))
}

/// What part was processed; all of nothing.
fn share(processed: u64, of: u64) -> f64 {
    if processed == of { 1.0 } else { processed as f64 / of as f64 }
}

/// The exact sum of a branch over all entries of a tree, rounded once.
fn sum_of(path: &Path, identity: &Identity, tree: &str, branch: &str) -> Result<f64> {
    let place = |e: Error| e.within(format_args!("the sum of weights {tree}.{branch}"));
    let source = read::open(path, Some(tree)).map_err(place)?;
    if source.identity() != identity {
        return Err(identity.changed());
    }
    let schema = source.schema();
    if schema.branch(branch).is_none() {
        let known = schema.branches.iter().map(|b| b.name.as_str());
        let near = nearest(branch, known).map(|near| format!("; did you mean `{near}`?"));
        let message = format!("{}: no such branch{}", path.display(), near.unwrap_or_default());
        return Err(place(Error::new(ErrorKind::Analysis, message)));
    }
    let column = RequestedColumn { branch: branch.to_owned(), counter: None };
    let request =
        batch::Request { columns: vec![column], keep_doubles: true, ..batch::Request::default() };
    let entries = source.schema().events;
    let mut reader = source.columns(&request).map_err(place)?;
    let batch = reader.read(0..entries).map_err(place)?;
    let sum: ExactNumber = match &batch.columns[0] {
        Values::Bool(v) => v.iter().map(|x| f64::from(*x)).collect(),
        Values::I32(v) => v.iter().map(|x| f64::from(*x)).collect(),
        Values::I64(v) => v.iter().map(|x| *x as f64).collect(),
        Values::F32(v) => v.iter().map(|x| f64::from(*x)).collect(),
        Values::F64(v) => v.iter().copied().collect(),
    };
    Ok(sum.value())
}
