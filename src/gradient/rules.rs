//! Derivatives of the functions of `kernels/`: for each kind of slope that the catalogue
//! has there is a rule, which the compiler makes sure of.

use super::tangent::{Blocked, Tangent, Tangents};
use crate::ir::{Map, NodeId};
use crate::kernels::{FUNCTIONS, Slope, SlopeOfOne, SlopeOfTwo, index_of};
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
        self.of_slope(FUNCTIONS[usize::from(function)].slope, y, function, x, t)
    }

    fn of_slope(
        &mut self,
        slope: Slope,
        y: NodeId,
        function: u16,
        x: &[NodeId],
        t: &[Option<NodeId>],
    ) -> Tangent {
        if slope == Slope::Steps {
            return self.constant_between_jumps(x[0]);
        }
        if t.iter().all(Option::is_none) {
            return Ok(None);
        }
        match (slope, x, t) {
            (Slope::One(slope), [x], [Some(t)]) => Ok(Some(self.of_one(slope, y, *x, *t))),
            (Slope::Two(slope), [a, b], [s, t]) => Ok(self.of_two(slope, y, [*a, *b], [*s, *t])),
            _ => Err(Blocked::NoRule(function)),
        }
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
    fn of_one(&mut self, slope: SlopeOfOne, y: NodeId, x: NodeId, t: NodeId) -> NodeId {
        let one = self.ir.real(1.0);
        match slope {
            SlopeOfOne::Abs => {
                let sign = self.sign(x);
                self.times(t, sign)
            }
            SlopeOfOne::Sqrt => {
                let twice = self.scaled(2.0, y);
                self.ratio(t, twice)
            }
            SlopeOfOne::Exp => self.times(t, y),
            SlopeOfOne::Log => self.ratio(t, x),
            SlopeOfOne::Log10 => {
                let scaled = self.scaled(LN_10, x);
                self.ratio(t, scaled)
            }
            SlopeOfOne::Sin => {
                let cos = self.call("cos", &[x]);
                self.times(t, cos)
            }
            SlopeOfOne::Cos => {
                let sin = self.call("sin", &[x]);
                let minus = self.negative(sin);
                self.times(t, minus)
            }
            SlopeOfOne::Tan => {
                let square = self.square(y);
                let sum = self.sum(one, square);
                self.times(t, sum)
            }
            SlopeOfOne::Asin => {
                let cosine = self.cosine_of_sine(x);
                self.ratio(t, cosine)
            }
            SlopeOfOne::Acos => {
                let sine = self.cosine_of_sine(x);
                let minus = self.negative(sine);
                self.ratio(t, minus)
            }
            SlopeOfOne::Atan => {
                let square = self.square(x);
                let sum = self.sum(one, square);
                self.ratio(t, sum)
            }
            SlopeOfOne::Sinh => {
                let cosh = self.call("cosh", &[x]);
                self.times(t, cosh)
            }
            SlopeOfOne::Cosh => {
                let sinh = self.call("sinh", &[x]);
                self.times(t, sinh)
            }
            SlopeOfOne::Tanh => {
                let (less, more) = (self.difference(one, y), self.sum(one, y));
                let product = self.times(less, more);
                self.times(t, product)
            }
            SlopeOfOne::Asinh => {
                let square = self.square(x);
                let sum = self.sum(one, square);
                let root = self.call("sqrt", &[sum]);
                self.ratio(t, root)
            }
            SlopeOfOne::Sigmoid => {
                let minus = self.negative(x);
                let other = self.call("sigmoid", &[minus]);
                let product = self.times(y, other);
                self.times(t, product)
            }
            SlopeOfOne::Erf => {
                let slope = self.gaussian(FRAC_2_SQRT_PI, -1.0, x);
                self.times(t, slope)
            }
            SlopeOfOne::NormalTail => {
                let slope = self.gaussian(-1.0 / (2.0 * PI).sqrt(), -0.5, x);
                self.times(t, slope)
            }
            SlopeOfOne::NormalQuantile => {
                let slope = self.gaussian((2.0 * PI).sqrt(), 0.5, y);
                self.times(t, slope)
            }
        }
    }

    /// The same of two arguments, of which one may have no tangent.
    fn of_two(
        &mut self,
        slope: SlopeOfTwo,
        y: NodeId,
        [a, b]: [NodeId; 2],
        [s, t]: [Option<NodeId>; 2],
    ) -> Option<NodeId> {
        match slope {
            SlopeOfTwo::Atan2 => {
                let (s, t) = (s.map(|s| self.times(b, s)), t.map(|t| self.times(a, t)));
                let t = t.map(|t| self.negative(t));
                let (aa, bb) = (self.square(a), self.square(b));
                let norm = self.sum(aa, bb);
                self.plus(s, t).map(|sum| self.ratio(sum, norm))
            }
            SlopeOfTwo::Min | SlopeOfTwo::Max => {
                let (low, high) = if slope == SlopeOfTwo::Min { (a, b) } else { (b, a) };
                let first = self.map(Map::Le, &[low, high]);
                let zero = self.ir.real(0.0);
                let (s, t) = (s.unwrap_or(zero), t.unwrap_or(zero));
                Some(self.map(Map::Select, &[first, s, t]))
            }
            SlopeOfTwo::CopySign => s.map(|s| {
                let (from, to) = (self.sign(a), self.sign(b));
                let flip = self.times(from, to);
                self.times(s, flip)
            }),
            SlopeOfTwo::Pow => {
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
            SlopeOfTwo::DeltaPhi => {
                let s = s.map(|s| self.negative(s));
                self.plus(t, s)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::discontinuities::Jumps;
    use crate::ir::Ir;

    /// A function without a rule has no derivative of its own argument, and one of
    /// zero where that does not change; nor has one whose rule is of other arguments.
    #[test]
    fn what_has_no_rule_is_refused() {
        let mut ir = Ir::default();
        let x = ir.parameter(0, 2.0);
        let y = ir.map(Map::Call(index_of("exp").expect("a function")), &[x]);
        let one = ir.real(1.0);
        let jumps = Jumps::new(&ir);
        let mut tangents = Tangents::new(&mut ir, &jumps, 1);
        let mut of = |slope, t| tangents.of_slope(slope, y, 2, &[x], &[t]);
        assert_eq!(of(Slope::Unknown, Some(one)), Err(Blocked::NoRule(2)));
        assert_eq!(of(Slope::Two(SlopeOfTwo::Pow), Some(one)), Err(Blocked::NoRule(2)));
        assert_eq!(of(Slope::Unknown, None), Ok(None));
        assert_eq!(of(Slope::Steps, None), Err(Blocked::Jump(1)));
        assert!(matches!(of(Slope::One(SlopeOfOne::Exp), Some(one)), Ok(Some(_))));
    }
}
