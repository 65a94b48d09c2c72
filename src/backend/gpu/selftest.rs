//! Whether a device computes as the CPU does: one small dispatch over operands
//! that tell the usual deviations apart. It costs milliseconds on hardware and
//! guards every run: a driver that passed the conformance suite once may change.

use super::device::Gpu;
use super::dispatch::{HEADER, Inputs};
use crate::backend::flush::FlushDenormals;
use crate::error::{Error, Result};
use crate::kernels::{integer, real, wgsl, wide};
use std::fmt::Write;

/// One operation on a pair of numbers, for the device and for the CPU.
struct Check {
    what: &'static str,
    wgsl: &'static str,
    /// Whether the result is a real number, of which any NaN is as good as another.
    real: bool,
    /// From the operands' bits.
    cpu: fn(u32, u32) -> u32,
}

macro_rules! checks {
    ($($what:literal $kind:ident $of:ident $wgsl:literal |$a:ident, $b:ident| $cpu:expr;)*) => {
        &[$(Check {
            what: $what,
            wgsl: $wgsl,
            real: checks!(@real $kind),
            cpu: |a, b| {
                let ($a, $b) = (checks!(@operand $of a), checks!(@operand $of b));
                checks!(@word $kind $cpu)
            },
        }),*]
    };
    (@real real) => { true };
    (@real $other:ident) => { false };
    (@operand reals $bits:ident) => { real::f_load($bits) };
    (@operand ints $bits:ident) => { $bits as i32 };
    (@word real $e:expr) => { $e.to_bits() };
    (@word int $e:expr) => { $e as u32 };
}

/// In WGSL `a` and `b` are real numbers, `i` and `j` their bits as integers.
#[allow(clippy::eq_op, reason = "infinity less itself is NaN, which compilers forget")]
const CHECKS: &[Check] = checks![
    "a + b" real reals "a + b" |a, b| a + b;
    "a - b" real reals "a - b" |a, b| a - b;
    "a * b" real reals "a * b" |a, b| a * b;
    "a * b + b (contraction)" real reals "a * b + b" |a, b| a * b + b;
    "a * b - a (contraction)" real reals "a * b - a" |a, b| a * b - a;
    "(a + b) - a (re-association)" real reals "(a + b) - a" |a, b| (a + b) - a;
    "a * b + a * a (re-association)" real reals "a * b + a * a" |a, b| a * b + a * a;
    "a * 0.0" real reals "a * 0.0" |a, _b| a * 0.0;
    "a + 0.0" real reals "a + 0.0" |a, _b| a + 0.0;
    "a * 1.0" real reals "a * 1.0" |a, _b| a * 1.0;
    "a - a" real reals "a - a" |a, _b| a - a;
    "a / b" real reals "f_div(a, b)" |a, b| real::f_div(a, b);
    "sqrt(a)" real reals "f_sqrt(a)" |a, _b| real::f_sqrt(a);
    "integer(a)" int reals "bitcast<u32>(f_to_i32(a))" |a, _b| real::f_to_i32(a);
    "a < b" int reals "select(0u, 1u, f_lt(a, b))" |a, b| real::f_lt(a, b);
    "a <= b" int reals "select(0u, 1u, f_le(a, b))" |a, b| real::f_le(a, b);
    "a == b" int reals "select(0u, 1u, f_eq(a, b))" |a, b| real::f_eq(a, b);
    "is_nan(a)" int reals "select(0u, 1u, f_is_nan(a))" |a, _b| real::f_is_nan(a);
    "is_finite(a)" int reals "select(0u, 1u, f_is_finite(a))" |a, _b| real::f_is_finite(a);
    "real(i)" real ints "f_from_i32(i)" |i, _j| real::f_from_i32(i);
    "i // j" int ints "bitcast<u32>(i_floor_div(i, j))" |i, j| integer::i_floor_div(i, j);
    "real(i 2^32 + j)" real ints "l_to_real(vec2<u32>(bitcast<u32>(j), bitcast<u32>(i)))"
        |i, j| wide::l_to_real((i64::from(i) << 32) | i64::from(j as u32));
];

/// Operands, as bits; all pairs are tested.
const OPERANDS: [u32; 32] = [
    0x0000_0000, // 0
    0x8000_0000, // -0
    0x0000_0001, // the least denormal, flushed when it is loaded
    0x807f_ffff, // the greatest negative denormal
    0x0080_0000, // the least normal number
    0x8080_0001, // minus the one above it
    0x0080_0003,
    0x00ff_ffff,
    0x3f7f_ffff, // just below 1: times the least normal number, tiny after rounding
    0x3f80_0000, // 1
    0x3f80_0001,
    0xbf80_0000, // -1
    0x3f00_0000, // 1/2
    0x3fb5_04f3, // just below the root of 2
    0x3fb5_04f4,
    0x3eaa_aaab, // 1/3
    0x4040_0000, // 3
    0xc049_0fdb, // -pi
    0x3dcc_cccd, // 0.1
    0x1f80_0001, // about 2^-64: products around the least normal number
    0x1fff_ffff,
    0x2000_0001,
    0x4b00_0001, // 2^23 + 1
    0x4eff_ffff, // just below 2^31
    0x4f00_0000, // 2^31
    0xcf00_0001,
    0x5f7f_ffff, // about 2^64: products around the greatest number
    0x7f7f_ffff, // the greatest number
    0xff7f_ffff,
    0x7f80_0000, // infinity
    0xff80_0000,
    0x7fc0_0000, // NaN
];

const WORKGROUP: u32 = 64;

fn kernel() -> String {
    let count = CHECKS.len();
    let mut body = format!(
        "@compute @workgroup_size({WORKGROUP})
fn selftest(@builtin(global_invocation_id) id: vec3<u32>) {{
    if id.x >= params.events {{
        return;
    }}
    let i = bitcast<i32>(arena[2u * id.x]);
    let j = bitcast<i32>(arena[2u * id.x + 1u]);
    let a = f_load(bitcast<u32>(i));
    let b = f_load(bitcast<u32>(j));
    let at = {count}u * id.x;
"
    );
    for (k, check) in CHECKS.iter().enumerate() {
        let value =
            if check.real { format!("bitcast<u32>({})", check.wgsl) } else { check.wgsl.into() };
        // Writing to a string does not fail.
        let _ = writeln!(body, "    atomicStore(&out[at + {k}u], {value});");
    }
    body.push_str("}\n");
    format!("{HEADER}\n{}\n{body}", wgsl::library(&body))
}

/// Compares the device with the CPU.
///
/// # Errors
/// With the operations that deviate, an example each, or the device's failure.
pub(super) fn run(gpu: &Gpu) -> Result<()> {
    let pipeline = gpu.pipeline(&kernel(), "selftest")?;
    let pairs: Vec<[u32; 2]> =
        OPERANDS.iter().flat_map(|a| OPERANDS.iter().map(|b| [*a, *b])).collect();
    let inputs = Inputs {
        arena: pairs.as_flattened(),
        tables: &[],
        out: pairs.len() * CHECKS.len(),
        events: pairs.len() as u32,
        workgroup: WORKGROUP,
    };
    let got = gpu.compute(&pipeline, &inputs)?;
    let deviations = deviations(&pairs, &got);
    match deviations.as_slice() {
        [] => Ok(()),
        [only] => Err(Error::device(only.as_str())),
        [first, rest @ ..] => {
            Err(Error::device(format!("{first}, and {} more operations deviate", rest.len())))
        }
    }
}

/// For each check that fails the first pair for which it does.
fn deviations(pairs: &[[u32; 2]], got: &[u32]) -> Vec<String> {
    let _flush = FlushDenormals::enter();
    let mut out = Vec::new();
    for (k, check) in CHECKS.iter().enumerate() {
        let first = pairs.iter().zip(got.chunks_exact(CHECKS.len())).find_map(|(pair, row)| {
            let expected = (check.cpu)(pair[0], pair[1]);
            let any_nan = check.real && is_nan(expected) && is_nan(row[k]);
            (row[k] != expected && !any_nan).then_some((pair, row[k], expected))
        });
        if let Some(([a, b], got, expected)) = first {
            out.push(format!(
                "{} gives {got:#010x} instead of {expected:#010x} for {a:#010x}, {b:#010x}",
                check.what
            ));
        }
    }
    out
}

fn is_nan(word: u32) -> bool {
    real::f_is_nan(f32::from_bits(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_bit_is_named() {
        let pair = [0x3f80_0000, 0x4040_0000];
        let _flush = FlushDenormals::enter();
        let mut row: Vec<u32> = CHECKS.iter().map(|c| (c.cpu)(pair[0], pair[1])).collect();
        assert_eq!(deviations(&[pair], &row), Vec::<String>::new());
        row[0] ^= 1;
        assert_eq!(
            deviations(&[pair], &row),
            ["a + b gives 0x40800001 instead of 0x40800000 for 0x3f800000, 0x40400000"]
        );
    }
}
