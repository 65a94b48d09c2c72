//! Element-wise functions: one tight loop for each operation, type and kind
//! of operands (column or constant).

use super::block::Block;
use super::column::{Arg, Column, Element};
use super::real::Real;
use super::wide::{append1, append2, append3};
use crate::ir::{Map, NodeId, Ty};
use crate::kernels::integer::{i_floor_div, i_mod, i_shl, i_shr};
use crate::kernels::wide::{l_floor_div, l_mod, l_mul_high, l_narrow, l_shl, l_shr};

impl<'b, R: Real> Block<'b, '_, R> {
    /// The column of `map` of these operands.
    pub(super) fn map(&mut self, map: Map, ops: &[NodeId]) -> Column<'b, R> {
        match (map, self.ty(ops[ops.len() - 1])) {
            (Map::Kernel { kernel, result }, _) => self.kernel(kernel, result, ops),
            (Map::Select, ty) => self.select(ops, ty),
            (Map::Shl | Map::Shr, _) => self.shift(map, ops),
            (Map::Lt | Map::Le | Map::Eq | Map::Ne, Ty::F32) => self.compare::<R>(map, ops),
            (Map::Lt | Map::Le | Map::Eq | Map::Ne, Ty::I32) => self.compare::<i32>(map, ops),
            (Map::Lt | Map::Le | Map::Eq | Map::Ne, Ty::I64) => self.compare::<i64>(map, ops),
            (Map::Lt | Map::Le | Map::Eq | Map::Ne, _) => self.compare::<u8>(map, ops),
            (
                Map::ToReal | Map::ToInt | Map::Widen | Map::Narrow | Map::IsFinite | Map::IsNan,
                ty,
            ) => self.convert(map, ops, ty),
            (_, Ty::F32) => self.real_arithmetic(map, ops),
            (_, Ty::I32) => self.int_arithmetic(map, ops),
            (_, Ty::I64) => self.long_arithmetic(map, ops),
            (_, _) => self.bool_bits(map, ops),
        }
    }

    fn real_arithmetic(&mut self, map: Map, ops: &[NodeId]) -> Column<'b, R> {
        match map {
            Map::Add => self.binary(ops, |a: R, b: R| a + b),
            Map::Sub => self.binary(ops, |a: R, b: R| a - b),
            Map::Mul => self.binary(ops, |a: R, b: R| a * b),
            Map::Div => self.binary(ops, |a: R, b: R| a / b),
            Map::Neg => self.unary(ops, |a: R| -a),
            other => unreachable!("{other:?} of reals"),
        }
    }

    fn int_arithmetic(&mut self, map: Map, ops: &[NodeId]) -> Column<'b, R> {
        match map {
            Map::Add => self.binary(ops, i32::wrapping_add),
            Map::Sub => self.binary(ops, i32::wrapping_sub),
            Map::Mul => self.binary(ops, i32::wrapping_mul),
            Map::FloorDiv => self.binary(ops, i_floor_div),
            Map::Mod => self.binary(ops, i_mod),
            Map::And => self.binary(ops, |a: i32, b: i32| a & b),
            Map::Or => self.binary(ops, |a: i32, b: i32| a | b),
            Map::Xor => self.binary(ops, |a: i32, b: i32| a ^ b),
            Map::Not => self.unary(ops, |a: i32| !a),
            Map::Neg => self.unary(ops, i32::wrapping_neg),
            other => unreachable!("{other:?} of integers"),
        }
    }

    fn long_arithmetic(&mut self, map: Map, ops: &[NodeId]) -> Column<'b, R> {
        match map {
            Map::Add => self.binary(ops, i64::wrapping_add),
            Map::Sub => self.binary(ops, i64::wrapping_sub),
            Map::Mul => self.binary(ops, i64::wrapping_mul),
            Map::MulHigh => self.binary(ops, l_mul_high),
            Map::FloorDiv => self.binary(ops, l_floor_div),
            Map::Mod => self.binary(ops, l_mod),
            Map::Neg => self.unary(ops, i64::wrapping_neg),
            Map::And => self.binary(ops, |a: i64, b: i64| a & b),
            Map::Or => self.binary(ops, |a: i64, b: i64| a | b),
            Map::Xor => self.binary(ops, |a: i64, b: i64| a ^ b),
            Map::Not => self.unary(ops, |a: i64| !a),
            other => unreachable!("{other:?} of 64-bit integers"),
        }
    }

    fn bool_bits(&mut self, map: Map, ops: &[NodeId]) -> Column<'b, R> {
        match map {
            Map::And => self.binary(ops, |a: u8, b: u8| a & b),
            Map::Or => self.binary(ops, |a: u8, b: u8| a | b),
            Map::Xor => self.binary(ops, |a: u8, b: u8| a ^ b),
            Map::Not => self.unary(ops, |a: u8| a ^ 1),
            other => unreachable!("{other:?} of booleans"),
        }
    }

    fn shift(&mut self, map: Map, ops: &[NodeId]) -> Column<'b, R> {
        match (map, self.ty(ops[0])) {
            (Map::Shl, Ty::I32) => self.binary(ops, i_shl),
            (Map::Shl, _) => self.binary(ops, l_shl),
            (_, Ty::I32) => self.binary(ops, i_shr),
            (_, _) => self.binary(ops, l_shr),
        }
    }

    fn compare<T: Element<R> + PartialOrd>(&mut self, map: Map, ops: &[NodeId]) -> Column<'b, R> {
        match map {
            Map::Lt => self.binary(ops, |a: T, b: T| u8::from(a < b)),
            Map::Le => self.binary(ops, |a: T, b: T| u8::from(a <= b)),
            Map::Eq => self.binary(ops, |a: T, b: T| u8::from(a == b)),
            _ => self.binary(ops, |a: T, b: T| u8::from(a != b)),
        }
    }

    fn convert(&mut self, map: Map, ops: &[NodeId], from: Ty) -> Column<'b, R> {
        match (map, from) {
            (Map::ToReal, Ty::I32) => self.unary(ops, |a: i32| R::from_i32(a)),
            (Map::ToReal, Ty::I64) => self.unary(ops, |a: i64| R::from_i64(a)),
            (Map::ToReal, _) => self.unary(ops, |a: u8| R::from_i32(i32::from(a))),
            (Map::ToInt, Ty::F32) => self.unary(ops, |a: R| a.to_i32()),
            (Map::ToInt, _) => self.unary(ops, |a: u8| i32::from(a)),
            (Map::Widen, _) => self.unary(ops, |a: i32| i64::from(a)),
            (Map::Narrow, _) => self.unary(ops, l_narrow),
            (Map::IsFinite, _) => self.unary(ops, |a: R| u8::from(a.is_finite())),
            // A value that does not equal itself is NaN.
            (_, _) => self.unary(ops, |a: R| u8::from(a.partial_cmp(&a).is_none())),
        }
    }

    fn select(&mut self, ops: &[NodeId], ty: Ty) -> Column<'b, R> {
        match ty {
            Ty::F32 => self.select_of::<R>(ops),
            Ty::I32 => self.select_of::<i32>(ops),
            Ty::I64 => self.select_of::<i64>(ops),
            _ => self.select_of::<u8>(ops),
        }
    }

    fn select_of<T: Element<R>>(&mut self, ops: &[NodeId]) -> Column<'b, R> {
        let mut out = self.pools.take::<T>();
        let len = self.len_of(ops);
        let (a, b) = (self.arg::<T>(ops[1]), self.arg::<T>(ops[2]));
        let pick = |m: u8, a: T, b: T| if m != 0 { a } else { b };
        match (self.arg::<u8>(ops[0]), a, b) {
            (Arg::Scalar(m), a, b) => match if m != 0 { a } else { b } {
                Arg::Scalar(v) => out.resize(len, v),
                Arg::Slice(v) => out.extend_from_slice(v),
            },
            (Arg::Slice(m), Arg::Slice(a), Arg::Slice(b)) => {
                append3(&mut out, m, a, b, pick);
            }
            (Arg::Slice(m), Arg::Slice(a), Arg::Scalar(b)) => {
                append2(&mut out, m, a, |m, a| pick(m, a, b));
            }
            (Arg::Slice(m), Arg::Scalar(a), Arg::Slice(b)) => {
                append2(&mut out, m, b, |m, b| pick(m, a, b));
            }
            (Arg::Slice(m), Arg::Scalar(a), Arg::Scalar(b)) => {
                append1(&mut out, m, |m| pick(m, a, b));
            }
        }
        T::wrap(out)
    }

    fn unary<A: Element<R>, O: Element<R>>(
        &mut self,
        ops: &[NodeId],
        f: impl Fn(A) -> O,
    ) -> Column<'b, R> {
        let mut out = self.pools.take::<O>();
        match self.arg::<A>(ops[0]) {
            Arg::Scalar(a) => out.resize(self.len_of(ops), f(a)),
            Arg::Slice(a) => append1(&mut out, a, f),
        }
        O::wrap(out)
    }

    fn binary<A: Element<R>, B: Element<R>, O: Element<R>>(
        &mut self,
        ops: &[NodeId],
        f: impl Fn(A, B) -> O,
    ) -> Column<'b, R> {
        if let Some(column) = self.fused(ops, &f) {
            return column;
        }
        let mut out = self.pools.take::<O>();
        match (self.arg::<A>(ops[0]), self.arg::<B>(ops[1])) {
            (Arg::Slice(a), Arg::Slice(b)) => append2(&mut out, a, b, f),
            (Arg::Slice(a), Arg::Scalar(b)) => append1(&mut out, a, |a| f(a, b)),
            (Arg::Scalar(a), Arg::Slice(b)) => append1(&mut out, b, |b| f(a, b)),
            (Arg::Scalar(a), Arg::Scalar(b)) => out.resize(self.len_of(ops), f(a, b)),
        }
        O::wrap(out)
    }
}
