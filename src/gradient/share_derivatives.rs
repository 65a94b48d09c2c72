//! The parts of a derivative: factors of the shares of an entry and of their own
//! derivatives.

use super::discontinuities::{Bits, Jumps};
use super::tangent::{Blocked, Tangents};
use crate::bins::SoftTerm;
use crate::ir::{Ir, NodeId, SpaceId};
use crate::plan::{Fill, SoftFill, SoftPart};

/// What an entry of a soft fill is made of.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) weight: NodeId,
    /// One an axis.
    pub(super) values: Vec<NodeId>,
    /// Of each axis which parameter its bandwidth is, if it is one.
    pub(super) bandwidths: Vec<Option<usize>>,
    /// Of its elements.
    pub(super) space: SpaceId,
}

impl Entry {
    /// That of a soft fill with this weight.
    pub(super) fn of(ir: &Ir, fill: &Fill, soft: &SoftFill, weight: NodeId) -> Entry {
        Entry {
            weight,
            values: fill.axes.iter().map(|(_, x)| *x).collect(),
            bandwidths: soft.axes.iter().map(|soft| soft.parameter).collect(),
            space: ir.over(fill.mask),
        }
    }
}

/// What shares depend on: the value on an axis, or its bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Value(usize),
    Bandwidth(usize),
}

impl Variable {
    /// The derivative of a share by it.
    fn once(self) -> [SoftTerm; 2] {
        let (axis, term) = match self {
            Variable::Value(axis) => (axis, SoftTerm::ByValue),
            Variable::Bandwidth(axis) => (axis, SoftTerm::ByBandwidth),
        };
        let mut terms = [SoftTerm::Share; 2];
        terms[axis] = term;
        terms
    }

    fn axis(self) -> usize {
        match self {
            Variable::Value(axis) | Variable::Bandwidth(axis) => axis,
        }
    }

    /// The second derivative by it and another one.
    fn and(self, other: Variable) -> [SoftTerm; 2] {
        let mut terms = self.once();
        if self.axis() != other.axis() {
            terms[other.axis()] = other.once()[other.axis()];
            return terms;
        }
        terms[self.axis()] = match (self, other) {
            (Variable::Value(_), Variable::Value(_)) => SoftTerm::ByValueTwice,
            (Variable::Bandwidth(_), Variable::Bandwidth(_)) => SoftTerm::ByBandwidthTwice,
            _ => SoftTerm::ByBoth,
        };
        terms
    }
}

/// Works the parts out.
pub(super) struct Parts<'i> {
    ir: &'i mut Ir,
    /// Of the graph as it was compiled.
    jumps: &'i Jumps,
    entry: Entry,
}

/// Sums of nodes by their terms.
#[derive(Default)]
struct Sum(Vec<([SoftTerm; 2], NodeId)>);

impl Sum {
    fn add(&mut self, tangents: &mut Tangents<'_>, terms: [SoftTerm; 2], factor: Option<NodeId>) {
        let Some(factor) = factor else { return };
        match self.0.iter_mut().find(|(known, _)| *known == terms) {
            Some((_, sum)) => *sum = tangents.plus(Some(*sum), Some(factor)).unwrap_or(factor),
            None => self.0.push((terms, factor)),
        }
    }
}

type Found = Result<Vec<SoftPart>, Blocked>;

impl<'i> Parts<'i> {
    pub(super) fn new(ir: &'i mut Ir, jumps: &'i Jumps, entry: Entry) -> Self {
        Parts { ir, jumps, entry }
    }

    /// The parts of the derivative by these parameters at once: of one, its own; of
    /// several, the sum.
    pub(super) fn by(&mut self, moved: Bits) -> Found {
        let weight = self.entry.weight;
        let mut tangents = Tangents::new(self.ir, self.jumps, moved);
        let mut sum = Sum::default();
        let by_weight = tangents.of(weight)?;
        sum.add(&mut tangents, [SoftTerm::Share; 2], by_weight);
        for (variable, change) in changes(&mut tangents, &self.entry, moved)? {
            let factor = change.map(|change| tangents.times(weight, change));
            sum.add(&mut tangents, variable.once(), factor);
        }
        Ok(self.finished(sum))
    }

    /// The same of the second derivatives by pairs of parameters.
    pub(super) fn second(&mut self, pairs: &[[usize; 2]]) -> Result<Vec<Vec<SoftPart>>, Blocked> {
        pairs.iter().map(|pair| self.by_two(*pair)).collect()
    }

    fn by_two(&mut self, [j, k]: [usize; 2]) -> Found {
        let weight = self.entry.weight;
        let first = |ir: &mut Ir, jumps: &Jumps, parameter: usize, entry: &Entry| {
            let moved = 1 << parameter;
            let mut tangents = Tangents::new(ir, jumps, moved);
            Ok((tangents.of(weight)?, changes(&mut tangents, entry, moved)?))
        };
        let (w_j, by_j) = first(self.ir, self.jumps, j, &self.entry)?;
        let (w_k, by_k) = first(self.ir, self.jumps, k, &self.entry)?;
        // Tangents are nodes that the compiled graph did not have.
        let jumps = Jumps::new(self.ir);
        let mut tangents = Tangents::new(self.ir, &jumps, 1 << k);
        let mut again = |node: Option<NodeId>| node.map_or(Ok(None), |node| tangents.of(node));
        let w_jk = again(w_j)?;
        let both: Vec<Option<NodeId>> =
            by_j.iter().map(|(_, change)| again(*change)).collect::<Result<_, _>>()?;
        let mut sum = Sum::default();
        sum.add(&mut tangents, [SoftTerm::Share; 2], w_jk);
        for (((v, v_j), (_, v_k)), v_jk) in by_j.iter().zip(&by_k).zip(both) {
            for (a, b) in [(w_j, *v_k), (w_k, *v_j), (Some(weight), v_jk)] {
                let factor = a.zip(b).map(|(a, b)| tangents.times(a, b));
                sum.add(&mut tangents, v.once(), factor);
            }
            for (u, u_k) in &by_k {
                let change = v_j.zip(*u_k).map(|(a, b)| tangents.times(a, b));
                let factor = change.map(|change| tangents.times(weight, change));
                sum.add(&mut tangents, v.and(*u), factor);
            }
        }
        Ok(self.finished(sum))
    }

    /// With factors over the entries' space.
    fn finished(&mut self, sum: Sum) -> Vec<SoftPart> {
        let space = self.entry.space;
        let mut over = |node: NodeId| self.ir.broadcast(node, space).unwrap_or(node);
        sum.0.into_iter().map(|(terms, node)| SoftPart { terms, factor: over(node) }).collect()
    }
}

/// How all variables change with these parameters.
fn changes(
    tangents: &mut Tangents<'_>,
    entry: &Entry,
    moved: Bits,
) -> Result<Vec<(Variable, Option<NodeId>)>, Blocked> {
    let mut found = Vec::new();
    for (axis, x) in entry.values.iter().enumerate() {
        found.push((Variable::Value(axis), tangents.of(*x)?));
    }
    for (axis, bandwidth) in entry.bandwidths.iter().enumerate() {
        let moves = bandwidth.is_some_and(|parameter| moved & (1 << parameter) != 0);
        let one = moves.then(|| tangents.ir.real(1.0));
        found.push((Variable::Bandwidth(axis), one));
    }
    Ok(found)
}
