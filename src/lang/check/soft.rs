//! Cuts as smooth weights: in gradients a comparison with a parameter that has a
//! slope is `sigmoid(slope * (x - threshold))`, `a and b` is a product, `not a` is
//! 1 - a, `a or b` is 1 - (1 - a)(1 - b). Nothing is simplified.
//!
//! Of three-valued logic there are two numbers: how true a condition is, and how
//! false, both 0 where it is missing. They add up to 1 where no operand is missing;
//! elsewhere `and` is false as `or` is true, and `not` swaps them, so that in the
//! limit of steep slopes an event passes if and only if it passes the hard cut.

use super::mentions::{Mention, mentions};
use super::value::{Col, Context, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Map, NodeId, Ty};
use crate::syntax::{BinaryOp, CompareOp, Expr, ExprKind, Slope, Target, UnaryOp};
use std::collections::HashSet;

/// How true and how false a condition is.
#[derive(Debug, Clone, Copy)]
struct Degrees {
    /// Each from 0 to 1.
    truth: NodeId,
    falsity: NodeId,
    /// Where truth, and where falsity, can be more than 0; `None`: everywhere. It does
    /// not depend on what a comparison says.
    possible: [Option<NodeId>; 2],
    /// Whether no operand can be missing.
    complete: bool,
}

/// A cut with a smooth form.
#[derive(Debug, Clone, Copy)]
pub(super) struct SoftCut {
    /// The factor of the weight.
    pub(super) factor: NodeId,
    /// Where it can be more than 0; `None`: everywhere.
    pub(super) there: Option<NodeId>,
}

impl<'a> Checker<'a> {
    /// A cut as a factor of the weight; `None` if it is a hard one: no parameter in it
    /// has a slope, or gradients are not asked for.
    pub(super) fn soft_cut(&mut self, condition: &'a Expr) -> Checked<Option<SoftCut>> {
        if !self.soft_cuts || self.soft_parameter(condition).is_none() {
            return Ok(None);
        }
        let Degrees { truth, possible, .. } = self.degrees(condition)?;
        Ok(Some(SoftCut { factor: truth, there: possible[0] }))
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

    fn degrees(&mut self, expr: &'a Expr) -> Checked<Degrees> {
        match &expr.kind {
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b) => {
                let both = [self.degrees(a)?, self.degrees(b)?];
                Ok(if *op == BinaryOp::And { self.soft_and(both) } else { self.soft_or(both) })
            }
            ExprKind::Unary(UnaryOp::Not, a) => {
                let Degrees { truth, falsity, possible: [if_true, if_false], complete } =
                    self.degrees(a)?;
                Ok(self.completed(falsity, truth, [if_false, if_true], complete))
            }
            _ if self.soft_parameter(expr).is_none() => {
                let value = self.expr(expr, &Context::event())?;
                self.hard_degrees(value, expr)
            }
            ExprKind::Compare(operands, ops) => {
                let mut chain: Option<Degrees> = None;
                for (pair, op) in operands.windows(2).zip(ops) {
                    let link = self.degrees_of_comparison(&pair[0], &pair[1], *op)?;
                    chain = Some(match chain {
                        None => link,
                        Some(before) => self.soft_and([before, link]),
                    });
                }
                Ok(chain.expect("a comparison has an operator"))
            }
            ExprKind::Name(name) => match self.find_definition(name) {
                Some(i) if matches!(self.analysis.defines[i].target, Target::Name(_)) => {
                    self.degrees(&self.analysis.defines[i].value)
                }
                _ => self.no_smooth_form(expr),
            },
            _ => self.no_smooth_form(expr),
        }
    }

    /// These degrees; without missing operands the second one is what is left of 1.
    fn completed(
        &mut self,
        truth: NodeId,
        falsity: NodeId,
        possible: [Option<NodeId>; 2],
        complete: bool,
    ) -> Degrees {
        let falsity = if complete { self.complement(truth) } else { falsity };
        Degrees { truth, falsity, possible, complete }
    }

    fn soft_and(&mut self, [a, b]: [Degrees; 2]) -> Degrees {
        let truth = self.mul(a.truth, b.truth);
        let falsity = self.one_or_other(a.falsity, b.falsity);
        let [(true_a, false_a), (true_b, false_b)] = [a, b].map(|d| (d.possible[0], d.possible[1]));
        let possible = [self.both(true_a, true_b), self.either(false_a, false_b)];
        self.completed(truth, falsity, possible, a.complete && b.complete)
    }

    fn soft_or(&mut self, [a, b]: [Degrees; 2]) -> Degrees {
        let truth = self.one_or_other(a.truth, b.truth);
        let falsity = self.mul(a.falsity, b.falsity);
        let [(true_a, false_a), (true_b, false_b)] = [a, b].map(|d| (d.possible[0], d.possible[1]));
        let possible = [self.either(true_a, true_b), self.both(false_a, false_b)];
        self.completed(truth, falsity, possible, a.complete && b.complete)
    }

    /// 1 - (1 - a)(1 - b).
    fn one_or_other(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let [a, b] = [a, b].map(|degree| self.complement(degree));
        let neither = self.mul(a, b);
        self.complement(neither)
    }

    fn complement(&mut self, value: NodeId) -> NodeId {
        let one = self.ir.real(1.0);
        self.sub(one, value)
    }

    /// Where one of both has a value, or both.
    fn either(&mut self, a: Option<NodeId>, b: Option<NodeId>) -> Option<NodeId> {
        let (a, b) = a.zip(b)?;
        Some(if a == b { a } else { self.ir.map(Map::Or, &[a, b]) })
    }

    /// Those of a number from 0 to 1 that may be missing.
    fn degrees_of(&mut self, truth: NodeId, valid: Option<NodeId>) -> Degrees {
        let falsity = self.complement(truth);
        let Some(valid) = valid else {
            return Degrees { truth, falsity, possible: [None; 2], complete: true };
        };
        let zero = self.ir.real(0.0);
        let [truth, falsity] =
            [truth, falsity].map(|x| self.ir.map(Map::Select, &[valid, x, zero]));
        Degrees { truth, falsity, possible: [Some(valid); 2], complete: false }
    }

    /// Those of a condition without a parameter: 1 or 0.
    fn hard_degrees(&mut self, value: Value, expr: &Expr) -> Checked<Degrees> {
        match value {
            Value::Scalar(col) if self.ir.ty(col.value) == Ty::Bool => {
                let truth = self.converted(col.value, Ty::F32);
                Ok(self.degrees_of(truth, col.valid))
            }
            _ => self.no_smooth_form(expr),
        }
    }

    fn degrees_of_comparison(
        &mut self,
        a: &'a Expr,
        b: &'a Expr,
        op: CompareOp,
    ) -> Checked<Degrees> {
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
        let truth = match slope {
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
        Ok(self.degrees_of(truth, valid))
    }

    fn soft_operand(&mut self, expr: &'a Expr) -> Checked<Col> {
        let col = self.event_value(expr, "a cut")?;
        if !matches!(self.ir.ty(col.value), Ty::F32 | Ty::I32 | Ty::I64) {
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
