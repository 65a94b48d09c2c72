//! The representation as text, for `gpuana explain` and for tests.
//!
//! One line a space and a node, spaces and kernels with constants right before the first
//! node that needs them:
//! ```text
//! s2 = Jet[n1]
//! n12: Jet f32 = n3 * n7
//! ```

use super::{Const, Ir, KernelId, Map, NodeId, Op, Reduce, Rounding, Slot, Space, SpaceId, Ty};
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
        let mut known = vec![false; self.spaces().len()];
        let mut named = vec![false; self.kernels().len()];
        for (k, node) in self.nodes().iter().enumerate() {
            let mentioned = match node.op {
                Op::Count(of) | Op::Nth { of, .. } | Op::Refer { of, .. } => Some(of),
                _ => None,
            };
            if let Op::Map(Map::Kernel { kernel: id, .. }, _) = node.op
                && !std::mem::replace(&mut named[id.index()], true)
                && self.kernel_name(id) != self.kernel(id).name()
            {
                let _ = writeln!(out, "{} = {}", self.kernel_name(id), self.kernel(id).text());
            }
            for space in [node.space].into_iter().chain(mentioned) {
                self.space_lines(space, &mut known, &mut out);
            }
            let _ = writeln!(out, "{}", self.node_text(NodeId(k as u32), &column));
        }
        for k in 0..self.spaces().len() as u32 {
            self.space_lines(SpaceId(k), &mut known, &mut out);
        }
        out
    }

    /// How a kernel is called in lines of nodes: by its name if that says all, else `k` and
    /// its number.
    fn kernel_name(&self, id: KernelId) -> String {
        let kernel = self.kernel(id);
        match kernel.text() {
            text if text == kernel.name() => text,
            _ => format!("k{}", id.0),
        }
    }

    /// The lines of a space and of what it is made of, as far as not yet known.
    fn space_lines(&self, id: SpaceId, known: &mut [bool], out: &mut String) {
        if std::mem::replace(&mut known[id.index()], true) {
            return;
        }
        let bases = match self.space(id) {
            Space::Event | Space::Collection { .. } => return,
            Space::Filter { base, .. } | Space::Sort { base, .. } | Space::Combos { base, .. } => {
                vec![*base]
            }
            Space::Concat { parts } => parts.clone(),
            Space::Cross { first, second } => vec![*first, *second],
            Space::Nested { outer, inner } => vec![*outer, *inner],
        };
        bases.into_iter().for_each(|base| self.space_lines(base, known, out));
        let _ = writeln!(out, "{} = {}", self.space_name(id), self.space_text(id));
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
            Op::Map(Map::Kernel { kernel, result }, ops) => {
                let name = self.kernel_name(*kernel);
                match self.kernel(*kernel).results() {
                    [_] => format!("{name}({})", list(ops)),
                    _ => format!("result {result} of {name}({})", list(ops)),
                }
            }
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
        Const::Parameter { index, exact, rounding: Rounding::Nearest, .. } => {
            format!("{exact:?} (parameter {index})")
        }
        Const::Parameter { index, exact, rounding, .. } => {
            format!("{exact:?} (parameter {index}, rounded {rounding:?})").to_lowercase()
        }
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
        Map::Narrow => "narrow",
        Map::MulHigh => "mulhigh",
        Map::IsFinite => "isfinite",
        Map::IsNan => "isnan",
        _ => infix,
    };
    format!("{name}({})", list(ops))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_nodes_line_by_line() {
        let mut ir = Ir::default();
        let jet = ir.add_space(Space::Collection { counter: 0, name: "Jet".into() });
        let muon = ir.add_space(Space::Collection { counter: 1, name: "Muon".into() });
        let pt = ir.column(0, jet, Ty::F32);
        let muon_pt = ir.column(1, muon, Ty::F32);
        let thirty = ir.constant_node(Const::Real { exact: 30.1, single: 30.1f32.next_up() });
        let mask = ir.map(Map::Lt, &[thirty, pt]);
        let hard = ir.add_space(Space::Filter { base: jet, mask });
        let hard_pt = ir.lift(pt, hard, Slot::Base(0));
        let sorted = ir.add_space(Space::Sort { base: hard, key: hard_pt });
        let pairs = ir.add_space(Space::Combos { base: sorted, size: 2 });
        let triples = ir.add_space(Space::Combos { base: sorted, size: 3 });
        let fours = ir.add_space(Space::Combos { base: sorted, size: 4 });
        let sorted_pt = ir.lift(hard_pt, sorted, Slot::Base(0));
        let second = ir.lift(sorted_pt, pairs, Slot::Base(1));
        let of_pair = ir.lift(second, triples, Slot::Pair(0, 2));
        let root = ir.call(crate::kernels::standard("sqrt"), &[of_pair]);
        let best = ir.best(root, false);
        let member = ir.member(best, Slot::Base(2));
        let value = ir.pick(sorted_pt, member);
        ir.exists(best);
        ir.same(best, best);
        let sum = ir.reduce(Reduce::Sum, hard_pt);
        ir.map(Map::Select, &[mask, pt, pt]);
        let total = ir.map(Map::Sub, &[sum, value]);
        ir.map(Map::Neg, &[total]);
        let both = ir.add_space(Space::Concat { parts: vec![jet, muon] });
        ir.join(both, &[pt, muon_pt]);
        ir.part(both);
        ir.add_space(Space::Cross { first: jet, second: muon });
        ir.add_space(Space::Nested { outer: jet, inner: muon });
        let first = ir.constant_node(Const::I32(1));
        ir.refer(first, muon);
        ir.nth(muon, 2);
        ir.own(muon);
        let number = ir.count(fours);
        ir.map(Map::Mod, &[number, first]);
        ir.constant_node(Const::I64(7));
        let branches = ["Jet_pt", "Muon_pt"];
        let expected = "\
n0: Jet f32 = Jet_pt
n1: Muon f32 = Muon_pt
n2: event f32 = 30.1 (f32: 30.100002)
n3: Jet bool = n2 < n0
s3 = Jet[n3]
n4: s3 f32 = n0 of member 0
s4 = s3 sorted by n4
n5: s4 f32 = n4 of member 0
s5 = pairs(s4)
n6: s5 f32 = n5 of member 1
s6 = triples(s4)
n7: s6 f32 = n6 of pair 0 2
n8: s6 f32 = sqrt(n7)
n9: event index(s6) = argmin(n8)
n10: event index(s4) = member 2 of n9
n11: event f32 = n5 at n10
n12: event bool = exists(n9)
n13: event bool = same(n9, n9)
n14: event f32 = sum(n4)
n15: Jet f32 = select(n3, n0, n0)
n16: event f32 = n14 - n11
n17: event f32 = neg(n16)
s8 = concat(Jet, Muon)
n18: s8 f32 = join(n0, n1)
n19: s8 i32 = part
n20: event i32 = 1
n21: event index(Muon) = Muon[n20]
n22: event index(Muon) = Muon[2]
n23: Muon index(Muon) = own
s7 = combinations(s4, 4)
n24: event i32 = count(s7)
n25: event i32 = n24 % n20
n26: event i64 = 7i64
s9 = cross(Jet, Muon)
s10 = Muon for each Jet
";
        assert_eq!(ir.text(|k| branches[k].into()), expected);
        assert_eq!(ir.to_string().lines().next(), Some("n0: Jet f32 = column 0"));
    }
}
