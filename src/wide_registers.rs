//! Loops that are compiled twice where the CPU may have wider registers. Wider ones
//! change no bit: nothing is contracted or re-associated.

/// A function without result that is compiled twice, and chooses by what the CPU
/// has. What its body calls must be inlined; an iterator's `extend` or `fold` may
/// not be. Soft fills take half the time that they take with SSE2.
macro_rules! wide_registers {
    (
        $(#[$meta:meta])*
        fn $name:ident $([$($generics:tt)*])? ($($arg:ident: $t:ty),+ $(,)?) $body:block
    ) => {
        $(#[$meta])*
        fn $name<$($($generics)*)?>($($arg: $t),+) {
            #[inline(always)]
            fn body<$($($generics)*)?>($($arg: $t),+) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn wide<$($($generics)*)?>($($arg: $t),+) {
                body($($arg),+);
            }

            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU has AVX2, the one feature that `wide` adds.
                return unsafe { wide($($arg),+) };
            }
            body($($arg),+);
        }
    };
}
pub(crate) use wide_registers;
