//! Reads everything that a file holds and says what became of it: `gpuana
//! inspect --verify`. Checksums, lengths and counters are those of any run.

use super::{Source, open};
use crate::batch::Request;
use crate::error::{ErrorKind, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Most events of a step where clusters are longer.
const STEP: u64 = 65_536;

/// What became of the branches of one tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Name of the tree.
    pub tree: String,
    /// Its events.
    pub events: u64,
    /// Branches that were read to their end.
    pub ok: usize,
    /// Values in them.
    pub values: u64,
    /// Branches that could not be read, with the error.
    pub damaged: BTreeMap<String, String>,
    /// Number of sound branches that this version does not read, by reason.
    pub not_read: BTreeMap<String, usize>,
}

impl Verified {
    /// Lines for a terminal.
    pub fn to_text(&self) -> String {
        let mut out = format!(
            "{}: {} events; {} branches read to their end ({} values), {} damaged\n",
            self.tree,
            self.events,
            self.ok,
            self.values,
            self.damaged.len()
        );
        for error in self.damaged.values() {
            let _ = writeln!(out, "  damaged: {error}");
        }
        for (reason, n) in &self.not_read {
            let _ = writeln!(out, "  not read: {n} ({reason})");
        }
        out
    }
}

/// Reads all branches of the named tree, one after the other.
///
/// # Errors
/// The file or the tree cannot be opened. Damaged branches are no error here.
pub fn verify(path: &Path, tree: &str) -> Result<Verified> {
    let source = open(path, Some(tree))?;
    let schema = source.schema();
    let mut out = Verified { tree: tree.to_owned(), events: schema.events, ..Verified::default() };
    for branch in &schema.branches {
        let request = match Request::alone(branch) {
            Ok(request) => Request { keep_doubles: true, ..request },
            Err(reason) => {
                *out.not_read.entry(reason).or_default() += 1;
                continue;
            }
        };
        match values(source.as_ref(), &request, schema.events) {
            Ok(n) => {
                out.ok += 1;
                out.values += n;
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                *out.not_read.entry(error.to_string()).or_default() += 1;
            }
            Err(error) => {
                out.damaged.insert(branch.name.clone(), error.to_string());
            }
        }
    }
    Ok(out)
}

/// Reads one branch and counts its values.
fn values(source: &dyn Source, request: &Request, events: u64) -> Result<u64> {
    let mut reader = source.columns(request)?;
    let starts = reader.cluster_starts().to_vec();
    let ends = starts.iter().skip(1).copied().chain([events]);
    let mut n = 0;
    for (start, end) in starts.iter().copied().zip(ends) {
        for first in (start..end).step_by(STEP as usize) {
            let batch = reader.read(first..end.min(first + STEP))?;
            n += batch.columns[0].len() as u64;
        }
    }
    Ok(n)
}
