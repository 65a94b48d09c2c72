//! From one value per element to one value: counts, sums, best elements.
//! Missing elements are passed over, as elements that fail are.

use super::value::{Col, Context, Object, Step, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Const, Map, NodeId, Reduce, Slot, SpaceId, Ty};
use crate::syntax::{BinaryOp, CompareOp, Expr, Span};

/// One value for each element of a space.
#[derive(Debug, Clone, Copy)]
pub(super) struct Each {
    pub(super) col: Col,
    pub(super) space: SpaceId,
}

impl<'a> Checker<'a> {
    /// `expr` for each element of a collection.
    pub(super) fn each_element(
        &mut self,
        object: &Object,
        space: SpaceId,
        expr: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<Each> {
        let element = self.element(object, space, expr, ctx)?;
        let value = self.expr(element.body, &element.context)?;
        if let Value::Array(_, each) = value
            && let Some(d) = self.whole_collection(expr, (each, object.of), false)
        {
            return self.fail(d);
        }
        match value {
            Value::Scalar(col) => {
                let space = element.space;
                let col = self.each_node(col, |c, n| c.solid(n, space));
                Ok(Each { col, space })
            }
            other => {
                let text =
                    format!("expected one value per element, found {}", self.describe(&other));
                let d = Diagnostic::new(element.body.span, text);
                self.fail(self.put_together(d, &other))
            }
        }
    }

    /// Number of elements.
    pub(super) fn count(&mut self, space: SpaceId) -> Value {
        Value::Scalar(Col::whole(self.ir.count(space)))
    }

    /// Number of elements for which a condition holds.
    pub(super) fn tally(&mut self, each: Each) -> NodeId {
        let node = self.solid(each.col.value, each.space);
        self.ir.reduce(Reduce::Tally, node)
    }

    /// Whether there is an element for which a condition holds.
    pub(super) fn any(&mut self, each: Each) -> NodeId {
        let node = self.solid(each.col.value, each.space);
        self.ir.reduce(Reduce::Any, node)
    }

    /// Whether a condition holds for all elements (a missing one fails).
    pub(super) fn all(&mut self, each: Each) -> NodeId {
        let fails = self.ir.map(Map::Not, &[each.col.value]);
        let fails = self.solid(fails, each.space);
        let any = self.ir.reduce(Reduce::Any, fails);
        self.ir.map(Map::Not, &[any])
    }

    /// The sum in stored order, from 0; of integers missing where it leaves 64 bits.
    pub(super) fn sum(&mut self, each: Each, span: Span) -> Checked<Col> {
        let ty = self.ir.ty(each.col.value);
        let zero = match ty {
            Ty::F32 => Const::real(0.0),
            Ty::I32 => Const::I32(0),
            Ty::I64 => Const::I64(0),
            _ => {
                let found = super::describe::type_words(ty);
                let d = Diagnostic::new(span, format!("`sum` adds numbers, found {found}"));
                return self.fail(d.help("to count elements write `count(C[condition])`"));
            }
        };
        let node = match each.col.valid {
            None => each.col.value,
            Some(valid) => {
                let zero = self.ir.constant_node(zero);
                self.ir.map(Map::Select, &[valid, each.col.value, zero])
            }
        };
        let node = self.solid(node, each.space);
        Ok(match ty {
            Ty::F32 => Col::whole(self.ir.reduce(Reduce::Sum, node)),
            _ => self.integer_sum(each, node),
        })
    }

    /// The mean; missing if there is no element.
    pub(super) fn mean(&mut self, each: Each, span: Span) -> Checked<Value> {
        let sum = self.sum(each, span)?;
        let count = match each.col.valid {
            None => self.ir.count(each.space),
            Some(valid) => {
                let valid = self.solid(valid, each.space);
                self.ir.reduce(Reduce::Tally, valid)
            }
        };
        let total = self.converted(sum.value, Ty::F32);
        let real_count = self.converted(count, Ty::F32);
        let value = self.arithmetic_node(BinaryOp::Div, total, real_count);
        let zero = self.ir.constant_node(Const::I32(0));
        let some = self.compare_nodes(CompareOp::Gt, count, zero);
        Ok(Value::Scalar(Col { value, valid: self.both(sum.valid, Some(some)) }))
    }

    /// The least or greatest value; missing if there is none.
    pub(super) fn extreme(&mut self, each: Each, greatest: bool, span: Span) -> Checked<Value> {
        let object = self.best_element(each, greatest, span)?;
        let value = self.solid(each.col.value, each.space);
        let col = self.bring(Col::whole(value), &object);
        Ok(Value::Scalar(col))
    }

    /// The element with the least or greatest value.
    pub(super) fn best_element(
        &mut self,
        each: Each,
        greatest: bool,
        span: Span,
    ) -> Checked<Object> {
        let ty = self.ir.ty(each.col.value);
        if !matches!(ty, Ty::F32 | Ty::I32 | Ty::I64) {
            let text = format!("expected numbers, found {}", super::describe::type_words(ty));
            return self.fail(Diagnostic::new(span, text));
        }
        let value = self.solid(each.col.value, each.space);
        Ok(self.best_of(&Object::own(each.space), Col { value, valid: each.col.valid }, greatest))
    }

    /// `nearest(x, C)`: for one element or for each, the element of `C` with
    /// the least ΔR, within `max` if that is given.
    pub(super) fn nearest(
        &mut self,
        from: &Value,
        to: (&Object, SpaceId),
        max: Option<(Value, Span)>,
        spans: [Span; 2],
    ) -> Checked<Value> {
        let (seeker, each) = match from {
            Value::Object(object) => (Value::Object(object.clone()), None),
            Value::Elements(object, space) => (Value::Object(object.clone()), Some(*space)),
            other => {
                let text =
                    format!("`nearest` starts from an element, found {}", self.describe(other));
                let help = "as in `nearest(j, Muon)` or `Jet.nearest(Muon)`";
                return self.fail(Diagnostic::new(spans[0], text).help(help));
            }
        };
        let here = self.depth(&seeker);
        let max = match max {
            None => None,
            Some((value, span)) => Some(self.distance(&value, span, each.map(|_| here))?),
        };
        let goal = Value::Elements(to.0.clone(), to.1);
        let dr = self.delta_r("nearest", &[(seeker, spans[0]), (goal, spans[1])])?;
        let Value::Array(_, near) = dr else {
            unreachable!("one value per element of the collection")
        };
        let from = max.map_or(SpaceId::EVENT, |max| self.ir.over(max.value));
        let target = self.seen_from(near, from);
        let key = self.over_space(&dr, target);
        let mut key = self.each_node(key, |c, n| c.solid(n, target));
        if let Some(max) = max {
            let max = self.over_space(&Value::Scalar(max), target);
            let within = self.compare_nodes(CompareOp::Lt, key.value, max.value);
            key.valid = self.both(key.valid, max.valid);
            key.valid = self.both(key.valid, Some(within));
        }
        let mut object = to.0.clone();
        for (space, inner) in [(near, to.1), (target, near)] {
            if space != inner {
                object = self.step(&object, Step::Lift { to: space, slot: Slot::Base(0) });
            }
        }
        let found = self.best_of(&object, key, false);
        Ok(match each {
            None => Value::Object(found),
            Some(space) => Value::Elements(found, space),
        })
    }

    /// The greatest distance that `nearest` takes; where it seeks for each
    /// element (seen from `here`), one that is the same for all of them.
    fn distance(&mut self, value: &Value, span: Span, here: Option<SpaceId>) -> Checked<Col> {
        match value {
            Value::Scalar(col) if matches!(self.ir.ty(col.value), Ty::F32 | Ty::I32 | Ty::I64) => {
                let value = self.converted(col.value, Ty::F32);
                let constant = self.ir.constant(value).is_some();
                let over = self.ir.over(value);
                if constant || here.is_none_or(|here| self.ir.is_ancestor(over, here)) {
                    return Ok(Col { value, valid: col.valid });
                }
                let text = "this distance differs from element to element";
                let help = "name the element: `C.map(c => nearest(c, D, distance).pt)`";
                self.fail(Diagnostic::new(span, text).help(help))
            }
            other => {
                let text = format!("a distance is a number, found {}", self.describe(other));
                self.fail(Diagnostic::new(span, text).help("as in `nearest(j, Muon, 0.4)`"))
            }
        }
    }
}
