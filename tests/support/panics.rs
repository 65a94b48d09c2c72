//! Panics that are part of a result: caught, and not printed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether a panic on this thread is part of a result.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether panics of this thread are not printed from now on. The hook is the process's,
/// so that it leaves all other threads to the usual one.
pub(crate) fn be_quiet(quiet: bool) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    QUIET.set(quiet);
}

/// The result, or what a panic said.
pub(crate) fn quietly<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    let before = QUIET.get();
    be_quiet(true);
    let result = catch_unwind(AssertUnwindSafe(f)).map_err(|e| {
        let text = e.downcast_ref::<String>().cloned();
        text.or_else(|| e.downcast_ref::<&str>().map(|s| (*s).to_string())).unwrap_or_default()
    });
    QUIET.set(before);
    result
}
