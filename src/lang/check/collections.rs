//! Collections: elements in context, filters, orders, combinations, membership.

use super::mentions::{Mention, mentions};
use super::value::{Col, Context, Object, Step, Value, lambda};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Map, NodeId, Reduce, Slot, Space, SpaceId, Ty};
use crate::syntax::{Expr, Ident, Span};

/// An element of a collection in the context of an expression about it.
pub(super) struct Element<'a> {
    /// The space that the expression has one value for.
    pub(super) space: SpaceId,
    /// The element, seen from there.
    pub(super) object: Object,
    pub(super) context: Context<'a>,
    pub(super) body: &'a Expr,
}

impl<'a> Checker<'a> {
    /// The context of an expression about each element of a collection.
    pub(super) fn element(
        &mut self,
        object: &Object,
        space: SpaceId,
        expr: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<Element<'a>> {
        let (names, body) = lambda(expr);
        let from = self.deepest_used(body, names, ctx);
        let target = self.seen_from(space, from);
        let object = if target == space {
            object.clone()
        } else {
            self.step(object, Step::Lift { to: target, slot: Slot::Base(0) })
        };
        let mut vars = ctx.vars.clone();
        let mut bare = None;
        match names {
            [] => bare = Some(object.clone()),
            [one] => vars.push((&one.name, Value::Object(object.clone()))),
            several => {
                let members = self.members(&object);
                if members.len() != several.len() {
                    return self.wrong_names(several, members.len(), space);
                }
                for (name, member) in several.iter().zip(members) {
                    vars.push((&name.name, Value::Object(member)));
                }
            }
        }
        Ok(Element { space: target, object, context: Context { space: target, vars, bare }, body })
    }

    fn wrong_names<T>(&mut self, names: &[Ident], members: usize, space: SpaceId) -> Checked<T> {
        let span = Span { start: names[0].span.start, end: names[names.len() - 1].span.end };
        let what = self.describe_space(space);
        let text = format!("found {} names for an element of {what}", names.len());
        let help = match members {
            0 => "name one element: `x => ...`".to_string(),
            n => format!("its elements have {n} members: give {n} names, or one for the candidate"),
        };
        self.fail(Diagnostic::new(span, text).help(help))
    }

    /// The deepest space that the variables used in an expression are over.
    fn deepest_used(&self, body: &Expr, bound: &[Ident], ctx: &Context<'a>) -> SpaceId {
        let mut used = Vec::new();
        mentions(body, &mut used);
        let mut deepest = SpaceId::EVENT;
        for mention in used {
            let Mention::Name(name, _) = mention else { continue };
            if bound.iter().any(|b| b.name == name) {
                continue;
            }
            if let Some(value) = ctx.var(name) {
                let space = self.depth(value);
                if self.ir.is_ancestor(deepest, space) {
                    deepest = space;
                }
            }
        }
        deepest
    }

    /// The space that a value is seen from.
    pub(super) fn depth(&self, value: &Value) -> SpaceId {
        match value {
            Value::Scalar(col) if self.ir.constant(col.value).is_some() => SpaceId::EVENT,
            Value::Scalar(col) => self.ir.over(col.value),
            Value::Array(_, space) | Value::Elements(_, space) => {
                self.ir.parent(*space).unwrap_or(SpaceId::EVENT)
            }
            Value::Object(object) => self.end_of(object),
            Value::Record(_) => SpaceId::EVENT,
        }
    }

    /// The space that an object is seen from.
    pub(super) fn end_of(&self, object: &Object) -> SpaceId {
        match object.path.last() {
            None => object.of,
            Some(Step::Lift { to, .. }) => *to,
            Some(Step::Pick { index }) => self.ir.over(*index),
        }
    }

    /// `C[condition]`.
    pub(super) fn filter(
        &mut self,
        object: &Object,
        space: SpaceId,
        condition: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let element = self.element(object, space, condition, ctx)?;
        let value = self.expr(element.body, &element.context)?;
        if let Value::Scalar(col) = &value
            && matches!(self.ir.ty(col.value), Ty::I32 | Ty::I64)
        {
            let text = "a filter's condition is true or false, found an integer";
            let help =
                "an element is picked by a plain number, `C[0]`; a filter compares, `C[x == 1]`";
            return self.fail(Diagnostic::new(element.body.span, text).help(help));
        }
        if let Value::Array(_, each) = value
            && let Some(d) = self.whole_collection(condition, (each, space), true)
        {
            return self.fail(d);
        }
        let col = self.condition(&value, element.body.span, space)?;
        let mask = self.solid(col.value, element.space);
        Ok(self.restricted(object, &element, mask))
    }

    /// The elements of a collection for which `mask` is true.
    pub(super) fn restricted(
        &mut self,
        object: &Object,
        element: &Element<'a>,
        mask: NodeId,
    ) -> Value {
        let kept = self.ir.add_space(Space::Filter { base: element.space, mask });
        self.derived(object, element, kept)
    }

    /// The elements of a space made from a collection's.
    fn derived(&mut self, object: &Object, element: &Element<'a>, space: SpaceId) -> Value {
        let seen = if object.path.is_empty() {
            Object::own(space)
        } else {
            self.step(&element.object, Step::Lift { to: space, slot: Slot::Base(0) })
        };
        Value::Elements(seen, space)
    }

    /// A value as one condition an element.
    pub(super) fn condition(&mut self, value: &Value, span: Span, of: SpaceId) -> Checked<Col> {
        match value {
            Value::Scalar(col) if self.ir.ty(col.value) == Ty::Bool => Ok(*col),
            Value::Array(_, each) => {
                let (each, of) = (self.describe_space(*each), self.describe_space(of));
                let text = format!("the condition has a value per {each}, wanted is one per {of}");
                self.fail(self.put_together(Diagnostic::new(span, text), value))
            }
            other => {
                let text = format!("a condition is true or false, found {}", self.describe(other));
                let d = Diagnostic::new(span, text);
                self.fail(match other {
                    Value::Scalar(_) => d.help("compare it with something, as in `pt > 30`"),
                    other => self.put_together(d, other),
                })
            }
        }
    }

    /// `C.sort_by(key)`.
    pub(super) fn sort_by(
        &mut self,
        object: &Object,
        space: SpaceId,
        key: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let element = self.element(object, space, key, ctx)?;
        let col = self.key(&element, key)?;
        if col.valid.is_some() {
            let text = "this key may be missing, and a missing key has no place in an order";
            return self
                .fail(Diagnostic::new(key.span, text).help("give it one: `default(key, value)`"));
        }
        let key = self.solid(col.value, element.space);
        let sorted = self.ir.add_space(Space::Sort { base: element.space, key });
        Ok(self.derived(object, &element, sorted))
    }

    /// The value of a key for each element.
    fn key(&mut self, element: &Element<'a>, written: &Expr) -> Checked<Col> {
        let value = self.expr(element.body, &element.context)?;
        if let Value::Array(_, each) = value
            && let Some(d) = self.whole_collection(written, (each, element.object.of), false)
        {
            return self.fail(d);
        }
        match value {
            Value::Scalar(col) if matches!(self.ir.ty(col.value), Ty::F32 | Ty::I32 | Ty::I64) => {
                Ok(col)
            }
            other => {
                let text =
                    format!("a key is one number per element, found {}", self.describe(&other));
                let d = Diagnostic::new(element.body.span, text);
                self.fail(match other {
                    Value::Scalar(_) => d.help("write `int(...)` around it for 1 and 0"),
                    other => self.put_together(d, &other),
                })
            }
        }
    }

    /// `C.min_by(key)`, `C.max_by(key)`.
    pub(super) fn best_by(
        &mut self,
        object: &Object,
        space: SpaceId,
        key: &'a Expr,
        greatest: bool,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let element = self.element(object, space, key, ctx)?;
        let col = self.key(&element, key)?;
        let value = self.solid(col.value, element.space);
        let picked = self.best_of(&element.object, Col { value, valid: col.valid }, greatest);
        Ok(Value::Object(picked))
    }

    /// The element with the best key; missing keys are passed over. The key is
    /// over the space that the element is seen from.
    pub(super) fn best_of(&mut self, element: &Object, key: Col, greatest: bool) -> Object {
        let Some(valid) = key.valid else {
            let index = self.ir.best(key.value, greatest);
            return self.step(element, Step::Pick { index });
        };
        let base = self.ir.over(key.value);
        let mask = self.solid(valid, base);
        let kept = self.ir.add_space(Space::Filter { base, mask });
        let step = Step::Lift { to: kept, slot: Slot::Base(0) };
        let key = self.bring_node(key.value, &[step]);
        let index = self.ir.best(key, greatest);
        let index = self.ir.member(index, Slot::Base(0));
        self.step(element, Step::Pick { index })
    }

    /// `C[k]`.
    pub(super) fn nth_element(
        &mut self,
        object: &Object,
        space: SpaceId,
        k: i64,
        span: Span,
    ) -> Checked<Value> {
        let nth = self.ordinal(k, span)?;
        let index = self.ir.nth(space, nth);
        Ok(Value::Object(self.step(object, Step::Pick { index })))
    }

    /// `array[k]`.
    pub(super) fn nth_value(
        &mut self,
        col: Col,
        space: SpaceId,
        k: i64,
        span: Span,
    ) -> Checked<Value> {
        let nth = self.ordinal(k, span)?;
        let index = self.ir.nth(space, nth);
        let col = self.each_node(col, |c, n| c.solid(n, space));
        let picked = self.step(&Object::own(space), Step::Pick { index });
        Ok(Value::Scalar(self.bring(col, &picked)))
    }

    fn ordinal(&mut self, k: i64, span: Span) -> Checked<u32> {
        match u32::try_from(k) {
            Ok(nth) => Ok(nth),
            Err(_) => {
                let text = format!("there is no element {k} in any event");
                self.fail(Diagnostic::new(span, text).help("elements are numbered from 0"))
            }
        }
    }

    /// `candidate[k]`.
    pub(super) fn candidate_member(
        &mut self,
        object: &Object,
        k: i64,
        span: Span,
    ) -> Checked<Value> {
        let members = self.members(object);
        if members.is_empty() {
            let text = format!("{} has no members", self.describe(&Value::Object(object.clone())));
            return self.fail(
                Diagnostic::new(span, text).help("pairs, triples and the like have members"),
            );
        }
        match usize::try_from(k).ok().and_then(|k| members.get(k)) {
            Some(member) => Ok(Value::Object(member.clone())),
            None => {
                let text =
                    format!("there is no member {k}: they count from 0 to {}", members.len() - 1);
                self.fail(Diagnostic::new(span, text))
            }
        }
    }

    /// The members of a candidate; none if the object is no candidate.
    pub(super) fn members(&mut self, object: &Object) -> Vec<Object> {
        let object = self.stripped(object);
        let count = match self.ir.space(object.of) {
            Space::Combos { size, .. } => *size,
            Space::Cross { .. } => 2,
            _ => 0,
        };
        (0..count).map(|k| self.related(&object, Slot::Base(k))).collect()
    }

    /// The element as one of the space that filters and orders started from.
    fn stripped(&mut self, object: &Object) -> Object {
        let mut object = object.clone();
        while matches!(
            self.ir.space(object.of),
            Space::Filter { .. } | Space::Sort { .. } | Space::Nested { .. }
        ) {
            object = self.related(&object, Slot::Base(0));
        }
        object
    }

    /// The element in a slot of an object.
    pub(super) fn related(&mut self, object: &Object, slot: Slot) -> Object {
        let of = self.ir.slot_space(object.of, slot).expect("the slot exists");
        let mut path = object.path.clone();
        match path.first_mut() {
            Some(Step::Pick { index }) => *index = self.ir.member(*index, slot),
            _ => path.insert(0, Step::Lift { to: object.of, slot }),
        }
        Object { of, path, valid: object.valid }
    }

    /// `element in of`.
    pub(super) fn membership(
        &mut self,
        element: &'a Expr,
        of: &'a Expr,
        negated: bool,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let (left, right) = (self.expr(element, ctx)?, self.expr(of, ctx)?);
        let (root, sought) = self.identity(&left, element.span)?;
        let candidates = match &right {
            Value::Object(object) => {
                let members = self.members(object);
                if members.is_empty() {
                    vec![right.clone()]
                } else {
                    members.into_iter().map(Value::Object).collect()
                }
            }
            _ => vec![right.clone()],
        };
        let mut result: Option<(super::combine::Extent, Col)> = None;
        for candidate in &candidates {
            let (other, index) = self.identity(candidate, of.span)?;
            if root != other {
                return self.never_same(root, other, element.span, of.span);
            }
            let (extent, cols) = self.align(&[(sought.clone(), element.span), (index, of.span)])?;
            let value = self.ir.same(cols[0].value, cols[1].value);
            self.compared.push(value);
            let valid = self.both(cols[0].valid, cols[1].valid);
            let col = self.guard(Col { value, valid });
            result = Some(match result {
                None => (extent, col),
                Some((extent, before)) => {
                    let value = self.ir.map(Map::Or, &[before.value, col.value]);
                    (extent, Col { value, valid: before.valid })
                }
            });
        }
        let (extent, mut col) = result.expect("at least one candidate");
        let mut value = extent.value(col);
        if let (super::combine::Extent::Each(space), Value::Elements(..)) = (extent, &right) {
            let node = self.solid(col.value, space);
            let any = self.ir.reduce(Reduce::Any, node);
            let sought = if let Value::Scalar(sought) = &sought { sought.valid } else { None };
            col = self.guard(Col { value: any, valid: sought });
            value = Value::Scalar(col);
        }
        if negated {
            let not = self.ir.map(Map::Not, &[col.value]);
            let col = self.guard(Col { value: not, valid: col.valid });
            value = match value {
                Value::Array(_, space) => Value::Array(col, space),
                _ => Value::Scalar(col),
            };
        }
        Ok(value)
    }

    /// What makes an element the same as another: its index in the space that
    /// filters and orders started from.
    fn identity(&mut self, value: &Value, span: Span) -> Checked<(SpaceId, Value)> {
        let (object, each) = match value {
            Value::Object(object) => (object, None),
            Value::Elements(object, space) => (object, Some(*space)),
            other => {
                let text = format!("`in` asks for elements, found {}", self.describe(other));
                let help = "as in `l not in z` or `Jet[0] in clean`; numbers compare with `==`";
                return self.fail(Diagnostic::new(span, text).help(help));
            }
        };
        let object = self.stripped(object);
        let index = Col { value: self.index_of(&object), valid: object.valid };
        let value = match each {
            None => Value::Scalar(index),
            Some(space) => Value::Array(index, space),
        };
        Ok((object.of, value))
    }

    fn never_same<T>(&mut self, a: SpaceId, b: SpaceId, at: Span, of: Span) -> Checked<T> {
        let (a, b) = (self.describe_space(a), self.describe_space(b));
        let text = format!("an element of {a} is never one of {b}");
        self.fail(
            Diagnostic::new(at, text)
                .label(format!("of {a}"))
                .also(of, format!("of {b}"))
                .help("`in` finds an element in what was made of the same collection"),
        )
    }
}
