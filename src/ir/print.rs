//! The representation as text, for `gpuana explain` and for tests.
//!
//! One line a space and a node, spaces right before the first node over them:
//! ```text
//! s2 = Jet[n1]
//! n12: Jet f32 = n3 * n7
//! ```

use super::{Const, Ir, Map, NodeId, Op, Reduce, Slot, Space, SpaceId, Ty};
use std::fmt::{self, Write};

impl Ir {
    /// How a space is called in lines of other spaces and nodes: `event`, the
    /// collection's name, or `s` and its number.
    pub fn space_name(&self, id: SpaceId) -> String {
        match self.space(id) {
            Space::Event => "event".into(),
            Space::Collection { name, .. } => name.clone(),
            _ => format!("s{}", id.0),
        }
    }

    /// What a space is made of: `Jet[n4]`, `triples(Jet)`.
    pub fn space_text(&self, id: SpaceId) -> String {
        let name = |s: &SpaceId| self.space_name(*s);
        match self.space(id) {
            Space::Event | Space::Collection { .. } => self.space_name(id),
            Space::Filter { base, mask } => format!("{}[n{}]", name(base), mask.0),
            Space::Sort { base, key } => format!("{} sorted by n{}", name(base), key.0),
            Space::Concat { parts } => {
                let parts: Vec<String> = parts.iter().map(name).collect();
                format!("concat({})", parts.join(", "))
            }
            Space::Combos { base, size: 2 } => format!("pairs({})", name(base)),
            Space::Combos { base, size: 3 } => format!("triples({})", name(base)),
            Space::Combos { base, size } => format!("combinations({}, {size})", name(base)),
            Space::Cross { first, second } => format!("cross({}, {})", name(first), name(second)),
            Space::Nested { outer, inner } => format!("{} for each {}", name(inner), name(outer)),
        }
    }

    /// A node's line, without an end of line. `column` names the columns.
    pub fn node_text(&self, id: NodeId, column: impl Fn(usize) -> String) -> String {
        let node = self.node(id);
        let (over, ty) = (self.space_name(node.space), self.type_text(node.ty));
        format!("n{}: {over} {ty} = {}", id.0, self.op_text(&node.op, column))
    }

    /// All spaces and nodes, a line each. `column` names the columns.
    pub fn text(&self, column: impl Fn(usize) -> String) -> String {
        let mut out = String::new();
        let mut spaces = (0..self.spaces().len() as u32).map(SpaceId).peekable();
        let space_line = |out: &mut String, id: SpaceId| {
            if self.space_name(id) != self.space_text(id) {
                let _ = writeln!(out, "{} = {}", self.space_name(id), self.space_text(id));
            }
        };
        for id in (0..self.nodes().len() as u32).map(NodeId) {
            while let Some(space) = spaces.next_if(|s| self.is_defined_before(*s, id)) {
                space_line(&mut out, space);
            }
            let _ = writeln!(out, "{}", self.node_text(id, &column));
        }
        spaces.for_each(|space| space_line(&mut out, space));
        out
    }

    /// Whether no node from `id` on is needed to define the space.
    fn is_defined_before(&self, space: SpaceId, id: NodeId) -> bool {
        match self.space(space) {
            Space::Filter { mask: node, .. } | Space::Sort { key: node, .. } => *node < id,
            _ => true,
        }
    }

    fn type_text(&self, ty: Ty) -> String {
        match ty {
            Ty::Bool => "bool".into(),
            Ty::I32 => "i32".into(),
            Ty::I64 => "i64".into(),
            Ty::F32 => "f32".into(),
            Ty::Index(space) => format!("index({})", self.space_name(space)),
        }
    }

    fn op_text(&self, op: &Op, column: impl Fn(usize) -> String) -> String {
        match op {
            Op::Const(c) => const_text(*c),
            Op::Column(k) => column(*k),
            Op::Count(space) => format!("count({})", self.space_name(*space)),
            Op::Map(map, ops) => map_text(*map, ops),
            Op::Lift { node, slot } => format!("n{} of {}", node.0, slot_text(*slot)),
            Op::Join(ops) => format!("join({})", list(ops)),
            Op::Part => "part".into(),
            Op::Reduce(how, node) => format!("{}(n{})", reduce_text(*how), node.0),
            Op::Best { key, greatest } => {
                format!("{}(n{})", if *greatest { "argmax" } else { "argmin" }, key.0)
            }
            Op::Nth { of, nth } => format!("{}[{nth}]", self.space_name(*of)),
            Op::Refer { ordinal, of } => format!("{}[n{}]", self.space_name(*of), ordinal.0),
            Op::Own => "own".into(),
            Op::Member { index, slot } => format!("{} of n{}", slot_text(*slot), index.0),
            Op::Pick { node, index } => format!("n{} at n{}", node.0, index.0),
            Op::Exists(index) => format!("exists(n{})", index.0),
            Op::Same(a, b) => format!("same(n{}, n{})", a.0, b.0),
        }
    }
}

impl fmt::Display for Ir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(|k| format!("column {k}")))
    }
}

fn list(ops: &[NodeId]) -> String {
    ops.iter().map(|n| format!("n{}", n.0)).collect::<Vec<_>>().join(", ")
}

fn const_text(constant: Const) -> String {
    match constant {
        Const::Bool(b) => b.to_string(),
        Const::I32(i) => i.to_string(),
        Const::I64(i) => format!("{i}i64"),
        // Where the two differ by more than rounding, both matter.
        Const::Real { exact, single } if single == exact as f32 => format!("{exact:?}"),
        Const::Real { exact, single } => format!("{exact:?} (f32: {single:?})"),
    }
}

fn slot_text(slot: Slot) -> String {
    match slot {
        Slot::Parent => "parent".into(),
        Slot::Base(k) => format!("member {k}"),
        Slot::Pair(a, b) => format!("pair {a} {b}"),
    }
}

fn reduce_text(how: Reduce) -> &'static str {
    match how {
        Reduce::Sum => "sum",
        Reduce::Tally => "tally",
        Reduce::Any => "any",
    }
}

fn map_text(map: Map, ops: &[NodeId]) -> String {
    let infix = match map {
        Map::Add => "+",
        Map::Sub => "-",
        Map::Mul => "*",
        Map::Div => "/",
        Map::FloorDiv => "//",
        Map::Mod => "%",
        Map::And => "&",
        Map::Or => "|",
        Map::Xor => "^",
        Map::Shl => "<<",
        Map::Shr => ">>",
        Map::Lt => "<",
        Map::Le => "<=",
        Map::Eq => "==",
        Map::Ne => "!=",
        _ => "",
    };
    if let ([a, b], true) = (ops, !infix.is_empty()) {
        return format!("n{} {infix} n{}", a.0, b.0);
    }
    let name = match map {
        Map::Neg => "neg",
        Map::Not => "not",
        Map::Select => "select",
        Map::ToReal => "float",
        Map::ToInt => "int",
        Map::Widen => "widen",
        Map::IsFinite => "isfinite",
        Map::IsNan => "isnan",
        Map::Call(f) => {
            crate::kernels::FUNCTIONS.get(usize::from(f)).map_or("unknown", |f| f.name)
        }
        _ => infix,
    };
    format!("{name}({})", list(ops))
}
