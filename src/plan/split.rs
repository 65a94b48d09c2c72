//! Fills that have entries in some events only, which a cheap boolean finds.
//!
//! Most of what an analysis computes is behind cuts that few events pass. Where a
//! boolean of the event is false and that alone settles what several fills get, only
//! the events where it is true are worked out for these fills, put side by side so
//! that loops over them are as long as ever; and they are worked out by what is left
//! of the plan where the boolean is true. What is needed in other events anyway is
//! then computed twice for some, so fills are split off only if enough is theirs alone.

use super::{Fill, Plan};
use crate::ir::{Const, Ir, Map, NodeId, Op, Reduce, Space, SpaceId, Ty};

/// What must be saved at least, in units of an addition for each element.
pub(crate) const WORTH: f64 = 12.0;
/// Parts that are split off at most, and those that are thought of for each: in a plan
/// with thousands of fills each takes its time.
const MOST_PARTS: usize = 8;
const MOST_TRIED: usize = 16;
/// Which part of the work is thought to be saved, as few events pass.
const SAVED: f64 = 0.6;
/// Which part of the work is thought to be done twice.
const TWICE: f64 = 0.3;

/// A plan in parts: each fill is in one of them.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The fills of all events.
    pub(crate) rest: Vec<usize>,
    pub(crate) parts: Vec<Part>,
}

/// Fills of which each event where a boolean is false gives the same.
#[derive(Debug)]
pub(crate) struct Part {
    /// A plan with one fill, of events where the boolean is true.
    pub(crate) selection: Plan,
    /// Those that get something where it is false: fills of constants.
    pub(crate) otherwise: Given,
    /// Those that get something where it is true.
    pub(crate) selected: Given,
}

/// A plan of some of the fills where a boolean has a value.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) plan: Plan,
    /// The numbers that its fills have in the whole plan.
    pub(crate) fills: Vec<usize>,
}

/// A boolean of the event, by which fills can be split off.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Split {
    /// Where this one is false ...
    cut: NodeId,
    /// ... as it must be where this collection has fewer elements: that is what is
    /// looked at then.
    at_least: Option<(SpaceId, i32)>,
}

/// Splits those fills off by which `least` is saved.
pub(crate) fn parts(plan: &Plan, least: f64) -> Parts {
    let mut parts = Parts { rest: (0..plan.fills.len()).collect(), parts: Vec::new() };
    // What soft fills collect over events is kept in one place.
    if plan.fills.iter().any(|fill| fill.soft.is_some()) {
        return parts;
    }
    let splits = splits(plan).into_iter().map(|split| (split, settled(plan, split)));
    let mut splits: Vec<(Split, Vec<usize>)> = splits.collect();
    let mut rest = vec![true; plan.fills.len()];
    while parts.parts.len() < MOST_PARTS {
        splits.iter_mut().for_each(|(_, fills)| fills.retain(|k| rest[*k]));
        splits.retain(|(_, fills)| !fills.is_empty());
        splits.sort_by_key(|(_, fills)| std::cmp::Reverse(fills.len()));
        let worth = splits.iter().take(MOST_TRIED).map(|(split, fills)| {
            fills.iter().for_each(|k| rest[*k] = false);
            let worth = worth(plan, &rest, fills, *split);
            fills.iter().for_each(|k| rest[*k] = true);
            (worth, *split, fills)
        });
        let best = worth.filter(|(worth, ..)| *worth >= least).max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, split, fills)) = best else { break };
        fills.iter().for_each(|k| rest[*k] = false);
        parts.parts.push(part(plan, fills, split));
    }
    parts.rest.retain(|k| rest[*k]);
    parts
}

/// The booleans that come into question: what masks and cutflows demand, and what
/// these demand of collections.
fn splits(plan: &Plan) -> Vec<Split> {
    let ir = &plan.ir;
    let needed = ir.reached(plan.fills.iter().flat_map(Fill::nodes));
    let is_cut = |id: NodeId| {
        needed[id.index()]
            && ir.ty(id) == Ty::Bool
            && ir.over(id) == SpaceId::EVENT
            && !matches!(ir.node(id).op, Op::Const(_) | Op::Map(Map::And | Map::Not, _))
    };
    let mut splits = Vec::new();
    for cut in (0..ir.nodes().len()).map(|k| NodeId(k as u32)).filter(|id| is_cut(*id)) {
        splits.push(Split { cut, at_least: None });
        let at_least = elements_of(ir, cut).and_then(|space| members(ir, space));
        splits.extend(at_least.map(|at_least| Split { cut, at_least: Some(at_least) }));
    }
    splits
}

/// The space, over the event, that has elements where a boolean is true.
fn elements_of(ir: &Ir, cut: NodeId) -> Option<SpaceId> {
    let space = match &ir.node(cut).op {
        Op::Reduce(Reduce::Any, of) => ir.over(*of),
        Op::Exists(index) => match ir.node(*index).op {
            Op::Best { key, .. } => ir.over(key),
            Op::Nth { of, .. } => of,
            _ => return None,
        },
        Op::Map(map @ (Map::Lt | Map::Le), ops) => {
            let (Some(Const::I32(low)), Op::Count(of)) = (ir.constant(ops[0]), &ir.node(ops[1]).op)
            else {
                return None;
            };
            if low < i32::from(*map == Map::Le) {
                return None;
            }
            *of
        }
        _ => return None,
    };
    (ir.parent(space) == Some(SpaceId::EVENT)).then_some(space)
}

/// How many elements of which space there are at least, if combinations of them, or a
/// choice of these, have an element.
fn members(ir: &Ir, mut space: SpaceId) -> Option<(SpaceId, i32)> {
    loop {
        match ir.space(space) {
            Space::Filter { base, .. } | Space::Sort { base, .. } => space = *base,
            Space::Combos { base, size } => return Some((*base, i32::try_from(*size).ok()?)),
            _ => return None,
        }
    }
}

/// The fills that are settled where a boolean is false, and not always.
fn settled(plan: &Plan, split: Split) -> Vec<usize> {
    let ir = &plan.ir;
    let known = ir.knowing(&[(split.cut, false)]);
    let value = |n: NodeId| known.value(ir, n);
    let settled = |k: &usize| {
        let fill = &plan.fills[*k];
        let never = value(fill.mask) == Some(Const::Bool(false));
        let counted = value(fill.mask).is_some()
            && fill.weight.is_none()
            && fill.axes.iter().all(|(_, n)| value(*n).is_some());
        let missing = fill.missing.is_none_or(|n| value(n) == Some(Const::Bool(false)));
        let always = fill.nodes().all(|n| ir.constant(n).is_some());
        (never || counted) && missing && !always
    };
    (0..plan.fills.len()).filter(settled).collect()
}

/// What splitting `fills` off saves, if those are left that are in `rest`.
fn worth(plan: &Plan, rest: &[bool], fills: &[usize], split: Split) -> f64 {
    let ir = &plan.ir;
    let nodes = |k: usize| plan.fills[k].nodes();
    let theirs = ir.reached(fills.iter().flat_map(|k| nodes(*k)));
    let rest = (0..rest.len()).filter(|k| rest[*k]).flat_map(nodes);
    let cut = split.at_least.is_none().then_some(split.cut);
    let others = ir.reached(rest.chain(cut));
    let weights = (0..theirs.len()).filter(|k| theirs[*k]).map(|k| {
        let weight = weight(ir, NodeId(k as u32));
        if others[k] { -TWICE * weight } else { SAVED * weight }
    });
    weights.sum()
}

/// What computing a node takes, in units of an addition.
fn weight(ir: &Ir, id: NodeId) -> f64 {
    let node = ir.node(id);
    let mut space = node.space;
    while let Space::Filter { base, .. } | Space::Sort { base, .. } = ir.space(space) {
        space = *base;
    }
    match node.op {
        Op::Const(_) => 0.0,
        // These are behind their own gates.
        _ if ir.is_product(space) => 0.0,
        Op::Map(Map::Kernel { kernel, .. }, _) => ir.kernel(kernel).cost().host,
        Op::Map(Map::Div, _) => 2.0,
        _ => 1.0,
    }
}

fn part(plan: &Plan, fills: &[usize], split: Split) -> Part {
    let otherwise = given(plan, fills, &[(split.cut, false)]).expect("these fills are settled");
    // Enough members do not make the cut true.
    let cut = split.at_least.is_none().then(|| given(plan, fills, &[(split.cut, true)]));
    let selected = cut.flatten().or_else(|| given(plan, fills, &[]));
    let selected = selected.expect("nothing is simpler than it was");
    let mut ir = plan.ir.clone();
    let mask = match split.at_least {
        None => split.cut,
        Some((space, least)) => {
            let least = ir.constant_node(Const::I32(least));
            let count = ir.count(space);
            ir.map(Map::Le, &[least, count])
        }
    };
    let fill = Fill {
        name: "selection".to_owned(),
        axes: Vec::new(),
        mask,
        missing: None,
        weight: None,
        soft: None,
    };
    let selection = Plan { ir, request: plan.request.clone(), fills: vec![fill] };
    Part { selection, otherwise, selected }
}

/// What is left of some fills where booleans are known; `None` if one of them has lost
/// its mask and counts what is missing.
fn given(plan: &Plan, fills: &[usize], known: &[(NodeId, bool)]) -> Option<Given> {
    let (ir, here) = plan.ir.assuming(known);
    let is_false = |n: NodeId| ir.constant(n) == Some(Const::Bool(false));
    let mut kept = Vec::new();
    let mut given = Vec::new();
    for k in fills {
        let fill = plan.fills[*k].renamed(|n| here[n.index()]);
        match (is_false(fill.mask), fill.missing.is_none_or(is_false)) {
            (false, _) => {
                kept.push(*k);
                given.push(fill);
            }
            (true, true) => {}
            (true, false) => return None,
        }
    }
    Some(Given { plan: Plan { fills: given, request: plan.request.clone(), ir }, fills: kept })
}
