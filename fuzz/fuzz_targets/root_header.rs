//! See `gpuana::read::fuzz::root_header`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gpuana::read::fuzz::root_header(data));
