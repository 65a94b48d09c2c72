//! Reading ten columns of the example file: opening, and reading all events.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpuana::batch::{Request, RequestedColumn};
use gpuana::read;
use std::hint::black_box;
use std::path::Path;

const FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/Run2012B_SingleMu_1000.root");

/// Counter (or none) and branch of each column.
const COLUMNS: [(Option<usize>, &str); 10] = [
    (Some(0), "Muon_pt"),
    (Some(0), "Muon_eta"),
    (Some(0), "Muon_phi"),
    (Some(0), "Muon_charge"),
    (Some(1), "Jet_pt"),
    (Some(1), "Jet_eta"),
    (Some(1), "Jet_phi"),
    (Some(1), "Jet_mass"),
    (None, "MET_pt"),
    (None, "MET_phi"),
];

fn request() -> Request {
    let columns = COLUMNS
        .iter()
        .map(|&(counter, branch)| RequestedColumn { branch: branch.to_owned(), counter });
    Request {
        counters: vec!["nMuon".to_owned(), "nJet".to_owned()],
        columns: columns.collect(),
        keep_doubles: false,
    }
}

fn reading(c: &mut Criterion) {
    let mut group = c.benchmark_group("read");
    group.bench_function("open", |b| {
        b.iter(|| read::open(black_box(Path::new(FILE)), None).expect("opens").schema().events);
    });
    let source = read::open(Path::new(FILE), None).expect("opens");
    let (request, events) = (request(), source.schema().events);
    group.throughput(Throughput::Elements(events));
    group.bench_function("ten_columns", |b| {
        b.iter(|| {
            let mut reader = source.columns(&request).expect("can be read");
            black_box(reader.read(0..events).expect("reads")).columns.len()
        });
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
