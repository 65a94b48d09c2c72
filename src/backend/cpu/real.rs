//! The two precisions of the evaluator: single (the contract's numbers, the
//! default) and double (the reference of `--precision f64`).

use super::soft_sums::Deposit;
use super::wide::append1;
use crate::backend::Partial;
use crate::backend::flush::FlushDenormals;
use crate::batch::Values;
use crate::hist::FillData;
use crate::kernels::axis::RealTable;
use crate::kernels::real::f_load;
use crate::kernels::{Columns, Kernel};
use crate::plan::Plan;
use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Range, Sub};

/// A kernel in one precision.
pub(super) type Prepared<R> = Box<dyn Columns<R>>;

/// A real number of one precision.
pub(super) trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Deposit
    + 'static
{
    /// Positive zero.
    const ZERO: Self;
    /// A constant, of which both precisions are known.
    fn constant(exact: f64, single: f32) -> Self;
    /// Rounded to nearest even.
    fn from_i32(x: i32) -> Self;
    /// Rounded to nearest even.
    fn from_i64(x: i64) -> Self;
    /// Truncated, saturating, NaN to 0.
    fn to_i32(self) -> i32;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// A kernel in this precision.
    fn columns(kernel: &dyn Kernel) -> Box<dyn Columns<Self>>;
    /// The cell of an axis of reals, `None` for NaN.
    fn cell_of(self, table: &RealTable) -> Option<usize>;
    /// Appends for each value `cell_of` it, `nan` for NaN.
    fn cells(table: &RealTable, values: &[Self], out: &mut Vec<u32>, nan: u32);
    /// Adds an entry of this weight, which is finite.
    fn add_to(self, data: &mut FillData, cell: usize);
    /// What no events have filled.
    fn no_events(plan: &Plan) -> Partial;
    /// The values, if they are in single precision.
    fn singles(values: &[Self]) -> Option<&[f32]>;
    /// What holds the processor in this precision's mode until it is dropped.
    type Mode;
    /// Enters this precision's mode.
    fn enter_mode() -> Self::Mode;
    /// A stored column's values in this precision, `None` if they are no reals.
    fn load(values: &Values, range: Range<usize>) -> Option<Cow<'_, [Self]>>;
}

/// By bits, so that no mode of the processor can tell otherwise.
#[inline]
fn is_denormal(x: f32) -> bool {
    (x.to_bits() & 0x7fff_ffff).wrapping_sub(1) < 0x007f_ffff
}

/// `x`, or the zero of its sign if it is denormal.
#[inline]
fn flushed(x: f32) -> f32 {
    f_load(x.to_bits())
}

impl Real for f32 {
    const ZERO: f32 = 0.0;

    #[inline]
    fn constant(_: f64, single: f32) -> f32 {
        flushed(single)
    }

    #[inline]
    fn from_i32(x: i32) -> f32 {
        x as f32
    }

    #[inline]
    fn from_i64(x: i64) -> f32 {
        x as f32
    }

    #[inline]
    fn to_i32(self) -> i32 {
        self as i32
    }

    #[inline]
    fn is_finite(self) -> bool {
        self.is_finite()
    }

    fn columns(kernel: &dyn Kernel) -> Box<dyn Columns<f32>> {
        kernel.single()
    }

    #[inline]
    fn cell_of(self, table: &RealTable) -> Option<usize> {
        table.index_f32(self)
    }

    fn cells(table: &RealTable, values: &[f32], out: &mut Vec<u32>, nan: u32) {
        let before = out.len();
        append1(out, values, table.near());
        table.settle(values, &mut out[before..], nan);
    }

    #[inline]
    fn add_to(self, data: &mut FillData, cell: usize) {
        data.fill_f32(cell, self);
    }

    fn no_events(plan: &Plan) -> Partial {
        Partial::new(plan)
    }

    fn singles(values: &[f32]) -> Option<&[f32]> {
        Some(values)
    }

    type Mode = FlushDenormals;

    fn enter_mode() -> FlushDenormals {
        FlushDenormals::enter()
    }

    fn load(values: &Values, range: Range<usize>) -> Option<Cow<'_, [f32]>> {
        match values {
            Values::F32(v) => {
                let slice = &v[range];
                // A fold has no early exit and so vectorises; denormals are rare.
                let any = slice.iter().fold(false, |any, x| any | is_denormal(*x));
                Some(if any {
                    slice.iter().map(|x| flushed(*x)).collect()
                } else {
                    Cow::Borrowed(slice)
                })
            }
            Values::F64(v) => Some(v[range].iter().map(|x| flushed(*x as f32)).collect()),
            _ => None,
        }
    }
}

impl Real for f64 {
    const ZERO: f64 = 0.0;

    #[inline]
    fn constant(exact: f64, _: f32) -> f64 {
        exact
    }

    #[inline]
    fn from_i32(x: i32) -> f64 {
        f64::from(x)
    }

    #[inline]
    fn from_i64(x: i64) -> f64 {
        x as f64
    }

    #[inline]
    fn to_i32(self) -> i32 {
        self as i32
    }

    #[inline]
    fn is_finite(self) -> bool {
        self.is_finite()
    }

    fn columns(kernel: &dyn Kernel) -> Box<dyn Columns<f64>> {
        kernel.double()
    }

    #[inline]
    fn cell_of(self, table: &RealTable) -> Option<usize> {
        table.index_f64(self)
    }

    fn cells(table: &RealTable, values: &[f64], out: &mut Vec<u32>, nan: u32) {
        out.extend(values.iter().map(|x| table.index_f64(*x).map_or(nan, |i| i as u32)));
    }

    #[inline]
    fn add_to(self, data: &mut FillData, cell: usize) {
        data.fill_f64(cell, self);
    }

    fn no_events(plan: &Plan) -> Partial {
        Partial::in_double(plan)
    }

    fn singles(_: &[f64]) -> Option<&[f32]> {
        None
    }

    type Mode = ();

    fn enter_mode() {}

    fn load(values: &Values, range: Range<usize>) -> Option<Cow<'_, [f64]>> {
        match values {
            Values::F32(v) => Some(v[range].iter().map(|x| f64::from(*x)).collect()),
            Values::F64(v) => Some(Cow::Borrowed(&v[range])),
            _ => None,
        }
    }
}
