//! Reading ROOT files: every branch of the shipped files against the digests
//! that uproot's values gave (`tests/data/digest.py`), in several step sizes,
//! and against oxyroot as a second opinion where it reads a file correctly.

#![expect(clippy::print_stdout, reason = "counts of what was compared")]

use gpuana::batch::{Batch, Request, RequestedColumn, Values};
use gpuana::read;
use gpuana::schema::{Branch, StoredType};
use oxyroot::{ReaderTree, RootFile, Slice, UnmarshalerInto};
use std::path::PathBuf;

fn data(file: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    match file {
        "Run2012B_SingleMu_1000.root" => root.join("examples/data").join(file),
        _ => root.join("tests/data").join(file),
    }
}

/// file, and what comes out of the comparison
const FILES: &[(&str, &str)] = &[
    ("Run2012B_SingleMu_1000", "86 branches, 86 ok, 0 different"),
    ("HZZ", "51 branches, 51 ok, 0 different"),
    ("nano_dy", "1507 branches, 1507 ok, 0 different"),
    ("nano_tt_v12", "654 branches, 654 ok, 0 different"),
    ("nanoaod_2015", "947 branches, 947 ok, 0 different"),
    (
        "leaves_zlib",
        "51 branches, 48 ok, 0 different, 1 unsupported (a list of 2 leaves), \
         1 unsupported (an object of class TVector3), \
         1 unsupported (values of type TLeafC)",
    ),
    (
        "split",
        "48 branches, 44 ok, 0 different, 1 unsupported (a member of class Hit that is not numbers), \
         1 unsupported (a member of class TObject that is not numbers), \
         1 unsupported (an object of class Event, split into branches of its own), \
         1 unsupported (numbers of few bits in a split collection)",
    ),
    (
        "central",
        "23 branches, 16 ok, 0 different, 1 unsupported (a member of class edm::Hash<1> that is not one number), \
         1 unsupported (a member of class edm::ParameterSetBlob that is not one number), \
         2 unsupported (a member of class edm::ProcessHistory that is not numbers), \
         3 unsupported (an object of class pair<edm::Hash<1>,edm::ParameterSetBlob>, split into branches of its own)",
    ),
    ("leaves_lzma", "45 branches, 45 ok, 0 different"),
    ("leaves_lz4", "45 branches, 45 ok, 0 different"),
    ("leaves_zstd", "45 branches, 45 ok, 0 different"),
    ("leaves_none", "45 branches, 45 ok, 0 different"),
    ("leaves_tail", "45 branches, 45 ok, 0 different"),
    (
        "vectors_zlib",
        "31 branches, 30 ok, 0 different, 1 unsupported (an object of class vector<string>)",
    ),
    (
        "vectors_zstd",
        "31 branches, 30 ok, 0 different, 1 unsupported (an object of class vector<string>)",
    ),
    (
        "vectors_none",
        "31 branches, 30 ok, 0 different, 1 unsupported (an object of class vector<string>)",
    ),
    ("leaves_rntuple", "60 branches, 59 ok, 0 different, 1 unsupported (text)"),
    ("leaves_rntuple_none", "60 branches, 59 ok, 0 different, 1 unsupported (text)"),
    ("adl_rntuple", "86 branches, 86 ok, 0 different"),
    ("muons_rntuple", "6 branches, 6 ok, 0 different"),
    ("nano_dy_rntuple", "1499 branches, 1499 ok, 0 different"),
    ("nanoaod_2015_rntuple", "947 branches, 947 ok, 0 different"),
];

#[test]
fn every_branch_has_the_values_that_uproot_reads() {
    for step in [u64::MAX, 1000, 97, 1] {
        for (file, expected) in FILES {
            // Single events are slow on wide files, and tell nothing new there.
            if step == 1 && file.starts_with("nano") {
                println!("step 1: {file} left out");
                continue;
            }
            let digests = std::fs::read_to_string(data(&format!("{file}.digest")))
                .expect("digests are shipped");
            let outcome = super::digest::compare(&data(&format!("{file}.root")), &digests, step)
                .unwrap_or_else(|e| panic!("{file}: {e}"));
            println!("step {step}: {file}: {outcome}");
            assert_eq!(outcome.to_string(), *expected, "{file}: {:#?}", outcome.different);
        }
    }
}

/// The same for the files of any folder: `GPUANA_CONFORMANCE=DIR` with `x.root`
/// (or another format) beside `x.digest`, which `tests/data/digest.py` makes.
#[test]
fn files_of_a_folder_have_the_values_that_uproot_reads() {
    let Some(folder) = std::env::var_os("GPUANA_CONFORMANCE") else {
        println!("0 files: GPUANA_CONFORMANCE names no folder");
        return;
    };
    let entries = std::fs::read_dir(&folder).expect("GPUANA_CONFORMANCE is a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "digest"));
    files.sort();
    assert!(!files.is_empty(), "no digests in {}", folder.display());
    println!("| file | branches | ok | different | not supported |\n|---|---|---|---|---|");
    let (mut different, mut sums) = (0, [0; 3]);
    for digests in files {
        let text = std::fs::read_to_string(&digests).expect("reads");
        let path = ["root", "parquet", "arrow"]
            .map(|extension| digests.with_extension(extension))
            .into_iter()
            .find(|path| path.exists())
            .unwrap_or_else(|| panic!("{} has no file beside it", digests.display()));
        let outcome =
            super::digest::compare(&path, &text, 100_000).unwrap_or_else(|e| panic!("{e}"));
        let reasons = outcome.unsupported.iter().map(|(reason, n)| format!("{n}: {reason}"));
        println!(
            "| {} | {} | {} | {} | {} |",
            path.file_name().unwrap_or_default().display(),
            outcome.branches,
            outcome.ok,
            outcome.different.len(),
            reasons.collect::<Vec<_>>().join("; ")
        );
        outcome.different.iter().for_each(|line| println!("  {line}"));
        different += outcome.different.len();
        sums[0] += outcome.branches;
        sums[1] += outcome.ok;
        sums[2] += outcome.unsupported.values().sum::<usize>();
    }
    println!(
        "{} branches, {} ok, {different} different, {} not supported",
        sums[0], sums[1], sums[2]
    );
    assert_eq!(different, 0, "different branches");
}

#[test]
fn verifying_finds_the_damaged_branches() {
    let path = data("leaves_lz4.root");
    let whole = read::verify(&path, "nested/deeper/Events").expect("opens");
    assert_eq!((whole.ok, whole.damaged.len()), (45, 0), "{whole:?}");
    // Inside a compressed block: LZ4's carry a checksum.
    let mut bytes = std::fs::read(&path).expect("is shipped");
    let block = bytes.windows(3).position(|w| w == [b'L', b'4', 1]).expect("a block");
    bytes[block + 20] ^= 0x10;
    let folder = tempfile::tempdir().expect("a folder");
    let damaged = folder.path().join("damaged.root");
    std::fs::write(&damaged, bytes).expect("writes");
    let found = read::verify(&damaged, "nested/deeper/Events").expect("opens");
    println!("{}", found.to_text());
    assert!(!found.damaged.is_empty() && found.ok + found.damaged.len() == whole.ok, "{found:?}");
    assert!(found.damaged.values().all(|e| e.contains("checksum")), "{found:?}");
}

/// Reads some columns of `Run2012B_SingleMu_1000`.
fn read_example(step: u64) -> Vec<Batch> {
    let source = read::open(&data("Run2012B_SingleMu_1000.root"), None).expect("opens");
    let jagged = |branch: &str, counter| RequestedColumn {
        branch: branch.to_owned(),
        counter: Some(counter),
    };
    let flat = |branch: &str| RequestedColumn { branch: branch.to_owned(), counter: None };
    let request = Request {
        counters: vec!["nJet".to_owned(), "nMuon".to_owned()],
        columns: vec![jagged("Jet_pt", 0), jagged("Muon_charge", 1), flat("MET_pt"), flat("nJet")],
        keep_doubles: false,
    };
    let mut reader = source.columns(&request).expect("can be read");
    let events = source.schema().events;
    let starts = (0..events.div_ceil(step)).map(|i| i * step);
    starts.map(|s| reader.read(s..(s + step).min(events)).expect("reads")).collect()
}

#[test]
fn batches_of_any_length_join_to_the_whole() {
    let whole = &read_example(1000)[0];
    for step in [1, 7, 97, 999] {
        let parts = read_example(step);
        let mut first = 0;
        for part in &parts {
            assert_eq!(part.first_event, first);
            first += part.events as u64;
            for (counter, column) in [(0, 0), (1, 1)] {
                let offsets = &part.offsets[counter];
                assert_eq!((offsets.len(), offsets[0]), (part.events + 1, 0));
                assert_eq!(offsets[part.events] as usize, part.columns[column].len());
            }
        }
        for column in 0..4 {
            let joined: Vec<String> =
                parts.iter().flat_map(|part| values(&part.columns[column])).collect();
            assert_eq!(joined, values(&whole.columns[column]), "step {step}, column {column}");
        }
    }
}

#[test]
fn a_counter_is_an_ordinary_column_too() {
    let batch = &read_example(1000)[0];
    let Values::I64(counts) = &batch.columns[3] else { panic!("{:?}", batch.columns[3]) };
    let from_offsets: Vec<i64> =
        batch.offsets[0].windows(2).map(|w| i64::from(w[1] - w[0])).collect();
    assert_eq!(*counts, from_offsets);
}

#[test]
fn doubles_narrow_unless_they_are_to_be_kept() {
    let source = read::open(&data("leaves_zlib.root"), None).expect("opens");
    let columns = vec![RequestedColumn { branch: "s_float64".to_owned(), counter: None }];
    let mut found = Vec::new();
    for keep_doubles in [false, true] {
        let request = Request { columns: columns.clone(), keep_doubles, ..Request::default() };
        let batch = source.columns(&request).and_then(|mut r| r.read(0..60)).expect("reads");
        let kind = match batch.columns[0] {
            Values::F32(_) => "float32",
            Values::F64(_) => "float64",
            _ => "other",
        };
        found.push(format!("{kind}, {} of {} inexact", batch.narrowed, batch.columns[0].len()));
    }
    assert_eq!(found, ["float32, 60 of 60 inexact", "float64, 0 of 60 inexact"]);
}

#[test]
fn clusters_are_where_all_baskets_start() {
    let mut found = String::new();
    let trees = |file: &str| file.starts_with("leaves_") && !file.contains("rntuple");
    for (file, _) in FILES.iter().filter(|(file, _)| trees(file)) {
        let source = read::open(&data(&format!("{file}.root")), None).expect("opens");
        let request = Request {
            counters: vec!["nX".to_owned()],
            columns: vec![RequestedColumn { branch: "X_float32".to_owned(), counter: Some(0) }],
            keep_doubles: false,
        };
        let reader = source.columns(&request).expect("can be read");
        let events = source.schema().events;
        found += &format!("{file}: {events} events, {:?}\n", reader.cluster_starts());
    }
    assert_eq!(
        found,
        "leaves_zlib: 60 events, [0, 25, 50]\n\
         leaves_lzma: 60 events, [0, 20, 40]\n\
         leaves_lz4: 60 events, [0, 20, 40]\n\
         leaves_zstd: 60 events, [0, 20, 40]\n\
         leaves_none: 61 events, [0, 25, 50]\n\
         leaves_tail: 40 events, [0]\n"
    );
}

#[test]
fn inspect_tells_what_a_file_holds() {
    for (file, first) in [("leaves_zlib", "nX"), ("leaves_rntuple", "bit")] {
        let path = data(&format!("{file}.root"));
        let report = read::inspect(&path).expect("reads");
        let text = report.to_text().replace(&path.display().to_string(), &format!("{file}.root"));
        let golden = data(&format!("{file}.inspect.txt"));
        if std::env::var_os("GPUANA_BLESS").is_some() {
            std::fs::write(&golden, &text).expect("writes");
        }
        assert_eq!(text, std::fs::read_to_string(golden).expect("is shipped"));
        let json = serde_json::to_value(&report).expect("serialises");
        assert_eq!(json["trees"][0]["branches"][0]["name"], first);
    }
}

#[test]
fn baskets_in_the_record_of_a_tree_count_as_read() {
    for file in ["leaves_tail.root", "leaves_zlib.root"] {
        let source = read::open(&data(file), None).expect("opens");
        let schema = source.schema();
        let branches = ["nX", "X_float64"].map(|name| schema.branch(name).expect("is there"));
        // With what counts it.
        let request = Request::of([branches[1]]).expect("can be read");
        let mut reader = source.columns(&request).expect("can be read");
        let batch = reader.read(0..schema.events).expect("reads");
        let stored: u64 = branches.iter().map(|branch| branch.compressed_bytes).sum();
        assert_eq!(reader.stats().compressed_bytes, stored, "{file}");
        // Doubles and counts of four bytes, with what lies around them.
        let least = 8 * batch.columns[0].len() as u64 + 4 * schema.events;
        let bytes: u64 = branches.iter().map(|branch| branch.bytes).sum();
        assert!(stored > 0 && bytes >= least, "{file}: {stored} {bytes} {least}");
    }
}

/// All columns of the example's events, in the order of the names in the TTree.
fn read_all(file: &str, step: u64) -> Vec<Batch> {
    let names = read::open(&data("Run2012B_SingleMu_1000.root"), None).expect("opens");
    let source = read::open(&data(file), None).expect("opens");
    let branches = names.schema().branches.iter().map(|Branch { name, .. }| {
        source.schema().branch(name).unwrap_or_else(|| panic!("{file}: no {name}"))
    });
    let request = Request::of(branches).expect("can be read");
    assert_eq!(request.columns.len(), 86);
    let mut reader = source.columns(&request).expect("can be read");
    let starts = (0..1000u64.div_ceil(step)).map(|i| i * step);
    starts.map(|s| reader.read(s..(s + step).min(1000)).expect("reads")).collect()
}

#[test]
fn the_same_events_in_any_format_give_the_same_batches() {
    let others =
        ["adl_rntuple.root", "adl_flat.parquet", "adl_records.parquet", "adl_records.arrow"];
    for step in [1000, 97, 1] {
        let tree = format!("{:?}", read_all("Run2012B_SingleMu_1000.root", step));
        for other in others {
            assert!(tree == format!("{:?}", read_all(other, step)), "{other}, step {step}");
        }
    }
}

#[test]
fn ranges_of_an_ntuple_may_come_in_any_order() {
    let source = read::open(&data("leaves_rntuple.root"), None).expect("opens");
    let request = Request {
        counters: vec!["nMuon".to_owned(), "int16_split".to_owned()],
        columns: vec![
            RequestedColumn { branch: "Muon_pt".to_owned(), counter: Some(0) },
            RequestedColumn { branch: "late".to_owned(), counter: None },
            RequestedColumn { branch: "nMuon".to_owned(), counter: None },
        ],
        keep_doubles: false,
    };
    let mut reader = source.columns(&request).expect("can be read");
    assert_eq!(reader.cluster_starts(), [0, 100, 200]);
    let counts = reader.read(0..300).expect_err("int16_split is below 0 somewhere").to_string();
    assert!(counts.contains("ntuple Events: field int16_split: a count of -"), "{counts}");
    let request = Request { counters: vec!["nMuon".to_owned()], ..request };
    let mut reader = source.columns(&request).expect("can be read");
    let whole = reader.read(0..300).expect("reads");
    for (from, to) in [(299, 300), (0, 1), (99, 101), (101, 101), (101, 260), (260, 300), (7, 9)] {
        let part = reader.read(from..to).expect("reads");
        let (from, to) = (from as usize, to as usize);
        let elements = whole.offsets[0][from] as usize..whole.offsets[0][to] as usize;
        let expected = [elements, from..to, from..to];
        for (column, range) in expected.into_iter().enumerate() {
            let all = &values(&whole.columns[column])[range];
            assert_eq!(values(&part.columns[column]), all, "events {from}..{to}, {column}");
        }
    }
}

/// Values as text; NaN equals NaN.
fn values(values: &Values) -> Vec<String> {
    match values {
        Values::Bool(v) => v.iter().map(u8::to_string).collect(),
        Values::I32(v) => v.iter().map(i32::to_string).collect(),
        Values::I64(v) => v.iter().map(i64::to_string).collect(),
        Values::F32(v) => v.iter().map(f32::to_string).collect(),
        Values::F64(v) => v.iter().map(f64::to_string).collect(),
    }
}

/// The values of a branch as oxyroot reads them.
fn second_opinion(tree: &ReaderTree, name: &str, stored: StoredType, jagged: bool) -> Vec<String> {
    fn of<T>(tree: &ReaderTree, name: &str, jagged: bool) -> Vec<String>
    where
        T: UnmarshalerInto<Item = T> + ToString + Default + std::fmt::Debug,
    {
        let branch = tree.branch(name).expect("oxyroot knows the branch");
        if jagged {
            let events = branch.as_iter_unchecked::<Slice<T>>();
            return events.flat_map(|e| e.into_vec()).map(|v| v.to_string()).collect();
        }
        branch.as_iter_unchecked::<T>().map(|v| v.to_string()).collect()
    }
    match stored {
        StoredType::Bool => of::<bool>(tree, name, jagged)
            .iter()
            .map(|v| u8::from(v == "true").to_string())
            .collect(),
        StoredType::I8 => of::<i8>(tree, name, jagged),
        StoredType::U8 => of::<u8>(tree, name, jagged),
        StoredType::I16 => of::<i16>(tree, name, jagged),
        StoredType::U16 => of::<u16>(tree, name, jagged),
        StoredType::I32 => of::<i32>(tree, name, jagged),
        StoredType::U32 => of::<u32>(tree, name, jagged),
        StoredType::I64 => of::<i64>(tree, name, jagged),
        StoredType::U64 => of::<u64>(tree, name, jagged),
        StoredType::F32 => of::<f32>(tree, name, jagged),
        StoredType::F64 => of::<f64>(tree, name, jagged),
        other => panic!("oxyroot is not asked for values of type {}", other.name()),
    }
}

#[test]
fn oxyroot_reads_the_same() {
    for (file, tree_name) in [("nano_dy", "Events"), ("HZZ", "events"), ("nano_tt_v12", "Events")] {
        let path = data(&format!("{file}.root"));
        let source = read::open(&path, Some(tree_name)).expect("opens");
        let tree = RootFile::open(&path).and_then(|mut f| f.get_tree(tree_name)).expect("opens");
        let schema = source.schema();
        let (mut flat, mut jagged) = (0, 0);
        for branch in &schema.branches {
            let stored = branch.stored.expect("all branches of these files can be read");
            let request = Request::of([branch]).expect("can be read");
            let request = Request { keep_doubles: true, ..request };
            let jagged_one = request.columns[0].counter.is_some();
            let mut reader = source.columns(&request).expect("can be read");
            let batch = reader.read(0..schema.events).expect("reads");
            let other = second_opinion(&tree, &branch.name, stored, jagged_one);
            assert_eq!(values(&batch.columns[0]), other, "{file}: {}", branch.name);
            *if jagged_one { &mut jagged } else { &mut flat } += 1;
        }
        println!("{file}: {flat} flat and {jagged} jagged branches agree");
        assert_eq!(flat + jagged, schema.branches.len());
    }
}
