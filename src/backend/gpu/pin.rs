//! Pinning floats: what keeps a driver from contracting, re-associating or
//! keeping denormals. The kernels' WGSL stays plain; the checked naga module is
//! changed on its way to the driver.

use super::checked::{check, parse};
use super::guard::Guard;
use super::mode::{Denormals, Exactness, FloatControls, Mode};
use super::{barrier, spirv};
use crate::error::Result;
use std::borrow::Cow;

/// A pinned kernel, in the form that the device takes.
#[derive(Debug)]
pub(super) enum Pinned {
    /// For `ShaderSource::Naga`.
    Module(Box<naga::Module>),
    /// For the passthrough.
    SpirV(Vec<u32>),
}

/// Pins the floats of `wgsl`.
///
/// # Errors
/// If the text is not valid WGSL, or has a float operation that cannot be pinned.
pub(super) fn pin(wgsl: &str, entry: &str, mode: Mode, controls: FloatControls) -> Result<Pinned> {
    let mut checked = parse(wgsl)?;
    let guard = match (mode.exactness, mode.denormals) {
        (Exactness::Strict, Denormals::Device) => None,
        (Exactness::Portable, Denormals::Device) => Some(Guard::Opaque),
        (_, Denormals::Kernel) => Some(Guard::Flush),
    };
    if let Some(guard) = guard {
        let module = barrier::insert(checked.module, &checked.info, guard)?;
        checked = check(module, wgsl)?;
    }
    match mode.exactness {
        Exactness::Portable => Ok(Pinned::Module(Box::new(checked.module))),
        Exactness::Strict => {
            spirv::write(&checked, entry, mode.denormals, controls).map(Pinned::SpirV)
        }
    }
}

impl Pinned {
    /// Hands the kernel to the device.
    pub(super) fn load(
        self,
        device: &wgpu::Device,
        label: &str,
        entry: &str,
    ) -> wgpu::ShaderModule {
        match self {
            Pinned::Module(module) => device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(label),
                source: wgpu::ShaderSource::Naga(Cow::Owned(*module)),
            }),
            Pinned::SpirV(words) => {
                let descriptor = wgpu::ShaderModuleDescriptorPassthrough {
                    label: Some(label),
                    entry_points: Cow::Owned(vec![wgpu::PassthroughShaderEntryPoint {
                        name: Cow::Borrowed(entry),
                        workgroup_size: (0, 0, 0),
                    }]),
                    spirv: Some(Cow::Owned(words)),
                    ..Default::default()
                };
                // SAFETY: the words are naga's, from a module that its validator passed, with
                // buffer and array accesses kept in bounds; `spirv` only adds decorations and
                // execution modes that the driver advertises. Reason: wgpu has no other way to
                // forbid contraction, which changed up to 28 % of results.
                unsafe { device.create_shader_module_passthrough(descriptor) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::gpu::HEADER;
    use crate::kernels::{FUNCTIONS, wgsl};

    fn kernel(header: &str) -> String {
        let sum: Vec<String> = FUNCTIONS
            .iter()
            .map(|f| format!("{}({})", f.wgsl_name(), ["x", "y"][..f.arity()].join(", ")))
            .collect();
        let body = format!(
            "@compute @workgroup_size(64)
fn kernel(@builtin(global_invocation_id) id: vec3<u32>) {{
    var x = f_load(id.x);
    for (var y = 0.0; y < 3.0; y += 1.0) {{
        x = {};
    }}
    out[id.x] = bitcast<u32>(x);
}}
",
            sum.join(" + ")
        );
        format!("{header}\n{}\n{body}", wgsl::library(&body)).replace("atomic<u32>", "u32")
    }

    #[test]
    fn all_functions_pin_in_every_mode() {
        for mode in Mode::ALL {
            let pinned = pin(&kernel(HEADER), "kernel", mode, FloatControls::default());
            assert!(pinned.is_ok(), "{mode}: {pinned:?}");
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
    }

    #[test]
    fn portable_pinning_needs_the_parameter() {
        let header = "@group(0) @binding(2) var<storage, read_write> out: array<u32>;";
        let mode = Mode { exactness: Exactness::Portable, denormals: Denormals::Device };
        let error = pin(&kernel(header), "kernel", mode, FloatControls::default())
            .expect_err("there is no parameter");
        assert_eq!(error.to_string(), "a kernel has no parameter `opaque` to pin its floats with");
    }

    #[test]
    fn vectors_of_floats_are_refused() {
        let text = format!(
            "{HEADER}
@compute @workgroup_size(1)
fn kernel() {{
    let v = vec2<f32>(f32(params.events), 1.0);
    out[0] = bitcast<u32>((v + v).x);
}}"
        )
        .replace("atomic<u32>", "u32");
        let mode = Mode { exactness: Exactness::Portable, denormals: Denormals::Kernel };
        let error = pin(&text, "kernel", mode, FloatControls::default()).expect_err("a vector");
        assert_eq!(error.to_string(), "`kernel` computes with a vector of floats");
    }
}
