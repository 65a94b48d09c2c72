//! The section `vary`: what systematic uncertainties change, and how.

use super::read::{Reader, get, ident};
use super::tree::{Node, Scalar};
use crate::diag::Diagnostic;
use crate::lang::target::target;
use crate::syntax::{Change, Expr, Ident, Target, Variation, Varied};

/// All variations, in file order.
pub(super) fn variations(reader: &mut Reader<'_>, node: &Node) -> Vec<Variation> {
    let wanted = "a mapping of names to what they change";
    let entries = reader.entries(node, "`vary`", wanted).unwrap_or_default();
    entries.iter().filter_map(|(key, node)| variation(reader, key, node)).collect()
}

fn variation(reader: &mut Reader<'_>, key: &Scalar, node: &Node) -> Option<Variation> {
    let name = reader.name(key, "a variation");
    let what = format!("the variation `{}`", key.text);
    let entries = reader.entries(node, &what, "a mapping such as `Jet.pt:` with `up:` below it")?;
    let samples = get(entries, "samples").map(|n| reader.texts(n, "`samples`")).unwrap_or_default();
    let changed = entries.iter().filter(|(key, _)| key.text != "samples");
    let changes: Vec<Change> = changed.filter_map(|(k, n)| change(reader, k, n)).collect();
    if changes.is_empty() && entries.iter().all(|(key, _)| key.text == "samples") {
        let message = format!("the variation `{}` changes nothing", key.text);
        let help = "name what it changes: a column (`Jet.pt:`), a definition, or `weight:`";
        reader.report(Diagnostic::new(key.span, message).help(help));
    }
    Some(Variation { name, samples, changes })
}

fn change(reader: &mut Reader<'_>, key: &Scalar, node: &Node) -> Option<Change> {
    let target = varied(reader, key)?;
    let what = format!("`{}`", key.text);
    let wanted = "a mapping of directions to values, such as `up:` and `down:`";
    let entries = reader.entries(node, &what, wanted)?;
    let directions: Vec<(Ident, Expr)> = entries
        .iter()
        .filter_map(|(key, node)| {
            let direction = reader.name(key, "a direction");
            Some((direction, reader.expression(node, &format!("`{}`", key.text))?))
        })
        .collect();
    Some(Change { target, directions })
}

fn varied(reader: &mut Reader<'_>, key: &Scalar) -> Option<Varied> {
    if key.text == "weight" {
        return Some(Varied::Weight(key.span));
    }
    match target(&key.text, &key.map) {
        Ok(Target::Name(_)) => Some(Varied::Name(ident(key))),
        Ok(Target::Field { of, field }) => Some(Varied::Field { of, field }),
        Ok(Target::Function { name, .. }) => {
            let message = "a function cannot be varied";
            let help = "vary a column, a definition that uses the function, or `weight`";
            reader.report(Diagnostic::new(name.span, message).help(help));
            None
        }
        Err(fault) => {
            reader.report(fault.diagnostic);
            None
        }
    }
}
