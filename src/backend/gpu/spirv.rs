//! SPIR-V with every float operation decorated `NoContraction`, and with the
//! float controls that the driver advertises.

use super::checked::Checked;
use super::mode::{Denormals, FloatControls};
use crate::error::{Error, Result};
use naga::back::spv;

/// Numbers from the SPIR-V specification, version 1.3, and SPV_KHR_float_controls.
mod code {
    pub(super) const HEADER_WORDS: usize = 5;
    pub(super) const EXTENSION: u32 = 10;
    pub(super) const ENTRY_POINT: u32 = 15;
    pub(super) const EXECUTION_MODE: u32 = 16;
    pub(super) const CAPABILITY: u32 = 17;
    pub(super) const TYPE_VOID: u32 = 19;
    pub(super) const TYPE_FORWARD_POINTER: u32 = 39;
    pub(super) const DECORATE: u32 = 71;
    pub(super) const NO_CONTRACTION: u32 = 42;
    /// FNegate, FAdd, FSub, FMul, FDiv, FRem, FMod, VectorTimesScalar, Dot.
    pub(super) const FLOAT_OPERATIONS: [u32; 9] = [127, 129, 131, 133, 136, 140, 141, 142, 148];
}

/// Capability and execution mode of each float control.
const DENORM_PRESERVE: (u32, u32) = (4464, 4459);
const DENORM_FLUSH_TO_ZERO: (u32, u32) = (4465, 4460);
const SIGNED_ZERO_INF_NAN_PRESERVE: (u32, u32) = (4466, 4461);
const ROUNDING_MODE_RTE: (u32, u32) = (4467, 4462);

/// The words of a module with pinned floats.
///
/// # Errors
/// If naga cannot write the module: a bug of ours.
pub(super) fn write(
    checked: &Checked,
    entry: &str,
    denormals: Denormals,
    controls: FloatControls,
) -> Result<Vec<u32>> {
    let options = spv::Options {
        lang_version: (1, 3),
        flags: spv::WriterFlags::empty(),
        fake_missing_bindings: true,
        bounds_check_policies: naga::proc::BoundsCheckPolicies {
            index: naga::proc::BoundsCheckPolicy::Restrict,
            buffer: naga::proc::BoundsCheckPolicy::Restrict,
            image_load: naga::proc::BoundsCheckPolicy::Restrict,
            binding_array: naga::proc::BoundsCheckPolicy::Restrict,
        },
        ..Default::default()
    };
    let pipeline = spv::PipelineOptions {
        shader_stage: naga::ShaderStage::Compute,
        entry_point: entry.to_owned(),
    };
    let words =
        spv::write_vec(&checked.module, &checked.info, &options, Some(&pipeline)).map_err(|e| {
            Error::device(format!("kernel `{entry}` cannot be written as SPIR-V: {e}"))
                .with_source(e)
        })?;
    Ok(decorate(&words, &asked(denormals, controls)))
}

/// The controls to ask for.
fn asked(denormals: Denormals, controls: FloatControls) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    if controls.keeps_special_values {
        out.push(SIGNED_ZERO_INF_NAN_PRESERVE);
    }
    if controls.rounds_to_even {
        out.push(ROUNDING_MODE_RTE);
    }
    match denormals {
        Denormals::Device if controls.flushes_denormals => out.push(DENORM_FLUSH_TO_ZERO),
        Denormals::Kernel if controls.keeps_denormals => out.push(DENORM_PRESERVE),
        _ => {}
    }
    out
}

/// The instructions of a module: operation and all words.
fn instructions(words: &[u32]) -> impl Iterator<Item = (u32, &[u32])> {
    let mut rest = &words[code::HEADER_WORDS.min(words.len())..];
    std::iter::from_fn(move || {
        let first = *rest.first()?;
        let length = (first >> 16) as usize;
        let (instruction, after) = rest.split_at_checked(length.max(1))?;
        rest = after;
        Some((first & 0xffff, instruction))
    })
}

/// The module with decorations and execution modes put where SPIR-V wants them:
/// capabilities first, then extensions, then (after the entry points) the
/// modes, then (before the types) the decorations.
fn decorate(words: &[u32], controls: &[(u32, u32)]) -> Vec<u32> {
    let results: Vec<u32> = instructions(words)
        .filter(|(op, _)| code::FLOAT_OPERATIONS.contains(op))
        .map(|(_, instruction)| instruction[2])
        .collect();
    let entries: Vec<u32> = instructions(words)
        .filter(|(op, _)| *op == code::ENTRY_POINT)
        .map(|(_, instruction)| instruction[2])
        .collect();
    let mut out = words[..code::HEADER_WORDS].to_vec();
    for (capability, _) in controls {
        out.extend([(2 << 16) | code::CAPABILITY, *capability]);
    }
    let (mut extended, mut moded, mut decorated) = (controls.is_empty(), false, false);
    for (op, instruction) in instructions(words) {
        if !extended && op != code::CAPABILITY {
            extended = true;
            push_extension(&mut out, b"SPV_KHR_float_controls");
        }
        let preamble = (code::EXTENSION..=code::CAPABILITY).contains(&op);
        if !moded && (!preamble || op == code::EXECUTION_MODE) {
            moded = true;
            for (_, mode) in controls {
                for entry in &entries {
                    out.extend([(4 << 16) | code::EXECUTION_MODE, *entry, *mode, 32]);
                }
            }
        }
        if !decorated && (code::TYPE_VOID..=code::TYPE_FORWARD_POINTER).contains(&op) {
            decorated = true;
            for result in &results {
                out.extend([(3 << 16) | code::DECORATE, *result, code::NO_CONTRACTION]);
            }
        }
        out.extend_from_slice(instruction);
    }
    out
}

/// `OpExtension` with its name: bytes little-endian, ended by a zero.
fn push_extension(out: &mut Vec<u32>, name: &[u8]) {
    let mut bytes = name.to_vec();
    bytes.resize(name.len() / 4 * 4 + 4, 0);
    out.push((((bytes.len() / 4 + 1) as u32) << 16) | code::EXTENSION);
    out.extend(bytes.chunks_exact(4).map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]])));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::gpu::checked::parse;

    const KERNEL: &str = "@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(1)
fn kernel() {
    out[0] = (out[1] * out[2] + out[3]) / -out[4];
}";

    #[test]
    fn every_float_operation_is_decorated_and_modes_are_asked_for() {
        let checked = parse(KERNEL).expect("valid WGSL");
        let controls = FloatControls { flushes_denormals: true, ..Default::default() };
        let words = write(&checked, "kernel", Denormals::Device, controls).expect("written");
        let of =
            |op| instructions(&words).filter(move |(o, _)| *o == op).map(|(_, i)| i[1..].to_vec());
        let operations: Vec<u32> = instructions(&words)
            .filter(|(op, _)| [127, 129, 133, 136].contains(op))
            .map(|(_, i)| i[2])
            .collect();
        let decorated: Vec<u32> =
            of(code::DECORATE).filter(|d| d[1..] == [code::NO_CONTRACTION]).map(|d| d[0]).collect();
        assert_eq!(operations.len(), 4);
        assert_eq!(decorated, operations);
        assert!(of(code::CAPABILITY).any(|c| c == [4465]));
        assert_eq!(of(code::EXTENSION).count(), 1);
        assert!(of(code::EXECUTION_MODE).any(|m| m[1..] == [4460, 32]));
        // Sections in the order that the specification wants.
        let order: Vec<u32> = instructions(&words).map(|(op, _)| op).collect();
        let first = |op| order.iter().position(|o| *o == op).expect("it is there");
        assert!(first(code::CAPABILITY) < first(code::EXTENSION));
        assert!(first(code::EXTENSION) < first(code::ENTRY_POINT));
        assert!(first(code::ENTRY_POINT) < first(code::EXECUTION_MODE));
        assert!(first(code::EXECUTION_MODE) < first(code::DECORATE));
        assert!(first(code::DECORATE) < first(code::TYPE_VOID));
    }
}
