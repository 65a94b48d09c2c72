//! Plans that strain a device: expensive columns in loops of loops, and very
//! many histograms.

use super::PlanMaker;
use crate::bins::AxisKind;
use crate::ir::{Map, NodeId, Reduce, Slot, Space, SpaceId};
use crate::kernels::standard;
use crate::plan::Plan;

impl PlanMaker {
    fn call(&mut self, name: &str, x: NodeId) -> NodeId {
        self.ir().call(standard(name), &[x])
    }

    /// Something expensive that depends on every bit of `x`.
    fn costly(&mut self, x: NodeId) -> NodeId {
        let (sin, cosh) = (self.call("sin", x), self.call("cosh", x));
        self.map(Map::Div, &[sin, cosh])
    }

    fn base(&mut self, x: NodeId, to: SpaceId, k: u32) -> NodeId {
        self.ir().lift(x, to, Slot::Base(k))
    }
}

/// Expensive columns of jets, leptons and pairs of them, used in pairs,
/// triples, nested loops, crosses and sorts; expensive masks.
pub(in crate::backend::gpu) fn costly() -> Plan {
    let mut z = PlanMaker::new();
    let parts = vec![z.stored(1), z.stored(2)];
    let lepton = z.ir().add_space(Space::Concat { parts });
    for base in [z.stored(0), lepton] {
        let x = z.value_over(base).expect("a value");
        let slow = z.costly(x);
        let zero = z.real(0.0);
        let mask = z.map(Map::Lt, &[zero, slow]);
        let kept = z.ir().add_space(Space::Filter { base, mask });
        let of_kept = z.base(slow, kept, 0);
        let sorted = z.ir().add_space(Space::Sort { base: kept, key: of_kept });
        let of_sorted = z.base(of_kept, sorted, 0);
        for (space, slow) in [(base, slow), (kept, of_kept), (sorted, of_sorted)] {
            combinations(&mut z, space, slow);
        }
        let cross = z.ir().add_space(Space::Cross { first: kept, second: base });
        let nested = z.ir().add_space(Space::Nested { outer: base, inner: kept });
        let a = z.base(of_kept, cross, 0);
        let b = z.base(slow, cross, 1);
        let apart = z.map(Map::Sub, &[a, b]);
        z.probe(apart);
        let outer = z.ir().lift(slow, nested, Slot::Parent);
        let inner = z.base(of_kept, nested, 0);
        let ratio = z.map(Map::Div, &[outer, inner]);
        let total = z.ir().reduce(Reduce::Sum, ratio);
        z.probe(total);
    }
    z.plan
}

/// Pairs and triples of `base`, whose column `x` is expensive.
fn combinations(z: &mut PlanMaker, base: SpaceId, x: NodeId) {
    let pairs = z.ir().add_space(Space::Combos { base, size: 2 });
    let triples = z.ir().add_space(Space::Combos { base, size: 3 });
    let (a, b) = (z.base(x, pairs, 0), z.base(x, pairs, 1));
    let product = z.map(Map::Mul, &[a, b]);
    let pair = z.costly(product);
    z.probe(pair);
    let sides = [(0, 1), (0, 2), (1, 2)].map(|(i, j)| z.ir().lift(pair, triples, Slot::Pair(i, j)));
    let members = [0, 1, 2].map(|k| z.base(x, triples, k));
    let mut key = sides[0];
    for more in [sides[1], sides[2], members[0], members[1], members[2]] {
        let three = z.real(3.0);
        let key_3 = z.map(Map::Mul, &[three, key]);
        key = z.map(Map::Sub, &[key_3, more]);
    }
    let best = z.ir().best(key, true);
    z.probe(best);
    for slot in [Slot::Base(2), Slot::Pair(0, 2)] {
        let member = z.ir().member(best, slot);
        z.probe(member);
    }
    let picked = z.ir().pick(key, best);
    z.probe(picked);
}

/// `variations` times `each` histograms of varied jets, with weights.
pub(in crate::backend::gpu) fn many(variations: usize, each: usize) -> Plan {
    let mut z = PlanMaker::new();
    let (pt, weight, met) = (z.column("Jet_pt"), z.column("weight"), z.column("MET_pt"));
    let jet = z.stored(0);
    for v in 0..variations {
        let scale = z.real(1.0 + 0.01 * v as f64);
        let varied = z.map(Map::Mul, &[pt, scale]);
        let thirty = z.real(30.0);
        let mask = z.map(Map::Lt, &[thirty, varied]);
        let hard = z.ir().add_space(Space::Filter { base: jet, mask });
        let of_hard = z.base(varied, hard, 0);
        let ht = z.ir().reduce(Reduce::Sum, of_hard);
        let total = z.map(Map::Add, &[ht, met]);
        for h in 0..each {
            let (low, above) = (z.real(5.0 * h as f64), z.real(h as f64));
            let selected = z.map(Map::Lt, &[low, ht]);
            let value = z.map(Map::Sub, &[total, above]);
            let axis = AxisKind::Regular { bins: 20, low: 0.0, high: 200.0 };
            z.fill(value, Some(selected), axis, Some(weight));
        }
    }
    z.plan
}
