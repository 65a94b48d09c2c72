//! Which branches a request means, whether they have the shapes it asks for,
//! and what places their values.

use super::basket::Basket;
use super::claims::{self, complete};
use super::content::Layout;
use super::counter::{Counter, Origin, Unpacked};
use super::file::RootFile;
use super::tree::Tree;
use super::wanted::{Column, Wanted};
use crate::batch::{Request, RequestedColumn};
use crate::error::{Error, Result};
use crate::read::shape::readable;
use crate::schema::{Shape, StoredType};

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
            if !matches!(self.tree.layouts[index], Layout::Lengths) {
                complete(self.tree, index)?;
                claims::size(self.file, self.tree, index)?;
            }
            Ok((index, stored))
        };
        find().map_err(|e: Error| self.named(name, e))
    }

    /// What a counter of the request says, of whose lists some are read.
    fn counter<'n>(&self, name: &str, read: impl Iterator<Item = &'n String>) -> Result<Counter> {
        match self.list(name, read) {
            Some(list) => self.lengths(list),
            None => Ok(Counter::new(self.numbers(name, 1)?, None)),
        }
    }

    /// A list of those that a counter counts: one that the branch of this name counts, or
    /// one that is read anyway, or any. The name of a list means that list alone.
    fn list<'n>(&self, name: &str, read: impl Iterator<Item = &'n String>) -> Option<usize> {
        let Tree { schema, layouts, .. } = self.tree;
        let counted = |list: &usize| match &schema.branches[*list].shape {
            Shape::Counted(counter) => counter == name,
            _ => false,
        };
        let stored = |list: &usize| match &layouts[*list] {
            Layout::Counted(counter, 1) => counter == name,
            _ => false,
        };
        let all = || (0..layouts.len()).filter(counted);
        let mut read = read.filter_map(|name| self.tree.index(name)).filter(counted);
        let any = all().find(stored).or_else(|| read.next()).or_else(|| all().next());
        any.or_else(|| self.tree.index(name).filter(|list| layouts[*list].is_list()))
    }

    /// The lengths of a list.
    fn lengths(&self, list: usize) -> Result<Counter> {
        let branch = &self.tree.schema.branches[list];
        let whole = || complete(self.tree, list).map_err(|e| self.named(&branch.name, e));
        let origin = match &self.tree.layouts[list] {
            Layout::Counted(counter, n) => self.numbers(counter, *n as u64)?,
            Layout::Fixed(n) => {
                whole()?;
                let column =
                    Column::new(self.tree, list, branch.stored.unwrap_or(StoredType::Bool));
                Origin::Fixed(column, *n as u64)
            }
            Layout::Lists(depth) => {
                whole()?;
                let (size, baskets) = (branch.stored.map_or(1, StoredType::size), Vec::new());
                Origin::Lists(Unpacked { branch: list, size, depth: *depth, baskets })
            }
            Layout::Plain | Layout::Lengths => {
                return Err(self.named(&branch.name, Error::input("is no list")));
            }
        };
        Ok(Counter::new(origin, Some(list)))
    }

    /// The numbers in a branch, each to be taken so many times.
    fn numbers(&self, name: &str, times: u64) -> Result<Origin> {
        let (index, stored) = self.branch(name, None)?;
        if matches!(stored, StoredType::F32 | StoredType::F64) {
            let what = format!("holds {}, which cannot count", stored.name());
            return Err(self.named(name, Error::input(what)));
        }
        Ok(Origin::Branch(Column::new(self.tree, index, stored), times))
    }

    fn column(
        &mut self,
        name: &str,
        counter: Option<(usize, &String)>,
        requested: &[String],
    ) -> Result<Wanted> {
        let (branch, stored) = self.branch(name, counter.map(|(_, name)| name.as_str()))?;
        let mut column = Column::new(self.tree, branch, stored);
        if let Layout::Lengths = self.tree.layouts[branch] {
            let known = requested.iter().position(|other| other == name);
            let index = match known {
                Some(index) => index,
                None => self.add(self.counter(name, std::iter::empty())?),
            };
            return Ok(Wanted::Lengths(index, stored));
        }
        if let Some(index) = self.counters.iter().position(|counter| counter.is_in(branch))
            && matches!(stored, StoredType::I32 | StoredType::U32)
        {
            return Ok(Wanted::Lengths(index, stored));
        }
        if self.tree.layouts[branch].is_list() {
            let own = self.lengths(branch)?;
            let known = self.counters.iter().position(|counter| counter.is_as(&own));
            let own = known.unwrap_or_else(|| self.add(own));
            column.counter = Some(own);
            column.agrees = counter.map(|(index, _)| index).filter(|other| *other != own);
        }
        Ok(Wanted::Values(column))
    }

    fn add(&mut self, counter: Counter) -> usize {
        self.counters.push(counter);
        self.counters.len() - 1
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
