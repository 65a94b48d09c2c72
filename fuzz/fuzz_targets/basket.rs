//! See `gpuana::read::fuzz::basket`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gpuana::read::fuzz::basket(data));
