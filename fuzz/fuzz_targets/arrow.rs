//! See `gpuana::read::fuzz::arrow`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gpuana::read::fuzz::arrow(data));
