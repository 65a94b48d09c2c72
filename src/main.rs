//! The command line: arguments in, one library call, text and an exit code
//! out. Only here and in `cli` does anything print or exit.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    keep_buffers();
    quiet_vulkan();
    quiet_errors();
    cli::main()
}

/// Lets the allocator keep the buffers of a batch for the next one. By default
/// glibc gives them back to the system, which clears their pages again for each
/// batch: a tenth of all CPU time of the Grand Challenge.
fn keep_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: two settings of the allocator, made before there are other threads.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30);
    }
}

/// Does not report panics that the library makes errors of.
fn quiet_errors() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !gpuana::read::panic_becomes_error() {
            report(panic);
        }
    }));
}

/// Switches off a Vulkan layer of Mesa's that looks for a desktop where there
/// is none, and says on standard error that it found none.
fn quiet_vulkan() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread runs yet that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
