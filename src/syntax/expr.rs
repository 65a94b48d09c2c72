//! Expressions as written, each part with its place in the analysis file.

use super::{Ident, Span};
use serde::Serialize;

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum ExprKind {
    /// `Jet`, `pt`, `HLT_IsoMu24`.
    Name(String),
    /// A branch of the input, its name between backquotes.
    Branch(String),
    /// `42`, `0x1f`.
    Integer(i64),
    /// `0.4`, `1e-3`.
    Real(f64),
    /// `true`, `false`.
    Bool(bool),
    /// `"text"`: parsed to be refused with a good message by the checker.
    Text(String),
    /// `-x`, `not x`, `~x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`, `a and b`, ...
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `60 < mass < 120`: operands one more than operators.
    Compare(Vec<Expr>, Vec<CompareOp>),
    /// `if c then a else b`.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `f(a, b)`: a function of that name.
    Call(Ident, Vec<Expr>),
    /// `x.f(a)`: the same as `f(x, a)`.
    Method(Box<Expr>, Ident, Vec<Expr>),
    /// `x.pt`.
    Field(Box<Expr>, Ident),
    /// `C[...]`: a filter, or an element by its number.
    Index(Box<Expr>, Box<Expr>),
    /// `j => e`, `(a, b) => e`.
    Lambda(Vec<Ident>, Box<Expr>),
    /// `a in b`, `a not in b`.
    In {
        /// Left operand.
        element: Box<Expr>,
        /// Right operand.
        of: Box<Expr>,
        /// `not in`.
        negated: bool,
    },
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum UnaryOp {
    /// `-x`.
    Neg,
    /// `not x`.
    Not,
    /// `~x`.
    BitNot,
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum BinaryOp {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`.
    Mul,
    /// `a / b`.
    Div,
    /// `a // b`.
    FloorDiv,
    /// `a % b`.
    Mod,
    /// `a ** b`.
    Pow,
    /// `a and b`.
    And,
    /// `a or b`.
    Or,
    /// `a & b`.
    BitAnd,
    /// `a | b`.
    BitOr,
    /// `a ^ b`.
    BitXor,
    /// `a << b`.
    Shl,
    /// `a >> b`.
    Shr,
}

impl BinaryOp {
    /// Whether operators like it stand one after the other without brackets, in chains
    /// that are longer than expressions may be deep.
    pub fn chains(self) -> bool {
        !matches!(self, BinaryOp::And | BinaryOp::Or | BinaryOp::Pow)
    }
}

/// One operator of a chain: all of the chain up to its second operand, and that one.
#[derive(Debug, Clone, Copy)]
pub struct Link<'e> {
    /// `a + b`.
    pub whole: &'e Expr,
    /// `+`.
    pub op: BinaryOp,
    /// `b`.
    pub right: &'e Expr,
}

impl Expr {
    /// What a chain of operators begins with, and its operators from left to right;
    /// none if it is no chain.
    pub fn chain(&self) -> (&Expr, Vec<Link<'_>>) {
        let (mut first, mut links) = (self, Vec::new());
        while let ExprKind::Binary(op, left, right) = &first.kind
            && op.chains()
        {
            links.push(Link { whole: first, op: *op, right });
            first = left;
        }
        links.reverse();
        (first, links)
    }
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CompareOp {
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
    /// `==`.
    Eq,
    /// `!=`.
    Ne,
}
