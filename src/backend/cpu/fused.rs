//! Functions of two members of a combination, without a column for either.
//!
//! Most of what is computed for pairs and triples starts with the values of two
//! members: `pt` of the first times `pt` of the second. Lifting both and then
//! multiplying writes three columns, of which two are read once. Here one value
//! stays in a register while the other member runs through its own.

use super::block::Block;
use super::column::{Column, Element};
use super::combos::is_consecutive;
use super::real::Real;
use super::run_list::append_mapped;
use super::wide::append2;
use crate::ir::{Ir, Map, NodeId, Op, Slot, Space};

/// For each node whether it is a lift whose column nobody needs: each of its
/// users among the `live` nodes computes with it as it goes.
pub(super) fn elided(ir: &Ir, live: &[bool], fills: impl Iterator<Item = NodeId>) -> Vec<bool> {
    let mut elided: Vec<bool> = ir.nodes().iter().map(|_| false).collect();
    for k in (0..live.len()).filter(|k| live[*k]) {
        elided[k] = member(ir, NodeId(k as u32)).is_some();
    }
    fills.for_each(|n| elided[n.index()] = false);
    for space in ir.spaces() {
        if let Space::Filter { mask: node, .. } | Space::Sort { key: node, .. } = space {
            elided[node.index()] = false;
        }
    }
    loop {
        let mut changed = false;
        for k in (0..live.len()).filter(|k| live[*k]) {
            let op = &ir.node(NodeId(k as u32)).op;
            let operands = op.operands();
            if operands.iter().any(|n| elided[n.index()]) && !fuses(ir, op, &elided) {
                operands.iter().for_each(|n| changed |= std::mem::take(&mut elided[n.index()]));
            }
        }
        if !changed {
            return elided;
        }
    }
}

/// The source and slot of a lift of a combination's member.
fn member(ir: &Ir, id: NodeId) -> Option<(NodeId, Slot)> {
    let node = ir.node(id);
    match (&node.op, ir.space(node.space)) {
        (
            Op::Lift { node: of, slot: slot @ (Slot::Base(_) | Slot::Pair(..)) },
            Space::Combos { .. },
        ) => Some((*of, *slot)),
        _ => None,
    }
}

/// Whether an operation takes two members, of which one runs.
fn fuses(ir: &Ir, op: &Op, elided: &[bool]) -> bool {
    let Op::Map(map, ops) = op else { return false };
    let [a, b] = ops[..] else { return false };
    if matches!(map, Map::Call(_)) || !elided[a.index()] || !elided[b.index()] {
        return false;
    }
    let Space::Combos { size, .. } = ir.space(ir.over(a)) else { return false };
    let runs = |n| member(ir, n).is_some_and(|(_, slot)| is_consecutive(*size, slot));
    runs(a) != runs(b)
}

impl<'b, R: Real> Block<'b, '_, R> {
    /// The column of `f` of two lifts that have no column of their own; `None`
    /// if they have.
    pub(super) fn fused<A: Element<R>, B: Element<R>, O: Element<R>>(
        &mut self,
        ops: &[NodeId],
        f: impl Fn(A, B) -> O,
    ) -> Option<Column<'b, R>> {
        let ir = &self.plan.ir;
        let [a, b] = [ops[0], ops[1]];
        if ir.constant(a).is_some() || self.values[a.index()].is_some() {
            return None;
        }
        let ((a, slot_a), (b, slot_b)) = (member(ir, a)?, member(ir, b)?);
        let to = ir.over(ops[0]);
        let Space::Combos { size, .. } = ir.space(to) else { return None };
        let mut out = self.pools.take::<O>();
        let of = |n: NodeId| self.values[n.index()].as_ref().expect("computed before");
        let (a, b) = (A::slice(of(a)), B::slice(of(b)));
        let (spaces, patterns) = (&mut self.spaces, &mut *self.patterns);
        let elements = spaces.shown_elements(to);
        if spaces.is_sparse(to) {
            spaces.find_members(patterns, to, slot_a);
            spaces.find_members(patterns, to, slot_b);
            let of_a = &spaces.members(to, slot_a)[elements.clone()];
            let of_b = &spaces.members(to, slot_b)[elements];
            append2(&mut out, of_a, of_b, |p, q| f(a[p as usize], b[q as usize]));
            return Some(O::wrap(out));
        }
        spaces.find_runs(patterns, to, slot_a);
        spaces.find_runs(patterns, to, slot_b);
        let (runs_a, runs_b) = (spaces.runs(to, slot_a), spaces.runs(to, slot_b));
        match is_consecutive(*size, slot_b) {
            true => append_mapped(&mut out, (b, runs_b), (a, runs_a), |b, a| f(a, b)),
            false => append_mapped(&mut out, (a, runs_a), (b, runs_b), f),
        }
        Some(O::wrap(out))
    }
}
