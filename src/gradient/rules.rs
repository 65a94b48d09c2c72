//! Derivatives of kernels: their own rules, which compute with nodes of the graph.

use super::tangent::{Blocked, Tangent, Tangents};
use crate::ir::{KernelId, Map, NodeId, Op};
use crate::kernels::{Algebra, Call, Derivative, Term, standard};

impl Tangents<'_> {
    /// The tangent of a result `y` of a kernel from those of its inputs.
    pub(super) fn of_kernel(
        &mut self,
        y: NodeId,
        (id, result): (KernelId, usize),
        x: &[NodeId],
        t: &[Option<NodeId>],
    ) -> Tangent {
        let kernel = self.ir.kernels()[id.index()].clone();
        if kernel.derivative() == Derivative::Steps {
            for x in x {
                self.constant_between_jumps(*x)?;
            }
            return Ok(None);
        }
        // What is no real number has no tangent, and may jump.
        for x in x.iter().filter(|x| self.ir.ty(**x) != crate::ir::Ty::F32) {
            self.constant_between_jumps(*x)?;
        }
        if t.iter().all(Option::is_none) {
            return Ok(None);
        }
        if kernel.derivative() == Derivative::None {
            return Err(Blocked::NoRule(id));
        }
        let x: Vec<Term> = x.iter().copied().map(term).collect();
        let t: Vec<Option<Term>> = t.iter().map(|t| t.map(term)).collect();
        let mut graph = Graph { tangents: self, y };
        let tangent = kernel.tangent(&mut graph, &Call { result, y: term(y), x: &x, t: &t });
        Ok(tangent.map(node))
    }
}

fn term(of: NodeId) -> Term {
    Term(of.0)
}

fn node(of: Term) -> NodeId {
    NodeId(of.0)
}

/// The graph, for the rule of a kernel's result `y`.
struct Graph<'t, 'i> {
    tangents: &'t mut Tangents<'i>,
    y: NodeId,
}

impl Graph<'_, '_> {
    fn map(&mut self, map: Map, x: &[Term]) -> Term {
        let x: Vec<NodeId> = x.iter().copied().map(node).collect();
        term(self.tangents.map(map, &x))
    }
}

impl Algebra for Graph<'_, '_> {
    fn real(&mut self, x: f64) -> Term {
        term(self.tangents.ir.real(x))
    }

    fn sum(&mut self, a: Term, b: Term) -> Term {
        self.map(Map::Add, &[a, b])
    }

    fn difference(&mut self, a: Term, b: Term) -> Term {
        self.map(Map::Sub, &[a, b])
    }

    fn times(&mut self, a: Term, b: Term) -> Term {
        term(self.tangents.times(node(a), node(b)))
    }

    fn ratio(&mut self, a: Term, b: Term) -> Term {
        self.map(Map::Div, &[a, b])
    }

    fn negative(&mut self, a: Term) -> Term {
        term(self.tangents.negative(node(a)))
    }

    fn plus(&mut self, a: Option<Term>, b: Option<Term>) -> Option<Term> {
        self.tangents.plus(a.map(node), b.map(node)).map(term)
    }

    fn le(&mut self, a: Term, b: Term) -> Term {
        self.map(Map::Le, &[a, b])
    }

    fn select(&mut self, condition: Term, yes: Term, no: Term) -> Term {
        self.map(Map::Select, &[condition, yes, no])
    }

    fn call(&mut self, name: &str, x: &[Term]) -> Term {
        let kernel = self.tangents.ir.add_kernel(standard(name));
        self.map(Map::Kernel { kernel, result: 0 }, x)
    }

    fn other(&mut self, result: usize) -> Term {
        match self.tangents.ir.node(self.y).op.clone() {
            Op::Map(Map::Kernel { kernel, .. }, x) => {
                term(self.tangents.map(Map::Kernel { kernel, result: result as u16 }, &x))
            }
            other => unreachable!("{other:?} is no kernel's"),
        }
    }
}
