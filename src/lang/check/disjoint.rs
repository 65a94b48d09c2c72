//! `disjoint(a, b)`: whether elements have no stored element in common, whatever
//! filters, orders, concatenations and combinations they came through; and candidates
//! that share members because nothing asks for that.

use super::combine::Extent;
use super::value::{Col, Context, Object, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Const, Map, NodeId, Op, Reduce, Slot, Space, SpaceId};
use crate::plan::Fill;
use crate::syntax::{Expr, Span};
use crate::warning::Code;

/// A stored element that an element is or is made of: the collection, and its index
/// there as a value (none where the element has no such part).
type Origin = (SpaceId, Value);

/// What an argument is made of.
struct Side {
    span: Span,
    origins: Vec<Origin>,
    /// Whether the element is there; of a collection each index says so.
    valid: Option<NodeId>,
    /// Whether it is all elements of a collection.
    all: bool,
}

impl<'a> Checker<'a> {
    /// `disjoint(a, b, ...)`: no two of them have a stored element in common.
    pub(super) fn disjoint(&mut self, args: &[&'a Expr], ctx: &Context<'a>) -> Checked<Value> {
        let sides: Vec<Side> =
            args.iter().map(|arg| self.side(arg, ctx)).collect::<Checked<_>>()?;
        let mut result: Option<(Extent, Col)> = None;
        for (k, a) in sides.iter().enumerate() {
            for b in &sides[k + 1..] {
                let (extent, col) = self.apart(a, b)?;
                result = Some(match result {
                    None => (extent, col),
                    Some((before, other)) => {
                        let both = [(before.value(other), a.span), (extent.value(col), b.span)];
                        let (extent, cols) = self.align(&both)?;
                        let value = self.ir.map(Map::And, &[cols[0].value, cols[1].value]);
                        (extent, Col { value, valid: self.both(cols[0].valid, cols[1].valid) })
                    }
                });
            }
        }
        let (extent, col) = result.expect("two arguments at least");
        Ok(extent.value(col))
    }

    fn side(&mut self, arg: &'a Expr, ctx: &Context<'a>) -> Checked<Side> {
        let (object, each) = match self.expr(arg, ctx)? {
            Value::Object(object) => (object, None),
            Value::Elements(object, space) => (object, Some(space)),
            other => {
                let text = format!("`disjoint` compares elements, found {}", self.describe(&other));
                let help = "as in `pairs(z)[(a, b) => disjoint(a, b)]`";
                return self.fail(Diagnostic::new(arg.span, text).help(help));
            }
        };
        let value = |col: Col| match each {
            None => Value::Scalar(col),
            Some(space) => Value::Array(col, space),
        };
        let origins = self.origins(&object);
        let with = |(root, index)| (root, value(Col { value: index, valid: object.valid }));
        let origins = origins.into_iter().map(with).collect();
        let valid = object.valid.filter(|_| each.is_none());
        Ok(Side { span: arg.span, origins, valid, all: each.is_some() })
    }

    /// Whether two sides have no origin in common.
    fn apart(&mut self, a: &Side, b: &Side) -> Checked<(Extent, Col)> {
        if a.all && b.all {
            let text = "`disjoint` of two collections: one of them must be an element";
            let help = "as in `Jet[j => disjoint(j, lep)]`";
            return self.fail(Diagnostic::new(b.span, text).also(a.span, "and this").help(help));
        }
        let mut common: Option<(Extent, Col)> = None;
        for (root, left) in &a.origins {
            for (_, right) in b.origins.iter().filter(|(r, _)| r == root) {
                let operands = [(left.clone(), a.span), (right.clone(), b.span)];
                let (extent, cols) = self.align(&operands)?;
                let value = self.ir.same(cols[0].value, cols[1].value);
                let valid = self.both(cols[0].valid, cols[1].valid);
                let value = match common {
                    None => value,
                    Some((_, before)) => self.ir.map(Map::Or, &[before.value, value]),
                };
                common = Some((extent, Col { value, valid }));
            }
        }
        let Some((mut extent, mut col)) = common else {
            let text = "these have no collection in common: they are always disjoint";
            return self.fail(Diagnostic::new(b.span, text).also(a.span, "and this"));
        };
        self.compared.push(col.value);
        if let (Extent::Each(space), true) = (extent, a.all || b.all) {
            let common = self.guard(col).value;
            let common = self.solid(common, space);
            let valid = a.valid.or(b.valid);
            (extent, col) =
                (Extent::One, Col { value: self.ir.reduce(Reduce::Any, common), valid });
        }
        let value = self.ir.map(Map::Not, &[col.value]);
        Ok((extent, self.guard(Col { value, valid: col.valid })))
    }

    /// The stored elements that an element is made of, with their indices where it is
    /// seen from.
    fn origins(&mut self, object: &Object) -> Vec<(SpaceId, NodeId)> {
        let slots = match self.ir.space(object.of) {
            Space::Event | Space::Collection { .. } => {
                return vec![(object.of, self.index_of(object))];
            }
            Space::Concat { parts } => {
                let parts = parts.clone();
                return self.origins_of_parts(object, &parts);
            }
            Space::Filter { .. } | Space::Sort { .. } | Space::Nested { .. } => 1,
            Space::Combos { size, .. } => *size,
            Space::Cross { .. } => 2,
        };
        let of_slot = |k| {
            let member = self.related(object, Slot::Base(k));
            self.origins(&member)
        };
        (0..slots).flat_map(of_slot).collect()
    }

    /// Of an element of a concatenation: of each collection as many as any part has.
    fn origins_of_parts(&mut self, object: &Object, parts: &[SpaceId]) -> Vec<(SpaceId, NodeId)> {
        let each: Vec<Vec<(SpaceId, NodeId)>> =
            parts.iter().map(|part| self.origins(&Object::own(*part))).collect();
        let mut roots: Vec<SpaceId> = each.iter().flatten().map(|(root, _)| *root).collect();
        roots.sort_unstable();
        roots.dedup();
        let mut found = Vec::new();
        for root in roots {
            let of = |k: usize| each[k].iter().filter(|(r, _)| *r == root).map(|(_, n)| *n);
            let most = (0..parts.len()).map(|k| of(k).count()).max().unwrap_or(0);
            for nth in 0..most {
                let indices: Vec<NodeId> = (0..parts.len())
                    .map(|k| of(k).nth(nth).unwrap_or_else(|| self.nowhere(root, parts[k])))
                    .collect();
                let joined = self.ir.join(object.of, &indices);
                found.push((root, self.bring_node(joined, &object.path)));
            }
        }
        found
    }

    /// An index into a stored collection that points to none of its elements.
    fn nowhere(&mut self, root: SpaceId, over: SpaceId) -> NodeId {
        let none = self.ir.constant_node(Const::I32(-1));
        let ordinal = self.solid(none, over);
        self.ir.refer(ordinal, root)
    }

    /// Warns of candidates whose members may share elements, where a histogram or a cut
    /// uses them and nothing compares the members.
    pub(super) fn warn_of_shared_members(&mut self, fills: &[Fill]) {
        let reached = self.ir.reached(fills.iter().flat_map(Fill::nodes));
        let sharing = self.sharing();
        let mut used: Vec<SpaceId> = Vec::new();
        let mut look = |space: SpaceId| used.extend(sharing[space.index()]);
        for (node, _) in self.ir.nodes().iter().zip(&reached).filter(|(_, reached)| **reached) {
            match &node.op {
                Op::Count(of) | Op::Nth { of, .. } => look(*of),
                Op::Reduce(_, of) | Op::Best { key: of, .. } => look(self.ir.over(*of)),
                _ => {}
            }
        }
        fills.iter().for_each(|fill| look(self.ir.over(fill.mask)));
        for (space, span) in self.made.clone() {
            if used.contains(&space) {
                let text = format!(
                    "the members of `{}` may have elements in common: keep those that have none \
                     by `[(a, b) => disjoint(a, b)]`",
                    self.source(span)
                );
                self.warn(Code::SharedMembers, span, text);
            }
        }
    }

    /// Of each space the candidates in it whose members may share elements.
    fn sharing(&self) -> Vec<Option<SpaceId>> {
        let mut found: Vec<Option<SpaceId>> = Vec::with_capacity(self.ir.spaces().len());
        for (k, space) in self.ir.spaces().iter().enumerate() {
            let own = Some(SpaceId(k as u32));
            let of = |space: &SpaceId| found[space.index()];
            let shared = match space {
                Space::Event | Space::Collection { .. } => None,
                Space::Filter { base, mask } => of(base).filter(|_| !self.compares(*mask)),
                Space::Sort { base, .. } | Space::Nested { inner: base, .. } => of(base),
                Space::Concat { parts } => parts.iter().find_map(of),
                Space::Combos { base, .. } => own.filter(|_| self.levels(*base) > 0),
                Space::Cross { first, second } => {
                    let candidates = self.levels(*first) + self.levels(*second) > 0;
                    let second = self.roots(*second);
                    let common = || self.roots(*first).iter().any(|r| second.contains(r));
                    own.filter(|_| candidates && common())
                }
            };
            found.push(shared);
        }
        found
    }

    /// Whether a condition compares elements.
    fn compares(&self, mask: NodeId) -> bool {
        let (mut open, mut seen) = (vec![mask], Vec::new());
        while let Some(node) = open.pop() {
            if self.compared.contains(&node) {
                return true;
            }
            if !seen.contains(&node) {
                seen.push(node);
                open.extend(self.ir.node(node).op.operands());
            }
        }
        false
    }

    /// The stored collections that elements of a space are made of.
    fn roots(&self, space: SpaceId) -> Vec<SpaceId> {
        match self.ir.space(space) {
            Space::Event | Space::Collection { .. } => vec![space],
            Space::Filter { base, .. }
            | Space::Sort { base, .. }
            | Space::Combos { base, .. }
            | Space::Nested { inner: base, .. } => self.roots(*base),
            Space::Concat { parts } => parts.iter().flat_map(|p| self.roots(*p)).collect(),
            Space::Cross { first, second } => [self.roots(*first), self.roots(*second)].concat(),
        }
    }
}
