//! NanoAOD's naming conventions: what the branches of a schema mean.
//!
//! `nJet` counts the collection `Jet`, whose fields are the branches `Jet_*`;
//! scalars with a common prefix are a record (`MET.pt` is `MET_pt`); `X_yIdx`
//! refers to an element of `Y`. A list of values under its own name, `weights`, is a
//! collection with the field `value`.

use crate::ir::Ty;
use crate::schema::{Schema, Shape, StoredType};
use std::collections::BTreeMap;

/// A stored collection.
#[derive(Debug, Clone)]
pub(crate) struct Collection {
    /// `Jet`.
    pub(crate) name: String,
    /// `nJet`.
    pub(crate) counter: String,
    /// Field name to branch name and type.
    pub(crate) fields: BTreeMap<String, (String, StoredType)>,
}

/// A field that points to an element of another collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The field with the element number, `jetIdx`.
    pub(crate) field: String,
    /// The collection pointed into.
    pub(crate) target: String,
}

/// The names of an input.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    collections: BTreeMap<String, Collection>,
    /// Branches of lists, with their collections and fields.
    lists: BTreeMap<String, (String, String)>,
    /// Lists by themselves, by their branches between backquotes.
    alone: BTreeMap<String, Collection>,
    scalars: BTreeMap<String, StoredType>,
    unreadable: BTreeMap<String, String>,
}

impl Names {
    /// What the branches of a schema mean.
    pub(crate) fn new(schema: &Schema) -> Names {
        let mut names = Names::default();
        let mut counted: BTreeMap<&str, Vec<(&str, StoredType)>> = BTreeMap::new();
        for branch in &schema.branches {
            match (&branch.shape, branch.stored) {
                (Shape::Scalar, Some(ty)) => {
                    names.scalars.insert(branch.name.clone(), ty);
                }
                (Shape::Counted(counter), Some(ty)) => {
                    counted.entry(counter).or_default().push((&branch.name, ty));
                }
                (shape, _) => {
                    let why = branch.unsupported.clone().unwrap_or_else(|| match shape {
                        Shape::Fixed(n) => format!("it has {n} values in every event"),
                        _ => "it is a std::vector, which has no counter branch".to_string(),
                    });
                    names.unreadable.insert(branch.name.clone(), why);
                }
            }
        }
        // What a counter names comes before what is named by the lists alone.
        let (named, others): (Vec<_>, Vec<_>) = counted
            .into_iter()
            .partition(|(counter, lists)| conventional(counter, lists).is_some());
        for (counter, lists) in named.into_iter().chain(others) {
            names.add(counter, &lists);
        }
        names
    }

    /// Adds the collection of the lists that one counter counts.
    fn add(&mut self, counter: &str, lists: &[(&str, StoredType)]) {
        let free = |name: &&str| !name.is_empty() && !self.collections.contains_key(*name);
        let plain = |name: &&str| free(name) && !self.scalars.contains_key(*name);
        let stem = counter.trim_start_matches(['n', 'N']);
        let [(first, _), rest @ ..] = lists else { return };
        let whole = (rest.is_empty()).then_some(*first);
        let all = || lists.iter().map(|(list, _)| *list);
        let name = conventional(counter, lists).filter(free);
        let name = name.or_else(|| common(all().chain([counter])).filter(free));
        let name = name.or_else(|| first_word(all()).filter(free));
        let name = name.or_else(|| common(all()).filter(free));
        let name = name.or_else(|| Some(stem).filter(plain)).or_else(|| whole.filter(free));
        let mut name = name.map_or_else(|| format!("{counter}_lists"), str::to_string);
        while self.collections.contains_key(&name) {
            name += "_lists";
        }
        let fields = lists.iter().map(|(list, ty)| {
            let field = match list.strip_prefix(&name) {
                Some("") => VALUE,
                rest => rest.and_then(|f| f.strip_prefix(SEPARATORS)).unwrap_or(list),
            };
            (field.to_string(), ((*list).to_string(), *ty))
        });
        let fields: BTreeMap<String, (String, StoredType)> = fields.collect();
        for (field, (list, ty)) in &fields {
            self.lists.insert(list.clone(), (name.clone(), field.clone()));
            let name = format!("`{list}`");
            let fields = BTreeMap::from([(VALUE.to_string(), (list.clone(), *ty))]);
            let alone = Collection { name: name.clone(), counter: list.clone(), fields };
            self.alone.insert(name, alone);
        }
        let counter = counter.to_string();
        self.collections.insert(name.clone(), Collection { name, counter, fields });
    }

    /// The collection of this name.
    pub(crate) fn collection(&self, name: &str) -> Option<&Collection> {
        self.collections.get(name).or_else(|| self.alone.get(name))
    }

    /// The name of the collection that is one list by itself.
    pub(crate) fn alone(&self, branch: &str) -> Option<String> {
        let (name, field) = self.lists.get(branch)?;
        // Where it is all that a collection has, this is the one.
        let only =
            field == VALUE && self.collections.get(name).is_some_and(|c| c.fields.len() == 1);
        Some(if only { name.clone() } else { format!("`{branch}`") })
    }

    /// The collection that this counts, if no branch has the name.
    pub(crate) fn counted_by(&self, counter: &str) -> Option<&Collection> {
        if self.scalars.contains_key(counter) {
            return None;
        }
        self.collections.values().find(|c| c.counter == counter)
    }

    /// Collection and field of a list's branch.
    pub(crate) fn list(&self, branch: &str) -> Option<(&str, &str)> {
        self.lists.get(branch).map(|(collection, field)| (collection.as_str(), field.as_str()))
    }

    /// The stored type of a branch with one value an event.
    pub(crate) fn scalar(&self, name: &str) -> Option<StoredType> {
        self.scalars.get(name).copied()
    }

    /// Whether branches or collections `name.*` or `name_*` exist.
    pub(crate) fn is_record(&self, name: &str) -> bool {
        !name.is_empty() && self.parts(name).next().is_some()
    }

    /// What stands behind `name.` and `name_` in the names of branches and collections.
    fn parts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        SEPARATORS.into_iter().flat_map(move |separator| {
            let prefix = format!("{name}{separator}");
            let scalars = behind(&self.scalars, prefix.clone());
            let lists = behind(&self.lists, prefix.clone());
            scalars.chain(lists).chain(behind(&self.collections, prefix))
        })
    }

    /// The fields of a record.
    pub(crate) fn record_fields(&self, name: &str) -> Vec<&str> {
        let mut fields: Vec<&str> = self.parts(name).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Why a branch that exists cannot be used.
    pub(crate) fn why_unreadable(&self, name: &str) -> Option<&str> {
        self.unreadable.get(name).map(String::as_str)
    }

    /// The collections that have a field of this name.
    pub(crate) fn owners(&self, field: &str) -> Vec<&str> {
        let owners = self.collections.values().filter(|c| c.fields.contains_key(field));
        owners.map(|c| c.name.as_str()).collect()
    }

    /// Every branch that can be read, for suggestions.
    pub(crate) fn branches(&self) -> impl Iterator<Item = &str> {
        self.scalars.keys().chain(self.lists.keys()).map(String::as_str)
    }

    /// Every per-event name, for suggestions.
    pub(crate) fn all(&self) -> Vec<&str> {
        let records = self.scalars.keys().filter_map(|k| k.split_once(SEPARATORS)).map(|(r, _)| r);
        let mut all: Vec<&str> = self.collections.keys().map(String::as_str).collect();
        all.extend(self.scalars.keys().map(String::as_str));
        let counters = self.collections.values().map(|c| c.counter.as_str());
        all.extend(counters.filter(|counter| self.counted_by(counter).is_some()));
        all.extend(records);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The reference that `name` spells in a collection: `jet` for `jetIdx`,
    /// `muon1` for `muonIdx1`, `genPartMother` for `genPartIdxMother`.
    pub(crate) fn reference(&self, of: &Collection, name: &str) -> Option<Reference> {
        of.fields.keys().find_map(|field| {
            let (stem, suffix) = field.split_once("Idx")?;
            if name.strip_prefix(stem)? != suffix {
                return None;
            }
            let target = self.collections.keys().find(|c| c.eq_ignore_ascii_case(stem))?;
            Some(Reference { field: field.clone(), target: target.clone() })
        })
    }
}

/// How names begin of what NanoAOD has in simulation only: branches and collections.
const OF_GENERATOR: [&str; 14] = [
    "GenDressedLepton_",
    "GenIsolatedPhoton_",
    "GenJet",
    "GenMET_",
    "GenPart_",
    "GenProton_",
    "GenVisTau_",
    "GenVtx_",
    "Generator_",
    "HTXS_",
    "L1PreFiringWeight_",
    "LHE",
    "PSWeight_",
    "Pileup_",
];
/// Fields of reconstructed objects, and branches, that are named whole.
const OF_GENERATOR_WHOLE: [&str; 8] = [
    "fiducialGenPhi",
    "fiducialGenPt",
    "genTtbarId",
    "hadronFlavour",
    "nBHadrons",
    "nCHadrons",
    "partonFlavour",
    "puWeight",
];

/// Whether NanoAOD has a branch, collection or field of this name in simulation only.
pub(crate) fn is_of_generator(name: &str) -> bool {
    let record = format!("{}_", name.strip_prefix('n').unwrap_or(name));
    let upper = |rest: &str| rest.starts_with(|c: char| c.is_ascii_uppercase());
    OF_GENERATOR.iter().any(|start| record.starts_with(start))
        || OF_GENERATOR_WHOLE.contains(&name)
        || name.strip_prefix("gen").is_some_and(upper)
        || name.strip_prefix("puWeight").is_some_and(upper)
        || name.starts_with("btagWeight_")
        || name.starts_with("SubGenJetAK8")
}

/// The field of a collection that is one list of values: `weights.value`.
const VALUE: &str = "value";
/// What stands between the words of a name.
const SEPARATORS: [char; 2] = ['.', '_'];

/// What stands behind a prefix in the names of a map.
fn behind<V>(map: &BTreeMap<String, V>, prefix: String) -> impl Iterator<Item = &str> {
    let from = map.range(prefix.clone()..).map(|(name, _)| name);
    from.map_while(move |name| name.strip_prefix(&prefix))
}

/// The names that `record.field` may mean.
pub(crate) fn joined(record: &str, field: &str) -> [String; 2] {
    SEPARATORS.map(|separator| format!("{record}{separator}{field}"))
}

/// `Jet` of the counter `nJet`, if one of its lists is `Jet` or `Jet_*`.
fn conventional<'a>(counter: &'a str, lists: &[(&str, StoredType)]) -> Option<&'a str> {
    let name = counter.strip_prefix(['n', 'N'])?;
    let named = |rest: &str| rest.is_empty() || rest.starts_with(SEPARATORS);
    lists.iter().any(|(list, _)| list.strip_prefix(name).is_some_and(named)).then_some(name)
}

/// The words with which all names begin, but not all words of any.
fn common<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let words = |name: &'a str| name.rfind(SEPARATORS).map(|end| &name[..end]);
    let mut all = words(names.next()?)?;
    for name in names {
        while !name.strip_prefix(all).is_some_and(|rest| rest.starts_with(SEPARATORS)) {
            all = words(all)?;
        }
    }
    Some(all)
}

/// What stands before the first `_` in all names, if it is the same.
fn first_word<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = names.next()?.split_once('_')?.0;
    names.all(|name| name.split_once('_').is_some_and(|(word, _)| word == first)).then_some(first)
}

/// The type of a stored column's values in expressions.
pub(crate) fn type_of(stored: StoredType) -> Ty {
    match stored {
        StoredType::Bool => Ty::Bool,
        StoredType::I8 | StoredType::U8 | StoredType::I16 | StoredType::U16 | StoredType::I32 => {
            Ty::I32
        }
        StoredType::U32 | StoredType::I64 | StoredType::U64 => Ty::I64,
        StoredType::F32 | StoredType::F64 => Ty::F32,
    }
}
