//! Reads columns of a file and sums each, to be timed beside other readers, or
//! only gets and decompresses what holds them: the least that any reader does.
//!
//! ```text
//! read_columns read|unpack FILE STEP COLUMN...
//! ```
//!
//! Reads whole clusters of STEP events or more at a time, as a run does, and
//! prints a line a column: its name and its sum.

#![expect(clippy::print_stdout, reason = "sums to compare")]

use gpuana::batch::{Request, Values};
use gpuana::read::{self, Source};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, file, step, columns @ ..] = arguments.as_slice() else {
        return Err("read_columns read|unpack FILE STEP COLUMN...".into());
    };
    let source = read::open(Path::new(file), None)?;
    let schema = source.schema();
    let names = columns.iter().map(|column| column.trim_end_matches("[]"));
    let branches = names.clone().map(|name| schema.branch(name).ok_or(format!("no branch {name}")));
    let request = Request::of(branches.collect::<Result<Vec<_>, _>>()?)?;
    if mode == "unpack" {
        let stats = source.unpack(&request)?;
        println!("bytes {} {}", stats.compressed_bytes, stats.bytes);
        return Ok(());
    }
    let sums = sums(source.as_ref(), &request, step.parse()?)?;
    names.zip(sums).for_each(|(name, sum)| println!("{name} {sum:?}"));
    Ok(())
}

/// The sum of each column in double precision.
fn sums(source: &dyn Source, request: &Request, step: u64) -> gpuana::error::Result<Vec<f64>> {
    let events = source.schema().events;
    let mut reader = source.columns(request)?;
    let mut sums = vec![0.0; request.columns.len()];
    let mut start = 0;
    while start < events {
        let enough = start.saturating_add(step.max(1)).min(events);
        let cluster = reader.cluster_starts().iter().find(|first| **first >= enough);
        // A cluster of very many events is cut.
        let end = cluster.copied().filter(|end| end - start < 2 * step).unwrap_or(enough);
        let batch = reader.read(start..end)?;
        for (total, column) in sums.iter_mut().zip(&batch.columns) {
            *total += match column {
                Values::Bool(v) => sum(v, f64::from),
                Values::I32(v) => sum(v, f64::from),
                Values::I64(v) => sum(v, |x| x as f64),
                Values::F32(v) => sum(v, f64::from),
                Values::F64(v) => sum(v, |x| x),
            };
        }
        reader.reuse(batch);
        start = end;
    }
    Ok(sums)
}

/// The sum of some values: eight sums side by side, as adding them one after the
/// other takes as long as decoding them.
fn sum<T: Copy>(values: &[T], wide: impl Fn(T) -> f64) -> f64 {
    let (rows, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for row in rows {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += wide(value);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&value| wide(value)).sum::<f64>()
}
