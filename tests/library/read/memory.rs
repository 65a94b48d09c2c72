//! An allocator that counts what some threads take: at once, and altogether. Others,
//! of tests that run at the same time, are not counted.

use crate::support::panics;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

/// Bytes that threads which are counted together took.
#[derive(Default)]
struct Counts {
    /// In the largest allocation.
    largest: AtomicUsize,
    /// In use now, less what they gave back for others.
    now: AtomicIsize,
    /// In use at a time, at most.
    most: AtomicIsize,
}

thread_local! {
    /// Where this thread is counted. It has no destructor and takes no memory itself.
    static COUNTED: Cell<Option<&'static Counts>> = const { Cell::new(None) };
}

/// Threads whose memory is counted together, and whose panics are not printed:
/// what a panic prints takes memory.
pub(crate) struct Watched {
    threads: rayon::ThreadPool,
    counts: &'static Counts,
}

impl Watched {
    /// Four threads.
    pub(crate) fn new() -> Watched {
        let counts: &'static Counts = Box::leak(Box::default());
        let threads = rayon::ThreadPoolBuilder::new().num_threads(4).start_handler(move |_| {
            panics::be_quiet(true);
            COUNTED.set(Some(counts));
        });
        Watched { threads: threads.build().expect("threads"), counts }
    }

    /// What `f` gives on these threads, the bytes of the largest allocation meanwhile, and
    /// the most bytes that were in use at a time.
    pub(crate) fn run<T: Send>(&self, f: impl FnOnce() -> T + Send) -> (T, usize, usize) {
        let Counts { largest, now, most } = self.counts;
        let before = now.load(Ordering::Relaxed);
        largest.store(0, Ordering::Relaxed);
        most.store(before, Ordering::Relaxed);
        let result = self.threads.install(f);
        let taken = most.load(Ordering::Relaxed) - before;
        (result, largest.load(Ordering::Relaxed), usize::try_from(taken).unwrap_or(0))
    }
}

fn took(bytes: usize) {
    if let Some(counts) = COUNTED.get() {
        counts.largest.fetch_max(bytes, Ordering::Relaxed);
        let now = counts.now.fetch_add(bytes.cast_signed(), Ordering::Relaxed);
        counts.most.fetch_max(now + bytes.cast_signed(), Ordering::Relaxed);
    }
}

fn gave(bytes: usize) {
    if let Some(counts) = COUNTED.get() {
        counts.now.fetch_sub(bytes.cast_signed(), Ordering::Relaxed);
    }
}

/// The system's allocator, which counts.
struct Counting;

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        took(size);
        gave(layout.size());
        // SAFETY: as for `alloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        gave(layout.size());
        // SAFETY: as for `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
