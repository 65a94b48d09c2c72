//! See `gpuana::read::fuzz::tree_metadata`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gpuana::read::fuzz::tree_metadata(data));
