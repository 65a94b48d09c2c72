//! How tests that need a GPU say that they ran, and on what. A software GPU
//! counts. With `GPUANA_REQUIRE_GPU` set, a test without one fails.

use std::io::Write;

/// Says how many cases a test ran, and on which adapter.
pub(crate) fn present(test: &str, cases: usize, adapter: &str) {
    say(&format!("GPU tests: {cases} in {test} on {adapter}\n"));
}

/// Says that a test cannot run, and why.
///
/// # Panics
/// If `GPUANA_REQUIRE_GPU` is set.
pub(crate) fn absent(test: &str, why: &str) {
    let required = std::env::var_os("GPUANA_REQUIRE_GPU").is_some_and(|v| !v.is_empty());
    assert!(!required, "{test} needs a GPU: {why}");
    say(&format!("GPU tests skipped: {test}: {why}\n"));
}

/// Writes past the test harness, which keeps what `println!` says to itself.
fn say(line: &str) {
    let mut stderr = std::io::stderr().lock();
    // A closed standard error is no reason to fail.
    let _ = stderr.write_all(line.as_bytes());
}
