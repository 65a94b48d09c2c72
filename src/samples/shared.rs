//! Files that are in two samples: their events count in both, which may be meant.

use super::Sample;
use crate::error::Result;
use crate::run::{InputRecord, Known};

/// A file that is in two samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Its path in the second one.
    pub path: String,
    /// The samples.
    pub samples: [String; 2],
}

/// The files that are in a sample and in one before it.
///
/// # Errors
/// A file that has no UUID cannot be read.
pub fn shared(samples: &[(&Sample, &[InputRecord])]) -> Result<Vec<Shared>> {
    let (mut known, mut found) = (Known::default(), Vec::new());
    for (number, (sample, inputs)) in samples.iter().enumerate() {
        for input in *inputs {
            let path = &sample.files[input.file].file.path;
            if let Some(first) = known.add(path, &input.identity, input.events, number)? {
                let samples = [samples[first].0.name.clone(), sample.name.clone()];
                found.push(Shared { path: input.identity.path.clone(), samples });
            }
        }
    }
    Ok(found)
}
