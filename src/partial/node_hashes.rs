//! A hash of what each node and fill of a plan computes. It follows from operations,
//! operands, spaces and the names of branches, but not from the numbers that nodes have in a
//! plan: what else is computed beside them does not show.

use crate::bins::{Axis, Soft};
use crate::ir::{Const, Ir, Map, Node, NodeId, Op, Space, SpaceId, Ty};
use crate::plan::{Fill, Plan};
use std::fmt::Write;
use xxhash_rust::xxh3::xxh3_128;

/// A hash of a text.
pub(super) fn hash(text: &str) -> u128 {
    xxh3_128(text.as_bytes())
}

/// The hashes of a plan's nodes.
pub(super) struct NodeHashes<'p> {
    plan: &'p Plan,
    nodes: Vec<Option<u128>>,
    spaces: Vec<Option<u128>>,
}

impl<'p> NodeHashes<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let nodes = vec![None; plan.ir.nodes().len()];
        let spaces = vec![None; plan.ir.spaces().len()];
        let mut hashes = NodeHashes { plan, nodes, spaces };
        // In order of evaluation, so that no node waits for a long chain of others.
        (0..plan.ir.nodes().len()).for_each(|k| {
            hashes.node(NodeId(k as u32));
        });
        hashes
    }

    fn ir(&self) -> &'p Ir {
        &self.plan.ir
    }

    /// What a node computes.
    pub(super) fn node(&mut self, id: NodeId) -> u128 {
        if let Some(known) = self.nodes[id.index()] {
            return known;
        }
        let Node { op, space, ty } = self.ir().node(id);
        let ty = match ty {
            Ty::Index(of) => format!("Index {:x}", self.space(*of)),
            other => format!("{other:?}"),
        };
        let mut text = format!("{} : {ty} over {:x}", self.op(op), self.space(*space));
        for operand in op.operands() {
            let _ = write!(text, " {:x}", self.node(operand));
        }
        *self.nodes[id.index()].insert(hash(&text))
    }

    /// An operation without its operands.
    fn op(&mut self, op: &Op) -> String {
        match op {
            // A parameter is its value, whatever its name and number.
            Op::Const(Const::Real { exact, single } | Const::Parameter { exact, single, .. }) => {
                format!("real {:x} {:x}", exact.to_bits(), single.to_bits())
            }
            Op::Const(other) => format!("{other:?}"),
            Op::Column(k) => {
                let column = &self.plan.request.columns[*k];
                let counter = column.counter.map(|k| &self.plan.request.counters[k]);
                format!("column {:?} of {counter:?}", column.branch)
            }
            Op::Count(of) => format!("count {:x}", self.space(*of)),
            Op::Map(Map::Kernel { kernel, result }, _) => {
                format!("result {result} of {}", self.ir().kernel(*kernel).text())
            }
            Op::Map(map, _) => format!("map {map:?}"),
            Op::Lift { slot, .. } => format!("lift {slot:?}"),
            Op::Join(_) => "join".to_owned(),
            Op::Part => "part".to_owned(),
            Op::Reduce(how, _) => format!("reduce {how:?}"),
            Op::Best { greatest, .. } => format!("best {greatest}"),
            Op::Nth { of, nth } => format!("number {nth} of {:x}", self.space(*of)),
            Op::Refer { of, .. } => format!("refer {:x}", self.space(*of)),
            Op::Own => "own".to_owned(),
            Op::Member { slot, .. } => format!("member {slot:?}"),
            Op::Pick { .. } => "pick".to_owned(),
            Op::Exists(_) => "exists".to_owned(),
            Op::Same(..) => "same".to_owned(),
        }
    }

    fn space(&mut self, id: SpaceId) -> u128 {
        if let Some(known) = self.spaces[id.index()] {
            return known;
        }
        let text = match self.ir().space(id) {
            Space::Event => "event".to_owned(),
            Space::Collection { counter, .. } => {
                format!("collection {:?}", self.plan.request.counters[*counter])
            }
            Space::Filter { base, mask } => {
                format!("filter {:x} {:x}", self.space(*base), self.node(*mask))
            }
            Space::Sort { base, key } => {
                format!("sort {:x} {:x}", self.space(*base), self.node(*key))
            }
            Space::Concat { parts } => {
                let parts: Vec<u128> = parts.iter().map(|part| self.space(*part)).collect();
                format!("concat {parts:x?}")
            }
            Space::Combos { base, size } => format!("combinations {size} {:x}", self.space(*base)),
            Space::Cross { first, second } => {
                format!("cross {:x} {:x}", self.space(*first), self.space(*second))
            }
            Space::Nested { outer, inner } => {
                format!("nested {:x} {:x}", self.space(*outer), self.space(*inner))
            }
        };
        *self.spaces[id.index()].insert(hash(&text))
    }

    /// What a fill fills, whatever it is called.
    pub(super) fn fill(&mut self, fill: &Fill) -> u128 {
        let mut text = String::new();
        for (axis, value) in &fill.axes {
            let _ = write!(text, "{:?} of {:x}, ", axis.kind, self.node(*value));
        }
        let _ = write!(text, "where {:x}", self.node(fill.mask));
        for (what, node) in [("missing", fill.missing), ("weight", fill.weight)] {
            if let Some(node) = node {
                let _ = write!(text, ", {what} {:x}", self.node(node));
            }
        }
        if let Some(soft) = &fill.soft {
            for ((axis, _), soft) in fill.axes.iter().zip(&soft.axes) {
                let _ = write!(text, ", {}", soft_axis(axis, soft));
            }
            for row in &soft.rows {
                let _ = write!(text, ", row of {:?}", row.of);
                for part in &row.parts {
                    let _ = write!(text, " {:?} {:x}", part.terms, self.node(part.factor));
                }
            }
        }
        hash(&text)
    }
}

/// How entries are spread over an axis, but not which parameter says so.
fn soft_axis(axis: &Axis, soft: &Soft) -> String {
    let Soft { kernel, bandwidth, flow, all_bins, parameter: _ } = soft;
    let bandwidth = bandwidth.to_bits();
    format!("{:?} {} {bandwidth:x} {} {all_bins}", axis.kind, kernel.name(), flow.name())
}
