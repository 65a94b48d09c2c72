//! How functions are differentiated: the form of the rules that stand beside them, and what
//! several rules need.

use super::kernel::{Algebra, Term};

/// How a function changes with its arguments.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slope {
    /// Constant but for jumps.
    Steps,
    /// Smooth in its one argument.
    One(fn(&mut dyn Algebra, OfOne) -> Term),
    /// Smooth in both arguments.
    Two(fn(&mut dyn Algebra, OfTwo) -> Option<Term>),
    /// There is no rule: gradients refuse the function.
    #[expect(dead_code, reason = "all functions have a rule so far")]
    Unknown,
}

/// What f'(x) t is made of, where y = f(x).
#[derive(Clone, Copy)]
pub(super) struct OfOne {
    pub(super) y: Term,
    pub(super) x: Term,
    pub(super) t: Term,
    /// The constant 1, which many rules need.
    pub(super) one: Term,
}

/// The same of y = f(a, b), where a changes by s and b by t, or does not change.
#[derive(Clone, Copy)]
pub(super) struct OfTwo {
    pub(super) y: Term,
    pub(super) a: Term,
    pub(super) b: Term,
    pub(super) s: Option<Term>,
    pub(super) t: Option<Term>,
}

/// x^2.
pub(super) fn square(graph: &mut dyn Algebra, x: Term) -> Term {
    graph.times(x, x)
}

/// A number times a term.
pub(super) fn scaled(graph: &mut dyn Algebra, factor: f64, x: Term) -> Term {
    let factor = graph.real(factor);
    graph.times(factor, x)
}

/// 1 with the sign of x.
pub(super) fn sign(graph: &mut dyn Algebra, x: Term) -> Term {
    let one = graph.real(1.0);
    graph.call("copysign", &[one, x])
}

/// (1 - x)(1 + x).
pub(super) fn one_less_square(graph: &mut dyn Algebra, one: Term, x: Term) -> Term {
    let (less, more) = (graph.difference(one, x), graph.sum(one, x));
    graph.times(less, more)
}

/// c e^(factor x^2).
pub(super) fn gaussian(graph: &mut dyn Algebra, c: f64, factor: f64, x: Term) -> Term {
    let square = square(graph, x);
    let exponent = scaled(graph, factor, square);
    let exp = graph.call("exp", &[exponent]);
    scaled(graph, c, exp)
}
