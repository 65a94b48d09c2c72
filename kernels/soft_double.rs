//! The kernels of soft fills in double precision, with functions of the libm crate: the
//! tail, the density and its slope.

use super::double;
use crate::bins::SoftKernel;

/// The kernel's tail beyond |z|.
pub(super) fn tail(kernel: SoftKernel, z: f64) -> f64 {
    let size = libm::fabs(z);
    let u = (1.0 - size).max(0.0);
    match kernel {
        SoftKernel::Gauss | SoftKernel::Softmax => double::normal_tail(size),
        SoftKernel::Logistic => 1.0 / (1.0 + libm::exp(size)),
        SoftKernel::Uniform => 0.5 * u,
        SoftKernel::Triangular => 0.5 * u * u,
        SoftKernel::Epanechnikov => 0.25 * u * u * (3.0 - u),
    }
}

/// The kernel's density and its slope.
pub(super) fn density(kernel: SoftKernel, z: f64) -> [f64; 2] {
    let size = libm::fabs(z);
    let u = (1.0 - size).max(0.0);
    let down = if z > 0.0 { -1.0 } else { 1.0 };
    let inside = if u > 0.0 { 1.0 } else { 0.0 };
    match kernel {
        SoftKernel::Gauss | SoftKernel::Softmax => {
            let peak = 0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
            let density = peak * libm::exp(-0.5 * size * size);
            [density, -times(z, density)]
        }
        SoftKernel::Logistic => {
            let e = libm::exp(-size);
            let density = e / ((1.0 + e) * (1.0 + e));
            [density, down * density * ((1.0 - e) / (1.0 + e))]
        }
        SoftKernel::Uniform => [0.5 * inside, 0.0],
        SoftKernel::Triangular => [u, down * inside],
        SoftKernel::Epanechnikov => [0.75 * u * (2.0 - u), -1.5 * times(z, inside)],
    }
}

/// z times what vanishes faster, also where z is infinite.
pub(super) fn times(z: f64, fading: f64) -> f64 {
    if fading == 0.0 { 0.0 } else { z * fading }
}
