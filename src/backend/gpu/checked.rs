//! WGSL as naga has it once it is parsed and checked: what pinning starts from.

use crate::error::{Error, Result};

/// A checked WGSL module.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) module: naga::Module,
    pub(super) info: naga::valid::ModuleInfo,
}

/// Parses and checks WGSL. It is our own text: an error is a bug of ours.
///
/// # Errors
/// With the place in the text, if it is not valid WGSL.
pub(super) fn parse(wgsl: &str) -> Result<Checked> {
    let module = naga::front::wgsl::parse_str(wgsl).map_err(|e| {
        Error::device(format!(
            "a generated kernel is not valid WGSL (a bug of gpuana): {}",
            e.emit_to_string(wgsl)
        ))
        .with_source(e)
    })?;
    check(module, wgsl)
}

/// Checks a module that is, or was, `wgsl`.
///
/// # Errors
/// With the place in the text, if the module breaks a rule.
pub(super) fn check(module: naga::Module, wgsl: &str) -> Result<Checked> {
    let flags = naga::valid::ValidationFlags::all();
    let info = naga::valid::Validator::new(flags, naga::valid::Capabilities::empty())
        .validate(&module)
        .map_err(|e| {
            Error::device(format!(
                "a generated kernel does not pass the checks (a bug of gpuana): {}",
                e.emit_to_string(wgsl)
            ))
            .with_source(e)
        })?;
    Ok(Checked { module, info })
}
