//! Columns that are computed once for each element and kept in `scratch`,
//! because loops inside of loops would compute them again and again.
//!
//! An element of a stored collection (or of a filter, sort or concatenation of
//! such) has a place: its position in the chunk. A pair of such elements has
//! one too: pairs are numbered within the event by `j (j - 1) / 2 + i`, `i < j`.
//! An event's places are written and read by its own thread only.

use super::graph::{Needed, spaces};
use super::loc::{Atom, Loc};
use super::scope::{Emitter, Value};
use crate::ir::{Ir, Map, NodeId, Op, Slot, Space, SpaceId, Ty};
use std::collections::BTreeMap;

/// Cost (see [`Costs`]) from which a column is kept for a loop in a loop, and
/// for a loop in a loop in a loop. A kept one costs a write and some reads.
const WORTH: [u32; 2] = [60, 25];

/// Which elements have places: indices into the plan's counters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Places {
    /// The elements of these collections, one after the other in each event.
    Elements(Vec<usize>),
    /// The pairs of the elements of these collections.
    Pairs(Vec<usize>),
}

/// What a chunk's arena says beyond its offsets and columns, one word each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extra {
    /// Where in `scratch` a kept column begins.
    Kept {
        /// For which elements.
        places: Places,
        /// Words of one value.
        width: usize,
    },
    /// Where in the arena the events' offsets into [`Places::Pairs`] begin.
    PairOffsets(Vec<usize>),
}

/// The elements of `space` as places, if they have some.
fn places(ir: &Ir, space: SpaceId) -> Option<Places> {
    match ir.space(space) {
        // A pair's number needs its members in stored order.
        Space::Combos { base, size: 2 } if ascends(ir, *base) => {
            elements(ir, *base).map(Places::Pairs)
        }
        Space::Filter { base, .. } | Space::Sort { base, .. } => places(ir, *base),
        _ => elements(ir, space).map(Places::Elements),
    }
}

fn ascends(ir: &Ir, space: SpaceId) -> bool {
    match ir.space(space) {
        Space::Filter { base, .. } => ascends(ir, *base),
        Space::Concat { parts } => parts.iter().all(|p| ascends(ir, *p)),
        other => matches!(other, Space::Collection { .. }),
    }
}

fn elements(ir: &Ir, space: SpaceId) -> Option<Vec<usize>> {
    match ir.space(space) {
        Space::Collection { counter, .. } => Some(vec![*counter]),
        Space::Filter { base, .. } | Space::Sort { base, .. } => elements(ir, *base),
        Space::Concat { parts } => {
            let parts: Option<Vec<_>> = parts.iter().map(|p| elements(ir, *p)).collect();
            Some(parts?.concat())
        }
        _ => None,
    }
}

/// What it costs to compute a node for one element, about one an instruction.
#[derive(Debug)]
pub(super) struct Costs(Vec<u32>);

impl Costs {
    pub(super) fn new(ir: &Ir) -> Costs {
        // Loops are taken to have this many turns.
        const TURNS: u32 = 4;
        let mut costs: Vec<u32> = Vec::with_capacity(ir.nodes().len());
        for node in ir.nodes() {
            let of = |n: &NodeId| costs[n.index()];
            let all = |nodes: &[NodeId]| nodes.iter().map(of).fold(0, u32::saturating_add);
            let mask = |mut space: SpaceId| {
                let mut cost = 2u32;
                while let Space::Filter { base, mask: node } | Space::Sort { base, key: node } =
                    ir.space(space)
                {
                    cost = cost.saturating_add(of(node));
                    space = *base;
                }
                cost
            };
            let cost = match &node.op {
                Op::Map(map, operands) => all(operands).saturating_add(match map {
                    Map::Call(_) => 30,
                    Map::Div => 20,
                    _ => 1,
                }),
                Op::Join(operands) => operands.iter().map(of).max().unwrap_or(0),
                Op::Lift { node, .. } => of(node),
                Op::Pick { node, index } => all(&[*node, *index]),
                Op::Member { index: n, .. } | Op::Exists(n) => of(n),
                Op::Same(a, b) => all(&[*a, *b]),
                Op::Reduce(_, n) | Op::Best { key: n, .. } => {
                    TURNS.saturating_mul(of(n).saturating_add(mask(ir.over(*n))))
                }
                Op::Count(space) | Op::Nth { of: space, .. } | Op::Refer { of: space, .. } => {
                    TURNS.saturating_mul(mask(*space))
                }
                Op::Const(_) | Op::Column(_) | Op::Own | Op::Part => 1,
            };
            costs.push(cost);
        }
        Costs(costs)
    }
}

/// The columns that a kernel with these needs should keep, in an order in
/// which each can use those before it.
pub(super) fn worth_keeping(ir: &Ir, costs: &Costs, needed: &Needed) -> Vec<NodeId> {
    let mut search = Search { ir, costs, found: BTreeMap::new() };
    for at in 0..ir.nodes().len() {
        let id = NodeId(at as u32);
        if let Op::Lift { node, slot } = ir.node(id).op
            && needed.node(id)
        {
            match (ir.space(ir.over(id)), slot) {
                (Space::Combos { size: 2, .. }, Slot::Base(_))
                | (Space::Cross { .. } | Space::Nested { .. }, Slot::Base(_)) => {
                    search.consider(node, WORTH[0]);
                }
                (Space::Combos { .. }, Slot::Base(_) | Slot::Pair(..)) => {
                    search.consider(node, WORTH[1]);
                }
                _ => {}
            }
        }
    }
    for space in spaces(ir).filter(|s| needed.loops(*s)) {
        match ir.space(space) {
            Space::Combos { base, size } => search.masks(*base, WORTH[usize::from(*size > 2)]),
            Space::Cross { first, second } => {
                search.masks(*first, WORTH[0]);
                search.masks(*second, WORTH[0]);
            }
            Space::Nested { inner, .. } => search.masks(*inner, WORTH[0]),
            Space::Sort { base, key } => {
                search.consider(*key, WORTH[1]);
                search.masks(*base, WORTH[1]);
            }
            _ => {}
        }
    }
    search.found.into_keys().collect()
}

struct Search<'s> {
    ir: &'s Ir,
    costs: &'s Costs,
    found: BTreeMap<NodeId, ()>,
}

impl Search<'_> {
    /// Keeps the node, or what it is lifted or joined from, if it costs as much.
    fn consider(&mut self, node: NodeId, worth: u32) {
        if self.costs.0[node.index()] < worth {
            return;
        }
        match &self.ir.node(node).op {
            Op::Lift { node, slot: Slot::Base(_) } => self.consider(*node, worth),
            Op::Lift { .. } => {}
            Op::Join(operands) => operands.iter().for_each(|n| self.consider(*n, worth)),
            _ => {
                let plain = !matches!(self.ir.ty(node), Ty::Index(_));
                if plain && places(self.ir, self.ir.over(node)).is_some() {
                    self.found.insert(node, ());
                }
            }
        }
    }

    /// The masks and keys that a loop over `space` evaluates.
    fn masks(&mut self, space: SpaceId, worth: u32) {
        match self.ir.space(space) {
            Space::Filter { base, mask: node } | Space::Sort { base, key: node } => {
                self.consider(*node, worth);
                self.masks(*base, worth);
            }
            Space::Concat { parts } => parts.iter().for_each(|p| self.masks(*p, worth)),
            _ => {}
        }
    }
}

impl Emitter<'_> {
    /// Reserves the place of a column that this kernel keeps.
    pub(super) fn keep(&mut self, node: NodeId) {
        let places = places(self.ir, self.ir.over(node)).expect("its elements have places");
        if let Places::Pairs(of) = &places {
            self.extra(Extra::PairOffsets(of.clone()));
        }
        let width = if self.ir.ty(node) == Ty::I64 { 2 } else { 1 };
        let line = self.extras.len();
        self.extras.push(Extra::Kept { places, width });
        self.keeps.insert(node, line);
    }

    /// The line of an extra that may be there already.
    fn extra(&mut self, extra: Extra) -> usize {
        self.extras.iter().position(|e| *e == extra).unwrap_or_else(|| {
            self.extras.push(extra);
            self.extras.len() - 1
        })
    }

    /// What `extra` number `line` says.
    fn extra_base(&mut self, line: usize, hint: &str) -> Atom {
        let request = &self.plan.request;
        self.base(request.counters.len() + request.columns.len() + line, hint)
    }

    /// Where in `scratch` the kept `node` is for the element `at`.
    fn place(&mut self, node: NodeId, at: &Loc) -> String {
        let line = self.keeps[&node];
        let base = self.extra_base(line, &format!("kept_v{}", node.index())).name;
        let Extra::Kept { places, width } = self.extras[line].clone() else {
            unreachable!("line {line} is a kept column's")
        };
        let space = self.ir.over(node);
        let place = match places {
            Places::Elements(of) => match (&of[..], self.stored(space, at)) {
                ([_], Some(position)) => position.name.to_string(),
                _ => {
                    let starts: Vec<String> =
                        of.iter().map(|c| self.bounds(*c).0.name.to_string()).collect();
                    format!("{} + {}", starts.join(" + "), self.ordinal(space, at).name)
                }
            },
            Places::Pairs(of) => {
                let offsets = self.extra(Extra::PairOffsets(of));
                let offsets = self.extra_base(offsets, "at_pairs").name;
                let (pairs, at) = self.unfiltered(space, at);
                let Space::Combos { base: of, .. } = *self.ir.space(pairs) else {
                    unreachable!("pairs are combinations")
                };
                let i = self.ordinal(of, at.member(0)).name;
                let j = self.ordinal(of, at.member(1)).name;
                format!("arena[{offsets} + event] + {j} * ({j} - 1u) / 2u + {i}")
            }
        };
        match width {
            1 => format!("{base} + {place}"),
            _ => format!("{base} + {width}u * ({place})"),
        }
    }

    /// The element behind filters and sorts.
    fn unfiltered<'l>(&self, space: SpaceId, at: &'l Loc) -> (SpaceId, &'l Loc) {
        match self.ir.space(space) {
            Space::Filter { base, .. } | Space::Sort { base, .. } => {
                self.unfiltered(*base, at.base())
            }
            _ => (space, at),
        }
    }

    /// The position of an element of one stored collection.
    fn stored(&self, space: SpaceId, at: &Loc) -> Option<Atom> {
        match self.unfiltered(space, at) {
            (_, Loc::At(position)) => Some(position.clone()),
            _ => None,
        }
    }

    /// The number of an element within its event, among the stored ones.
    fn ordinal(&mut self, space: SpaceId, at: &Loc) -> Atom {
        let (space, at) = self.unfiltered(space, at);
        if let Some(number) = self.flat.get(at) {
            return number.clone();
        }
        match (self.ir.space(space), at) {
            (Space::Collection { counter, .. }, Loc::At(position)) => {
                let low = self.bounds(*counter).0;
                self.constant("nr", format!("{} - {}", position.name, low.name))
            }
            (Space::Concat { parts }, Loc::Part(k, inner)) => {
                let own = self.ordinal(parts[*k], inner);
                let before = self.before(&parts[..*k]);
                self.constant("nr", format!("{}{before}", own.name))
            }
            (Space::Concat { parts }, Loc::Any(tag, _)) => {
                let mut found: Option<String> = None;
                for (k, part) in parts.iter().enumerate() {
                    let inner = self.in_part(space, k, at);
                    let own = self.ordinal(*part, &inner).name;
                    let here = format!("{own}{}", self.before(&parts[..k]));
                    found = Some(match found {
                        None => here,
                        Some(no) => format!("select({no}, {here}, {} == {k}u)", tag.name),
                    });
                }
                self.constant("nr", found.unwrap_or_default())
            }
            (shape, at) => unreachable!("{at:?} of {shape:?} has no place"),
        }
    }

    /// ` + n`: the stored elements of these parts.
    fn before(&mut self, parts: &[SpaceId]) -> String {
        let counters: Vec<usize> =
            parts.iter().flat_map(|p| elements(self.ir, *p).unwrap_or_default()).collect();
        let count = |c: &usize| {
            let (low, high) = self.bounds(*c);
            format!(" + ({} - {})", high.name, low.name)
        };
        counters.iter().map(count).collect()
    }

    /// Writes the kept `node` for the element `at`.
    pub(super) fn write_kept(&mut self, node: NodeId, at: &Loc) {
        let value = self.plain(node, at).name;
        let place = self.place(node, at);
        match self.ir.ty(node) {
            Ty::Bool => self.line(format!("scratch[{place}] = select(0u, 1u, {value});")),
            Ty::I64 => {
                self.line(format!("scratch[{place}] = {value}.x;"));
                self.line(format!("scratch[{place} + 1u] = {value}.y;"));
            }
            _ => self.line(format!("scratch[{place}] = bitcast<u32>({value});")),
        }
    }

    /// The kept value of `node` for the element `at`, if it has been written.
    pub(super) fn read_kept(&mut self, node: NodeId, at: &Loc) -> Option<Value> {
        if !self.kept.contains(&node) {
            return None;
        }
        let place = self.place(node, at);
        let text = match self.ir.ty(node) {
            Ty::Bool => format!("scratch[{place}] != 0u"),
            Ty::I32 => format!("bitcast<i32>(scratch[{place}])"),
            Ty::I64 => format!("vec2<u32>(scratch[{place}], scratch[{place} + 1u])"),
            _ => format!("bitcast<f32>(scratch[{place}])"),
        };
        Some(Value::Plain(self.constant(&format!("v{}", node.index()), text)))
    }
}
