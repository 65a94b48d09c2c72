//! Expressions: names, fields, elements, and the way to everything else.

use super::fields::Field;
use super::value::{Col, Context, Object, Value};
use super::{Checked, Checker, Failed};
use crate::diag::Diagnostic;
use crate::ir::{Const, Ty};
use crate::syntax::{Expr, ExprKind, Span, UnaryOp};

/// Most expressions inside each other, through calls of defined functions too:
/// the checker recurses. One expression alone has at most
/// [`crate::lang::parse::MAX_DEPTH`].
const MOST_NESTING: usize = 600;

impl<'a> Checker<'a> {
    /// The meaning of an expression in a context.
    pub(super) fn expr(&mut self, expr: &'a Expr, ctx: &Context<'a>) -> Checked<Value> {
        if self.nesting >= MOST_NESTING {
            if std::mem::replace(&mut self.too_deep, true) {
                return Err(Failed);
            }
            let text = "functions and definitions are used inside each other too deep here";
            let help = "give names to values in between under `define`";
            return self.fail(Diagnostic::new(expr.span, text).help(help));
        }
        self.nesting += 1;
        let value = self.expr_inside(expr, ctx);
        self.nesting -= 1;
        value
    }

    fn expr_inside(&mut self, expr: &'a Expr, ctx: &Context<'a>) -> Checked<Value> {
        let scalar = |node| Ok(Value::Scalar(Col::whole(node)));
        if let Some(known) = self.known(expr, ctx) {
            return scalar(self.ir.constant_node(Const::Bool(known)));
        }
        if let Some(left) = self.left_of(expr, ctx) {
            let value = self.expr(left, ctx)?;
            if let ExprKind::Binary(op, ..) = &expr.kind {
                self.condition_of(*op, &value, left.span)?;
            }
            return Ok(value);
        }
        match &expr.kind {
            ExprKind::Name(name) => self.named(name, expr.span, ctx),
            ExprKind::Branch(name) => self.branch(name, expr.span),
            ExprKind::Integer(i) => scalar(self.integer_node(*i, Ty::I32)),
            ExprKind::Real(x) => self.real_literal(*x, expr.span),
            ExprKind::Bool(b) => scalar(self.ir.constant_node(Const::Bool(*b))),
            ExprKind::Text(text) => self.refuse_text(text, expr.span),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, expr.span, ctx),
            ExprKind::Binary(..) => self.binary(expr, ctx),
            ExprKind::Compare(operands, ops) => self.compare_chain(operands, ops, ctx),
            ExprKind::If(condition, yes, no) => self.conditional(condition, yes, no, ctx),
            ExprKind::Call(name, args) => self.call(name, args.iter().collect(), expr, ctx),
            ExprKind::Method(of, name, args) if self.is_module(of, ctx) => {
                self.of_module(of, name, Some(args))
            }
            ExprKind::Field(of, name) if self.is_module(of, ctx) => self.of_module(of, name, None),
            ExprKind::Method(first, name, args) => {
                let args = std::iter::once(&**first).chain(args).collect();
                self.call(name, args, expr, ctx)
            }
            ExprKind::Field(of, field) => {
                if let Some(value) = self.dotted_branch(of, &field.name, ctx) {
                    return Ok(value);
                }
                if let ExprKind::Name(name) = &of.kind
                    && ctx.var(name).is_none()
                {
                    self.refuse_unreadable(name, field)?;
                }
                let value = self.expr(of, ctx)?;
                self.field_of(&value, field)
            }
            ExprKind::Index(of, index) => self.index(of, index, ctx),
            ExprKind::In { element, of, negated } => self.membership(element, of, *negated, ctx),
            ExprKind::Lambda(names, _) => {
                let names: Vec<&str> = names.iter().map(|n| n.name.as_str()).collect();
                let text = format!("`{} => ...` stands alone here", names.join(", "));
                self.fail(Diagnostic::new(expr.span, text).help(
                    "it belongs into a filter, `Jet[j => ...]`, or a call, `Jet.max_by(j => ...)`",
                ))
            }
        }
    }

    fn real_literal(&mut self, x: f64, span: Span) -> Checked<Value> {
        if !x.is_finite() || (x as f32).is_infinite() {
            let text = "this number is too large for single precision";
            return self.fail(Diagnostic::new(span, text).help("the largest one is about 3.4e38"));
        }
        Ok(Value::Scalar(Col::whole(self.ir.real(x))))
    }

    /// `MET.pt` as the branch `MET_pt`, unless `MET` means something else.
    fn dotted_branch(&mut self, of: &Expr, field: &str, ctx: &Context<'a>) -> Option<Value> {
        let ExprKind::Name(name) = &of.kind else { return None };
        if ctx.var(name).is_some()
            || self.find_definition(name).is_some()
            || self.find_parameter(name).is_some()
        {
            return None;
        }
        if self.names.collection(name).is_some() {
            return None;
        }
        self.member(name, field)
    }

    /// The meaning of a name: a variable, a field of the element, or a per-event name.
    pub(super) fn named(&mut self, name: &str, span: Span, ctx: &Context<'a>) -> Checked<Value> {
        if let Some(value) = ctx.var(name) {
            return Ok(value.clone());
        }
        if let Some(bare) = &ctx.bare {
            let bare = bare.clone();
            self.at = span;
            if let Some(field) = self.object_field(&bare, name)? {
                if self.is_event_name(name) {
                    return self.ambiguous(name, bare.of, span);
                }
                return Ok(match field {
                    Field::Column(col) => Value::Scalar(col),
                    Field::Element(element) => Value::Object(element),
                });
            }
        }
        if let Some(index) = self.find_definition(name) {
            return self.definition(index);
        }
        if let Some((index, value)) = self.find_parameter(name) {
            return Ok(Value::Scalar(Col::whole(self.ir.parameter(index, value))));
        }
        if let Some(space) = self.collection_space(name) {
            return Ok(Value::Elements(Object::own(space), space));
        }
        if let Some(value) = self.scalar_branch(name) {
            return Ok(value);
        }
        if self.names.is_record(name) {
            return Ok(Value::Record(name.to_string()));
        }
        self.unknown_name(name, span, ctx)
    }

    /// `x[...]`: an element by its number, a member of a candidate, or a filter.
    fn index(&mut self, of: &'a Expr, index: &'a Expr, ctx: &Context<'a>) -> Checked<Value> {
        let value = self.expr(of, ctx)?;
        match (&value, &index.kind) {
            (Value::Object(object), ExprKind::Integer(k)) => {
                self.candidate_member(object, *k, index.span)
            }
            (Value::Elements(object, space), ExprKind::Integer(k)) => {
                self.nth_element(object, *space, *k, index.span)
            }
            (Value::Elements(..) | Value::Array(..) | Value::Object(_), _)
                if is_negative(index) =>
            {
                let text = "elements are numbered from 0, found a negative number";
                let help = "for the last one in some order write `C.max_by(key)`";
                self.fail(Diagnostic::new(index.span, text).help(help))
            }
            (Value::Elements(object, space), _) => self.filter(object, *space, index, ctx),
            (Value::Array(col, space), ExprKind::Integer(k)) => {
                let (col, space) = (*col, *space);
                self.nth_value(col, space, *k, index.span)
            }
            (other, _) => {
                let text =
                    format!("expected a collection before `[`, found {}", self.describe(other));
                let mut d = Diagnostic::new(of.span, text);
                if let Value::Array(..) = other {
                    d = d.help("filter the collection, then take the field: `Jet[pt > 30].pt`");
                }
                self.fail(d)
            }
        }
    }
}

/// `-1`.
fn is_negative(index: &Expr) -> bool {
    matches!(&index.kind, ExprKind::Unary(UnaryOp::Neg, of) if matches!(of.kind, ExprKind::Integer(_)))
}
