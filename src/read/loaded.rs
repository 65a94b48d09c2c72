//! The types that batches have, and values of a default as a branch of a type has them.

use crate::batch::Values;
use crate::schema::{Literal, StoredType};

/// The type of a branch that no file is known to have.
pub(super) fn own_type(value: Literal) -> StoredType {
    match value {
        Literal::Bool(_) => StoredType::Bool,
        Literal::Integer(n) if i32::try_from(n).is_ok() => StoredType::I32,
        Literal::Integer(_) => StoredType::I64,
        Literal::Real(_) => StoredType::F32,
        Literal::Empty => StoredType::U32,
    }
}

/// A value `count` times, as a branch of this type has it; `None` if it cannot.
pub(super) fn constant(
    value: Literal,
    stored: StoredType,
    count: usize,
    doubles: bool,
) -> Option<Values> {
    let number = match value {
        Literal::Bool(_) | Literal::Empty => None,
        Literal::Integer(n) => Some(n as f64),
        Literal::Real(x) => Some(x),
    };
    Some(match (Loaded::of(stored), value) {
        (Loaded::Bool, Literal::Bool(b)) => Values::Bool(vec![u8::from(b); count]),
        (Loaded::I32, Literal::Integer(n)) => Values::I32(vec![i32::try_from(n).ok()?; count]),
        (Loaded::I64, Literal::Integer(n)) => Values::I64(vec![n; count]),
        (Loaded::Real, _) if stored == StoredType::F64 && doubles => {
            Values::F64(vec![number?; count])
        }
        (Loaded::Real, _) => Values::F32(vec![number? as f32; count]),
        _ => return None,
    })
}

/// The types that a batch has, those that take the values of others after these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loaded {
    Bool,
    I32,
    I64,
    Real,
}

impl Loaded {
    pub(super) fn of(stored: StoredType) -> Loaded {
        use StoredType::*;
        match stored {
            Bool => Loaded::Bool,
            I8 | U8 | I16 | U16 | I32 => Loaded::I32,
            U32 | I64 | U64 => Loaded::I64,
            F32 | F64 => Loaded::Real,
        }
    }

    /// Whether all values of the type `from` can be values of this one.
    pub(super) fn takes(self, from: Loaded) -> bool {
        self == from || (self != Loaded::Real && from < self)
    }
}
