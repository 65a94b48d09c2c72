//! Every kind of histogram.

use super::PlanMaker;
use crate::bins::{Axis, AxisKind};
use crate::ir::{Const, Map, NodeId};
use crate::plan::{Fill, Plan};

fn axis(kind: AxisKind, node: NodeId) -> (Axis, NodeId) {
    (Axis { kind, label: String::new() }, node)
}

/// Axes of every kind, alone and together, with and without weights, masks and
/// missing values, over events and over jets; constants in every place.
pub(in crate::backend::gpu) fn fills() -> Plan {
    let mut z = PlanMaker::new();
    let regular = AxisKind::Regular { bins: 10, low: 0.0, high: 100.0 };
    let log = AxisKind::Log { bins: 4, low: 1.0, high: 200.0 };
    let variable = AxisKind::Variable { edges: vec![-20.0, 0.0, 30.0, 60.0] };
    let integer = AxisKind::Integer { low: -2, high: 5 };
    let category = AxisKind::Category { values: vec![3, -1, 1 << 32, 0] };
    let always = z.ir().constant_node(Const::Bool(true));
    let half = z.real(0.5);
    let infinite = z.real(f64::INFINITY);
    let nan = z.real(f64::NAN);
    let one = z.ir().constant_node(Const::I32(1));
    let over = [
        ["MET_pt", "huge", "run", "event", "HLT", "weight"],
        ["Jet_pt", "Jet_eta", "Jet_id", "Jet_bits", "Jet_tag", "Jet_eta"],
    ];
    for names in over {
        let [x, y, i, l, b, w] = names.map(|n| z.column(n));
        let axes: Vec<Vec<(AxisKind, NodeId)>> = vec![
            vec![],
            vec![(regular.clone(), x)],
            vec![(log.clone(), x)],
            vec![(variable.clone(), y)],
            vec![(integer.clone(), i)],
            vec![(integer.clone(), l)],
            vec![(integer.clone(), b)],
            vec![(category.clone(), i)],
            vec![(category.clone(), l)],
            vec![(AxisKind::Boolean, b)],
            vec![(AxisKind::Boolean, i)],
            vec![(regular.clone(), half)],
            vec![(regular.clone(), nan)],
            vec![(integer.clone(), one)],
            vec![(regular.clone(), x), (variable.clone(), y)],
            vec![(AxisKind::Boolean, b), (log.clone(), x), (category.clone(), l)],
        ];
        let not = z.map(Map::Not, &[b]);
        let weights = [None, Some(w), Some(half), Some(infinite), Some(nan)];
        for (k, axes) in axes.into_iter().enumerate() {
            let axes: Vec<_> = axes.into_iter().map(|(kind, node)| axis(kind, node)).collect();
            let weight = if k % 3 == 0 { weights[0] } else { weights[1 + k % 4] };
            let missing = (k % 2 == 0).then_some(not);
            let name = format!("{k} of {}", names[0]);
            z.plan.fills.push(Fill { name, axes, mask: b, missing, weight, soft: None });
        }
    }
    let met = z.column("MET_pt");
    let axes = vec![axis(regular, met)];
    let name = "all events".to_owned();
    z.plan.fills.push(Fill {
        name,
        axes,
        mask: always,
        missing: None,
        weight: Some(half),
        soft: None,
    });
    z.plan
}

/// One bin, all events, weights of both signs and very different magnitude.
pub(in crate::backend::gpu) fn mixed_weights() -> Plan {
    let mut z = PlanMaker::new();
    let mask = z.ir().constant_node(Const::Bool(true));
    let weight = Some(z.column("huge"));
    let name = "one bin".to_owned();
    z.plan.fills.push(Fill { name, axes: Vec::new(), mask, missing: None, weight, soft: None });
    z.plan
}
