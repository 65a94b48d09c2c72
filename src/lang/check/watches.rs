//! What `explain` shows: definitions, cuts and weights, and the values that decide a
//! condition.

use super::Checker;
use super::value::{Col, Context, Value};
use crate::analysis::{Watch, Watched};
use crate::ir::Ty;
use crate::syntax::{BinaryOp, Expr, ExprKind, UnaryOp};

/// Most values that are shown of one condition.
const MOST_PARTS: usize = 8;

impl<'a> Checker<'a> {
    /// Remembers the value of an expression; its position among the watches.
    pub(super) fn watch(
        &mut self,
        kind: Watched,
        name: &str,
        expr: &'a Expr,
        value: &Value,
    ) -> usize {
        if self.varied {
            return self.watches.len();
        }
        if let Some(mut watch) = self.watched(kind, name, expr, value) {
            if kind == Watched::Cut {
                let (calls, said) = (self.calls_made, self.diagnostics.len());
                self.deciding(expr, &mut watch.parts);
                self.calls_made = calls;
                self.diagnostics.truncate(said);
            }
            self.watches.push(watch);
        }
        self.watches.len().saturating_sub(1)
    }

    fn watched(&mut self, kind: Watched, name: &str, expr: &Expr, value: &Value) -> Option<Watch> {
        let Col { value, valid } = match value {
            Value::Scalar(col) | Value::Array(col, _) => *col,
            Value::Object(object) | Value::Elements(object, _) => {
                let index = self.index_of(object);
                Col { value: index, valid: object.valid }
            }
            Value::Record(_) => return None,
        };
        let words = self.source(expr.span).split_whitespace().collect::<Vec<_>>();
        let (name, source) = (name.to_string(), words.join(" "));
        Some(Watch { kind, name, source, value, valid, parts: Vec::new() })
    }

    /// The values that a condition, which is known to be right, puts together.
    fn deciding(&mut self, condition: &'a Expr, parts: &mut Vec<Watch>) {
        if let Some(left) = self.left_of(condition, &Context::event()) {
            return self.deciding(left, parts);
        }
        match &condition.kind {
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, a, b) => {
                self.deciding(a, parts);
                self.deciding(b, parts);
            }
            ExprKind::Unary(UnaryOp::Not, a) => self.deciding(a, parts),
            ExprKind::Compare(operands, _) => {
                operands.iter().for_each(|operand| self.part(operand, parts));
            }
            _ => self.part(condition, parts),
        }
    }

    fn part(&mut self, expr: &'a Expr, parts: &mut Vec<Watch>) {
        if parts.len() >= MOST_PARTS {
            return;
        }
        let Ok(value) = self.expr(expr, &Context::event()) else { return };
        let Some(part) = self.watched(Watched::Part, "", expr, &value) else { return };
        let written = self.ir.constant(part.value).is_some();
        let known = parts.iter().any(|p| p.source == part.source);
        if !written && !known && !matches!(self.ir.ty(part.value), Ty::Index(_)) {
            parts.push(part);
        }
    }
}
