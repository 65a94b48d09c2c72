//! Bringing operands to one space. Two collections never combine by accident:
//! all arrays of an operation have one value for the same elements.

use super::value::{Col, Object, Step, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Const, Map, NodeId, Slot, Space, SpaceId};
use crate::syntax::Span;

/// The shape of a combined value: one value, or one for each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    One,
    Each(SpaceId),
}

impl Extent {
    /// A column of this extent as a value.
    pub(super) fn value(self, col: Col) -> Value {
        match self {
            Extent::One => Value::Scalar(col),
            Extent::Each(space) => Value::Array(col, space),
        }
    }
}

impl<'a> Checker<'a> {
    /// Brings columns, each a scalar or an array, to one space.
    pub(super) fn align(&mut self, operands: &[(Value, Span)]) -> Checked<(Extent, Vec<Col>)> {
        let mut deepest = SpaceId::EVENT;
        let mut each: Option<(SpaceId, Span)> = None;
        for (value, span) in operands {
            match value {
                Value::Scalar(col) => {
                    for node in [Some(col.value), col.valid].into_iter().flatten() {
                        deepest = self.deeper(deepest, node);
                    }
                }
                Value::Array(_, space) => each = Some(self.common(each, *space, *span)?),
                other => return self.no_number(other, *span),
            }
        }
        let (target, extent) = match each {
            None => (deepest, Extent::One),
            Some((space, _)) => {
                let target = self.seen_from(space, deepest);
                (target, Extent::Each(target))
            }
        };
        let cols = operands.iter().map(|(value, _)| self.over_space(value, target)).collect();
        Ok((extent, cols))
    }

    fn no_number<T>(&mut self, value: &Value, span: Span) -> Checked<T> {
        let text = format!("expected a number or true/false, found {}", self.describe(value));
        let d = Diagnostic::new(span, text);
        self.fail(self.put_together(d, value))
    }

    /// The deeper of a space and a node's.
    fn deeper(&self, space: SpaceId, node: NodeId) -> SpaceId {
        let over = self.ir.over(node);
        let constant = self.ir.constant(node).is_some();
        if constant || self.ir.is_ancestor(over, space) { space } else { over }
    }

    /// The one space of two arrays, or what keeps them apart.
    fn common(
        &mut self,
        so_far: Option<(SpaceId, Span)>,
        space: SpaceId,
        span: Span,
    ) -> Checked<(SpaceId, Span)> {
        let Some((first, first_span)) = so_far else { return Ok((space, span)) };
        if first == space || self.inner_of(first, space) {
            return Ok((first, first_span));
        }
        if self.inner_of(space, first) {
            return Ok((space, span));
        }
        let (a, b) = (self.describe_space(first), self.describe_space(space));
        let text = format!("cannot combine a value per {a} with a value per {b}");
        let d = Diagnostic::new(span, text)
            .label(format!("one value per {b}"))
            .also(first_span, format!("one value per {a}"));
        if self.root(first) == self.root(space) {
            return self.fail(d.help(
                "filters and orders make new collections: take both values from the same one",
            ));
        }
        self.fail(
            d.help("to compare each with each name one: `Jet[j => any(dr(j, Muon) < 0.4)]`")
                .help("or make pairs of them with `cross(A, B)`"),
        )
    }

    /// Nodes over one line of ancestors, all brought to the deepest of their
    /// spaces. (What is worked out from constants alone is no constant, but
    /// over the event.)
    pub(super) fn leveled<const N: usize>(&mut self, nodes: [NodeId; N]) -> [NodeId; N] {
        let deepest = nodes.iter().fold(SpaceId::EVENT, |space, n| self.deeper(space, *n));
        nodes.map(|n| self.ir.broadcast(n, deepest).expect("one line"))
    }

    /// The space that filters, orders and points of view started from.
    pub(super) fn root(&self, space: SpaceId) -> SpaceId {
        match self.ir.space(space) {
            Space::Filter { base, .. }
            | Space::Sort { base, .. }
            | Space::Nested { inner: base, .. } => self.root(*base),
            _ => space,
        }
    }

    /// Whether `nested` is `space` seen from somewhere.
    fn inner_of(&self, nested: SpaceId, space: SpaceId) -> bool {
        match self.ir.space(nested) {
            Space::Nested { inner, .. } => *inner == space || self.inner_of(*inner, space),
            _ => false,
        }
    }

    /// The space of `space`'s elements seen from each element of `from`.
    pub(super) fn seen_from(&mut self, space: SpaceId, from: SpaceId) -> SpaceId {
        let parent = self.ir.parent(space).expect("an array's space has a parent");
        if self.ir.is_ancestor(from, parent) {
            return space;
        }
        self.ir.add_space(Space::Nested { outer: from, inner: space })
    }

    /// A scalar or array as a column over `target`.
    pub(super) fn over_space(&mut self, value: &Value, target: SpaceId) -> Col {
        match value {
            Value::Scalar(col) => self.each_node(*col, |c, n| {
                c.ir.broadcast(n, target).expect("a scalar is over an ancestor of its context")
            }),
            Value::Array(col, _) => self.each_node(*col, |c, n| c.inner_to(n, target)),
            _ => unreachable!("only numbers are brought to a space"),
        }
    }

    /// A node over a space that `target` is, or that it nests. (Not a
    /// broadcast: a collection seen from its own elements is both.)
    fn inner_to(&mut self, node: NodeId, target: SpaceId) -> NodeId {
        if self.ir.constant(node).is_some() || self.ir.over(node) == target {
            return node;
        }
        let Space::Nested { inner, .. } = *self.ir.space(target) else {
            unreachable!("an array is over its space or one nested in the target")
        };
        let node = self.inner_to(node, inner);
        self.ir.lift(node, target, Slot::Base(0))
    }

    /// A column whose parts went through `f`.
    pub(super) fn each_node(
        &mut self,
        col: Col,
        mut f: impl FnMut(&mut Self, NodeId) -> NodeId,
    ) -> Col {
        let value = f(self, col.value);
        let valid = col.valid.map(|n| f(self, n));
        Col { value, valid }
    }

    /// A node over an object's space, where the object is seen from.
    pub(super) fn bring_node(&mut self, node: NodeId, path: &[Step]) -> NodeId {
        let mut node = node;
        for step in path {
            if self.ir.constant(node).is_some() {
                return node;
            }
            node = match *step {
                Step::Lift { to, slot } => self.ir.lift(node, to, slot),
                Step::Pick { index } => self.ir.pick(node, index),
            };
        }
        node
    }

    /// A column over an object's space, where the object is seen from; missing
    /// where the object is.
    pub(super) fn bring(&mut self, col: Col, object: &Object) -> Col {
        let mut col = self.each_node(col, |c, n| c.bring_node(n, &object.path));
        col.valid = self.both(col.valid, object.valid);
        self.guard(col)
    }

    /// The object seen through one more step.
    pub(super) fn step(&mut self, object: &Object, step: Step) -> Object {
        let mut object = object.clone();
        object.valid = object.valid.map(|valid| self.bring_node(valid, &[step]));
        if let Step::Pick { index } = step {
            let exists = self.ir.exists(index);
            object.valid = self.both(object.valid, Some(exists));
        }
        object.path.push(step);
        object
    }

    /// Both of two conditions, which are over one line of ancestors.
    pub(super) fn both(&mut self, a: Option<NodeId>, b: Option<NodeId>) -> Option<NodeId> {
        match (a, b) {
            (Some(a), Some(b)) if a == b => Some(a),
            (Some(a), Some(b)) => {
                let target = self.deeper(self.ir.over(a), b);
                let [a, b] = [a, b].map(|n| self.ir.broadcast(n, target).expect("one line"));
                Some(self.ir.map(Map::And, &[a, b]))
            }
            (a, b) => a.or(b),
        }
    }

    /// Makes a boolean column false where it is missing.
    pub(super) fn guard(&mut self, col: Col) -> Col {
        let Some(valid) = col.valid else { return col };
        if self.ir.ty(col.value) != crate::ir::Ty::Bool {
            return col;
        }
        let value = self.both(Some(col.value), Some(valid)).expect("two conditions");
        Col { value, valid: Some(valid) }
    }

    /// A node over `space`: an ancestor's value for each element, a constant
    /// as a column that is the same everywhere.
    pub(super) fn solid(&mut self, node: NodeId, space: SpaceId) -> NodeId {
        if self.ir.constant(node).is_none() {
            return self.ir.broadcast(node, space).expect("a node over an ancestor");
        }
        let own = self.ir.own(space);
        let always = self.ir.exists(own);
        self.ir.map(Map::Select, &[always, node, node])
    }

    /// A condition of a fill over `space`; over the event it may be a constant.
    pub(super) fn fill_condition(&mut self, node: NodeId, space: SpaceId) -> NodeId {
        if space == SpaceId::EVENT { node } else { self.solid(node, space) }
    }

    /// True in all events.
    pub(super) fn always(&mut self) -> NodeId {
        self.ir.constant_node(Const::Bool(true))
    }
}
