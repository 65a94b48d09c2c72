//! A tree, ready to be read: its branches, how their values lie and in which baskets.

use super::basket::Basket;
use super::content::Layout;
use super::packed::Packing;
use crate::read::counting::{Kind, counters};
use crate::schema::{Branch, Schema, Shape, StoredType};

/// A tree, ready to be read.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) schema: Schema,
    /// The baskets of each branch of the schema, in the order of their entries.
    pub(super) baskets: Vec<Vec<Basket>>,
    /// How values lie in them.
    pub(super) layouts: Vec<Layout>,
    /// How values are packed, if they are not simply stored.
    pub(super) packings: Vec<Option<Packing>>,
}

impl Tree {
    /// A tree without branches.
    pub(super) fn empty(name: &str) -> Tree {
        let schema = Schema { tree: name.to_owned(), events: 0, branches: Vec::new() };
        Tree { schema, baskets: Vec::new(), layouts: Vec::new(), packings: Vec::new() }
    }

    /// Index of the branch of this name.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.schema.branches.iter().position(|b| b.name == name)
    }

    /// Gives lists a counter. If the tree has no branch of its name, one is added.
    pub(super) fn name_lengths(&mut self) {
        let kinds = self.schema.branches.iter().zip(&self.layouts).map(|(branch, layout)| {
            let kind = match layout {
                Layout::Plain | Layout::Lengths => Kind::of_scalar(branch.stored),
                Layout::Counted(counter, 1) => Kind::Counted(counter),
                Layout::Lists(1) => Kind::List,
                Layout::Lists(_) | Layout::Fixed(_) | Layout::Counted(..) => Kind::Alone,
            };
            (branch.name.as_str(), kind)
        });
        for (index, counter) in counters(kinds).into_iter().enumerate() {
            let Some(counter) = counter else { continue };
            if counter.new {
                self.add_lengths(&counter.name, index);
            }
            self.schema.branches[index].shape = Shape::Counted(counter.name);
        }
    }

    /// A branch that says how many values another one has.
    fn add_lengths(&mut self, name: &str, of: usize) {
        self.schema.branches.push(Branch {
            name: name.to_owned(),
            title: format!("how many values {} has", self.schema.branches[of].name),
            stored: Some(StoredType::U32),
            shape: Shape::Scalar,
            unsupported: None,
            bytes: 0,
            compressed_bytes: 0,
            baskets: 0,
            compression: "none".to_owned(),
        });
        self.baskets.push(Vec::new());
        self.layouts.push(Layout::Lengths);
        self.packings.push(None);
    }
}
