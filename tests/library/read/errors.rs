//! What is said about files and requests that cannot be served: every message
//! names the file, what was found and what would be right.

use gpuana::batch::{Request, RequestedColumn};
use gpuana::error::{ErrorKind, Result};
use gpuana::read;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn data(file: &str) -> PathBuf {
    folder().join(file)
}

/// The message, with the folder of the file left out.
fn message<T>(result: Result<T>, folder: &Path) -> String {
    match result {
        Ok(_) => "no error".to_owned(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Input);
            error.to_string().replace(&format!("{}/", folder.display()), "")
        }
    }
}

#[test]
fn files_that_cannot_be_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = std::fs::read(data("leaves_zstd.root")).expect("is shipped");
    let unclosed = std::fs::read(data("unclosed.root")).expect("is shipped");
    let cases: &[(&str, &[u8], &str)] = &[
        ("empty.root", b"", "empty.root: the file is empty (0 bytes)"),
        (
            "garbage.root",
            b"<!DOCTYPE html>",
            "garbage.root: neither a ROOT, Parquet nor Arrow file: it starts with <!DOCT, not with \
             `root`, `PAR1` or `ARROW1`",
        ),
        (
            "x.parquet",
            b"PAR1....",
            "x.parquet: footer of the Parquet file: not complete; was the file closed and copied as a \
             whole?: Invalid Parquet file. Corrupt footer",
        ),
        ("head.root", &good[..30], "head.root: byte 28 of 30: 4 more bytes expected, 2 left"),
        (
            "half.root",
            &good[..good.len() / 2],
            "half.root: truncated: the header says 29975 bytes, the file has 14987; copy it again",
        ),
        (
            "unclosed.root",
            &unclosed,
            "unclosed.root: root directory: the file was not closed by the program that wrote it, \
             and has no list of keys. Of its 8237 bytes the first 8237 are whole records, \
             14 of them baskets; saved in it: tree Events (cycle 2) with 220 events; open it once \
             in ROOT for writing (`TFile::Open(name, \"UPDATE\")`) to recover what can be, or have \
             it written again",
        ),
        (
            "unsaved.root",
            &unclosed[..1200],
            "unsaved.root: root directory: the file was not closed by the program that wrote it, \
             and has no list of keys. Of its 1200 bytes the first 1164 are whole records, 4 of \
             them baskets; no tree was saved in it: there is nothing to recover",
        ),
    ];
    for (name, content, expected) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("writes");
        assert_eq!(message(read::open(&path, None), folder.path()), *expected);
        assert_eq!(message(read::inspect(&path), folder.path()), *expected);
    }
    let missing = message(read::open(&folder.path().join("missing.root"), None), folder.path());
    assert_eq!(missing, "missing.root: there is no such file");
    let folder_itself = read::open(folder.path(), None);
    assert!(folder_itself.is_err_and(|e| e.kind() == ErrorKind::Input));
}

#[test]
fn trees_are_found_or_listed() {
    // file, tree asked for, tree found or what is said
    let cases: &[(&str, Option<&str>, &str)] = &[
        ("nano_dy.root", None, "found Events with 40 events"),
        ("nano_dy.root", Some("Runs"), "found Runs with 1 events"),
        ("HZZ.root", None, "found events with 2421 events"),
        ("leaves_lz4.root", None, "found nested/deeper/Events with 60 events"),
        (
            "leaves_lz4.root",
            Some("nested/deeper/Events"),
            "found nested/deeper/Events with 60 events",
        ),
        ("leaves_none.root", Some("Events"), "found Events with 61 events"),
        (
            "leaves_lz4.root",
            Some("Events"),
            "leaves_lz4.root: there is no tree Events; the file has the trees nested/deeper/Events",
        ),
        (
            "nano_dy.root",
            Some("Event"),
            "nano_dy.root: there is no tree Event; the file has the trees Events, Runs",
        ),
        ("ntuple.root", None, "found Events with 10 events"),
        ("classes.root", None, "found Events with 1 events"),
        ("central.root", Some("MetaData"), "found MetaData with 1 events"),
        ("central.root", Some("ParameterSets"), "found ParameterSets with 3 events"),
        ("directories.root", None, "found Events with 5 events"),
        ("directories.root", Some("twice"), "found twice with 4 events"),
        ("directories.root", Some("deep/down/Events"), "found deep/down/Events with 2 events"),
        (
            "directories.root",
            Some("files"),
            "directories.root: files is a TChain, a list of files: name the files",
        ),
        (
            "directories.root",
            Some("deep"),
            "directories.root: deep is of class TDirectory, no tree; the file has the trees Events, \
             twice, deep/down/Events",
        ),
        (
            "directories.root",
            Some("outer/inner/Events"),
            "directories.root: there is no tree outer/inner/Events; the file has the trees Events, \
             twice, deep/down/Events; the directory outer/inner has no list of keys: it is empty, \
             or was not saved",
        ),
        (
            "ntuple.root",
            Some("x"),
            "ntuple.root: there is no tree x; the file has the trees Events",
        ),
    ];
    for (file, tree, expected) in cases {
        assert_eq!(found(&data(file), *tree, &folder()), *expected);
    }
}

/// Which tree is opened, or what is said.
fn found(path: &Path, tree: Option<&str>, folder: &Path) -> String {
    let opened = read::open(path, tree).map(|source| {
        let schema = source.schema();
        format!("found {} with {} events", schema.tree, schema.events)
    });
    match opened {
        Ok(found) => found,
        error => message(error, folder),
    }
}

/// Where the parts of a file of narrow positions lie.
struct Places<'a>(&'a [u8]);

impl Places<'_> {
    fn number(&self, at: usize, bytes: usize) -> usize {
        self.0[at..at + bytes].iter().fold(0, |word, byte| word << 8 | usize::from(*byte))
    }

    /// The place of a directory's number that says where its keys lie.
    fn top(&self) -> usize {
        self.number(8, 4) + self.number(28, 4) + 26
    }

    /// The keys of the top directory: where each lies, and how long it is.
    fn keys(&self) -> Vec<std::ops::Range<usize>> {
        let mut at = self.number(self.top(), 4);
        at += self.number(at + 14, 2);
        let count = self.number(at, 4);
        at += 4;
        let mut keys = Vec::new();
        for _ in 0..count {
            keys.push(at..at + self.number(at + 14, 2));
            at += self.number(at + 14, 2);
        }
        keys
    }
}

#[test]
fn headers_are_read_as_root_reads_them() {
    let good = std::fs::read(data("directories.root")).expect("is shipped");
    let places = Places(&good);
    let list = places.number(places.top(), 4);
    let keys = places.keys();
    let [_, newer, older, _, _, deep, _] = &keys[..] else { panic!("{keys:?}") };
    let deep = places.number(deep.start + 18, 4) + deep.len() + 26;
    let word = |at: usize, number: i32| (at, number.to_be_bytes().to_vec());
    let changes = [
        ("as it is", vec![]),
        ("a negative version", vec![word(4, 64_000 - 1_000_000)]),
        ("a header of the key list as uproot 3 writes it", vec![word(list, 54)]),
        (
            "an older cycle first",
            vec![
                (newer.start, good[older.clone()].to_vec()),
                (older.start, good[newer.clone()].to_vec()),
            ],
        ),
        ("a directory that is not needed has its keys nowhere", vec![word(deep, 5)]),
        ("a key of a negative place", vec![word(keys[0].start + 18, -5)]),
        ("a key list of a negative length", vec![word(places.top() - 16, -1)]),
        ("a file that ends at a negative place", vec![word(12, -1)]),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.root");
    let mut said = String::new();
    for (what, change) in changes {
        let mut bytes = good.clone();
        for (at, new) in change {
            bytes[at..at + new.len()].copy_from_slice(&new);
        }
        std::fs::write(&path, bytes).expect("writes");
        let trees = [None, Some("twice"), Some("deep/down/Events")];
        let mut lines = trees.map(|tree| found(&path, tree, folder.path())).to_vec();
        lines.dedup();
        said += &format!("{what}\n  {}\n", lines.join("\n  "));
        let inspected = read::inspect(&path).map(|report| {
            let unread = report.unread.iter().map(|part| format!(", not {}", part.name));
            format!("{} trees{}", report.trees.len(), unread.collect::<String>())
        });
        said += &format!("  {}\n", inspected.unwrap_or_else(|_| "the same".to_owned()));
    }
    assert_eq!(
        said,
        "as it is
  found Events with 5 events
  found twice with 4 events
  found deep/down/Events with 2 events
  3 trees
a negative version
  found Events with 5 events
  found twice with 4 events
  found deep/down/Events with 2 events
  3 trees
a header of the key list as uproot 3 writes it
  found Events with 5 events
  found twice with 4 events
  found deep/down/Events with 2 events
  3 trees
an older cycle first
  found Events with 5 events
  found twice with 3 events
  found deep/down/Events with 2 events
  3 trees
a directory that is not needed has its keys nowhere
  found Events with 5 events
  found twice with 4 events
  x.root: there is no tree deep/down/Events; the file has the trees Events, twice; the directory \
deep cannot be read: keys at byte 5: byte 97 of 98: 4 more bytes expected, 1 left
  2 trees, not deep
a key of a negative place
  x.root: root directory: keys at byte 7133: byte 72: a position of -5
  the same
a key list of a negative length
  x.root: root directory: byte 10: a length of -1
  the same
a file that ends at a negative place
  x.root: byte 12: a position of -1
  the same
"
    );
}

#[test]
fn requests_that_do_not_fit_the_branch() {
    // counter, branch, what is said after `leaves_zlib.root: tree Events: `
    let cases: &[(Option<&str>, &str, &str)] = &[
        (None, "nothing", "branch nothing: there is no such branch"),
        (
            None,
            "X_int8",
            "branch X_int8: one value an event are asked for, but it holds as many values as nX says",
        ),
        (
            Some("s_int32"),
            "X_int8",
            "branch X_int8: as many values as s_int32 says are asked for, but it holds as many \
             values as nX says",
        ),
        (
            Some("nX"),
            "s_int8",
            "branch s_int8: as many values as nX says are asked for, but it holds one value an event",
        ),
        (
            None,
            "f_int8",
            "branch f_int8: one value an event are asked for, but it holds as many values as \
             nf_int8 says",
        ),
        (
            None,
            "v_float32",
            "branch v_float32: one value an event are asked for, but it holds as many values as \
             nv says",
        ),
        (None, "pair", "branch pair: cannot be read: a list of 2 leaves"),
        (None, "text", "branch text: cannot be read: values of type TLeafC"),
        (Some("s_float32"), "s_int8", "branch s_float32: holds float32, which cannot count"),
    ];
    let source = read::open(&data("leaves_zlib.root"), None).expect("opens");
    for (counter, branch, expected) in cases {
        let request = Request {
            counters: counter.iter().map(|c| (*c).to_owned()).collect(),
            columns: vec![RequestedColumn {
                branch: (*branch).to_owned(),
                counter: counter.map(|_| 0),
            }],
            keep_doubles: false,
        };
        let found = message(source.columns(&request), &folder());
        assert_eq!(found, format!("leaves_zlib.root: tree Events: {expected}"));
    }
    let mut reader = source.columns(&Request::default()).expect("nothing can be read");
    assert_eq!(reader.read(0..60).map(|b| b.events), Ok(60));
    let past = message(reader.read(10..61), &folder());
    let expected = "leaves_zlib.root: tree Events: events 10..61 are asked for, the tree has 60";
    assert_eq!(past, expected);
}

#[test]
fn damage_is_located() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bytes = std::fs::read(data("leaves_lz4.root")).expect("is shipped");
    let report = read::inspect(&data("leaves_lz4.root")).expect("reads");
    let branch = report.trees[0].branches.iter().find(|b| b.name == "X_float64").expect("is there");
    assert_eq!(branch.first_basket_compression.as_deref(), Some("LZ4"));
    // The last block of that branch's first basket: found by its tag behind the key's names.
    let key = find(&bytes, b"X_float64", 0);
    let block = find(&bytes, b"L4", key);
    bytes[block + 40] ^= 1;
    let path = folder.path().join("damaged.root");
    std::fs::write(&path, bytes).expect("writes");
    let source = read::open(&path, Some("nested/deeper/Events")).expect("opens");
    let request = Request {
        counters: vec!["nX".to_owned()],
        columns: vec![RequestedColumn { branch: "X_float64".to_owned(), counter: Some(0) }],
        keep_doubles: true,
    };
    let mut reader = source.columns(&request).expect("can be read");
    let found = message(reader.read(0..60), folder.path());
    let start = "damaged.root: tree nested/deeper/Events: branch X_float64: basket 0 at byte ";
    assert!(found.starts_with(start), "{found}");
    assert!(found.contains("block 0 (LZ4, ") && found.contains("damaged: checksum "), "{found}");
    // The baskets after it are as good as before.
    assert_eq!(reader.read(20..60).map(|b| b.events), Ok(40));
}

#[test]
fn damage_to_an_ntuple_is_located() {
    let good = std::fs::read(data("leaves_rntuple_none.root")).expect("is shipped");
    // The second page of `uint32`, as `make_ntuple.py` fills it.
    let value = |i: u64| (i * 1009 * (1 << 22) % (1 << 31)) as u32;
    let page: Vec<u8> = (32..64).flat_map(|i| value(i).to_le_bytes()).collect();
    let at = find(&good, &page, 0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged.root");
    let mut bytes = good;
    bytes[at + 5] ^= 1;
    std::fs::write(&path, bytes).expect("writes");
    let source = read::open(&path, None).expect("opens");
    let columns = vec![RequestedColumn { branch: "uint32".to_owned(), counter: None }];
    let request = Request { columns, ..Request::default() };
    let mut reader = source.columns(&request).expect("can be read");
    let found = message(reader.read(0..150), folder.path());
    let start = format!(
        "damaged.root: ntuple Events: field uint32: cluster 0: page 1 at byte {at}: \
         damaged: checksum "
    );
    assert!(found.starts_with(&start), "{found}");
    // The pages around it are as good as before.
    assert_eq!(reader.read(0..32).map(|b| b.events), Ok(32));
    assert_eq!(reader.read(64..150).map(|b| b.events), Ok(86));
    let past = message(reader.read(10..151), folder.path());
    let expected = "damaged.root: ntuple Events: events 10..151 are asked for, the ntuple has 150";
    assert_eq!(past, expected);
    let requests: &[(Option<&str>, &str, &str)] = &[
        (None, "nothing", "branch nothing: there is no such branch"),
        (None, "text", "branch text: cannot be read: text"),
        (
            Some("nJet"),
            "Muon_pt",
            "branch Muon_pt: as many values as nJet says are asked for, but it holds as many \
             values as nMuon says",
        ),
        (Some("float"), "int8", "branch float holds float32, which cannot count"),
    ];
    for (counter, branch, expected) in requests {
        let request = Request {
            counters: counter.iter().map(|c| (*c).to_owned()).collect(),
            columns: vec![RequestedColumn {
                branch: (*branch).to_owned(),
                counter: counter.map(|_| 0),
            }],
            keep_doubles: false,
        };
        let found = message(source.columns(&request), folder.path());
        assert_eq!(found, format!("damaged.root: ntuple Events: {expected}"));
    }
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> usize {
    let at = bytes[from..].windows(what.len()).position(|window| window == what);
    from + at.expect("the bytes are in the file")
}
