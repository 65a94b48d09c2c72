//! Plans with every operation over every kind of space, for tests, and batches
//! with the values and multiplicities that break things.

mod batches;
mod fills;
mod functions;
mod large;
mod spaces;

pub(super) use batches::{batch, busy_batch, slice};
pub(super) use fills::{fills, mixed_weights};
pub(super) use functions::functions;
pub(super) use large::{costly, many};
pub(super) use spaces::{spaces, uncovered};

use crate::batch::{Request, RequestedColumn};
use crate::bins::{Axis, AxisKind};
use crate::ir::{Const, Ir, Map, NodeId, Reduce, Slot, Space, SpaceId, Ty};
use crate::plan::{Fill, Plan};

/// The columns: branch, counter (`None` for one value an event), type.
const COLUMNS: [(&str, Option<usize>, Ty); 16] = [
    ("Jet_pt", Some(0), Ty::F32),
    ("Jet_eta", Some(0), Ty::F32),
    ("Jet_id", Some(0), Ty::I32),
    ("Jet_tag", Some(0), Ty::Bool),
    ("Jet_bits", Some(0), Ty::I64),
    ("Muon_pt", Some(1), Ty::F32),
    ("Muon_charge", Some(1), Ty::I32),
    ("Muon_jetIdx", Some(1), Ty::I32),
    ("Electron_pt", Some(2), Ty::F32),
    ("Electron_charge", Some(2), Ty::I32),
    ("MET_pt", None, Ty::F32),
    ("run", None, Ty::I32),
    ("event", None, Ty::I64),
    ("HLT", None, Ty::Bool),
    ("weight", None, Ty::F32),
    ("huge", None, Ty::F32),
];

/// Builds plans over [`COLUMNS`].
pub(super) struct PlanMaker {
    pub(super) plan: Plan,
}

impl PlanMaker {
    /// No fills yet.
    pub(super) fn new() -> PlanMaker {
        let counters = ["nJet", "nMuon", "nElectron"].map(str::to_owned).to_vec();
        let columns = COLUMNS
            .iter()
            .map(|(branch, counter, _)| RequestedColumn {
                branch: (*branch).to_owned(),
                counter: *counter,
            })
            .collect();
        let request = Request { counters, columns, keep_doubles: false };
        PlanMaker { plan: Plan { ir: Ir::default(), request, fills: Vec::new() } }
    }

    pub(super) fn ir(&mut self) -> &mut Ir {
        &mut self.plan.ir
    }

    /// Stored collection `counter`.
    pub(super) fn stored(&mut self, counter: usize) -> SpaceId {
        let name = ["Jet", "Muon", "Electron"][counter].to_owned();
        self.ir().add_space(Space::Collection { counter, name })
    }

    /// The column of this name.
    pub(super) fn column(&mut self, branch: &str) -> NodeId {
        let at = COLUMNS.iter().position(|c| c.0 == branch).expect("a known column");
        let (_, counter, ty) = COLUMNS[at];
        let space = counter.map_or(SpaceId::EVENT, |c| self.stored(c));
        self.ir().column(at, space, ty)
    }

    pub(super) fn map(&mut self, map: Map, operands: &[NodeId]) -> NodeId {
        self.ir().map(map, operands)
    }

    pub(super) fn real(&mut self, x: f64) -> NodeId {
        self.ir().real(x)
    }

    /// `node < x`.
    fn below(&mut self, node: NodeId, x: f64) -> NodeId {
        let x = self.real(x);
        self.map(Map::Lt, &[node, x])
    }

    fn filter(&mut self, base: SpaceId, mask: NodeId) -> SpaceId {
        self.ir().add_space(Space::Filter { base, mask })
    }

    fn lift(&mut self, node: NodeId, to: SpaceId, slot: Slot) -> NodeId {
        self.ir().lift(node, to, slot)
    }

    /// The sum of `nodes` in order.
    fn sum(&mut self, nodes: &[NodeId]) -> NodeId {
        nodes[1..].iter().fold(nodes[0], |a, b| self.map(Map::Add, &[a, *b]))
    }

    /// Fills whose sums show every bit of a node's values.
    pub(super) fn probe(&mut self, node: NodeId) {
        if self.ir().constant(node).is_some() {
            return;
        }
        match self.ir().ty(node) {
            Ty::Index(of) => self.probe_index(node, of),
            Ty::I64 => {
                let shift = self.ir().constant_node(Const::I32(32));
                let high = self.map(Map::Shr, &[node, shift]);
                for half in [node, high] {
                    let mask = self.ir().constant_node(Const::I64(0xff_ffff));
                    let bits = self.map(Map::And, &[half, mask]);
                    let real = self.map(Map::ToReal, &[bits]);
                    self.probe(real);
                }
            }
            Ty::I32 => {
                let mask = self.ir().constant_node(Const::I32(0xffff));
                let low = self.map(Map::And, &[node, mask]);
                for part in [node, low] {
                    let real = self.map(Map::ToReal, &[part]);
                    self.probe(real);
                }
            }
            Ty::Bool => self.fill(node, None, AxisKind::Boolean, None),
            Ty::F32 => {
                let axis = AxisKind::Regular { bins: 7, low: -50.0, high: 120.0 };
                self.fill(node, None, axis, Some(node));
            }
        }
    }

    fn probe_index(&mut self, index: NodeId, of: SpaceId) {
        let there = self.ir().exists(index);
        self.probe(there);
        if let Some(x) = self.value_over(of) {
            let picked = self.ir().pick(x, index);
            self.probe(picked);
        }
    }

    /// Fills `value`, where `mask` is true or everywhere.
    pub(super) fn fill(
        &mut self,
        value: NodeId,
        mask: Option<NodeId>,
        kind: AxisKind,
        weight: Option<NodeId>,
    ) {
        let mask = mask.unwrap_or_else(|| {
            // True for every element, but not a constant.
            match self.ir().ty(value) {
                Ty::Bool => self.map(Map::Eq, &[value, value]),
                _ => {
                    let nan = self.map(Map::IsNan, &[value]);
                    let number = self.map(Map::Not, &[nan]);
                    self.map(Map::Or, &[nan, number])
                }
            }
        });
        let missing = self.map(Map::Not, &[mask]);
        let name = format!("fill {}", self.plan.fills.len());
        let axes = vec![(Axis { kind, label: String::new() }, value)];
        self.plan.fills.push(Fill { name, axes, mask, missing: Some(missing), weight, soft: None });
    }

    /// Some F32 column over a space that depends on all of an element's relations.
    pub(super) fn value_over(&mut self, space: SpaceId) -> Option<NodeId> {
        let shape = self.ir().space(space).clone();
        Some(match shape {
            Space::Event => self.column("MET_pt"),
            Space::Collection { counter, .. } => {
                self.column(["Jet_pt", "Muon_pt", "Electron_pt"][counter])
            }
            Space::Filter { base, .. } | Space::Sort { base, .. } => {
                let x = self.value_over(base)?;
                self.lift(x, space, Slot::Base(0))
            }
            Space::Concat { parts } => {
                let parts: Option<Vec<NodeId>> =
                    parts.iter().map(|p| self.value_over(*p)).collect();
                self.ir().join(space, &parts?)
            }
            Space::Combos { base, size } => {
                let x = self.value_over(base)?;
                let members: Vec<NodeId> =
                    (0..size).map(|k| self.lift(x, space, Slot::Base(k))).collect();
                let two = self.real(2.0);
                let first = self.map(Map::Mul, &[two, members[0]]);
                let rest = self.sum(&members[1..]);
                self.map(Map::Sub, &[first, rest])
            }
            Space::Cross { first, second } => {
                let (a, b) = (self.value_over(first)?, self.value_over(second)?);
                let a = self.lift(a, space, Slot::Base(0));
                let b = self.lift(b, space, Slot::Base(1));
                self.map(Map::Sub, &[a, b])
            }
            Space::Nested { outer, inner } => {
                let (a, b) = (self.value_over(outer)?, self.value_over(inner)?);
                let a = self.lift(a, space, Slot::Parent);
                let b = self.lift(b, space, Slot::Base(0));
                self.map(Map::Div, &[a, b])
            }
        })
    }

    /// All reductions and indices over a space.
    pub(super) fn probe_space(&mut self, space: SpaceId) {
        let x = self.value_over(space).expect("every space has a value");
        self.probe(x);
        if let Space::Concat { .. } = self.ir().space(space) {
            let part = self.ir().part(space);
            self.probe(part);
        }
        let low = self.below(x, 35.0);
        let count = self.ir().count(space);
        self.probe(count);
        let whole = self.map(Map::ToInt, &[x]);
        let wide = self.map(Map::Widen, &[whole]);
        let (sum, of) = (Reduce::Sum, [x, whole, wide]);
        let sums = of.map(|node| (sum, node)).into_iter();
        for (how, node) in sums.chain([(Reduce::Tally, low), (Reduce::Any, low)]) {
            let node = self.ir().reduce(how, node);
            self.probe(node);
        }
        let up = self.ir().parent(space).expect("not the event");
        let mut indices = Vec::new();
        for greatest in [false, true] {
            indices.push(self.ir().best(x, greatest));
        }
        for n in [0, 1, 3] {
            indices.push(self.ir().nth(space, n));
        }
        for k in 0..indices.len() {
            self.probe(indices[k]);
            for slot in [Slot::Parent, Slot::Base(0), Slot::Base(1), Slot::Pair(0, 2)] {
                if self.ir().slot_space(space, slot).is_some_and(|s| s != SpaceId::EVENT) {
                    let member = self.ir().member(indices[k], slot);
                    self.probe(member);
                }
            }
            let same = self.ir().same(indices[0], indices[k]);
            self.probe(same);
        }
        // Inside the space again: is this element the best one?
        let own = self.ir().own(space);
        let best = self.ir().lift(indices[0], space, Slot::Parent);
        let same = self.ir().same(own, best);
        self.probe(same);
        if up == SpaceId::EVENT {
            let run = self.column("run");
            let four = self.ir().constant_node(Const::I32(4));
            let ordinal = self.map(Map::Mod, &[run, four]);
            let refer = self.ir().refer(ordinal, space);
            self.probe(refer);
        } else {
            let total = self.ir().reduce(Reduce::Sum, x);
            if self.ir().parent(up).is_some() {
                let total = self.ir().reduce(Reduce::Sum, total);
                self.probe(total);
            }
        }
    }
}
