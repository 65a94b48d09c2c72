//! In how many plans each thing of the representation decides what is filled.

use gpuana::backend::Partial;
use gpuana::bins::AxisKind;
use gpuana::ir::{Ir, Map, NodeId, Op, Reduce, Slot, Space, SpaceId};
use gpuana::kernels::FUNCTIONS;
use gpuana::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// All that must occur, but for the functions.
const WANTED: &str = "\
axis Regular, axis Log, axis Variable, axis Integer, axis Boolean, axis Category, \
space Event, space Collection, space Filter, space Sort, space Concat, space Combos 2, \
space Combos 3, space Cross, space Nested, \
op Const, op Column, op Count, op Map, op Lift, op Join, op Part, op Reduce, op Best, op Nth, \
op Refer, op Own, op Member, op Pick, op Exists, op Same, \
slot Parent, slot Base, slot Pair, reduce Sum, reduce Tally, reduce Any, \
map Add, map Sub, map Mul, map Div, map Neg, map FloorDiv, map Mod, map And, map Or, map Xor, \
map Not, map Shl, map Shr, map Lt, map Le, map Eq, map Ne, map Select, map ToReal, map ToInt, \
map Widen, map IsNan, \
fill weighted, fill unweighted, fill missing, fill NaN, fill bad weight, fill 1D, fill 2D, fill 3D";

/// What is to occur in a tenth as many plans.
const RARE: [&str; 5] =
    ["fill moments", "fill shares", "map Narrow", "map MulHigh", "map IsFinite"];

/// Number of plans by what occurs in them.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<String, usize>);

impl Coverage {
    /// Counts what the fills with entries depend on.
    pub(crate) fn add(&mut self, plan: &Plan, partial: &Partial) {
        let mut found = BTreeSet::new();
        let mut reached = Reached { ir: &plan.ir, nodes: BTreeSet::new(), found: &mut found };
        for (fill, data) in plan.fills.iter().zip(&partial.fills) {
            for (what, n) in
                [("missing", data.missing), ("NaN", data.nan), ("bad weight", data.bad_weight)]
            {
                if n > 0 {
                    reached.found.insert(format!("fill {what}"));
                }
            }
            if data.entries() == 0 {
                continue;
            }
            reached.found.insert(format!("fill {}D", fill.axes.len()));
            let weighted = if fill.weight.is_some() { "weighted" } else { "unweighted" };
            reached.found.insert(format!("fill {weighted}"));
            if fill.soft.is_some() {
                let how = if fill.moments().is_some() { "moments" } else { "shares" };
                reached.found.insert(format!("fill {how}"));
            }
            for (axis, node) in &fill.axes {
                reached.found.insert(format!("axis {}", axis_name(&axis.kind)));
                reached.node(*node);
            }
            for node in [Some(fill.mask), fill.missing, fill.weight].into_iter().flatten() {
                reached.node(node);
            }
        }
        for name in found {
            *self.0.entry(name).or_default() += 1;
        }
    }

    /// What occurs in fewer plans than `least`; and the whole table.
    pub(crate) fn lacking(&self, least: usize) -> (Vec<String>, String) {
        let functions = FUNCTIONS.iter().map(|f| format!("function {}", f.name));
        let names = WANTED.split(", ").chain(RARE).map(str::to_string);
        let wanted: Vec<String> = names.chain(functions).collect();
        let least = |name: &String| if RARE.contains(&&name[..]) { least / 10 } else { least };
        let count = |name: &String| self.0.get(name).copied().unwrap_or(0);
        let unknown: Vec<&String> = self.0.keys().filter(|k| !wanted.contains(k)).collect();
        assert!(unknown.is_empty(), "found, but not in the list of what is wanted: {unknown:?}");
        let rows = wanted.iter().map(|w| format!("{:6} {w}\n", count(w)));
        let lacking = wanted.iter().filter(|w| count(w) < least(w)).cloned().collect();
        (lacking, rows.collect())
    }
}

/// What was seen on the way up from the fills.
struct Reached<'r> {
    ir: &'r Ir,
    nodes: BTreeSet<NodeId>,
    found: &'r mut BTreeSet<String>,
}

impl Reached<'_> {
    fn node(&mut self, id: NodeId) {
        if !self.nodes.insert(id) {
            return;
        }
        let ir = self.ir;
        let node = ir.node(id);
        self.space(node.space);
        let mut see = |text: String| self.found.insert(text);
        let operands = match &node.op {
            Op::Const(_) => {
                see("op Const".into());
                vec![]
            }
            Op::Column(_) => {
                see("op Column".into());
                vec![]
            }
            Op::Count(space) => {
                see("op Count".into());
                self.space(*space);
                vec![]
            }
            Op::Map(map, operands) => {
                see("op Map".into());
                see(map_name(ir, *map));
                operands.clone()
            }
            Op::Lift { node, slot } => {
                see("op Lift".into());
                see(slot_name(*slot));
                vec![*node]
            }
            Op::Join(operands) => {
                see("op Join".into());
                operands.clone()
            }
            Op::Part => {
                see("op Part".into());
                vec![]
            }
            Op::Reduce(how, node) => {
                see("op Reduce".into());
                see(reduce_name(*how));
                vec![*node]
            }
            Op::Best { key, greatest: _ } => {
                see("op Best".into());
                vec![*key]
            }
            Op::Nth { of, nth: _ } => {
                see("op Nth".into());
                self.space(*of);
                vec![]
            }
            Op::Refer { ordinal, of } => {
                see("op Refer".into());
                self.space(*of);
                vec![*ordinal]
            }
            Op::Own => {
                see("op Own".into());
                vec![]
            }
            Op::Member { index, slot } => {
                see("op Member".into());
                see(slot_name(*slot));
                vec![*index]
            }
            Op::Pick { node, index } => {
                see("op Pick".into());
                vec![*node, *index]
            }
            Op::Exists(index) => {
                see("op Exists".into());
                vec![*index]
            }
            Op::Same(a, b) => {
                see("op Same".into());
                vec![*a, *b]
            }
        };
        operands.into_iter().for_each(|n| self.node(n));
    }

    fn space(&mut self, id: SpaceId) {
        let (name, spaces, nodes) = match self.ir.space(id) {
            Space::Event => ("Event".to_string(), vec![], vec![]),
            Space::Collection { .. } => ("Collection".to_string(), vec![], vec![]),
            Space::Filter { base, mask } => ("Filter".to_string(), vec![*base], vec![*mask]),
            Space::Sort { base, key } => ("Sort".to_string(), vec![*base], vec![*key]),
            Space::Concat { parts } => ("Concat".to_string(), parts.clone(), vec![]),
            Space::Combos { base, size } => {
                (format!("Combos {}", (*size).min(3)), vec![*base], vec![])
            }
            Space::Cross { first, second } => ("Cross".to_string(), vec![*first, *second], vec![]),
            Space::Nested { outer, inner } => ("Nested".to_string(), vec![*outer, *inner], vec![]),
        };
        self.found.insert(format!("space {name}"));
        spaces.into_iter().for_each(|s| self.space(s));
        nodes.into_iter().for_each(|n| self.node(n));
    }
}

// Matches without a wildcard: a new variant does not compile until it is here.

fn axis_name(kind: &AxisKind) -> &'static str {
    match kind {
        AxisKind::Regular { .. } => "Regular",
        AxisKind::Log { .. } => "Log",
        AxisKind::Variable { .. } => "Variable",
        AxisKind::Integer { .. } => "Integer",
        AxisKind::Boolean => "Boolean",
        AxisKind::Category { .. } => "Category",
    }
}

fn slot_name(slot: Slot) -> String {
    let name = match slot {
        Slot::Parent => "Parent",
        Slot::Base(_) => "Base",
        Slot::Pair(..) => "Pair",
    };
    format!("slot {name}")
}

fn reduce_name(how: Reduce) -> String {
    match how {
        Reduce::Sum | Reduce::Tally | Reduce::Any => format!("reduce {how:?}"),
    }
}

fn map_name(ir: &Ir, map: Map) -> String {
    use Map::*;
    match map {
        Kernel { kernel, .. } => format!("function {}", ir.kernel(kernel).name()),
        Add | Sub | Mul | Div | Neg | FloorDiv | Mod | And | Or | Xor | Not | Shl | Shr | Lt
        | Le | Eq | Ne | Select | ToReal | ToInt | Widen | Narrow | MulHigh | IsFinite | IsNan => {
            format!("map {map:?}")
        }
    }
}
