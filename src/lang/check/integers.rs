//! Whole numbers: 32 bits where their ranges prove that these are enough, else 64;
//! what leaves 64 bits is missing, and refused where it is a constant.

use super::reductions::Each;
use super::value::Col;
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Const, Map, NodeId, Op, Range, Reduce, Ty};
use crate::kernels::wide::{l_floor_div, l_mod};
use crate::syntax::{CompareOp, Span};

/// The low 32 of 64 bits.
const LOW: i64 = 0xffff_ffff;

impl Checker<'_> {
    /// An integer constant, of 32 bits if it fits and `ty` is no wider.
    pub(super) fn integer_node(&mut self, value: i64, ty: Ty) -> NodeId {
        self.ir.constant_node(match i32::try_from(value) {
            Ok(value) if ty != Ty::I64 => Const::I32(value),
            _ => Const::I64(value),
        })
    }

    /// The value of a node that is an integer constant.
    pub(super) fn integer_constant(&self, node: NodeId) -> Option<i64> {
        match self.ir.constant(node)? {
            Const::I32(i) => Some(i.into()),
            Const::I64(i) => Some(i),
            _ => None,
        }
    }

    /// `+ - * // %` of two integers; the divisor is no zero.
    pub(super) fn integers(&mut self, map: Map, cols: [Col; 2], span: Span) -> Checked<Col> {
        let [a, b] = cols.map(|col| col.value);
        let valid = self.both(cols[0].valid, cols[1].valid);
        if let (Some(x), Some(y)) = (self.integer_constant(a), self.integer_constant(b)) {
            let value = self.integer_result(folded(map, x, y), span)?;
            return Ok(Col { value, valid });
        }
        let range = Range::of(map, self.range(a), self.range(b)).unwrap_or(Range::I64);
        let narrow = range.within(Range::I32) && [a, b].iter().all(|n| self.ir.ty(*n) == Ty::I32);
        if narrow {
            return Ok(Col { value: self.ir.map(map, &[a, b]), valid });
        }
        let nodes = [a, b].map(|n| self.converted(n, Ty::I64));
        let value = self.ir.map(map, &nodes);
        let fits = if range.within(Range::I64) { None } else { self.fits(map, nodes, value) };
        Ok(Col { value, valid: self.both(valid, fits) })
    }

    /// `-x`.
    pub(super) fn integer_negative(&mut self, col: Col, span: Span) -> Checked<Col> {
        let zero = Col::whole(self.integer_node(0, self.ir.ty(col.value)));
        if self.integer_constant(col.value).is_some() {
            return self.integers(Map::Sub, [zero, col], span);
        }
        let range = self.range(col.value);
        let narrow = range.low > Range::I32.low && self.ir.ty(col.value) == Ty::I32;
        let value = if narrow { col.value } else { self.converted(col.value, Ty::I64) };
        let fits = self.between(value, Range { low: Range::I64.low + 1, ..Range::I64 });
        Ok(Col { value: self.ir.map(Map::Neg, &[value]), valid: self.both(col.valid, fits) })
    }

    /// `abs(x)`.
    pub(super) fn integer_abs(&mut self, col: Col, span: Span) -> Checked<Col> {
        if self.range(col.value).low >= 0 {
            return Ok(col);
        }
        let flipped = self.integer_negative(col, span)?;
        let value = self.converted(col.value, self.ir.ty(flipped.value));
        let zero = self.integer_node(0, self.ir.ty(value));
        let negative = self.compare_nodes(CompareOp::Lt, value, zero);
        let value = self.ir.map(Map::Select, &[negative, flipped.value, value]);
        Ok(Col { value, valid: flipped.valid })
    }

    /// The sum of an integer for each element. `node` is over the space of `each`, 0
    /// where it is missing.
    pub(super) fn integer_sum(&mut self, each: Each, node: NodeId) -> Col {
        let counted = self.range(node);
        let bound = self.ir.count(each.space);
        let total = Range::of(Map::Mul, self.range(bound), counted).unwrap_or(Range::I64);
        if self.ir.ty(node) == Ty::I32 && total.within(Range::I32) {
            return Col::whole(self.ir.reduce(Reduce::Sum, node));
        }
        let node = self.converted(node, Ty::I64);
        if total.within(Range::I64) {
            return Col::whole(self.ir.reduce(Reduce::Sum, node));
        }
        // Sums of the two halves, each of which fits; what the low one carries belongs
        // to the high one, and that tells whether all of it fits.
        let (half, low) = (self.integer_node(32, Ty::I32), self.integer_node(LOW, Ty::I64));
        let halves = [self.ir.map(Map::Shr, &[node, half]), self.ir.map(Map::And, &[node, low])];
        let [high, rest] = halves.map(|half| self.ir.reduce(Reduce::Sum, half));
        let carried = self.ir.map(Map::Shr, &[rest, half]);
        let high = self.ir.map(Map::Add, &[high, carried]);
        let top = self.ir.map(Map::Shl, &[high, half]);
        let rest = self.ir.map(Map::And, &[rest, low]);
        let value = self.ir.map(Map::Or, &[top, rest]);
        Col { value, valid: self.between(high, Range::I32) }
    }

    /// As an integer of 32 bits, the nearest one if it does not fit.
    pub(super) fn narrowed(&mut self, node: NodeId) -> NodeId {
        match (self.ir.ty(node), self.integer_constant(node)) {
            (Ty::I64, Some(value)) => {
                let value = value.clamp(i32::MIN.into(), i32::MAX.into());
                self.integer_node(value, Ty::I32)
            }
            (Ty::I64, None) => self.ir.map(Map::Narrow, &[node]),
            _ => node,
        }
    }

    /// As an integer of 32 bits, missing where it does not fit.
    pub(super) fn adapted(&mut self, col: Col) -> Col {
        let fits = self.between(col.value, Range::I32);
        Col { value: self.narrowed(col.value), valid: self.both(col.valid, fits) }
    }

    /// An integer of 32 bits as one of 64. Elements are widened where they are stored,
    /// not in each combination that they are in.
    pub(super) fn widened(&mut self, node: NodeId) -> NodeId {
        if let Some(value) = self.integer_constant(node) {
            return self.integer_node(value, Ty::I64);
        }
        match (&self.ir.node(node).op, self.ir.over(node)) {
            (Op::Lift { node: of, slot }, to) => {
                let (of, slot) = (*of, *slot);
                let of = self.widened(of);
                self.ir.lift(of, to, slot)
            }
            _ => self.ir.map(Map::Widen, &[node]),
        }
    }

    fn range(&mut self, node: NodeId) -> Range {
        self.ranges.of(&self.ir, node)
    }

    /// Where a number of 64 bits is in a range; `None`: everywhere.
    fn between(&mut self, node: NodeId, range: Range) -> Option<NodeId> {
        let own = self.range(node);
        let end = |c: &mut Self, op, value: i128| {
            let value = i64::try_from(value).expect("an end between those of 64 bits");
            let value = c.integer_node(value, c.ir.ty(node));
            c.compare_nodes(op, node, value)
        };
        let low = (own.low < range.low).then(|| end(self, CompareOp::Ge, range.low));
        let high = (own.high > range.high).then(|| end(self, CompareOp::Le, range.high));
        self.both(low, high)
    }

    /// Where `value`, which `map` made of these numbers of 64 bits, has not wrapped.
    fn fits(&mut self, map: Map, [a, b]: [NodeId; 2], value: NodeId) -> Option<NodeId> {
        let all = Range::I64;
        let ends = |c: &mut Self, node, low: i128, high: i128| {
            let ends = Range { low: low.max(all.low), high: high.min(all.high) };
            c.between(node, ends)
        };
        let constants = [a, b].map(|n| self.integer_constant(n).map(i128::from));
        match (map, constants) {
            (Map::Add, [Some(c), _]) => ends(self, b, all.low - c, all.high - c),
            (Map::Add, [_, Some(c)]) => ends(self, a, all.low - c, all.high - c),
            (Map::Sub, [Some(c), _]) => ends(self, b, c - all.high, c - all.low),
            (Map::Sub, [_, Some(c)]) => ends(self, a, all.low + c, all.high + c),
            (Map::Mul, [Some(c), _]) => self.times(b, c),
            (Map::Mul, [_, Some(c)]) => self.times(a, c),
            (Map::Mul, _) => {
                let high = self.ir.map(Map::MulHigh, &[a, b]);
                let sign = self.integer_node(63, Ty::I32);
                let sign = self.ir.map(Map::Shr, &[value, sign]);
                Some(self.ir.map(Map::Eq, &[high, sign]))
            }
            (Map::Add | Map::Sub, _) => {
                // The sign is wrong where it differs from both summands; of a difference
                // where it differs from the first number, and the two differ.
                let first = self.ir.map(Map::Xor, &[a, value]);
                let other = if map == Map::Add { value } else { a };
                let second = self.ir.map(Map::Xor, &[b, other]);
                let wrong = self.ir.map(Map::And, &[first, second]);
                let zero = self.integer_node(0, Ty::I64);
                Some(self.ir.map(Map::Le, &[zero, wrong]))
            }
            // The least number by -1.
            _ => {
                let (least, one) =
                    (self.integer_node(i64::MIN, Ty::I64), self.integer_node(-1, Ty::I64));
                let other = self.ir.map(Map::Ne, &[a, least]);
                let by = self.ir.map(Map::Ne, &[b, one]);
                // One of them may be constant, and so over the event.
                let either = self.leveled([other, by]);
                Some(self.ir.map(Map::Or, &either))
            }
        }
    }

    /// Where `c` times a number fits.
    fn times(&mut self, node: NodeId, c: i128) -> Option<NodeId> {
        let (low, high) = (Range::I64.low, Range::I64.high);
        match c {
            0 => None,
            // The quotients rounded inwards.
            1.. => self.between(node, Range { low: -(-low / c), high: high / c }),
            _ => {
                let range = Range { low: -(high / -c), high: (-low / -c).min(high) };
                self.between(node, range)
            }
        }
    }

    /// A constant that was worked out.
    fn integer_result(&mut self, value: i128, span: Span) -> Checked<NodeId> {
        if let Ok(value) = i64::try_from(value) {
            return Ok(self.integer_node(value, Ty::I32));
        }
        let text = format!("this is {value}, which is no integer of 64 bits");
        let help = "write a real number, as `1e19`, if single precision is good enough";
        self.fail(Diagnostic::new(span, text).help(help))
    }
}

/// `map` of two integers, exactly; the divisor is no zero.
fn folded(map: Map, x: i64, y: i64) -> i128 {
    let (a, b) = (i128::from(x), i128::from(y));
    match map {
        Map::Add => a + b,
        Map::Sub => a - b,
        Map::Mul => a * b,
        Map::FloorDiv if y == -1 => -a,
        Map::FloorDiv => l_floor_div(x, y).into(),
        _ => l_mod(x, y).into(),
    }
}
