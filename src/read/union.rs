//! What several files offer together: what an analysis is compiled against, so that it
//! does not matter which file is the first. A branch has the widest type that it has in
//! any file; what a file lacks has a declared default, or the file does not fit.

use super::loaded::{Loaded, constant, own_type};
use crate::batch::Request;
use crate::error::{Error, ErrorKind, Result};
use crate::pattern::{fits, is_pattern};
use crate::schema::{Branch, DefaultValue, Literal, Schema, Shape, StoredType};
use std::cmp::Reverse;
use std::collections::HashMap;

/// The branches of several files.
#[derive(Debug, Default)]
pub(crate) struct Union {
    schema: Option<Schema>,
    places: HashMap<String, usize>,
}

impl Union {
    /// Adds the branches of a file.
    pub(crate) fn add(&mut self, file: &Schema) {
        let Some(schema) = &mut self.schema else {
            let numbered = file.branches.iter().enumerate();
            self.places = numbered.map(|(i, b)| (b.name.clone(), i)).collect();
            self.schema = Some(file.clone());
            return;
        };
        for branch in &file.branches {
            let Some(&place) = self.places.get(&branch.name) else {
                self.places.insert(branch.name.clone(), schema.branches.len());
                schema.branches.push(branch.clone());
                continue;
            };
            let known = &mut schema.branches[place];
            if rank(branch) > rank(known) {
                (known.stored, known.shape) = (branch.stored, branch.shape.clone());
                known.unsupported.clone_from(&branch.unsupported);
            }
        }
    }

    /// Whether a collection is declared to be empty of which nothing is known.
    pub(crate) fn lacks_collections(&self, defaults: &[DefaultValue]) -> bool {
        let is_known = |name: &str| {
            let branches = self.schema.iter().flat_map(|schema| &schema.branches);
            branches.into_iter().any(|branch| is_list_of(branch, name))
        };
        named_collections(defaults).any(|name| !is_known(name))
    }

    /// Adds what other files have of these collections, and what counts them; or all that
    /// they have.
    pub(crate) fn complete(&mut self, other: &Schema, defaults: &[DefaultValue], all: bool) {
        let wanted = |branch: &Branch| {
            all || named_collections(defaults).any(|name| is_list_of(branch, name))
        };
        let lists = other.branches.iter().filter(|branch| wanted(branch));
        let counters = lists.clone().filter_map(|branch| match &branch.shape {
            Shape::Counted(counter) => other.branch(counter),
            _ => None,
        });
        let branches = lists.chain(counters).cloned().collect();
        self.add(&Schema { tree: other.tree.clone(), events: 0, branches });
    }

    /// The branches of all files, and those that have a default.
    ///
    /// # Errors
    /// A default does not go with what it is for.
    pub(crate) fn model(self, defaults: &[DefaultValue]) -> Result<Model> {
        let none = Schema { tree: String::new(), events: 0, branches: Vec::new() };
        let schema = self.schema.unwrap_or(none);
        let (places, defaults) = (self.places, defaults.to_vec());
        let mut model = Model { schema, places, defaults, groups: Vec::new() };
        model.check_defaults()?;
        model.declare();
        model.find_groups();
        Ok(model)
    }
}

/// The collections that are declared to be empty by their names.
fn named_collections(defaults: &[DefaultValue]) -> impl Iterator<Item = &str> {
    let empty = defaults.iter().filter(|d| d.value == Literal::Empty);
    empty.map(|d| d.branch.as_str()).filter(|name| !is_pattern(name.as_bytes()))
}

/// Whether a branch is a list of values of the collection.
fn is_list_of(branch: &Branch, collection: &str) -> bool {
    let rest = branch.name.strip_prefix(collection);
    let belongs = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    belongs && matches!(branch.shape, Shape::Counted(_))
}

/// Which of two types of a branch all files can have: the later one.
fn rank(branch: &Branch) -> impl Ord + use<'_> {
    use StoredType::*;
    let types = [Bool, U8, I8, U16, I16, I32, U32, U64, I64, F32, F64];
    let stored = branch.stored.and_then(|stored| types.iter().position(|t| *t == stored));
    let (shape, counter) = match &branch.shape {
        Shape::Scalar => (0, ""),
        Shape::Fixed(_) => (1, ""),
        Shape::Vector => (2, ""),
        Shape::Counted(counter) => (3, counter.as_str()),
    };
    (stored.is_some(), shape, Reverse(counter), stored)
}

/// What counts lists, and the branches that it counts.
#[derive(Debug)]
struct Group {
    counter: String,
    branches: Vec<String>,
}

impl Group {
    /// Whether a file has neither the lists nor what counts them.
    fn is_absent(&self, file: &Schema) -> bool {
        let mut names = self.branches.iter().chain([&self.counter]);
        names.all(|name| file.branch(name).is_none())
    }
}

/// What an analysis is compiled against, and what files may lack.
#[derive(Debug)]
pub(crate) struct Model {
    schema: Schema,
    places: HashMap<String, usize>,
    defaults: Vec<DefaultValue>,
    /// The lists that are declared to be empty where a file lacks them.
    groups: Vec<Group>,
}

/// Where what is asked for of a branch comes from.
pub(crate) enum Origin<'m> {
    /// The file has it, and its values are widened to this type.
    File(Option<Loaded>),
    /// A default, of this type.
    Default(Literal, StoredType),
    /// It is a list without elements, or counts such lists, whose counter this is.
    Nothing(&'m str, StoredType),
}

/// Why a file does not fit.
pub(crate) enum Misfit<'m> {
    /// It lacks the branch, which has a default of a wrong type, if it has any.
    Missing(Option<&'m DefaultValue>),
    /// The branch is another one.
    Differs,
}

impl Model {
    /// What an analysis is compiled against.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    fn branch(&self, name: &str) -> Option<&Branch> {
        self.places.get(name).map(|&place| &self.schema.branches[place])
    }

    /// Where a branch of a file comes from; `None` if no file has it.
    ///
    /// # Errors
    /// The file does not have it, or another one.
    pub(crate) fn origin(
        &self,
        file: &Schema,
        name: &str,
    ) -> std::result::Result<Option<Origin<'_>>, Misfit<'_>> {
        let Some(wanted) = self.branch(name) else {
            let group = self.groups.iter().find(|g| g.counter == name && g.is_absent(file));
            return Ok(group.map(|g| Origin::Nothing(&g.counter, StoredType::U32)));
        };
        if let Some(found) = file.branch(name) {
            let types = (wanted.stored.map(Loaded::of), found.stored.map(Loaded::of));
            return match types {
                _ if found.shape != wanted.shape => Err(Misfit::Differs),
                (Some(to), Some(from)) if to == from => Ok(Some(Origin::File(None))),
                (Some(to), Some(from)) if to.takes(from) => Ok(Some(Origin::File(Some(to)))),
                (None, None) => Ok(Some(Origin::File(None))),
                _ => Err(Misfit::Differs),
            };
        }
        let stored = wanted.stored.ok_or(Misfit::Missing(None))?;
        let owns = |g: &&Group| g.counter == name || g.branches.iter().any(|b| b == name);
        if let Some(group) = self.groups.iter().find(owns).filter(|g| g.is_absent(file)) {
            return Ok(Some(Origin::Nothing(&group.counter, stored)));
        }
        let default = self.default(name).ok_or(Misfit::Missing(None))?;
        match constant(default.value, stored, 0, true) {
            Some(_) => Ok(Some(Origin::Default(default.value, stored))),
            None => Err(Misfit::Missing(Some(default))),
        }
    }

    /// What to write for a branch that a file lacks.
    pub(crate) fn advice(&self, name: &str, file: &Schema) -> String {
        let owns = |g: &Group| g.counter == name || g.branches.iter().any(|b| b == name);
        let group = self.counters().find(|g| owns(g) && g.is_absent(file));
        let own = group.as_ref().and_then(|g| collections(g).next());
        match own {
            Some(collection) => format!("`input: defaults: {collection}: []` (no elements)"),
            None => format!("`input: defaults: {name}: ...`"),
        }
    }

    /// What a request names that the file lacks: lists by what counts them.
    pub(crate) fn absent(&self, file: &Schema, request: &Request) -> Vec<String> {
        let columns = request.columns.iter().map(|c| &c.branch);
        let mut absent: Vec<String> = Vec::new();
        for name in request.counters.iter().chain(columns) {
            let lacking = match self.origin(file, name) {
                Ok(Some(Origin::Default(..))) => name,
                Ok(Some(Origin::Nothing(counter, _))) => counter,
                _ => continue,
            };
            if !absent.iter().any(|known| known == lacking) {
                absent.push(lacking.to_owned());
            }
        }
        absent
    }

    /// The default of a branch: under its name, else under a pattern.
    fn default(&self, name: &str) -> Option<&DefaultValue> {
        let values = || self.defaults.iter().filter(|d| d.value != Literal::Empty);
        values().find(|d| d.branch == name).or_else(|| values().find(|d| covers(d, name)))
    }

    /// Adds the branches that no file has.
    fn declare(&mut self) {
        let named = |d: &&DefaultValue| !is_pattern(d.branch.as_bytes());
        let defaults: Vec<DefaultValue> = self.defaults.iter().filter(named).cloned().collect();
        // Collections first: they count others.
        for of_collections in [true, false] {
            for default in &defaults {
                let name = &default.branch;
                let is_collection = default.value == Literal::Empty;
                if is_collection != of_collections {
                    continue;
                }
                if !is_collection {
                    let shape = self.shape_of_sibling(name);
                    self.add(name, Some(own_type(default.value)), shape);
                } else if !self.counters().any(|c| collections(&c).any(|own| own == name)) {
                    self.add(&format!("n{name}"), Some(StoredType::U32), Shape::Scalar);
                }
            }
        }
        for default in defaults.iter().filter(|d| d.value == Literal::Empty) {
            let name = &default.branch;
            if !self.counters().any(|c| collections(&c).any(|own| own == name)) {
                // Of which types its fields are is not known, so it cannot be used.
                self.add(name, None, Shape::Counted(format!("n{name}")));
            }
        }
    }

    fn add(&mut self, name: &str, stored: Option<StoredType>, shape: Shape) {
        if self.places.contains_key(name) {
            return;
        }
        let unknown = || {
            format!(
                "no file has it, so the types of its fields are not known: name one that is read, \
                 as `input: defaults: {name}_pt: 0.0`"
            )
        };
        self.places.insert(name.to_owned(), self.schema.branches.len());
        self.schema.branches.push(Branch {
            name: name.to_owned(),
            title: "a declared default".into(),
            stored,
            shape,
            unsupported: stored.is_none().then(unknown),
            bytes: 0,
            compressed_bytes: 0,
            baskets: 0,
            compression: "none".into(),
        });
    }

    /// The shape of others of its collection: `Jet_x` has that of `Jet_pt`.
    fn shape_of_sibling(&self, name: &str) -> Shape {
        let Some((prefix, _)) = name.split_once('_') else { return Shape::Scalar };
        let beside = |b: &&Branch| {
            b.stored.is_some() && b.name.split_once('_').is_some_and(|(other, _)| other == prefix)
        };
        if let Some(sibling) = self.schema.branches.iter().find(beside) {
            return sibling.shape.clone();
        }
        let counter = format!("n{prefix}");
        match self.is_declared_empty(&counter, &[]) {
            true => Shape::Counted(counter),
            false => Shape::Scalar,
        }
    }

    /// What counts lists, each with the names of these.
    fn counters(&self) -> impl Iterator<Item = Group> + use<> {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for branch in &self.schema.branches {
            let Shape::Counted(counter) = &branch.shape else { continue };
            let place = *known.entry(counter).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Group { counter: counter.clone(), branches: Vec::new() });
            }
            groups[place].branches.push(branch.name.clone());
        }
        groups.into_iter()
    }

    /// Whether a default says that lists are empty where a file lacks them: `Jet: []` by
    /// the name of the collection, `nJet: 0` by what counts it.
    fn is_declared_empty(&self, counter: &str, branches: &[String]) -> bool {
        let group = Group { counter: counter.to_owned(), branches: branches.to_vec() };
        self.defaults.iter().any(|default| match default.value {
            Literal::Empty => collections(&group).any(|name| covers(default, name)),
            Literal::Integer(0) => covers(default, counter),
            _ => false,
        })
    }

    fn find_groups(&mut self) {
        let mut groups: Vec<Group> = self.counters().collect();
        // Collections that no file has: only their number is known.
        for default in self.defaults.iter().filter(|d| d.value == Literal::Empty) {
            let counter = format!("n{}", default.branch);
            if self.places.contains_key(&counter) && groups.iter().all(|g| g.counter != counter) {
                groups.push(Group { counter, branches: Vec::new() });
            }
        }
        groups.retain(|group| self.is_declared_empty(&group.counter, &group.branches));
        self.groups = groups;
    }

    /// Fails where a default is of another type than what it is for.
    fn check_defaults(&self) -> Result<()> {
        let groups: Vec<Group> = self.counters().collect();
        for default in self.defaults.iter().filter(|d| !is_pattern(d.branch.as_bytes())) {
            let (name, value) = (&default.branch, default.value);
            let of = |g: &&Group| collections(g).any(|own| own == name);
            let counts = groups.iter().find(|g| g.counter == *name);
            let lists = groups.iter().find(of);
            let found = self.branch(name);
            let scalars = || {
                let record = format!("{name}_");
                let scalar = |b: &&Branch| b.name == *name || b.name.starts_with(&record);
                self.schema.branches.iter().find(scalar)
            };
            let wrong = match (value, found.and_then(|b| b.stored)) {
                (Literal::Empty, _) if lists.is_none() => scalars()
                    .map(|b| format!("{name} is no collection ({} is {})", b.name, describe(b))),
                (Literal::Empty, _) => None,
                (Literal::Integer(0), _) if counts.is_some() => None,
                (_, _) if counts.is_some() => Some(format!(
                    "{name} counts the elements of a collection: its default can only be 0"
                )),
                (_, None) if lists.is_some() => {
                    Some(format!("{name} is a collection: its default can only be `[]`"))
                }
                (_, Some(stored)) if constant(value, stored, 0, true).is_none() => Some(format!(
                    "branch {name} is {}: its default cannot be {value}",
                    stored.name()
                )),
                _ => None,
            };
            if let Some(wrong) = wrong {
                let message = format!("`input: defaults: {name}: {value}`: {wrong}");
                return Err(Error::new(ErrorKind::Analysis, message));
            }
        }
        Ok(())
    }
}

fn covers(default: &DefaultValue, name: &str) -> bool {
    fits(default.branch.as_bytes(), name.as_bytes())
}

/// The names that a collection may have: `Jet` of `nJet`, and the first word of its lists.
fn collections(group: &Group) -> impl Iterator<Item = &str> {
    let first = group.branches.iter().map(|b| b.split_once('_').map_or(b.as_str(), |(w, _)| w));
    group.counter.strip_prefix(['n', 'N']).into_iter().chain(first)
}

/// What a branch is, in words.
pub(crate) fn describe(branch: &Branch) -> String {
    let ty = branch.stored.map_or("of a type that cannot be read", StoredType::name);
    match &branch.shape {
        Shape::Scalar => ty.to_owned(),
        Shape::Fixed(n) => format!("{ty}[{n}]"),
        Shape::Counted(counter) => format!("{ty}[{counter}]"),
        Shape::Vector => format!("vector of {ty}"),
    }
}
