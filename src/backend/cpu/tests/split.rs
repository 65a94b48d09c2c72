//! Fills that are split off, against the same plan evaluated everywhere.

use super::Fixture;
use super::lazy::{Columns, best_triple, clean_jets, fixture, partial};
use crate::backend::cpu::pass::CpuPass;
use crate::backend::cpu::prepared::PreparedPlan;
use crate::backend::cpu::real::Real;
use crate::backend::cpu::{CpuBackend, stage};
use crate::backend::{Partial, Pass};
use crate::bins::{Axis, AxisKind};
use crate::ir::{Const, Map, NodeId, Reduce, Slot, Space};
use crate::plan::{Fill, Plan, split};
use std::sync::Arc;

/// A pass of a plan from which all is split off that can be.
fn split_partial<R: Real>(f: &Fixture, plan: &Plan, block_events: usize) -> Partial {
    let backend = CpuBackend { block_events, ..CpuBackend::default() };
    let stages = stage::stages::<R>(plan, 0.0001).unwrap();
    let prepared = PreparedPlan::<R>::of_stages(&backend, Arc::new(plan.clone()), stages);
    let mut pass = Box::new(CpuPass::new(Arc::new(prepared)));
    let batch = Arc::new(f.batch.clone());
    (0..2).for_each(|_| pass.push(batch.clone()).unwrap());
    pass.finish().unwrap()
}

/// How many of these cuts, one after the other, events pass; as cutflows do.
fn cutflow(f: &mut Fixture, cuts: &[NodeId]) {
    let ir = f.ir();
    let mut passed = ir.constant_node(Const::I32(0));
    let mut all = None;
    for cut in cuts {
        let so_far = all.map_or(*cut, |all| ir.map(Map::And, &[all, *cut]));
        let one = ir.map(Map::ToInt, &[so_far]);
        passed = ir.map(Map::Add, &[passed, one]);
        all = Some(so_far);
    }
    let mask = ir.constant_node(Const::Bool(true));
    let kind = AxisKind::Integer { low: 0, high: cuts.len() as i64 };
    let axes = vec![(Axis { kind, label: String::new() }, passed)];
    let name = "cutflow".to_owned();
    f.plan.fills.push(Fill { name, axes, mask, missing: None, weight: None, soft: None });
}

/// Whether an event has two jets of which one is hard.
fn hard_pair(f: &mut Fixture, c: &Columns) -> NodeId {
    let pairs = Space::Combos { base: f.jet, size: 2 };
    let pairs = f.ir().add_space(pairs);
    let first = f.ir().lift(c.pt, pairs, Slot::Base(0));
    let hard = f.above(30.0, first);
    f.ir().reduce(Reduce::Any, hard)
}

fn cuts(f: &mut Fixture, c: &Columns) -> [NodeId; 3] {
    let jet = f.jet;
    let count = f.ir().count(jet);
    let four = f.ir().constant_node(Const::I32(4));
    let busy = f.ir().map(Map::Le, &[four, count]);
    [busy, f.above(60.0, c.met), hard_pair(f, c)]
}

#[test]
fn what_is_split_off_gets_the_same() {
    let mut parts_seen = 0;
    for seed in 1..7 {
        let (mut f, c) = fixture(seed);
        let [busy, high, pair] = cuts(&mut f, &c);
        let first = if seed % 2 == 0 { busy } else { pair };
        let cut = f.both(first, high);
        cutflow(&mut f, &[first, high]);
        cutflow(&mut f, &[]);
        clean_jets(&mut f, &c, cut);
        best_triple(&mut f, &c, cut);
        let twice = f.ir().map(Map::Mul, &[c.met, c.met]);
        f.fill_with(twice, cut, None);
        f.plan.fills.last_mut().unwrap().weight = Some(c.met);
        if seed > 2 {
            // What needs all events.
            let hard = f.above(20.0, c.pt);
            f.fill_with(c.eta, hard, None);
            cutflow(&mut f, &[high, first]);
        }
        let sizes: Vec<usize> = split::parts(&f.plan, 0.0001)
            .parts
            .iter()
            .map(|part| part.selected.fills.len())
            .collect();
        parts_seen += sizes.len();
        let none = vec![vec![]; f.plan.ir.spaces().len()];
        let mut everywhere = partial(&f, f.plan.clone(), none);
        everywhere.merge(&everywhere.clone());
        for block_events in [1, 100, 4096] {
            let found = split_partial::<f32>(&f, &f.plan, block_events);
            assert_eq!(found, everywhere, "seed {seed}, parts of {sizes:?}");
        }
        let filled = |fill: &crate::hist::FillData| fill.counts.iter().any(|n| *n > 0);
        assert!(everywhere.fills.iter().all(filled), "seed {seed}");
    }
    assert!(parts_seen >= 6, "{parts_seen} parts in all");
}
