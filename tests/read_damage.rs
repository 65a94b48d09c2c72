//! Thousands of damaged files: never a panic, never an allocation out of
//! proportion to the file, whatever the bytes say.

#![expect(clippy::print_stdout, reason = "counts of what was compared")]

use gpuana::batch::{Request, RequestedColumn};
use gpuana::error::Result;
use gpuana::read;
use gpuana::schema::Shape;
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_64;
use xxhash_rust::xxh64::xxh64;

/// The system's allocator, remembering the largest request.
struct Watched;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        // SAFETY: as for `alloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as for `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

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
fn read_all(path: &Path) -> Result<(usize, u64)> {
    read::inspect(path)?.to_text();
    let source = read::open(path, None)?;
    let (mut values, mut hash) = (0, 0);
    let mut failed = None;
    for branch in source.schema().branches.iter().filter(|b| b.unsupported.is_none()) {
        let (counters, counter) = match &branch.shape {
            Shape::Scalar => (Vec::new(), None),
            Shape::Counted(name) => (vec![name.clone()], Some(0)),
            _ => continue,
        };
        let columns = vec![RequestedColumn { branch: branch.name.clone(), counter }];
        let request = Request { counters, columns, keep_doubles: false };
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

/// What became of a damaged file, in a few words, and whether its values are others.
fn outcome(path: &Path, undamaged: (usize, u64)) -> (&'static str, usize) {
    LARGEST.store(0, Ordering::Relaxed);
    let outcome = catch_unwind(AssertUnwindSafe(|| read_all(path)));
    let outcome = match outcome {
        Err(_) => "a panic",
        Ok(Ok(found)) if found == undamaged => "unchanged",
        Ok(Ok((n, _))) if n == undamaged.0 => "other values, as many",
        Ok(Ok(_)) => "other numbers of values",
        Ok(Err(e)) if e.to_string().contains(": branch ") => "error in a branch",
        Ok(Err(e)) if e.to_string().contains(": field ") => "error in a field",
        Ok(Err(_)) => "error at opening",
    };
    (outcome, LARGEST.load(Ordering::Relaxed))
}

/// Counts of outcomes, and the largest allocation with where it was.
#[derive(Default)]
struct Tally {
    outcomes: BTreeMap<&'static str, usize>,
    worst: (usize, String),
}

impl Tally {
    /// Damages `count` copies of a file with `change` and reads them.
    fn run(&mut self, file: &str, count: usize, mut change: impl FnMut(&mut Vec<u8>)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("damaged.root");
        let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
        let good = std::fs::read(&shipped).expect("is shipped");
        let undamaged = read_all(&shipped).expect("reads");
        for number in 0..count {
            let mut bytes = good.clone();
            change(&mut bytes);
            std::fs::write(&path, &bytes).expect("writes");
            let (outcome, largest) = outcome(&path, undamaged);
            assert_ne!(outcome, "a panic", "{file}, damage {number}");
            if largest > self.worst.0 {
                self.worst = (largest, format!("{file} {number}"));
            }
            *self.outcomes.entry(outcome).or_default() += 1;
        }
    }

    /// Prints the counts; the files have up to 113 kB, but a block of ZSTD or
    /// LZMA may claim 16 MiB.
    fn check(&self, total: usize) {
        let (largest, file) = &self.worst;
        println!("{:?}; largest allocation {largest} bytes ({file})", self.outcomes);
        assert_eq!(self.outcomes.values().sum::<usize>(), total);
        assert!(*largest <= 20 << 20, "{largest} bytes were allocated for {file}");
    }

    fn count(&self, outcome: &str) -> usize {
        self.outcomes.get(outcome).copied().unwrap_or(0)
    }
}

/// The tests share one record of the largest allocation.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn no_damage_causes_a_panic_or_a_huge_allocation() {
    const FILES: [(&str, usize); 6] = [
        ("leaves_none.root", 1000), // nothing is compressed: damage reaches every parser
        ("leaves_tail.root", 250),
        ("leaves_zlib.root", 250),
        ("leaves_zstd.root", 250),
        ("leaves_lz4.root", 250),
        ("leaves_lzma.root", 250),
    ];
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut random = Random(0x5eed_0001);
    let mut tally = Tally::default();
    for (file, count) in FILES {
        tally.run(file, count, |bytes| damage(bytes, &mut random));
    }
    tally.check(FILES.iter().map(|(_, n)| n).sum());
}

#[test]
fn damage_to_an_ntuple_never_changes_a_value() {
    const FILES: [(&str, usize); 3] = [
        ("leaves_rntuple_none.root", 1500),
        ("leaves_rntuple.root", 1000),
        ("muons_rntuple.root", 500),
    ];
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut random = Random(0x5eed_0002);
    let mut tally = Tally::default();
    for (file, count) in FILES {
        tally.run(file, count, |bytes| damage(bytes, &mut random));
    }
    tally.check(FILES.iter().map(|(_, n)| n).sum());
    let wrong = tally.count("other values, as many") + tally.count("other numbers of values");
    assert_eq!(wrong, 0, "checksums hide no damage");
    assert!(tally.count("unchanged") > 0 && tally.count("error in a field") > 0);
}

#[test]
fn no_damage_to_a_table_causes_a_panic_or_a_huge_allocation() {
    const FILES: [(&str, usize); 6] = [
        ("leaves_none.parquet", 600), // nothing is compressed
        ("leaves_gzip.parquet", 300), // pages carry checksums
        ("leaves_lz4.parquet", 200),
        ("adl_records.parquet", 200),
        ("leaves_none.arrow", 500),
        ("leaves_zstd.arrow", 200),
    ];
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut random = Random(0x5eed_0004);
    let mut tally = Tally::default();
    for (file, count) in FILES {
        tally.run(file, count, |bytes| damage(bytes, &mut random));
    }
    tally.check(FILES.iter().map(|(_, n)| n).sum());
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
    const COUNT: usize = 2000;
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
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
    tally.check(COUNT);
    assert!(tally.count("error in a field") > 0 && tally.count("error at opening") > 0);
}

/// Makes the checksum of an envelope right.
fn seal(bytes: &mut [u8], envelope: &Range<usize>) -> [u8; 8] {
    let end = envelope.end - 8;
    let sum = xxh3_64(&bytes[envelope.start..end]).to_le_bytes();
    bytes[end..envelope.end].copy_from_slice(&sum);
    sum
}
