//! What an analysis is compiled for: one sample of several, or all events.

/// Which variations apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options<'a> {
    /// The sample whose events are processed, for variations of some samples
    /// only; `None`: there are no samples, and those variations apply.
    pub sample: Option<&'a str>,
    /// Leave out all variations: data, and samples that are variations themselves.
    pub nominal_only: bool,
    /// Make cuts that compare with a parameter that has a slope smooth factors of
    /// the weight: for gradients.
    pub soft_cuts: bool,
}
