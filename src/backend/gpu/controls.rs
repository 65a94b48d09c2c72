//! What a Vulkan driver lets a shader ask of its floats. wgpu does not pass
//! these properties on, so the driver is asked directly.

use super::mode::FloatControls;

/// The controls of an adapter; none where it is not Vulkan 1.2 or newer.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn of(adapter: &wgpu::Adapter) -> FloatControls {
    use ash::vk;
    // SAFETY: the handle is only read while the guard lives, nothing is destroyed.
    let Some(vulkan) = (unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }) else {
        return FloatControls::default();
    };
    let instance = vulkan.shared_instance().raw_instance();
    let device = vulkan.raw_physical_device();
    // SAFETY: the physical device belongs to this instance, which the guard keeps alive.
    let version = unsafe { instance.get_physical_device_properties(device) }.api_version;
    if version < vk::API_VERSION_1_2 {
        return FloatControls::default();
    }
    let mut controls = vk::PhysicalDeviceFloatControlsProperties::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut controls);
    // SAFETY: as above; the chained structure is part of Vulkan 1.2.
    unsafe { instance.get_physical_device_properties2(device, &mut properties) };
    FloatControls {
        keeps_special_values: controls.shader_signed_zero_inf_nan_preserve_float32 != 0,
        flushes_denormals: controls.shader_denorm_flush_to_zero_float32 != 0,
        keeps_denormals: controls.shader_denorm_preserve_float32 != 0,
        rounds_to_even: controls.shader_rounding_mode_rte_float32 != 0,
    }
}

/// The controls of an adapter: none, there is no Vulkan here.
#[cfg(target_vendor = "apple")]
pub(super) fn of(_adapter: &wgpu::Adapter) -> FloatControls {
    FloatControls::default()
}
