//! Loops over concatenations of stored collections: one loop over the elements
//! of all of them, so that what is done for an element is written once.

use super::loc::{Atom, Loc};
use super::scope::{Body, Emitter};
use crate::ir::{Ir, Space, SpaceId};

/// Whether `space` concatenates stored collections, or filters of such.
pub(super) fn flat(ir: &Ir, space: SpaceId) -> bool {
    match ir.space(space) {
        Space::Concat { parts } => parts.iter().all(|p| counter(ir, *p).is_some()),
        _ => false,
    }
}

/// The counter of a stored collection or of a filter of one.
fn counter(ir: &Ir, space: SpaceId) -> Option<usize> {
    match ir.space(space) {
        Space::Collection { counter, .. } => Some(*counter),
        Space::Filter { base, .. } => counter(ir, *base),
        _ => None,
    }
}

impl<'p> Emitter<'p> {
    /// A loop over the elements of a flat concatenation from number `first` of
    /// the stored ones on.
    pub(super) fn each_flat(&mut self, space: SpaceId, first: &str, body: Body<'_, 'p>) {
        let ir = self.ir;
        let Space::Concat { parts } = ir.space(space) else {
            unreachable!("only concatenations are flat")
        };
        // Number of the first element of each part, and of the one after the last.
        let mut starts = vec![Atom::literal("0u")];
        let mut lows = Vec::new();
        for part in parts {
            let (low, high) = self.bounds(counter(ir, *part).expect("a stored part"));
            let before = &starts[starts.len() - 1].name;
            let end = format!("{before} + ({} - {})", high.name, low.name);
            lows.push(low);
            starts.push(self.constant("end", end));
        }
        let number = Atom { depth: self.depth() + 1, runs: true, ..self.name("element") };
        let (i, end) = (&number.name, &starts[parts.len()].name);
        self.open(format!("for (var {i}: u32 = {first}; {i} < {end}; {i} = {i} + 1u)"));
        let borders: Vec<String> = starts[1..parts.len()]
            .iter()
            .map(|start| format!("select(0u, 1u, {i} >= {})", start.name))
            .collect();
        let tag = if borders.is_empty() { "0u".to_owned() } else { borders.join(" + ") };
        let tag = Atom { runs: true, ..self.constant("part", tag) };
        let mut position = format!("{} + {i}", lows[0].name);
        for k in 1..parts.len() {
            let here = format!("{} + ({i} - {})", lows[k].name, starts[k].name);
            position = format!("select({position}, {here}, {} >= {k}u)", tag.name);
        }
        let position = Atom { runs: true, ..self.constant("at", position) };
        let at = Loc::Any(tag, vec![position]);
        self.flat.insert(at.clone(), number.clone());
        match self.present(space, &at) {
            Some(present) => {
                self.open(format!("if ({present})"));
                body(self, &at);
                self.close();
            }
            None => body(self, &at),
        }
        self.close();
    }

    /// Whether the stored element `at` passes the filters of its part, if there are any.
    fn present(&mut self, space: SpaceId, at: &Loc) -> Option<String> {
        let ir = self.ir;
        let (Space::Concat { parts }, Loc::Any(tag, _)) = (ir.space(space), at) else {
            unreachable!("only concatenations are flat")
        };
        if parts.iter().all(|p| matches!(ir.space(*p), Space::Collection { .. })) {
            return None;
        }
        let mut present: Option<String> = None;
        for (k, part) in parts.iter().enumerate() {
            let mut masks = Vec::new();
            let (mut part, mut inner) = (*part, self.in_part(space, k, at));
            while let Space::Filter { base, mask } = ir.space(part) {
                inner = inner.base().clone();
                masks.push(self.plain(*mask, &inner).name.to_string());
                part = *base;
            }
            let own = if masks.is_empty() { "true".to_owned() } else { masks.join(" && ") };
            present = Some(match present {
                None => own,
                Some(before) => format!("select({before}, {own}, {} == {k}u)", tag.name),
            });
        }
        present
    }
}
