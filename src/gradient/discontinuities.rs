//! Where an analysis jumps: true or false, counts and the membership of
//! collections have no derivative, so they may not depend on a parameter.

use crate::ir::{Const, Ir, Map, NodeId, Op, Space, SpaceId};

/// Parameters as the bits of a word: the largest one, so that there may be many.
pub(crate) type Bits = u128;
const _: () = assert!(crate::syntax::MOST_PARAMETERS <= Bits::BITS as usize);

/// On which parameters the nodes and spaces of a graph depend. That an element
/// is chosen by a value is no dependence: derivatives are those of the chosen one.
#[derive(Debug)]
pub(crate) struct Jumps {
    nodes: Vec<Bits>,
    spaces: Vec<Bits>,
}

impl Jumps {
    /// Those of all nodes of a graph.
    pub(crate) fn new(ir: &Ir) -> Jumps {
        let mut jumps = Jumps { nodes: Vec::new(), spaces: vec![0; ir.spaces().len()] };
        let mut known = vec![false; ir.spaces().len()];
        for node in ir.nodes() {
            let mut bits = jumps.fill_in(ir, node.space, &mut known);
            for space in spaces_of(&node.op) {
                bits |= jumps.fill_in(ir, space, &mut known);
            }
            bits |= jumps.of_op(&node.op);
            jumps.nodes.push(bits);
        }
        jumps
    }

    /// Whether a node has another value, or its space other elements.
    pub(crate) fn node(&self, node: NodeId) -> Bits {
        self.nodes[node.index()]
    }

    /// Whether a space has other elements.
    pub(crate) fn space(&self, space: SpaceId) -> Bits {
        self.spaces[space.index()]
    }

    fn of_op(&self, op: &Op) -> Bits {
        let all = |nodes: &[NodeId]| nodes.iter().fold(0, |bits, n| bits | self.node(*n));
        match op {
            Op::Const(Const::Parameter { index, .. }) => 1 << *index,
            // Where a value stops being a number is no place to differentiate at.
            Op::Map(Map::IsFinite | Map::IsNan, _) => 0,
            Op::Map(_, nodes) | Op::Join(nodes) => all(nodes),
            Op::Lift { node, .. } | Op::Reduce(_, node) => self.node(*node),
            Op::Refer { ordinal, .. } => self.node(*ordinal),
            Op::Member { index, .. } | Op::Exists(index) => self.node(*index),
            Op::Pick { node, index } => self.node(*node) | self.node(*index),
            Op::Same(a, b) => self.node(*a) | self.node(*b),
            Op::Const(_)
            | Op::Column(_)
            | Op::Count(_)
            | Op::Part
            | Op::Best { .. }
            | Op::Nth { .. }
            | Op::Own => 0,
        }
    }

    /// The bits of a space, whose defining nodes are known.
    fn fill_in(&mut self, ir: &Ir, space: SpaceId, known: &mut [bool]) -> Bits {
        if !known[space.index()] {
            let bits = match ir.space(space) {
                Space::Event | Space::Collection { .. } => 0,
                Space::Filter { base, mask } => {
                    let mask = self.nodes[mask.index()];
                    mask | self.fill_in(ir, *base, known)
                }
                Space::Sort { base, .. } | Space::Combos { base, .. } => {
                    self.fill_in(ir, *base, known)
                }
                Space::Concat { parts } => {
                    parts.iter().fold(0, |bits, part| bits | self.fill_in(ir, *part, known))
                }
                Space::Cross { first: a, second: b } | Space::Nested { outer: a, inner: b } => {
                    self.fill_in(ir, *a, known) | self.fill_in(ir, *b, known)
                }
            };
            self.spaces[space.index()] = bits;
            known[space.index()] = true;
        }
        self.spaces[space.index()]
    }
}

/// The spaces whose elements an operation counts or points to.
fn spaces_of(op: &Op) -> Vec<SpaceId> {
    match op {
        Op::Count(space) => vec![*space],
        Op::Nth { of, .. } | Op::Refer { of, .. } => vec![*of],
        _ => Vec::new(),
    }
}
