//! The order in which a block is evaluated: only what the fills need, each
//! space and node right before its first use, columns freed after their last.

use super::check;
use super::segment::{self, Segment};
use crate::error::Result;
use crate::ir::{Ir, NodeId, Op, Space, SpaceId, Ty};
use crate::plan::{Fill, Plan};

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Work out a space.
    Space(SpaceId),
    /// Compute a node.
    Node(NodeId),
    /// Compute the segment of this index.
    Segment(usize),
    /// Do the fill of this index.
    Fill(usize),
    /// The column of this node is not used any more.
    Free(NodeId),
}

/// All steps of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) segments: Vec<Segment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Space(SpaceId),
    Node(NodeId),
}

impl Program {
    /// What the plan's fills need.
    ///
    /// Spaces that can be much larger than their bases come first, so that a
    /// block that is too large is given up before anything was filled.
    ///
    /// # Errors
    /// A fill or a space is not well-formed.
    pub(super) fn of_fills(plan: &Plan) -> Result<Program> {
        check::plan(plan)?;
        let mut order = Order::new(&plan.ir);
        let all: Vec<Item> = plan.fills.iter().flat_map(operands_of_fill).map(Item::Node).collect();
        order.visit(&all);
        let large: Vec<Item> =
            order.spaces().filter(|s| is_product(&plan.ir, *s)).map(Item::Space).collect();
        let mut order = Order::new(&plan.ir);
        order.visit(&large);
        for (k, fill) in plan.fills.iter().enumerate() {
            let operands: Vec<Item> = operands_of_fill(fill).map(Item::Node).collect();
            order.visit(&operands);
            order.steps.push(Step::Fill(k));
        }
        Ok(order.with_frees(plan, &[]))
    }

    /// What these nodes need; they are kept.
    ///
    /// # Errors
    /// A space is not well-formed.
    pub(super) fn of_nodes(plan: &Plan, nodes: &[NodeId]) -> Result<Program> {
        check::plan(plan)?;
        let mut order = Order::new(&plan.ir);
        let items: Vec<Item> = nodes.iter().map(|n| Item::Node(*n)).collect();
        order.visit(&items);
        Ok(order.with_frees(plan, nodes))
    }
}

/// Whether the space multiplies others, so that its size can explode.
pub(super) fn is_product(ir: &Ir, space: SpaceId) -> bool {
    matches!(ir.space(space), Space::Combos { .. } | Space::Cross { .. } | Space::Nested { .. })
}

/// The nodes that a fill uses.
pub(super) fn operands_of_fill(fill: &Fill) -> impl Iterator<Item = NodeId> + '_ {
    let axes = fill.axes.iter().map(|(_, n)| *n);
    axes.chain([fill.mask]).chain(fill.missing).chain(fill.weight)
}

/// The nodes whose columns a node reads.
pub(super) fn operands(op: &Op) -> Vec<NodeId> {
    match op {
        Op::Const(_) | Op::Column(_) | Op::Count(_) | Op::Part | Op::Nth { .. } | Op::Own => vec![],
        Op::Map(_, nodes) | Op::Join(nodes) => nodes.clone(),
        Op::Lift { node, .. } | Op::Reduce(_, node) | Op::Exists(node) => vec![*node],
        Op::Best { key, .. } => vec![*key],
        Op::Refer { ordinal, .. } => vec![*ordinal],
        Op::Member { index, .. } => vec![*index],
        Op::Pick { node, index } => vec![*node, *index],
        Op::Same(a, b) => vec![*a, *b],
    }
}

/// The spaces that must be known to compute a node.
fn spaces_of(ir: &Ir, id: NodeId) -> Vec<SpaceId> {
    let node = ir.node(id);
    match &node.op {
        Op::Lift { slot, .. } => {
            [Some(node.space), ir.slot_space(node.space, *slot)].into_iter().flatten().collect()
        }
        Op::Join(_) | Op::Part | Op::Own => vec![node.space],
        Op::Count(of) | Op::Nth { of, .. } => vec![*of],
        Op::Reduce(_, of) | Op::Best { key: of, .. } => vec![ir.over(*of)],
        Op::Refer { of, .. } => {
            let mut spaces = lineage(ir, node.space, SpaceId::EVENT);
            spaces.push(*of);
            spaces
        }
        Op::Member { index, slot } => match ir.ty(*index) {
            Ty::Index(of) => [Some(of), ir.slot_space(of, *slot)].into_iter().flatten().collect(),
            _ => vec![],
        },
        _ => vec![],
    }
}

/// `down` and its ancestors up to, and without, `up`.
fn lineage(ir: &Ir, down: SpaceId, up: SpaceId) -> Vec<SpaceId> {
    let mut spaces = vec![];
    let mut at = down;
    while at != up {
        spaces.push(at);
        at = ir.parent(at).expect("an ancestor is on the way up");
    }
    spaces
}

fn needs_of_space(ir: &Ir, id: SpaceId) -> Vec<Item> {
    let (spaces, nodes) = match ir.space(id) {
        Space::Event | Space::Collection { .. } => (vec![], vec![]),
        Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
            (vec![*base], vec![*node])
        }
        Space::Concat { parts } => (parts.clone(), vec![]),
        Space::Combos { base, .. } => (vec![*base], vec![]),
        Space::Cross { first, second } => (vec![*first, *second], vec![]),
        Space::Nested { outer, inner } => {
            let parent = ir.parent(*inner).expect("the event nests in nothing");
            let mut spaces = lineage(ir, *outer, parent);
            spaces.extend([*outer, *inner]);
            (spaces, vec![])
        }
    };
    spaces.into_iter().map(Item::Space).chain(nodes.into_iter().map(Item::Node)).collect()
}

/// A depth-first walk over what is needed.
struct Order<'a> {
    ir: &'a Ir,
    spaces_seen: Vec<bool>,
    nodes_seen: Vec<bool>,
    steps: Vec<Step>,
    segments: Vec<Segment>,
}

impl<'a> Order<'a> {
    fn new(ir: &'a Ir) -> Self {
        let mut spaces_seen = vec![false; ir.spaces().len()];
        spaces_seen[SpaceId::EVENT.index()] = true;
        let nodes_seen = vec![false; ir.nodes().len()];
        Order { ir, spaces_seen, nodes_seen, steps: vec![], segments: vec![] }
    }

    fn spaces(&self) -> impl Iterator<Item = SpaceId> + '_ {
        self.steps.iter().filter_map(|s| match s {
            Step::Space(id) => Some(*id),
            _ => None,
        })
    }

    /// Appends what the items need, then the items; without recursion, since a
    /// chain of nodes can be long.
    fn visit(&mut self, items: &[Item]) {
        let mut stack: Vec<(Item, bool)> = items.iter().rev().map(|i| (*i, false)).collect();
        while let Some((item, needs_done)) = stack.pop() {
            let seen = match item {
                Item::Space(id) => &mut self.spaces_seen[id.index()],
                Item::Node(id) => &mut self.nodes_seen[id.index()],
            };
            if *seen {
                continue;
            }
            if needs_done {
                *seen = true;
                match item {
                    Item::Space(id) => self.steps.push(Step::Space(id)),
                    Item::Node(id) if self.ir.constant(id).is_none() => self.compute(id),
                    Item::Node(_) => {}
                }
            } else {
                stack.push((item, true));
                let needs = match item {
                    Item::Space(id) => needs_of_space(self.ir, id),
                    Item::Node(id) => self.needs_of_node(id),
                };
                stack.extend(needs.into_iter().rev().map(|i| (i, false)));
            }
        }
    }

    /// The nodes that are computed with `id`, itself included, in order.
    fn together(&self, id: NodeId) -> Vec<NodeId> {
        match segment::space_of(self.ir, id) {
            Some(space) => segment::cone(self.ir, id, space, |n| self.nodes_seen[n.index()]),
            None => vec![id],
        }
    }

    fn needs_of_node(&self, id: NodeId) -> Vec<Item> {
        let mut items = vec![];
        let together = self.together(id);
        for node in &together {
            items.extend(spaces_of(self.ir, *node).into_iter().map(Item::Space));
            let nodes = operands(&self.ir.node(*node).op).into_iter();
            let outside = nodes.filter(|n| together.binary_search(n).is_err());
            items.extend(outside.map(Item::Node));
        }
        items
    }

    /// Computes a node, and with it what is best computed together.
    fn compute(&mut self, id: NodeId) {
        let together = self.together(id);
        match segment::space_of(self.ir, id) {
            Some(space) if together.len() > 1 => {
                together.iter().for_each(|n| self.nodes_seen[n.index()] = true);
                self.steps.push(Step::Segment(self.segments.len()));
                self.segments.push(Segment::new(self.ir, space, &together));
            }
            _ => self.steps.push(Step::Node(id)),
        }
    }

    /// The program, each column freed after its last use but those of `kept`.
    fn with_frees(mut self, plan: &Plan, kept: &[NodeId]) -> Program {
        let ir = self.ir;
        let mut used_later = vec![false; ir.nodes().len()];
        kept.iter().for_each(|n| used_later[n.index()] = true);
        let mut backwards = Vec::new();
        for step in self.steps.into_iter().rev() {
            let uses: Vec<NodeId> = match step {
                Step::Space(id) => match ir.space(id) {
                    Space::Filter { mask: node, .. } | Space::Sort { key: node, .. } => vec![*node],
                    _ => vec![],
                },
                Step::Node(id) => operands(&ir.node(id).op),
                Step::Segment(k) => {
                    self.segments[k].with_frees(ir, |n| used_later[n.index()]);
                    self.segments[k].uses(ir)
                }
                Step::Fill(k) => operands_of_fill(&plan.fills[k]).collect(),
                Step::Free(_) => vec![],
            };
            for node in uses {
                let used = &mut used_later[node.index()];
                if !*used && ir.constant(node).is_none() {
                    *used = true;
                    backwards.push(Step::Free(node));
                }
            }
            backwards.push(step);
        }
        backwards.reverse();
        Program { steps: backwards, segments: self.segments }
    }
}
