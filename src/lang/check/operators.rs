//! Operators: arithmetic, comparisons, logic with missing values, conditions.

use super::combine::Extent;
use super::describe::type_words;
use super::fields::common_type;
use super::value::{Col, Context, Value};
use super::{Checked, Checker};
use crate::diag::Diagnostic;
use crate::ir::{Const, Map, NodeId, Ty};
use crate::lang::ast::{BinaryOp, CompareOp, Expr, ExprKind, Span, UnaryOp};

/// The greatest integer exponent that becomes multiplications. Each rounds once, and a
/// square is off by twice what its root is: with u = 2^-24, of single precision, `x ** n`
/// is off by at most (n - 1) u of its value, to first order in u.
const MAX_INTEGER_POWER: u32 = 64;

impl<'a> Checker<'a> {
    pub(super) fn unary(
        &mut self,
        op: UnaryOp,
        operand: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let value = self.expr(operand, ctx)?;
        let (extent, cols) = self.align(&[(value, operand.span)])?;
        let col = cols[0];
        let ty = self.ir.ty(col.value);
        let value = match (op, ty) {
            (UnaryOp::Neg, Ty::F32 | Ty::I32) => self.negated(col.value),
            (UnaryOp::Not, Ty::Bool) => self.ir.map(Map::Not, &[col.value]),
            (UnaryOp::BitNot, Ty::I32 | Ty::I64) => self.ir.map(Map::Not, &[col.value]),
            (UnaryOp::Neg, Ty::I64) => match self.ir.constant(col.value) {
                Some(Const::I64(i)) => self.negative_literal(i),
                _ => return self.no_wide_arithmetic(operand.span),
            },
            _ => {
                let (sign, wants) = match op {
                    UnaryOp::Neg => ("-", "a number"),
                    UnaryOp::Not => ("not", "true or false"),
                    UnaryOp::BitNot => ("~", "an integer"),
                };
                let found = self.describe(&extent.value(col));
                let text = format!("`{sign}` takes {wants}, found {found}");
                let mut d = Diagnostic::new(operand.span, text);
                if op == UnaryOp::Not {
                    d = d.help("compare it with something, as in `x == 0`");
                }
                return self.fail(d);
            }
        };
        let col = self.guard(Col { value, valid: col.valid });
        Ok(extent.value(col))
    }

    fn negated(&mut self, node: NodeId) -> NodeId {
        match self.ir.constant(node) {
            Some(Const::Real { exact, .. }) => self.ir.real(-exact),
            Some(Const::I32(i)) => self.ir.constant_node(Const::I32(i.wrapping_neg())),
            _ => self.ir.map(Map::Neg, &[node]),
        }
    }

    /// `-2147483648` is an integer of 32 bits, `-2147483649` one of 64.
    fn negative_literal(&mut self, magnitude: i64) -> NodeId {
        let value = -magnitude;
        self.ir.constant_node(i32::try_from(value).map_or(Const::I64(value), Const::I32))
    }

    fn no_wide_arithmetic<T>(&mut self, span: Span) -> Checked<T> {
        self.fail(
            Diagnostic::new(span, "64-bit integers are compared and masked, not calculated with")
                .label("a 64-bit integer")
                .help("write `float(...)` around it if single precision is good enough"),
        )
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: &'a Expr,
        right: &'a Expr,
        whole: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let (a, b) = (self.expr(left, ctx), self.expr(right, ctx));
        let (a, b) = (a?, b?);
        if let (BinaryOp::Pow, ExprKind::Integer(n)) = (op, &right.kind)
            && let Ok(n) = u32::try_from(*n)
            && n <= MAX_INTEGER_POWER
        {
            return self.integer_power((a, left.span), n);
        }
        let (extent, cols) = self.align(&[(a, left.span), (b, right.span)])?;
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            return self.logic(op, extent, &cols, [left.span, right.span]);
        }
        let col = self.arithmetic(op, &cols, [left.span, right.span], whole.span)?;
        Ok(extent.value(col))
    }

    /// Three-valued logic: a missing operand decides nothing.
    fn logic(
        &mut self,
        op: BinaryOp,
        extent: Extent,
        cols: &[Col],
        spans: [Span; 2],
    ) -> Checked<Value> {
        for (col, span) in cols.iter().zip(spans) {
            if self.ir.ty(col.value) != Ty::Bool {
                let found = self.describe(&extent.value(*col));
                let word = if op == BinaryOp::And { "and" } else { "or" };
                let text = format!("`{word}` takes true or false, found {found}");
                let help = "compare it with something, as in `x != 0`";
                return self.fail(Diagnostic::new(span, text).help(help));
            }
        }
        let (a, b) = (cols[0], cols[1]);
        let map = if op == BinaryOp::And { Map::And } else { Map::Or };
        let value = self.ir.map(map, &[a.value, b.value]);
        let valid = match (a.valid, b.valid) {
            (None, None) => None,
            _ => Some(self.decided(op, a, b)),
        };
        Ok(extent.value(Col { value, valid }))
    }

    /// Where `a and b` (or `a or b`) has a value: both have, or one decides.
    fn decided(&mut self, op: BinaryOp, a: Col, b: Col) -> NodeId {
        let decides = |c: &mut Self, col: Col| {
            let says =
                if op == BinaryOp::And { c.ir.map(Map::Not, &[col.value]) } else { col.value };
            match col.valid {
                Some(valid) => c.ir.map(Map::And, &[valid, says]),
                None => says,
            }
        };
        let deciding = [decides(self, a), decides(self, b)];
        let deciding = self.leveled(deciding);
        let either = self.ir.map(Map::Or, &deciding);
        match self.both(a.valid, b.valid) {
            Some(both) => {
                let known = self.leveled([both, either]);
                self.ir.map(Map::Or, &known)
            }
            None => either,
        }
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        cols: &[Col],
        spans: [Span; 2],
        whole: Span,
    ) -> Checked<Col> {
        use BinaryOp::*;
        let types: Vec<Ty> = cols.iter().map(|c| self.ir.ty(c.value)).collect();
        let integers = types.iter().all(|t| matches!(t, Ty::I32 | Ty::I64));
        let valid = self.both(cols[0].valid, cols[1].valid);
        match op {
            Add | Sub | Mul | Div | Pow => {
                if let Some(i) = types.iter().position(|t| *t == Ty::I64) {
                    return self.no_wide_arithmetic(spans[i]);
                }
                if let Some(i) = types.iter().position(|t| *t == Ty::Bool) {
                    return self.no_bool_arithmetic(op, spans[i]);
                }
                let ty = if integers && matches!(op, Add | Sub | Mul) { Ty::I32 } else { Ty::F32 };
                let nodes: Vec<NodeId> = cols.iter().map(|c| self.converted(c.value, ty)).collect();
                let value = self.arithmetic_node(op, nodes[0], nodes[1]);
                Ok(Col { value, valid })
            }
            FloorDiv | Mod => self.integer_division(op, cols, &types, spans, valid),
            BitAnd | BitOr | BitXor if integers => {
                let ty = common_type(&types).expect("integers have a common type");
                let nodes: Vec<NodeId> = cols.iter().map(|c| self.converted(c.value, ty)).collect();
                let map = match op {
                    BitAnd => Map::And,
                    BitOr => Map::Or,
                    _ => Map::Xor,
                };
                Ok(Col { value: self.ir.map(map, &nodes), valid })
            }
            Shl | Shr if integers && types[1] == Ty::I32 => {
                let map = if op == Shl { Map::Shl } else { Map::Shr };
                Ok(Col { value: self.ir.map(map, &[cols[0].value, cols[1].value]), valid })
            }
            _ => {
                let mut d = Diagnostic::new(whole, format!("`{}` takes integers", symbol(op)));
                for (ty, span) in types.iter().zip(spans) {
                    d = d.also(span, type_words(*ty));
                }
                self.fail(match op {
                    BitXor => d.help("for a power write `**`"),
                    BitAnd if types.contains(&Ty::Bool) => d.help("for conditions write `and`"),
                    BitOr if types.contains(&Ty::Bool) => d.help("for conditions write `or`"),
                    _ => d.help("write `int(...)` around a real number"),
                })
            }
        }
    }

    fn no_bool_arithmetic<T>(&mut self, op: BinaryOp, span: Span) -> Checked<T> {
        let text = format!("`{}` takes numbers, found true or false", symbol(op));
        self.fail(Diagnostic::new(span, text).help("write `int(...)` around it for 1 and 0"))
    }

    /// An arithmetic operation on nodes of one type; constants are folded.
    pub(super) fn arithmetic_node(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        if let (Some(Const::Real { exact: x, .. }), Some(Const::Real { exact: y, .. })) =
            (self.ir.constant(a), self.ir.constant(b))
        {
            let folded = match op {
                BinaryOp::Add => x + y,
                BinaryOp::Sub => x - y,
                BinaryOp::Mul => x * y,
                BinaryOp::Div => x / y,
                _ => f64::NAN,
            };
            if (folded as f32).is_finite() {
                return self.ir.real(folded);
            }
        }
        match op {
            BinaryOp::Add => self.ir.map(Map::Add, &[a, b]),
            BinaryOp::Sub => self.ir.map(Map::Sub, &[a, b]),
            BinaryOp::Mul => self.ir.map(Map::Mul, &[a, b]),
            BinaryOp::Div => self.ir.map(Map::Div, &[a, b]),
            _ => self.function("pow", &[a, b]),
        }
    }

    /// `//` and `%`: missing where the divisor is zero.
    fn integer_division(
        &mut self,
        op: BinaryOp,
        cols: &[Col],
        types: &[Ty],
        spans: [Span; 2],
        valid: Option<NodeId>,
    ) -> Checked<Col> {
        for (ty, span) in types.iter().zip(spans) {
            match ty {
                Ty::I32 => {}
                Ty::I64 => return self.no_wide_arithmetic(span),
                _ => {
                    let text =
                        format!("`{}` takes integers, found {}", symbol(op), type_words(*ty));
                    return self
                        .fail(Diagnostic::new(span, text).help("write `int(...)` around it"));
                }
            }
        }
        let map = if op == BinaryOp::FloorDiv { Map::FloorDiv } else { Map::Mod };
        let value = self.ir.map(map, &[cols[0].value, cols[1].value]);
        if let Some(Const::I32(divisor)) = self.ir.constant(cols[1].value) {
            if divisor == 0 {
                let text = format!("`{}` by zero has no value", symbol(op));
                return self.fail(Diagnostic::new(spans[1], text));
            }
            return Ok(Col { value, valid });
        }
        let zero = self.ir.constant_node(Const::I32(0));
        let nonzero = self.ir.map(Map::Ne, &[cols[1].value, zero]);
        let valid = self.both(valid, Some(nonzero));
        Ok(Col { value, valid })
    }

    /// `x ** n` by squaring, most significant bit first.
    fn integer_power(&mut self, base: (Value, Span), n: u32) -> Checked<Value> {
        let span = base.1;
        let (extent, cols) = self.align(&[base])?;
        let col = cols[0];
        match self.ir.ty(col.value) {
            Ty::F32 | Ty::I32 => {}
            Ty::I64 => return self.no_wide_arithmetic(span),
            _ => return self.no_bool_arithmetic(BinaryOp::Pow, span),
        }
        let one = if self.ir.ty(col.value) == Ty::F32 { Const::real(1.0) } else { Const::I32(1) };
        let mut result: Option<NodeId> = None;
        for bit in (0..32 - n.leading_zeros()).rev() {
            if let Some(r) = result {
                result = Some(self.arithmetic_node(BinaryOp::Mul, r, r));
            }
            if n >> bit & 1 == 1 {
                result = Some(match result {
                    Some(r) => self.arithmetic_node(BinaryOp::Mul, r, col.value),
                    None => col.value,
                });
            }
        }
        let value = result.unwrap_or_else(|| self.ir.constant_node(one));
        Ok(extent.value(Col { value, valid: col.valid }))
    }

    /// `a < b < c`: each neighbour pair compared, all joined by `and`.
    pub(super) fn compare_chain(
        &mut self,
        operands: &'a [Expr],
        ops: &[CompareOp],
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let values: Vec<Checked<Value>> = operands.iter().map(|o| self.expr(o, ctx)).collect();
        let mut pairs = Vec::new();
        for value in values {
            pairs.push(value?);
        }
        let mut result: Option<(Value, Span)> = None;
        for (i, op) in ops.iter().enumerate() {
            let spans = [operands[i].span, operands[i + 1].span];
            let both = [(pairs[i].clone(), spans[0]), (pairs[i + 1].clone(), spans[1])];
            let (extent, cols) = self.align(&both)?;
            let value = extent.value(self.compare(*op, &cols, spans)?);
            let span = Span { start: spans[0].start, end: spans[1].end };
            result = Some(match result {
                None => (value, span),
                Some(before) => {
                    let spans = [before.1, span];
                    let (extent, cols) = self.align(&[before, (value, span)])?;
                    (self.logic(BinaryOp::And, extent, &cols, spans)?, spans[0])
                }
            });
        }
        Ok(result.expect("a comparison has an operator").0)
    }

    fn compare(&mut self, op: CompareOp, cols: &[Col], spans: [Span; 2]) -> Checked<Col> {
        let types: Vec<Ty> = cols.iter().map(|c| self.ir.ty(c.value)).collect();
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let ty = match common_type(&types) {
            Some(Ty::Bool) if !equality => None,
            other => other,
        };
        let Some(ty) = ty else {
            let mut d = Diagnostic::new(
                Span { start: spans[0].start, end: spans[1].end },
                format!("cannot compare {} with {}", type_words(types[0]), type_words(types[1])),
            );
            d = match (types.contains(&Ty::Bool), types.contains(&Ty::I64)) {
                (true, _) if types[0] == types[1] => d.help("true and false have no order"),
                (true, _) => d.help("use the condition itself, or `not ...`"),
                _ => d
                    .help("compare a 64-bit integer with an integer")
                    .help("or write `float(...)` around it if single precision is good enough"),
            };
            return self.fail(d);
        };
        let nodes: Vec<NodeId> = cols.iter().map(|c| self.converted(c.value, ty)).collect();
        let value = self.compare_nodes(op, nodes[0], nodes[1]);
        let valid = self.both(cols[0].valid, cols[1].valid);
        Ok(self.guard(Col { value, valid }))
    }

    /// A comparison of nodes of one type. A literal between two single-precision
    /// numbers is rounded so that the outcome is that of the exact literal.
    pub(super) fn compare_nodes(&mut self, op: CompareOp, a: NodeId, b: NodeId) -> NodeId {
        let (map, a, b) = match op {
            CompareOp::Lt => (Map::Lt, a, b),
            CompareOp::Le => (Map::Le, a, b),
            CompareOp::Gt => (Map::Lt, b, a),
            CompareOp::Ge => (Map::Le, b, a),
            CompareOp::Eq => (Map::Eq, a, b),
            CompareOp::Ne => (Map::Ne, a, b),
        };
        // x < c and c <= x want the literal rounded up, c < x and x <= c down.
        let (up_left, up_right) = (map == Map::Le, map == Map::Lt);
        let ordered = matches!(map, Map::Lt | Map::Le);
        let (mut a, mut b) = (a, b);
        if ordered && self.ir.constant(b).is_none() {
            a = self.rounded(a, up_left);
        }
        if ordered && self.ir.constant(a).is_none() {
            b = self.rounded(b, up_right);
        }
        self.ir.map(map, &[a, b])
    }

    fn rounded(&mut self, node: NodeId, up: bool) -> NodeId {
        let Some(Const::Real { exact, single }) = self.ir.constant(node) else { return node };
        let nearest = f64::from(single);
        let single = match up {
            true if nearest < exact => single.next_up(),
            false if nearest > exact => single.next_down(),
            _ => single,
        };
        self.ir.constant_node(Const::Real { exact, single })
    }

    /// `if c then a else b`: missing where the condition or the chosen value is.
    pub(super) fn conditional(
        &mut self,
        condition: &'a Expr,
        yes: &'a Expr,
        no: &'a Expr,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let values = [condition, yes, no].map(|e| (self.expr(e, ctx), e.span));
        let mut operands = Vec::new();
        for (value, span) in values {
            operands.push((value?, span));
        }
        let (extent, cols) = self.align(&operands)?;
        let types: Vec<Ty> = cols.iter().map(|c| self.ir.ty(c.value)).collect();
        if types[0] != Ty::Bool {
            let text = format!("a condition is true or false, found {}", type_words(types[0]));
            let help = "compare it with something, as in `if x > 0 then ...`";
            return self.fail(Diagnostic::new(condition.span, text).help(help));
        }
        let Some(ty) = common_type(&types[1..]) else {
            let text = format!(
                "the branches differ: {} and {}",
                type_words(types[1]),
                type_words(types[2])
            );
            return self.fail(
                Diagnostic::new(yes.span, text)
                    .label(type_words(types[1]))
                    .also(no.span, type_words(types[2]))
                    .help("both must be numbers, or both true or false"),
            );
        };
        let [a, b] = [1, 2].map(|i| self.converted(cols[i].value, ty));
        let value = self.ir.map(Map::Select, &[cols[0].value, a, b]);
        let chosen = (cols[1].valid.is_some() || cols[2].valid.is_some()).then(|| {
            let [a, b] = [1, 2].map(|i| cols[i].valid.unwrap_or_else(|| self.always()));
            self.ir.map(Map::Select, &[cols[0].value, a, b])
        });
        let valid = self.both(cols[0].valid, chosen);
        let col = self.guard(Col { value, valid });
        Ok(extent.value(col))
    }
}

/// An operator as written.
fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Mod => "%",
        BinaryOp::Pow => "**",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
    }
}
