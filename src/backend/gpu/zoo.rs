//! One plan with every operation over every kind of space, for tests, and
//! batches with the values and multiplicities that break things.

use crate::batch::{Batch, Request, RequestedColumn, Values};
use crate::hist::{Axis, AxisKind};
use crate::ir::{Const, Ir, Map, NodeId, Op, Reduce, Slot, Space, SpaceId, Ty};
use crate::kernels::FUNCTIONS;
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
pub(super) struct Zoo {
    pub(super) plan: Plan,
}

impl Zoo {
    /// No fills yet.
    pub(super) fn new() -> Zoo {
        let counters = ["nJet", "nMuon", "nElectron"].map(str::to_owned).to_vec();
        let columns = COLUMNS
            .iter()
            .map(|(branch, counter, _)| RequestedColumn {
                branch: (*branch).to_owned(),
                counter: *counter,
            })
            .collect();
        let request = Request { counters, columns, keep_doubles: false };
        Zoo { plan: Plan { ir: Ir::default(), request, fills: Vec::new() } }
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
        let again = self.ir().same(index, index);
        self.probe(again);
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
        self.plan.fills.push(Fill { name, axes, mask, missing: Some(missing), weight });
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
        let low = self.below(x, 35.0);
        let count = self.ir().count(space);
        self.probe(count);
        for (how, node) in [(Reduce::Sum, x), (Reduce::Tally, low), (Reduce::Any, low)] {
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

/// Every element-wise function, on columns over jets, over events and on constants.
pub(super) fn functions() -> Plan {
    let mut z = Zoo::new();
    let over = [
        ["Jet_pt", "Jet_eta", "Jet_id", "Jet_tag", "Jet_bits"],
        ["MET_pt", "weight", "run", "HLT", "event"],
    ];
    for names in over {
        let [x, y, i, b, l] = names.map(|n| z.column(n));
        let three = z.ir().constant_node(Const::I32(3));
        let j = z.map(Map::Sub, &[three, i]);
        let mut nodes = Vec::new();
        for map in [Map::Add, Map::Sub, Map::Mul] {
            nodes.extend([z.map(map, &[x, y]), z.map(map, &[i, j])]);
        }
        nodes.extend([z.map(Map::Div, &[x, y]), z.map(Map::Neg, &[x]), z.map(Map::Neg, &[i])]);
        for map in [Map::FloorDiv, Map::Mod, Map::Shl, Map::Shr] {
            nodes.extend([z.map(map, &[i, j]), z.map(map, &[j, three])]);
        }
        for map in [Map::Shl, Map::Shr] {
            nodes.extend([z.map(map, &[l, i]), z.map(map, &[l, j])]);
        }
        let k = z.map(Map::Widen, &[i]);
        let c = z.map(Map::Lt, &[x, y]);
        for map in [Map::And, Map::Or, Map::Xor] {
            nodes.extend([z.map(map, &[i, j]), z.map(map, &[l, k]), z.map(map, &[b, c])]);
        }
        nodes.extend([i, l, b].map(|n| z.map(Map::Not, &[n])));
        for map in [Map::Lt, Map::Le, Map::Eq, Map::Ne] {
            nodes.extend([z.map(map, &[x, y]), z.map(map, &[i, j]), z.map(map, &[l, k])]);
            nodes.extend([z.map(map, &[x, x]), z.map(map, &[l, l])]);
        }
        nodes.extend([z.map(Map::Eq, &[b, c]), z.map(Map::Ne, &[b, c])]);
        for (yes, no) in [(x, y), (i, j), (l, k), (b, c)] {
            nodes.push(z.map(Map::Select, &[c, yes, no]));
        }
        for n in [i, l, b] {
            nodes.push(z.map(Map::ToReal, &[n]));
        }
        for (map, n) in
            [(Map::ToInt, x), (Map::ToInt, b), (Map::Widen, j), (Map::IsFinite, x), (Map::IsNan, x)]
        {
            nodes.push(z.map(map, &[n]));
        }
        for (f, function) in FUNCTIONS.iter().enumerate() {
            let arguments: Vec<NodeId> = [x, y, x].into_iter().take(function.arity()).collect();
            if arguments.len() == function.arity() {
                nodes.push(z.map(Map::Call(f as u16), &arguments));
            }
        }
        nodes.into_iter().for_each(|n| z.probe(n));
        constants(&mut z, x, i);
    }
    z.plan
}

/// Expressions of constants that overflow or are no numbers.
fn constants(z: &mut Zoo, x: NodeId, i: NodeId) {
    let reals = [1e-40, 3e38, f64::INFINITY, f64::NAN, -0.0, 0.1].map(|c| z.real(c));
    let least = z.ir().constant_node(Const::I32(i32::MIN));
    if z.ir().over(x) != SpaceId::EVENT {
        return;
    }
    for a in reals {
        for b in reals {
            for map in [Map::Add, Map::Mul, Map::Div] {
                let both = z.map(map, &[a, b]);
                let used = z.map(Map::Sub, &[x, both]);
                z.probe(used);
            }
        }
    }
    for map in [Map::Add, Map::Mul, Map::Sub, Map::FloorDiv, Map::Shl] {
        let both = z.map(map, &[least, least]);
        let used = z.map(Map::Add, &[i, both]);
        z.probe(used);
    }
}

/// Every kind of space, and kinds of kinds. Three plans, as one would be long.
pub(super) fn spaces() -> Vec<Plan> {
    [plain_spaces as fn(&mut Zoo) -> Vec<SpaceId>, combined_spaces, nested_spaces]
        .into_iter()
        .map(|make| {
            let mut z = Zoo::new();
            let spaces = make(&mut z);
            spaces.into_iter().for_each(|s| z.probe_space(s));
            z.plan
        })
        .collect()
}

fn lepton(z: &mut Zoo) -> SpaceId {
    let parts = vec![z.stored(1), z.stored(2)];
    z.ir().add_space(Space::Concat { parts })
}

fn kept(z: &mut Zoo, base: SpaceId, below: f64) -> SpaceId {
    let x = z.value_over(base).expect("a value");
    let mask = z.below(x, below);
    z.filter(base, mask)
}

fn sorted(z: &mut Zoo, base: SpaceId) -> SpaceId {
    let key = z.value_over(base).expect("a value");
    z.ir().add_space(Space::Sort { base, key })
}

fn plain_spaces(z: &mut Zoo) -> Vec<SpaceId> {
    let jet = z.stored(0);
    let soft = kept(z, jet, 60.0);
    let softer = kept(z, soft, 30.0);
    let by_pt = sorted(z, jet);
    let [id, bits, tag] = ["Jet_id", "Jet_bits", "Jet_tag"].map(|n| z.column(n));
    let by_id = z.ir().add_space(Space::Sort { base: jet, key: id });
    let by_bits = z.ir().add_space(Space::Sort { base: jet, key: bits });
    let tagged = z.filter(jet, tag);
    let sorted_soft = sorted(z, soft);
    let soft_sorted = kept(z, by_id, 60.0);
    let lep = lepton(z);
    let soft_lep = kept(z, lep, 60.0);
    let sorted_lep = sorted(z, lep);
    let parts = vec![soft, lep, by_pt];
    let mixed = z.ir().add_space(Space::Concat { parts });
    vec![
        jet,
        soft,
        softer,
        by_pt,
        by_id,
        by_bits,
        tagged,
        sorted_soft,
        soft_sorted,
        lep,
        soft_lep,
        sorted_lep,
        mixed,
    ]
}

fn combos(z: &mut Zoo, base: SpaceId, size: u32) -> SpaceId {
    z.ir().add_space(Space::Combos { base, size })
}

fn combined_spaces(z: &mut Zoo) -> Vec<SpaceId> {
    let jet = z.stored(0);
    let muon = z.stored(1);
    let lep = lepton(z);
    let soft = kept(z, jet, 60.0);
    let by_pt = sorted(z, jet);
    let soft_lep = kept(z, lep, 60.0);
    let pairs = [jet, soft, lep, by_pt].map(|s| combos(z, s, 2));
    let triples = [jet, soft_lep].map(|s| combos(z, s, 3));
    let fours = combos(z, soft, 4);
    let pairs_of_pairs = combos(z, pairs[1], 2);
    let best_pairs = kept(z, pairs[2], 10.0);
    let cross = z.ir().add_space(Space::Cross { first: jet, second: muon });
    let mixed = z.ir().add_space(Space::Cross { first: soft_lep, second: by_pt });
    let pairs_of_cross = combos(z, cross, 2);
    let sorted_pairs = sorted(z, pairs[0]);
    let mut all = pairs.to_vec();
    all.extend(triples);
    all.extend([fours, pairs_of_pairs, best_pairs, cross, mixed, pairs_of_cross, sorted_pairs]);
    all
}

fn nested(z: &mut Zoo, outer: SpaceId, inner: SpaceId) -> SpaceId {
    z.ir().add_space(Space::Nested { outer, inner })
}

fn nested_spaces(z: &mut Zoo) -> Vec<SpaceId> {
    let jet = z.stored(0);
    let muon = z.stored(1);
    let lep = lepton(z);
    let soft = kept(z, jet, 60.0);
    let jet_muon = nested(z, jet, muon);
    let soft_lep = nested(z, soft, lep);
    let near = kept(z, jet_muon, 1.5);
    let pairs = combos(z, jet_muon, 2);
    let jets = combos(z, jet, 2);
    let pair_muon = nested(z, jets, muon);
    let deep = nested(z, jet_muon, soft);
    let by_ratio = sorted(z, jet_muon);
    let parts = vec![jet_muon, near];
    let joined = z.ir().add_space(Space::Concat { parts });
    let lep_jet = nested(z, lep, jet);
    vec![jet_muon, soft_lep, near, pairs, pair_muon, deep, by_ratio, joined, lep_jet]
}

/// Deterministic numbers (an xorshift generator).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) as usize) % below
    }

    fn real(&mut self) -> f32 {
        const SPECIAL: [f32; 14] = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            1e-40,
            -1e-45,
            0.0,
            -0.0,
            30.0,
            30.0,
            60.0,
            -50.0,
            1e-30,
            2.5e20,
            f32::MIN_POSITIVE,
        ];
        match self.roll(4) {
            0 => SPECIAL[self.roll(SPECIAL.len())],
            _ => (self.roll(2_000_000) as f32 - 200_000.0) / 9973.0,
        }
    }

    fn wide(&mut self) -> i64 {
        match self.roll(4) {
            0 => [i64::MIN, i64::MAX, -1, 0, 1 << 32, (1 << 32) - 1][self.roll(6)],
            1 => self.roll(5) as i64 - 2,
            _ => self.0 as i64 >> self.roll(50),
        }
    }

    fn int(&mut self) -> i32 {
        match self.roll(6) {
            0 => [i32::MIN, i32::MAX, -1, 0, 33, 1 << 24][self.roll(6)],
            _ => self.roll(9) as i32 - 3,
        }
    }
}

/// A batch of [`COLUMNS`].
pub(super) fn batch(events: usize, seed: u64) -> Batch {
    let mut dice = Dice::new(seed);
    let offsets: Vec<Vec<u32>> = (0..3)
        .map(|_| {
            let mut offsets = vec![0];
            for _ in 0..events {
                let n = [0, 0, 1, 2, 3, 4, 5][dice.roll(7)];
                offsets.push(offsets[offsets.len() - 1] + n);
            }
            offsets
        })
        .collect();
    let columns = COLUMNS
        .iter()
        .map(|(branch, counter, ty)| {
            let n = counter.map_or(events, |c| offsets[c][events] as usize);
            match ty {
                Ty::F32 if *branch == "huge" => Values::F32(
                    (0..n).map(|_| dice.real() * [-1e-37, 1.0, -1e9, 3e18][dice.roll(4)]).collect(),
                ),
                Ty::F32 => Values::F32((0..n).map(|_| dice.real()).collect()),
                Ty::I32 => Values::I32((0..n).map(|_| dice.int()).collect()),
                Ty::I64 => Values::I64((0..n).map(|_| dice.wide()).collect()),
                _ => Values::Bool((0..n).map(|_| dice.roll(2) as u8).collect()),
            }
        })
        .collect();
    Batch { first_event: 0, events, offsets, columns, narrowed: 0 }
}

/// The events `range` of a batch as a batch.
pub(super) fn slice(batch: &Batch, range: std::ops::Range<usize>) -> Batch {
    let bounds = |counter: Option<usize>| match counter {
        None => range.clone(),
        Some(c) => batch.offsets[c][range.start] as usize..batch.offsets[c][range.end] as usize,
    };
    let offsets = batch
        .offsets
        .iter()
        .map(|o| o[range.start..=range.end].iter().map(|x| x - o[range.start]).collect());
    let columns = COLUMNS.iter().zip(&batch.columns).map(|((_, counter, _), values)| {
        let at = bounds(*counter);
        match values {
            Values::Bool(v) => Values::Bool(v[at].to_vec()),
            Values::I32(v) => Values::I32(v[at].to_vec()),
            Values::I64(v) => Values::I64(v[at].to_vec()),
            Values::F32(v) => Values::F32(v[at].to_vec()),
            Values::F64(v) => Values::F64(v[at].to_vec()),
        }
    });
    Batch {
        first_event: batch.first_event + range.start as u64,
        events: range.len(),
        offsets: offsets.collect(),
        columns: columns.collect(),
        narrowed: 0,
    }
}

/// Whether the plans use every operation there is.
pub(super) fn uncovered(plans: &[&Plan]) -> Vec<&'static str> {
    let kind = |op: &Op| match op {
        Op::Const(_) => 0,
        Op::Column(_) => 1,
        Op::Count(_) => 2,
        Op::Map(..) => 3,
        Op::Lift { .. } => 4,
        Op::Join(_) => 5,
        Op::Part => 6,
        Op::Reduce(..) => 7,
        Op::Best { .. } => 8,
        Op::Nth { .. } => 9,
        Op::Refer { .. } => 10,
        Op::Own => 11,
        Op::Member { .. } => 12,
        Op::Pick { .. } => 13,
        Op::Exists(_) => 14,
        Op::Same(..) => 15,
    };
    let names = [
        "Const", "Column", "Count", "Map", "Lift", "Join", "Part", "Reduce", "Best", "Nth",
        "Refer", "Own", "Member", "Pick", "Exists", "Same",
    ];
    let seen: Vec<usize> = plans.iter().flat_map(|p| p.ir.nodes()).map(|n| kind(&n.op)).collect();
    (0..names.len()).filter(|k| !seen.contains(k)).map(|k| names[k]).collect()
}
