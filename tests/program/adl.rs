//! The eight ADL queries on real events: every bin equals ROOT's, and the
//! files of a run hold nothing that depends on the machine or the moment.

use crate::support::gpu;
use gpuana::backend::gpu::{Choice, Gpu};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Contents of every bin, under- and overflow included, from compiled
/// RDataFrame of ROOT 6.40 with four-vectors in double precision.
const ROOT: &str = include_str!("../data/adl_real_1000.json");

/// Files of a run that depend on the events and the analysis alone.
const REPRODUCIBLE: [&str; 3] = ["histograms.json", "cutflow.json", "histograms.root"];

/// Runs `examples/adl.yaml` and returns the reproducible files and `run.json`.
fn run(arguments: &[&str]) -> (Vec<Vec<u8>>, serde_json::Value) {
    let folder = tempfile::tempdir().expect("a folder for the output");
    let output = folder.path().join("out");
    let done = Command::new(env!("CARGO_BIN_EXE_gpuana"))
        .args(["run", "examples/adl.yaml", "--quiet", "--output"])
        .arg(&output)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    let read = |name: &str| fs::read(Path::new(&output).join(name)).expect("an output file");
    let record = serde_json::from_slice(&read("run.json")).expect("run.json is JSON");
    (REPRODUCIBLE.map(read).to_vec(), record)
}

/// The bins of each histogram of a `histograms.json`.
fn contents(json: &[u8]) -> BTreeMap<String, Vec<f64>> {
    let all: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(json).expect("histograms.json is JSON");
    let values = |h: &serde_json::Value| {
        let values = h["storage"]["values"].as_array().expect("values");
        values.iter().map(|v| v.as_f64().expect("a number")).collect()
    };
    all.iter().map(|(name, h)| (name.clone(), values(h))).collect()
}

fn reference() -> BTreeMap<String, Vec<f64>> {
    let all: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(ROOT).expect("the reference is JSON");
    let counts = |q: &serde_json::Value| {
        let counts = q["counts"].as_array().expect("counts");
        counts.iter().map(|v| v.as_f64().expect("a number")).collect()
    };
    all.iter().map(|(name, q)| (name.clone(), counts(q))).collect()
}

#[test]
fn every_bin_is_root_s() {
    assert_eq!(contents(&run(&["--backend", "cpu"]).0[0]), reference());
}

#[test]
fn threads_and_chunks_do_not_show() {
    let (expected, _) = run(&["--backend", "cpu", "--threads", "1"]);
    for threads in ["1", "2"] {
        for chunk in ["97", "1000", "65536"] {
            let arguments = ["--backend", "cpu", "--threads", threads, "--chunk-events", chunk];
            assert_eq!(run(&arguments).0, expected, "{arguments:?}");
        }
    }
}

#[test]
fn the_format_does_not_show() {
    let (expected, _) = run(&["--backend", "cpu"]);
    for file in ["adl_rntuple.root", "adl_flat.parquet", "adl_records.parquet", "adl_records.arrow"]
    {
        let path = format!("tests/data/{file}");
        let found = run(&["--backend", "cpu", "--files", &path]).0;
        assert!(found == expected, "{file}");
    }
}

#[test]
fn the_gpu_does_not_show() {
    let adapter = match Gpu::open(&Choice::from_env().expect("a valid choice")) {
        Ok(gpu) => gpu.adapter().to_string(),
        Err(why) => return gpu::absent("ADL on the GPU", &why.to_string()),
    };
    let (expected, _) = run(&["--backend", "cpu"]);
    for arguments in [
        &["--backend", "gpu", "--exactness", "strict"][..],
        &["--backend", "gpu", "--exactness", "portable", "--chunk-events", "97"],
    ] {
        gpu::present(&format!("the ADL queries, {}", arguments[3]), 1, &adapter);
        let (found, record) = run(arguments);
        assert_eq!(found, expected, "{arguments:?}");
        let dispatches = record["backend"]["gpu_dispatches"].as_u64();
        assert!(dispatches.is_some_and(|n| n > 0), "no kernel ran: {}", record["backend"]);
    }
}
