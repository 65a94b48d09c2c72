//! Which lifts of members of a combination need no column: all their users compute
//! with the member as they go, see `fused.rs`.

use super::combos::is_consecutive;
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
pub(super) fn member(ir: &Ir, id: NodeId) -> Option<(NodeId, Slot)> {
    let node = ir.node(id);
    match (&node.op, ir.space(node.space)) {
        (
            Op::Lift { node: of, slot: slot @ (Slot::Base(_) | Slot::Pair(..)) },
            Space::Combos { .. },
        ) => Some((*of, *slot)),
        _ => None,
    }
}

/// Whether an operation takes two columns of which one is a member that runs, and
/// the other one that does not, or no member.
fn fuses(ir: &Ir, op: &Op, elided: &[bool]) -> bool {
    let Op::Map(map, ops) = op else { return false };
    let [a, b] = ops[..] else { return false };
    let constant = ir.constant(a).is_some() || ir.constant(b).is_some();
    if constant || matches!(map, Map::Kernel { .. }) {
        return false;
    }
    let Space::Combos { size, .. } = ir.space(ir.over(a)) else { return false };
    let runs = |n: NodeId| {
        elided[n.index()] && member(ir, n).is_some_and(|(_, slot)| is_consecutive(*size, slot))
    };
    runs(a) != runs(b)
}
