//! What is not needed is not computed, and nobody sees it: fills behind cuts
//! and picks from combinations, against the same plan evaluated everywhere.

use super::Fixture;
use super::batches::{Random, axis};
use crate::backend::cpu::CpuBackend;
use crate::backend::cpu::pass::CpuPass;
use crate::backend::cpu::prepared::PreparedPlan;
use crate::backend::{Partial, Pass};
use crate::ir::{Map, NodeId, Op, Reduce, Slot, Space, SpaceId};
use crate::plan::gates::gates;
use crate::plan::rewrite::{REWRITES, rewritten};
use crate::plan::{Fill, Plan};
use std::sync::Arc;

pub(super) const EVENTS: usize = 3000;

/// The stored columns of the random events.
pub(super) struct Columns {
    pub(super) pt: NodeId,
    pub(super) eta: NodeId,
    muon_pt: NodeId,
    pub(super) met: NodeId,
}

pub(super) fn fixture(seed: u64) -> (Fixture, Columns) {
    let mut r = Random(seed);
    let mut f = Fixture::with_offsets(r.offsets(EVENTS, 7), r.offsets(EVENTS, 3));
    let (jet, muon) = (f.jet, f.muon);
    let mut reals = |f: &mut Fixture, space: SpaceId, n: usize| {
        let values: Vec<f32> = (0..n).map(|_| r.real()).collect();
        f.reals(space, &values)
    };
    let (jets, muons) = (f.batch.offsets[0][EVENTS], f.batch.offsets[1][EVENTS]);
    let pt = reals(&mut f, jet, jets as usize);
    let eta = reals(&mut f, jet, jets as usize);
    let muon_pt = reals(&mut f, muon, muons as usize);
    let met = reals(&mut f, SpaceId::EVENT, EVENTS);
    (f, Columns { pt, eta, muon_pt, met })
}

impl Fixture {
    pub(super) fn above(&mut self, limit: f64, x: NodeId) -> NodeId {
        let limit = self.ir().real(limit);
        self.ir().map(Map::Lt, &[limit, x])
    }

    pub(super) fn both(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.ir().map(Map::And, &[a, b])
    }

    pub(super) fn fill_with(&mut self, value: NodeId, mask: NodeId, missing: Option<NodeId>) {
        let name = format!("fill {}", self.plan.fills.len());
        let axes = vec![(axis(), value)];
        self.plan.fills.push(Fill { name, axes, mask, missing, weight: None, soft: None });
    }
}

/// Some function of the best triple, behind `cut`.
pub(super) fn best_triple(f: &mut Fixture, c: &Columns, cut: NodeId) {
    let jet = f.jet;
    let pairs = f.ir().add_space(Space::Combos { base: jet, size: 2 });
    let triples = f.ir().add_space(Space::Combos { base: jet, size: 3 });
    let ir = f.ir();
    let square = ir.map(Map::Mul, &[c.pt, c.pt]);
    let (a, b) = (ir.lift(square, pairs, Slot::Base(0)), ir.lift(c.eta, pairs, Slot::Base(1)));
    let pair = ir.map(Map::Add, &[a, b]);
    let key = ir.lift(c.pt, triples, Slot::Base(2));
    let wanted = f.above(1.0, key);
    let chosen = f.ir().add_space(Space::Filter { base: triples, mask: wanted });
    let ir = f.ir();
    let key = ir.lift(key, chosen, Slot::Base(0));
    let best = ir.best(key, true);
    let there = ir.exists(best);
    let [x, y] = [(0, 2), (1, 2)].map(|(a, b)| ir.lift(pair, triples, Slot::Pair(a, b)));
    let met = ir.broadcast(c.met, triples).unwrap();
    let sum = [y, met].iter().fold(x, |sum, n| ir.map(Map::Add, &[sum, *n]));
    let sum = ir.lift(sum, chosen, Slot::Base(0));
    let value = ir.pick(sum, best);
    let absent = ir.map(Map::Not, &[there]);
    let (mask, missing) = (f.both(cut, there), f.both(cut, absent));
    f.fill_with(value, mask, Some(missing));
}

/// The hard jets that no muon is near, behind `cut`.
pub(super) fn clean_jets(f: &mut Fixture, c: &Columns, cut: NodeId) {
    let (jet, muon) = (f.jet, f.muon);
    let hard = f.above(20.0, c.pt);
    let passed = f.ir().broadcast(cut, jet).unwrap();
    let hard = f.both(passed, hard);
    let nested = f.ir().add_space(Space::Nested { outer: jet, inner: muon });
    let ir = f.ir();
    let ours = ir.lift(c.pt, nested, Slot::Parent);
    let theirs = ir.lift(c.muon_pt, nested, Slot::Base(0));
    let near = ir.map(Map::Lt, &[ours, theirs]);
    let any = ir.reduce(Reduce::Any, near);
    let none = ir.map(Map::Not, &[any]);
    let mask = f.both(hard, none);
    f.fill_with(c.eta, mask, None);
}

/// The jets that are the hard one's in a pair of jets: another jet's value is
/// looked at, for which the mask of this one says nothing.
fn jets_for_each_jet(f: &mut Fixture, c: &Columns) {
    let (jet, muon) = (f.jet, f.muon);
    let hard = f.above(20.0, c.pt);
    let of_muons = f.ir().add_space(Space::Nested { outer: jet, inner: muon });
    let around = f.ir().add_space(Space::Nested { outer: jet, inner: jet });
    let ir = f.ir();
    let muons = ir.lift(c.muon_pt, of_muons, Slot::Base(0));
    let sum = ir.reduce(Reduce::Sum, muons);
    let sum = ir.map(Map::Add, &[sum, c.eta]);
    let theirs = ir.lift(sum, around, Slot::Base(0));
    let ours = ir.lift(c.pt, around, Slot::Parent);
    let less = ir.map(Map::Lt, &[theirs, ours]);
    let any = ir.reduce(Reduce::Any, less);
    let mask = f.both(hard, any);
    f.fill_with(c.pt, mask, None);
}

pub(super) fn partial(f: &Fixture, plan: Plan, gates: Vec<Vec<NodeId>>) -> Partial {
    let backend = CpuBackend { block_events: 500, ..CpuBackend::default() };
    let prepared = PreparedPlan::<f32>::with_gates(&backend, plan, gates).unwrap();
    let mut pass = Box::new(CpuPass::new(Arc::new(prepared)));
    pass.push(Arc::new(f.batch.clone())).unwrap();
    pass.finish().unwrap()
}

#[test]
fn what_is_left_out_is_not_seen() {
    for seed in 1..4 {
        let (mut f, c) = fixture(seed);
        let jet = f.jet;
        let count = f.ir().count(jet);
        let four = f.ir().constant_node(crate::ir::Const::I32(4));
        let busy = f.ir().map(Map::Le, &[four, count]);
        let high = f.above(60.0, c.met);
        let cut = f.both(busy, high);
        best_triple(&mut f, &c, cut);
        clean_jets(&mut f, &c, cut);
        jets_for_each_jet(&mut f, &c);
        let none = vec![vec![]; f.plan.ir.spaces().len()];
        let everywhere = partial(&f, f.plan.clone(), none);
        let sunk = rewritten(&f.plan);
        let behind = gates(&sunk);
        assert_eq!(partial(&f, sunk, behind).fills, everywhere.fills, "seed {seed}");
        assert!(everywhere.fills.iter().all(|fill| fill.counts.iter().any(|n| *n > 0)));
    }
}

/// Each rewrite by itself, on plans that it changes and on others.
#[test]
fn rewrites_change_no_result() {
    let mut changed = vec![false; REWRITES.len()];
    for seed in 1..3 {
        let (mut f, c) = fixture(seed);
        let high = f.above(60.0, c.met);
        best_triple(&mut f, &c, high);
        jets_for_each_jet(&mut f, &c);
        clean_jets(&mut f, &c, high);
        // Two fills need not what the third one did.
        f.plan.fills.pop();
        let none = |plan: &Plan| vec![vec![]; plan.ir.spaces().len()];
        let wanted = partial(&f, f.plan.clone(), none(&f.plan));
        for (rule, changed) in REWRITES.iter().zip(&mut changed) {
            let plan = (rule.apply)(&f.plan);
            assert_eq!(plan.request, f.plan.request, "{}: {}", rule.name, rule.what);
            *changed |= plan.ir.nodes() != f.plan.ir.nodes();
            let found = partial(&f, plan.clone(), none(&plan));
            assert_eq!(found.fills, wanted.fills, "{}: {}", rule.name, rule.what);
        }
    }
    for (rule, changed) in REWRITES.iter().zip(changed) {
        assert!(changed, "{}: no plan of this test is changed", rule.name);
    }
}

#[test]
fn combinations_are_behind_the_cuts_of_all_that_use_them() {
    let (mut f, c) = fixture(1);
    let high = f.above(60.0, c.met);
    best_triple(&mut f, &c, high);
    let gates_of = |f: &Fixture, size: u32| {
        let space = Space::Combos { base: f.jet, size };
        let at = f.plan.ir.spaces().iter().position(|s| *s == space).unwrap();
        gates(&f.plan)[at].clone()
    };
    assert_eq!((gates_of(&f, 2), gates_of(&f, 3)), (vec![high], vec![high]));
    // The same behind two cuts, and then behind the second one alone.
    let low = f.above(-5.0, c.met);
    let both = f.both(high, low);
    f.plan.fills.clear();
    best_triple(&mut f, &c, both);
    assert_eq!((gates_of(&f, 2), gates_of(&f, 3)), (vec![both], vec![both]));
    best_triple(&mut f, &c, low);
    assert_eq!((gates_of(&f, 2), gates_of(&f, 3)), (vec![low], vec![low]));
    let yes = f.ir().constant_node(crate::ir::Const::Bool(true));
    best_triple(&mut f, &c, yes);
    assert_eq!((gates_of(&f, 2), gates_of(&f, 3)), (vec![], vec![]));
}

#[test]
fn a_jet_is_behind_its_own_mask() {
    let (mut f, c) = fixture(1);
    let high = f.above(60.0, c.met);
    clean_jets(&mut f, &c, high);
    let ir = &f.plan.ir;
    let at = ir.spaces().iter().position(|s| matches!(s, Space::Nested { .. })).unwrap();
    let Op::Map(Map::And, ops) = &ir.node(f.plan.fills[0].mask).op else { panic!("an `and`") };
    // What the mask says of the event is said by the mask.
    assert_eq!(gates(&f.plan)[at], [ops[0]]);
    jets_for_each_jet(&mut f, &c);
    assert!(gates(&f.plan)[at].is_empty(), "all muons count for other jets");
}

#[test]
fn a_pick_is_not_computed_for_all() {
    let (mut f, c) = fixture(1);
    let high = f.above(60.0, c.met);
    best_triple(&mut f, &c, high);
    let sunk = rewritten(&f.plan);
    let ir = &sunk.ir;
    let fill = &sunk.fills[0];
    let (mut next, mut pairs) = (vec![fill.mask, fill.axes[0].1], 0);
    while let Some(id) = next.pop() {
        let over = ir.space(ir.over(id));
        pairs += usize::from(matches!(over, Space::Combos { size: 2, .. }));
        next.extend(ir.node(id).op.operands());
    }
    assert_eq!(pairs, 0, "the value is computed from the jets");
}
