//! What is left of a DAG where booleans of the event are known.

use super::{Const, Ir, Map, Node, NodeId, Op, SpaceId};
use crate::hash::HashMap;

/// What a node is, if that is simpler than itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Is(Const),
    Same(NodeId),
}

/// What nodes are that are simpler than they look, where some booleans are known.
#[derive(Debug)]
pub(crate) struct Knowledge(Vec<Option<Known>>);

impl Knowledge {
    /// The value of a node, if it is the same in all of these events.
    pub(crate) fn value(&self, ir: &Ir, id: NodeId) -> Option<Const> {
        match self.0[id.index()] {
            Some(Known::Is(value)) => Some(value),
            _ => ir.constant(id),
        }
    }
}

impl Ir {
    /// What follows where these booleans over the event have these values.
    pub(crate) fn knowing(&self, known: &[(NodeId, bool)]) -> Knowledge {
        let mut all = Knowledge(Vec::with_capacity(self.nodes().len()));
        for (k, node) in self.nodes().iter().enumerate() {
            let given = known.iter().find(|(n, _)| n.index() == k);
            let simpler = match (given, &node.op) {
                (Some((_, value)), _) => Some(Known::Is(Const::Bool(*value))),
                (None, Op::Map(map, ops)) => self.simplified(*map, ops, &all),
                (None, Op::Lift { node: of, .. }) => all.value(self, *of).map(Known::Is),
                _ => None,
            };
            let simpler = match simpler {
                Some(Known::Same(other)) => match (all.value(self, other), all.0[other.index()]) {
                    (Some(value), _) => Some(Known::Is(value)),
                    (None, Some(same)) => Some(same),
                    (None, None) => Some(Known::Same(other)),
                },
                simpler => simpler,
            };
            // How many elements there are does not follow from a constant: over other
            // spaces than the event only what is false is known.
            let may = match simpler {
                Some(Known::Is(value)) => {
                    node.space == SpaceId::EVENT || value == Const::Bool(false)
                }
                _ => true,
            };
            all.0.push(simpler.filter(|_| may && self.constant(NodeId(k as u32)).is_none()));
        }
        all
    }

    /// The same for events in which these booleans over the event have these values:
    /// the DAG, and for each node the one that has its values there.
    pub(crate) fn assuming(&self, known: &[(NodeId, bool)]) -> (Ir, Vec<NodeId>) {
        let knowledge = self.knowing(known);
        let mut assumed = Assumed { nodes: Vec::new(), constants: HashMap::default() };
        // The new numbers of the old nodes, as themselves and as what they are here.
        let (mut plain, mut here) = (Vec::new(), Vec::new());
        for (node, known) in self.nodes().iter().zip(&knowledge.0) {
            let varies = |n: &NodeId| assumed.varies(here[n.index()]);
            let simplify = match &node.op {
                Op::Map(_, ops) => node.space == SpaceId::EVENT || ops.iter().any(varies),
                _ => false,
            };
            let numbers: &[NodeId] = if simplify { &here } else { &plain };
            let op = node.op.renamed(|n| numbers[n.index()], |s| *s, |c| c);
            let new = assumed.node(Node { op, ..node.clone() });
            plain.push(new);
            here.push(match known {
                None => new,
                Some(Known::Same(other)) => here[other.index()],
                Some(Known::Is(value)) => assumed.constant(*value),
            });
        }
        let spaces = self.spaces().iter();
        let spaces = spaces.map(|s| s.renamed(|n| plain[n.index()], |s| *s, |c| c)).collect();
        (Ir::of(spaces, assumed.nodes, self.kernels().to_vec()), here)
    }

    /// What a function is, if its operands are what is known of them.
    fn simplified(&self, map: Map, ops: &[NodeId], known: &Knowledge) -> Option<Known> {
        let truth = |n: NodeId| match known.value(self, n)? {
            Const::Bool(b) => Some(b),
            _ => None,
        };
        let integer = |n: NodeId| match known.value(self, n)? {
            Const::I32(i) => Some(i),
            _ => None,
        };
        let is = |b: bool| Some(Known::Is(Const::Bool(b)));
        match (map, ops) {
            (Map::And | Map::Or, [a, b]) => {
                // What decides, whatever the other one is.
                let decides = map == Map::Or;
                match (truth(*a), truth(*b)) {
                    (Some(x), _) | (_, Some(x)) if x == decides => is(x),
                    (Some(_), _) => Some(Known::Same(*b)),
                    (_, Some(_)) => Some(Known::Same(*a)),
                    _ => None,
                }
            }
            (Map::Not, [a]) => is(!truth(*a)?),
            (Map::Select, [mask, yes, no]) => {
                Some(Known::Same(if truth(*mask)? { *yes } else { *no }))
            }
            (Map::ToInt, [a]) => Some(Known::Is(Const::I32(i32::from(truth(*a)?)))),
            (Map::Add, [a, b]) => {
                Some(Known::Is(Const::I32(integer(*a)?.wrapping_add(integer(*b)?))))
            }
            _ => None,
        }
    }
}

/// The new nodes.
struct Assumed {
    nodes: Vec<Node>,
    constants: HashMap<Const, NodeId>,
}

impl Assumed {
    fn node(&mut self, node: Node) -> NodeId {
        if let Op::Const(value) = node.op {
            return self.constant(value);
        }
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// Whether it is no constant.
    fn varies(&self, id: NodeId) -> bool {
        !matches!(self.nodes[id.index()].op, Op::Const(_))
    }

    fn constant(&mut self, value: Const) -> NodeId {
        *self.constants.entry(value).or_insert_with(|| {
            self.nodes.push(Node { op: Op::Const(value), space: SpaceId::EVENT, ty: value.ty() });
            NodeId(self.nodes.len() as u32 - 1)
        })
    }
}
