//! Thousands of damaged files: never a panic, never an allocation out of
//! proportion to the file, whatever the bytes say.

#![expect(clippy::print_stdout, reason = "counts of what was compared")]

use gpuana::batch::{Request, RequestedColumn};
use gpuana::error::Result;
use gpuana::read;
use gpuana::schema::Shape;
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Reads everything that can be read.
fn read_all(path: &Path) -> Result<usize> {
    read::inspect(path)?.to_text();
    let source = read::open(path, None)?;
    let mut bytes = 0;
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
            let half = reader.read(0..events / 2)?.columns[0].len();
            Ok(half + reader.read(events / 2..events)?.columns[0].len())
        });
        match read {
            Ok(n) => bytes += n,
            Err(e) => failed = Some(e),
        }
    }
    failed.map_or(Ok(bytes), Err)
}

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
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged.root");
    let mut random = Random(0x5eed_0001);
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut worst = (0, String::new());
    for (file, count) in FILES {
        let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
        let good = std::fs::read(&shipped).expect("is shipped");
        let undamaged = read_all(&shipped).expect("reads");
        for number in 0..count {
            let mut bytes = good.clone();
            damage(&mut bytes, &mut random);
            std::fs::write(&path, &bytes).expect("writes");
            LARGEST.store(0, Ordering::Relaxed);
            let outcome = catch_unwind(AssertUnwindSafe(|| read_all(&path)));
            let largest = LARGEST.load(Ordering::Relaxed);
            if largest > worst.0 {
                worst = (largest, format!("{file} {number}"));
            }
            let outcome = match outcome {
                Err(_) => panic!("{file}, damage {number}: a panic"),
                Ok(Ok(n)) if n == undamaged => "as many values as undamaged",
                Ok(Ok(_)) => "other numbers of values",
                Ok(Err(error)) if error.to_string().contains(": branch ") => "error in a branch",
                Ok(Err(_)) => "error at opening",
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    println!("{outcomes:?}; largest allocation {} bytes ({})", worst.0, worst.1);
    assert_eq!(outcomes.values().sum::<usize>(), FILES.iter().map(|(_, n)| n).sum::<usize>());
    // The files have up to 113 kB; a block of ZSTD or LZMA may claim 16 MiB.
    assert!(worst.0 <= 20 << 20, "{} bytes were allocated for {}", worst.0, worst.1);
}
