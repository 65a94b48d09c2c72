//! Derivatives of the functions of `kernels/`, by their names.

use super::tangent::{Tangent, Tangents};
use crate::ir::{Map, NodeId};
use crate::kernels::{FUNCTIONS, index_of};
use std::f64::consts::{FRAC_2_SQRT_PI, LN_10, PI};

impl Tangents<'_> {
    /// The tangent of a call `y = f(x)` from those of its arguments.
    pub(super) fn of_call(
        &mut self,
        y: NodeId,
        function: u16,
        x: &[NodeId],
        t: &[Option<NodeId>],
    ) -> Tangent {
        let name = FUNCTIONS[usize::from(function)].name;
        if matches!(name, "floor" | "ceil" | "round") {
            return self.constant_between_jumps(x[0]);
        }
        Ok(match (x, t) {
            ([_], [None]) | ([_, _], [None, None]) => None,
            ([x], [Some(t)]) => Some(self.of_one(name, y, *x, *t)),
            ([a, b], [s, t]) => self.of_two(name, y, [*a, *b], [*s, *t]),
            _ => None,
        })
    }

    fn call(&mut self, name: &str, x: &[NodeId]) -> NodeId {
        // All names here are in the catalogue, which a test makes sure of.
        let index = index_of(name).unwrap_or_default();
        self.map(Map::Call(index), x)
    }

    fn square(&mut self, x: NodeId) -> NodeId {
        self.times(x, x)
    }

    fn sum(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.map(Map::Add, &[a, b])
    }

    fn difference(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.map(Map::Sub, &[a, b])
    }

    /// c e^(-+ x^2/2) and the like: c exp(factor x^2).
    fn gaussian(&mut self, c: f64, factor: f64, x: NodeId) -> NodeId {
        let square = self.square(x);
        let exponent = self.scaled(factor, square);
        let exp = self.call("exp", &[exponent]);
        self.scaled(c, exp)
    }

    /// 1 with the sign of x.
    fn sign(&mut self, x: NodeId) -> NodeId {
        let one = self.ir.real(1.0);
        self.call("copysign", &[one, x])
    }

    /// sqrt(1 - x^2) as sqrt((1 - x)(1 + x)).
    fn cosine_of_sine(&mut self, x: NodeId) -> NodeId {
        let one = self.ir.real(1.0);
        let (less, more) = (self.difference(one, x), self.sum(one, x));
        let product = self.times(less, more);
        self.call("sqrt", &[product])
    }

    /// f'(x) t of a function of one argument.
    fn of_one(&mut self, name: &str, y: NodeId, x: NodeId, t: NodeId) -> NodeId {
        let one = self.ir.real(1.0);
        let (factor, divisor) = match name {
            "abs" => (Some(self.sign(x)), None),
            "sqrt" => (None, Some(self.scaled(2.0, y))),
            "exp" => (Some(y), None),
            "log" => (None, Some(x)),
            "log10" => (None, Some(self.scaled(LN_10, x))),
            "sin" => (Some(self.call("cos", &[x])), None),
            "cos" => {
                let sin = self.call("sin", &[x]);
                (Some(self.negative(sin)), None)
            }
            "tan" => {
                let square = self.square(y);
                (Some(self.sum(one, square)), None)
            }
            "asin" => (None, Some(self.cosine_of_sine(x))),
            "acos" => {
                let sine = self.cosine_of_sine(x);
                (None, Some(self.negative(sine)))
            }
            "atan" => {
                let square = self.square(x);
                (None, Some(self.sum(one, square)))
            }
            "sinh" => (Some(self.call("cosh", &[x])), None),
            "cosh" => (Some(self.call("sinh", &[x])), None),
            "tanh" => {
                let (less, more) = (self.difference(one, y), self.sum(one, y));
                (Some(self.times(less, more)), None)
            }
            "asinh" => {
                let square = self.square(x);
                let sum = self.sum(one, square);
                (None, Some(self.call("sqrt", &[sum])))
            }
            "sigmoid" => {
                let minus = self.negative(x);
                let other = self.call("sigmoid", &[minus]);
                (Some(self.times(y, other)), None)
            }
            "erf" => (Some(self.gaussian(FRAC_2_SQRT_PI, -1.0, x)), None),
            "normal_tail" => (Some(self.gaussian(-1.0 / (2.0 * PI).sqrt(), -0.5, x)), None),
            "normal_quantile" => (Some(self.gaussian((2.0 * PI).sqrt(), 0.5, y)), None),
            _ => (None, None),
        };
        match (factor, divisor) {
            (Some(factor), _) => self.times(t, factor),
            (None, Some(divisor)) => self.ratio(t, divisor),
            (None, None) => t,
        }
    }

    /// The same of two arguments, of which one may have no tangent.
    fn of_two(
        &mut self,
        name: &str,
        y: NodeId,
        [a, b]: [NodeId; 2],
        [s, t]: [Option<NodeId>; 2],
    ) -> Option<NodeId> {
        match name {
            "atan2" => {
                let (s, t) = (s.map(|s| self.times(b, s)), t.map(|t| self.times(a, t)));
                let t = t.map(|t| self.negative(t));
                let (aa, bb) = (self.square(a), self.square(b));
                let norm = self.sum(aa, bb);
                self.plus(s, t).map(|sum| self.ratio(sum, norm))
            }
            "min" | "max" => {
                let (low, high) = if name == "min" { (a, b) } else { (b, a) };
                let first = self.map(Map::Le, &[low, high]);
                let zero = self.ir.real(0.0);
                let (s, t) = (s.unwrap_or(zero), t.unwrap_or(zero));
                Some(self.map(Map::Select, &[first, s, t]))
            }
            "copysign" => s.map(|s| {
                let (from, to) = (self.sign(a), self.sign(b));
                let flip = self.times(from, to);
                self.times(s, flip)
            }),
            "pow" => {
                let by_base = s.map(|s| {
                    let one = self.ir.real(1.0);
                    let less = self.difference(b, one);
                    let power = self.call("pow", &[a, less]);
                    let slope = self.times(b, power);
                    self.times(s, slope)
                });
                let by_exponent = t.map(|t| {
                    let log = self.call("log", &[a]);
                    let slope = self.times(y, log);
                    self.times(t, slope)
                });
                self.plus(by_base, by_exponent)
            }
            // delta_phi, the second less the first.
            _ => {
                let s = s.map(|s| self.negative(s));
                self.plus(t, s)
            }
        }
    }
}
