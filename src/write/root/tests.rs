//! The file's structure by a second, minimal reading, and by oxyroot where it
//! can read: it knows the file and its keys, not histograms.

use super::*;
use crate::write::sample;

/// One record: class, name, title, object and where its key starts.
struct Record<'a> {
    class: String,
    name: String,
    object: &'a [u8],
    at: usize,
    key: &'a [u8],
}

fn i32_at(bytes: &[u8], at: usize) -> usize {
    i32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_be_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// All records up to the end that the header names.
fn records(bytes: &[u8]) -> Vec<Record<'_>> {
    let (mut at, end) = (i32_at(bytes, 8), i32_at(bytes, 12));
    assert_eq!((&bytes[..4], at, end), (&b"root"[..], BEGIN, bytes.len()));
    let mut records = Vec::new();
    while at < end {
        let size = i32_at(bytes, at);
        let key_length = usize::from(u16::from_be_bytes([bytes[at + 14], bytes[at + 15]]));
        assert_eq!(i32_at(bytes, at + 6), size - key_length, "the object's size");
        assert_eq!(i32_at(bytes, at + 18), at, "a key knows where it is");
        let text = |from: usize| {
            let length = usize::from(bytes[from]);
            String::from_utf8(bytes[from + 1..from + 1 + length].to_vec()).unwrap()
        };
        let class = text(at + 26);
        let name = text(at + 27 + class.len());
        let (key, object) = bytes[at..at + size].split_at(key_length);
        records.push(Record { class, name, object, at, key });
        at += size;
    }
    records
}

#[test]
fn records_follow_each_other_and_the_header_finds_them() {
    let samples = sample::histograms();
    let (bytes, left) = histograms("histograms.root", &samples).unwrap();
    assert!(left.is_empty());
    let records = records(&bytes);
    let classes: Vec<&str> = records.iter().map(|r| r.class.as_str()).collect();
    let expected = "TFile TH1D TH1D TH1D TH1D TH1D TH1D TH1D TH2D TH3D TList TFile TFile";
    assert_eq!(classes.join(" "), expected);
    let [info, keys, free] = &records[records.len() - 3..] else { panic!("three at the end") };
    assert_eq!(i32_at(&bytes, 16), free.at);
    assert_eq!(i32_at(&bytes, 20), bytes.len() - free.at);
    assert_eq!((i32_at(&bytes, 37), i32_at(&bytes, 41)), (info.at, keys.at - info.at));
    assert_eq!(i32_at(keys.object, 0), samples.len());
    let listed: Vec<u8> = records[1..=samples.len()].iter().flat_map(|r| r.key).copied().collect();
    assert_eq!(keys.object[4..], listed, "the list repeats the keys");
    let folder = records[0].object;
    let after_name = folder.len() - 60;
    assert_eq!(i32_at(folder, after_name + 26), keys.at);
    for (record, h) in records[1..].iter().zip(&samples) {
        assert_eq!(record.name, h.name);
        let counted = i32_at(record.object, 0) & 0x3fff_ffff;
        assert_eq!(counted + 4, record.object.len(), "{}", h.name);
    }
}

#[test]
fn cells_are_in_the_order_of_root() {
    let samples = sample::histograms();
    let (bytes, _) = histograms("histograms.root", &samples).unwrap();
    let records = records(&bytes);
    let contents = |name: &str, cells: usize| -> Vec<f64> {
        let object = records.iter().find(|r| r.name == name).unwrap().object;
        let start = object.len() - 8 * cells;
        assert_eq!(i32_at(object, start - 4), cells, "{name}");
        (0..cells).map(|i| f64_at(object, start + 8 * i)).collect()
    };
    let named = |name: &str| samples.iter().find(|h| h.name == name).unwrap();
    assert_eq!(contents("counts", 6), [0.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
    // No underflow and no overflow; no underflow, but an overflow.
    let flag = named("flag");
    assert_eq!(contents("flag", 4), [0.0, flag.value(0), flag.value(1), 0.0]);
    assert_eq!(contents("flavour", 5), [0.0, 4.0, 3.0, 2.0, 1.0]);
    let plane = contents("plane", 26 * 6);
    let cube = contents("cube", 4 * 4 * 5);
    for x in 0..26 {
        for y in 0..6 {
            assert_eq!(plane[x + 26 * y], named("plane").value(named("plane").cell(&[x, y])));
        }
    }
    for (x, y, z) in [(0, 0, 0), (1, 0, 2), (3, 2, 4), (2, 1, 1)] {
        let expected = named("cube").value(named("cube").cell(&[x, y, z]));
        assert_eq!(cube[x + 4 * (y + 1 + 4 * z)], expected, "categories start at ROOT's bin 1");
    }
    assert!(cube.iter().step_by(4 * 4).take(5).all(|v| *v == 0.0), "no underflow of categories");
}

#[test]
fn bytes_depend_on_the_contents_alone() {
    let samples = sample::histograms();
    let first = histograms("h.root", &samples).unwrap();
    assert_eq!(histograms("h.root", &samples).unwrap(), first);
    let mut other = samples;
    other[0] = other[0].clone().scaled(2.0);
    let second = histograms("h.root", &other).unwrap().0;
    assert_ne!(first.0[47..63], second[47..63], "another UUID");
}

#[test]
fn what_root_cannot_hold_is_named() {
    let mut h = sample::histograms().remove(0);
    h.axes = vec![];
    h.name = "number".into();
    let (bytes, left) = histograms("h.root", &[h]).unwrap();
    assert_eq!(left, ["number"]);
    assert_eq!(records(&bytes).len(), 4, "an empty file");
}

#[test]
fn oxyroot_reads_the_file_and_its_keys() {
    let samples = sample::histograms();
    let file = tempfile::Builder::new().suffix(".root").tempfile().unwrap();
    std::fs::write(file.path(), histograms("h.root", &samples).unwrap().0).unwrap();
    let file = oxyroot::RootFile::open(file.path()).unwrap();
    let names: Vec<&str> = file.keys_name().collect();
    let expected: Vec<&str> = samples.iter().map(|h| h.name.as_str()).collect();
    assert_eq!(names, expected);
    let classes: Vec<String> = file.keys().iter().map(|k| k.class_name().to_owned()).collect();
    assert_eq!(classes[6..], ["TH1D", "TH2D", "TH3D"]);
}

#[test]
fn long_names_have_long_lengths() {
    let mut b = Buffer::new(0);
    let long = "x".repeat(300);
    b.string("ab");
    b.string(&long);
    let bytes = b.into_bytes();
    assert_eq!(bytes[..8], [2, b'a', b'b', 255, 0, 0, 1, 44]);
    assert_eq!(bytes.len(), 3 + 5 + 300);
    let key = Key { class: "TH1D", name: &long, title: "", at: 7, folder: 100 };
    assert_eq!(key.stream(0).len(), key.length());
}
