//! Which branches a request means, whether they have the shapes it asks for,
//! and what places their values.

use super::basket::Basket;
use super::content::Layout;
use super::counter::{Counter, Origin, Unpacked};
use super::file::RootFile;
use super::kept::Kept;
use super::packed::Packing;
use super::tree::Tree;
use crate::batch::{Request, RequestedColumn};
use crate::error::{Error, Result};
use crate::read::shape::readable;
use crate::schema::StoredType;

/// One requested branch with values in baskets, and the end of the last of them
/// if it was not needed yet.
pub(super) struct Column {
    pub(super) branch: usize,
    pub(super) stored: StoredType,
    /// How values are packed, if they are not simply stored.
    pub(super) packing: Option<Packing>,
    /// What places the values: index into the counters.
    pub(super) counter: Option<usize>,
    /// The counter of the request, if it is another one: they must agree.
    pub(super) agrees: Option<usize>,
    pub(super) kept: Option<Kept>,
}

/// A requested column.
pub(super) enum Wanted {
    /// The values of a branch.
    Values(Column),
    /// The numbers of a counter that no branch holds.
    Lengths(usize),
}

impl Wanted {
    /// The column with values of its own.
    pub(super) fn column(&self) -> Option<&Column> {
        match self {
            Wanted::Values(column) => Some(column),
            Wanted::Lengths(_) => None,
        }
    }

    /// The same, to change it.
    pub(super) fn column_mut(&mut self) -> Option<&mut Column> {
        match self {
            Wanted::Values(column) => Some(column),
            Wanted::Lengths(_) => None,
        }
    }
}

/// The counters and columns of a request.
pub(super) struct Selection<'a> {
    file: &'a RootFile,
    tree: &'a Tree,
    /// Those of the request first, then those that its columns need besides.
    pub(super) counters: Vec<Counter>,
    pub(super) columns: Vec<Wanted>,
}

impl<'a> Selection<'a> {
    /// Finds the branches of a request and checks that they have the requested shapes.
    pub(super) fn new(file: &'a RootFile, tree: &'a Tree, request: &Request) -> Result<Self> {
        let (counters, columns) = (Vec::new(), Vec::new());
        let mut new = Selection { file, tree, counters, columns };
        for (index, name) in request.counters.iter().enumerate() {
            let counts = |column: &&RequestedColumn| column.counter == Some(index);
            let counted = request.columns.iter().filter(counts).map(|column| &column.branch);
            let counter = new.counter(name, counted)?;
            new.counters.push(counter);
        }
        for wanted in &request.columns {
            let counter = wanted.counter.and_then(|i| request.counters.get(i).map(|n| (i, n)));
            let column = new.column(&wanted.branch, counter, &request.counters)?;
            new.columns.push(column);
        }
        Ok(new)
    }

    fn named(&self, name: &str, error: Error) -> Error {
        let (path, tree) = (&self.file.identity.path, &self.tree.schema.tree);
        error.within(format!("{path}: tree {tree}: branch {name}"))
    }

    /// The branch of this name, if it has the requested shape.
    fn branch(&self, name: &str, counter: Option<&str>) -> Result<(usize, StoredType)> {
        let find = || {
            let index = self.tree.index(name);
            let index = index.ok_or_else(|| Error::input("there is no such branch"))?;
            let stored = readable(&self.tree.schema.branches[index], counter)?;
            if !matches!(self.tree.layouts[index], Layout::Lengths(_)) {
                complete(self.tree, index)?;
            }
            Ok((index, stored))
        };
        find().map_err(|e: Error| self.named(name, e))
    }

    fn counter<'n>(
        &self,
        name: &str,
        mut counted: impl Iterator<Item = &'n String>,
    ) -> Result<Counter> {
        let (index, stored) = self.branch(name, None)?;
        if matches!(stored, StoredType::F32 | StoredType::F64) {
            let what = format!("holds {}, which cannot count", stored.name());
            return Err(self.named(name, Error::input(what)));
        }
        let Layout::Lengths(of) = self.tree.layouts[index] else {
            return Ok(Counter::new(Origin::Branch(Column::new(self.tree, index, stored), 1)));
        };
        Ok(match &self.tree.layouts[of] {
            Layout::Fixed(n) => {
                let branch = &self.tree.schema.branches[of];
                complete(self.tree, of).map_err(|e| self.named(&branch.name, e))?;
                let column = Column::new(self.tree, of, branch.stored.unwrap_or(StoredType::Bool));
                Counter::new(Origin::Fixed(column, *n as u64))
            }
            Layout::Rows(counter, n) => {
                let (index, stored) = self.branch(counter, None)?;
                Counter::new(Origin::Branch(Column::new(self.tree, index, stored), *n as u64))
            }
            _ => {
                // Any of those that it counts will do: one that is read anyway.
                let read = counted.find_map(|name| self.tree.index(name));
                self.lists(read.unwrap_or(of))?
            }
        })
    }

    /// The lengths of the vectors of a branch.
    fn lists(&self, branch: usize) -> Result<Counter> {
        let found = &self.tree.schema.branches[branch];
        complete(self.tree, branch).map_err(|e| self.named(&found.name, e))?;
        let size = found.stored.map_or(1, StoredType::size);
        let depth = match self.tree.layouts[branch] {
            Layout::Lists(depth) => depth,
            _ => 1,
        };
        let unpacked = Unpacked { branch, size, depth, baskets: Vec::new() };
        Ok(Counter::new(Origin::Lists(unpacked)))
    }

    fn column(
        &mut self,
        name: &str,
        counter: Option<(usize, &String)>,
        requested: &[String],
    ) -> Result<Wanted> {
        let (branch, stored) = self.branch(name, counter.map(|(_, name)| name.as_str()))?;
        if let Layout::Lengths(_) = self.tree.layouts[branch] {
            let known = requested.iter().position(|other| other == name);
            return Ok(Wanted::Lengths(match known {
                Some(index) => index,
                None => self.add(self.counter(name, std::iter::empty())?),
            }));
        }
        let mut column = Column::new(self.tree, branch, stored);
        column.counter = counter.map(|(index, _)| index);
        if let Layout::Lists(_) = self.tree.layouts[branch] {
            let own = |counter: &Counter| match &counter.origin {
                Origin::Lists(unpacked) => unpacked.branch == branch,
                _ => false,
            };
            let index = match self.counters.iter().position(own) {
                Some(index) => index,
                None => self.add(self.lists(branch)?),
            };
            column.agrees = column.counter.replace(index).filter(|&other| other != index);
        }
        Ok(Wanted::Values(column))
    }

    fn add(&mut self, counter: Counter) -> usize {
        self.counters.push(counter);
        self.counters.len() - 1
    }
}

impl Column {
    fn new(tree: &Tree, branch: usize, stored: StoredType) -> Column {
        let packing = tree.packings[branch];
        Column { branch, stored, packing, counter: None, agrees: None, kept: None }
    }

    /// Bytes of a value in a basket.
    pub(super) fn size(&self) -> usize {
        self.packing.map_or(self.stored.size(), Packing::size)
    }
}

/// An error if the baskets of a branch do not hold all events of the tree.
fn complete(tree: &Tree, index: usize) -> Result<()> {
    let baskets = &tree.baskets[index];
    let first = baskets.first().map_or(0, |b| b.first);
    let end = baskets.last().map_or(0, |b| b.end);
    match tree.schema.events {
        events if first == 0 && end == events => Ok(()),
        events => Err(Error::input(format!(
            "its baskets hold events {first}..{end}, the tree has {events}; \
             the file is damaged or was not closed properly"
        ))),
    }
}

/// Events at which baskets of all branches start.
pub(super) fn common_starts<'a>(mut branches: impl Iterator<Item = &'a [Basket]>) -> Vec<u64> {
    let Some(first) = branches.next() else { return vec![0] };
    let mut starts: Vec<u64> = first.iter().map(|b| b.first).collect();
    for baskets in branches {
        starts.retain(|start| baskets.binary_search_by_key(start, |b| b.first).is_ok());
    }
    if starts.is_empty() {
        starts.push(0);
    }
    starts
}
