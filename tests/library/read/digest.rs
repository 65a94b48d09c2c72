//! Digests of branches, to compare with those that `tests/data/digest.py` made.

use gpuana::batch::{Batch, Request, Values};
use gpuana::error::Result;
use gpuana::read::{self, Source};
use gpuana::schema::Branch;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use xxhash_rust::xxh64::Xxh64;

/// What became of the branches of a file.
#[derive(Default)]
pub(crate) struct Outcome {
    pub branches: usize,
    pub ok: usize,
    /// Branches with other values, with what was expected and found.
    pub different: Vec<String>,
    /// Branches that cannot be read, by reason.
    pub unsupported: BTreeMap<String, usize>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} branches, {} ok, {} different",
            self.branches,
            self.ok,
            self.different.len()
        )?;
        for (reason, n) in &self.unsupported {
            write!(f, ", {n} unsupported ({reason})")?;
        }
        Ok(())
    }
}

/// Compares all branches of a file, read in steps of `step` events, with their digests.
pub(crate) fn compare(path: &Path, digests: &str, step: u64) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut trees: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for line in digests.lines() {
        let mut parts = line.splitn(3, '\t');
        let (Some(tree), Some(branch), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            panic!("not a line of digests: {line}");
        };
        trees.entry(tree).or_default().insert(branch, rest);
    }
    for (tree, expected) in trees {
        let source = read::open(path, Some(tree))?;
        let found = tree_digests(source.as_ref(), step)?;
        for (branch, expected) in &expected {
            outcome.branches += 1;
            match found.get(*branch) {
                Some(Ok(line)) if line == expected => outcome.ok += 1,
                Some(Ok(line)) => {
                    outcome.different.push(format!("{tree} {branch}: {expected} | {line}"));
                }
                // Arrays and vectors: the digests know their shape, but no values.
                Some(Err(reason)) if expected.contains("-\t-") => {
                    *outcome.unsupported.entry(reason.clone()).or_default() += 1;
                }
                Some(Err(reason)) => {
                    outcome.different.push(format!("{tree} {branch}: {expected} | {reason}"));
                }
                None => outcome.different.push(format!("{tree} {branch}: not in the schema")),
            }
        }
        for branch in found.keys().filter(|branch| !expected.contains_key(branch.as_str())) {
            outcome.different.push(format!("{tree} {branch}: not in the digests"));
        }
    }
    Ok(outcome)
}

/// The digest of every branch of a tree, or why it has none.
fn tree_digests(
    source: &dyn Source,
    step: u64,
) -> Result<BTreeMap<String, Result<String, String>>> {
    let schema = source.schema();
    let mut lines = BTreeMap::new();
    let mut requested: Vec<&Branch> = Vec::new();
    for branch in &schema.branches {
        if let Err(reason) = Request::of([branch]) {
            lines.insert(branch.name.clone(), Err(reason));
            continue;
        }
        requested.push(branch);
    }
    let request = Request::of(requested.iter().copied()).unwrap_or_default();
    let request = Request { keep_doubles: true, ..request };
    let mut reader = source.columns(&request)?;
    let mut values: Vec<(u64, Xxh64)> = vec![(0, Xxh64::new(0)); requested.len()];
    let mut offsets: Vec<(u32, Xxh64)> = request
        .counters
        .iter()
        .map(|_| {
            let mut hash = Xxh64::new(0);
            hash.update(&0u32.to_le_bytes());
            (0, hash)
        })
        .collect();
    let mut start = 0;
    while start < schema.events {
        let end = schema.events.min(start.saturating_add(step));
        let batch = reader.read(start..end)?;
        add(&batch, &mut values, &mut offsets);
        reader.reuse(batch);
        start = end;
    }
    for ((branch, column), (n, hash)) in requested.iter().zip(&request.columns).zip(&values) {
        let kind = branch.stored.map_or("-", |stored| stored.name());
        let shape = column.counter.map_or("1".to_owned(), |i| format!("[{}]", request.counters[i]));
        let offsets = match column.counter {
            Some(i) => format!("{:016x}", offsets[i].1.digest()),
            None => "-".to_owned(),
        };
        let line = format!("{kind}\t{shape}\t{n}\t{:016x}\t{offsets}", hash.digest());
        lines.insert(branch.name.clone(), Ok(line));
    }
    Ok(lines)
}

fn add(batch: &Batch, values: &mut [(u64, Xxh64)], offsets: &mut [(u32, Xxh64)]) {
    for (column, (n, hash)) in batch.columns.iter().zip(values) {
        *n += column.len() as u64;
        match column {
            Values::Bool(v) => hash.update(v),
            Values::I32(v) => v.iter().for_each(|x| hash.update(&x.to_le_bytes())),
            Values::I64(v) => v.iter().for_each(|x| hash.update(&x.to_le_bytes())),
            Values::F32(v) => v.iter().for_each(|x| hash.update(&x.to_le_bytes())),
            Values::F64(v) => v.iter().for_each(|x| hash.update(&x.to_le_bytes())),
        }
    }
    for (own, (base, hash)) in batch.offsets.iter().zip(offsets) {
        own[1..].iter().for_each(|x| hash.update(&(*base + x).to_le_bytes()));
        *base += own[own.len() - 1];
    }
}
