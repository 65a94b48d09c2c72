//! From fields to branches: the tree of fields becomes a flat list of names
//! like `Jet_pt`, whichever way the collections are written. Known ways are
//! the importer's (`_collection0` of records of `Jet_pt`, and projections of
//! it named `Jet_pt` and `nJet`), collections of records (`Jet` of `pt`), and
//! vectors of numbers.

use super::schema::{Description, Field, Role};
use crate::read::counting::{Kind, counters};
use crate::schema::{Shape, StoredType};
use std::collections::HashMap;

/// Fields nested deeper than this are not looked at.
const MAX_DEPTH: usize = 64;

/// Where the values of a branch are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Nowhere that could be read.
    Unknown,
    /// Nowhere: they are the numbers of values of a branch.
    Counts(Extent),
    /// In columns, one a representation.
    Values { columns: Vec<usize>, extent: Extent },
}

/// How many values an event has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extent {
    /// As many times so many as this collection has elements; else just so many.
    pub(super) collection: Option<usize>,
    pub(super) times: u64,
    /// The columns that must have them, if no collection tells.
    pub(super) columns: Vec<usize>,
}

/// A collection of an ntuple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Collection {
    /// The index columns of its representations.
    pub(super) columns: Vec<usize>,
    /// The collection that it is in: an event has the elements of all of them.
    pub(super) parent: Option<usize>,
}

/// A branch to be.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) field: usize,
    pub(super) stored: Option<StoredType>,
    pub(super) shape: Shape,
    pub(super) content: Content,
    pub(super) unsupported: Option<String>,
    /// The columns that the branch consists of.
    pub(super) columns: Vec<usize>,
}

/// All branches of an ntuple, and its collections.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) branches: Vec<Named>,
    pub(super) collections: Vec<Collection>,
}

/// Where a walk through the fields stands.
#[derive(Clone, Default)]
struct Place {
    name: String,
    /// Names of all fields from the top, with dots between.
    path: String,
    collection: Option<usize>,
    repetition: u64,
    depth: usize,
}

/// Finds all branches.
pub(super) fn branches(description: &Description) -> Fields {
    let mut children = vec![Vec::new(); description.fields.len()];
    let mut top = Vec::new();
    for (index, field) in description.fields.iter().enumerate() {
        match field.parent == index {
            true => top.push(index),
            false => children[field.parent].push(index),
        }
    }
    let columns = description.columns_of_fields();
    let mut walk = Walk {
        description,
        columns,
        children,
        known: HashMap::new(),
        counters: Vec::new(),
        taken: HashMap::new(),
        found: Fields::default(),
    };
    walk.name_counters(&top);
    for index in top {
        let name = description.fields[index].name.clone();
        let place = Place { path: name.clone(), name, repetition: 1, ..Place::default() };
        walk.field(index, place);
    }
    walk.name_lists();
    walk.found
}

struct Walk<'a> {
    description: &'a Description,
    /// Columns by field and representation.
    columns: Vec<Vec<Vec<usize>>>,
    children: Vec<Vec<usize>>,
    /// Collections by their index columns.
    known: HashMap<Vec<usize>, usize>,
    /// Names of the branches that count the collections.
    counters: Vec<Option<String>>,
    taken: HashMap<String, usize>,
    found: Fields,
}

impl Walk<'_> {
    /// Gives names to the collections: those of the fields that show their
    /// lengths, else (collections of records) `nJet` for `Jet`.
    fn name_counters(&mut self, top: &[usize]) {
        let fields = &self.description.fields;
        for &index in top.iter().filter(|&&index| is_cardinality(&fields[index])) {
            if let Ok(collection) = self.collection(index, None) {
                self.counters[collection].get_or_insert_with(|| fields[index].name.clone());
            }
        }
        for &index in top.iter().filter(|&&index| fields[index].role == Role::Collection) {
            let name = format!("n{}", fields[index].name);
            let free = !top.iter().any(|&other| fields[other].name == name);
            if let ([item], true) = (self.children[index].as_slice(), free)
                && fields[*item].role == Role::Record
                && let Ok(collection) = self.collection(index, None)
            {
                self.counters[collection].get_or_insert(name);
            }
        }
    }

    /// Gives lists counters. If the ntuple has no branch of its name, one is added.
    fn name_lists(&mut self) {
        let kinds = self.found.branches.iter().map(|named| {
            let kind = match (&named.shape, &named.content) {
                (Shape::Scalar, Content::Unknown) => Kind::Other,
                (Shape::Scalar, _) => Kind::of_scalar(named.stored),
                (Shape::Vector, _) => Kind::List,
                (Shape::Fixed(_), _) => Kind::Alone,
                (Shape::Counted(counter), _) => Kind::Counted(counter),
            };
            (named.name.as_str(), kind)
        });
        for (index, counter) in counters(kinds).into_iter().enumerate() {
            let Some(counter) = counter else { continue };
            let named = &mut self.found.branches[index];
            named.shape = Shape::Counted(counter.name.clone());
            let Content::Values { extent, .. } = &named.content else { continue };
            if counter.new {
                let added = Named {
                    name: counter.name,
                    field: named.field,
                    stored: Some(StoredType::U32),
                    shape: Shape::Scalar,
                    content: Content::Counts(extent.clone()),
                    unsupported: None,
                    columns: Vec::new(),
                };
                self.found.branches.push(added);
            }
        }
    }

    /// The collection whose index columns a field has.
    fn collection(&mut self, field: usize, parent: Option<usize>) -> Result<usize, String> {
        let columns = self.single_columns(field)?;
        if let Some(&other) =
            columns.iter().find(|&&c| !self.description.columns[c].encoding.is_index())
        {
            let found = self.description.columns[other].encoding.name();
            return Err(format!("a collection with a column of type {found} for an index"));
        }
        let next = self.known.len();
        let collection = *self.known.entry(columns.clone()).or_insert(next);
        if collection == next {
            self.found.collections.push(Collection { columns, parent });
            self.counters.push(None);
        }
        Ok(collection)
    }

    /// The first column of each representation.
    fn single_columns(&self, field: usize) -> Result<Vec<usize>, String> {
        let columns: Vec<usize> = self.columns[field].iter().map(|columns| columns[0]).collect();
        match columns.is_empty() {
            true => Err("a field without columns".to_owned()),
            false => Ok(columns),
        }
    }

    fn field(&mut self, index: usize, mut place: Place) {
        let field = &self.description.fields[index];
        if place.depth > MAX_DEPTH {
            return self.unsupported(index, &place, format!("more than {MAX_DEPTH} levels deep"));
        }
        place.repetition = place.repetition.saturating_mul(field.repetition);
        match field.role {
            Role::Leaf => self.leaf(index, place),
            Role::Record if place.repetition != 1 => {
                self.unsupported(index, &place, "an array of records".to_owned());
            }
            Role::Record => self.record(index, &place),
            Role::Collection => self.open_collection(index, place),
            Role::Variant => self.unsupported(index, &place, format!("a variant, {}", field.class)),
            Role::Streamer => {
                let reason = format!("an object of class {}, written as a whole", field.class);
                self.unsupported(index, &place, reason);
            }
            Role::Unknown(role) => {
                self.unsupported(index, &place, format!("a field of unknown role {role}"));
            }
        }
    }

    fn record(&mut self, index: usize, place: &Place) {
        for child in self.children[index].clone() {
            let own = &self.description.fields[child].name;
            let name = match place.name.as_str() {
                "" => own.clone(),
                // A base class: its members are the record's own.
                name if own.starts_with(':') => name.to_owned(),
                name => format!("{name}_{own}"),
            };
            let path = format!("{}.{own}", place.path);
            self.field(child, Place { name, path, depth: place.depth + 1, ..place.clone() });
        }
    }

    fn open_collection(&mut self, index: usize, mut place: Place) {
        let field = &self.description.fields[index];
        if place.repetition != 1 {
            return self.unsupported(index, &place, "an array of collections".to_owned());
        }
        let found = self.collection(index, place.collection);
        let (collection, item) = match (found, self.children[index].as_slice()) {
            (Ok(collection), &[item]) => (collection, item),
            (Err(reason), _) => return self.unsupported(index, &place, reason),
            (_, items) => {
                let reason = format!("a collection of {} fields", items.len());
                return self.unsupported(index, &place, reason);
            }
        };
        place.collection = Some(collection);
        if let Some(name) = self.counters[collection].clone()
            && !self.taken.contains_key(&name)
            && !self.description.fields.iter().any(|f| is_cardinality(f) && f.name == name)
        {
            self.counts(index, &Place { name, ..place.clone() }, collection);
        }
        let record = self.description.fields[item].role == Role::Record;
        if record && field.class.is_empty() && field.name.starts_with("_collection") {
            // The importer's: names of members are complete.
            place.name = String::new();
        }
        place.depth += 1;
        self.field(item, place);
    }

    fn leaf(&mut self, index: usize, mut place: Place) {
        let field = &self.description.fields[index];
        if field.class == "std::string" {
            return self.unsupported(index, &place, "text".to_owned());
        }
        if is_cardinality(field) {
            return match (self.collection(index, None), place.collection) {
                (Ok(collection), None) => self.counts(index, &place, collection),
                (Ok(_), Some(_)) => {
                    self.unsupported(index, &place, "a length in a collection".to_owned());
                }
                (Err(reason), _) => self.unsupported(index, &place, reason),
            };
        }
        // Arrays, enumerations and atomics hold their values in a field of their own.
        if let (true, &[item]) = (self.columns[index].is_empty(), self.children[index].as_slice()) {
            place.depth += 1;
            return self.field(item, place);
        }
        match self.values(index, &place) {
            Ok(named) => self.push(named, &place),
            Err(reason) => self.unsupported(index, &place, reason),
        }
    }

    fn values(&self, index: usize, place: &Place) -> Result<Named, String> {
        let field = &self.description.fields[index];
        let stored = stored(&field.class).ok_or_else(|| match field.class.as_str() {
            "" => "a field without a type".to_owned(),
            class => format!("a field of type {class}"),
        })?;
        let columns = self.single_columns(index)?;
        for &id in &columns {
            let encoding = self.description.columns[id].encoding;
            if !encoding.fits(stored) {
                let class = &field.class;
                return Err(format!(
                    "a column of type {} in a field of type {class}",
                    encoding.name()
                ));
            }
        }
        let mut all = columns.clone();
        let (times, collection) = (place.repetition, place.collection);
        let shape = match (place.collection, usize::try_from(place.repetition)) {
            (None, Ok(1)) => Shape::Scalar,
            (None, Ok(n)) => Shape::Fixed(n),
            (_, Err(_)) => return Err(format!("{times} values an event")),
            (Some(collection), Ok(n)) => match &self.counters[collection] {
                Some(counter) if n == 1 => Shape::Counted(counter.clone()),
                Some(_) => Shape::Fixed(n),
                None => {
                    all.extend(self.index_columns(collection));
                    let alone = n != 1 || self.found.collections[collection].parent.is_some();
                    if alone { Shape::Fixed(n) } else { Shape::Vector }
                }
            },
        };
        let tell = if collection.is_none() { columns.clone() } else { Vec::new() };
        let extent = Extent { collection, times, columns: tell };
        let content = Content::Values { columns, extent };
        let (name, stored) = (place.name.clone(), Some(stored));
        Ok(Named { name, field: index, stored, shape, content, unsupported: None, columns: all })
    }

    /// The index columns of a collection and of those that it is in.
    fn index_columns(&self, collection: usize) -> Vec<usize> {
        let collections = &self.found.collections;
        let outwards = std::iter::successors(Some(collection), |&c| collections[c].parent);
        outwards.flat_map(|c| collections[c].columns.iter().copied()).collect()
    }

    /// A branch of the lengths of a collection.
    fn counts(&mut self, field: usize, place: &Place, collection: usize) {
        let named = Named {
            name: place.name.clone(),
            field,
            stored: Some(StoredType::U32),
            shape: Shape::Scalar,
            content: Content::Counts(Extent {
                collection: Some(collection),
                times: 1,
                columns: Vec::new(),
            }),
            unsupported: None,
            columns: self.found.collections[collection].columns.clone(),
        };
        self.push(named, place);
    }

    /// Lists a field, with all that is under it, as one branch that cannot be read.
    fn unsupported(&mut self, index: usize, place: &Place, reason: String) {
        let (mut columns, mut stack) = (Vec::new(), vec![index]);
        while let Some(field) = stack.pop() {
            columns.extend(self.columns[field].iter().flatten());
            stack.extend(&self.children[field]);
        }
        let named = Named {
            name: place.name.clone(),
            field: index,
            stored: None,
            shape: Shape::Scalar,
            content: Content::Unknown,
            unsupported: Some(reason),
            columns,
        };
        self.push(named, place);
    }

    /// Adds a branch unless it is another view of one that is there: a
    /// projection. A name that others have already gives way to the full path.
    fn push(&mut self, mut named: Named, place: &Place) {
        if named.name.is_empty() {
            named.name.clone_from(&place.path);
        }
        if let Some(&other) = self.taken.get(&named.name) {
            let other = &self.found.branches[other];
            if (&other.content, &other.columns) == (&named.content, &named.columns) {
                return;
            }
            named.name.clone_from(&place.path);
        }
        self.taken.insert(named.name.clone(), self.found.branches.len());
        self.found.branches.push(named);
    }
}

/// Whether a field shows the lengths of a collection.
fn is_cardinality(field: &Field) -> bool {
    field.class.starts_with("ROOT::RNTupleCardinality<")
}

/// The type of the values of a field.
fn stored(class: &str) -> Option<StoredType> {
    Some(match class {
        "bool" => StoredType::Bool,
        "char" | "std::int8_t" => StoredType::I8,
        "std::byte" | "std::uint8_t" => StoredType::U8,
        "std::int16_t" => StoredType::I16,
        "std::uint16_t" => StoredType::U16,
        "std::int32_t" => StoredType::I32,
        "std::uint32_t" => StoredType::U32,
        "std::int64_t" => StoredType::I64,
        "std::uint64_t" => StoredType::U64,
        "float" => StoredType::F32,
        "double" => StoredType::F64,
        bits if bits.starts_with("std::bitset<") => StoredType::Bool,
        _ => return None,
    })
}
