//! Which lists belong together, and what their number is called: the same for
//! all formats, so that an analysis means the same for each of them.
//!
//! The lists that one stored counter counts are a collection. A list with lengths of
//! its own (a vector, or one whose counter counts nothing else) belongs to the
//! collection with whose name its own begins. A number that is called `nJet` and that
//! no list refers to is the length of none.

use crate::schema::StoredType;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What stands between the words of a name.
const SEPARATORS: [char; 2] = ['_', '.'];

/// What a branch is, as far as names go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::read) enum Kind<'a> {
    /// One whole number an event.
    Whole,
    /// Something else that is no list, or cannot be read.
    Other,
    /// A list that the file counts by this name.
    Counted(&'a str),
    /// A list with lengths of its own, which others may have as well.
    List,
    /// Rows of a fixed length, or lists of lists: no other branch has their lengths.
    Alone,
}

impl Kind<'_> {
    /// Of a branch with one value an event.
    pub(in crate::read) fn of_scalar(stored: Option<StoredType>) -> Self {
        match stored {
            None | Some(StoredType::F32 | StoredType::F64) => Kind::Other,
            Some(_) => Kind::Whole,
        }
    }

    fn is_list(self) -> bool {
        !matches!(self, Kind::Whole | Kind::Other)
    }
}

/// The name of what counts a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::read) struct Counter {
    pub(in crate::read) name: String,
    /// Whether no branch has this name, and this list is the first that it counts.
    pub(in crate::read) new: bool,
}

/// What counts each of the branches, of those that are lists.
pub(in crate::read) fn counters<'a>(
    branches: impl Iterator<Item = (&'a str, Kind<'a>)> + Clone,
) -> Vec<Option<Counter>> {
    let naming = Naming::new(branches.clone());
    let mut names: HashSet<String> = branches.clone().map(|(name, _)| name.to_owned()).collect();
    let mut used: HashSet<String> = naming.shared.keys().map(|name| (*name).to_owned()).collect();
    let mut free = |of: &str| {
        let mut name = format!("n{of}");
        while naming.lists.contains(name.as_str()) || !used.insert(name.clone()) {
            name += "_values";
        }
        name
    };
    let mut grouped: HashMap<&str, String> = HashMap::new();
    let counter = |(name, kind): (&'a str, Kind<'a>)| {
        let name = match (kind, naming.stored(name, kind)) {
            (Kind::Whole | Kind::Other, _) => return None,
            (_, Some(counter)) => counter.to_owned(),
            (Kind::Alone, None) => free(name),
            (Kind::Counted(_) | Kind::List, None) => {
                let of = naming.collection(name);
                grouped.entry(of).or_insert_with(|| free(of)).clone()
            }
        };
        let new = names.insert(name.clone());
        Some(Counter { name, new })
    };
    branches.map(counter).collect()
}

/// What the names of an input say.
struct Naming<'a> {
    /// All lists.
    lists: HashSet<&'a str>,
    /// Whole numbers that count nothing.
    numbers: HashSet<&'a str>,
    /// Stored counters with the lists that they count, but those of one list's own.
    shared: BTreeMap<&'a str, Vec<&'a str>>,
    /// First words of lists with lengths of their own, and whether these are all of
    /// collections with longer names.
    longer: HashMap<&'a str, bool>,
}

impl<'a> Naming<'a> {
    fn new(branches: impl Iterator<Item = (&'a str, Kind<'a>)> + Clone) -> Naming<'a> {
        let mut shared: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, kind) in branches.clone() {
            if let Kind::Counted(counter) = kind {
                shared.entry(counter).or_default().push(name);
            }
        }
        let whole = branches.clone().filter(|(_, kind)| *kind == Kind::Whole);
        let numbers = whole.map(|(name, _)| name).filter(|name| !shared.contains_key(name));
        let numbers = numbers.collect();
        shared.retain(|counter, lists| !matches!(lists[..], [only] if is_own(counter, only)));
        let lists = branches.clone().filter(|(_, kind)| kind.is_list()).map(|(name, _)| name);
        let lists = lists.collect();
        let mut naming = Naming { lists, numbers, shared, longer: HashMap::new() };
        for (name, kind) in branches {
            let own = matches!(kind, Kind::List | Kind::Counted(_));
            if own && naming.stored(name, kind).is_none() {
                let longer = naming.longer_name(name).is_some();
                *naming.longer.entry(first_word(name)).or_insert(true) &= longer;
            }
        }
        naming
    }

    /// The stored counter to whose lists this one belongs: the one that counts it, or
    /// that of the collection with the longest name that its own begins with.
    fn stored(&self, name: &str, kind: Kind<'a>) -> Option<&'a str> {
        let shared = |counter: &str| self.shared.get_key_value(counter);
        match kind {
            Kind::Counted(counter) if shared(counter).is_some() => Some(counter),
            Kind::Counted(_) | Kind::List => beginnings(name).find_map(|of| {
                let counters = ["n", "N"].iter().filter_map(|n| shared(&format!("{n}{of}")));
                let named = |lists: &[&str]| lists.iter().any(|list| is_field(list, of));
                counters.filter(|(_, lists)| named(lists)).map(|(counter, _)| *counter).next()
            }),
            Kind::Whole | Kind::Other | Kind::Alone => None,
        }
    }

    /// The name of the collection of a list that has lengths of its own.
    fn collection(&self, name: &'a str) -> &'a str {
        let first = first_word(name);
        let longer = self.longer.get(first).is_some_and(|longer| *longer);
        self.longer_name(name).filter(|_| longer).unwrap_or(first)
    }

    /// The longest beginning of a name, of more than its first word, for which there is a
    /// number that counts nothing (`Proton_multiRP` of `Proton_multiRP_xi`); else, of the
    /// members of an object, what stands before a `_` (`event.Jet` of `event.Jet_pt`).
    fn longer_name(&self, name: &'a str) -> Option<&'a str> {
        let first = first_word(name);
        let mut longer = beginnings(name).take_while(|of| of.len() > first.len());
        let numbered = longer.find(|of| self.numbers.contains(format!("n{of}").as_str()));
        let inner = || {
            let member = name[first.len()..].strip_prefix('.')?;
            let word = first_word(member);
            (word.len() < member.len()).then(|| &name[..name.len() - member.len() + word.len()])
        };
        numbered.or_else(inner)
    }
}

/// Whether a counter is named after the only list that it counts.
fn is_own(counter: &str, list: &str) -> bool {
    let before = counter.strip_prefix(['n', 'N']).is_some_and(|rest| rest == list);
    before || counter.strip_prefix(list).is_some_and(|rest| matches!(rest, "_n" | "_N"))
}

/// Whether a list has the name of a field of a collection, or of all of it.
fn is_field(list: &str, collection: &str) -> bool {
    let rest = list.strip_prefix(collection);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATORS))
}

/// A name, and what stands before each separator in it, the longest first.
fn beginnings(name: &str) -> impl Iterator<Item = &str> {
    let separates = |&(at, c): &(usize, char)| SEPARATORS.contains(&c) && at > 0;
    let ends = name.char_indices().rev().filter(separates).map(|(at, _)| at);
    std::iter::once(name.len()).chain(ends).map(|end| &name[..end])
}

/// What stands before the first separator in a name, other than at its start and end.
fn first_word(name: &str) -> &str {
    let start = name.len() - name.trim_start_matches(SEPARATORS).len();
    let end = name.trim_end_matches(SEPARATORS).len().max(start);
    name[start..end].find(SEPARATORS).map_or(name, |length| &name[..start + length])
}

#[cfg(test)]
mod tests {
    use super::Kind::{Alone, Counted, List, Other, Whole};
    use super::*;

    fn table(cases: &[(&str, Kind<'_>, &str)]) {
        let found = counters(cases.iter().map(|(name, kind, _)| (*name, *kind)));
        for ((name, _, expected), found) in cases.iter().zip(found) {
            let text = found.map(|c| format!("{}{}", if c.new { "+" } else { "" }, c.name));
            assert_eq!(text.unwrap_or_default(), *expected, "{name}");
        }
    }

    // Name, kind, counter; `+` marks a new one.

    #[test]
    fn lists_have_counters() {
        table(&[
            ("nJet", Whole, ""),
            ("Jet_pt", List, "nJet"),
            ("Jet_all_pt", List, "nJet"),
            ("Trk_pt", List, "+nTrk"),
            ("Trk_eta", List, "nTrk"),
            ("Trk_hits", Alone, "+nTrk_hits"),
            ("_Trk_hits", List, "+n_Trk"),
            ("weights", List, "+nweights"),
            ("nbad", Other, ""),
            ("bad_x", List, "nbad"),
            ("np", List, "+nnp"),
            ("p", Alone, "+np_values"),
            ("q", Alone, "+nq"),
            ("q_x", List, "+nq_values"),
        ]);
    }

    #[test]
    fn a_number_takes_no_field_from_its_collection() {
        table(&[
            ("Jet_pt", List, "+nJet"),
            ("nJet_btag", Whole, ""),
            ("Jet_btag_sf", List, "nJet"),
            ("npmthits", Whole, ""),
            ("pmthits", List, "npmthits"),
            // All lists of this first word are of collections with longer names.
            ("nProton_one", Whole, ""),
            ("Proton_one_xi", List, "nProton_one"),
            ("nProton_all", Whole, ""),
            ("Proton_all_xi", List, "nProton_all"),
        ]);
    }

    #[test]
    fn stored_counters_count() {
        table(&[
            ("nMuon", Whole, ""),
            ("Muon_pt", Counted("nMuon"), "nMuon"),
            ("Muon_hits_x", List, "nMuon"),
            ("nMuon_hits", Whole, ""),
            ("num", Whole, ""),
            ("x", Counted("num"), "num"),
            ("y", Counted("num"), "num"),
            ("nodd", Whole, ""),
            ("even", Counted("nodd"), "nodd"),
            ("odd_x", List, "+nodd_values"),
            ("hits_a_n", Whole, ""),
            ("hits_a_x", Counted("hits_a_n"), "hits_a_n"),
        ]);
    }

    #[test]
    fn members_of_objects_are_fields() {
        table(&[
            ("JetsAuxDyn.pt", List, "+nJetsAuxDyn"),
            ("JetsAuxDyn.is_good", List, "nJetsAuxDyn"),
            ("event.Jet_pt", List, "+nevent.Jet"),
            ("event.Jet_eta", List, "nevent.Jet"),
            ("event.Muon_pt", List, "+nevent.Muon"),
            ("trk.n", Whole, ""),
            ("trk.pt", Counted("trk.n"), "trk.n"),
            ("trk.eta", Counted("trk.n"), "trk.n"),
        ]);
    }

    /// As uproot writes them: a counter for each list, and perhaps the number beside.
    #[test]
    fn counters_of_one_list_each_are_lengths() {
        table(&[
            ("nJet", Whole, ""),
            ("nJet_pt", Whole, ""),
            ("Jet_pt", Counted("nJet_pt"), "nJet"),
            ("nJet_id", Whole, ""),
            ("Jet_id", Counted("nJet_id"), "nJet"),
            ("nJet_id_tight", Whole, ""),
            ("Jet_id_tight", Counted("nJet_id_tight"), "nJet"),
            ("nTau_pt", Whole, ""),
            ("Tau_pt", Counted("nTau_pt"), "+nTau"),
            ("Tau_n", Whole, ""),
            ("Tau", Counted("Tau_n"), "nTau"),
            ("nPSWeight", Whole, ""),
            ("PSWeight", Counted("nPSWeight"), "nPSWeight"),
            ("nSumw_", Whole, ""),
            ("Sumw_", Counted("nSumw_"), "nSumw_"),
        ]);
    }
}
