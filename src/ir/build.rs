//! Building the DAG: types are worked out and checked here, equal nodes merged.
//! A wrong call is a bug of the caller, not of the user's analysis: it panics.

use super::{Const, KernelId, Map, Node, NodeId, Op, Reduce, Rounding, Slot, Space, SpaceId, Ty};
use crate::hash::HashMap;
use crate::kernels::Kernel;
use std::sync::Arc;

/// Spaces and nodes, each only once.
#[derive(Debug, Clone)]
pub struct Ir {
    spaces: Vec<Space>,
    nodes: Vec<Node>,
    space_ids: HashMap<Space, SpaceId>,
    node_ids: HashMap<Node, NodeId>,
    kernels: Vec<Arc<dyn Kernel>>,
}

impl Default for Ir {
    fn default() -> Self {
        Ir {
            spaces: vec![Space::Event],
            nodes: Vec::new(),
            space_ids: HashMap::from_iter([(Space::Event, SpaceId::EVENT)]),
            node_ids: HashMap::default(),
            kernels: Vec::new(),
        }
    }
}

impl Ir {
    /// These spaces and nodes, which are those of another DAG but for their numbers.
    pub(super) fn of(spaces: Vec<Space>, nodes: Vec<Node>, kernels: Vec<Arc<dyn Kernel>>) -> Ir {
        let space_ids = (0..).map(SpaceId).zip(&spaces).map(|(id, s)| (s.clone(), id)).collect();
        let node_ids = (0..).map(NodeId).zip(&nodes).map(|(id, n)| (n.clone(), id)).collect();
        Ir { spaces, nodes, space_ids, node_ids, kernels }
    }

    /// All nodes; operands come before their users.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The kernels that nodes may name.
    pub fn kernels(&self) -> &[Arc<dyn Kernel>] {
        &self.kernels
    }

    /// The kernel of this id.
    pub fn kernel(&self, id: KernelId) -> &dyn Kernel {
        &*self.kernels[id.index()]
    }

    /// A graph without nodes with the same kernels.
    pub fn emptied(&self) -> Ir {
        Ir { kernels: self.kernels.clone(), ..Ir::default() }
    }

    /// All spaces; the first one is the event.
    pub fn spaces(&self) -> &[Space] {
        &self.spaces
    }

    /// The node of this id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The space of this id.
    pub fn space(&self, id: SpaceId) -> &Space {
        &self.spaces[id.index()]
    }

    /// The type of a node.
    pub fn ty(&self, id: NodeId) -> Ty {
        self.node(id).ty
    }

    /// The space that a node is over.
    pub fn over(&self, id: NodeId) -> SpaceId {
        self.node(id).space
    }

    /// The value of a node that is a constant.
    pub fn constant(&self, id: NodeId) -> Option<Const> {
        match self.node(id).op {
            Op::Const(c) => Some(c),
            _ => None,
        }
    }

    /// The space whose elements group the elements of `id`; `None` for the event.
    pub fn parent(&self, id: SpaceId) -> Option<SpaceId> {
        match self.space(id) {
            Space::Event => None,
            Space::Collection { .. } => Some(SpaceId::EVENT),
            Space::Filter { base, .. } | Space::Sort { base, .. } | Space::Combos { base, .. } => {
                self.parent(*base)
            }
            Space::Concat { parts } => self.parent(parts[0]),
            Space::Cross { first, .. } => self.parent(*first),
            Space::Nested { outer, .. } => Some(*outer),
        }
    }

    /// Whether `up` is `down`, its parent, its parent's parent, ...
    pub fn is_ancestor(&self, up: SpaceId, down: SpaceId) -> bool {
        let mut at = Some(down);
        while let Some(space) = at {
            if space == up {
                return true;
            }
            at = self.parent(space);
        }
        false
    }

    /// The space that `slot` of an element of `space` is in, if it has that slot.
    pub fn slot_space(&self, space: SpaceId, slot: Slot) -> Option<SpaceId> {
        match (self.space(space), slot) {
            (_, Slot::Parent) => self.parent(space),
            (Space::Filter { base, .. } | Space::Sort { base, .. }, Slot::Base(0)) => Some(*base),
            (Space::Combos { base, size }, Slot::Base(k)) if k < *size => Some(*base),
            (Space::Combos { base, size }, Slot::Pair(a, b)) if a < b && b < *size && *size > 2 => {
                self.space_ids.get(&Space::Combos { base: *base, size: 2 }).copied()
            }
            (Space::Cross { first, .. }, Slot::Base(0)) => Some(*first),
            (Space::Cross { second, .. }, Slot::Base(1)) => Some(*second),
            (Space::Nested { inner, .. }, Slot::Base(0)) => Some(*inner),
            _ => None,
        }
    }

    /// The id of a space, new or known.
    ///
    /// # Panics
    /// If the space is not well-formed.
    pub fn add_space(&mut self, space: Space) -> SpaceId {
        if let Some(&id) = self.space_ids.get(&space) {
            return id;
        }
        self.check_space(&space);
        let id = SpaceId(u32::try_from(self.spaces.len()).expect("fewer than 2^32 spaces"));
        self.spaces.push(space.clone());
        self.space_ids.insert(space, id);
        id
    }

    fn check_space(&self, space: &Space) {
        match space {
            Space::Event | Space::Collection { .. } => {}
            Space::Filter { base, mask } => {
                assert_eq!(self.ty(*mask), Ty::Bool, "a filter's mask is boolean");
                assert_eq!(self.over(*mask), *base, "a filter's mask is over its base");
            }
            Space::Sort { base, key } => {
                assert!(matches!(self.ty(*key), Ty::F32 | Ty::I32 | Ty::I64), "a number sorts");
                assert_eq!(self.over(*key), *base, "a sort's key is over its base");
            }
            Space::Concat { parts } => {
                assert!(!parts.is_empty(), "a concatenation has parts");
                assert!(parts.iter().all(|p| self.parent(*p) == self.parent(parts[0])));
                assert!(self.parent(parts[0]).is_some(), "the event is no collection");
            }
            Space::Combos { base, size } => {
                assert!(*size >= 2 && self.parent(*base).is_some(), "combinations of 2 or more");
            }
            Space::Cross { first, second } => {
                assert!(
                    self.parent(*first).is_some() && self.parent(*first) == self.parent(*second)
                );
            }
            Space::Nested { outer, inner } => {
                let parent = self.parent(*inner).expect("the event nests in nothing");
                assert!(
                    self.is_ancestor(parent, *outer),
                    "the inner space is visible from the outer"
                );
            }
        }
    }

    /// The id of a node, new or known; space and type follow from the operation.
    ///
    /// # Panics
    /// If the operands do not fit the operation.
    fn add(&mut self, op: Op, space: SpaceId, ty: Ty) -> NodeId {
        let node = Node { op, space, ty };
        if let Some(&id) = self.node_ids.get(&node) {
            return id;
        }
        let id = NodeId(u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes"));
        self.nodes.push(node.clone());
        self.node_ids.insert(node, id);
        id
    }

    /// A constant.
    pub fn constant_node(&mut self, value: Const) -> NodeId {
        self.add(Op::Const(value), SpaceId::EVENT, value.ty())
    }

    /// A real constant, rounded to nearest in single precision.
    pub fn real(&mut self, x: f64) -> NodeId {
        self.constant_node(Const::real(x))
    }

    /// The value of a parameter of the analysis.
    pub fn parameter(&mut self, index: u32, value: f64) -> NodeId {
        self.rounded_parameter(index, value, Rounding::Nearest)
    }

    /// The same, as the number of single precision that decides a comparison.
    pub fn rounded_parameter(&mut self, index: u32, exact: f64, rounding: Rounding) -> NodeId {
        let single = rounding.of(exact);
        self.constant_node(Const::Parameter { index, exact, single, rounding })
    }

    /// Gives the parameters of the analysis other values. Nothing that depends on
    /// them was computed beforehand.
    pub fn set_parameters(&mut self, values: &[f64]) {
        for (k, node) in self.nodes.iter_mut().enumerate() {
            let Op::Const(Const::Parameter { index, rounding, .. }) = node.op else { continue };
            let Some(&exact) = values.get(index as usize) else { continue };
            self.node_ids.remove(node);
            let single = rounding.of(exact);
            node.op = Op::Const(Const::Parameter { index, exact, single, rounding });
            self.node_ids.insert(node.clone(), NodeId(k as u32));
        }
        for kernel in &mut self.kernels {
            if let Some(changed) = kernel.with_parameters(values) {
                *kernel = changed;
            }
        }
    }

    /// The id of a kernel, new or known.
    pub fn add_kernel(&mut self, kernel: &Arc<dyn Kernel>) -> KernelId {
        let same = |known: &Arc<dyn Kernel>| {
            let alike = || known.name() == kernel.name() && known.text() == kernel.text();
            Arc::ptr_eq(known, kernel) || alike()
        };
        let at = self.kernels.iter().position(same).unwrap_or(self.kernels.len());
        if at == self.kernels.len() {
            self.kernels.push(kernel.clone());
        }
        KernelId(u16::try_from(at).expect("fewer than 2^16 kernels"))
    }

    /// All results of a kernel, a node each, of operands as those of [`Ir::map`].
    ///
    /// # Panics
    /// If the operands are not what the kernel takes.
    pub fn results(&mut self, kernel: &Arc<dyn Kernel>, inputs: &[NodeId]) -> Vec<NodeId> {
        let id = self.add_kernel(kernel);
        (0..kernel.results().len() as u16)
            .map(|result| self.map(Map::Kernel { kernel: id, result }, inputs))
            .collect()
    }

    /// The one result of a kernel, of operands as those of [`Ir::map`].
    ///
    /// # Panics
    /// If the operands are not what the kernel takes.
    pub fn call(&mut self, kernel: &Arc<dyn Kernel>, inputs: &[NodeId]) -> NodeId {
        let kernel = self.add_kernel(kernel);
        self.map(Map::Kernel { kernel, result: 0 }, inputs)
    }

    /// A column of the batch.
    pub fn column(&mut self, column: usize, space: SpaceId, ty: Ty) -> NodeId {
        assert!(matches!(self.space(space), Space::Event | Space::Collection { .. }));
        self.add(Op::Column(column), space, ty)
    }

    /// Number of elements of `space` in each element of its parent.
    pub fn count(&mut self, space: SpaceId) -> NodeId {
        let parent = self.parent(space).expect("the event is not counted");
        self.add(Op::Count(space), parent, Ty::I32)
    }

    /// An element-wise function of operands over one space (constants fit any).
    pub fn map(&mut self, map: Map, operands: &[NodeId]) -> NodeId {
        let space = operands
            .iter()
            .find(|n| self.constant(**n).is_none())
            .map_or(SpaceId::EVENT, |n| self.over(*n));
        for n in operands {
            assert!(
                self.constant(*n).is_some() || self.over(*n) == space,
                "{map:?}: operands over {:?} and {space:?}",
                self.over(*n)
            );
        }
        let types: Vec<Ty> = operands.iter().map(|n| self.ty(*n)).collect();
        let ty = self.map_type(map, &types).unwrap_or_else(|| panic!("{map:?} of {types:?}"));
        self.add(Op::Map(map, operands.to_vec()), space, ty)
    }

    fn map_type(&self, map: Map, types: &[Ty]) -> Option<Ty> {
        let Map::Kernel { kernel, result } = map else { return map_type(map, types) };
        let kernel = self.kernel(kernel);
        let fit = kernel.inputs().iter().map(|t| Ty::from(*t)).eq(types.iter().copied());
        kernel.results().get(usize::from(result)).filter(|_| fit).map(|t| Ty::from(*t))
    }

    /// The value of `node` for the element in `slot` of each element of `to`.
    /// A constant is returned as it is.
    pub fn lift(&mut self, node: NodeId, to: SpaceId, slot: Slot) -> NodeId {
        if self.constant(node).is_some() {
            return node;
        }
        assert_eq!(
            self.slot_space(to, slot),
            Some(self.over(node)),
            "{slot:?} of {:?}",
            self.space(to)
        );
        let ty = self.ty(node);
        self.add(Op::Lift { node, slot }, to, ty)
    }

    /// The value of `node`, which is over `to` or an ancestor of it, for each
    /// element of `to`; `None` if it is over another space.
    pub fn broadcast(&mut self, node: NodeId, to: SpaceId) -> Option<NodeId> {
        if self.constant(node).is_some() || self.over(node) == to {
            return Some(node);
        }
        let parent = self.parent(to)?;
        let at_parent = self.broadcast(node, parent)?;
        Some(self.lift(at_parent, to, Slot::Parent))
    }

    /// One column over a concatenation from one column a part. Constants must
    /// have been made columns of their part.
    pub fn join(&mut self, to: SpaceId, operands: &[NodeId]) -> NodeId {
        let Space::Concat { parts } = self.space(to) else {
            panic!("a join is over a concatenation")
        };
        assert_eq!(parts.len(), operands.len());
        for (part, n) in parts.iter().zip(operands) {
            assert!(self.constant(*n).is_some() || self.over(*n) == *part);
        }
        let ty = self.ty(operands[0]);
        assert!(operands.iter().all(|n| self.ty(*n) == ty), "the parts have one type");
        self.add(Op::Join(operands.to_vec()), to, ty)
    }

    /// Which part of a concatenation each element comes from.
    pub fn part(&mut self, of: SpaceId) -> NodeId {
        assert!(matches!(self.space(of), Space::Concat { .. }));
        self.add(Op::Part, of, Ty::I32)
    }

    /// The values of each parent element put together. `node` is no constant.
    pub fn reduce(&mut self, how: Reduce, node: NodeId) -> NodeId {
        let parent = self.parent(self.over(node)).expect("the event is not reduced");
        let ty = match (how, self.ty(node)) {
            (Reduce::Sum, ty @ (Ty::F32 | Ty::I32 | Ty::I64)) => ty,
            (Reduce::Tally, Ty::Bool) => Ty::I32,
            (Reduce::Any, Ty::Bool) => Ty::Bool,
            (how, ty) => panic!("{how:?} of {ty:?}"),
        };
        self.add(Op::Reduce(how, node), parent, ty)
    }

    /// Index of the least or greatest key.
    pub fn best(&mut self, key: NodeId, greatest: bool) -> NodeId {
        assert!(matches!(self.ty(key), Ty::F32 | Ty::I32 | Ty::I64));
        let of = self.over(key);
        let parent = self.parent(of).expect("the event has no best");
        self.add(Op::Best { key, greatest }, parent, Ty::Index(of))
    }

    /// Index of an element by its number.
    pub fn nth(&mut self, of: SpaceId, nth: u32) -> NodeId {
        let parent = self.parent(of).expect("the event is not indexed");
        self.add(Op::Nth { of, nth }, parent, Ty::Index(of))
    }

    /// Index from a stored reference.
    pub fn refer(&mut self, ordinal: NodeId, of: SpaceId) -> NodeId {
        assert_eq!(self.ty(ordinal), Ty::I32);
        assert_eq!(self.parent(of), Some(SpaceId::EVENT));
        let space = self.over(ordinal);
        self.add(Op::Refer { ordinal, of }, space, Ty::Index(of))
    }

    /// Each element's own index.
    pub fn own(&mut self, space: SpaceId) -> NodeId {
        self.add(Op::Own, space, Ty::Index(space))
    }

    /// From an index to the index of a related element.
    pub fn member(&mut self, index: NodeId, slot: Slot) -> NodeId {
        let Ty::Index(of) = self.ty(index) else { panic!("a member of an index") };
        let to = self.slot_space(of, slot).expect("the slot exists");
        let space = self.over(index);
        self.add(Op::Member { index, slot }, space, Ty::Index(to))
    }

    /// The value of a column where an index points. A constant is not picked.
    pub fn pick(&mut self, node: NodeId, index: NodeId) -> NodeId {
        assert!(self.constant(node).is_none(), "a constant is not picked");
        assert_eq!(self.ty(index), Ty::Index(self.over(node)));
        let (space, ty) = (self.over(index), self.ty(node));
        self.add(Op::Pick { node, index }, space, ty)
    }

    /// Whether an index points to an element.
    pub fn exists(&mut self, index: NodeId) -> NodeId {
        assert!(matches!(self.ty(index), Ty::Index(_)));
        let space = self.over(index);
        self.add(Op::Exists(index), space, Ty::Bool)
    }

    /// Whether two indices point to the same element.
    pub fn same(&mut self, a: NodeId, b: NodeId) -> NodeId {
        assert!(matches!(self.ty(a), Ty::Index(_)) && self.ty(a) == self.ty(b));
        assert_eq!(self.over(a), self.over(b));
        let space = self.over(a);
        self.add(Op::Same(a, b), space, Ty::Bool)
    }
}

/// The type of `map` of operands of these types, if there is one.
fn map_type(map: Map, types: &[Ty]) -> Option<Ty> {
    use Map::*;
    let number = |t: Ty| matches!(t, Ty::F32 | Ty::I32 | Ty::I64);
    match (map, types) {
        (Div, [Ty::F32, Ty::F32]) => Some(Ty::F32),
        (Add | Sub | Mul, [a, b]) if a == b && number(*a) => Some(*a),
        (FloorDiv | Mod, [a @ (Ty::I32 | Ty::I64), b]) if a == b => Some(*a),
        (MulHigh, [Ty::I64, Ty::I64]) => Some(Ty::I64),
        (Neg, [t]) if number(*t) => Some(*t),
        (And | Or | Xor, [a, b]) if a == b && matches!(a, Ty::Bool | Ty::I32 | Ty::I64) => Some(*a),
        (Not, [t @ (Ty::Bool | Ty::I32 | Ty::I64)]) => Some(*t),
        (Shl | Shr, [t @ (Ty::I32 | Ty::I64), Ty::I32]) => Some(*t),
        (Lt | Le, [a, b]) if a == b && number(*a) => Some(Ty::Bool),
        (Eq | Ne, [a, b]) if a == b && (number(*a) || *a == Ty::Bool) => Some(Ty::Bool),
        (Select, [Ty::Bool, a, b]) if a == b && !matches!(a, Ty::Index(_)) => Some(*a),
        (ToReal, [Ty::I32 | Ty::I64 | Ty::Bool]) => Some(Ty::F32),
        (ToInt, [Ty::F32 | Ty::Bool]) => Some(Ty::I32),
        (Widen, [Ty::I32]) => Some(Ty::I64),
        (Narrow, [Ty::I64]) => Some(Ty::I32),
        (IsFinite | IsNan, [Ty::F32]) => Some(Ty::Bool),
        _ => None,
    }
}
