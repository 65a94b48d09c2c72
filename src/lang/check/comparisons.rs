//! Comparisons, all of them of real numbers: a literal is compared as it is written,
//! whatever the type of what it is compared with.

use super::describe::type_words;
use super::fields::common_type;
use super::value::{Col, Context, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Const, Map, NodeId, Rounding, Ty};
use crate::syntax::{BinaryOp, CompareOp, Expr, Span};

impl<'a> Checker<'a> {
    /// `a < b < c`: each neighbour pair compared, all joined by `and`.
    pub(super) fn compare_chain(
        &mut self,
        operands: &'a [Expr],
        ops: &[CompareOp],
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let values: Vec<Checked<Value>> = operands.iter().map(|o| self.expr(o, ctx)).collect();
        let mut pairs = Vec::new();
        for value in values {
            pairs.push(value?);
        }
        let mut result: Option<(Value, Span)> = None;
        for (i, op) in ops.iter().enumerate() {
            let spans = [operands[i].span, operands[i + 1].span];
            let both = [(pairs[i].clone(), spans[0]), (pairs[i + 1].clone(), spans[1])];
            let (extent, cols) = self.align(&both)?;
            let value = extent.value(self.compare(*op, &cols, spans)?);
            let span = Span { start: spans[0].start, end: spans[1].end };
            result = Some(match result {
                None => (value, span),
                Some(before) => {
                    let spans = [before.1, span];
                    let (extent, cols) = self.align(&[before, (value, span)])?;
                    (self.logic(BinaryOp::And, extent, &cols, spans)?, spans[0])
                }
            });
        }
        Ok(result.expect("a comparison has an operator").0)
    }

    fn compare(&mut self, op: CompareOp, cols: &[Col], spans: [Span; 2]) -> Checked<Col> {
        let types: Vec<Ty> = cols.iter().map(|c| self.ir.ty(c.value)).collect();
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let ty = match common_type(&types) {
            Some(Ty::Bool) if !equality => None,
            other => other,
        };
        let Some(ty) = ty else {
            let mut d = Diagnostic::new(
                Span { start: spans[0].start, end: spans[1].end },
                format!("cannot compare {} with {}", type_words(types[0]), type_words(types[1])),
            );
            d = match types[0] == types[1] {
                true => d.help("true and false have no order"),
                false => d.help("use the condition itself, or `not ...`"),
            };
            return self.fail(d);
        };
        let [a, b] = [cols[0].value, cols[1].value];
        let value = match self.literals(op, [a, b], spans)? {
            Some(value) => value,
            None => {
                let [a, b] = [a, b].map(|n| self.converted(n, ty));
                self.compare_nodes(op, a, b)
            }
        };
        let valid = self.both(cols[0].valid, cols[1].valid);
        Ok(self.guard(Col { value, valid }))
    }

    /// A comparison with a number that is written, if another one than that of its
    /// nearest value decides.
    fn literals(
        &mut self,
        op: CompareOp,
        nodes: [NodeId; 2],
        spans: [Span; 2],
    ) -> Checked<Option<NodeId>> {
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let [a, b] = nodes.map(|n| self.ir.constant(n));
        let whole = |c: &Self, n: NodeId| matches!(c.ir.ty(n), Ty::I32 | Ty::I64);
        match (a, b) {
            (Some(Const::Real { exact: a, .. }), Some(Const::Real { exact: b, .. })) => {
                Ok(Some(self.ir.constant_node(Const::Bool(holds(op, &a, &b)))))
            }
            (_, Some(Const::Real { exact, .. })) if whole(self, nodes[0]) => {
                self.whole_against(op, (nodes[0], spans[0]), (exact, spans[1])).map(Some)
            }
            (Some(Const::Real { exact, .. }), _) if whole(self, nodes[1]) => {
                self.whole_against(turned(op), (nodes[1], spans[1]), (exact, spans[0])).map(Some)
            }
            (Some(_), Some(_)) => {
                let [Some(a), Some(b)] = nodes.map(|n| self.integer_constant(n)) else {
                    return Ok(None);
                };
                Ok(Some(self.ir.constant_node(Const::Bool(holds(op, &a, &b)))))
            }
            (None, Some(c)) if equality => self.reachable((nodes[0], spans[0]), (c, spans[1])),
            (Some(c), None) if equality => self.reachable((nodes[1], spans[1]), (c, spans[0])),
            _ => Ok(None),
        }
    }

    /// An integer compared with a real number, by an integer: `n > 2.5` is `n > 2`.
    fn whole_against(
        &mut self,
        op: CompareOp,
        (node, span): (NodeId, Span),
        (number, at): (f64, Span),
    ) -> Checked<NodeId> {
        let below = number.floor();
        if matches!(op, CompareOp::Eq | CompareOp::Ne) && below != number {
            let (what, written) = (self.source(span), self.source(at));
            let text = format!("`{what}` is a whole number, and {number:?} is none");
            let d = Diagnostic::new(at, text).also(span, "whole numbers");
            return self.fail(d.help(format!(
                "between whole numbers compare by `<` or `>`, as in `{what} < {written}`"
            )));
        }
        // 2^63 and what is above: saturates.
        let bound = below as i64;
        let fits = number >= i64::MIN as f64 && number < -(i64::MIN as f64);
        let exact = below == number && fits;
        let op = match op {
            // Beyond all integers, on one side or the other.
            CompareOp::Lt | CompareOp::Le if !fits && number < 0.0 => CompareOp::Lt,
            CompareOp::Gt | CompareOp::Ge if !fits && number < 0.0 => CompareOp::Ge,
            CompareOp::Eq | CompareOp::Ne if !fits => {
                let value = Const::Bool(op == CompareOp::Ne);
                return Ok(self.ir.constant_node(value));
            }
            CompareOp::Lt if !exact => CompareOp::Le,
            CompareOp::Ge if !exact => CompareOp::Gt,
            op => op,
        };
        let bound = self.integer_node(bound, Ty::I32);
        let ty = common_type(&[self.ir.ty(node), self.ir.ty(bound)]).expect("integers");
        if let (Some(a), Some(b)) = (self.integer_constant(node), self.integer_constant(bound)) {
            return Ok(self.ir.constant_node(Const::Bool(holds(op, &a, &b))));
        }
        let [a, b] = [node, bound].map(|n| self.converted(n, ty));
        Ok(self.compare_nodes(op, a, b))
    }

    /// Refuses `==` and `!=` with a number that no value can be.
    fn reachable(
        &mut self,
        (node, span): (NodeId, Span),
        (constant, at): (Const, Span),
    ) -> Checked<Option<NodeId>> {
        if self.ir.ty(node) != Ty::F32 {
            return Ok(None);
        }
        let (what, written) = (self.source(span), self.source(at));
        let exact = match constant {
            Const::Real { exact, .. } => exact,
            Const::I32(i) => f64::from(i),
            Const::I64(i) => i as f64,
            Const::Bool(_) => return Ok(None),
            Const::Parameter { .. } => {
                let text = format!("`{written}` is a parameter: no value need be equal to it");
                let d = Diagnostic::new(at, text).also(span, "in single precision");
                return self.fail(d.help(format!("write `abs({what} - {written}) < 1e-6`")));
            }
        };
        let nearest = nearest_value(exact);
        if nearest == exact {
            return Ok(None);
        }
        let text = format!("no value is equal to {exact:?}: the nearest is {nearest:?}");
        let d = Diagnostic::new(at, text).also(span, "in single precision");
        let near =
            format!("for what is near write `abs({what} - {written}) < {}`", tolerance(nearest));
        self.fail(d.help(near).help(format!("for exactly the nearest write {nearest:?}")))
    }

    /// A comparison of nodes of one type. A literal between two single-precision
    /// numbers is rounded so that the outcome is that of the exact literal.
    pub(super) fn compare_nodes(&mut self, op: CompareOp, a: NodeId, b: NodeId) -> NodeId {
        let (map, a, b) = match op {
            CompareOp::Lt => (Map::Lt, a, b),
            CompareOp::Le => (Map::Le, a, b),
            CompareOp::Gt => (Map::Lt, b, a),
            CompareOp::Ge => (Map::Le, b, a),
            CompareOp::Eq => (Map::Eq, a, b),
            CompareOp::Ne => (Map::Ne, a, b),
        };
        // x < c and c <= x want the literal rounded up, c < x and x <= c down.
        let (up_left, up_right) = (map == Map::Le, map == Map::Lt);
        let ordered = matches!(map, Map::Lt | Map::Le);
        let (mut a, mut b) = (a, b);
        if ordered && self.ir.constant(b).is_none() {
            a = self.rounded(a, up_left);
        }
        if ordered && self.ir.constant(a).is_none() {
            b = self.rounded(b, up_right);
        }
        self.ir.map(map, &[a, b])
    }

    fn rounded(&mut self, node: NodeId, up: bool) -> NodeId {
        let rounding = if up { Rounding::Up } else { Rounding::Down };
        match self.ir.constant(node) {
            Some(Const::Real { exact, .. }) => {
                self.ir.constant_node(Const::Real { exact, single: rounding.of(exact) })
            }
            Some(Const::Parameter { index, exact, .. }) => {
                self.ir.rounded_parameter(index, exact, rounding)
            }
            _ => node,
        }
    }
}

/// The value of single precision that is nearest; there are no denormal ones.
fn nearest_value(x: f64) -> f64 {
    let single = x as f32;
    if single.is_subnormal() { 0.0 } else { f64::from(single) }
}

/// A power of ten that is some steps of single precision at this value.
fn tolerance(x: f64) -> String {
    let step = f64::from((x.abs() as f32).next_up()) - x.abs();
    let power = (4.0 * step).log10().ceil().max(-38.0);
    if power < 0.0 { format!("1e{power:.0}") } else { format!("{:.0}", 10f64.powf(power)) }
}

/// The same comparison with its sides exchanged.
fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        same => same,
    }
}

/// Whether two constants compare so.
fn holds<T: PartialOrd>(op: CompareOp, a: &T, b: &T) -> bool {
    match op {
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Gt => a > b,
        CompareOp::Ge => a >= b,
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
    }
}
