//! `weight:` at the top, in a region, a histogram, a sample or a process: an
//! expression, or one for each kind of events.

use super::read::{Reader, get, keys};
use super::tree::{Node, NodeKind, Scalar};
use crate::syntax::{Factor, Process, Weighted};

/// The factors that a weight is the product of.
pub(super) fn weight(reader: &mut Reader<'_>, node: &Node) -> Vec<Factor> {
    let NodeKind::Map(entries) = &node.kind else {
        let value = reader.expression(node, "`weight`");
        return value.map(|value| Factor { of: Weighted::Bare, value }).into_iter().collect();
    };
    let forms = [Weighted::Simulation, Weighted::Data, Weighted::All];
    reader.keys(keys(entries), "`weight`", &forms.map(Weighted::name));
    if entries.is_empty() {
        reader.wrong(node, "`weight`", "an expression, or `simulation`, `data` and `all` of these");
    }
    let factor = |reader: &mut Reader<'_>, (key, node): &(Scalar, Node)| {
        let of = *forms.iter().find(|form| form.name() == key.text)?;
        let value = reader.expression(node, &format!("`{}`", key.text))?;
        Some(Factor { of, value })
    };
    entries.iter().filter_map(|entry| factor(reader, entry)).collect()
}

/// The section `processes`.
pub(super) fn processes(reader: &mut Reader<'_>, node: &Node) -> Vec<Process> {
    let wanted = "a mapping of processes to what they have";
    let entries = reader.entries(node, "`processes`", wanted).unwrap_or_default();
    let mut processes = Vec::new();
    for (key, node) in entries {
        let name = reader.name(key, "a process");
        let what = format!("the process `{}`", key.text);
        let Some(entries) = reader.entries(node, &what, "a mapping with `weight`") else {
            continue;
        };
        reader.keys(keys(entries), &what, &["weight"]);
        let weight = get(entries, "weight").map(|n| weight(reader, n)).unwrap_or_default();
        processes.push(Process { name, weight });
    }
    processes
}
