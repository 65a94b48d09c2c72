//! Spaces, values and types in the user's words, for messages.

use super::Checker;
use super::value::Value;
use crate::ir::{Space, SpaceId, Ty};

impl Checker<'_> {
    /// A space in the user's words.
    pub(super) fn describe_space(&self, space: SpaceId) -> String {
        if let Some(label) = self.labels.get(&space) {
            return label.clone();
        }
        match self.ir.space(space) {
            Space::Event => "event".to_string(),
            Space::Collection { name, .. } => name.clone(),
            Space::Filter { base, .. } => format!("filtered {}", self.describe_space(*base)),
            Space::Sort { base, .. } => format!("sorted {}", self.describe_space(*base)),
            Space::Concat { parts } => {
                let parts: Vec<_> = parts.iter().map(|p| self.describe_space(*p)).collect();
                format!("concat({})", parts.join(", "))
            }
            Space::Combos { base, size } => match size {
                2 => format!("pairs({})", self.describe_space(*base)),
                3 => format!("triples({})", self.describe_space(*base)),
                k => format!("combinations({}, {k})", self.describe_space(*base)),
            },
            Space::Cross { first, second } => {
                format!("cross({}, {})", self.describe_space(*first), self.describe_space(*second))
            }
            Space::Nested { outer, inner } => {
                format!("{} of each {}", self.describe_space(*inner), self.describe_space(*outer))
            }
        }
    }

    /// A value's shape in the user's words.
    pub(super) fn describe(&self, value: &Value) -> String {
        match value {
            Value::Scalar(col) => type_words(self.ir.ty(col.value)).to_string(),
            Value::Array(col, space) => {
                format!("{} per {}", type_words(self.ir.ty(col.value)), self.describe_space(*space))
            }
            Value::Object(object) => format!("one {}", self.describe_space(object.of)),
            Value::Elements(object, space) if object.path.is_empty() => {
                format!("the collection {}", self.describe_space(*space))
            }
            Value::Elements(object, space) => {
                format!(
                    "one {} per {}",
                    self.describe_space(object.of),
                    self.describe_space(*space)
                )
            }
            Value::Record(name) => format!("the record {name}"),
        }
    }
}

/// A type in the user's words.
pub(super) fn type_words(ty: Ty) -> &'static str {
    match ty {
        Ty::Bool => "true or false",
        Ty::I32 => "an integer",
        Ty::I64 => "a 64-bit integer",
        Ty::F32 => "a real number",
        Ty::Index(_) => "an element",
    }
}
