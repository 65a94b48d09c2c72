//! What a value of an analysis is, in words: `per event, a collection of Jet`.

use crate::analysis::Watch;
use crate::ir::{Ir, Op, Space, SpaceId, Ty};

/// What a watched value is: what it has one value for, and of which type.
pub fn describe(ir: &Ir, watch: &Watch) -> String {
    let value = ir.node(watch.value);
    if value.op == Op::Own
        && let Some(parent) = ir.parent(value.space)
    {
        return format!(
            "per {}, a collection of {}",
            element(ir, parent),
            element(ir, value.space)
        );
    }
    let what = match value.ty {
        Ty::Bool => "true or false".to_owned(),
        Ty::I32 => "an integer".to_owned(),
        Ty::I64 => "a 64-bit integer".to_owned(),
        Ty::F32 => "a number".to_owned(),
        Ty::Index(of) => format!("one {}", element(ir, of)),
    };
    let missing = if can_be_missing(watch, value.ty) { ", may be missing" } else { "" };
    format!("per {}, {what}{missing}", element(ir, value.space))
}

fn can_be_missing(watch: &Watch, ty: Ty) -> bool {
    watch.valid.is_some() || matches!(ty, Ty::Index(_))
}

/// One element of a space: `event`, `Jet`, `pair of Muon`.
pub fn element(ir: &Ir, space: SpaceId) -> String {
    let name = |s: &SpaceId| element(ir, *s);
    match ir.space(space) {
        Space::Event => "event".to_owned(),
        Space::Collection { name, .. } => name.clone(),
        Space::Filter { base, .. } | Space::Sort { base, .. } => name(base),
        Space::Concat { parts } => parts.iter().map(name).collect::<Vec<_>>().join(" or "),
        Space::Combos { base, size: 2 } => format!("pair of {}", name(base)),
        Space::Combos { base, size: 3 } => format!("triple of {}", name(base)),
        Space::Combos { base, size } => format!("combination of {size} {}", name(base)),
        Space::Cross { first, second } => format!("pair of {} and {}", name(first), name(second)),
        Space::Nested { outer, inner } => format!("{} beside {}", name(inner), name(outer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Watched;
    use crate::ir::NodeId;

    fn watch(value: NodeId, valid: Option<NodeId>) -> Watch {
        let (name, source) = (String::new(), String::new());
        Watch { kind: Watched::Definition, name, source, value, valid, parts: Vec::new() }
    }

    #[test]
    fn in_words() {
        let mut ir = Ir::default();
        let jets = ir.add_space(Space::Collection { counter: 0, name: "Jet".into() });
        let muons = ir.add_space(Space::Collection { counter: 1, name: "Muon".into() });
        let mask = ir.column(0, jets, Ty::Bool);
        let good = ir.add_space(Space::Filter { base: jets, mask });
        let both = ir.add_space(Space::Concat { parts: vec![good, muons] });
        let pairs = ir.add_space(Space::Combos { base: both, size: 2 });
        let pt = ir.column(1, jets, Ty::F32);
        let table = [
            (ir.own(good), "per event, a collection of Jet"),
            (ir.own(both), "per event, a collection of Jet or Muon"),
            (ir.own(pairs), "per event, a collection of pair of Jet or Muon"),
            (mask, "per Jet, true or false"),
            (ir.count(good), "per event, an integer"),
            (ir.best(pt, true), "per event, one Jet, may be missing"),
        ];
        for (value, text) in table {
            assert_eq!(describe(&ir, &watch(value, None)), text);
        }
        assert_eq!(describe(&ir, &watch(pt, Some(mask))), "per Jet, a number, may be missing");
    }
}
