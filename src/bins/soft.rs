//! Soft fills: an entry is spread over the bins by a kernel, so that contents
//! change smoothly with its value. What is computed is in [`crate::kernels::soft`].

use serde::Serialize;

/// How each entry of a histogram is spread over the bins of its axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Soft {
    /// The shape.
    pub kernel: SoftKernel,
    /// Its width in the unit of the axis, above 0: what it means is up to the kernel.
    pub bandwidth: f64,
    /// What becomes of the part outside the axis.
    pub flow: SoftFlow,
    /// Whether every bin is looked at, not only those within the kernel's window.
    pub all_bins: bool,
    /// Which of the analysis's parameters the bandwidth is, if it is one.
    pub parameter: Option<usize>,
}

impl Soft {
    /// Gives the bandwidth the value of the parameter that it is, if it is one.
    pub fn set_parameters(&mut self, values: &[f64]) {
        if let Some(value) = self.parameter.and_then(|k| values.get(k)) {
            self.bandwidth = *value;
        }
    }
}

/// A bin's share p of an entry, or how it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoftTerm {
    /// The share itself.
    Share,
    /// Its derivative by the value x: dp/dx.
    ByValue,
    /// By the bandwidth: dp/dh.
    ByBandwidth,
    /// Twice by the value.
    ByValueTwice,
    /// By the value and by the bandwidth.
    ByBoth,
    /// Twice by the bandwidth.
    ByBandwidthTwice,
}

impl SoftTerm {
    /// All of them.
    pub const ALL: [SoftTerm; 6] = [
        SoftTerm::Share,
        SoftTerm::ByValue,
        SoftTerm::ByBandwidth,
        SoftTerm::ByValueTwice,
        SoftTerm::ByBoth,
        SoftTerm::ByBandwidthTwice,
    ];

    /// Its position among all.
    pub fn index(self) -> usize {
        self as usize
    }

    /// How often p is differentiated: 0 to 2 times.
    pub fn order(self) -> usize {
        match self {
            SoftTerm::Share => 0,
            SoftTerm::ByValue | SoftTerm::ByBandwidth => 1,
            _ => 2,
        }
    }
}

/// What a row of derivatives of a soft fill is a derivative of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoftSum {
    /// Of the contents, the sum of w p.
    Contents,
    /// Of the variances, the sum of w^2 p^2: each entry adds 2 w p times its sum
    /// of the parts.
    Variances,
}

/// The distribution that stands for an entry at x: with z = (edge - x) / bandwidth
/// a bin gets K(z of its high edge) - K(z of its low edge).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum SoftKernel {
    /// K is the normal distribution's; the bandwidth is the standard deviation.
    Gauss,
    /// K(z) = 1 / (1 + exp(-z)).
    Logistic,
    /// Equal from -1 to 1: the bandwidth is the half width, as it is below.
    Uniform,
    /// A triangle from -1 to 1.
    Triangular,
    /// A parabola, K(z) = (2 + 3 z - z^3) / 4 from -1 to 1.
    Epanechnikov,
    /// Not a distribution in x: bins share an entry in proportion to
    /// exp(-(x - centre)^2 / (2 bandwidth^2)).
    Softmax,
}

/// What becomes of the part of an entry that is outside the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum SoftFlow {
    /// It is lost.
    None,
    /// It goes to the under- and overflow bin.
    Bins,
    /// It goes to the first and the last bin.
    Fold,
    /// It is lost, and the part inside is scaled up to make the entry whole.
    Renorm,
}

impl SoftKernel {
    /// All kernels.
    pub const ALL: [SoftKernel; 6] = [
        SoftKernel::Gauss,
        SoftKernel::Logistic,
        SoftKernel::Uniform,
        SoftKernel::Triangular,
        SoftKernel::Epanechnikov,
        SoftKernel::Softmax,
    ];

    /// Its name in an analysis.
    pub fn name(self) -> &'static str {
        match self {
            SoftKernel::Gauss => "gauss",
            SoftKernel::Logistic => "logistic",
            SoftKernel::Uniform => "uniform",
            SoftKernel::Triangular => "triangular",
            SoftKernel::Epanechnikov => "epanechnikov",
            SoftKernel::Softmax => "softmax",
        }
    }
}

impl SoftFlow {
    /// All of them.
    pub const ALL: [SoftFlow; 4] =
        [SoftFlow::None, SoftFlow::Bins, SoftFlow::Fold, SoftFlow::Renorm];

    /// Its name in an analysis.
    pub fn name(self) -> &'static str {
        match self {
            SoftFlow::None => "none",
            SoftFlow::Bins => "bins",
            SoftFlow::Fold => "fold",
            SoftFlow::Renorm => "renorm",
        }
    }
}
