//! What a kernel needs and in which order its loops can run.
//!
//! A *consumer* is what a loop over a space feeds: a reduction, an index, the
//! count of a filtered space. Its *rank* is the length of the chain of loops
//! that must have ended before its own starts; consumers of equal rank never
//! need each other, so those over one root space share one loop.

use super::consumer::{Consumer, consumed};
use super::places::Keep;
use crate::ir::{Ir, NodeId, Op, Space, SpaceId};
use std::collections::HashMap;

/// Loops that must come first: of one event (`event`), and counting also loops
/// inside of loops (`full`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) event: u32,
    pub(super) full: u32,
}

impl Rank {
    fn max(self, other: Rank) -> Rank {
        Rank { event: self.event.max(other.event), full: self.full.max(other.full) }
    }
}

/// Ranks of all nodes.
#[derive(Debug)]
pub(super) struct Graph<'p> {
    pub(super) ir: &'p Ir,
    nodes: Vec<Rank>,
    /// How many functions each node is deep, by their first operands.
    chains: Vec<u32>,
    consumers: HashMap<SpaceId, Vec<Consumer>>,
    /// The greatest rank of a loop over an event's elements.
    pub(super) last: u32,
}

impl<'p> Graph<'p> {
    pub(super) fn new(ir: &'p Ir) -> Graph<'p> {
        let nodes = Vec::with_capacity(ir.nodes().len());
        let (chains, consumers) = (Vec::with_capacity(ir.nodes().len()), HashMap::new());
        let mut graph = Graph { ir, nodes, chains, consumers, last: 0 };
        for id in (0..ir.nodes().len()).map(|n| NodeId(n as u32)) {
            let op = &ir.node(id).op;
            let rank = graph.rank_of(op);
            graph.last = graph.last.max(rank.event);
            graph.nodes.push(rank);
            let below = first_operand(ir, id).map(|first| graph.chains[first.index()] + 1);
            graph.chains.push(below.unwrap_or(0));
            let looped = match op {
                Op::Reduce(..) | Op::Best { .. } => true,
                Op::Nth { of, .. } => !direct(ir, *of),
                _ => false,
            };
            if looped {
                graph.consumer(Consumer::Node(id));
            }
        }
        for space in spaces(ir) {
            if let Space::Filter { .. } = ir.space(space) {
                graph.consumer(Consumer::Count(space));
                graph.last = graph.last.max(graph.count(space).event);
            }
        }
        graph
    }

    fn consumer(&mut self, consumer: Consumer) {
        let root = root(self.ir, consumed(self.ir, consumer));
        self.consumers.entry(root).or_default().push(consumer);
    }

    /// How many functions a node is deep, by their first operands.
    pub(super) fn chain(&self, node: NodeId) -> u32 {
        self.chains[node.index()]
    }

    /// Everything that a loop over `root` can feed.
    pub(super) fn consumers(&self, root: SpaceId) -> &[Consumer] {
        self.consumers.get(&root).map_or(&[], Vec::as_slice)
    }

    /// What must come before the loops that reach all elements of `space`.
    pub(super) fn way(&self, space: SpaceId) -> Rank {
        let up = self.ir.parent(space).map_or(Rank::default(), |up| self.way(up));
        self.space(space).max(up)
    }

    /// The rank of a node: a reduction's own loop is counted.
    pub(super) fn rank(&self, node: NodeId) -> Rank {
        self.nodes[node.index()]
    }

    fn rank_of(&self, op: &Op) -> Rank {
        let all =
            |nodes: &[NodeId]| nodes.iter().map(|n| self.rank(*n)).fold(Rank::default(), Rank::max);
        match op {
            Op::Const(_) | Op::Column(_) | Op::Own | Op::Part => Rank::default(),
            Op::Map(_, nodes) | Op::Join(nodes) => all(nodes),
            Op::Lift { node, .. } => self.rank(*node),
            Op::Member { index, .. } | Op::Exists(index) => self.rank(*index),
            Op::Same(a, b) => all(&[*a, *b]),
            Op::Pick { node, index } => all(&[*node, *index]),
            Op::Refer { ordinal, of } => self.rank(*ordinal).max(self.space(*of)),
            Op::Count(of) => self.count(*of),
            Op::Reduce(_, node) | Op::Best { key: node, .. } => {
                let over = self.ir.over(*node);
                self.after(over, self.rank(*node).max(self.space(over)))
            }
            Op::Nth { of, .. } if direct(self.ir, *of) => Rank::default(),
            Op::Nth { of, .. } => self.after(*of, self.space(*of)),
        }
    }

    /// The rank of the loop that keeps a column.
    pub(super) fn kept(&self, node: NodeId) -> Rank {
        let over = self.ir.over(node);
        self.after(over, self.rank(node).max(self.space(over)))
    }

    fn after(&self, over: SpaceId, rank: Rank) -> Rank {
        let at_event = self.ir.parent(over) == Some(SpaceId::EVENT);
        Rank { event: rank.event + u32::from(at_event), full: rank.full + 1 }
    }

    /// What must come before a loop over `space`.
    pub(super) fn space(&self, space: SpaceId) -> Rank {
        match self.ir.space(space) {
            Space::Event | Space::Collection { .. } => Rank::default(),
            Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
                self.space(*base).max(self.rank(*node))
            }
            Space::Concat { parts } => {
                parts.iter().map(|p| self.space(*p)).fold(Rank::default(), Rank::max)
            }
            Space::Combos { base, .. } => self.space(*base),
            Space::Cross { first, second } => self.space(*first).max(self.space(*second)),
            Space::Nested { inner, .. } => self.space(*inner),
        }
    }

    /// The rank of the number of elements of `space`.
    pub(super) fn count(&self, space: SpaceId) -> Rank {
        match self.ir.space(space) {
            Space::Event | Space::Collection { .. } => Rank::default(),
            Space::Filter { .. } => self.after(space, self.space(space)),
            Space::Sort { base, .. } | Space::Combos { base, .. } => self.count(*base),
            Space::Concat { parts } => {
                parts.iter().map(|p| self.count(*p)).fold(Rank::default(), Rank::max)
            }
            Space::Cross { first, second } => self.count(*first).max(self.count(*second)),
            Space::Nested { inner, .. } => self.count(*inner),
        }
    }
}

/// All spaces.
pub(super) fn spaces(ir: &Ir) -> impl Iterator<Item = SpaceId> + use<> {
    (0..ir.spaces().len()).map(|s| SpaceId(s as u32))
}

/// The first operand of a function that is no constant.
pub(super) fn first_operand(ir: &Ir, node: NodeId) -> Option<NodeId> {
    let Op::Map(_, operands) = &ir.node(node).op else { return None };
    operands.iter().copied().find(|n| ir.constant(*n).is_none())
}

/// Whether elements of `space` are found by their number without a loop.
pub(super) fn direct(ir: &Ir, space: SpaceId) -> bool {
    match ir.space(space) {
        Space::Collection { .. } => true,
        Space::Nested { inner, .. } => direct(ir, *inner),
        _ => false,
    }
}

/// The space whose loop also serves `space`: filters share their base's.
pub(super) fn root(ir: &Ir, space: SpaceId) -> SpaceId {
    match ir.space(space) {
        Space::Filter { base, .. } => root(ir, *base),
        _ => space,
    }
}

/// The ancestor of `space` whose parent is the event.
pub(super) fn outermost(ir: &Ir, space: SpaceId) -> SpaceId {
    match ir.parent(space) {
        None | Some(SpaceId::EVENT) => space,
        Some(parent) => outermost(ir, parent),
    }
}

/// The nodes and counts that something needs, directly or not.
#[derive(Debug, Clone)]
pub(super) struct Needed {
    nodes: Vec<bool>,
    spaces: Vec<bool>,
    counts: Vec<bool>,
    /// What was added since somebody asked.
    news: Vec<Keep>,
}

impl Needed {
    /// Nothing yet.
    pub(super) fn new(ir: &Ir) -> Needed {
        let spaces = vec![false; ir.spaces().len()];
        let nodes = vec![false; ir.nodes().len()];
        Needed { nodes, counts: spaces.clone(), spaces, news: Vec::new() }
    }

    /// Adds what is there already and needs nothing.
    pub(super) fn add_kept(&mut self, keep: Keep) {
        match keep {
            Keep::Node(node) => self.nodes[node.index()] = true,
            Keep::Count(space) => self.counts[space.index()] = true,
        }
    }

    /// The nodes and counts that were added since the last call.
    pub(super) fn news(&mut self) -> impl Iterator<Item = Keep> + '_ {
        self.news.drain(..)
    }

    /// Whether the node is needed.
    pub(super) fn node(&self, node: NodeId) -> bool {
        self.nodes[node.index()]
    }

    /// Whether a loop over the space is needed.
    pub(super) fn loops(&self, space: SpaceId) -> bool {
        self.spaces[space.index()]
    }

    /// Whether the number of elements of the (filtered) space is needed.
    pub(super) fn counts(&self, space: SpaceId) -> bool {
        self.counts[space.index()]
    }

    /// Adds a node and what it needs.
    pub(super) fn add(&mut self, ir: &Ir, node: NodeId) {
        if std::mem::replace(&mut self.nodes[node.index()], true) {
            return;
        }
        self.news.push(Keep::Node(node));
        match &ir.node(node).op {
            Op::Const(_) | Op::Column(_) | Op::Own | Op::Part => {}
            Op::Map(_, nodes) | Op::Join(nodes) => nodes.iter().for_each(|n| self.add(ir, *n)),
            Op::Lift { node, .. } | Op::Exists(node) | Op::Member { index: node, .. } => {
                self.add(ir, *node);
            }
            Op::Same(a, b) | Op::Pick { node: a, index: b } => {
                self.add(ir, *a);
                self.add(ir, *b);
            }
            Op::Refer { ordinal, of } => {
                self.add(ir, *ordinal);
                self.add_space(ir, *of);
            }
            Op::Count(of) => self.add_count(ir, *of),
            Op::Reduce(_, node) | Op::Best { key: node, .. } => {
                self.add(ir, *node);
                self.add_space(ir, ir.over(*node));
            }
            Op::Nth { of, .. } => self.add_space(ir, *of),
        }
    }

    /// Adds what a loop over `space` needs.
    pub(super) fn add_space(&mut self, ir: &Ir, space: SpaceId) {
        if std::mem::replace(&mut self.spaces[space.index()], true) {
            return;
        }
        match ir.space(space) {
            Space::Event | Space::Collection { .. } => {}
            Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
                self.add_space(ir, *base);
                self.add(ir, *node);
            }
            Space::Concat { parts } => parts.iter().for_each(|p| self.add_space(ir, *p)),
            Space::Combos { base, .. } => self.add_space(ir, *base),
            Space::Cross { first, second } => {
                self.add_space(ir, *first);
                self.add_space(ir, *second);
            }
            Space::Nested { inner, .. } => self.add_space(ir, *inner),
        }
    }

    /// Adds the number of elements of `space`.
    pub(super) fn add_count(&mut self, ir: &Ir, space: SpaceId) {
        if std::mem::replace(&mut self.counts[space.index()], true) {
            return;
        }
        self.news.push(Keep::Count(space));
        match ir.space(space) {
            Space::Event | Space::Collection { .. } => {}
            Space::Filter { .. } => self.add_space(ir, space),
            Space::Sort { base, .. } | Space::Combos { base, .. } => self.add_count(ir, *base),
            Space::Concat { parts } => parts.iter().for_each(|p| self.add_count(ir, *p)),
            Space::Cross { first, second } => {
                self.add_count(ir, *first);
                self.add_count(ir, *second);
            }
            Space::Nested { inner, .. } => self.add_count(ir, *inner),
        }
    }
}
