//! The order in which a block is evaluated: only what the fills need, each
//! space and node right before its first use, columns freed after their last.

use super::elided::elided;
use super::reads::Reads;
use super::segment::{self, Segment};
use crate::error::Result;
use crate::ir::{Ir, NodeId, Space, SpaceId};
use crate::plan::check;
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
    /// For each space the booleans, over its parent or the event, without which
    /// its groups stay empty.
    pub(super) gates: Vec<Vec<NodeId>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Space(SpaceId),
    Node(NodeId),
}

impl Program {
    /// What the plan's fills need, the groups of each space behind its gates.
    ///
    /// Spaces that can be much larger than their bases come first, so that a
    /// block that is too large is given up before anything was filled.
    ///
    /// # Errors
    /// A fill or a space is not well-formed.
    pub(super) fn of_fills(plan: &Plan, gates: Vec<Vec<NodeId>>) -> Result<Program> {
        check::plan(plan)?;
        let nothing = vec![false; plan.ir.nodes().len()];
        let mut order = Order::new(Reads { ir: &plan.ir, elided: nothing }, gates.clone());
        let all: Vec<Item> = plan.fills.iter().flat_map(Fill::nodes).map(Item::Node).collect();
        order.visit(&all);
        let large: Vec<Item> =
            order.spaces().filter(|s| plan.ir.is_product(*s)).map(Item::Space).collect();
        let fills = plan.fills.iter().flat_map(Fill::nodes);
        let gates_nodes = gates.iter().flatten().copied();
        let elided = elided(&plan.ir, &order.nodes_seen, fills.chain(gates_nodes));
        let mut order = Order::new(Reads { ir: &plan.ir, elided }, gates);
        order.visit(&large);
        for (k, fill) in plan.fills.iter().enumerate() {
            let operands: Vec<Item> = fill.nodes().map(Item::Node).collect();
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
        let reads = Reads { ir: &plan.ir, elided: vec![false; plan.ir.nodes().len()] };
        let mut order = Order::new(reads, vec![vec![]; plan.ir.spaces().len()]);
        let items: Vec<Item> = nodes.iter().map(|n| Item::Node(*n)).collect();
        order.visit(&items);
        Ok(order.with_frees(plan, nodes))
    }
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
            let mut spaces = ir.lineage(*outer, parent);
            spaces.extend([*outer, *inner]);
            (spaces, vec![])
        }
    };
    spaces.into_iter().map(Item::Space).chain(nodes.into_iter().map(Item::Node)).collect()
}

/// A depth-first walk over what is needed.
struct Order<'a> {
    ir: &'a Ir,
    reads: Reads<'a>,
    spaces_seen: Vec<bool>,
    nodes_seen: Vec<bool>,
    steps: Vec<Step>,
    segments: Vec<Segment>,
    gates: Vec<Vec<NodeId>>,
}

impl<'a> Order<'a> {
    fn new(reads: Reads<'a>, gates: Vec<Vec<NodeId>>) -> Self {
        let ir = reads.ir;
        let mut spaces_seen = vec![false; ir.spaces().len()];
        spaces_seen[SpaceId::EVENT.index()] = true;
        let nodes_seen = vec![false; ir.nodes().len()];
        Order { ir, reads, spaces_seen, nodes_seen, steps: vec![], segments: vec![], gates }
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
                    Item::Space(id) => {
                        let gates = self.gates[id.index()].iter().map(|n| Item::Node(*n));
                        needs_of_space(self.ir, id).into_iter().chain(gates).collect()
                    }
                    Item::Node(id) => self.needs_of_node(id),
                };
                stack.extend(needs.into_iter().rev().map(|i| (i, false)));
            }
        }
    }

    /// The nodes that are computed with `id`, itself included, in order.
    fn together(&self, id: NodeId) -> Vec<NodeId> {
        match segment::space_of(self.ir, id) {
            Some(space) => segment::cone(&self.reads, id, space, |n| self.nodes_seen[n.index()]),
            None => vec![id],
        }
    }

    fn needs_of_node(&self, id: NodeId) -> Vec<Item> {
        let mut items = vec![];
        let together = self.together(id);
        for node in &together {
            items.extend(self.reads.spaces(*node).into_iter().map(Item::Space));
            let nodes = self.reads.operands(*node).into_iter();
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
                self.segments.push(Segment::new(&self.reads, space, &together));
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
                    _ => self.gates[id.index()].clone(),
                },
                Step::Node(id) => self.reads.operands(id),
                Step::Segment(k) => {
                    self.segments[k].with_frees(&self.reads, |n| used_later[n.index()]);
                    self.segments[k].uses(&self.reads)
                }
                Step::Fill(k) => plan.fills[k].nodes().collect(),
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
        Program { steps: backwards, segments: self.segments, gates: self.gates }
    }
}
