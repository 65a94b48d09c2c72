//! The expressions that stand guard around one float operation.

use crate::error::{Error, Result};
use naga::{Arena, BinaryOperator, Expression, Handle, Literal, Range, ScalarKind, Span};

/// What is done to the bits of each float result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Exclusive or with the parameter `opaque`, which is 0.
    Opaque,
    /// A denormal becomes a zero of its sign.
    Flush,
}

/// The block of parameters that has `opaque`, and its place in there.
pub(super) type Opaque = (Handle<naga::GlobalVariable>, u32);

/// Appends guarded operations to a function's expressions.
pub(super) struct Writer {
    /// The expressions so far.
    pub(super) arena: Arena<Expression>,
    /// What has to be emitted before the body.
    pub(super) emitted: Range<Expression>,
    /// The value of `opaque`.
    zero: Handle<Expression>,
    flush: Option<Flush>,
}

/// Constants of the flush.
#[derive(Clone, Copy)]
struct Flush {
    /// Bits of the exponent.
    exponent: Handle<Expression>,
    /// Sign bit.
    sign: Handle<Expression>,
    /// All bits.
    all: Handle<Expression>,
    /// No bits.
    none: Handle<Expression>,
    /// 2^24.
    scale: Handle<Expression>,
    /// Bits of 2^-102, the smallest normal number times `scale`.
    least: Handle<Expression>,
}

impl Writer {
    /// Starts a function's expressions with what the guards share.
    ///
    /// # Errors
    /// If the module has no parameter `opaque`.
    pub(super) fn new(guard: Guard, opaque: Option<Opaque>) -> Result<Writer> {
        let Some((variable, index)) = opaque else {
            return Err(Error::device("a kernel has no parameter `opaque` to pin its floats with"));
        };
        let mut arena = Arena::new();
        let mut append = |expression| arena.append(expression, Span::UNDEFINED);
        let mut word = |word| append(Expression::Literal(Literal::U32(word)));
        let flush = Flush {
            exponent: word(0x7f80_0000),
            sign: word(0x8000_0000),
            all: word(0xffff_ffff),
            none: word(0),
            least: word(0x0c80_0000),
            scale: append(Expression::Literal(Literal::F32(16_777_216.0))),
        };
        let base = append(Expression::GlobalVariable(variable));
        let pointer = append(Expression::AccessIndex { base, index });
        let zero = append(Expression::Load { pointer });
        let emitted = Range::new_from_bounds(pointer, zero);
        Ok(Writer { arena, emitted, zero, flush: (guard == Guard::Flush).then_some(flush) })
    }

    pub(super) fn append(&mut self, expression: Expression) -> Handle<Expression> {
        self.arena.append(expression, Span::UNDEFINED)
    }

    /// Appends a float operation with its guards; gives the first and the last
    /// expression, the last one being the value.
    pub(super) fn operation(
        &mut self,
        op: BinaryOperator,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> (Handle<Expression>, Handle<Expression>) {
        let before = self.arena.len();
        // Compilers replace x * 0, x + 0 and x - x, wrongly for NaN, infinities and -0.
        let left = if self.is_zero(left) { self.hidden(left) } else { left };
        let hide = self.is_zero(right) || op == BinaryOperator::Subtract;
        let right = if hide { self.hidden(right) } else { right };
        let value = self.binary(op, left, right);
        let last = match self.flush {
            None => self.hidden(value),
            Some(flush) if op == BinaryOperator::Multiply => {
                self.flushed_product(value, left, right, flush)
            }
            Some(flush) => self.flushed(value, flush),
        };
        let first = self.arena.range_from(before).first_and_last().map_or(last, |(f, _)| f);
        (first, last)
    }

    fn is_zero(&self, operand: Handle<Expression>) -> bool {
        match self.arena[operand] {
            Expression::Literal(Literal::F32(x)) => x == 0.0,
            Expression::ZeroValue(_) | Expression::Constant(_) => true,
            _ => false,
        }
    }

    /// The same value, of which compilers know nothing.
    fn hidden(&mut self, value: Handle<Expression>) -> Handle<Expression> {
        let bits = self.cast(value, ScalarKind::Uint);
        let same = self.binary(BinaryOperator::ExclusiveOr, bits, self.zero);
        self.cast(same, ScalarKind::Float)
    }

    fn cast(&mut self, expr: Handle<Expression>, kind: ScalarKind) -> Handle<Expression> {
        self.append(Expression::As { expr, kind, convert: None })
    }

    fn binary(
        &mut self,
        op: BinaryOperator,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Handle<Expression> {
        self.append(Expression::Binary { op, left, right })
    }

    /// `value` where `condition` holds, else a zero of its sign.
    fn kept(
        &mut self,
        value: Handle<Expression>,
        condition: Handle<Expression>,
        flush: Flush,
    ) -> Handle<Expression> {
        let bits = self.cast(value, ScalarKind::Uint);
        let keep =
            self.append(Expression::Select { condition, accept: flush.all, reject: flush.sign });
        let pinned = self.binary(BinaryOperator::And, bits, keep);
        self.cast(pinned, ScalarKind::Float)
    }

    /// Sums of normal numbers lose nothing when they come out denormal, and
    /// quotients cannot round up to the smallest normal number.
    fn flushed(&mut self, value: Handle<Expression>, flush: Flush) -> Handle<Expression> {
        let bits = self.cast(value, ScalarKind::Uint);
        let exponent = self.binary(BinaryOperator::And, bits, flush.exponent);
        let normal = self.binary(BinaryOperator::NotEqual, exponent, flush.none);
        self.kept(value, normal, flush)
    }

    /// A product is too small if it is below the smallest normal number after
    /// rounding to 24 bits, as x86 has it. A denormal result was rounded to
    /// fewer bits, perhaps up to the smallest normal number; the product of an
    /// operand times 2^24 tells.
    fn flushed_product(
        &mut self,
        value: Handle<Expression>,
        left: Handle<Expression>,
        right: Handle<Expression>,
        flush: Flush,
    ) -> Handle<Expression> {
        let larger = self.binary(BinaryOperator::Multiply, left, flush.scale);
        let larger = self.flushed(larger, flush);
        let product = self.binary(BinaryOperator::Multiply, larger, right);
        let bits = self.cast(product, ScalarKind::Uint);
        let sign = self.binary(BinaryOperator::And, bits, flush.sign);
        let size = self.binary(BinaryOperator::ExclusiveOr, bits, sign);
        let normal = self.binary(BinaryOperator::GreaterEqual, size, flush.least);
        self.kept(value, normal, flush)
    }
}
