//! Entries of a soft fill that are beyond the axis, further than the kernel's window,
//! where `flow: renorm` divides what reaches a bin by what reaches any. Both fade
//! faster than numbers do; what they are of the tail at the nearest edge does not.
//!
//! With a the distance of an edge in bandwidths and b that of the nearest one, the
//! tail Q of a smooth kernel has Q(a) / Q(b) = r = exp(-(L(a) - L(b))), L' = m being
//! its hazard. The derivatives of r are r times differences of m, a m, ... between
//! both edges. The normal hazard is m = a + c with c = 1 / (a + t), t = 2 / (a + 3 /
//! (a + 4 / ...)): what grows with a is a multiple of a - b, which is known exactly,
//! and what else there is fades. The logistic one is 1 - q with q the tail itself.
//!
//! A compact kernel that is far from all bins gives nothing to any of them, and the
//! more it comes near the more exclusively the nearest one has all: that is what it
//! gets, with derivatives of zero. `shaders/soft_beyond.wgsl` is the device's version.

use super::soft_real::SoftReal;
use crate::bins::SoftKernel;

/// The device's version.
pub(super) const SHADER: &str = include_str!("../shaders/soft_beyond.wgsl");

/// An edge as an entry beyond the axis sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<P> {
    /// How far it is, in bandwidths.
    distance: P,
    /// The hazard m without what grows with a, or is 1; the same of a m, and of m'.
    hazard: P,
    moment: P,
    slope: P,
}

impl<P: SoftReal> Seen<P> {
    /// Of (edge - x) / bandwidth.
    pub(super) fn new(kernel: SoftKernel, z: P) -> Self {
        let distance = z.distance();
        match kernel {
            SoftKernel::Logistic => {
                let e = (-distance).exp();
                let tail = e / (P::WHOLE + e);
                let (hazard, moment) = (-tail, -(distance * tail));
                Seen { distance, hazard, moment, slope: tail * (P::WHOLE - tail) }
            }
            _ => {
                let rest = distance.gauss_rest();
                let c = P::WHOLE / (distance + rest);
                Seen { distance, hazard: c, moment: -(rest * c), slope: c * (c - rest) }
            }
        }
    }

    /// What the terms of a bin are differences of at this edge, see
    /// [`super::soft_terms`], in units of the tail at the nearest edge, from which it
    /// is `apart` bandwidths away; `below` if the entry is below the axis.
    pub(super) fn terms(&self, kernel: SoftKernel, near: &Self, apart: P, below: bool) -> [P; 6] {
        let smooth = matches!(kernel, SoftKernel::Gauss | SoftKernel::Logistic);
        if !smooth {
            let tail = if apart == P::NONE { P::WHOLE } else { P::NONE };
            return [tail, P::NONE, P::NONE, P::NONE, P::NONE, P::NONE];
        }
        let (a, b) = (self.distance, near.distance);
        let square = apart * (a + b);
        let twice = apart + apart;
        // The exponent, what m' (of m = a + c or 1 - q) leaves of the others, and those
        // that grow, in the order of the derivatives.
        let (exponent, ratio, [by_x, by_h, by_both, by_h_twice]) = match kernel {
            SoftKernel::Logistic => (
                -apart,
                (P::WHOLE + self.hazard) / (P::WHOLE + near.hazard),
                [P::NONE, apart, P::NONE, twice],
            ),
            _ => (
                -(P::HALF * square),
                (b + near.hazard) / (a + self.hazard),
                [apart, square, twice, square + (square + square)],
            ),
        };
        let tail = exponent.exp() * ratio;
        let both = |seen: &Self| seen.hazard + seen.distance * seen.slope;
        let twice_by_h = |seen: &Self| {
            (seen.moment + seen.moment) + (seen.distance * seen.distance) * seen.slope
        };
        let x = by_x + (self.hazard - near.hazard);
        let h = by_h + (self.moment - near.moment);
        let xx = x * x - (self.slope - near.slope);
        let xh = x * h - (by_both + (both(self) - both(near)));
        let hh = h * h - (by_h_twice + (twice_by_h(self) - twice_by_h(near)));
        let side = |value: P| if below { value } else { -value };
        [
            tail,
            x.times(tail),
            side(h.times(tail)),
            side(xx.times(tail)),
            xh.times(tail),
            side(hh.times(tail)),
        ]
    }
}
