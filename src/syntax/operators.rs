//! Which operators there are and how tightly they bind.

use super::{BinaryOp, CompareOp};

/// Binding strengths.
pub(crate) type Level = u8;
pub(crate) const LAMBDA: Level = 0;
const OR: Level = 1;
const AND: Level = 2;
pub(crate) const NOT: Level = 3;
pub(crate) const COMPARE: Level = 4;
const SUM_LOW: Level = 5;
pub(crate) const UNARY: Level = 11;
const POWER: Level = 12;

/// The binary operators that make a [`ExprKind::Binary`], with their levels.
pub(crate) fn binary(symbol: &str) -> Option<(Level, BinaryOp)> {
    Some(match symbol {
        "or" => (OR, BinaryOp::Or),
        "and" => (AND, BinaryOp::And),
        "|" => (SUM_LOW, BinaryOp::BitOr),
        "^" => (SUM_LOW + 1, BinaryOp::BitXor),
        "&" => (SUM_LOW + 2, BinaryOp::BitAnd),
        "<<" => (SUM_LOW + 3, BinaryOp::Shl),
        ">>" => (SUM_LOW + 3, BinaryOp::Shr),
        "+" => (SUM_LOW + 4, BinaryOp::Add),
        "-" => (SUM_LOW + 4, BinaryOp::Sub),
        "*" => (SUM_LOW + 5, BinaryOp::Mul),
        "/" => (SUM_LOW + 5, BinaryOp::Div),
        "//" => (SUM_LOW + 5, BinaryOp::FloorDiv),
        "%" => (SUM_LOW + 5, BinaryOp::Mod),
        "**" => (POWER, BinaryOp::Pow),
        _ => return None,
    })
}

/// The comparison operators.
pub(crate) fn comparison(symbol: &str) -> Option<CompareOp> {
    Some(match symbol {
        "<" => CompareOp::Lt,
        "<=" => CompareOp::Le,
        ">" => CompareOp::Gt,
        ">=" => CompareOp::Ge,
        "==" => CompareOp::Eq,
        "!=" => CompareOp::Ne,
        _ => return None,
    })
}
