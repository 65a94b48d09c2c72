//! The CPU evaluator on synthetic events: combinations, and plain cuts and fills.
//!
//! Throughput of `triples` is in combinations, that of `cut_and_fill` in events.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpuana::backend::Backend;
use gpuana::backend::cpu::CpuBackend;
use gpuana::batch::{Batch, Request, RequestedColumn, Values};
use gpuana::bins::{Axis, AxisKind};
use gpuana::ir::{Ir, Map, NodeId, Reduce, Slot, Space, SpaceId, Ty};
use gpuana::kernels::standard;
use gpuana::plan::{Fill, Plan};
use std::hint::black_box;
use std::sync::Arc;

const EVENTS: usize = 50_000;

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    fn reals(&mut self, n: usize, low: f32, high: f32) -> Values {
        let step = (high - low) / 65536.0;
        Values::F32((0..n).map(|_| low + step * self.below(65536) as f32).collect())
    }
}

/// Jets with `pt`, `eta`, `phi` and `mass`, 0 to 14 an event, and `MET_pt`.
fn events() -> (Request, Arc<Batch>) {
    let mut r = Random(42);
    let mut offsets = vec![0u32];
    for _ in 0..EVENTS {
        let n = (r.below(8) + r.below(8)) as u32;
        offsets.push(offsets[offsets.len() - 1] + n);
    }
    let jets = offsets[EVENTS] as usize;
    let columns = vec![
        r.reals(jets, 15.0, 200.0),
        r.reals(jets, -2.5, 2.5),
        r.reals(jets, -3.0, 3.0),
        r.reals(jets, 2.0, 20.0),
        r.reals(EVENTS, 0.0, 200.0),
    ];
    let names = ["Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass", "MET_pt"];
    let request = Request {
        counters: vec!["nJet".into()],
        columns: (0..5)
            .map(|k| RequestedColumn { branch: names[k].into(), counter: (k < 4).then_some(0) })
            .collect(),
        keep_doubles: false,
    };
    let batch = Batch { events: EVENTS, offsets: vec![offsets], columns, ..Batch::default() };
    (request, Arc::new(batch))
}

fn call(ir: &mut Ir, name: &str, x: NodeId) -> NodeId {
    ir.call(standard(name), &[x])
}

fn fill(name: &str, value: NodeId, mask: NodeId, weight: Option<NodeId>) -> Fill {
    let kind = AxisKind::Regular { bins: 100, low: 0.0, high: 200.0 };
    let axes = vec![(Axis { kind, label: String::new() }, value)];
    Fill { name: name.into(), axes, mask, missing: None, weight, soft: None }
}

/// The pair of jets as four-vectors: 2 p_i . p_j of massless ones, in the form
/// that does not cancel.
fn pair_product(ir: &mut Ir, jet: SpaceId, pairs: SpaceId) -> NodeId {
    let columns: [NodeId; 3] = std::array::from_fn(|k| ir.column(k, jet, Ty::F32));
    let mut halves =
        columns.map(|n| (ir.lift(n, pairs, Slot::Base(0)), ir.lift(n, pairs, Slot::Base(1))));
    let (a, b) = halves[0];
    let pt = ir.map(Map::Mul, &[a, b]);
    let half = ir.real(0.5);
    let squares = [("sinh", 1), ("sin", 2)].map(|(name, k)| {
        let (a, b) = std::mem::replace(&mut halves[k], (a, b));
        let difference = ir.map(Map::Sub, &[a, b]);
        let difference = ir.map(Map::Mul, &[difference, half]);
        let s = call(ir, name, difference);
        ir.map(Map::Mul, &[s, s])
    });
    let sum = ir.map(Map::Add, &squares);
    let product = ir.map(Map::Mul, &[pt, sum]);
    let four = ir.real(4.0);
    ir.map(Map::Mul, &[product, four])
}

/// The triple of jets whose mass is nearest to 172.5, and its largest pt.
fn triples(request: Request) -> Plan {
    let mut ir = Ir::default();
    let jet = ir.add_space(Space::Collection { counter: 0, name: "Jet".into() });
    let pairs = ir.add_space(Space::Combos { base: jet, size: 2 });
    let triples = ir.add_space(Space::Combos { base: jet, size: 3 });
    let pair = pair_product(&mut ir, jet, pairs);
    let m = ir.column(3, jet, Ty::F32);
    let m2 = ir.map(Map::Mul, &[m, m]);
    let slots = [Slot::Pair(0, 1), Slot::Pair(0, 2), Slot::Pair(1, 2)];
    let members = [Slot::Base(0), Slot::Base(1), Slot::Base(2)];
    let mut sum = ir.lift(pair, triples, slots[0]);
    for slot in &slots[1..] {
        let next = ir.lift(pair, triples, *slot);
        sum = ir.map(Map::Add, &[sum, next]);
    }
    for slot in members {
        let next = ir.lift(m2, triples, slot);
        sum = ir.map(Map::Add, &[sum, next]);
    }
    let mass = call(&mut ir, "sqrt", sum);
    let top = ir.real(172.5);
    let away = ir.map(Map::Sub, &[mass, top]);
    let away = call(&mut ir, "abs", away);
    let best = ir.best(away, false);
    let there = ir.exists(best);
    let best_mass = ir.pick(mass, best);
    let pt = ir.column(0, jet, Ty::F32);
    let first = ir.member(best, Slot::Base(0));
    let first_pt = ir.pick(pt, first);
    let fills = vec![fill("mass", best_mass, there, None), fill("pt", first_pt, there, None)];
    Plan { ir, request, fills }
}

/// MET of events with at least two jets above 40, and the pt of all jets.
fn cut_and_fill(request: Request) -> Plan {
    let mut ir = Ir::default();
    let jet = ir.add_space(Space::Collection { counter: 0, name: "Jet".into() });
    let pt = ir.column(0, jet, Ty::F32);
    let met = ir.column(4, SpaceId::EVENT, Ty::F32);
    let (limit, two) = (ir.real(40.0), ir.constant_node(gpuana::ir::Const::I32(2)));
    let hard = ir.map(Map::Lt, &[limit, pt]);
    let number = ir.reduce(Reduce::Tally, hard);
    let mask = ir.map(Map::Le, &[two, number]);
    let yes = ir.lift(mask, jet, Slot::Parent);
    let all = ir.map(Map::Or, &[yes, hard]);
    let fills = vec![fill("met", met, mask, Some(met)), fill("pt", pt, all, None)];
    Plan { ir, request, fills }
}

fn run(backend: &CpuBackend, plan: &Plan, batch: &Arc<Batch>) {
    let mut pass = backend.pass(plan).expect("the plan is well-formed");
    pass.push(batch.clone()).expect("the batch fits");
    black_box(pass.finish().expect("it is finished"));
}

fn benchmarks(c: &mut Criterion) {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let (request, batch) = events();
    let combinations: u64 = batch.offsets[0]
        .windows(2)
        .map(|w| u64::from(w[1] - w[0]))
        .map(|n| n * n.saturating_sub(1) * n.saturating_sub(2) / 6)
        .sum();
    let backend = CpuBackend::default();
    let mut group = c.benchmark_group("cpu");
    let plan = triples(request.clone());
    group.throughput(Throughput::Elements(combinations));
    group.bench_function("triples", |b| b.iter(|| one.install(|| run(&backend, &plan, &batch))));
    let plan = cut_and_fill(request);
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("cut_and_fill", |b| {
        b.iter(|| one.install(|| run(&backend, &plan, &batch)))
    });
    group.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
