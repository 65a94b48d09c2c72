//! What fills need of a plan: nodes, spaces, columns. The rest is neither read nor
//! computed.

use super::{Fill, Plan};
use crate::batch::{Request, RequestedColumn};

/// A plan that asks for no column in vain.
#[derive(Debug)]
pub(crate) struct Packed {
    /// The same fills; its columns and counters are numbered anew.
    pub(crate) plan: Plan,
    /// The old numbers of its columns.
    pub(crate) columns: Vec<usize>,
    /// The old numbers of its counters.
    pub(crate) counters: Vec<usize>,
}

impl Plan {
    /// The same fills, without what none of them needs: it is neither read nor
    /// computed.
    pub fn pruned(&self) -> Plan {
        self.packed().plan
    }

    /// The same, and which columns are left.
    pub(crate) fn packed(&self) -> Packed {
        let request = &self.request;
        let roots = self.fills.iter().flat_map(Fill::nodes);
        let pruned = self.ir.pruned(roots, request.columns.len(), request.counters.len());
        let counter = |old: usize| pruned.counters.iter().position(|k| *k == old);
        let column = |k: &usize| RequestedColumn {
            counter: request.columns[*k].counter.and_then(counter),
            ..request.columns[*k].clone()
        };
        let new = Request {
            counters: pruned.counters.iter().map(|k| request.counters[*k].clone()).collect(),
            columns: pruned.columns.iter().map(column).collect(),
            ..*request
        };
        let fills = self.fills.iter().map(|fill| fill.renamed(|n| pruned.node(n))).collect();
        let (columns, counters) = (pruned.columns.clone(), pruned.counters.clone());
        Packed { plan: Plan { fills, request: new, ir: pruned.ir }, columns, counters }
    }

    /// Some of the fills, without what they do not need; columns keep their numbers.
    pub(crate) fn only(&self, fills: &[usize]) -> Plan {
        let request = &self.request;
        let fills: Vec<&Fill> = fills.iter().map(|k| &self.fills[*k]).collect();
        let roots = fills.iter().flat_map(|fill| fill.nodes());
        let pruned = self.ir.pruned(roots, request.columns.len(), request.counters.len());
        let ir = pruned.ir.renumbered(|k| pruned.columns[k], |k| pruned.counters[k]);
        let fills = fills.iter().map(|fill| fill.renamed(|n| pruned.node(n))).collect();
        Plan { ir, request: request.clone(), fills }
    }

    /// The same fills from batches that were read for `request`; the name of a column
    /// that it lacks if there is one.
    pub fn reading(&self, request: &Request) -> Result<Plan, String> {
        let counter = |name: &String| {
            let at = request.counters.iter().position(|c| c == name);
            at.ok_or_else(|| name.clone())
        };
        let column = |c: &RequestedColumn| {
            let counted = c.counter.map(|k| &self.request.counters[k]);
            let at = request.columns.iter().position(|other| {
                other.branch == c.branch && other.counter.map(|k| &request.counters[k]) == counted
            });
            at.ok_or_else(|| c.branch.clone())
        };
        let counters: Vec<usize> =
            self.request.counters.iter().map(counter).collect::<Result<_, _>>()?;
        let columns: Vec<usize> =
            self.request.columns.iter().map(column).collect::<Result<_, _>>()?;
        let ir = self.ir.renumbered(|k| columns[k], |k| counters[k]);
        Ok(Plan { ir, request: request.clone(), fills: self.fills.clone() })
    }
}
