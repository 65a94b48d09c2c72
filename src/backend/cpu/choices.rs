//! Sides of a choice that no element takes are not computed.
//!
//! A formula that is good for nearly all values often has another one beside it
//! for the rest: the mass of a pair is exact where both squared masses are known,
//! and a difference of products elsewhere. Of `select(mask, a, b)` over a few
//! thousand combinations `mask` is mostly true for all of them, and what only `b`
//! needs is then left out. The bits are those of `a`.

use super::reads::Reads;
use crate::hash::{HashMap, HashSet};
use crate::ir::{Ir, Map, NodeId, Op};

/// When a column is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Whatever the values are.
    Always,
    /// If this mask of a choice is true, or false, for any element.
    Side(NodeId, bool),
}

/// The mask of a choice that is made among these nodes, and its sides.
pub(super) fn choice(ir: &Ir, id: NodeId, among: &[NodeId]) -> Option<[NodeId; 3]> {
    let Op::Map(Map::Select, ops) = &ir.node(id).op else { return None };
    let [mask, yes, no] = ops[..] else { return None };
    (among.contains(&mask) && mask != yes && mask != no).then_some([mask, yes, no])
}

/// The nodes, operands before their users, and the mask of a choice before all
/// that only its sides need.
pub(super) fn masks_first(reads: &Reads<'_>, nodes: &[NodeId]) -> Vec<NodeId> {
    let mut ordered = Vec::with_capacity(nodes.len());
    let mut seen = HashSet::default();
    // Users have greater numbers than their operands.
    for root in nodes.iter().rev() {
        let mut stack = vec![(*root, false)];
        while let Some((id, operands_done)) = stack.pop() {
            if operands_done {
                ordered.push(id);
            } else if nodes.contains(&id) && seen.insert(id) {
                stack.push((id, true));
                // The first operand, of a choice its mask, is the next one.
                stack.extend(reads.operands(id).into_iter().rev().map(|n| (n, false)));
            }
        }
    }
    ordered
}

/// When each of these nodes is needed, which are ordered by [`masks_first`];
/// those of `keeps` always are.
pub(super) fn needs(reads: &Reads<'_>, ordered: &[NodeId], keeps: &[NodeId]) -> Vec<Need> {
    let mut needs: HashMap<NodeId, Need> = keeps.iter().map(|n| (*n, Need::Always)).collect();
    let add = |needs: &mut HashMap<NodeId, Need>, id: NodeId, need: Need| {
        let known = needs.entry(id).or_insert(need);
        if *known != need {
            *known = Need::Always;
        }
    };
    for id in ordered.iter().rev() {
        // What nobody in here uses is a result.
        let need = *needs.entry(*id).or_insert(Need::Always);
        match choice(reads.ir, *id, ordered) {
            Some([mask, yes, no]) if need == Need::Always => {
                add(&mut needs, mask, need);
                add(&mut needs, yes, Need::Side(mask, true));
                add(&mut needs, no, Need::Side(mask, false));
            }
            _ => reads.operands(*id).into_iter().for_each(|n| add(&mut needs, n, need)),
        }
    }
    ordered.iter().map(|id| needs[id]).collect()
}
