//! Values of one event in words: which elements an index points to, what is
//! missing, and not too much of it.

use gpuana::backend::cpu::{NodeValues, evaluate_nodes};
use gpuana::batch::{Batch, Values};
use gpuana::error::Result;
use gpuana::ir::{Ir, NodeId, Slot, Space, Ty};
use gpuana::plan::Plan;
use gpuana::report::element;
use gpuana::report::text_table::Table;

/// Elements of a value that are shown.
const MOST: usize = 8;

/// One event and a plan that grows by the nodes that only people look at.
pub(crate) struct Event {
    plan: Plan,
    batch: Batch,
}

impl Event {
    /// The only event of `batch`.
    pub(crate) fn new(plan: &Plan, batch: Batch) -> Self {
        Event { plan: plan.clone(), batch }
    }

    /// The values of a node, one an element of its space.
    pub(crate) fn values(&self, node: NodeId) -> Result<NodeValues> {
        Ok(evaluate_nodes(&self.plan, &self.batch, 0, &[node])?.remove(0))
    }

    /// The first value of an integer or boolean node.
    pub(crate) fn integer(&self, node: NodeId) -> Result<i64> {
        Ok(match self.values(node)? {
            NodeValues::I32(v) => v.first().copied().unwrap_or(0).into(),
            NodeValues::I64(v) => v.first().copied().unwrap_or(0),
            NodeValues::Bool(v) => v.first().copied().unwrap_or(false).into(),
            NodeValues::F32(_) | NodeValues::Index(_) => 0,
        })
    }

    /// The value of a node in words, `missing` where `valid` is false.
    pub(crate) fn text(&mut self, node: NodeId, valid: Option<NodeId>) -> Result<String> {
        let is_list = self.plan.ir.over(node) != gpuana::ir::SpaceId::EVENT;
        let mut texts = match self.plan.ir.ty(node) {
            Ty::Index(_) => self.pointed_to(node)?,
            _ => scalars(&self.values(node)?),
        };
        if let Some(valid) = valid
            && let NodeValues::Bool(there) = self.values(valid)?
        {
            for (text, _) in texts.iter_mut().zip(there).filter(|(_, there)| !there) {
                *text = "missing".to_owned();
            }
        }
        Ok(if is_list { list(texts) } else { texts.join(", ") })
    }

    /// What each index points to, by its members in stored collections.
    fn pointed_to(&mut self, index: NodeId) -> Result<Vec<String>> {
        let mut members = Vec::new();
        leaves(&mut self.plan.ir, index, &mut members);
        let mut columns = Vec::new();
        for (name, node) in members {
            if let NodeValues::Index(at) = self.values(node)? {
                columns.push((name, at));
            }
        }
        let count = columns.first().map_or(0, |(_, at)| at.len());
        let text = |i: usize| {
            let one =
                |(name, at): &(String, Vec<Option<usize>>)| Some(format!("{name} {}", at[i]?));
            let all: Option<Vec<String>> = columns.iter().map(one).collect();
            all.map_or("missing".to_owned(), |members| members.join(" + "))
        };
        Ok((0..count).map(text).collect())
    }
}

/// Follows an index down to the elements that its own are made of.
fn leaves(ir: &mut Ir, index: NodeId, found: &mut Vec<(String, NodeId)>) {
    let Ty::Index(of) = ir.ty(index) else { return };
    let members = match ir.space(of) {
        Space::Event | Space::Collection { .. } | Space::Concat { .. } => 0,
        Space::Filter { .. } | Space::Sort { .. } | Space::Nested { .. } => 1,
        Space::Combos { size, .. } => *size,
        Space::Cross { .. } => 2,
    };
    if members == 0 {
        found.push((element(ir, of), index));
    }
    for k in 0..members {
        let member = ir.member(index, Slot::Base(k));
        leaves(ir, member, found);
    }
}

/// Elements of a collection that are shown.
const MOST_ROWS: usize = 20;

/// The values of the event that the plan reads: a table of those that it has once, and
/// one for each collection.
pub(crate) fn stored(plan: &Plan, batch: &Batch) -> Vec<Table> {
    let mut tables = Vec::new();
    let columns = || plan.request.columns.iter().zip(&batch.columns);
    let mut event = Table::new(["Branch", "value"]);
    let mut once = 0;
    for (column, values) in columns().filter(|(column, _)| column.counter.is_none()) {
        event.row([format!("  {}", column.branch), stored_text(values, 0)]);
        once += 1;
    }
    if once > 0 {
        tables.push(event);
    }
    for (counter, offsets) in batch.offsets.iter().enumerate() {
        let named = |space: &Space| match space {
            Space::Collection { counter: of, name } if *of == counter => Some(name.clone()),
            _ => None,
        };
        let Some(name) = plan.ir.spaces().iter().find_map(named) else { continue };
        let own: Vec<_> = columns().filter(|(column, _)| column.counter == Some(counter)).collect();
        let prefix = format!("{name}_");
        let field = |branch: &str| branch.strip_prefix(&prefix).unwrap_or(branch).to_owned();
        let fields = own.iter().map(|(column, _)| field(&column.branch));
        let mut table = Table::new(std::iter::once(name.clone()).chain(fields));
        let count = offsets[1] as usize;
        for at in 0..count.min(MOST_ROWS) {
            let values = own.iter().map(|(_, values)| stored_text(values, at));
            table.row(std::iter::once(format!("  {name} {at}")).chain(values));
        }
        match count.saturating_sub(MOST_ROWS) {
            0 if count == 0 => table.note("  none"),
            0 => {}
            more => table.note(format!("  ... {more} more")),
        }
        tables.push(table);
    }
    tables
}

fn stored_text(values: &Values, at: usize) -> String {
    match values {
        Values::Bool(v) => yes_no(v[at] != 0),
        Values::I32(v) => v[at].to_string(),
        Values::I64(v) => v[at].to_string(),
        Values::F32(v) => v[at].to_string(),
        Values::F64(v) => v[at].to_string(),
    }
}

fn yes_no(x: bool) -> String {
    if x { "yes" } else { "no" }.to_owned()
}

fn scalars(values: &NodeValues) -> Vec<String> {
    match values {
        NodeValues::Bool(v) => v.iter().map(|x| yes_no(*x)).collect(),
        NodeValues::I32(v) => v.iter().map(i32::to_string).collect(),
        NodeValues::I64(v) => v.iter().map(i64::to_string).collect(),
        NodeValues::F32(v) => v.iter().map(f32::to_string).collect(),
        NodeValues::Index(_) => Vec::new(),
    }
}

/// `[a, b]`, long lists cut.
fn list(mut texts: Vec<String>) -> String {
    let more = texts.len().saturating_sub(MOST);
    texts.truncate(MOST);
    if more > 0 {
        texts.push(format!("... {more} more"));
    }
    format!("[{}]", texts.join(", "))
}
