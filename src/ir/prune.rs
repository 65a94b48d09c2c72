//! The part of a DAG that something needs.
//!
//! An analysis may define more than its histograms use. What no fill reaches is
//! left out of the plan, so that its columns are not read.

use super::{Ir, Node, NodeId, Op, Space, SpaceId, Ty};

/// A smaller DAG, and where what it kept has gone.
#[derive(Debug)]
pub struct Pruned {
    /// Nodes and spaces in their old order, columns and counters renumbered.
    pub ir: Ir,
    /// The old numbers of its columns.
    pub columns: Vec<usize>,
    /// The old numbers of its counters.
    pub counters: Vec<usize>,
    nodes: Vec<Option<NodeId>>,
}

impl Pruned {
    /// The new id of a node.
    ///
    /// # Panics
    /// If it was not reached from the roots.
    pub fn node(&self, old: NodeId) -> NodeId {
        self.nodes[old.index()].expect("a node that was kept")
    }
}

impl Op {
    /// The nodes whose columns it reads.
    pub fn operands(&self) -> Vec<NodeId> {
        match self {
            Op::Const(_) | Op::Column(_) | Op::Count(_) | Op::Part | Op::Nth { .. } | Op::Own => {
                vec![]
            }
            Op::Map(_, nodes) | Op::Join(nodes) => nodes.clone(),
            Op::Lift { node, .. } | Op::Reduce(_, node) | Op::Exists(node) => vec![*node],
            Op::Best { key, .. } => vec![*key],
            Op::Refer { ordinal, .. } => vec![*ordinal],
            Op::Member { index, .. } => vec![*index],
            Op::Pick { node, index } => vec![*node, *index],
            Op::Same(a, b) => vec![*a, *b],
        }
    }

    /// The same of other nodes, spaces and columns.
    pub(super) fn renamed(
        &self,
        node: impl Fn(&NodeId) -> NodeId,
        space: impl Fn(&SpaceId) -> SpaceId,
        column: impl Fn(usize) -> usize,
    ) -> Op {
        match self {
            Op::Const(_) | Op::Part | Op::Own => self.clone(),
            Op::Column(k) => Op::Column(column(*k)),
            Op::Count(of) => Op::Count(space(of)),
            Op::Map(map, nodes) => Op::Map(*map, nodes.iter().map(node).collect()),
            Op::Lift { node: of, slot } => Op::Lift { node: node(of), slot: *slot },
            Op::Join(nodes) => Op::Join(nodes.iter().map(node).collect()),
            Op::Reduce(how, of) => Op::Reduce(*how, node(of)),
            Op::Best { key, greatest } => Op::Best { key: node(key), greatest: *greatest },
            Op::Nth { of, nth } => Op::Nth { of: space(of), nth: *nth },
            Op::Refer { ordinal, of } => Op::Refer { ordinal: node(ordinal), of: space(of) },
            Op::Member { index, slot } => Op::Member { index: node(index), slot: *slot },
            Op::Pick { node: of, index } => Op::Pick { node: node(of), index: node(index) },
            Op::Exists(index) => Op::Exists(node(index)),
            Op::Same(a, b) => Op::Same(node(a), node(b)),
        }
    }
}

impl Space {
    /// The spaces and the node that it is made of.
    fn parts(&self) -> (Vec<SpaceId>, Option<NodeId>) {
        match self {
            Space::Event | Space::Collection { .. } => (vec![], None),
            Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
                (vec![*base], Some(*node))
            }
            Space::Concat { parts } => (parts.clone(), None),
            Space::Combos { base, .. } => (vec![*base], None),
            Space::Cross { first, second } => (vec![*first, *second], None),
            Space::Nested { outer, inner } => (vec![*outer, *inner], None),
        }
    }

    pub(super) fn renamed(
        &self,
        node: impl Fn(&NodeId) -> NodeId,
        space: impl Fn(&SpaceId) -> SpaceId,
        counter: impl Fn(usize) -> usize,
    ) -> Space {
        match self {
            Space::Event => Space::Event,
            Space::Collection { counter: k, name } => {
                Space::Collection { counter: counter(*k), name: name.clone() }
            }
            Space::Filter { base, mask } => Space::Filter { base: space(base), mask: node(mask) },
            Space::Sort { base, key } => Space::Sort { base: space(base), key: node(key) },
            Space::Concat { parts } => Space::Concat { parts: parts.iter().map(space).collect() },
            Space::Combos { base, size } => Space::Combos { base: space(base), size: *size },
            Space::Cross { first, second } => {
                Space::Cross { first: space(first), second: space(second) }
            }
            Space::Nested { outer, inner } => {
                Space::Nested { outer: space(outer), inner: space(inner) }
            }
        }
    }
}

/// What has been reached.
struct Reach {
    nodes: Vec<bool>,
    spaces: Vec<bool>,
}

impl Reach {
    fn new(ir: &Ir, roots: impl Iterator<Item = NodeId>) -> Reach {
        let (nodes, spaces) = (vec![false; ir.nodes().len()], vec![false; ir.spaces().len()]);
        let mut reach = Reach { nodes, spaces };
        reach.spaces[SpaceId::EVENT.index()] = true;
        let mut open: Vec<NodeId> = roots.collect();
        while let Some(id) = open.pop() {
            if !std::mem::replace(&mut reach.nodes[id.index()], true) {
                open.extend(ir.node(id).op.operands());
                reach.spaces_of(ir, id, &mut open);
            }
        }
        reach
    }

    /// The spaces that a node speaks of; their nodes are left open.
    fn spaces_of(&mut self, ir: &Ir, id: NodeId, open: &mut Vec<NodeId>) {
        let Node { op, space, ty } = ir.node(id);
        let mut spaces = vec![*space];
        if let Ty::Index(of) = ty {
            spaces.push(*of);
        }
        match op {
            Op::Count(of) | Op::Nth { of, .. } | Op::Refer { of, .. } => spaces.push(*of),
            Op::Lift { slot, .. } => spaces.extend(ir.slot_space(*space, *slot)),
            Op::Member { index, slot } => {
                if let Ty::Index(of) = ir.ty(*index) {
                    spaces.extend(ir.slot_space(of, *slot));
                }
            }
            _ => {}
        }
        while let Some(space) = spaces.pop() {
            if !std::mem::replace(&mut self.spaces[space.index()], true) {
                let (parts, node) = ir.space(space).parts();
                spaces.extend(parts);
                open.extend(node);
            }
        }
    }
}

impl Ir {
    /// For each node whether `roots` need it.
    pub(crate) fn reached(&self, roots: impl Iterator<Item = NodeId>) -> Vec<bool> {
        Reach::new(self, roots).nodes
    }

    /// The nodes and spaces that `roots` need, of `columns` columns and
    /// `counters` counters.
    pub fn pruned(
        &self,
        roots: impl Iterator<Item = NodeId>,
        columns: usize,
        counters: usize,
    ) -> Pruned {
        let reach = Reach::new(self, roots);
        let (mut column_used, mut counter_used) = (vec![false; columns], vec![false; counters]);
        for (node, _) in self.nodes().iter().zip(&reach.nodes).filter(|(_, used)| **used) {
            if let Op::Column(k) = node.op {
                column_used[k] = true;
            }
        }
        for (space, _) in self.spaces().iter().zip(&reach.spaces).filter(|(_, used)| **used) {
            if let Space::Collection { counter, .. } = space {
                counter_used[*counter] = true;
            }
        }
        let columns: Vec<usize> = (0..columns).filter(|k| column_used[*k]).collect();
        let counters: Vec<usize> = (0..counters).filter(|k| counter_used[*k]).collect();
        let (nodes, spaces) = (numbers(&reach.nodes), numbers(&reach.spaces));
        let node = |id: &NodeId| NodeId(nodes[id.index()].expect("operands are reached"));
        let space = |id: &SpaceId| SpaceId(spaces[id.index()].expect("spaces are reached"));
        let column = |k: usize| position(&columns, k);
        let counter = |k: usize| position(&counters, k);
        let ty = |ty: Ty| match ty {
            Ty::Index(of) => Ty::Index(space(&of)),
            other => other,
        };
        let kept = self.nodes().iter().zip(&reach.nodes).filter(|(_, used)| **used);
        let new_nodes = kept.map(|(n, _)| Node {
            op: n.op.renamed(node, space, column),
            space: space(&n.space),
            ty: ty(n.ty),
        });
        let kept = self.spaces().iter().zip(&reach.spaces).filter(|(_, used)| **used);
        let new_spaces = kept.map(|(s, _)| s.renamed(node, space, counter));
        let ir = Ir::of(new_spaces.collect(), new_nodes.collect(), self.kernels().to_vec());
        Pruned { ir, columns, counters, nodes: nodes.iter().map(|n| n.map(NodeId)).collect() }
    }
}

impl Ir {
    /// The same with other numbers for its columns and counters.
    pub fn renumbered(
        &self,
        column: impl Fn(usize) -> usize,
        counter: impl Fn(usize) -> usize,
    ) -> Ir {
        let nodes = self
            .nodes()
            .iter()
            .map(|n| Node { op: n.op.renamed(|id| *id, |id| *id, &column), ..n.clone() });
        let spaces = self.spaces().iter().map(|s| s.renamed(|id| *id, |id| *id, &counter));
        Ir::of(spaces.collect(), nodes.collect(), self.kernels().to_vec())
    }
}

/// For each one that is kept its number among those.
fn numbers(kept: &[bool]) -> Vec<Option<u32>> {
    let mut next = 0;
    let number = |kept: &bool| {
        kept.then(|| {
            next += 1;
            next - 1
        })
    };
    kept.iter().map(number).collect()
}

fn position(kept: &[usize], k: usize) -> usize {
    kept.iter().position(|old| *old == k).expect("what is used is kept")
}
