//! `report.json` and its table: what each file cost, in the metrics of the
//! Analysis Grand Challenge, so that runs compare with other implementations.
//! Every time is measured; what goes on beside the main thread is named so.

use super::RunRecord;
use super::number::{bytes, grouped, seconds};
use super::record::rounded;
use super::text_table::Table;
use crate::run::{Cost, InputRecord};
use serde_json::{Value, json};
use std::time::Duration;

/// Most files that are shown.
const MOST_FILES: usize = 30;

/// Longest name of a file that is shown whole.
const NAME: usize = 30;

/// The text of `report.json`. Times are in seconds:
///
/// * `wall`: of the main thread, one after the other. `wait` is for the reader;
///   `upload` copies batches to a device; `compute` is the rest of the time in
///   the backend (on a device: until it took the work, in total until it was
///   done); `write` goes up to this file; `total` is from the first file opened
///   to here, `program` from the program's start.
/// * `reader_thread_overlapped`: wall-clock time of the reader: beside `wall`, or a part
///   of `wait` where one thread reads and computes in turns.
/// * `kernels_overlapped`: what a device took for its kernels, by its own clock, beside
///   `wall`; missing without such a clock.
/// * `summed_over_threads_overlapped`: what it and its helpers did, added up; what is
///   read late (`src/batch/deferred.rs`) is a part of `compute`.
///
/// `events_per_second` is by `wall.total` without `wall.write`, of a file by the
/// main thread's time for it.
pub fn costs_json(record: &RunRecord) -> String {
    let t = &record.timings;
    let wall: Value = record
        .stages()
        .iter()
        .filter(|s| !s.summed)
        .map(|s| (s.name.to_owned(), rounded(s.time)))
        .chain([
            ("total".to_owned(), rounded(record.total())),
            ("program".to_owned(), rounded(record.elapsed)),
        ])
        .collect::<serde_json::Map<_, _>>()
        .into();
    let events = record.ledger.events_processed;
    let threads = record.threads.max(1) as f64;
    let mut total = json!({
        "files": record.ledger.files_processed,
        "events": events,
        "events_per_second": speed(events, t.total),
        "events_per_second_and_thread": speed(events, t.total) / threads,
        "events_per_second_of_program": speed(events, record.elapsed),
        "bytes_per_second": speed(t.read.compressed_bytes, t.total),
        "wall": wall,
    });
    if let Some(kernels) = t.kernels {
        total["kernels_overlapped"] = rounded(kernels);
        total["events_per_second_of_kernels"] = speed(events, kernels).into();
    }
    overlapped(&mut total, &Cost { reader: t.reader, read: t.read, ..Cost::default() });
    super::pretty(&json!({
        "gpuana": env!("CARGO_PKG_VERSION"),
        "analysis": record.analysis,
        "backend": record.backend,
        "device": record.device,
        "threads": record.threads,
        "histograms": record.histograms.len(),
        "total": total,
        "files": record.inputs.iter().map(file).collect::<Vec<_>>(),
    }))
}

fn file(input: &InputRecord) -> Value {
    let c = &input.cost;
    let mut value = json!({
        "path": input.identity.path,
        "sample": input.sample,
        "bytes_on_disk": input.identity.size,
        "events": input.processed,
        "events_per_second": speed(input.processed, c.main()),
        "wall": {
            "open": rounded(c.open),
            "wait": rounded(c.wait),
            "upload": rounded(c.upload),
            "compute": rounded(c.compute),
            "total": rounded(c.main()),
        },
    });
    overlapped(&mut value, c);
    value
}

/// Adds what the reader moved and how long it took.
fn overlapped(value: &mut Value, cost: &Cost) {
    value["bytes_read"] = cost.read.compressed_bytes.into();
    value["bytes_decompressed"] = cost.read.bytes.into();
    value["reader_thread_overlapped"] = rounded(cost.reader);
    value["summed_over_threads_overlapped"] = json!({
        "read": rounded(cost.read.read),
        "decompress": rounded(cost.read.decompress),
        "decode": rounded(cost.read.decode),
    });
}

/// How many a second, whole; of no time 0.
fn speed(n: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { (n as f64 / time.as_secs_f64()).round() }
}

/// What each file cost, and all of them, if that is asked for.
pub(super) fn table(record: &RunRecord) -> Option<Table> {
    if !record.show_costs || record.inputs.is_empty() {
        return None;
    }
    let mut total = Cost::default();
    record.inputs.iter().for_each(|i| total.add(&i.cost));
    let device = !total.upload.is_zero();
    let mut heading = vec!["File", "events", "/s", "bytes", "unpacked", "open", "wait"];
    heading.extend(device.then_some("upload"));
    heading.extend(["compute", "read*", "decompress*", "decode*"]);
    let mut table = Table::new(heading).widest(NAME);
    for input in record.inputs.iter().take(MOST_FILES) {
        let path = input.identity.path.as_str();
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        table.row(row(name, input.processed, &input.cost, device));
    }
    if let Some(more) = record.inputs.len().checked_sub(MOST_FILES).filter(|n| *n > 0) {
        let text = super::number::counted(more as u64, "more file");
        table.note(format!("... and {text}; see report.json"));
    }
    table.row(row("all files", record.ledger.events_processed, &total, device));
    table.note(
        "* summed over threads; beside the computation, but with one thread in turns with it",
    );
    Some(table)
}

fn row(name: &str, events: u64, cost: &Cost, device: bool) -> Vec<String> {
    let rate = super::number::rate(events, cost.main());
    let mut row = vec![
        name.to_owned(),
        grouped(events),
        rate.trim_end_matches(" events/s").to_owned(),
        bytes(cost.read.compressed_bytes),
        bytes(cost.read.bytes),
        seconds(cost.open),
        seconds(cost.wait),
    ];
    row.extend(device.then(|| seconds(cost.upload)));
    row.push(seconds(cost.compute));
    row.extend([cost.read.read, cost.read.decompress, cost.read.decode].map(seconds));
    row
}
