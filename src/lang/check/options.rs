//! What an analysis is compiled for: one sample of several, or all events.

use crate::kernels::Registry;

/// Which sample, which variations apply, and which cuts are smooth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options<'a> {
    /// The sample whose events are processed; `None`: there are no samples, and
    /// variations of some samples apply.
    pub sample: Option<SampleOptions<'a>>,
    /// Leave out all variations: data, and samples that are variations themselves.
    pub nominal_only: bool,
    /// The kernels that expressions can call; `None`: the standard ones.
    pub kernels: Option<&'a Registry>,
    /// Make cuts that compare with a parameter that has a slope smooth factors of
    /// the weight: for gradients.
    pub soft_cuts: bool,
}

/// What is known of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SampleOptions<'a> {
    /// Its name.
    pub name: &'a str,
    /// The process that it is of.
    pub process: &'a str,
    /// Whether it is data.
    pub data: bool,
    /// Whether a sample of its process is data.
    pub process_has_data: bool,
    /// Whether a sample of the analysis is data.
    pub analysis_has_data: bool,
}
