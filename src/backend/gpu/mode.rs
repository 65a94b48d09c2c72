//! The ways in which a device's floats are pinned, and what a driver says of its own.

use crate::error::{Error, ErrorKind, Result};
use std::fmt;
use std::str::FromStr;

/// What keeps a driver from changing float operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exactness {
    /// Decorations in the SPIR-V that is handed to the driver as it is. Vulkan only.
    Strict,
    /// Every float result passes through integers that the compiler cannot see
    /// through: it is combined with a zero that only exists at run time.
    Portable,
}

/// Who turns denormal results into zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denormals {
    /// The device.
    Device,
    /// The kernel, after each operation.
    Kernel,
}

/// How floats are pinned. As text: `strict`, `strict+flush`, `portable`,
/// `portable+flush`, where `flush` is [`Denormals::Kernel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mode {
    /// Against contraction and re-association.
    pub exactness: Exactness,
    /// Against denormals.
    pub denormals: Denormals,
}

impl Mode {
    /// All modes, the cheapest first.
    pub const ALL: [Mode; 4] = [
        Mode { exactness: Exactness::Strict, denormals: Denormals::Device },
        Mode { exactness: Exactness::Portable, denormals: Denormals::Device },
        Mode { exactness: Exactness::Strict, denormals: Denormals::Kernel },
        Mode { exactness: Exactness::Portable, denormals: Denormals::Kernel },
    ];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.exactness {
            Exactness::Strict => "strict",
            Exactness::Portable => "portable",
        })?;
        f.write_str(match self.denormals {
            Denormals::Device => "",
            Denormals::Kernel => "+flush",
        })
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.to_string() == text).ok_or_else(|| {
            let all = Mode::ALL.map(|mode| mode.to_string()).join(", ");
            Error::new(ErrorKind::Usage, format!("no float mode `{text}`; there are {all}"))
        })
    }
}

/// What a driver lets a shader ask of its 32-bit floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FloatControls {
    /// `SignedZeroInfNanPreserve`.
    pub keeps_special_values: bool,
    /// `DenormFlushToZero`.
    pub flushes_denormals: bool,
    /// `DenormPreserve`.
    pub keeps_denormals: bool,
    /// `RoundingModeRTE`.
    pub rounds_to_even: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_mode_names_the_known_ones() {
        let error = "exact".parse::<Mode>().expect_err("no such mode");
        assert_eq!(
            error.to_string(),
            "no float mode `exact`; there are strict, portable, strict+flush, portable+flush"
        );
    }
}
