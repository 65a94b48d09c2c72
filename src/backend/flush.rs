//! Denormals count as zero, as on the GPU: the CPU's switches for it, held on
//! while a guard lives.

use std::marker::PhantomData;

/// While it lives, this thread's floating-point operations take denormal
/// operands for zeros and give zeros for denormal results, with the sign kept.
/// Rounding is to nearest even. What was set before comes back on drop.
///
/// Only arithmetic is meant: bits that are merely moved stay as they are, so
/// values are flushed once when they are loaded, see
/// [`crate::kernels::real::f_load`].
#[derive(Debug)]
pub struct FlushDenormals {
    before: Control,
    /// The register belongs to the thread: the guard must not leave it.
    _thread: PhantomData<*const ()>,
}

impl FlushDenormals {
    /// Switches flushing on for this thread.
    pub fn enter() -> FlushDenormals {
        let before = read();
        write(FLUSHING);
        FlushDenormals { before, _thread: PhantomData }
    }
}

impl Drop for FlushDenormals {
    fn drop(&mut self) {
        write(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
type Control = u32;

/// All exceptions masked (0x1f80), flush results (0x8000), operands (0x0040).
#[cfg(target_arch = "x86_64")]
const FLUSHING: Control = 0x9fc0;

#[cfg(target_arch = "x86_64")]
fn read() -> Control {
    let mut control = 0_u32;
    // SAFETY: stmxcsr stores the 4 bytes of MXCSR at the address given, which
    // is a live local of 4 bytes.
    unsafe {
        std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack));
    }
    control
}

#[cfg(target_arch = "x86_64")]
fn write(control: Control) {
    // SAFETY: ldmxcsr loads MXCSR from a live local of 4 bytes. The value is
    // FLUSHING, which sets no reserved bit and masks all exceptions, or what
    // `read` found. Without the `nomem` option the compiler keeps loads and
    // stores on their side of it; arithmetic reaches memory or a call between
    // guard and use, as the tests of this file and the conformance suite check.
    unsafe {
        std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack));
    }
}

#[cfg(target_arch = "aarch64")]
type Control = u64;

/// FZ, bit 24: operands and results; rounding to nearest, no traps.
#[cfg(target_arch = "aarch64")]
const FLUSHING: Control = 1 << 24;

#[cfg(target_arch = "aarch64")]
fn read() -> Control {
    let control: u64;
    // SAFETY: reading FPCR has no other effect.
    unsafe {
        std::arch::asm!("mrs {}, fpcr", out(reg) control, options(nostack));
    }
    control
}

#[cfg(target_arch = "aarch64")]
fn write(control: Control) {
    // SAFETY: FPCR takes FLUSHING (no trap enabled) or what `read` found.
    unsafe {
        std::arch::asm!("msr fpcr, {}", in(reg) control, options(nostack));
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("gpuana's numbers need a CPU that can flush denormals: x86_64 or aarch64");

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    fn halve(x: f32) -> f32 {
        black_box(black_box(x) * black_box(0.5))
    }

    fn twice(x: f32) -> f32 {
        black_box(black_box(x) + black_box(x))
    }

    #[test]
    fn denormals_are_zero_inside_and_only_inside() {
        let denormal = f32::from_bits(0x0040_0000);
        assert_eq!(halve(f32::MIN_POSITIVE), denormal);
        assert_eq!(twice(denormal), f32::MIN_POSITIVE);
        {
            let _flush = FlushDenormals::enter();
            assert_eq!(halve(f32::MIN_POSITIVE).to_bits(), 0);
            assert_eq!(halve(-f32::MIN_POSITIVE).to_bits(), 0x8000_0000);
            assert_eq!(twice(denormal).to_bits(), 0);
            {
                let _again = FlushDenormals::enter();
                assert_eq!(twice(denormal).to_bits(), 0);
            }
            assert_eq!(twice(denormal).to_bits(), 0);
        }
        assert_eq!(twice(denormal), f32::MIN_POSITIVE);
    }

    #[test]
    fn a_product_is_tiny_after_rounding() {
        let _flush = FlushDenormals::enter();
        // Exact product 2^-126 (1 - 2^-24): a normal number of unbounded exponent below 2^-126.
        let below = black_box(f32::from_bits(0x3f7f_ffff)) * black_box(f32::MIN_POSITIVE);
        assert_eq!(black_box(below).to_bits(), 0);
    }
}
