//! Reads columns of a file and sums each, to be timed beside other readers, or
//! only gets and decompresses what holds them: the least that any reader does.
//!
//! ```text
//! read_columns read|unpack FILE STEP COLUMN...
//! ```
//!
//! Reads STEP events at a time and prints a line a column: its name and its sum.

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
    for start in (0..events).step_by(step.max(1) as usize) {
        let batch = reader.read(start..events.min(start + step))?;
        for (sum, column) in sums.iter_mut().zip(&batch.columns) {
            *sum += match column {
                Values::Bool(v) => v.iter().map(|&x| f64::from(x)).sum::<f64>(),
                Values::I32(v) => v.iter().map(|&x| f64::from(x)).sum(),
                Values::I64(v) => v.iter().map(|&x| x as f64).sum(),
                Values::F32(v) => v.iter().map(|&x| f64::from(x)).sum(),
                Values::F64(v) => v.iter().sum(),
            };
        }
        reader.reuse(batch);
    }
    Ok(sums)
}
