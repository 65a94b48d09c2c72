//! The leaves of the representation: constants, slots and element-wise functions.

use super::{KernelId, Ty};
use std::hash::{Hash, Hasher};

/// A constant. A real one carries its single-precision value beside the exact
/// one: where a literal is compared with a single-precision column, the former
/// is rounded in the direction that makes the comparison exact.
#[derive(Debug, Clone, Copy)]
pub enum Const {
    /// True or false.
    Bool(bool),
    /// 32 bits.
    I32(i32),
    /// 64 bits.
    I64(i64),
    /// A real number: the value in double precision, and in single.
    Real {
        /// Used under `--precision f64`.
        exact: f64,
        /// Used otherwise.
        single: f32,
    },
    /// A real number that the analysis depends on: its value as above.
    Parameter {
        /// Position in the analysis's parameters.
        index: u32,
        /// Used under `--precision f64`.
        exact: f64,
        /// Used otherwise.
        single: f32,
        /// How `single` was rounded, and is when the parameter has another value.
        rounding: Rounding,
    },
}

/// Which number of single precision stands for a real number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// The nearest one.
    Nearest,
    /// The least one that is not below.
    Up,
    /// The greatest one that is not above.
    Down,
}

impl Rounding {
    /// That number. There are no denormal ones: next to zero stand the least normal ones.
    pub fn of(self, exact: f64) -> f32 {
        let nearest = exact as f32;
        let up = match self {
            Rounding::Nearest => return nearest,
            Rounding::Up => true,
            Rounding::Down => false,
        };
        let single = match up {
            true if f64::from(nearest) < exact => nearest.next_up(),
            false if f64::from(nearest) > exact => nearest.next_down(),
            _ => nearest,
        };
        match single.is_subnormal() {
            true if up == (single > 0.0) => f32::MIN_POSITIVE.copysign(single),
            true => 0f32.copysign(single),
            false => single,
        }
    }
}

impl Const {
    /// The real number `x`, rounded to nearest in single precision.
    pub fn real(x: f64) -> Const {
        Const::Real { exact: x, single: x as f32 }
    }

    /// Where the values of parameters lie one after the other, the position of that of
    /// a parameter in one rounding.
    pub fn place(index: u32, rounding: Rounding) -> u32 {
        3 * index + rounding as u32
    }

    /// The type of the constant.
    pub fn ty(self) -> Ty {
        match self {
            Const::Bool(_) => Ty::Bool,
            Const::I32(_) => Ty::I32,
            Const::I64(_) => Ty::I64,
            Const::Real { .. } | Const::Parameter { .. } => Ty::F32,
        }
    }

    fn bits(self) -> (u64, u64, u32) {
        match self {
            Const::Bool(b) => (0, u64::from(b), 0),
            Const::I32(i) => (1, u64::from(i as u32), 0),
            Const::I64(i) => (2, i as u64, 0),
            Const::Real { exact, single } => (3, exact.to_bits(), single.to_bits()),
            Const::Parameter { index, exact, single, rounding } => {
                let place = u64::from(Const::place(index, rounding));
                (4 + place, exact.to_bits(), single.to_bits())
            }
        }
    }
}

impl PartialEq for Const {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Const {}

impl Hash for Const {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits().hash(state);
    }
}

/// Which related element a lift or a member looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The parent element.
    Parent,
    /// The member number `k`: of a filter or sort (0) the element itself in
    /// the base, of a combination or cross the member, of a nested space (0)
    /// the inner element.
    Base(u32),
    /// Of a combination of 3 or more: members `a < b` as an element of
    /// `Combos { base, size: 2 }`.
    Pair(u32, u32),
}

/// How the values of a parent's elements are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduce {
    /// F32: starts at 0.0 and adds in order, rounding at each step. I32, I64: wrapping.
    Sum,
    /// Bool: number of true values, as I32.
    Tally,
    /// Bool: whether one is true.
    Any,
}

/// An element-wise function.
///
/// `F32` results are deterministic to the bit: denormals are flushed to zero,
/// nothing is contracted. Comparisons with NaN are false, `Ne` is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Map {
    /// Two numbers of one type; integers wrap.
    Add,
    /// Two numbers of one type; integers wrap.
    Sub,
    /// Two numbers of one type; integers wrap.
    Mul,
    /// `I64 I64`: the high 64 of the 128 bits of the product.
    MulHigh,
    /// `F32 F32`, correctly rounded.
    Div,
    /// `F32` (flips the sign bit), or an integer, wrapping.
    Neg,
    /// Integers of one type: quotient rounded towards minus infinity, wrapping; 0
    /// for a zero divisor.
    FloorDiv,
    /// Integers of one type: `a - b * FloorDiv(a, b)`; 0 for a zero divisor.
    Mod,
    /// Integers of one type, bitwise; or Bool.
    And,
    /// Integers of one type, bitwise; or Bool.
    Or,
    /// Integers of one type, bitwise; or Bool.
    Xor,
    /// One integer, bitwise; or Bool.
    Not,
    /// `I32 I32` or `I64 I32`: shift left; 0 where the shift is negative or
    /// not below the width.
    Shl,
    /// `I32 I32` or `I64 I32`: arithmetic shift right; all sign bits where the
    /// shift is negative or not below the width.
    Shr,
    /// Two numbers of one type to Bool.
    Lt,
    /// Two numbers of one type to Bool.
    Le,
    /// Two numbers or Bools of one type to Bool.
    Eq,
    /// Two numbers or Bools of one type to Bool.
    Ne,
    /// `Bool T T`: the second operand where the first is true, else the third.
    Select,
    /// `I32`, `I64` or Bool to `F32`, rounded to nearest even.
    ToReal,
    /// `F32` to I32, truncated towards zero, saturating, NaN to 0; Bool to I32.
    ToInt,
    /// `I32` to I64.
    Widen,
    /// `I64` to I32, saturating.
    Narrow,
    /// `F32` to Bool: neither NaN nor infinite.
    IsFinite,
    /// `F32` to Bool.
    IsNan,
    /// A result of a kernel, of its inputs.
    Kernel {
        /// Which one.
        kernel: KernelId,
        /// Which of its results.
        result: u16,
    },
}
