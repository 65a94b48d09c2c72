//! Every operation and space against values worked out by hand.

mod batches;
mod choices;
mod fills;
mod lazy;
mod maps;
mod nodes;
mod spaces;
mod split;

use super::trace::{NodeValues, columns, evaluate_nodes};
use crate::batch::{Batch, Request, RequestedColumn, Values};
use crate::ir::{Ir, NodeId, Space, SpaceId, Ty};
use crate::plan::Plan;

/// A plan under construction with its batch: two collections, `Jet` and
/// `Muon`, in four events of which the second has neither.
struct Fixture {
    plan: Plan,
    batch: Batch,
    jet: SpaceId,
    muon: SpaceId,
}

impl Fixture {
    /// `Jet` has 3, 0, 1 and 4 elements, `Muon` 2, 0, 0 and 1.
    fn new() -> Self {
        Fixture::with_offsets(vec![0, 3, 3, 4, 8], vec![0, 2, 2, 2, 3])
    }

    fn with_offsets(jets: Vec<u32>, muons: Vec<u32>) -> Self {
        let mut ir = Ir::default();
        let jet = ir.add_space(Space::Collection { counter: 0, name: "Jet".into() });
        let muon = ir.add_space(Space::Collection { counter: 1, name: "Muon".into() });
        let counters = vec!["nJet".into(), "nMuon".into()];
        let request = Request { counters, ..Request::default() };
        let events = jets.len() - 1;
        let batch = Batch { events, offsets: vec![jets, muons], ..Batch::default() };
        Fixture { plan: Plan { ir, request, fills: vec![] }, batch, jet, muon }
    }

    fn ir(&mut self) -> &mut Ir {
        &mut self.plan.ir
    }

    /// One more stored column over `space`.
    fn column(&mut self, space: SpaceId, values: Values) -> NodeId {
        let ty = match &values {
            Values::Bool(_) => Ty::Bool,
            Values::I32(_) => Ty::I32,
            Values::I64(_) => Ty::I64,
            Values::F32(_) | Values::F64(_) => Ty::F32,
        };
        let counter = match self.plan.ir.space(space) {
            Space::Collection { counter, .. } => Some(*counter),
            _ => None,
        };
        let k = self.batch.columns.len();
        self.batch.columns.push(values);
        self.plan.request.columns.push(RequestedColumn { branch: format!("b{k}"), counter });
        self.plan.ir.column(k, space, ty)
    }

    fn reals(&mut self, space: SpaceId, values: &[f32]) -> NodeId {
        self.column(space, Values::F32(values.to_vec()))
    }

    fn ints(&mut self, space: SpaceId, values: &[i32]) -> NodeId {
        self.column(space, Values::I32(values.to_vec()))
    }

    fn longs(&mut self, space: SpaceId, values: &[i64]) -> NodeId {
        self.column(space, Values::I64(values.to_vec()))
    }

    fn bools(&mut self, space: SpaceId, values: &[u8]) -> NodeId {
        self.column(space, Values::Bool(values.to_vec()))
    }

    /// The jets' transverse momenta.
    fn jet_pt(&mut self) -> NodeId {
        self.reals(self.jet, &[30.0, 20.0, 40.0, 50.0, 10.0, 25.0, 15.0, 12.0])
    }

    /// The values of a node in all events of the batch, evaluated as one block.
    fn all(&self, node: NodeId) -> String {
        let (plan, batch) = (&self.plan, &self.batch);
        let columns = columns(plan, batch, 0..batch.events, &[node], NodeValues::of);
        columns.unwrap()[0].as_ref().unwrap().to_string()
    }

    /// The values of a node, one list an event, each event evaluated alone.
    fn each(&self, node: NodeId) -> String {
        let one = |event| evaluate_nodes(&self.plan, &self.batch, event, &[node]).unwrap();
        let texts: Vec<String> = (0..self.batch.events).map(|e| one(e)[0].to_string()).collect();
        texts.join(" ")
    }

    /// Checks a node whose values are no indices: the list an event that is
    /// expected, and the same values from one block of all events.
    fn expect(&self, node: NodeId, expected: &str) {
        let text = self.plan.ir.node_text(node, |k| format!("b{k}"));
        assert_eq!(self.each(node), expected, "{text}");
        let flat = expected.replace("[] ", "").replace(" []", "").replace("] [", ", ");
        assert_eq!(self.all(node), flat, "{text}, all events at once");
    }

    /// Checks a node of indices: within each event, and within a block of all.
    fn expect_index(&self, node: NodeId, each: &str, all: &str) {
        let text = self.plan.ir.node_text(node, |k| format!("b{k}"));
        assert_eq!(self.each(node), each, "{text}");
        assert_eq!(self.all(node), all, "{text}, all events at once");
    }
}
