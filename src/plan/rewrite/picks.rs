//! Values that are only looked at where an index points are computed there.
//!
//! "The mass of the best of all triples" is a column over the triples of which
//! each event picks one value. Such a column is not computed: the pick moves
//! towards the stored columns, through element-wise functions and lifts, until
//! it meets a column that something else needs, or one that is no product of
//! others. What is computed for each element goes down from the number of
//! combinations to the number of events.
//!
//! And a function of one member of a combination is computed before members are
//! combined, a function of two members of a triple for the pairs, if there are.

use crate::hash::HashMap;
use crate::ir::{Const, Ir, Map, NodeId, Op, Slot, Space, SpaceId, Ty};
use crate::plan::{Fill, Plan};

/// The plan with its picks moved; every value of every fill has the same bits.
pub(super) fn pushed_down(plan: &Plan) -> Plan {
    let (dense, needed) = dense(plan);
    let mut rebuild = Rebuild {
        old: &plan.ir,
        dense,
        needed,
        pairs: Vec::new(),
        ir: plan.ir.emptied(),
        spaces: vec![None; plan.ir.spaces().len()],
        nodes: Vec::with_capacity(plan.ir.nodes().len()),
        sunk: HashMap::default(),
    };
    rebuild.spaces[SpaceId::EVENT.index()] = Some(SpaceId::EVENT);
    for k in 0..plan.ir.nodes().len() {
        let node = rebuild.node(NodeId(k as u32));
        rebuild.nodes.push(node);
    }
    let fills = plan.fills.iter().map(|f| f.renamed(|n| rebuild.nodes[n.index()])).collect();
    Plan { fills, request: plan.request.clone(), ir: rebuild.ir }
}

/// For each node whether it is needed for more than picks of it, and for each
/// space whether such a node needs it.
fn dense(plan: &Plan) -> (Vec<bool>, Vec<bool>) {
    let ir = &plan.ir;
    let mut dense = vec![false; ir.nodes().len()];
    let mut spaces = vec![false; ir.spaces().len()];
    let mut nodes: Vec<NodeId> = plan.fills.iter().flat_map(Fill::nodes).collect();
    while let Some(id) = nodes.pop() {
        if std::mem::replace(&mut dense[id.index()], true) {
            continue;
        }
        let node = ir.node(id);
        let mut reached: Vec<SpaceId> = ir.spaces_of(id);
        reached.push(node.space);
        match &node.op {
            Op::Pick { node, index } if sinks(ir, *node) => nodes.push(*index),
            op => nodes.extend(op.operands()),
        }
        while let Some(space) = reached.pop() {
            if std::mem::replace(&mut spaces[space.index()], true) {
                continue;
            }
            match ir.space(space) {
                Space::Event | Space::Collection { .. } => {}
                Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
                    reached.push(*base);
                    nodes.push(*node);
                }
                Space::Concat { parts } => reached.extend(parts),
                Space::Combos { base, .. } => reached.push(*base),
                Space::Cross { first, second } => reached.extend([*first, *second]),
                Space::Nested { outer, inner } => reached.extend([*outer, *inner]),
            }
        }
    }
    (dense, spaces)
}

/// Whether a pick of the node may move: it is over a product, or a choice from
/// one, and computed element by element.
fn sinks(ir: &Ir, id: NodeId) -> bool {
    let node = ir.node(id);
    matches!(node.op, Op::Map(..) | Op::Lift { .. }) && of_product(ir, node.space)
}

fn of_product(ir: &Ir, mut space: SpaceId) -> bool {
    while let Space::Filter { base, .. } | Space::Sort { base, .. } = ir.space(space) {
        space = *base;
    }
    ir.is_product(space)
}

struct Rebuild<'a> {
    old: &'a Ir,
    dense: Vec<bool>,
    needed: Vec<bool>,
    /// The new spaces of pairs that are needed.
    pairs: Vec<SpaceId>,
    ir: Ir,
    /// The new spaces and nodes of the old ones.
    spaces: Vec<Option<SpaceId>>,
    nodes: Vec<NodeId>,
    /// The values of an old node where a new index points.
    sunk: HashMap<(NodeId, NodeId), NodeId>,
}

impl Rebuild<'_> {
    fn space(&mut self, id: SpaceId) -> SpaceId {
        if let Some(known) = self.spaces[id.index()] {
            return known;
        }
        // Spaces are few and rest on few others.
        let space = match self.old.space(id).clone() {
            space @ (Space::Event | Space::Collection { .. }) => space,
            Space::Filter { base, mask } => {
                Space::Filter { base: self.space(base), mask: self.nodes[mask.index()] }
            }
            Space::Sort { base, key } => {
                Space::Sort { base: self.space(base), key: self.nodes[key.index()] }
            }
            Space::Concat { parts } => {
                Space::Concat { parts: parts.into_iter().map(|p| self.space(p)).collect() }
            }
            Space::Combos { base, size } => Space::Combos { base: self.space(base), size },
            Space::Cross { first, second } => {
                Space::Cross { first: self.space(first), second: self.space(second) }
            }
            Space::Nested { outer, inner } => {
                Space::Nested { outer: self.space(outer), inner: self.space(inner) }
            }
        };
        let new = self.ir.add_space(space);
        self.spaces[id.index()] = Some(new);
        if let Space::Combos { size, .. } = self.old.space(id) {
            if *size == 2 && self.needed[id.index()] {
                self.pairs.push(new);
            } else if let Some(pairs) = self.old.slot_space(id, Slot::Pair(0, 1)) {
                self.space(pairs);
            }
        }
        new
    }

    /// Makes sure that the space of a slot exists.
    fn slot_space(&mut self, of: SpaceId, slot: Slot) {
        if let Some(space) = self.old.slot_space(of, slot) {
            self.space(space);
        }
    }

    fn node(&mut self, id: NodeId) -> NodeId {
        let node = self.old.node(id);
        let space = self.space(node.space);
        let old = |n: &NodeId| self.nodes[n.index()];
        match &node.op {
            Op::Const(value) => self.ir.constant_node(*value),
            Op::Column(k) => self.ir.column(*k, space, node.ty),
            Op::Count(of) => {
                let of = self.space(*of);
                self.ir.count(of)
            }
            Op::Map(map, ops) => {
                let ops: Vec<NodeId> = ops.iter().map(old).collect();
                self.map(*map, &ops)
            }
            Op::Lift { node: of, slot } => {
                let of = old(of);
                self.slot_space(node.space, *slot);
                self.ir.lift(of, space, *slot)
            }
            Op::Join(ops) => {
                let ops: Vec<NodeId> = ops.iter().map(old).collect();
                self.ir.join(space, &ops)
            }
            Op::Part => self.ir.part(space),
            Op::Reduce(how, of) => self.ir.reduce(*how, old(of)),
            Op::Best { key, greatest } => self.ir.best(old(key), *greatest),
            Op::Nth { of, nth } => {
                let of = self.space(*of);
                self.ir.nth(of, *nth)
            }
            Op::Refer { ordinal, of } => {
                let ordinal = old(ordinal);
                let of = self.space(*of);
                self.ir.refer(ordinal, of)
            }
            Op::Own => self.ir.own(space),
            Op::Member { index, slot } => {
                let new = old(index);
                if let Ty::Index(of) = self.old.ty(*index) {
                    self.slot_space(of, *slot);
                }
                self.ir.member(new, *slot)
            }
            Op::Pick { node: of, index } => {
                let index = old(index);
                if !self.dense[of.index()] && sinks(self.old, *of) {
                    self.sink(*of, index)
                } else {
                    let of = old(of);
                    self.ir.pick(of, index)
                }
            }
            Op::Exists(index) => self.ir.exists(old(index)),
            Op::Same(a, b) => self.ir.same(old(a), old(b)),
        }
    }

    /// A function of new nodes, computed where there are fewest elements.
    fn map(&mut self, map: Map, ops: &[NodeId]) -> NodeId {
        let member = |n: &NodeId| match &self.ir.node(*n).op {
            Op::Lift { node, slot: slot @ (Slot::Base(_) | Slot::Pair(..)) } => {
                Some((*node, *slot))
            }
            _ => None,
        };
        let columns: Vec<NodeId> =
            ops.iter().copied().filter(|n| self.ir.constant(*n).is_none()).collect();
        let members: Vec<(NodeId, Slot)> = columns.iter().filter_map(member).collect();
        let Some(&(_, slot)) = members.first() else { return self.ir.map(map, ops) };
        let to = self.ir.over(columns[0]);
        if members.len() < columns.len() || !matches!(self.ir.space(to), Space::Combos { .. }) {
            return self.ir.map(map, ops);
        }
        if members.iter().all(|(_, s)| *s == slot) {
            let source = |n: &NodeId| member(n).map_or(*n, |(source, _)| source);
            let sources: Vec<NodeId> = ops.iter().map(source).collect();
            let value = self.ir.map(map, &sources);
            return self.ir.lift(value, to, slot);
        }
        if let ([(x, Slot::Base(a)), (y, Slot::Base(b))], 2) = (&members[..], ops.len()) {
            let slot = Slot::Pair(*a.min(b), *a.max(b));
            if let Some(pairs) = self.ir.slot_space(to, slot).filter(|p| self.pairs.contains(p)) {
                let (first, second) = if a < b { (0, 1) } else { (1, 0) };
                let x = self.ir.lift(*x, pairs, Slot::Base(first));
                let y = self.ir.lift(*y, pairs, Slot::Base(second));
                let value = self.ir.map(map, &[x, y]);
                return self.ir.lift(value, to, slot);
            }
        }
        self.ir.map(map, ops)
    }

    /// The values of the old node `root` where `index` points, 0 or false where
    /// it points to nothing. Without recursion: a chain of nodes can be long.
    fn sink(&mut self, root: NodeId, index: NodeId) -> NodeId {
        let mut stack = vec![(root, index, false)];
        while let Some((id, index, ready)) = stack.pop() {
            if self.sunk.contains_key(&(id, index)) {
                continue;
            }
            let wanted = self.wanted(id, index);
            if !ready && !wanted.is_empty() {
                stack.push((id, index, true));
                stack.extend(wanted.into_iter().map(|(id, index)| (id, index, false)));
                continue;
            }
            let new = self.at(id, index, &wanted);
            self.sunk.insert((id, index), new);
        }
        let value = self.sunk[&(root, index)];
        if !matches!(self.old.node(root).op, Op::Map(..)) || self.ir.constant(value).is_some() {
            return value;
        }
        let zero = self.ir.constant_node(match self.old.ty(root) {
            Ty::Bool => Const::Bool(false),
            Ty::I32 => Const::I32(0),
            Ty::I64 => Const::I64(0),
            Ty::F32 => Const::real(0.0),
            Ty::Index(_) => unreachable!("no element-wise function gives an index"),
        });
        let there = self.ir.exists(index);
        self.ir.map(Map::Select, &[there, value, zero])
    }

    /// The values, and where, from which that of `id` at `index` follows.
    fn wanted(&mut self, id: NodeId, index: NodeId) -> Vec<(NodeId, NodeId)> {
        if self.dense[id.index()] {
            return vec![];
        }
        match &self.old.node(id).op {
            Op::Map(_, ops) => ops.iter().map(|n| (*n, index)).collect(),
            Op::Lift { node, slot } if self.old.constant(*node).is_none() => {
                self.slot_space(self.old.over(id), *slot);
                vec![(*node, self.member(index, *slot))]
            }
            _ => vec![],
        }
    }

    fn at(&mut self, id: NodeId, index: NodeId, wanted: &[(NodeId, NodeId)]) -> NodeId {
        let ops: Vec<NodeId> = wanted.iter().map(|w| self.sunk[w]).collect();
        match &self.old.node(id).op {
            Op::Const(_) => self.nodes[id.index()],
            Op::Map(map, _) if !ops.is_empty() => self.ir.map(*map, &ops),
            Op::Lift { .. } if !ops.is_empty() => ops[0],
            _ => self.ir.pick(self.nodes[id.index()], index),
        }
    }

    /// The index of the element in a slot. A member of a pair of members is a
    /// member itself.
    fn member(&mut self, index: NodeId, slot: Slot) -> NodeId {
        if let (Op::Member { index: of, slot: Slot::Pair(a, b) }, Slot::Base(k)) =
            (&self.ir.node(index).op, slot)
        {
            let (of, member) = (*of, if k == 0 { *a } else { *b });
            return self.ir.member(of, Slot::Base(member));
        }
        self.ir.member(index, slot)
    }
}
