//! See `gpuana::read::fuzz::ntuple_pages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gpuana::read::fuzz::ntuple_pages(data));
