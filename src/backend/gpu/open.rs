//! Opening a device: the first that passes the self-test, in the cheapest mode in which it does.

use super::adapter::{Choice, Found, candidates};
use super::device::Gpu;
use super::mode::Mode;
use super::selftest;
use crate::error::{Error, Result};

impl Gpu {
    /// Opens the first adapter that fits the choice and computes as the
    /// contract says, in the cheapest mode in which it does.
    ///
    /// # Errors
    /// If there is none; the message has each adapter with what deviated.
    pub fn open(choice: &Choice) -> Result<Gpu> {
        let mut reasons = Vec::new();
        for found in candidates(choice)? {
            let name = found.report.to_string();
            match Gpu::try_open(found, choice) {
                Ok(gpu) => return Ok(gpu),
                Err(e) => reasons.push(format!("{name}: {e}")),
            }
        }
        Err(Error::device(format!(
            "no graphics adapter computes exactly, use the cpu backend: {}",
            reasons.join("; ")
        )))
    }

    fn try_open(found: Found, choice: &Choice) -> Result<Gpu> {
        let mut gpu = Gpu::connect(found)?;
        let mut reasons = Vec::new();
        for mode in Mode::ALL {
            if choice.mode.is_some_and(|wanted| wanted != mode) || !gpu.supports(mode) {
                continue;
            }
            gpu.mode = mode;
            match selftest::run(&gpu) {
                Ok(()) => return Ok(gpu),
                Err(e) => reasons.push(format!("{mode}: {e}")),
            }
        }
        if reasons.is_empty() {
            reasons.push("the mode asked for needs Vulkan".to_owned());
        }
        Err(Error::device(reasons.join("; ")))
    }
}
