//! Forward differentiation inside the graph: the tangent of a node is another
//! node, its derivative by one parameter. Common parts are shared as all nodes
//! are, and what does not depend on the parameter has no tangent.

use super::discontinuities::{Bits, Jumps};
use crate::hash::HashMap;
use crate::ir::{Const, Ir, KernelId, Map, NodeId, Op, Reduce, SpaceId, Ty};
use std::collections::BTreeSet;

/// Why there is no derivative, with the parameters to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocked {
    /// Elements come and go.
    Membership(Bits),
    /// A number is made of something that jumps.
    Jump(Bits),
    /// There is no rule for a kernel.
    NoRule(KernelId),
}

pub(super) type Tangent = Result<Option<NodeId>, Blocked>;

/// The tangents by one parameter, or by all of them at once.
pub(super) struct Tangents<'i> {
    pub(super) ir: &'i mut Ir,
    jumps: &'i Jumps,
    /// The parameters that change, each as much. If there are none nothing blocks, as
    /// what would has been seen before.
    moved: Bits,
    known: HashMap<NodeId, Option<NodeId>>,
}

impl<'i> Tangents<'i> {
    /// None are known yet; `jumps` is of the graph as it was compiled.
    pub(super) fn new(ir: &'i mut Ir, jumps: &'i Jumps, moved: Bits) -> Self {
        Tangents { ir, jumps, moved, known: HashMap::default() }
    }

    /// The derivative of a real node of the compiled graph: over its space or a
    /// constant; `None` if it is zero.
    pub(super) fn of(&mut self, node: NodeId) -> Tangent {
        let mut open = vec![node];
        // Operands come before their users.
        let mut order = BTreeSet::new();
        while let Some(node) = open.pop() {
            if !self.known.contains_key(&node) && order.insert(node) {
                open.extend(operands(self.ir, node));
            }
        }
        for node in order {
            let tangent = self.work_out(node)?;
            self.known.insert(node, tangent);
        }
        Ok(self.known[&node])
    }

    fn known(&self, node: NodeId) -> Option<NodeId> {
        self.known.get(&node).copied().flatten()
    }

    fn work_out(&mut self, node: NodeId) -> Tangent {
        let space = self.ir.over(node);
        match self.own(self.jumps.space(space)) {
            0 => {}
            bits => return Err(Blocked::Membership(bits)),
        }
        let tangent = match self.ir.node(node).op.clone() {
            Op::Const(Const::Parameter { index, .. }) => {
                (self.moved & (1 << index) != 0).then(|| self.ir.real(1.0))
            }
            Op::Map(map, nodes) => self.of_map(node, map, &nodes)?,
            Op::Lift { node, slot } => self.known(node).map(|t| self.ir.lift(t, space, slot)),
            Op::Join(nodes) => self.of_join(space, &nodes),
            Op::Reduce(Reduce::Sum, of) => self.known(of).map(|t| {
                let t = self.solid(t, self.ir.over(of));
                self.ir.reduce(Reduce::Sum, t)
            }),
            Op::Pick { node, index } => match self.own(self.jumps.node(index)) {
                0 => self.known(node).map(|t| self.picked(t, index)),
                bits => return Err(Blocked::Membership(bits)),
            },
            // None of these is a number that changes smoothly.
            Op::Reduce(Reduce::Tally | Reduce::Any, _)
            | Op::Const(_)
            | Op::Column(_)
            | Op::Count(_)
            | Op::Part
            | Op::Best { .. }
            | Op::Nth { .. }
            | Op::Own
            | Op::Refer { .. }
            | Op::Member { .. }
            | Op::Exists(_)
            | Op::Same(..) => None,
        };
        // A tangent of constants alone is over the event.
        Ok(tangent.map(|t| self.ir.broadcast(t, space).unwrap_or(t)))
    }

    fn of_map(&mut self, node: NodeId, map: Map, x: &[NodeId]) -> Tangent {
        let t: Vec<Option<NodeId>> = x.iter().map(|n| self.known(*n)).collect();
        self.of_element(node, map, x, &t)
    }

    /// The tangent of a function `node` of `x` from those of its operands. It is
    /// linear in them, element by element: the same rules serve both directions.
    pub(super) fn of_element(
        &mut self,
        node: NodeId,
        map: Map,
        x: &[NodeId],
        t: &[Option<NodeId>],
    ) -> Tangent {
        Ok(match (map, x, t) {
            (Map::Add, _, [a, b]) => self.plus(*a, *b),
            (Map::Sub, _, [a, b]) => {
                let b = b.map(|b| self.negative(b));
                self.plus(*a, b)
            }
            (Map::Mul, [x, y], [a, b]) => {
                let (a, b) = (a.map(|a| self.times(a, *y)), b.map(|b| self.times(*x, b)));
                self.plus(a, b)
            }
            (Map::Div, [_, y], [a, b]) => {
                let b = b.map(|b| {
                    let part = self.times(node, b);
                    self.negative(part)
                });
                self.plus(*a, b).map(|sum| self.ratio(sum, *y))
            }
            (Map::Neg, _, [a]) => a.map(|a| self.negative(a)),
            (Map::Select, [condition, ..], [_, None, None]) => {
                return self.constant_between_jumps(*condition);
            }
            (Map::Select, [condition, ..], [_, a, b]) => {
                let zero = self.ir.real(0.0);
                let branches = [*condition, a.unwrap_or(zero), b.unwrap_or(zero)];
                Some(self.map(Map::Select, &branches))
            }
            (Map::Kernel { kernel, result }, ..) => {
                return self.of_kernel(node, (kernel, usize::from(result)), x, t);
            }
            (_, nodes, _) => {
                for node in nodes {
                    self.constant_between_jumps(*node)?;
                }
                None
            }
        })
    }

    /// Those of these parameters that derivatives are by.
    pub(super) fn own(&self, bits: Bits) -> Bits {
        bits & self.moved
    }

    /// Zero, where the node does not depend on the parameter at all.
    pub(super) fn constant_between_jumps(&self, node: NodeId) -> Tangent {
        match self.own(self.jumps.node(node)) {
            0 => Ok(None),
            bits => Err(Blocked::Jump(bits)),
        }
    }

    fn of_join(&mut self, space: SpaceId, nodes: &[NodeId]) -> Option<NodeId> {
        nodes.iter().find_map(|n| self.known(*n))?;
        let crate::ir::Space::Concat { parts } = self.ir.space(space).clone() else { return None };
        let zero = self.ir.real(0.0);
        let tangents = nodes.iter().zip(parts);
        let tangents: Vec<NodeId> =
            tangents.map(|(n, part)| self.solid(self.known(*n).unwrap_or(zero), part)).collect();
        Some(self.ir.join(space, &tangents))
    }

    pub(super) fn picked(&mut self, tangent: NodeId, index: NodeId) -> NodeId {
        if self.ir.constant(tangent).is_none() {
            return self.ir.pick(tangent, index);
        }
        let (there, zero) = (self.ir.exists(index), self.ir.real(0.0));
        self.ir.map(Map::Select, &[there, tangent, zero])
    }

    /// A function of nodes over one space or of constants, and of what is made of
    /// constants, which is over the event.
    pub(super) fn map(&mut self, map: Map, operands: &[NodeId]) -> NodeId {
        let spaces = operands.iter().filter(|n| self.ir.constant(**n).is_none());
        let space = spaces.map(|n| self.ir.over(*n)).max_by_key(|space| *space != SpaceId::EVENT);
        let mut over = |n: &NodeId| self.ir.broadcast(*n, space?);
        let operands: Vec<NodeId> = operands.iter().map(|n| over(n).unwrap_or(*n)).collect();
        self.ir.map(map, &operands)
    }

    /// A column over `space`, of a constant too.
    pub(super) fn solid(&mut self, node: NodeId, space: SpaceId) -> NodeId {
        if self.ir.constant(node).is_none() {
            return node;
        }
        let own = self.ir.own(space);
        let always = self.ir.exists(own);
        self.ir.map(Map::Select, &[always, node, node])
    }

    pub(super) fn real(&self, node: NodeId) -> Option<f64> {
        match self.ir.constant(node) {
            Some(Const::Real { exact, .. }) => Some(exact),
            _ => None,
        }
    }

    /// The sum of two tangents.
    pub(super) fn plus(&mut self, a: Option<NodeId>, b: Option<NodeId>) -> Option<NodeId> {
        let (Some(x), Some(y)) = (a, b) else { return a.or(b) };
        Some(match (self.real(x), self.real(y)) {
            (Some(x), Some(y)) => self.ir.real(x + y),
            _ => self.map(Map::Add, &[x, y]),
        })
    }

    /// A product.
    pub(super) fn times(&mut self, a: NodeId, b: NodeId) -> NodeId {
        match (self.real(a), self.real(b)) {
            (Some(x), Some(y)) => self.ir.real(x * y),
            (Some(1.0), _) => b,
            (_, Some(1.0)) => a,
            _ => self.map(Map::Mul, &[a, b]),
        }
    }

    /// A quotient.
    pub(super) fn ratio(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.map(Map::Div, &[a, b])
    }

    /// The other sign.
    pub(super) fn negative(&mut self, a: NodeId) -> NodeId {
        match self.real(a) {
            Some(x) => self.ir.real(-x),
            None => self.ir.map(Map::Neg, &[a]),
        }
    }
}

/// The nodes whose tangents a node's tangent is made of.
fn operands(ir: &Ir, node: NodeId) -> Vec<NodeId> {
    let real = |nodes: &[NodeId]| -> Vec<NodeId> {
        nodes.iter().copied().filter(|n| ir.ty(*n) == Ty::F32).collect()
    };
    match &ir.node(node).op {
        Op::Map(map, nodes) if !matches!(map, Map::IsFinite | Map::IsNan) => real(nodes),
        Op::Join(nodes) => real(nodes),
        Op::Lift { node, .. } | Op::Reduce(Reduce::Sum, node) | Op::Pick { node, .. } => {
            real(&[*node])
        }
        _ => Vec::new(),
    }
}
