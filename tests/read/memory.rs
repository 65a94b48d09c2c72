//! An allocator that remembers how much was taken at once and altogether.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, which counts.
struct Watched;

/// Bytes of the largest allocation since [`watch`].
pub(crate) static LARGEST: AtomicUsize = AtomicUsize::new(0);
/// Most bytes in use at a time since [`watch`].
pub(crate) static MOST: AtomicUsize = AtomicUsize::new(0);
/// Bytes in use.
static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// Starts anew; the bytes in use now.
pub(crate) fn watch() -> usize {
    let now = IN_USE.load(Ordering::Relaxed);
    LARGEST.store(0, Ordering::Relaxed);
    MOST.store(now, Ordering::Relaxed);
    now
}

fn took(bytes: usize) {
    LARGEST.fetch_max(bytes, Ordering::Relaxed);
    let now = IN_USE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watched {
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
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as for `alloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as for `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;
