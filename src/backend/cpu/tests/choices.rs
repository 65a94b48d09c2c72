//! A choice of which one side is not computed has the values of the other one.

use super::{Fixture, NodeValues, columns};
use crate::ir::{Map, NodeId, Slot, Space};

/// Chooses between columns over pairs of jets, in several ways, by whether the
/// first one's transverse momentum is above `limit`.
fn choices(f: &mut Fixture, limit: f64) -> Vec<[NodeId; 4]> {
    let (pt, jet) = (f.jet_pt(), f.jet);
    let pairs = f.ir().add_space(Space::Combos { base: jet, size: 2 });
    let ir = f.ir();
    let [a, b] = [0, 1].map(|k| ir.lift(pt, pairs, Slot::Base(k)));
    let (limit, hard) = (ir.real(limit), ir.real(22.0));
    let mask = ir.map(Map::Lt, &[limit, a]);
    let other = ir.map(Map::Lt, &[hard, b]);
    let sum = ir.map(Map::Add, &[a, b]);
    let difference = ir.map(Map::Sub, &[a, b]);
    let product = ir.map(Map::Mul, &[sum, difference]);
    let inner = ir.map(Map::Select, &[other, product, sum]);
    let zero = ir.real(0.0);
    let sides = [(sum, difference), (inner, difference), (difference, inner), (sum, product)];
    let sides = sides.into_iter().chain([(zero, product), (inner, zero)]);
    let mut all: Vec<[NodeId; 4]> =
        sides.map(|(x, y)| [ir.map(Map::Select, &[mask, x, y]), mask, x, y]).collect();
    all.push([ir.map(Map::Select, &[mask, other, mask]), mask, other, mask]);
    all
}

/// The values as numbers, one for each of `n` elements.
fn numbers(values: &Option<NodeValues>, n: usize) -> Vec<f64> {
    match values {
        Some(NodeValues::F32(v)) => v.iter().map(|x| f64::from(*x)).collect(),
        Some(NodeValues::Bool(v)) => v.iter().map(|x| f64::from(u8::from(*x))).collect(),
        Some(other) => panic!("not chosen between here: {other:?}"),
        None => vec![0.0; n],
    }
}

#[test]
fn sides_that_are_left_out_are_not_seen() {
    // None, some and all are above; each chunk is of a few pairs.
    for limit in [1000.0, 45.0, 30.0, 15.0, -1.0] {
        let mut f = Fixture::new();
        let all = choices(&mut f, limit);
        let evaluate = |nodes: &[NodeId]| {
            columns(&f.plan, &f.batch, 0..f.batch.events, nodes, NodeValues::of).unwrap()
        };
        for nodes in &all {
            // Alone, so that a side may be left out; then what is asked for is kept.
            let chosen = numbers(&evaluate(&nodes[..1])[0], 0);
            let kept = evaluate(nodes);
            let [again, mask, yes, no] = [0, 1, 2, 3].map(|k| numbers(&kept[k], chosen.len()));
            let pick = |k: usize| if mask[k] == 1.0 { yes[k] } else { no[k] };
            let expected: Vec<f64> = (0..mask.len()).map(pick).collect();
            let text = f.plan.ir.node_text(nodes[0], |k| format!("b{k}"));
            assert_eq!(chosen.len(), 9, "{text}");
            assert_eq!((&chosen, &again), (&expected, &expected), "{text} above {limit}");
        }
    }
}
