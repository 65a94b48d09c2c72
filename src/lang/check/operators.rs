//! Operators: arithmetic, logic with missing values, conditions.

use super::combine::Extent;
use super::describe::type_words;
use super::fields::common_type;
use super::value::{Col, Context, Value};
use super::{Checked, Checker, Failed};
use crate::diag::Diagnostic;
use crate::ir::{Const, Map, NodeId, Ty};
use crate::syntax::{BinaryOp, Expr, ExprKind, Link, Span, UnaryOp};

/// The greatest integer exponent that becomes multiplications. Each rounds once, and a
/// square is off by twice what its root is: with u = 2^-24, of single precision, `x ** n`
/// is off by at most (n - 1) u of its value, to first order in u.
const MAX_INTEGER_POWER: u32 = 64;

impl<'a> Checker<'a> {
    pub(super) fn unary(
        &mut self,
        op: UnaryOp,
        operand: &'a Expr,
        span: Span,
        ctx: &Context<'a>,
    ) -> Checked<Value> {
        let value = self.expr(operand, ctx)?;
        let (extent, cols) = self.align(&[(value, operand.span)])?;
        let col = cols[0];
        let ty = self.ir.ty(col.value);
        let value = match (op, ty) {
            (UnaryOp::Neg, Ty::I32 | Ty::I64) => {
                let negative = self.integer_negative(col, span)?;
                return Ok(extent.value(negative));
            }
            (UnaryOp::Neg, Ty::F32) => match self.ir.constant(col.value) {
                Some(Const::Real { exact, .. }) => self.ir.real(-exact),
                _ => self.ir.map(Map::Neg, &[col.value]),
            },
            (UnaryOp::Not, Ty::Bool) => self.ir.map(Map::Not, &[col.value]),
            (UnaryOp::BitNot, Ty::I32 | Ty::I64) => self.ir.map(Map::Not, &[col.value]),
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

    /// Two operands, or a chain of them from left to right.
    pub(super) fn binary(&mut self, whole: &'a Expr, ctx: &Context<'a>) -> Checked<Value> {
        let (first, links) = match &whole.kind {
            ExprKind::Binary(op, left, right) if !op.chains() => {
                (&**left, vec![Link { whole, op: *op, right }])
            }
            _ => whole.chain(),
        };
        let mut before = self.expr(first, ctx);
        let mut span = first.span;
        for link in links {
            let right = self.expr(link.right, ctx);
            before = match (before, right) {
                (Ok(left), Ok(right)) => self.linked((left, span), right, link),
                _ => Err(Failed),
            };
            span = link.whole.span;
        }
        before
    }

    fn linked(&mut self, (a, left): (Value, Span), b: Value, link: Link<'a>) -> Checked<Value> {
        let Link { whole, op, right } = link;
        if let (BinaryOp::Pow, ExprKind::Integer(n)) = (op, &right.kind)
            && let Ok(n) = u32::try_from(*n)
            && n <= MAX_INTEGER_POWER
        {
            return self.integer_power((a, left), n, whole.span);
        }
        let spans = [left, right.span];
        let (extent, cols) = self.align(&[(a, left), (b, right.span)])?;
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            return self.logic(op, extent, &cols, spans);
        }
        let col = self.arithmetic(op, &cols, spans, whole.span)?;
        Ok(extent.value(col))
    }

    /// Three-valued logic: a missing operand decides nothing.
    pub(super) fn logic(
        &mut self,
        op: BinaryOp,
        extent: Extent,
        cols: &[Col],
        spans: [Span; 2],
    ) -> Checked<Value> {
        for (col, span) in cols.iter().zip(spans) {
            self.condition_of(op, &extent.value(*col), span)?;
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

    /// Refuses an operand of `and` or `or` that is no condition.
    pub(super) fn condition_of(&mut self, op: BinaryOp, value: &Value, span: Span) -> Checked<()> {
        if let Value::Scalar(col) | Value::Array(col, _) = value
            && self.ir.ty(col.value) == Ty::Bool
        {
            return Ok(());
        }
        let word = if op == BinaryOp::And { "and" } else { "or" };
        let text = format!("`{word}` takes true or false, found {}", self.describe(value));
        let help = "compare it with something, as in `x != 0`";
        self.fail(Diagnostic::new(span, text).help(help))
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
                if let Some(i) = types.iter().position(|t| *t == Ty::Bool) {
                    return self.no_bool_arithmetic(op, spans[i]);
                }
                match op {
                    Add if integers => return self.integers(Map::Add, [cols[0], cols[1]], whole),
                    Sub if integers => return self.integers(Map::Sub, [cols[0], cols[1]], whole),
                    Mul if integers => return self.integers(Map::Mul, [cols[0], cols[1]], whole),
                    _ => {}
                }
                let [a, b] = [0, 1].map(|i| self.converted(cols[i].value, Ty::F32));
                Ok(Col { value: self.arithmetic_node(op, a, b), valid })
            }
            FloorDiv | Mod => self.integer_division(op, cols, &types, spans, whole),
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
            Shl | Shr if integers => {
                let map = if op == Shl { Map::Shl } else { Map::Shr };
                let by = self.narrowed(cols[1].value);
                Ok(Col { value: self.ir.map(map, &[cols[0].value, by]), valid })
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
        whole: Span,
    ) -> Checked<Col> {
        for (ty, span) in types.iter().zip(spans) {
            if !matches!(ty, Ty::I32 | Ty::I64) {
                let text = format!("`{}` takes integers, found {}", symbol(op), type_words(*ty));
                return self.fail(Diagnostic::new(span, text).help("write `int(...)` around it"));
            }
        }
        let map = if op == BinaryOp::FloorDiv { Map::FloorDiv } else { Map::Mod };
        let (divisor, ty) = (cols[1].value, types[1]);
        let mut col = match self.integer_constant(divisor) {
            Some(0) => {
                let text = format!("`{}` by zero has no value", symbol(op));
                return self.fail(Diagnostic::new(spans[1], text));
            }
            _ => self.integers(map, [cols[0], cols[1]], whole)?,
        };
        if self.integer_constant(divisor).is_none() {
            let zero = self.integer_node(0, ty);
            let nonzero = self.ir.map(Map::Ne, &[divisor, zero]);
            col.valid = self.both(col.valid, Some(nonzero));
        }
        Ok(col)
    }

    /// `x ** n` by squaring, most significant bit first.
    fn integer_power(&mut self, base: (Value, Span), n: u32, whole: Span) -> Checked<Value> {
        let span = base.1;
        let (extent, cols) = self.align(&[base])?;
        let col = cols[0];
        let ty = self.ir.ty(col.value);
        if !matches!(ty, Ty::F32 | Ty::I32 | Ty::I64) {
            return self.no_bool_arithmetic(BinaryOp::Pow, span);
        }
        let mut result: Option<Col> = None;
        for bit in (0..32 - n.leading_zeros()).rev() {
            if let Some(r) = result {
                result = Some(self.factor(r, r, whole)?);
            }
            if n >> bit & 1 == 1 {
                result = Some(match result {
                    Some(r) => self.factor(r, col, whole)?,
                    None => col,
                });
            }
        }
        let one = if ty == Ty::F32 { Const::real(1.0) } else { Const::I32(1) };
        let result = result.unwrap_or_else(|| Col { value: self.ir.constant_node(one), ..col });
        Ok(extent.value(result))
    }

    /// The product of two numbers of one type.
    fn factor(&mut self, a: Col, b: Col, span: Span) -> Checked<Col> {
        if self.ir.ty(a.value) != Ty::F32 {
            return self.integers(Map::Mul, [a, b], span);
        }
        let value = self.arithmetic_node(BinaryOp::Mul, a.value, b.value);
        Ok(Col { value, valid: a.valid })
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
