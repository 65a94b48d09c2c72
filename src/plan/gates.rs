//! Where values are needed: what is behind a cut is computed for events that
//! pass it only.
//!
//! A value that every fill uses together with a mask `a and b` is not needed
//! where `a` is false, nor is `b`. From the fills back to the columns each node
//! and space gets its *demand*: booleans that are all true wherever something
//! depends on it. Spaces that multiply others, which cost most, are then left
//! empty in the groups where their demand is not met: no value of them is seen.

use super::Plan;
use crate::hash::HashMap;
use crate::ir::{Ir, Map, NodeId, Op, Slot, Space, SpaceId, Ty};
use std::rc::Rc;

/// Booleans, ascending, none twice.
type Demand = Rc<[NodeId]>;

/// For each space the booleans, over its parent or the event, without which
/// its groups are not needed; none for a space that multiplies nothing.
pub(crate) fn gates(plan: &Plan) -> Vec<Vec<NodeId>> {
    let ir = &plan.ir;
    let mut demands = Demands {
        ir,
        nodes: vec![None; ir.nodes().len()],
        spaces: vec![None; ir.spaces().len()],
        known: HashMap::default(),
    };
    let nothing: Demand = Rc::new([]);
    for fill in &plan.fills {
        let mask = demands.conjuncts(fill.mask);
        [Some(fill.mask), fill.missing].iter().flatten().for_each(|n| demands.node(*n, &nothing));
        let beside = |n: &NodeId| *n != fill.mask && Some(*n) != fill.missing;
        fill.nodes().filter(beside).for_each(|n| demands.node(n, &mask));
    }
    let defined = by_definition(ir);
    for at in (0..defined.len()).rev() {
        defined[at].iter().rev().for_each(|space| demands.pass_on_space(*space));
        if at > 0 {
            demands.pass_on_node(NodeId(at as u32 - 1));
        }
    }
    let spaces = (0..ir.spaces().len()).map(|k| SpaceId(k as u32));
    spaces.map(|space| demands.gates_of(space)).collect()
}

/// For each node (counted from 1) the spaces that rest on it and on nodes
/// before it, each after those that it rests on.
fn by_definition(ir: &Ir) -> Vec<Vec<SpaceId>> {
    let mut keys: Vec<usize> = Vec::new();
    let mut defined = vec![vec![]; ir.nodes().len() + 1];
    for (k, space) in ir.spaces().iter().enumerate() {
        let key = |s: &SpaceId| keys[s.index()];
        let key = match space {
            Space::Event | Space::Collection { .. } => 0,
            Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
                key(base).max(node.index() + 1)
            }
            Space::Concat { parts } => parts.iter().map(key).max().unwrap_or(0),
            Space::Combos { base, .. } => key(base),
            Space::Cross { first: a, second: b } | Space::Nested { outer: a, inner: b } => {
                key(a).max(key(b))
            }
        };
        keys.push(key);
        defined[key].push(SpaceId(k as u32));
    }
    // Larger combinations rest on the pairs of their base.
    let rank = |s: &SpaceId| match ir.space(*s) {
        Space::Combos { base, size: 2 } => (base.index(), 1),
        _ => (s.index(), 0),
    };
    defined.iter_mut().for_each(|spaces| spaces.sort_by_key(rank));
    defined
}

struct Demands<'a> {
    ir: &'a Ir,
    /// `None`: nothing depends on it.
    nodes: Vec<Option<Demand>>,
    spaces: Vec<Option<Demand>>,
    /// The conjuncts of booleans met so far.
    known: HashMap<NodeId, Demand>,
}

impl Demands<'_> {
    /// A boolean and all others that are true wherever it is.
    fn conjuncts(&mut self, id: NodeId) -> Demand {
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let (mut found, mut next) = (vec![], vec![id]);
        while let Some(id) = next.pop() {
            if self.ir.constant(id).is_some() {
                continue;
            }
            found.push(id);
            match &self.ir.node(id).op {
                Op::Map(Map::And, ops) => next.extend(ops),
                Op::Lift { node, slot: Slot::Parent } => next.push(*node),
                _ => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        let found: Demand = found.into();
        self.known.insert(id, found.clone());
        found
    }

    /// The node is needed where all of `demand` are true.
    fn node(&mut self, id: NodeId, demand: &Demand) {
        let over = self.ir.over(id);
        let demand = self.seen_from(over, demand);
        meet(&mut self.nodes[id.index()], &demand);
    }

    /// The groups of the space are needed where all of `demand` are true.
    fn space(&mut self, id: SpaceId, demand: &Demand) {
        let Some(parent) = self.ir.parent(id) else { return };
        let demand = self.seen_from(parent, demand);
        meet(&mut self.spaces[id.index()], &demand);
    }

    /// Those that are over the space or an ancestor of it.
    fn seen_from(&self, space: SpaceId, demand: &Demand) -> Demand {
        let seen = |n: &NodeId| self.ir.is_ancestor(self.ir.over(*n), space);
        if demand.iter().all(seen) {
            return demand.clone();
        }
        demand.iter().copied().filter(seen).collect()
    }

    /// What the node needs is needed where the node is.
    fn pass_on_node(&mut self, id: NodeId) {
        let Some(demand) = self.nodes[id.index()].clone() else { return };
        let (ir, node) = (self.ir, self.ir.node(id));
        // An index may point into another group, but to no other event.
        let far: Demand =
            demand.iter().copied().filter(|n| ir.over(*n) == SpaceId::EVENT).collect();
        match &node.op {
            Op::Map(Map::And, ops) if node.ty == Ty::Bool => {
                self.node(ops[0], &demand);
                let first = self.conjuncts(ops[0]);
                self.node(ops[1], &join(&demand, &first));
            }
            Op::Pick { node, index } => {
                self.node(*node, &far);
                self.node(*index, &demand);
            }
            Op::Lift { node, slot: Slot::Base(_) | Slot::Pair(..) } => {
                // A member is in a group of its own: a boolean over its very
                // space speaks of another element.
                let over = ir.over(*node);
                let of_group = demand.iter().copied().filter(|n| ir.over(*n) != over);
                self.node(*node, &of_group.collect());
            }
            op => op.operands().into_iter().for_each(|n| self.node(n, &demand)),
        }
        let points = matches!(node.op, Op::Member { .. } | Op::Refer { .. });
        let spaces = ir.spaces_of(id);
        spaces.into_iter().for_each(|s| self.space(s, if points { &far } else { &demand }));
    }

    fn pass_on_space(&mut self, id: SpaceId) {
        let Some(demand) = self.spaces[id.index()].clone() else { return };
        match self.ir.space(id) {
            Space::Event | Space::Collection { .. } => {}
            Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
                self.node(*node, &demand);
                self.space(*base, &demand);
            }
            Space::Concat { parts } => parts.iter().for_each(|p| self.space(*p, &demand)),
            Space::Combos { base, size } => {
                self.space(*base, &demand);
                if let (true, Some(pairs)) = (*size > 2, self.ir.slot_space(id, Slot::Pair(0, 1))) {
                    self.space(pairs, &demand);
                }
            }
            Space::Cross { first, second } => {
                self.space(*first, &demand);
                self.space(*second, &demand);
            }
            Space::Nested { outer, inner } => {
                let parent = self.ir.parent(*inner).expect("the event nests in nothing");
                let mut at = *outer;
                while at != parent {
                    self.space(at, &demand);
                    at = self.ir.parent(at).expect("an ancestor is on the way up");
                }
                self.space(*outer, &demand);
                self.space(*inner, &demand);
            }
        }
    }

    fn gates_of(&mut self, id: SpaceId) -> Vec<NodeId> {
        let (Some(demand), true) = (self.spaces[id.index()].clone(), self.ir.is_product(id)) else {
            return vec![];
        };
        let parent = self.ir.parent(id);
        let near = |n: &NodeId| {
            let over = self.ir.over(*n);
            over == SpaceId::EVENT || Some(over) == parent
        };
        let mut gates: Vec<NodeId> = demand.iter().copied().filter(near).collect();
        // Those that others say already.
        for gate in gates.clone() {
            let said = self.conjuncts(gate);
            gates.retain(|n| *n == gate || !said.contains(n));
        }
        gates
    }
}

/// What is in both; `None` is everything.
fn meet(a: &mut Option<Demand>, b: &Demand) {
    *a = Some(match a.take() {
        None => b.clone(),
        Some(a) if a == *b => a,
        Some(a) => a.iter().copied().filter(|n| b.binary_search(n).is_ok()).collect(),
    });
}

/// What is in one or both.
fn join(a: &Demand, b: &Demand) -> Demand {
    if a.is_empty() {
        return b.clone();
    }
    let mut all: Vec<NodeId> = a.iter().chain(b.iter()).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}
