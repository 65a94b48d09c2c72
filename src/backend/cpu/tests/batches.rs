//! No block size, number of threads or cut into batches shows in a result, and
//! busy events are evaluated however many combinations they have.

use super::Fixture;
use crate::backend::cpu::{CpuBackend, Precision, evaluate_nodes};
use crate::backend::{Backend, Partial};
use crate::batch::{Batch, Values};
use crate::bins::{Axis, AxisKind};
use crate::ir::{Map, NodeId, Reduce, Slot, Space, SpaceId};
use crate::plan::Fill;
use std::sync::Arc;

/// Numbers that look random and are the same in every run (xorshift).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    /// Mostly ordinary, sometimes a special value.
    pub(super) fn real(&mut self) -> f32 {
        let special = [0.0, -0.0, f32::NAN, f32::INFINITY, 1e-41, f32::MAX];
        match self.below(40) {
            k if k < 6 => special[k as usize],
            _ => self.below(200_000) as f32 / 1000.0 - 20.0,
        }
    }

    pub(super) fn offsets(&mut self, events: usize, most: u64) -> Vec<u32> {
        let mut offsets = vec![0];
        for _ in 0..events {
            // Empty events are common.
            let n = if self.below(4) == 0 { 0 } else { self.below(most + 1) as u32 };
            offsets.push(offsets[offsets.len() - 1] + n);
        }
        offsets
    }
}

/// Jets, muons, triples of jets, jets cleaned of muons, three fills.
fn random(seed: u64, events: usize) -> Fixture {
    let mut r = Random(seed);
    let mut f = Fixture::with_offsets(r.offsets(events, 9), r.offsets(events, 4));
    let (jet, muon) = (f.jet, f.muon);
    let mut reals = |f: &mut Fixture, space: SpaceId, n: usize| {
        let values: Vec<f32> = (0..n).map(|_| r.real()).collect();
        f.reals(space, &values)
    };
    let (jets, muons) = (f.batch.offsets[0][events], f.batch.offsets[1][events]);
    let jet_pt = reals(&mut f, jet, jets as usize);
    let jet_w = reals(&mut f, jet, jets as usize);
    let muon_pt = reals(&mut f, muon, muons as usize);
    let weight = reals(&mut f, SpaceId::EVENT, events);
    cleaned_jets(&mut f, jet_pt, muon_pt, jet_w);
    best_triple(&mut f, jet_pt, weight);
    f
}

pub(super) fn axis() -> Axis {
    let kind = AxisKind::Regular { bins: 50, low: 0.0, high: 100.0 };
    Axis { kind, label: String::new() }
}

/// Fills the jets that no muon is within 5 of, with a weight a jet.
fn cleaned_jets(f: &mut Fixture, jet_pt: NodeId, muon_pt: NodeId, weight: NodeId) {
    let (jet, muon) = (f.jet, f.muon);
    let ir = f.ir();
    let nested = ir.add_space(Space::Nested { outer: jet, inner: muon });
    let of_jet = ir.lift(jet_pt, nested, Slot::Parent);
    let of_muon = ir.lift(muon_pt, nested, Slot::Base(0));
    let apart = ir.map(Map::Sub, &[of_jet, of_muon]);
    let (low, high) = (ir.real(-5.0), ir.real(5.0));
    let above = ir.map(Map::Lt, &[low, apart]);
    let below = ir.map(Map::Lt, &[apart, high]);
    let near = ir.map(Map::And, &[above, below]);
    let any = ir.reduce(Reduce::Any, near);
    let mask = ir.map(Map::Not, &[any]);
    let name = "clean".into();
    let axes = vec![(axis(), jet_pt)];
    f.plan.fills.push(Fill {
        name,
        axes,
        mask,
        missing: Some(any),
        weight: Some(weight),
        soft: None,
    });
}

/// Fills the triple nearest to 100, by event and weighted.
fn best_triple(f: &mut Fixture, pt: NodeId, weight: NodeId) {
    let jet = f.jet;
    let ir = f.ir();
    let pairs = ir.add_space(Space::Combos { base: jet, size: 2 });
    let triples = ir.add_space(Space::Combos { base: jet, size: 3 });
    let (a, b) = (ir.lift(pt, pairs, Slot::Base(0)), ir.lift(pt, pairs, Slot::Base(1)));
    let pair = ir.map(Map::Mul, &[a, b]);
    let [x, y, z] = [(0, 1), (0, 2), (1, 2)].map(|(a, b)| ir.lift(pair, triples, Slot::Pair(a, b)));
    let sum = ir.map(Map::Add, &[x, y]);
    let sum = ir.map(Map::Add, &[sum, z]);
    let best = ir.best(sum, true);
    let there = ir.exists(best);
    let value = ir.pick(sum, best);
    let third = ir.member(best, Slot::Base(2));
    let third_pt = ir.pick(pt, third);
    let absent = ir.map(Map::Not, &[there]);
    let axes = vec![(axis(), third_pt), (axis(), value)];
    let missing = Some(absent);
    let fill = |name: &str, axes, weight| {
        let name = name.into();
        Fill { name, axes, mask: there, missing, weight, soft: None }
    };
    f.plan.fills.push(fill("best", axes, Some(weight)));
    f.plan.fills.push(fill("events", vec![], None));
}

fn run(f: &Fixture, backend: &CpuBackend, threads: usize, batches: &[Arc<Batch>]) -> Partial {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut pass = backend.pass(&f.plan).unwrap();
        batches.iter().for_each(|b| pass.push(b.clone()).unwrap());
        pass.finish().unwrap()
    })
}

/// The events of a batch in two batches.
fn cut(batch: &Batch, at: usize, counters: &[Option<usize>]) -> [Arc<Batch>; 2] {
    [0..at, at..batch.events].map(|events| {
        let part = |offsets: &Vec<u32>| {
            let start = offsets[events.start];
            offsets[events.start..=events.end].iter().map(|o| o - start).collect()
        };
        let columns = batch.columns.iter().zip(counters).map(|(values, counter)| {
            let range = match counter {
                Some(c) => {
                    let offsets = &batch.offsets[*c];
                    offsets[events.start] as usize..offsets[events.end] as usize
                }
                None => events.clone(),
            };
            let Values::F32(values) = values else { panic!("all columns are reals") };
            Values::F32(values[range].to_vec())
        });
        Arc::new(Batch {
            first_event: events.start as u64,
            events: events.len(),
            offsets: batch.offsets.iter().map(part).collect(),
            columns: columns.collect(),
            ..Batch::default()
        })
    })
}

#[test]
fn blocks_threads_and_batches_do_not_show() {
    for (seed, events) in [(1, 0), (2, 1), (3, 40), (4, 333), (5, 1500)] {
        let f = random(seed, events);
        let counters: Vec<_> = f.plan.request.columns.iter().map(|c| c.counter).collect();
        for precision in [Precision::Single, Precision::Double] {
            let whole = [Arc::new(f.batch.clone())];
            let expected = run(&f, &CpuBackend::new(precision), 1, &whole);
            assert_eq!(expected.events, events as u64);
            for (block_events, block_elements) in
                [(1, 1 << 14), (2, 1 << 14), (7, 1 << 14), (1000, 1 << 14), (1000, 50), (7, 1)]
            {
                let chunk_elements = block_elements.min(20);
                let backend =
                    CpuBackend { precision, block_events, block_elements, chunk_elements };
                for threads in [1, 2] {
                    let got = run(&f, &backend, threads, &whole);
                    assert_eq!(got, expected, "{backend:?} on {threads} threads");
                    let cut = cut(&f.batch, events / 3, &counters);
                    let got = run(&f, &backend, threads, &cut);
                    assert_eq!(got, expected, "{backend:?} on {threads} threads, two batches");
                }
            }
        }
    }
}

#[test]
fn busy_events_between_quiet_ones() {
    let n = 57u32; // 29,260 triples
    let mut f = Fixture::with_offsets(vec![0, 2, 2 + n, 5 + n, 5 + 2 * n], vec![0; 5]);
    let jet = f.jet;
    let values: Vec<f32> = (0..5 + 2 * n).map(|i| i as f32).collect();
    let pt = f.reals(jet, &values);
    let weight = f.reals(SpaceId::EVENT, &[1.0; 4]);
    best_triple(&mut f, pt, weight);
    let partial = run(&f, &CpuBackend::default(), 1, &[Arc::new(f.batch.clone())]);
    assert_eq!(partial.fills[1].counts, [3]);
    assert_eq!(partial.fills[1].missing, 1);
    // The triple of the last three jets is the best one, number 29,259.
    let node = |op: fn(&crate::ir::Op) -> bool| {
        let at = f.plan.ir.nodes().iter().position(|n| op(&n.op)).unwrap();
        NodeId(at as u32)
    };
    let best = node(|op| matches!(op, crate::ir::Op::Best { .. }));
    let third = node(|op| matches!(op, crate::ir::Op::Member { .. }));
    let values = evaluate_nodes(&f.plan, &f.batch, 3, &[best, third]).unwrap();
    assert_eq!(values[0].to_string(), "[#29259]");
    assert_eq!(values[1].to_string(), "[#56]");
}

#[test]
fn an_event_with_too_many_combinations_is_an_error() {
    let mut f = Fixture::with_offsets(vec![0, 1, 2001], vec![0; 3]);
    let jet = f.jet;
    let triples = f.ir().add_space(Space::Combos { base: jet, size: 3 });
    let count = f.ir().count(triples);
    let error = evaluate_nodes(&f.plan, &f.batch, 1, &[count]).unwrap_err().to_string();
    assert!(error.starts_with("event 1 has 1331334000 elements of `triples(Jet)`"), "{error}");
    let error = evaluate_nodes(&f.plan, &f.batch, 2, &[count]).unwrap_err().to_string();
    assert!(error.contains("event 2"), "{error}");
}

#[test]
fn a_long_chain_of_nodes() {
    let mut f = Fixture::new();
    let one = f.ir().real(1.0);
    let mut x = f.reals(SpaceId::EVENT, &[0.0, 1.0, 2.0, 3.0]);
    for _ in 0..100_000 {
        x = f.ir().map(Map::Add, &[x, one]);
    }
    f.expect(x, "[100000.0] [100001.0] [100002.0] [100003.0]");
}
