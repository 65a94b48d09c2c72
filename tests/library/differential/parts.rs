//! Random plans over events that are cut into parts: partial results, merged in any order
//! and as any tree, are the bytes of one part. The parts are filled with one thread or
//! two, with blocks of several sizes, and on GPUs.

use super::check::{Checked, checked, gpus, random};
use super::compare::{cpu, on_threads};
use crate::support::gpu;
use crate::support::random::Random;
use gpuana::backend::Backend;
use gpuana::backend::cpu::Precision;
use gpuana::hist::FillData;
use gpuana::partial::{Covered, FileMark, InputKey, PartialResult, PlanHash, Ranges, SampleResult};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Plans whose parts the CPU fills, and those of which GPUs fill some.
const PLANS: u64 = 30;
const PLANS_OF_GPUS: u64 = 6;

/// What a backend fills from some events; `None` if the device gave up.
fn part(plan: &Checked, backend: &dyn Backend, range: Range<usize>) -> Option<PartialResult> {
    let (compiled, table) = (&plan.compiled, &plan.failing.table);
    let fill = || -> gpuana::error::Result<_> {
        let mut pass = backend.pass(&compiled.plan)?;
        if !range.is_empty() {
            pass.push(Arc::new(table.batch(&compiled.plan.request, range.clone())))?;
        }
        pass.finish()
    };
    let filled = match fill() {
        Ok(filled) => filled,
        Err(e) if e.to_string().contains("gave up the loops") => return None,
        Err(e) => panic!("{}: {e}", plan.name),
    };
    let key = InputKey { tree: "Events".to_owned(), size: 1, mark: FileMark::Digest(1) };
    let input = Covered {
        name: "events".to_owned(),
        events: table.events as u64,
        ranges: Ranges::new(std::iter::once(range.start as u64..range.end as u64))
            .expect("one range"),
        processed: range.len() as u64,
        uncertified: 0,
        absent: Vec::new(),
    };
    let sample = SampleResult {
        plan: PlanHash::new(compiled, Precision::Single, &[], None),
        fills: filled.fills.iter().map(FillData::exact).collect(),
        inputs: BTreeMap::from([(key, input)]),
        unreadable: BTreeSet::new(),
    };
    Some(PartialResult::new(None, sample))
}

/// Cuts events into parts at random places.
fn cut(events: usize, parts: usize, dice: &mut Random) -> Vec<Range<usize>> {
    let mut ends: Vec<usize> =
        (1..parts).map(|_| (dice.word() % (events as u64 + 1)) as usize).collect();
    ends.extend([0, events]);
    ends.sort_unstable();
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Merges parts two by two, whichever come.
fn merged(mut parts: Vec<PartialResult>, dice: &mut Random) -> PartialResult {
    while parts.len() > 1 {
        let a = parts.swap_remove((dice.word() % parts.len() as u64) as usize);
        let b = parts.swap_remove((dice.word() % parts.len() as u64) as usize);
        // Through bytes, as files would go.
        let b = PartialResult::decode(&b.encode(), "b").expect("sound bytes");
        parts.push(a.merged(&b, ["a", "b"]).expect("parts of one plan"));
    }
    parts.pop().expect("a part")
}

/// The plans of some seeds that the checker takes.
fn plans(seeds: Range<u64>) -> impl Iterator<Item = (u64, Checked)> {
    seeds.filter_map(|seed| Some((seed, checked(format!("seed {seed}"), random(seed)).ok()?)))
}

#[test]
fn parts_in_any_order_are_the_bytes_of_one() {
    let mut compared = 0;
    for (seed, plan) in plans(0..PLANS) {
        let events = plan.failing.table.events;
        let one = part(&plan, &cpu(64), 0..events).expect("the CPU gives nothing up");
        let whole = one.encode();
        let filled = one.samples[&None].filled(&plan.compiled.plan).expect("its own plan");
        let again: Vec<_> = filled.iter().map(FillData::exact).collect();
        assert_eq!(again, one.samples[&None].fills, "{}", plan.name);
        let mut dice = Random::new(seed);
        for parts in [1, 7, 50] {
            let ranges = cut(events, parts, &mut dice);
            let parts = ranges.into_iter().map(|range| {
                let (threads, block) = (dice.pick(&[1, 2]), dice.pick(&[1, 16, 2048]));
                on_threads(threads, || part(&plan, &cpu(block), range)).expect("a part")
            });
            let parts: Vec<PartialResult> = parts.collect();
            assert!(merged(parts, &mut dice).encode() == whole, "{}", plan.name);
            compared += 1;
        }
    }
    assert!(compared as u64 > PLANS, "{compared} mergers were compared");
}

#[test]
fn parts_of_a_cpu_and_gpus_mix() {
    let test = "parts of CPU and GPU";
    let (devices, why) = gpus();
    let Some(device) = devices.first() else { return gpu::absent(test, &why) };
    let mut compared = 0;
    for (seed, plan) in plans(0..PLANS_OF_GPUS) {
        let events = plan.failing.table.events;
        let mut dice = Random::new(seed);
        let cpu = cpu(64);
        let whole = part(&plan, &cpu, 0..events).expect("the CPU gives nothing up").encode();
        let ranges = cut(events, 3, &mut dice).into_iter().enumerate();
        let backends = devices.iter().map(|gpu| gpu as &dyn Backend).chain([&cpu as &dyn Backend]);
        let backends: Vec<&dyn Backend> = backends.collect();
        let parts = ranges.map(|(k, range)| part(&plan, backends[k % backends.len()], range));
        let Some(parts) = parts.collect::<Option<Vec<_>>>() else { continue };
        assert!(merged(parts, &mut dice).encode() == whole, "{}", plan.name);
        compared += 1;
    }
    gpu::present(test, compared, &device.name());
}
