//! See `gpuana::read::fuzz::arrow`. Panics of the arrow crates become errors: they
//! must not get to libFuzzer's hook, which ends the program.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !gpuana::read::panic_becomes_error() {
                hook(panic);
            }
        }));
    },
    |data: &[u8]| gpuana::read::fuzz::arrow(data)
);
