//! The names of what counts lists that a file stores without a counter: the
//! same for all formats, so that an analysis means the same for each of them.

use crate::schema::StoredType;
use std::collections::HashMap;

/// What a branch is, as far as names go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::read) enum Kind {
    /// One whole number an event: it can count.
    Whole,
    /// Something that needs no counter, and is none.
    Other,
    /// A list with lengths of its own, which others may have as well.
    List,
    /// Rows of a fixed length, or lists of lists: no other branch has their lengths.
    Alone,
}

impl Kind {
    /// Of a branch with one value an event.
    pub(in crate::read) fn of_scalar(stored: Option<StoredType>) -> Kind {
        match stored {
            None | Some(StoredType::F32 | StoredType::F64) => Kind::Other,
            Some(_) => Kind::Whole,
        }
    }
}

/// What counts a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::read) struct Counter {
    pub(in crate::read) name: String,
    /// Whether there is no such branch, and this list is the first that needs it.
    pub(in crate::read) new: bool,
}

/// What counts each of the branches, of those that are lists.
pub(in crate::read) fn counters<'a>(
    branches: impl Iterator<Item = (&'a str, Kind)> + Clone,
) -> Vec<Option<Counter>> {
    let stored: HashMap<&str, Kind> = branches.clone().collect();
    // Those that are new, with whether lists may share them.
    let mut added: HashMap<String, bool> = HashMap::new();
    let mut name_one = |(name, kind): (&str, Kind)| {
        let shared = match kind {
            Kind::Whole | Kind::Other => return None,
            Kind::List => {
                let found = counter_of(name, |name| stored.get(name) == Some(&Kind::Whole));
                let whole = stored.get(found.as_str()).map(|kind| *kind == Kind::Whole);
                let fits = whole.or(added.get(&found).copied()).unwrap_or(true);
                fits.then_some(found)
            }
            Kind::Alone => None,
        };
        let shares = shared.is_some();
        let name = shared.unwrap_or_else(|| {
            let mut own = format!("n{name}");
            while stored.contains_key(own.as_str()) || added.contains_key(&own) {
                own += "_values";
            }
            own
        });
        let new = !stored.contains_key(name.as_str()) && !added.contains_key(&name);
        if new {
            added.insert(name.clone(), shares);
        }
        Some(Counter { name, new })
    };
    branches.map(&mut name_one).collect()
}

/// The name of the branch that counts the list of values `name`: of the
/// beginnings of its name, the longest with a branch that counts (as `is_counter`
/// knows them), else the first word (`nMuon` for `Muon_pt`).
pub(in crate::read) fn counter_of(name: &str, is_counter: impl Fn(&str) -> bool) -> String {
    let ends = name.char_indices().rev().filter(|&(_, c)| c == '_').map(|(at, _)| at);
    let mut starts = [name.len()].into_iter().chain(ends).map(|end| format!("n{}", &name[..end]));
    let known = starts.find(|counter| is_counter(counter));
    let first = name.split('_').find(|word| !word.is_empty()).unwrap_or(name);
    known.unwrap_or_else(|| format!("n{first}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_counters() {
        use Kind::{Alone, List, Other, Whole};
        // name, kind, counter; `+` marks a new one
        let cases = [
            ("nJet", Whole, ""),
            ("Jet_pt", List, "nJet"),
            ("Jet_all_pt", List, "nJet"),
            ("Trk_pt", List, "+nTrk"),
            ("Trk_eta", List, "nTrk"),
            ("Trk_hits", Alone, "+nTrk_hits"),
            ("weights", List, "+nweights"),
            ("nbad", Other, ""),
            ("bad_x", List, "+nbad_x"),
            ("p", Alone, "+np_values"),
            ("np", Other, ""),
            ("q", Alone, "+nq"),
            ("q_x", List, "+nq_x"),
        ];
        let found = counters(cases.iter().map(|(name, kind, _)| (*name, *kind)));
        for ((name, _, expected), found) in cases.iter().zip(found) {
            let text = found.map(|c| format!("{}{}", if c.new { "+" } else { "" }, c.name));
            assert_eq!(text.unwrap_or_default(), *expected, "{name}");
        }
    }
}
