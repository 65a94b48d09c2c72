//! A plan as text: what is read, what is computed, what is filled.

use crate::bins::{Axis, AxisKind, SoftSum, SoftTerm};
use crate::ir::NodeId;
use crate::plan::{Fill, Plan, SoftPart, SoftRow};
use std::fmt::Write;

/// The whole plan: a line a column, space, node and fill. Equal plans have
/// equal texts, and only they.
pub fn plan_text(plan: &Plan) -> String {
    let mut text = String::new();
    text.push_str("columns:\n");
    for column in &plan.request.columns {
        let counter = column.counter.map_or(String::new(), |c| format!("[{}]", counter(plan, c)));
        let _ = writeln!(text, "  {}{counter}", column.branch);
    }
    text.push_str("nodes:\n");
    for line in plan.ir.text(|k| plan.request.columns[k].branch.clone()).lines() {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str("fills:\n");
    for fill in &plan.fills {
        let _ = writeln!(text, "  {}", fill_text(fill));
    }
    text
}

/// A short name of what is computed: the XXH3 hash of [`plan_text`], in hex.
pub fn plan_hash(plan: &Plan) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(plan_text(plan).as_bytes()))
}

fn counter(plan: &Plan, index: usize) -> &str {
    &plan.request.counters[index]
}

fn node(id: NodeId) -> String {
    format!("n{}", id.index())
}

fn fill_text(fill: &Fill) -> String {
    let axes: Vec<String> = fill
        .axes
        .iter()
        .map(|(axis, value)| format!("{} of {}", bins(axis), node(*value)))
        .collect();
    let mut text = format!("{}: {} where {}", fill.name, axes.join(", "), node(fill.mask));
    if let Some(weight) = fill.weight {
        let _ = write!(text, ", weight {}", node(weight));
    }
    for soft in fill.soft.iter().flat_map(|soft| &soft.axes) {
        let mode = if soft.all_bins { "all-bin" } else { "windowed" };
        let (kernel, flow) = (soft.kernel.name(), soft.flow.name());
        let _ = write!(text, ", soft {kernel} {:?} {mode}, flow {flow}", soft.bandwidth);
        if let Some(parameter) = soft.parameter {
            let _ = write!(text, ", bandwidth is parameter {parameter}");
        }
    }
    for row in fill.soft.iter().flat_map(|soft| &soft.rows) {
        let _ = write!(text, ", {}", row_text(row));
    }
    if let Some(missing) = fill.missing {
        let _ = write!(text, ", missing where {}", node(missing));
    }
    text
}

/// `sum of n5 p + n7 dp/dx`: with two axes each part has a term of each.
fn row_text(row: &SoftRow) -> String {
    let name = |term: SoftTerm| match term {
        SoftTerm::Share => "p",
        SoftTerm::ByValue => "dp/dx",
        SoftTerm::ByBandwidth => "dp/dh",
        SoftTerm::ByValueTwice => "d2p/dx2",
        SoftTerm::ByBoth => "d2p/dxdh",
        SoftTerm::ByBandwidthTwice => "d2p/dh2",
    };
    let part = |part: &SoftPart| match part.terms {
        [first, SoftTerm::Share] => format!("{} {}", node(part.factor), name(first)),
        [first, second] => format!("{} {} {}", node(part.factor), name(first), name(second)),
    };
    let parts: Vec<String> = row.parts.iter().map(part).collect();
    let sum = parts.join(" + ");
    match row.of {
        SoftSum::Contents => format!("sum of {sum}"),
        SoftSum::Variances => format!("sum of 2 weight p ({sum})"),
    }
}

fn bins(axis: &Axis) -> String {
    match &axis.kind {
        AxisKind::Regular { bins, low, high } => format!("{bins} bins {low:?} to {high:?}"),
        AxisKind::Log { bins, low, high } => format!("{bins} log bins {low:?} to {high:?}"),
        AxisKind::Variable { edges } => format!("edges {edges:?}"),
        AxisKind::Integer { low, high } => format!("integers {low} to {}", high - 1),
        AxisKind::Boolean => "boolean".to_owned(),
        AxisKind::Category { values } => format!("categories {values:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::RequestedColumn;
    use crate::ir::{Map, Space, SpaceId, Ty};

    #[test]
    fn a_small_plan() {
        let mut plan = Plan::default();
        plan.request.counters.push("nJet".into());
        for (branch, counter) in [("Jet_pt", Some(0)), ("MET_pt", None)] {
            plan.request.columns.push(RequestedColumn { branch: branch.into(), counter });
        }
        let ir = &mut plan.ir;
        let jets = ir.add_space(Space::Collection { counter: 0, name: "Jet".into() });
        let pt = ir.column(0, jets, Ty::F32);
        let met = ir.column(1, SpaceId::EVENT, Ty::F32);
        let cut = ir.real(30.0);
        let mask = ir.map(Map::Lt, &[cut, pt]);
        let kind = AxisKind::Regular { bins: 10, low: 0.0, high: 100.0 };
        let axis = Axis { kind, label: "pt".into() };
        let axes = vec![(axis, pt)];
        let fill =
            Fill { name: "h".into(), axes, mask, missing: None, weight: Some(met), soft: None };
        plan.fills.push(fill);
        let expected = "\
columns:
  Jet_pt[nJet]
  MET_pt
nodes:
  n0: Jet f32 = Jet_pt
  n1: event f32 = MET_pt
  n2: event f32 = 30.0
  n3: Jet bool = n2 < n0
fills:
  h: 10 bins 0.0 to 100.0 of n0 where n3, weight n1
";
        assert_eq!(plan_text(&plan), expected);
        let hash = plan_hash(&plan);
        plan.fills[0].weight = None;
        assert_ne!(plan_hash(&plan), hash);
    }
}
