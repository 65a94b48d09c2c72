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
        for (counter, branches) in counted {
            let collection = collection(counter, &branches);
            names.collections.insert(collection.name.clone(), collection);
        }
        names.add_fieldless_collections();
        names
    }

    /// A counter without branches of its own is a collection without fields.
    fn add_fieldless_collections(&mut self) {
        let counters: Vec<String> = self.collections.values().map(|c| c.counter.clone()).collect();
        for counter in counters {
            self.scalars.entry(counter).or_insert(StoredType::U32);
        }
    }

    /// The collection of this name.
    pub(crate) fn collection(&self, name: &str) -> Option<&Collection> {
        self.collections.get(name)
    }

    /// The collection that this branch counts.
    pub(crate) fn counted_by(&self, counter: &str) -> Option<&Collection> {
        self.collections.values().find(|c| c.counter == counter)
    }

    /// The stored type of a branch with one value an event.
    pub(crate) fn scalar(&self, name: &str) -> Option<StoredType> {
        self.scalars.get(name).copied()
    }

    /// Whether scalars `name_*` exist.
    pub(crate) fn is_record(&self, name: &str) -> bool {
        let prefix = format!("{name}_");
        self.scalars.range(prefix.clone()..).next().is_some_and(|(k, _)| k.starts_with(&prefix))
    }

    /// The fields of a record.
    pub(crate) fn record_fields(&self, name: &str) -> Vec<&str> {
        let prefix = format!("{name}_");
        let from = self.scalars.range(prefix.clone()..);
        from.map_while(|(k, _)| k.strip_prefix(&prefix)).collect()
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

    /// Every per-event name, for suggestions.
    pub(crate) fn all(&self) -> Vec<&str> {
        let records = self.scalars.keys().filter_map(|k| k.split_once('_')).map(|(r, _)| r);
        let mut all: Vec<&str> = self.collections.keys().map(String::as_str).collect();
        all.extend(self.scalars.keys().map(String::as_str));
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

/// A collection from its counter and the branches that it counts.
fn collection(counter: &str, branches: &[(&str, StoredType)]) -> Collection {
    let conventional = counter.strip_prefix(['n', 'N']).filter(|name| {
        let named = |f: &str| f.is_empty() || f.starts_with('_');
        branches.iter().any(|(b, _)| b.strip_prefix(name).is_some_and(named))
    });
    let name = match conventional {
        Some(name) => name.to_string(),
        None => {
            common_prefix(branches).unwrap_or(counter.trim_start_matches(['n', 'N'])).to_string()
        }
    };
    let fields = branches.iter().map(|(branch, ty)| {
        let field = match branch.strip_prefix(&name) {
            Some("") => VALUE,
            rest => rest.and_then(|f| f.strip_prefix('_')).unwrap_or(branch),
        };
        (field.to_string(), (branch.to_string(), *ty))
    });
    Collection { fields: fields.collect(), name, counter: counter.to_string() }
}

/// What stands before the first `_` in all branch names, if it is the same.
fn common_prefix<'a>(branches: &[(&'a str, StoredType)]) -> Option<&'a str> {
    let first = branches.first()?.0.split_once('_')?.0;
    branches
        .iter()
        .all(|(b, _)| b.split_once('_').is_some_and(|(p, _)| p == first))
        .then_some(first)
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
