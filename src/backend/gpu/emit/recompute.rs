//! What is worth keeping: costs, and who computes it again.

use super::consumer::{Consumer, consumed};
use super::graph::{Graph, Needed, spaces};
use super::places::{Keep, places};
use crate::ir::{Ir, Map, NodeId, Op, Slot, Space, SpaceId, Ty};
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// Cost (see [`Costs`]) from which a column is kept for a loop in a loop, and
/// for a loop in a loop in a loop. A kept one costs a write and some reads.
const WORTH: [u32; 2] = [60, 25];

/// What it costs to compute a node for one element, about one an instruction.
#[derive(Debug)]
pub(super) struct Costs(Vec<u32>);

impl Costs {
    pub(super) fn new(ir: &Ir) -> Costs {
        // Loops are taken to have this many turns.
        const TURNS: u32 = 4;
        let mut costs: Vec<u32> = Vec::with_capacity(ir.nodes().len());
        for node in ir.nodes() {
            let of = |n: &NodeId| costs[n.index()];
            let all = |nodes: &[NodeId]| nodes.iter().map(of).fold(0, u32::saturating_add);
            let mask = |mut space: SpaceId| {
                let mut cost = 2u32;
                while let Space::Filter { base, mask: node } | Space::Sort { base, key: node } =
                    ir.space(space)
                {
                    cost = cost.saturating_add(of(node));
                    space = *base;
                }
                cost
            };
            let cost = match &node.op {
                Op::Map(map, operands) => all(operands).saturating_add(match map {
                    Map::Kernel { kernel, .. } => ir.kernel(*kernel).cost().device,
                    Map::Div => 20,
                    _ => 1,
                }),
                Op::Join(operands) => operands.iter().map(of).max().unwrap_or(0),
                Op::Lift { node, .. } => of(node),
                Op::Pick { node, index } => all(&[*node, *index]),
                Op::Member { index: n, .. } | Op::Exists(n) => of(n),
                Op::Same(a, b) => all(&[*a, *b]),
                Op::Reduce(_, n) | Op::Best { key: n, .. } => {
                    TURNS.saturating_mul(of(n).saturating_add(mask(ir.over(*n))))
                }
                Op::Count(space) | Op::Nth { of: space, .. } | Op::Refer { of: space, .. } => {
                    TURNS.saturating_mul(mask(*space))
                }
                Op::Const(_) | Op::Column(_) | Op::Own | Op::Part => 1,
            };
            costs.push(cost);
        }
        Costs(costs)
    }
}

/// The columns that a kernel with these needs should keep, in an order in
/// which each can use those before it.
pub(super) fn to_store(ir: &Ir, costs: &Costs, needed: &Needed) -> Vec<Keep> {
    let mut search = Search { ir, costs, found: BTreeSet::new() };
    for at in 0..ir.nodes().len() {
        let id = NodeId(at as u32);
        if let Op::Lift { node, slot } = ir.node(id).op
            && needed.node(id)
        {
            match (ir.space(ir.over(id)), slot) {
                (Space::Combos { size: 2, .. }, Slot::Base(_))
                | (Space::Cross { .. } | Space::Nested { .. }, Slot::Base(_)) => {
                    search.consider(node, WORTH[0]);
                }
                (Space::Combos { .. }, Slot::Base(_) | Slot::Pair(..)) => {
                    search.consider(node, WORTH[1]);
                }
                _ => {}
            }
        }
    }
    for space in spaces(ir).filter(|s| needed.loops(*s)) {
        match ir.space(space) {
            Space::Combos { base, size } => search.masks(*base, WORTH[usize::from(*size > 2)]),
            Space::Cross { first, second } => {
                search.masks(*first, WORTH[0]);
                search.masks(*second, WORTH[0]);
            }
            Space::Nested { inner, .. } => search.masks(*inner, WORTH[0]),
            Space::Sort { base, key } => {
                search.consider(*key, WORTH[1]);
                search.masks(*base, WORTH[1]);
            }
            _ => {}
        }
    }
    search.found.into_iter().map(Keep::Node).collect()
}

struct Search<'s> {
    ir: &'s Ir,
    costs: &'s Costs,
    found: BTreeSet<NodeId>,
}

impl Search<'_> {
    /// Keeps the node, or what it is lifted or joined from, if it costs as much.
    fn consider(&mut self, node: NodeId, worth: u32) {
        if self.costs.0[node.index()] < worth {
            return;
        }
        match &self.ir.node(node).op {
            Op::Lift { node, slot: Slot::Base(_) } => self.consider(*node, worth),
            Op::Lift { .. } => {}
            Op::Join(operands) => operands.iter().for_each(|n| self.consider(*n, worth)),
            _ => {
                let plain = !matches!(self.ir.ty(node), Ty::Index(_));
                let over = self.ir.over(node);
                if plain && over != SpaceId::EVENT && places(self.ir, over).is_some() {
                    self.found.insert(node);
                }
            }
        }
    }

    /// The masks and keys that a loop over `space` evaluates.
    fn masks(&mut self, space: SpaceId, worth: u32) {
        match self.ir.space(space) {
            Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
                self.consider(*node, worth);
                self.masks(*base, worth);
            }
            Space::Concat { parts } => parts.iter().for_each(|p| self.masks(*p, worth)),
            _ => {}
        }
    }
}

/// The number of the last fill that needs something.
#[derive(Debug)]
pub(super) struct LastUse(BTreeMap<Keep, usize>);

impl LastUse {
    pub(super) fn new(plan: &Plan) -> LastUse {
        let mut last = BTreeMap::new();
        let mut needed = Needed::new(&plan.ir);
        for (number, fill) in plan.fills.iter().enumerate().rev() {
            fill.nodes().for_each(|n| needed.add(&plan.ir, n));
            last.extend(needed.news().map(|keep| (keep, number)));
        }
        LastUse(last)
    }

    /// What loops over an event's elements give to the kernel of these needs
    /// and also to fills after number `last`.
    pub(super) fn later(&self, graph: &Graph<'_>, needed: &Needed, last: usize) -> Vec<Keep> {
        let ir = graph.ir;
        let of_events = |c: &&Consumer| ir.parent(consumed(ir, **c)) == Some(SpaceId::EVENT);
        let all = spaces(ir).flat_map(|root| graph.consumers(root)).filter(of_events);
        let keeps = all.filter_map(|c| match *c {
            Consumer::Node(n) => needed.node(n).then_some(Keep::Node(n)),
            Consumer::Count(s) => needed.counts(s).then_some(Keep::Count(s)),
            Consumer::Kept(_) => None,
        });
        keeps.filter(|keep| self.0.get(keep).is_some_and(|user| *user > last)).collect()
    }
}
