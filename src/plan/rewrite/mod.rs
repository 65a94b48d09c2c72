//! Rewrites of plans: other nodes that give every fill the same bits from the same
//! columns, with less work.

mod picks;

use super::Plan;

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
    Rule {
        name: "unneeded",
        what: "what no fill needs is left out",
        apply: |plan| plan.only(&(0..plan.fills.len()).collect::<Vec<usize>>()),
    },
    Rule {
        name: "picks",
        what: "what is only looked at where an index points is computed there",
        apply: picks::pushed_down,
    },
];

/// The plan after all of them.
pub fn rewritten(plan: &Plan) -> Plan {
    REWRITES.iter().fold(plan.clone(), |plan, rule| (rule.apply)(&plan))
}
