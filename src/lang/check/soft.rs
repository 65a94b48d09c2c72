//! Cuts as smooth weights: in gradients a comparison with a parameter that has a
//! slope is `sigmoid(slope * (x - threshold))`, `a and b` is a product, `not a` is
//! 1 - a, `a or b` is 1 - (1 - a)(1 - b). Nothing is simplified.

use super::mentions::{Mention, mentions};
use super::value::{Col, Context, Value};
use super::{Checked, Checker};
use crate::config::{Slope, Target};
use crate::diag::Diagnostic;
use crate::ir::{Map, NodeId, Ty};
use crate::lang::ast::{BinaryOp, CompareOp, Expr, ExprKind, UnaryOp};
use std::collections::HashSet;

impl<'a> Checker<'a> {
    /// A cut as a factor of the weight, 0 where it is missing; `None` if it is a
    /// hard one: no parameter in it has a slope, or gradients are not asked for.
    pub(super) fn soft_cut(&mut self, condition: &'a Expr) -> Checked<Option<NodeId>> {
        if !self.soft_cuts || self.soft_parameter(condition).is_none() {
            return Ok(None);
        }
        self.soft_node(condition).map(Some)
    }

    /// The first parameter with a slope that an expression mentions, itself or
    /// through definitions.
    fn soft_parameter(&self, expr: &'a Expr) -> Option<usize> {
        let analysis = self.analysis;
        let mut open = vec![expr];
        let mut seen = HashSet::new();
        while let Some(expr) = open.pop() {
            let mut found = Vec::new();
            mentions(expr, &mut found);
            for mention in found {
                let define = match mention {
                    Mention::Name(name, _) => match self.find_parameter(name) {
                        Some((k, _)) if analysis.parameters[k as usize].slope.is_some() => {
                            return Some(k as usize);
                        }
                        _ if self.replaced_name(name).is_some() => None,
                        _ => self.find_definition(name),
                    },
                    Mention::Call(name) => self.find_function(&name.name),
                    Mention::Field(_) => None,
                };
                open.extend(define.filter(|i| seen.insert(*i)).map(|i| &analysis.defines[i].value));
            }
        }
        None
    }

    fn soft_node(&mut self, expr: &'a Expr) -> Checked<NodeId> {
        match &expr.kind {
            ExprKind::Binary(BinaryOp::And, a, b) => {
                let (a, b) = (self.soft_node(a)?, self.soft_node(b)?);
                Ok(self.mul(a, b))
            }
            ExprKind::Binary(BinaryOp::Or, a, b) => {
                let (a, b) = (self.soft_node(a)?, self.soft_node(b)?);
                let (a, b) = (self.soft_not(a), self.soft_not(b));
                let neither = self.mul(a, b);
                Ok(self.soft_not(neither))
            }
            ExprKind::Unary(UnaryOp::Not, a) => {
                let a = self.soft_node(a)?;
                Ok(self.soft_not(a))
            }
            _ if self.soft_parameter(expr).is_none() => {
                let value = self.expr(expr, &Context::event())?;
                self.hard_node(value, expr)
            }
            ExprKind::Compare(operands, ops) => {
                let mut product: Option<NodeId> = None;
                for (pair, op) in operands.windows(2).zip(ops) {
                    let factor = self.soft_comparison(&pair[0], &pair[1], *op)?;
                    product = Some(product.map_or(factor, |before| self.mul(before, factor)));
                }
                Ok(product.unwrap_or_else(|| self.ir.real(1.0)))
            }
            ExprKind::Name(name) => match self.find_definition(name) {
                Some(i) if matches!(self.analysis.defines[i].target, Target::Name(_)) => {
                    self.soft_node(&self.analysis.defines[i].value)
                }
                _ => self.no_smooth_form(expr),
            },
            _ => self.no_smooth_form(expr),
        }
    }

    fn soft_not(&mut self, a: NodeId) -> NodeId {
        let one = self.ir.real(1.0);
        self.sub(one, a)
    }

    /// 1 for true, 0 for false and missing.
    fn hard_node(&mut self, value: Value, expr: &Expr) -> Checked<NodeId> {
        match value {
            Value::Scalar(col) if self.ir.ty(col.value) == Ty::Bool => {
                Ok(self.converted(col.value, Ty::F32))
            }
            _ => self.no_smooth_form(expr),
        }
    }

    fn soft_comparison(&mut self, a: &'a Expr, b: &'a Expr, op: CompareOp) -> Checked<NodeId> {
        let parameter = self.soft_parameter(a).or_else(|| self.soft_parameter(b));
        let slope = parameter.and_then(|k| self.analysis.parameters[k].slope);
        let (more, less) = match op {
            CompareOp::Gt | CompareOp::Ge => (a, b),
            CompareOp::Lt | CompareOp::Le => (b, a),
            CompareOp::Eq | CompareOp::Ne => return self.no_smooth_form(a),
        };
        let [more, less] = [self.soft_operand(more)?, self.soft_operand(less)?];
        let distance = self.sub(more.value, less.value);
        let valid = self.both(more.valid, less.valid);
        let value = match slope {
            Some(slope) => {
                let slope = match slope {
                    Slope::Fixed(slope) => self.ir.real(slope),
                    Slope::Parameter(k) => {
                        let value = self.analysis.parameters[k].value;
                        self.ir.parameter(k as u32, value)
                    }
                };
                let scaled = self.mul(slope, distance);
                self.function("sigmoid", &[scaled])
            }
            // A hard link of a chain.
            None => {
                let strict = matches!(op, CompareOp::Gt | CompareOp::Lt);
                let op = if strict { CompareOp::Gt } else { CompareOp::Ge };
                let holds = self.compare_nodes(op, more.value, less.value);
                self.converted(holds, Ty::F32)
            }
        };
        let Some(valid) = valid else { return Ok(value) };
        let zero = self.ir.real(0.0);
        Ok(self.ir.map(Map::Select, &[valid, value, zero]))
    }

    fn soft_operand(&mut self, expr: &'a Expr) -> Checked<Col> {
        let col = self.event_value(expr, "a cut")?;
        if !matches!(self.ir.ty(col.value), Ty::F32 | Ty::I32) {
            return self.no_smooth_form(expr);
        }
        Ok(Col { value: self.converted(col.value, Ty::F32), valid: col.valid })
    }

    fn no_smooth_form<T>(&mut self, expr: &Expr) -> Checked<T> {
        let text = "this condition depends on a parameter with a slope and has no smooth form";
        let d = Diagnostic::new(expr.span, text);
        self.fail(
            d.help(
                "smooth are `<`, `<=`, `>`, `>=` of numbers, put together by `and`, `or`, `not`",
            ),
        )
    }
}
