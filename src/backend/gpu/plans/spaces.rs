//! Every kind of space.

use super::PlanMaker;
use crate::ir::{Op, Space, SpaceId};
use crate::plan::Plan;

/// Every kind of space, and kinds of kinds. Three plans, as one would be long.
pub(in crate::backend::gpu) fn spaces() -> Vec<Plan> {
    [plain_spaces as fn(&mut PlanMaker) -> Vec<SpaceId>, combined_spaces, nested_spaces]
        .into_iter()
        .map(|make| {
            let mut z = PlanMaker::new();
            let spaces = make(&mut z);
            spaces.into_iter().for_each(|s| z.probe_space(s));
            z.plan
        })
        .collect()
}

fn lepton(z: &mut PlanMaker) -> SpaceId {
    let parts = vec![z.stored(1), z.stored(2)];
    z.ir().add_space(Space::Concat { parts })
}

fn kept(z: &mut PlanMaker, base: SpaceId, below: f64) -> SpaceId {
    let x = z.value_over(base).expect("a value");
    let mask = z.below(x, below);
    z.filter(base, mask)
}

fn sorted(z: &mut PlanMaker, base: SpaceId) -> SpaceId {
    let key = z.value_over(base).expect("a value");
    z.ir().add_space(Space::Sort { base, key })
}

fn plain_spaces(z: &mut PlanMaker) -> Vec<SpaceId> {
    let jet = z.stored(0);
    let soft = kept(z, jet, 60.0);
    let softer = kept(z, soft, 30.0);
    let by_pt = sorted(z, jet);
    let [id, bits, tag] = ["Jet_id", "Jet_bits", "Jet_tag"].map(|n| z.column(n));
    let by_id = z.ir().add_space(Space::Sort { base: jet, key: id });
    let by_bits = z.ir().add_space(Space::Sort { base: jet, key: bits });
    let tagged = z.filter(jet, tag);
    let sorted_soft = sorted(z, soft);
    let soft_sorted = kept(z, by_id, 60.0);
    let lep = lepton(z);
    let soft_lep = kept(z, lep, 60.0);
    let sorted_lep = sorted(z, lep);
    let parts = vec![soft, lep, by_pt];
    let mixed = z.ir().add_space(Space::Concat { parts });
    vec![
        jet,
        soft,
        softer,
        by_pt,
        by_id,
        by_bits,
        tagged,
        sorted_soft,
        soft_sorted,
        lep,
        soft_lep,
        sorted_lep,
        mixed,
    ]
}

fn combos(z: &mut PlanMaker, base: SpaceId, size: u32) -> SpaceId {
    z.ir().add_space(Space::Combos { base, size })
}

fn combined_spaces(z: &mut PlanMaker) -> Vec<SpaceId> {
    let jet = z.stored(0);
    let muon = z.stored(1);
    let lep = lepton(z);
    let soft = kept(z, jet, 60.0);
    let by_pt = sorted(z, jet);
    let soft_lep = kept(z, lep, 60.0);
    let pairs = [jet, soft, lep, by_pt].map(|s| combos(z, s, 2));
    let triples = [jet, soft_lep].map(|s| combos(z, s, 3));
    let fours = combos(z, soft, 4);
    let pairs_of_pairs = combos(z, pairs[1], 2);
    let best_pairs = kept(z, pairs[2], 10.0);
    let cross = z.ir().add_space(Space::Cross { first: jet, second: muon });
    let mixed = z.ir().add_space(Space::Cross { first: soft_lep, second: by_pt });
    let pairs_of_cross = combos(z, cross, 2);
    let sorted_pairs = sorted(z, pairs[0]);
    let mut all = pairs.to_vec();
    all.extend(triples);
    all.extend([fours, pairs_of_pairs, best_pairs, cross, mixed, pairs_of_cross, sorted_pairs]);
    all
}

fn nested(z: &mut PlanMaker, outer: SpaceId, inner: SpaceId) -> SpaceId {
    z.ir().add_space(Space::Nested { outer, inner })
}

fn nested_spaces(z: &mut PlanMaker) -> Vec<SpaceId> {
    let jet = z.stored(0);
    let muon = z.stored(1);
    let lep = lepton(z);
    let soft = kept(z, jet, 60.0);
    let jet_muon = nested(z, jet, muon);
    let soft_lep = nested(z, soft, lep);
    let near = kept(z, jet_muon, 1.5);
    let pairs = combos(z, jet_muon, 2);
    let jets = combos(z, jet, 2);
    let pair_muon = nested(z, jets, muon);
    let deep = nested(z, jet_muon, soft);
    let by_ratio = sorted(z, jet_muon);
    let parts = vec![jet_muon, near];
    let joined = z.ir().add_space(Space::Concat { parts });
    let lep_jet = nested(z, lep, jet);
    vec![jet_muon, soft_lep, near, pairs, pair_muon, deep, by_ratio, joined, lep_jet]
}

/// Whether the plans use every operation there is.
pub(in crate::backend::gpu) fn uncovered(plans: &[&Plan]) -> Vec<&'static str> {
    let kind = |op: &Op| match op {
        Op::Const(_) => 0,
        Op::Column(_) => 1,
        Op::Count(_) => 2,
        Op::Map(..) => 3,
        Op::Lift { .. } => 4,
        Op::Join(_) => 5,
        Op::Part => 6,
        Op::Reduce(..) => 7,
        Op::Best { .. } => 8,
        Op::Nth { .. } => 9,
        Op::Refer { .. } => 10,
        Op::Own => 11,
        Op::Member { .. } => 12,
        Op::Pick { .. } => 13,
        Op::Exists(_) => 14,
        Op::Same(..) => 15,
    };
    let names = [
        "Const", "Column", "Count", "Map", "Lift", "Join", "Part", "Reduce", "Best", "Nth",
        "Refer", "Own", "Member", "Pick", "Exists", "Same",
    ];
    let seen: Vec<usize> = plans.iter().flat_map(|p| p.ir.nodes()).map(|n| kind(&n.op)).collect();
    (0..names.len()).filter(|k| !seen.contains(k)).map(|k| names[k]).collect()
}
