//! Scalar functions: those of `kernels/`, conversions, defaults, extremes.

use super::describe::type_words;
use super::fields::common_type;
use super::value::{Col, Context, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Map, NodeId, Ty};
use crate::kernels::{Kernel, standard};
use crate::syntax::{CompareOp, Expr, Ident, Span};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// A scalar function of the catalogue, of real nodes.
    pub(super) fn function(&mut self, name: &str, operands: &[NodeId]) -> NodeId {
        self.ir.call(standard(name), operands)
    }

    /// The arguments, each with its place.
    pub(super) fn arguments(
        &mut self,
        args: &[&'a Expr],
        ctx: &Context<'a>,
    ) -> Checked<Vec<(Value, Span)>> {
        let values: Vec<Checked<Value>> = args.iter().map(|a| self.expr(a, ctx)).collect();
        let mut operands = Vec::new();
        for (value, arg) in values.into_iter().zip(args) {
            operands.push((value?, arg.span));
        }
        Ok(operands)
    }

    /// A call of a function of `kernels/`.
    pub(super) fn scalar_call(
        &mut self,
        name: &Ident,
        function: &Arc<dyn Kernel>,
        args: &[&'a Expr],
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let arity = function.inputs().len();
        if args.len() != arity {
            let names = ["x", "y", "z"];
            let form = format!("{}({})", name.name, names[..arity.min(3)].join(", "));
            return self.wrong_count(name, args.len(), (arity, arity), &form);
        }
        let operands = self.arguments(args, ctx)?;
        let (extent, cols) = self.align(&operands)?;
        if let ("abs", Ty::I32 | Ty::I64) = (name.name.as_str(), self.ir.ty(cols[0].value)) {
            return Ok(extent.value(self.integer_abs(cols[0], args[0].span)?));
        }
        let mut nodes = Vec::new();
        let mut valid = None;
        for (col, arg) in cols.iter().zip(args) {
            nodes.push(self.real_operand(name, *col, arg.span)?);
            valid = self.both(valid, col.valid);
        }
        let value = self.ir.call(function, &nodes);
        Ok(extent.value(Col { value, valid }))
    }

    fn real_operand(&mut self, name: &Ident, col: Col, span: Span) -> Checked<NodeId> {
        match self.ir.ty(col.value) {
            Ty::F32 | Ty::I32 | Ty::I64 => Ok(self.converted(col.value, Ty::F32)),
            ty => {
                let text = format!("`{}` takes numbers, found {}", name.name, type_words(ty));
                self.fail(Diagnostic::new(span, text))
            }
        }
    }

    /// `int float is_nan is_finite default clamp`.
    pub(super) fn convert(
        &mut self,
        name: &Ident,
        args: &[&'a Expr],
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let operands = self.arguments(args, ctx)?;
        let (extent, cols) = self.align(&operands)?;
        let first = cols[0];
        let ty = self.ir.ty(first.value);
        let span = args[0].span;
        let col = match (name.name.as_str(), ty) {
            ("int", Ty::I32 | Ty::I64) => first,
            ("int", Ty::Bool) => {
                Col { value: self.converted(first.value, Ty::I32), valid: first.valid }
            }
            ("int", Ty::F32) => self.truncated(first),
            ("float", _) => Col { value: self.converted(first.value, Ty::F32), valid: first.valid },
            ("is_nan" | "is_finite", Ty::F32) => {
                let map = if name.name == "is_nan" { Map::IsNan } else { Map::IsFinite };
                let value = self.ir.map(map, &[first.value]);
                self.guard(Col { value, valid: first.valid })
            }
            ("default", _) => self.defaulted(&cols, [span, args[1].span])?,
            ("clamp", _) => {
                let lower = self.chosen(CompareOp::Gt, cols[0], cols[1], [span, args[1].span])?;
                self.chosen(CompareOp::Lt, lower, cols[2], [span, args[2].span])?
            }
            (other, ty) => {
                let text = format!("`{other}` takes a real number, found {}", type_words(ty));
                return self.fail(Diagnostic::new(span, text));
            }
        };
        Ok(extent.value(col))
    }

    /// `int(x)`: missing where the truncated number does not fit.
    fn truncated(&mut self, col: Col) -> Col {
        let value = self.ir.map(Map::ToInt, &[col.value]);
        let (low, high) = (self.ir.real(-2_147_483_648.0), self.ir.real(2_147_483_648.0));
        let above = self.ir.map(Map::Le, &[low, col.value]);
        let below = self.ir.map(Map::Lt, &[col.value, high]);
        let fits = self.ir.map(Map::And, &[above, below]);
        Col { value, valid: self.both(col.valid, Some(fits)) }
    }

    /// `default(x, y)`: `x`, or `y` where `x` is missing.
    fn defaulted(&mut self, cols: &[Col], spans: [Span; 2]) -> Checked<Col> {
        let [a, b] = self.alike(cols[0], cols[1], spans)?;
        let Some(valid) = cols[0].valid else { return Ok(Col::whole(a)) };
        let value = self.ir.map(Map::Select, &[valid, a, b]);
        let valid = cols[1].valid.map(|other| self.ir.map(Map::Or, &[valid, other]));
        Ok(self.guard(Col { value, valid }))
    }

    fn alike(&mut self, a: Col, b: Col, spans: [Span; 2]) -> Checked<[NodeId; 2]> {
        let types = [self.ir.ty(a.value), self.ir.ty(b.value)];
        match common_type(&types) {
            Some(ty) => Ok([a, b].map(|c| self.converted(c.value, ty))),
            None => {
                let text = format!(
                    "expected values alike, found {} and {}",
                    type_words(types[0]),
                    type_words(types[1])
                );
                self.fail(
                    Diagnostic::new(spans[0], text)
                        .label(type_words(types[0]))
                        .also(spans[1], type_words(types[1]))
                        .help("all must be numbers, or all true or false"),
                )
            }
        }
    }

    /// The one of two values that compares so with the other; a NaN in the
    /// first is kept.
    fn chosen(&mut self, op: CompareOp, a: Col, b: Col, spans: [Span; 2]) -> Checked<Col> {
        let nodes = self.alike(a, b, spans)?;
        let [x, y] = self.leveled(nodes);
        let valid = self.both(a.valid, b.valid);
        if self.ir.ty(x) == Ty::F32 {
            let name = if op == CompareOp::Gt { "max" } else { "min" };
            return Ok(Col { value: self.function(name, &[x, y]), valid });
        }
        if self.ir.ty(x) == Ty::Bool {
            return self.fail(Diagnostic::new(spans[0], "expected numbers, found true or false"));
        }
        let first = self.compare_nodes(op, x, y);
        let value = self.ir.map(Map::Select, &[first, x, y]);
        Ok(Col { value, valid })
    }

    /// `min(a, b, ...)`, `max(a, b, ...)`.
    pub(super) fn extreme_of(
        &mut self,
        name: &Ident,
        first: Value,
        args: &[&'a Expr],
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let mut operands = vec![(first, args[0].span)];
        operands.extend(self.arguments(&args[1..], ctx)?);
        let (extent, cols) = self.align(&operands)?;
        let op = if name.name == "max" { CompareOp::Gt } else { CompareOp::Lt };
        let mut result = cols[0];
        for (col, arg) in cols.iter().zip(args).skip(1) {
            result = self.chosen(op, result, *col, [args[0].span, arg.span])?;
        }
        Ok(extent.value(result))
    }
}
