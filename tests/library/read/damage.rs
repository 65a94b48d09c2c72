//! Thousands of damaged files: never a panic, never an allocation out of
//! proportion to the file, whatever the bytes say.

#![expect(clippy::print_stdout, reason = "counts of what was compared")]

use super::memory::Watched;
use crate::support::panics::quietly;
use gpuana::batch::Request;
use gpuana::read;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64;
use xxhash_rust::xxh64::xxh64;

/// A short pseudo-random sequence (xorshift64*), the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) as usize % n
    }
}

/// One of several kinds of damage.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    match random.below(8) {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => {
            let at = random.below(bytes.len() - 4);
            let extreme = [0x7fff_ffffu32, 0xffff_ffff, 0x8000_0000, 0x4000_ffff, 0, 0x00ff_ffff];
            bytes[at..at + 4].copy_from_slice(&extreme[random.below(6)].to_be_bytes());
        }
        2 => {
            let at = random.below(bytes.len() - 64);
            let n = 1 + random.below(63);
            bytes[at..at + n].fill(0);
        }
        3 => {
            let (from, to) = (random.below(bytes.len() - 64), random.below(bytes.len() - 64));
            bytes.copy_within(from..from + 32, to);
        }
        _ => {
            for _ in 0..1 + random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
    }
}

/// Reads everything that can be read: number of values, and a hash of them.
fn read_all(path: &Path) -> gpuana::error::Result<(usize, u64)> {
    read::inspect(path)?.to_text();
    let source = read::open(path, None)?;
    let (mut values, mut hash) = (0, 0);
    let mut failed = None;
    for branch in &source.schema().branches {
        let Ok(request) = Request::of([branch]) else { continue };
        let events = source.schema().events;
        let read = source.columns(&request).and_then(|mut reader| {
            Ok([reader.read(0..events / 2)?, reader.read(events / 2..events)?])
        });
        match read {
            Ok(halves) => {
                values += halves.iter().map(|half| half.columns[0].len()).sum::<usize>();
                hash = xxh64(format!("{halves:?}").as_bytes(), hash);
            }
            Err(e) => failed = Some(e),
        }
    }
    failed.map_or(Ok((values, hash)), Err)
}

/// What became of a damaged file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Became {
    /// An error before a branch is read.
    ErrorAtOpening,
    /// An error that names a branch or field.
    ErrorInBranch,
    /// The values of the undamaged file.
    Unchanged,
    /// Other values, or more or less of them.
    Wrong,
}

/// Or what a panic said.
fn outcome(path: &Path, undamaged: Option<(usize, u64)>) -> Result<Became, String> {
    Ok(match quietly(|| read_all(path))? {
        Ok(found) if Some(found) == undamaged => Became::Unchanged,
        Ok(_) => Became::Wrong,
        Err(e) if [": branch ", ": field "].iter().any(|what| e.to_string().contains(what)) => {
            Became::ErrorInBranch
        }
        Err(_) => Became::ErrorAtOpening,
    })
}

/// Counts of outcomes of one group of files, and the most that any took.
#[derive(Default)]
struct Tally {
    outcomes: BTreeMap<Became, usize>,
    /// Bytes of the largest allocation, with the file and number of the damage.
    largest: (usize, String),
    /// Most bytes in memory at a time.
    most: usize,
    /// The slowest.
    slowest: Duration,
}

impl Tally {
    /// Damages `count` copies of a file with `change` and reads them.
    fn run(&mut self, file: &str, count: usize, mut change: impl FnMut(&mut Vec<u8>)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("damaged.root");
        let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
        let good = std::fs::read(&shipped).expect("is shipped");
        let undamaged = read_all(&shipped).ok();
        let watched = Watched::new();
        for number in 0..count {
            let mut bytes = good.clone();
            change(&mut bytes);
            std::fs::write(&path, &bytes).expect("writes");
            drop(bytes);
            let since = Instant::now();
            let (became, largest, most) = watched.run(|| outcome(&path, undamaged));
            let became =
                became.unwrap_or_else(|said| panic!("{file} {number} causes a panic: {said}"));
            self.slowest = self.slowest.max(since.elapsed());
            self.most = self.most.max(most);
            if largest > self.largest.0 {
                self.largest = (largest, format!("{file} {number}"));
            }
            *self.outcomes.entry(became).or_default() += 1;
        }
    }

    /// The files have up to 113 kB, but a block of ZSTD or LZMA may claim 16 MiB.
    fn check(&self) {
        let (largest, file) = &self.largest;
        assert!(*largest <= 20 << 20, "{largest} bytes were allocated at once for {file}");
        assert!(self.most <= 2 * LIMIT, "{} bytes were taken", self.most);
        assert!(self.slowest < HANGS, "{:?} for one file", self.slowest);
    }

    fn count(&self, outcome: Became) -> usize {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }

    fn row(&self, name: &str) -> String {
        let all: usize = self.outcomes.values().sum();
        format!(
            "{name:<32} {all:>6} {:>10} {:>9} {:>10} {:>6} {:>9.1} {:>9.2}",
            self.count(Became::ErrorAtOpening),
            self.count(Became::ErrorInBranch),
            self.count(Became::Unchanged),
            self.count(Became::Wrong),
            self.most as f64 / f64::from(1 << 20),
            self.slowest.as_secs_f64(),
        )
    }
}

/// Memory that reading a file of these takes at most, as one would declare it.
const LIMIT: usize = 32 << 20;
/// What takes longer than this (reading one of these files takes milliseconds)
/// counts as a hang.
const HANGS: Duration = Duration::from_secs(60);

/// Where damage goes, and what is known of it.
#[derive(Clone, Copy, PartialEq)]
enum Where {
    Anywhere,
    /// Into the blocks of LZ4, behind their headers, where a checksum covers all.
    Lz4Blocks,
}

/// Name in the table, file, place, share in 1000 of the mutations, and whether
/// checksums cover everything, so that no value can change unnoticed.
const GROUPS: [(&str, &str, Where, usize, bool); 17] = [
    ("TTree, not compressed", "leaves_none.root", Where::Anywhere, 100, false),
    ("TTree, all in one record", "leaves_tail.root", Where::Anywhere, 30, false),
    ("TTree, ZLIB", "leaves_zlib.root", Where::Anywhere, 50, false),
    ("TTree, ZSTD", "leaves_zstd.root", Where::Anywhere, 50, false),
    ("TTree, LZMA", "leaves_lzma.root", Where::Anywhere, 50, false),
    ("TTree, LZ4", "leaves_lz4.root", Where::Anywhere, 60, false),
    ("TTree, inside LZ4 blocks", "leaves_lz4.root", Where::Lz4Blocks, 60, true),
    ("TTree, vectors, ZLIB", "vectors_zlib.root", Where::Anywhere, 50, false),
    ("TTree, vectors, not compressed", "vectors_none.root", Where::Anywhere, 50, false),
    ("TTree, not closed", "unclosed.root", Where::Anywhere, 20, false),
    ("RNTuple, not compressed", "leaves_rntuple_none.root", Where::Anywhere, 130, true),
    ("RNTuple, ZSTD", "leaves_rntuple.root", Where::Anywhere, 80, true),
    ("RNTuple, of NanoAOD", "muons_rntuple.root", Where::Anywhere, 50, true),
    ("Parquet, not compressed", "leaves_none.parquet", Where::Anywhere, 80, false),
    ("Parquet, GZIP, page checksums", "leaves_gzip.parquet", Where::Anywhere, 60, false),
    ("Parquet, LZ4", "leaves_lz4.parquet", Where::Anywhere, 40, false),
    ("Arrow, not compressed", "leaves_none.arrow", Where::Anywhere, 40, false),
];

/// The bytes of LZ4 blocks that checksums cover, checksums included.
fn lz4_blocks(bytes: &[u8]) -> Vec<Range<usize>> {
    let starts = bytes.windows(9).enumerate().filter(|(_, head)| head[..3] == *b"L4\x01");
    let blocks = starts.map(|(at, head)| {
        let n = usize::from(head[3]) | usize::from(head[4]) << 8 | usize::from(head[5]) << 16;
        at + 9..at + 9 + n
    });
    blocks.filter(|block| block.end <= bytes.len()).collect()
}

/// `GPUANA_MUTATIONS=10000 cargo test --test library read::damage::mutations -- --nocapture`
/// prints the table of that many.
#[test]
fn mutations_are_errors_or_change_nothing() {
    let all = std::env::var("GPUANA_MUTATIONS").ok().map(|n| n.parse().expect("a number"));
    let all: usize = all.unwrap_or(1500);
    let mut table = format!(
        "{:<32} {:>6} {:>10} {:>9} {:>10} {:>6} {:>9} {:>9}\n",
        "file", "all", "at opening", "in branch", "unchanged", "wrong", "peak MiB", "slowest s"
    );
    let mut random = Random(0x5eed_0001);
    for (name, file, place, share, covered) in GROUPS {
        let mut tally = Tally::default();
        tally.run(file, (all * share / 1000).max(1), |bytes| match place {
            Where::Anywhere => damage(bytes, &mut random),
            Where::Lz4Blocks => {
                let blocks = lz4_blocks(bytes);
                assert!(blocks.len() > 10, "{} blocks", blocks.len());
                let block = blocks[random.below(blocks.len())].clone();
                let at = block.start + random.below(block.len());
                bytes[at] ^= 1 << random.below(8);
            }
        });
        table += &format!("{}\n", tally.row(name));
        tally.check();
        let wrong = tally.count(Became::Wrong);
        assert!(!covered || wrong == 0, "{name}: {wrong} wrong values behind checksums");
    }
    println!("{table}");
}

/// The envelopes of an ntuple that is not compressed: header, footer, page list.
fn envelopes(bytes: &[u8]) -> [Range<usize>; 3] {
    // The anchor's fields follow the version of its class, 2, and begin with
    // that of the format, 1.0.2.0, all big endian.
    let versions = [0, 2, 0, 1, 0, 0, 0, 2, 0, 0];
    let found = bytes.windows(10).position(|window| window == versions);
    let anchor = found.expect("an anchor") + 2;
    let number = |at: usize, n: usize, little: bool| {
        let digits: Vec<u8> = bytes[at..at + n].to_vec();
        let add = |word: usize, byte: &u8| word << 8 | usize::from(*byte);
        if little { digits.iter().rev().fold(0, add) } else { digits.iter().fold(0, add) }
    };
    let link = |at: usize| {
        let (seek, length) = (number(at, 8, false), number(at + 8, 8, false));
        assert_eq!(length, number(at + 16, 8, false), "not compressed");
        seek..seek + length
    };
    let (header, footer) = (link(anchor + 8), link(anchor + 32));
    // The footer ends with the locator of the (only) page list, an empty list of
    // attribute sets, and the checksum.
    let locator = footer.end - 8 - 12 - 12;
    let (length, seek) = (number(locator, 4, true), number(locator + 4, 8, true));
    [header, footer, seek..seek + length]
}

#[test]
fn no_forged_envelope_causes_a_panic_or_a_huge_allocation() {
    const COUNT: usize = 600;
    let mut random = Random(0x5eed_0003);
    let mut tally = Tally::default();
    tally.run("leaves_rntuple_none.root", COUNT, |bytes| {
        let all = envelopes(bytes);
        let [header, footer, pages] = &all;
        for _ in 0..1 + random.below(3) {
            let chosen = &all[random.below(3)];
            let at = chosen.start + 8 + random.below(chosen.len() - 24);
            let extreme = [0u64, 1, u64::MAX, 1 << 31, 0x7fff_ffff_ffff_ffff, 0xffff];
            let width = [1, 2, 4, 8][random.below(4)];
            let forged = match random.below(2) {
                0 => extreme[random.below(6)],
                _ => random.below(1 << 16) as u64,
            };
            bytes[at..at + width].copy_from_slice(&forged.to_le_bytes()[..width]);
        }
        // Footer and page list repeat the header's checksum.
        let header_sum = seal(bytes, header);
        bytes[footer.start + 16..][..8].copy_from_slice(&header_sum);
        bytes[pages.start + 8..][..8].copy_from_slice(&header_sum);
        seal(bytes, footer);
        seal(bytes, pages);
    });
    println!("{}", tally.row("forged envelopes"));
    tally.check();
    assert!(tally.count(Became::ErrorInBranch) > 0 && tally.count(Became::ErrorAtOpening) > 0);
}

/// Makes the checksum of an envelope right.
fn seal(bytes: &mut [u8], envelope: &Range<usize>) -> [u8; 8] {
    let end = envelope.end - 8;
    let sum = xxh3_64(&bytes[envelope.start..end]).to_le_bytes();
    bytes[end..envelope.end].copy_from_slice(&sum);
    sum
}

/// Where the numbers lie that a `TTree` is read by: name, place, length.
struct Numbers<'a> {
    bytes: &'a [u8],
    all: Vec<(String, usize, usize)>,
}

impl Numbers<'_> {
    /// Those of leaves_none.root, whose tree has 61 events, and three of its branches two
    /// baskets on disk of 25 events each.
    fn of(bytes: &[u8]) -> Numbers<'_> {
        let mut numbers = Numbers { bytes, all: Vec::new() };
        numbers.add("file", 0, &[("begin", 8, 4), ("end", 12, 4), ("name", 28, 4)]);
        let directory = numbers.number(8, 4) + numbers.number(28, 4);
        let fields = [("fVersion", 0, 2), ("fNbytesKeys", 10, 4), ("fSeekKeys", 26, 4)];
        numbers.add("directory", directory, &fields);
        let list = numbers.number(directory + 26, 4);
        let key = list + numbers.number(list + 14, 2) + 4;
        numbers.key("the list's key", key);
        let tree = numbers.number(key + 18, 4);
        numbers.key("the tree's key", tree);
        let events = numbers.find(&61u64.to_be_bytes(), tree);
        numbers.add("tree", events, &[("fEntries", 0, 8)]);
        for name in BRANCHES {
            numbers.branch(name, tree);
        }
        numbers
    }

    fn branch(&mut self, name: &str, tree: usize) {
        let at = self.find(&[&[name.len() as u8], name.as_bytes()].concat(), tree);
        let at = self.find(&[61u64.to_be_bytes(), [0; 8]].concat(), at);
        let entries = self.find(&[0, 25, 50].map(u64::to_be_bytes).concat(), at);
        let room = self.number(at - 8, 4);
        let (bytes, seeks) = (entries - 1 - 4 * room, entries + 8 * room + 1);
        self.add(name, at, &[("fEntries", 0, 8), ("fFirstEntry", 8, 8), ("fTotBytes", 16, 8)]);
        self.add(name, at - 35, &[("fWriteBasket", 0, 4), ("fMaxBaskets", 27, 4)]);
        self.add(name, bytes, &[("fBasketBytes", 0, 8)]);
        self.add(name, entries, &[("fBasketEntry", 0, 24)]);
        self.add(name, seeks, &[("fBasketSeek", 0, 16)]);
        let basket = self.number(seeks, 8);
        self.key(name, basket);
        let header = basket + self.number(basket + 14, 2) - 19;
        let fields = [("fBufferSize", 2, 4), ("fNevBufSize", 6, 4), ("fNevBuf", 10, 4)];
        self.add(name, header, &fields);
        self.add(name, header, &[("fLast", 14, 4), ("flag", 18, 1)]);
    }

    fn key(&mut self, name: &str, at: usize) {
        let fields = [("fNbytes", 0, 4), ("fVersion", 4, 2), ("fObjlen", 6, 4)];
        self.add(name, at, &fields);
        self.add(name, at, &[("fKeylen", 14, 2), ("fCycle", 16, 2), ("fSeekKey", 18, 4)]);
    }

    fn add(&mut self, of: &str, at: usize, fields: &[(&str, usize, usize)]) {
        let named = fields.iter().map(|(field, by, n)| (format!("{of} {field}"), at + by, *n));
        self.all.extend(named);
    }

    fn number(&self, at: usize, n: usize) -> usize {
        self.bytes[at..at + n].iter().fold(0, |word, byte| word << 8 | usize::from(*byte))
    }

    fn find(&self, what: &[u8], from: usize) -> usize {
        let at = self.bytes[from..].windows(what.len()).position(|window| window == what);
        from + at.expect("the bytes are in the file")
    }
}

/// Those whose numbers are changed, all on disk for the most part.
const BRANCHES: [&str; 3] = ["nX", "X_float32", "s_float32"];

/// The values of these branches.
fn read_branches(path: &Path) -> gpuana::error::Result<String> {
    let source = read::open(path, Some("Events"))?;
    let schema = source.schema();
    let branches = BRANCHES.iter().filter_map(|name| schema.branch(name));
    let request = Request::of(branches).map_err(gpuana::error::Error::input)?;
    let batch = source.columns(&request)?.read(0..schema.events)?;
    Ok(format!("{:?} {:?}", batch.offsets, batch.columns))
}

/// Every bit of every number that a tree is read by, changed alone: an error, or a number
/// on which no value depends.
#[test]
fn no_number_of_a_tree_is_believed_against_its_baskets() {
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/leaves_none.root");
    let good = std::fs::read(&shipped).expect("is shipped");
    let whole = read_branches(&shipped).expect("reads");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("forged.root");
    let (mut errors, mut unchanged) = (0, BTreeMap::new());
    let mut wrong = Vec::new();
    for (name, at, n) in Numbers::of(&good).all {
        for bit in 0..8 * n {
            let mut bytes = good.clone();
            bytes[at + bit / 8] ^= 0x80 >> (bit % 8);
            std::fs::write(&path, &bytes).expect("writes");
            match read_branches(&path) {
                Err(_) => errors += 1,
                Ok(found) if found == whole => *unchanged.entry(name.clone()).or_insert(0) += 1,
                Ok(_) => wrong.push(format!("{name} bit {bit}")),
            }
        }
    }
    println!("{errors} errors; unchanged: {unchanged:?}");
    assert!(errors > 1000, "{errors}");
    assert_eq!(wrong, Vec::<String>::new());
}

/// What is said of some of them.
#[test]
fn forged_numbers_are_named() {
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/leaves_none.root");
    let good = std::fs::read(&shipped).expect("is shipped");
    let numbers = Numbers::of(&good);
    let place = |name: &str| {
        let found = numbers.all.iter().find(|(known, ..)| known == name);
        found.map(|(_, at, _)| *at).unwrap_or_else(|| panic!("no {name}"))
    };
    let counts = numbers.number(place("nX fBasketSeek"), 8);
    let counts = counts + numbers.number(counts + 14, 2);
    let swapped = [&good[counts + 8..counts + 12], &good[counts + 4..counts + 8]].concat();
    assert_ne!(swapped[..4], swapped[4..], "equal counts");
    let table: [(usize, &[u8], &str); 5] = [
        (
            place("tree fEntries"),
            &[0; 8],
            "tree Events: it says that it has 0 events, but the baskets of its branches hold 61",
        ),
        (
            place("X_float32 fTotBytes"),
            &[0, 0, 1],
            "tree Events: branch X_float32: the tree says that it has 1099511628748 bytes after \
             decompression, its baskets say 972",
        ),
        (
            place("s_float32 fTotBytes"),
            &[0, 0, 1],
            "tree Events: branch s_float32: the tree says that it has 1099511628",
        ),
        (
            counts + 4,
            &swapped,
            "tree Events: branch X_float32: basket 0 at byte 56880: event 1 has",
        ),
        (
            place("the tree's key fObjlen"),
            &[0x70],
            "tree Events: record at byte 70111: 26969 bytes that claim to become 1879075107, which \
             is not believed",
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("forged.root");
    for (at, forged, expected) in table {
        let mut bytes = good.clone();
        bytes[at..at + forged.len()].copy_from_slice(forged);
        std::fs::write(&path, &bytes).expect("writes");
        let said = read_branches(&path).expect_err(expected).to_string();
        assert!(said.contains(&format!("forged.root: {expected}")), "{said}");
    }
}
