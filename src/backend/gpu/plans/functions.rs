//! Every element-wise function.

use super::PlanMaker;
use crate::ir::{Const, Map, NodeId, SpaceId};
use crate::kernels::Registry;
use crate::plan::Plan;

/// Every element-wise function, on columns over jets, over events and on constants.
pub(in crate::backend::gpu) fn functions() -> Plan {
    let mut z = PlanMaker::new();
    let over = [
        ["Jet_pt", "Jet_eta", "Jet_id", "Jet_tag", "Jet_bits"],
        ["MET_pt", "weight", "run", "HLT", "event"],
    ];
    for names in over {
        let [x, y, i, b, l] = names.map(|n| z.column(n));
        let three = z.ir().constant_node(Const::I32(3));
        let j = z.map(Map::Sub, &[three, i]);
        let mut nodes = Vec::new();
        for map in [Map::Add, Map::Sub, Map::Mul] {
            nodes.extend([z.map(map, &[x, y]), z.map(map, &[i, j])]);
        }
        nodes.extend([z.map(Map::Div, &[x, y]), z.map(Map::Neg, &[x]), z.map(Map::Neg, &[i])]);
        for map in [Map::FloorDiv, Map::Mod, Map::Shl, Map::Shr] {
            nodes.extend([z.map(map, &[i, j]), z.map(map, &[j, three])]);
        }
        for map in [Map::Shl, Map::Shr] {
            nodes.extend([z.map(map, &[l, i]), z.map(map, &[l, j])]);
        }
        let k = z.map(Map::Widen, &[i]);
        for map in [Map::Add, Map::Sub, Map::Mul, Map::MulHigh, Map::FloorDiv, Map::Mod] {
            nodes.extend([z.map(map, &[l, k]), z.map(map, &[k, l]), z.map(map, &[l, l])]);
        }
        nodes.push(z.map(Map::Neg, &[l]));
        let c = z.map(Map::Lt, &[x, y]);
        for map in [Map::And, Map::Or, Map::Xor] {
            nodes.extend([z.map(map, &[i, j]), z.map(map, &[l, k]), z.map(map, &[b, c])]);
        }
        nodes.extend([i, l, b].map(|n| z.map(Map::Not, &[n])));
        for map in [Map::Lt, Map::Le, Map::Eq, Map::Ne] {
            nodes.extend([z.map(map, &[x, y]), z.map(map, &[i, j]), z.map(map, &[l, k])]);
            nodes.extend([z.map(map, &[x, x]), z.map(map, &[l, l])]);
        }
        nodes.extend([z.map(Map::Eq, &[b, c]), z.map(Map::Ne, &[b, c])]);
        for (yes, no) in [(x, y), (i, j), (l, k), (b, c)] {
            nodes.push(z.map(Map::Select, &[c, yes, no]));
        }
        for n in [i, l, b] {
            nodes.push(z.map(Map::ToReal, &[n]));
        }
        for (map, n) in [(Map::ToInt, x), (Map::ToInt, b), (Map::IsFinite, x), (Map::IsNan, x)]
            .into_iter()
            .chain([(Map::Widen, j), (Map::Narrow, l)])
        {
            nodes.push(z.map(map, &[n]));
        }
        for function in Registry::standard().iter() {
            let arguments = &[x, y][..function.inputs().len()];
            nodes.push(z.ir().call(function, arguments));
        }
        nodes.into_iter().for_each(|n| z.probe(n));
        constants(&mut z, x, i);
    }
    z.plan
}

/// Expressions of constants that overflow or are no numbers.
fn constants(z: &mut PlanMaker, x: NodeId, i: NodeId) {
    let reals = [1e-40, 3e38, f64::INFINITY, f64::NAN, -0.0, 0.1].map(|c| z.real(c));
    let least = z.ir().constant_node(Const::I32(i32::MIN));
    if z.ir().over(x) != SpaceId::EVENT {
        return;
    }
    for a in reals {
        for b in reals {
            for map in [Map::Add, Map::Mul, Map::Div] {
                let both = z.map(map, &[a, b]);
                let used = z.map(Map::Sub, &[x, both]);
                z.probe(used);
            }
        }
    }
    for map in [Map::Add, Map::Mul, Map::Sub, Map::FloorDiv, Map::Shl] {
        let both = z.map(map, &[least, least]);
        let used = z.map(Map::Add, &[i, both]);
        z.probe(used);
    }
}
