//! The typed intermediate representation: a DAG of columns over spaces.
//!
//! A *space* says what a column has one value for: the event, a collection's
//! elements, the pairs of a collection. A *node* is one column over one space.
//! Missing values do not exist here: the language lowers a value that may be
//! missing to two nodes, the value (0 or false where missing) and a boolean
//! that says whether it is there. Equal nodes are one node (hash-consing), so
//! common sub-expressions are shared by construction.

mod assume;
mod build;
mod op;
mod print;
mod prune;
mod ranges;
mod spaces;

use crate::kernels::Type;
pub use build::Ir;
pub use op::{Const, Map, Reduce, Rounding, Slot};
pub use prune::Pruned;
pub(crate) use ranges::{MOST_ELEMENTS, Range, Ranges};

/// Index of a [`Space`] in its [`Ir`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpaceId(pub(crate) u32);

/// Index of a [`Node`] in its [`Ir`]. Operands have smaller indices than the
/// nodes that use them, and a space's defining nodes smaller ones than the
/// nodes over it: index order is an evaluation order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

/// Index of a kernel in [`Ir::kernels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KernelId(pub(crate) u16);

impl KernelId {
    /// Position in [`Ir::kernels`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl SpaceId {
    /// The space with one element an event.
    pub const EVENT: SpaceId = SpaceId(0);

    /// Position in [`Ir::spaces`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl NodeId {
    /// Position in [`Ir::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a column has one value for. Every space but [`Space::Event`] has a
/// parent space (see [`Ir::parent`]): its elements are grouped by the
/// parent's, and keep the parent's order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Space {
    /// One element an event.
    Event,
    /// The elements of a stored collection; parent: the event.
    Collection {
        /// Index into the plan's counters.
        counter: usize,
        /// `Jet`, for people.
        name: String,
    },
    /// The elements of `base` for which `mask` (a Bool node over `base`) is
    /// true, in order; parent: `base`'s.
    Filter {
        /// Where the elements come from.
        base: SpaceId,
        /// Which ones stay.
        mask: NodeId,
    },
    /// The elements of `base` by ascending `key` (a F32, I32 or I64 node over
    /// `base`), stable, NaN last; parent: `base`'s.
    Sort {
        /// Where the elements come from.
        base: SpaceId,
        /// What orders them.
        key: NodeId,
    },
    /// The elements of all parts, part after part; the parts share one parent,
    /// which is this space's too.
    Concat {
        /// Spaces of one parent.
        parts: Vec<SpaceId>,
    },
    /// All `size`-element combinations of `base`'s elements within one parent
    /// element, positions ascending, in lexicographic order (0,1) (0,2) (1,2);
    /// parent: `base`'s.
    Combos {
        /// Where the members come from.
        base: SpaceId,
        /// Members of a combination, 2 or more.
        size: u32,
    },
    /// All pairs of one element of `first` and one of `second` (both of one
    /// parent), the second running fastest; parent: theirs.
    Cross {
        /// Slot `Base(0)`.
        first: SpaceId,
        /// Slot `Base(1)`.
        second: SpaceId,
    },
    /// `inner` seen from each element of `outer`: for each element of `outer`
    /// all elements of `inner` whose parent is an ancestor of that element (or
    /// the element itself); parent: `outer`. Slot `Base(0)` is the inner
    /// element, `Parent` the outer one.
    Nested {
        /// The parent.
        outer: SpaceId,
        /// What is seen from each of its elements; its parent is `outer`'s
        /// parent or a more distant ancestor.
        inner: SpaceId,
    },
}

/// Type of a node's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ty {
    /// True or false.
    Bool,
    /// 32-bit integer, wrapping: the language takes it where no result leaves 32 bits.
    I32,
    /// 64-bit integer, wrapping.
    I64,
    /// Real number: f32, or f64 under `--precision f64`.
    F32,
    /// Which element of a space, or none.
    Index(SpaceId),
}

impl From<Type> for Ty {
    fn from(of: Type) -> Ty {
        match of {
            Type::Bool => Ty::Bool,
            Type::I32 => Ty::I32,
            Type::I64 => Ty::I64,
            Type::Real => Ty::F32,
        }
    }
}

/// One column: an operation, the space it is over and its type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// What computes it.
    pub op: Op,
    /// What it has one value for.
    pub space: SpaceId,
    /// The type of its values.
    pub ty: Ty,
}

/// What computes a node. "Over" names the space of the result; operands of
/// [`Op::Map`] are over the same space, or constants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// A constant; usable in a [`Op::Map`] over any space whatever its own is.
    Const(Const),
    /// A column of the batch, by index into the plan's columns; over a stored
    /// collection or the event.
    Column(usize),
    /// Number of elements of a space; I32 over its parent.
    Count(SpaceId),
    /// An element-wise function.
    Map(Map, Vec<NodeId>),
    /// The value of `node` (over the slot's space) for the element in `slot`.
    Lift {
        /// A column over the slot's space.
        node: NodeId,
        /// Which of the element's relations.
        slot: Slot,
    },
    /// Over a [`Space::Concat`]: for elements of part `i` the value of operand
    /// `i`, which is over part `i`.
    Join(Vec<NodeId>),
    /// Over a [`Space::Concat`]: I32, the part that an element comes from.
    Part,
    /// All values of `node` (over a space whose parent is this node's space)
    /// put together.
    Reduce(Reduce, NodeId),
    /// Index (into the key's space) of the least or greatest `key` within each
    /// parent element: NaN passed over, the first of equals, none if there is
    /// no candidate. Over the key's parent.
    Best {
        /// F32 or I32 or I64.
        key: NodeId,
        /// Greatest instead of least.
        greatest: bool,
    },
    /// Index of the element number `nth` (from 0) of `of` within each parent
    /// element, none if there are fewer. Over `of`'s parent.
    Nth {
        /// The space pointed into.
        of: SpaceId,
        /// From 0.
        nth: u32,
    },
    /// Index from a stored reference: element number `ordinal` (I32, over any
    /// space) of `of` (whose parent is the event) in the same event; none if
    /// negative or beyond the end. Over the ordinal's space.
    Refer {
        /// Element number within the event.
        ordinal: NodeId,
        /// The space pointed into.
        of: SpaceId,
    },
    /// Each element's own index; over the space that it points into.
    Own,
    /// From an index into a space to the index of the element in a slot of it
    /// (`Base(k)` or `Parent`); none stays none. Over the index's space.
    Member {
        /// An index.
        index: NodeId,
        /// Which related element.
        slot: Slot,
    },
    /// The value of `node` at the element that `index` points to (into
    /// `node`'s space); 0 or false where it is none. Over the index's space.
    Pick {
        /// A column over the space pointed into.
        node: NodeId,
        /// An index into that space.
        index: NodeId,
    },
    /// Whether an index points to an element; Bool over the index's space.
    Exists(NodeId),
    /// Whether two indices (into one space, over one space) point to the same
    /// element; false if either is none.
    Same(NodeId, NodeId),
}
