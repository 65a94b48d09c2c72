//! Moments: a soft fill of a smooth kernel that looks at no bin.
//!
//! Seen from the centre c of a narrow cell of a grid, with d the grid's step and
//! t = (x - c) / d, a bin's share of an entry is its Taylor series in t. So the
//! sum over entries of w p(x) is, cell by cell, the sum over orders k of the
//! series' coefficient times the moment, the sum over the cell's entries of w t^k.
//! Moments are summed, exactly; the series are worked out once, in double
//! precision, when all entries are in (`src/hist/moments.rs`). Derivatives of
//! shares have series as well, and need no moments but those of their factors.
//! This is the fast Gauss transform (Greengard and Strain, SIAM J. Sci. Stat.
//! Comput. 12 (1991) 79) with sums in place of point sources.
//!
//! The step is a power of two between a quarter and a half of the bandwidth, so
//! cell and t of a number in single precision are exact. `shaders/moments.wgsl` is
//! the device's version of what is done for an entry.

use super::layout::{self, layout};
use super::real::{f_bits, select};
use super::soft_double::{density, tail};
use super::soft_table::window;
use super::wgsl::shared;
use crate::bins::{Soft, SoftFlow, SoftKernel, SoftTerm};

/// The device's version.
pub const SHADER: &str = include_str!("../shaders/moments.wgsl");

/// Moments of each cell: the orders 0 to 7.
pub const ORDERS: usize = 8;

layout! {
    record MOMENTS_FIRST_SUM {
        /// Of a fill, in `tables`: where its axis is.
        MOMENTS_AXIS,
        /// The reciprocal of the grid's step.
        MOMENTS_SCALE,
        /// The grid's first cell, as a position.
        MOMENTS_LOW,
        /// Its last one.
        MOMENTS_HIGH,
        /// The bits of [`f_moment_marked`] of the first cell.
        MOMENTS_MARK,
        /// How many cells the device has for the moments of a sum.
        MOMENTS_CELLS,
        /// Words of the output from the first block to the moments of the first sum.
        MOMENTS_BLOCK,
        /// How many factors an entry has.
        MOMENTS_FACTORS,
        /// How many sums there are.
        MOMENTS_SUMS,
    }
    record MOMENTS_SUM {
        /// Whether a sum is one of products with the weight.
        SUM_SQUARED,
        /// Which number is summed: 0 is the weight, others count the factors.
        SUM_NUMBER,
    }
    numbers {
        /// As in Rust.
        MOMENT_ORDERS = ORDERS as u32;
    }
}

/// A number of each entry of which the moments are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MomentSum {
    /// 0: the weight; k: the factor number k - 1 of the fill.
    pub number: usize,
    /// Whether it is multiplied by the weight.
    pub squared: bool,
}

/// A fill as `shaders/moments.wgsl` reads it: its grid and what it sums, with where its
/// axis begins, how many cells of the grid the device has, words of its counts, how many
/// factors it has.
pub fn words(
    (grid, sums): (&Grid, &[MomentSum]),
    [axis, cells, counts, factors]: [u32; 4],
) -> Vec<u32> {
    let [scale, low, high] = grid.singles().map(f32::to_bits);
    let mut words = layout::record([
        (MOMENTS_AXIS, axis),
        (MOMENTS_SCALE, scale),
        (MOMENTS_LOW, low),
        (MOMENTS_HIGH, high),
        (MOMENTS_MARK, grid.mark()),
        (MOMENTS_CELLS, cells),
        (MOMENTS_BLOCK, counts),
        (MOMENTS_FACTORS, factors),
        (MOMENTS_SUMS, sums.len() as u32),
    ]);
    words.extend(sums.iter().flat_map(|sum| {
        layout::record([(SUM_SQUARED, u32::from(sum.squared)), (SUM_NUMBER, sum.number as u32)])
    }));
    words
}

/// Coefficients of a density's series: two more, as terms differentiate it twice.
const LENGTH: usize = ORDERS + 2;

/// Cells that a grid has at most. A kernel that is narrower still reaches few bins,
/// and these are looked at.
const MOST_CELLS: f64 = 1024.0;

/// Numbers of cells are below this, so that [`f_moment_marked`] has a bit for each.
const FARTHEST: f64 = 2_097_152.0;

shared! {
    /// Where a value is on the grid, in steps; beyond its ends, at the end.
    fn f_moment_position(x: f32, scale: f32, low: f32, high: f32) -> f32 {
        let u = x * scale;
        let above = select(u, low, u < low);
        return select(above, high, above > high);
    }

    /// The cell that a position is nearest to, as a number whose bits count up by
    /// one from cell to cell; those of cell 0 are 0x4b400000.
    fn f_moment_marked(u: f32) -> f32 {
        return u + 12582912.0;
    }

    /// How far a position is from the centre of its cell: within half a step.
    fn f_moment_offset(u: f32, marked: f32) -> f32 {
        return u - (marked - 12582912.0);
    }

    /// t^order, from t, its square and its fourth power; orders are below 8.
    fn f_moment_power(t: f32, t2: f32, t4: f32, order: u32) -> f32 {
        let once = select(1.0, t, (order & 1u32) == 1u32);
        let twice = select(1.0, t2, (order & 2u32) == 2u32);
        return (once * twice) * select(1.0, t4, (order & 4u32) == 4u32);
    }
}

/// The bits of [`f_moment_marked`] of cell 0.
const MARK: u32 = 0x4b40_0000;

/// The cells of an axis with a smooth kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The distance of centres, in the unit of the axis; 0 is a centre.
    pub step: f64,
    /// The number of the first cell, whose centre is at that many steps.
    pub low: i32,
    /// How many cells there are: to both sides beyond the kernel's window around all
    /// edges.
    pub cells: usize,
}

impl Grid {
    /// The grid for these edges, if the kernel is smooth, only bins within its window
    /// count, and it is not too narrow for a grid.
    pub fn new(edges: &[f64], soft: &Soft) -> Option<Grid> {
        let smooth = matches!(soft.kernel, SoftKernel::Gauss | SoftKernel::Logistic);
        // A part of a part is not a series that ends soon, far from the axis.
        if !smooth || soft.all_bins || soft.flow == SoftFlow::Renorm {
            return None;
        }
        let step = libm::ldexp(1.0, libm::ilogb(soft.bandwidth) - 1);
        let reach = window(soft.kernel) * soft.bandwidth;
        let low = libm::floor((edges[0] - reach) / step) - 1.0;
        let high = libm::ceil((edges[edges.len() - 1] + reach) / step) + 1.0;
        let cells = high - low + 1.0;
        let fits = low > -FARTHEST && high < FARTHEST && cells <= MOST_CELLS;
        fits.then_some(Grid { step, low: low as i32, cells: cells as usize })
    }

    /// The centre of a cell, counted from 0.
    pub fn centre(&self, cell: usize) -> f64 {
        (f64::from(self.low) + cell as f64) * self.step
    }

    /// What an entry needs to know: the reciprocal of the step, then the first and the
    /// last cell as positions.
    pub fn singles(&self) -> [f32; 3] {
        // Powers of two of bandwidths from 1e-30 to 1e30, and small whole numbers.
        [(1.0 / self.step) as f32, self.low as f32, (self.low + self.cells as i32 - 1) as f32]
    }

    /// The bits of `f_moment_marked` of the first cell.
    pub fn mark(&self) -> u32 {
        MARK.wrapping_add_signed(self.low)
    }
}

/// The cell of the grid, counted from 0, and the offset of a value; see
/// [`Grid::singles`] and [`Grid::mark`].
#[inline(always)]
pub fn place(x: f32, [scale, low, high]: [f32; 3], mark: u32) -> (u32, f32) {
    let u = f_moment_position(x, scale, low, high);
    let marked = f_moment_marked(u);
    (f_bits(marked).wrapping_sub(mark), f_moment_offset(u, marked))
}

/// All powers of an offset.
#[inline(always)]
pub fn powers(t: f32) -> [f32; ORDERS] {
    let square = t * t;
    let fourth = square * square;
    std::array::from_fn(|k| f_moment_power(t, square, fourth, k as u32))
}

/// The sum over k of `self[k]` t^k.
pub type Series = [f64; ORDERS];

/// An edge of a bin as entries near a centre see it.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// (edge - centre) / bandwidth, infinite if it is out of reach.
    z: f64,
    /// The kernel's tail beyond |z|.
    tail: f64,
    /// In place of the first term the distribution but for its value at the centre;
    /// then what each derivative is the difference of, low edge less high edge, up to
    /// a factor.
    terms: [Series; SoftTerm::ALL.len()],
}

impl Edge {
    /// An edge out of reach: at infinity, with the sign of `side`.
    pub fn far(side: f64) -> Edge {
        Edge {
            z: libm::copysign(f64::INFINITY, side),
            tail: 0.0,
            terms: [[0.0; ORDERS]; SoftTerm::ALL.len()],
        }
    }

    /// An edge at this distance from the centre.
    pub fn new(soft: &Soft, step: f64, distance: f64) -> Edge {
        let z = distance / soft.bandwidth;
        if libm::fabs(z) > window(soft.kernel) {
            return Edge::far(z);
        }
        let density = density_series(soft.kernel, z);
        let slope: [f64; LENGTH] = std::array::from_fn(|n| match density.get(n + 1) {
            Some(next) => (n + 1) as f64 * next,
            None => 0.0,
        });
        let times_z = |series: &[f64; LENGTH]| -> [f64; LENGTH] {
            std::array::from_fn(|n| z * series[n] + if n > 0 { series[n - 1] } else { 0.0 })
        };
        let (moment, rise) = (times_z(&density), times_z(&slope));
        let curve = times_z(&rise);
        // In z' = z - (step / bandwidth) t.
        let ratio = -step / soft.bandwidth;
        let in_t = |of: &dyn Fn(usize) -> f64| -> Series {
            let mut power = 1.0;
            std::array::from_fn(|n| {
                let value = of(n) * power;
                power *= ratio;
                value
            })
        };
        let terms = [
            in_t(&|n| if n > 0 { density[n - 1] / n as f64 } else { 0.0 }),
            in_t(&|n| density[n]),
            in_t(&|n| moment[n]),
            in_t(&|n| -slope[n]),
            in_t(&|n| -(density[n] + rise[n])),
            in_t(&|n| -(2.0 * moment[n] + curve[n])),
        ];
        Edge { z, tail: tail(soft.kernel, z), terms }
    }

    /// Whether a bin between this edge and a higher one gets anything.
    pub fn differs(&self, high: &Edge) -> bool {
        self.z != high.z
    }

    /// A term of the bin between two edges.
    pub fn term(low: &Edge, high: &Edge, term: SoftTerm, bandwidth: f64) -> Series {
        let (a, b) = (&low.terms[term.index()], &high.terms[term.index()]);
        if term == SoftTerm::Share {
            let mut series: Series = std::array::from_fn(|n| b[n] - a[n]);
            series[0] = share(low, high);
            return series;
        }
        let factor = bandwidth.powi(-(term.order() as i32));
        std::array::from_fn(|n| (a[n] - b[n]) * factor)
    }
}

/// The share between two edges at the centre: a difference of tails where one side
/// has both.
fn share(low: &Edge, high: &Edge) -> f64 {
    match (low.z >= 0.0, high.z < 0.0) {
        (_, true) => high.tail - low.tail,
        (true, _) => low.tail - high.tail,
        _ => (0.5 - low.tail) + (0.5 - high.tail),
    }
}

/// The Taylor series of the density around z. The normal one: f' = -z f. The
/// logistic one is q (1 - q) = -q' with q the tail where z is positive, and as much
/// mirrored.
fn density_series(kernel: SoftKernel, z: f64) -> [f64; LENGTH] {
    let mut series = [0.0; LENGTH];
    if kernel != SoftKernel::Logistic {
        [series[0], series[1]] = density(kernel, z);
        for n in 1..LENGTH - 1 {
            series[n + 1] = -(z * series[n] + series[n - 1]) / (n + 1) as f64;
        }
        return series;
    }
    let mut q = [0.0; LENGTH + 1];
    q[0] = tail(kernel, z);
    for n in 0..LENGTH {
        let square: f64 = (0..=n).map(|i| q[i] * q[n - i]).sum();
        q[n + 1] = (square - q[n]) / (n + 1) as f64;
    }
    let side = if z < 0.0 { -1.0f64 } else { 1.0 };
    std::array::from_fn(|n| -((n + 1) as f64) * q[n + 1] * side.powi(n as i32))
}

/// How wrong a share can be beside what a window leaves out: the term of the first
/// order that is missing, as large as it gets, twice as those behind it are less.
pub fn remainder(kernel: SoftKernel) -> f64 {
    let at = |k: u32| {
        let density = density_series(kernel, f64::from(k) / 64.0);
        libm::fabs(density[ORDERS - 1]) / ORDERS as f64
    };
    let largest = (0..=(64.0 * window(kernel)) as u32).map(at).fold(0.0, f64::max);
    // Within half a step, which is at most a quarter of the bandwidth.
    2.0 * largest * 0.25f64.powi(ORDERS as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soft(kernel: SoftKernel, bandwidth: f64) -> Soft {
        let flow = SoftFlow::Bins;
        Soft { kernel, bandwidth, flow, all_bins: false, parameter: None }
    }

    #[test]
    fn series_are_what_they_stand_for() {
        for kernel in [SoftKernel::Gauss, SoftKernel::Logistic] {
            for i in -50i32..=50 {
                let z = f64::from(i) / 10.0;
                let series = density_series(kernel, z);
                for s in [-0.25, -0.1, 0.2] {
                    let sum = series.iter().rev().fold(0.0, |sum, c| sum * s + c);
                    let wanted = density(kernel, z + s)[0];
                    // The term that is missing, of order 10 at a quarter, is below.
                    assert!((sum - wanted).abs() < 1e-7, "{kernel:?} {z} {s}: {sum} {wanted}");
                }
            }
        }
    }

    #[test]
    fn terms_are_derivatives_of_the_share() {
        let (step, edges) = (0.5, [0.7, 1.9]);
        let between = |kernel, h, x: f64, term| {
            let of = |edge: f64| Edge::new(&soft(kernel, h), step, edge - x);
            Edge::term(&of(edges[0]), &of(edges[1]), term, h)[0]
        };
        for kernel in [SoftKernel::Gauss, SoftKernel::Logistic] {
            for (x, h) in [(0.3, 1.2), (1.1, 1.5), (3.0, 1.01)] {
                let of = |term, x, h| between(kernel, h, x, term);
                let slopes = [
                    (SoftTerm::Share, SoftTerm::ByValue, SoftTerm::ByBandwidth),
                    (SoftTerm::ByValue, SoftTerm::ByValueTwice, SoftTerm::ByBoth),
                    (SoftTerm::ByBandwidth, SoftTerm::ByBoth, SoftTerm::ByBandwidthTwice),
                ];
                for (term, by_x, by_h) in slopes {
                    let e = 1e-5;
                    let x_slope = (of(term, x + e, h) - of(term, x - e, h)) / (2.0 * e);
                    let h_slope = (of(term, x, h + e) - of(term, x, h - e)) / (2.0 * e);
                    for (found, wanted) in [(of(by_x, x, h), x_slope), (of(by_h, x, h), h_slope)] {
                        let off = (found - wanted).abs();
                        // Differences of 1e-5 round to 1e-11, and leave out 1e-10.
                        assert!(off < 1e-9, "{kernel:?} {term:?} {x} {h}: {found} {wanted}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_series_is_as_good_as_said() {
        for kernel in [SoftKernel::Gauss, SoftKernel::Logistic] {
            // The widest step beside the bandwidth.
            let soft = soft(kernel, 1.0);
            let grid = Grid::new(&[0.0, 1.0], &soft).expect("a grid");
            assert_eq!(grid.step, 0.5);
            let bound = remainder(kernel);
            let mut worst = 0.0f64;
            for i in -400..400 {
                let distance = f64::from(i) / 100.0;
                let series = Edge::term(
                    &Edge::new(&soft, grid.step, distance),
                    &Edge::far(1.0),
                    SoftTerm::Share,
                    1.0,
                );
                for t in [-0.5, -0.25, 0.5] {
                    let sum = series.iter().rev().fold(0.0, |sum, c| sum * t + c);
                    let z = distance - 0.5 * t;
                    let beyond = tail(kernel, z);
                    let wanted = if z < 0.0 { 1.0 - beyond } else { beyond };
                    worst = worst.max((sum - wanted).abs());
                }
            }
            assert!(worst < bound && worst > bound / 4.0, "{kernel:?}: {worst:e}, {bound:e}");
        }
    }

    #[test]
    fn cells_and_offsets_are_exact() {
        let soft = soft(SoftKernel::Gauss, 3.0);
        let grid = Grid::new(&[0.0, 100.0], &soft).expect("a grid");
        assert_eq!(grid.step, 1.0);
        // Value, number of its cell, offset: the ends are as far as it goes.
        let low = grid.low as f32;
        let cases = [
            (0.0, 0.0, 0.0),
            (7.25, 7.0, 0.25),
            (-3.4375, -3.0, -0.4375),
            (99.5, 100.0, -0.5),
            (1e30, (grid.low + grid.cells as i32 - 1) as f32, 0.0),
            (-3e38, low, 0.0),
            (f32::INFINITY, (grid.low + grid.cells as i32 - 1) as f32, 0.0),
        ];
        for (x, cell, offset) in cases {
            let (found, t) = place(x, grid.singles(), grid.mark());
            assert_eq!((found as f32 + low, t), (cell, offset), "{x}");
        }
        assert_eq!(powers(0.5), [1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]);
    }

    #[test]
    fn who_has_a_grid() {
        let all = |kernel, bandwidth, flow, all_bins| {
            let soft = Soft { kernel, bandwidth, flow, all_bins, parameter: None };
            Grid::new(&[0.0, 1.0], &soft).is_some()
        };
        let cases = [
            (SoftKernel::Gauss, 0.1, SoftFlow::None, false, true),
            (SoftKernel::Logistic, 1e20, SoftFlow::Fold, false, true),
            (SoftKernel::Gauss, 1e-3, SoftFlow::None, false, false),
            (SoftKernel::Gauss, 0.1, SoftFlow::Renorm, false, false),
            (SoftKernel::Gauss, 0.1, SoftFlow::None, true, false),
            (SoftKernel::Triangular, 0.1, SoftFlow::None, false, false),
            (SoftKernel::Softmax, 0.1, SoftFlow::None, false, false),
        ];
        for (kernel, bandwidth, flow, all_bins, has) in cases {
            assert_eq!(all(kernel, bandwidth, flow, all_bins), has, "{kernel:?} {bandwidth}");
        }
        let far = Grid::new(&[1e6, 1e6 + 1.0], &soft(SoftKernel::Gauss, 0.1));
        assert_eq!(far, None, "numbers of cells in single precision");
    }
}
