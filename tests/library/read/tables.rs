//! Reading Parquet and Arrow files: every branch of the shipped files against
//! the digests of what pyarrow reads (`tests/data/make_tables.py`), in several
//! step sizes, and what is said of files that cannot be read.

#![expect(clippy::print_stdout, reason = "counts of what was compared")]

use gpuana::batch::{Batch, Request, RequestedColumn, Values};
use gpuana::read;
use std::path::{Path, PathBuf};

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

/// What the files of all types have in columns that cannot be read.
const REST: &str = "1 unsupported (a time), 2 unsupported (text)";

#[test]
fn every_branch_has_the_values_that_pyarrow_reads() {
    let files: [(&str, usize, &str); 10] = [
        ("adl_flat.parquet", 86, ""),
        ("adl_records.parquet", 86, ""),
        ("adl_records.arrow", 86, ""),
        ("leaves_none.parquet", 42, REST),
        ("leaves_zstd.parquet", 42, REST),
        ("leaves_gzip.parquet", 42, REST),
        ("leaves_lz4.parquet", 42, REST),
        ("leaves_none.arrow", 42, REST),
        ("leaves_lz4.arrow", 42, REST),
        ("leaves_zstd.arrow", 42, REST),
    ];
    for step in [u64::MAX, 97, 1] {
        for (file, ok, rest) in files {
            let path = data(file);
            let digests = std::fs::read_to_string(data(&format!("{file}.digest")));
            let outcome = super::digest::compare(&path, &digests.expect("is shipped"), step)
                .unwrap_or_else(|e| panic!("{file}: {e}"));
            println!("step {step}: {file}: {outcome}");
            let comma = if rest.is_empty() { "" } else { ", " };
            let unsupported: usize = outcome.unsupported.values().sum();
            let all = ok + unsupported;
            let expected = format!("{all} branches, {ok} ok, 0 different{comma}{rest}");
            assert_eq!(outcome.to_string(), expected, "{file}: {:#?}", outcome.different);
        }
    }
}

fn request(columns: &[(&str, Option<&str>)]) -> Request {
    let mut request = Request::default();
    for (branch, counter) in columns {
        let counter = counter.map(|name| {
            request.counters.retain(|c| c != name);
            request.counters.push(name.to_owned());
            request.counters.len() - 1
        });
        request.columns.push(RequestedColumn { branch: (*branch).to_owned(), counter });
    }
    request
}

/// One column of a file, read as a whole; or why not.
fn column(path: &Path, branch: &str, counter: Option<&str>) -> Result<Batch, String> {
    let source = read::open(path, None).map_err(|e| e.to_string())?;
    let events = source.schema().events;
    let read = source.columns(&request(&[(branch, counter)])).and_then(|mut r| r.read(0..events));
    read.map_err(|e| e.to_string())
}

#[test]
fn what_cannot_be_read_is_named() {
    let null = "is missing (null), which cannot be read; fill or drop such events when writing \
                the file";
    let cases: [(&str, Option<&str>, String); 8] = [
        ("s", None, format!("branch s: event 1: the value {null}")),
        ("L_x", Some("nL"), format!("branch L_x: event 2: a value in the list {null}")),
        ("N_x", Some("nN"), format!("branch N_x: event 1: the value {null}")),
        (
            "A_y",
            Some("nA"),
            "branches A_y and A_x: 2 and 0 values in event 1; lists of one collection, as their \
             names say that they are, have as many"
                .to_owned(),
        ),
        (
            "huge",
            None,
            "branch huge: event 2: a value above 9223372036854775807, the largest int64".to_owned(),
        ),
        (
            "C_x",
            None,
            "branch C_x: one value an event are asked for, but it holds as many values \
          as nC says"
                .to_owned(),
        ),
        ("nothing", None, "branch nothing: there is no such branch".to_owned()),
        (
            "s",
            Some("s"),
            "branch s: as many values as s says are asked for, but it holds one \
          value an event"
                .to_owned(),
        ),
    ];
    for file in ["bad.parquet", "bad.arrow"] {
        let path = data(file);
        for (branch, counter, expected) in &cases {
            // A_x and A_y are of one collection: both are asked for.
            let found = if *branch == "A_y" {
                let source = read::open(&path, None).expect("opens");
                let both = request(&[("A_x", Some("nA")), ("A_y", Some("nA"))]);
                let read = source.columns(&both).and_then(|mut r| r.read(0..1));
                assert!(read.is_ok(), "{file}: {read:?}");
                let read = source.columns(&both).and_then(|mut r| r.read(0..2));
                read.map_err(|e| e.to_string())
            } else {
                column(&path, branch, *counter)
            };
            let found = found.expect_err("cannot be read");
            assert_eq!(found, format!("{}: {expected}", path.display()));
        }
    }
}

#[test]
fn ranges_may_come_in_any_order() {
    for file in ["leaves_zstd.parquet", "leaves_gzip.parquet", "leaves_zstd.arrow"] {
        let source = read::open(&data(file), Some("any name")).expect("opens");
        let wanted = request(&[("Rec_p4_y", Some("nRec")), ("s_int8", None), ("nRec", None)]);
        let mut reader = source.columns(&wanted).expect("can be read");
        assert_eq!(reader.cluster_starts(), [0, 100, 200], "{file}");
        let whole = reader.read(0..300).expect("reads");
        let (all, offsets) = (format!("{:?}", whole.columns[1]), &whole.offsets[0]);
        assert!(all.starts_with("I32(["), "{all}");
        for (from, to) in [(299, 300), (0, 1), (99, 101), (101, 101), (101, 260), (260, 300)] {
            let part = reader.read(from as u64..to as u64).expect("reads");
            let elements = offsets[to] - offsets[from];
            let counts: Vec<i64> =
                part.offsets[0].windows(2).map(|w| (w[1] - w[0]).into()).collect();
            assert_eq!(part.columns[0].len(), elements as usize, "{file} {from}..{to}");
            assert_eq!(format!("{:?}", part.columns[2]), format!("I64({counts:?})"));
            let gpuana::batch::Values::I32(parts) = &part.columns[1] else { panic!("{part:?}") };
            let gpuana::batch::Values::I32(whole) = &whole.columns[1] else { panic!("{whole:?}") };
            assert_eq!(parts, &whole[from..to], "{file} {from}..{to}");
        }
        let past = reader.read(299..301).expect_err("past the end").to_string();
        assert!(past.ends_with("events 299..301 are asked for, the table has 300"), "{past}");
    }
}

#[test]
fn inspect_tells_what_a_table_holds() {
    for file in ["leaves_gzip.parquet", "leaves_none.arrow"] {
        let path = data(file);
        let report = read::inspect(&path).expect("reads");
        let text = report.to_text().replace(&path.display().to_string(), file);
        let golden = data(&format!("{file}.inspect.txt"));
        if std::env::var_os("GPUANA_BLESS").is_some() {
            std::fs::write(&golden, &text).expect("writes");
        }
        assert_eq!(text, std::fs::read_to_string(golden).expect("is shipped"));
    }
}

#[test]
fn verifying_finds_the_damaged_columns() {
    // The pages of this file carry checksums.
    let path = data("leaves_gzip.parquet");
    let whole = read::verify(&path, "any name").expect("opens");
    assert_eq!((whole.ok, whole.events, whole.damaged.len()), (42, 300, 0), "{whole:?}");
    assert_eq!(whole.not_read.values().sum::<usize>(), 3, "{whole:?}");
    let mut bytes = std::fs::read(&path).expect("is shipped");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    let folder = tempfile::tempdir().expect("a folder");
    let damaged = folder.path().join("damaged.parquet");
    std::fs::write(&damaged, bytes).expect("writes");
    let found = read::verify(&damaged, "any name").expect("opens");
    println!("{}", found.to_text());
    // The lengths of a collection of records come with its first field.
    let names: Vec<&str> = found.damaged.keys().map(String::as_str).collect();
    assert_eq!((found.ok, names), (40, vec!["Rec_p4_x", "nRec"]), "{found:?}");
    let expected = "branch Rec_p4_x: row group 1: Page CRC checksum mismatch";
    assert!(found.damaged.values().all(|e| e.ends_with(expected)), "{found:?}");
    for file in ["leaves_none.arrow", "adl_records.parquet"] {
        let whole = read::verify(&data(file), "Events").expect("opens");
        assert!(whole.ok > 30 && whole.damaged.is_empty(), "{whole:?}");
    }
}

#[test]
fn other_and_cut_files_are_refused() {
    let parquet = std::fs::read(data("adl_flat.parquet")).expect("is shipped");
    let arrow = std::fs::read(data("leaves_none.arrow")).expect("is shipped");
    let cases: [(&[u8], &str); 7] = [
        (b"", "the file is empty (0 bytes)"),
        (b"PAR1", "footer of the Parquet file: "),
        (&parquet[..parquet.len() - 9], "footer of the Parquet file: "),
        (b"ARROW1", "footer of the Arrow file: it is cut off"),
        (&arrow[..arrow.len() - 9], "footer of the Arrow file: not complete; was the file closed"),
        (b"FEA1....", "a Feather file of version 1; write it as version 2 or as Parquet"),
        (&[0xff; 8], "an Arrow stream; write it as an Arrow file"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    for (bytes, expected) in cases {
        std::fs::write(&path, bytes).expect("writes");
        let error = read::open(&path, None).err().expect("is refused").to_string();
        let expected = format!("{}: {expected}", path.display());
        assert!(error.starts_with(&expected), "{error}\n{expected}");
        assert_eq!(read::inspect(&path).expect_err("is refused").to_string(), error);
    }
}

/// What old parquet-cpp compressed and called not compressed.
#[test]
fn compressed_pages_are_unpacked_whatever_their_flag_says() {
    let path = data("ARROW-17100.parquet");
    let whole = column(&path, "col1", None).expect("reads").columns;
    assert_eq!(whole, [Values::I32(vec![1, 2, 3, 4, 5])]);
    let real = column(&path, "col3", None).expect("reads").columns;
    assert_eq!(real, [Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0])]);
}

#[test]
fn batches_have_versions_of_their_own() {
    let found = column(&data("lists_v4.arrow"), "Jet_pt", Some("nJet")).expect("reads");
    assert_eq!(found.columns, [Values::F32(vec![50.0, 40.0, 30.0, 60.0, 20.0, 25.0])]);
}

#[test]
fn what_cannot_be_read_is_not_damaged() {
    // file, branches that are read, that are not
    let cases = [("bad.parquet", 3, 8), ("bad.arrow", 3, 8), ("lists_brotli.parquet", 0, 7)];
    for (file, ok, rest) in cases {
        let verified = read::verify(&data(file), "Events").expect("opens");
        let found = (verified.ok, verified.not_read.values().sum::<usize>());
        assert_eq!(found, (ok, rest), "{file}: {}", verified.to_text());
        assert!(verified.damaged.is_empty(), "{file}: {}", verified.to_text());
    }
    let source = read::open(&data("lists_brotli.parquet"), None).expect("opens");
    let why = source.schema().branch("Jet_pt").and_then(|branch| branch.unsupported.clone());
    let expected = "compressed with BROTLI; write the file with zstd, snappy, lz4 or gzip";
    assert_eq!(why.as_deref(), Some(expected));
}

/// Events are never lost by one wrong bit: a file with fewer or more of them is refused.
#[test]
fn no_bit_changes_the_number_of_events() {
    /// Bits from one to the next: all bytes are met, in bits of all places.
    const STEP: usize = 7;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("flipped");
    for file in ["lists.arrow", "lists.parquet"] {
        let good = std::fs::read(data(file)).expect("is shipped");
        let mut refused = 0;
        let bits = (0..8 * good.len()).step_by(STEP);
        let all = bits.len();
        for bit in bits {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bytes).expect("writes");
            match read::open(&path, None) {
                Ok(source) => assert_eq!(source.schema().events, 4, "{file}: bit {bit}"),
                Err(_) => refused += 1,
            }
        }
        println!("{file}: {refused} of {all} changed bits refused at opening");
    }
}
