//! See `gpuana::read::fuzz::parquet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gpuana::read::fuzz::parquet(data));
