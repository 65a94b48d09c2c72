//! Rewrites of plans: other nodes that give every fill the same bits from the same
//! columns, with less work.

mod picks;

use super::{Fill, Plan};

/// One rewrite.
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence without a full stop.
    pub what: &'static str,
    /// The plan that it makes of one: with the same fills, of the same request.
    pub apply: fn(&Plan) -> Plan,
}

/// All of them, in the order in which a backend applies them.
pub const REWRITES: &[Rule] = &[
    Rule { name: "unneeded", what: "what no fill needs is left out", apply: without_unneeded },
    Rule {
        name: "picks",
        what: "what is only looked at where an index points is computed there",
        apply: picks::pushed_down,
    },
];

/// The plan after all of them.
pub(crate) fn rewritten(plan: &Plan) -> Plan {
    let mut rewritten = None;
    for rule in REWRITES {
        rewritten = Some((rule.apply)(rewritten.as_ref().unwrap_or(plan)));
    }
    rewritten.unwrap_or_else(|| plan.clone())
}

fn without_unneeded(plan: &Plan) -> Plan {
    let needed = plan.ir.reached(plan.fills.iter().flat_map(Fill::nodes));
    match needed.iter().all(|needed| *needed) {
        true => plan.clone(),
        false => plan.only(&(0..plan.fills.len()).collect::<Vec<usize>>()),
    }
}
