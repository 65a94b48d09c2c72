//! Reverse differentiation inside the graph: the adjoint of a node is another
//! node, the derivative of one number a fill's entry by the node's value. All
//! adjoints come from one walk from the fills down to the parameters, however
//! many there are.
//!
//! What a node is looked at through, members of combinations or the chosen one of
//! some elements, has no inverse among the operations. So an adjoint stays where
//! it is used, over the combinations or the event, and what it is multiplied by
//! is brought there the way that the values come: a [`View`] of the node.
//!
//! An adjoint of zero stays zero, whatever it is multiplied by: the derivative of
//! what was not chosen may be infinite.

use super::discontinuities::Jumps;
use super::tangent::{Blocked, Tangents};
use crate::ir::{Const, Ir, Map, NodeId, Op, Reduce, Slot, SpaceId, Ty};
use std::collections::BTreeMap;

/// A sum over elements that are seen through something that cannot be turned
/// around, or a derivative that there is none of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OneWay;

impl From<Blocked> for OneWay {
    fn from(_: Blocked) -> OneWay {
        OneWay
    }
}

/// One step from the elements that look to those that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// From an element of this space to a related one.
    Slot(SpaceId, Slot),
    /// To where this index points.
    Pick(NodeId),
    /// From an element of this concatenation to that of the part, if it is of it.
    Part(SpaceId, usize),
}

/// From where a node is looked at, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
struct View {
    from: SpaceId,
    /// None: the node is over `from`.
    steps: Vec<Step>,
}

impl View {
    fn plain(from: SpaceId) -> View {
        View { from, steps: Vec::new() }
    }

    fn and(&self, step: Step) -> View {
        View { from: self.from, steps: [&self.steps[..], &[step]].concat() }
    }
}

/// The adjoints of one number that each entry of some fills gives.
pub(super) struct Adjoints<'i> {
    rules: Tangents<'i>,
    /// Of the graph as it was compiled.
    jumps: &'i Jumps,
    /// Of nodes whose users have been seen: the adjoint in each view.
    open: BTreeMap<NodeId, Vec<(View, NodeId)>>,
    /// Of each parameter, over each space.
    parameters: Vec<Vec<(SpaceId, NodeId)>>,
}

impl<'i> Adjoints<'i> {
    /// None are known yet; `jumps` is of the graph as it was compiled.
    pub(super) fn new(ir: &'i mut Ir, jumps: &'i Jumps, parameters: usize) -> Self {
        Adjoints {
            rules: Tangents::new(ir, jumps, 0),
            jumps,
            open: BTreeMap::new(),
            parameters: vec![Vec::new(); parameters],
        }
    }

    /// The graph, to add to.
    pub(super) fn ir(&mut self) -> &mut Ir {
        self.rules.ir
    }

    /// Adds an adjoint of a node over `space`, or of a constant that is used there.
    pub(super) fn add(&mut self, node: NodeId, space: SpaceId, adjoint: NodeId) {
        self.add_seen(node, View::plain(space), adjoint);
    }

    /// Adds an adjoint of a parameter.
    pub(super) fn add_parameter(&mut self, parameter: usize, space: SpaceId, adjoint: NodeId) {
        let known = self.parameters[parameter].iter().position(|(over, _)| *over == space);
        match known {
            None => self.parameters[parameter].push((space, adjoint)),
            Some(k) => {
                let sum = self.rules.plus(Some(self.parameters[parameter][k].1), Some(adjoint));
                self.parameters[parameter][k].1 = sum.unwrap_or(adjoint);
            }
        }
    }

    fn add_seen(&mut self, node: NodeId, view: View, adjoint: NodeId) {
        match self.rules.ir.constant(node) {
            Some(Const::Parameter { index, .. }) => {
                return self.add_parameter(index as usize, view.from, adjoint);
            }
            Some(_) => return,
            None if self.jumps.node(node) == 0 || self.rules.ir.ty(node) != Ty::F32 => return,
            None => {}
        }
        let views = self.open.entry(node).or_default();
        match views.iter_mut().find(|(known, _)| *known == view) {
            Some((_, sum)) => *sum = self.rules.plus(Some(*sum), Some(adjoint)).unwrap_or(adjoint),
            None => views.push((view, adjoint)),
        }
    }

    /// The adjoints of all parameters over the event; `None` where nothing depends
    /// on one.
    pub(super) fn finished(mut self) -> Result<Vec<Option<NodeId>>, OneWay> {
        // Users come after their operands.
        while let Some((node, views)) = self.open.pop_last() {
            for (view, adjoint) in views {
                self.pass(node, &view, adjoint)?;
            }
        }
        let parameters = std::mem::take(&mut self.parameters);
        let mut each = |found: Vec<(SpaceId, NodeId)>| {
            found.into_iter().fold(None, |sum, (space, adjoint)| {
                let whole = self.summed(adjoint, space, SpaceId::EVENT);
                self.rules.plus(sum, Some(whole))
            })
        };
        Ok(parameters.into_iter().map(&mut each).collect())
    }

    /// Passes a node's adjoint on to its operands.
    fn pass(&mut self, node: NodeId, view: &View, adjoint: NodeId) -> Result<(), OneWay> {
        let space = self.rules.ir.over(node);
        match self.rules.ir.node(node).op.clone() {
            Op::Map(map, x) => self.through_map(node, map, &x, view, adjoint)?,
            Op::Lift { node: of, slot } => self.through_lift((of, space, slot), view, adjoint),
            Op::Join(parts) => {
                let part = self.rules.ir.part(space);
                let part = self.seen(part, space, view);
                for (k, of) in parts.into_iter().enumerate() {
                    let number = self.rules.ir.constant_node(Const::I32(k as i32));
                    let own = self.rules.map(Map::Eq, &[part, number]);
                    let own = self.where_true(own, adjoint);
                    self.add_seen(of, view.and(Step::Part(space, k)), own);
                }
            }
            Op::Reduce(Reduce::Sum, of) => {
                if !view.steps.is_empty() {
                    return Err(OneWay);
                }
                let inner = self.rules.ir.over(of);
                let each = self.rules.ir.lift(adjoint, inner, Slot::Parent);
                self.add(of, inner, each);
            }
            Op::Pick { node: of, index } => {
                let there = self.rules.ir.exists(index);
                let there = self.seen(there, space, view);
                let adjoint = self.where_true(there, adjoint);
                self.add_seen(of, view.and(Step::Pick(index)), adjoint);
            }
            _ => {}
        }
        Ok(())
    }

    /// The rules are linear and element by element: with one tangent at a time they
    /// give what belongs to each operand.
    fn through_map(
        &mut self,
        node: NodeId,
        map: Map,
        x: &[NodeId],
        view: &View,
        adjoint: NodeId,
    ) -> Result<(), OneWay> {
        let space = self.rules.ir.over(node);
        for (k, operand) in x.iter().enumerate() {
            if self.jumps.node(*operand) == 0 || self.rules.ir.ty(*operand) != Ty::F32 {
                continue;
            }
            let one = self.rules.ir.real(1.0);
            let mut tangents = vec![None; x.len()];
            let passed = match (view.steps.is_empty(), map) {
                (true, _) => {
                    tangents[k] = Some(adjoint);
                    self.rules.of_element(node, map, x, &tangents)?
                }
                (false, Map::Select) => {
                    let condition = self.seen(x[0], space, view);
                    let zero = self.rules.ir.real(0.0);
                    let branches = if k == 1 { [adjoint, zero] } else { [zero, adjoint] };
                    Some(self.rules.map(map, &[condition, branches[0], branches[1]]))
                }
                (false, _) => {
                    tangents[k] = Some(one);
                    let slope = self.rules.of_element(node, map, x, &tangents)?;
                    slope.map(|slope| {
                        let slope = self.seen(slope, space, view);
                        self.rules.times(adjoint, slope)
                    })
                }
            };
            let Some(mut passed) = passed else { continue };
            let other = |n: &NodeId| n == operand || self.rules.ir.constant(*n).is_some();
            let finite = matches!(map, Map::Add | Map::Sub | Map::Neg | Map::Select)
                || (map == Map::Mul && x.iter().all(other) && x[0] != x[1]);
            if !finite {
                let zero = self.rules.ir.real(0.0);
                let some = self.rules.map(Map::Ne, &[adjoint, zero]);
                passed = self.where_true(some, passed);
            }
            self.add_seen(*operand, view.clone(), passed);
        }
        Ok(())
    }

    fn through_lift(
        &mut self,
        (of, space, slot): (NodeId, SpaceId, Slot),
        view: &View,
        adjoint: NodeId,
    ) {
        let up = self.rules.ir.over(of);
        let picked = view.steps.iter().any(|step| matches!(step, Step::Pick(_)));
        // Whatever is looked at is of the same event, and but for what an index points
        // to its ancestors are those of what looks.
        let above = self.rules.ir.is_ancestor(up, view.from) && (!picked || up == SpaceId::EVENT);
        if slot == Slot::Parent && above {
            let sum = self.summed(adjoint, view.from, up);
            return self.add(of, up, sum);
        }
        self.add_seen(of, view.and(Step::Slot(space, slot)), adjoint);
    }

    /// The sums of an adjoint over the elements of each element of an ancestor.
    fn summed(&mut self, adjoint: NodeId, mut space: SpaceId, up: SpaceId) -> NodeId {
        let mut sum = adjoint;
        while space != up {
            let Some(parent) = self.rules.ir.parent(space) else { break };
            let over = self.rules.ir.broadcast(sum, space).unwrap_or(sum);
            let solid = self.rules.solid(over, space);
            sum = self.rules.ir.reduce(Reduce::Sum, solid);
            space = parent;
        }
        sum
    }

    /// `adjoint` where a condition holds, else zero.
    fn where_true(&mut self, condition: NodeId, adjoint: NodeId) -> NodeId {
        let zero = self.rules.ir.real(0.0);
        self.rules.map(Map::Select, &[condition, adjoint, zero])
    }

    /// A column over `space`, or a constant, as it is seen in a view; 0 where nothing
    /// is looked at.
    fn seen(&mut self, node: NodeId, space: SpaceId, view: &View) -> NodeId {
        if view.steps.is_empty() || self.rules.ir.constant(node).is_some() {
            return node;
        }
        let mut seen = self.rules.ir.broadcast(node, space).unwrap_or(node);
        for step in view.steps.iter().rev() {
            seen = match *step {
                Step::Slot(to, slot) => self.rules.ir.lift(seen, to, slot),
                Step::Pick(index) => self.rules.ir.pick(seen, index),
                Step::Part(concat, k) => self.of_part(seen, concat, k),
            };
        }
        seen
    }

    /// A column over part `k` for the elements of a concatenation, 0 for others.
    fn of_part(&mut self, node: NodeId, concat: SpaceId, k: usize) -> NodeId {
        let crate::ir::Space::Concat { parts } = self.rules.ir.space(concat).clone() else {
            return node;
        };
        let zero = match self.rules.ir.ty(node) {
            Ty::Bool => Const::Bool(false),
            Ty::I32 => Const::I32(0),
            Ty::I64 => Const::I64(0),
            _ => Const::real(0.0),
        };
        let zero = self.rules.ir.constant_node(zero);
        let own = |(part, space)| if part == k { node } else { self.rules.solid(zero, space) };
        let columns: Vec<NodeId> = parts.into_iter().enumerate().map(own).collect();
        self.rules.ir.join(concat, &columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Space;

    /// Sums over the muons of each jet, seen from pairs of jets: the adjoint of a
    /// muon would be a sum over pairs, for which there is no operation.
    #[test]
    fn sums_that_are_looked_at_through_members_go_one_way() {
        let mut ir = Ir::default();
        let mut collection =
            |counter, name: &str| ir.add_space(Space::Collection { counter, name: name.into() });
        let (jet, muon) = (collection(0, "Jet"), collection(1, "Muon"));
        let pt = ir.column(0, muon, Ty::F32);
        let seen = ir.add_space(Space::Nested { outer: jet, inner: muon });
        let pairs = ir.add_space(Space::Combos { base: jet, size: 2 });
        let parameter = ir.parameter(0, 2.0);
        let each = ir.lift(pt, seen, Slot::Base(0));
        let each = ir.map(Map::Mul, &[each, parameter]);
        let sum = ir.reduce(Reduce::Sum, each);
        let of_member = ir.lift(sum, pairs, Slot::Base(1));
        let jumps = Jumps::new(&ir);
        let one = ir.real(1.0);
        for (node, space, possible) in [(sum, jet, true), (of_member, pairs, false)] {
            let mut adjoints = Adjoints::new(&mut ir, &jumps, 1);
            adjoints.add(node, space, one);
            assert_eq!(adjoints.finished().is_ok(), possible);
        }
    }
}
