//! What the branches of a tree hold, by the classes of branch and leaf.

use super::objects::Record;
use super::packed::Packing;
use crate::schema::{Shape, StoredType};

/// What the codes of types have added to them for arrays.
const ARRAY: i64 = 20;
/// How deep vectors may nest in vectors.
const MAX_DEPTH: usize = 8;

/// How the values of an event lie in a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// One, and nothing between them.
    Plain,
    /// This many in every event.
    Fixed(usize),
    /// This many for each of those that a branch counts.
    Counted(String, usize),
    /// A vector with its own length; of vectors, if it is deeper than 1.
    Lists(usize),
    /// Nothing lies anywhere: the branch says how many values lists have.
    Lengths,
}

impl Layout {
    /// Whether an event may have more values than one.
    pub(super) fn is_list(&self) -> bool {
        !matches!(self, Layout::Plain | Layout::Lengths)
    }
}

/// What a branch holds, if it can be read.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) stored: StoredType,
    /// How values are packed, if they are not simply stored.
    pub(super) packing: Option<Packing>,
    pub(super) layout: Layout,
    pub(super) shape: Shape,
}

impl Content {
    /// One value an event.
    pub(super) fn scalar(stored: StoredType) -> Content {
        Content { stored, packing: None, layout: Layout::Plain, shape: Shape::Scalar }
    }

    /// What a leaf of fixed length `n` holds, or rows of it.
    pub(super) fn leaf(stored: StoredType, counter: Option<String>, n: usize) -> Content {
        let (layout, shape) = match (counter, n) {
            (None, 1) => (Layout::Plain, Shape::Scalar),
            (None, n) => (Layout::Fixed(n), Shape::Fixed(n)),
            (Some(name), n) => (Layout::Counted(name, n), Shape::Vector),
        };
        Content { stored, packing: None, layout, shape }
    }
}

/// A branch of class `TBranchElement`: a vector, or a member that was split off.
pub(super) fn element(branch: &Record<'_>) -> Result<Content, String> {
    let class = branch.text("fClassName");
    let name = or_unknown(class);
    let code = branch.number("fStreamerType");
    if Part::of(branch).is_some() {
        return Err(format!("part of a split collection of {name}"));
    }
    if let Some((stored, depth)) = vector_of(class) {
        let (layout, shape) = (Layout::Lists(depth), Shape::Vector);
        return Ok(Content { stored, packing: None, layout, shape });
    }
    if branch.number("fID") >= 0 {
        return member_type(code)
            .map(Content::scalar)
            .ok_or_else(|| format!("a member of class {name} that is not one number"));
    }
    Err(format!("an object of class {name}"))
}

/// What a branch is to a collection of objects that has a branch a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It holds how many objects there are.
    Counter,
    /// It holds a member of all of them.
    Member,
}

impl Part {
    /// Collections are `std` ones (4) or of ROOT's (`TClonesArray`, 3).
    pub(super) fn of(branch: &Record<'_>) -> Option<Part> {
        match branch.number("fType") {
            _ if branch.class != "TBranchElement" => None,
            3 | 4 => Some(Part::Counter),
            31 | 41 => Some(Part::Member),
            _ => None,
        }
    }
}

/// A member of a split collection: `n` numbers for each object.
pub(super) fn member(branch: &Record<'_>, counter: String, n: usize) -> Result<Content, String> {
    let code = branch.number("fStreamerType");
    let stored = member_type(code).or_else(|| member_type(code - ARRAY).filter(|_| n > 1));
    let stored = stored.ok_or_else(|| match code {
        9 | 19 | 29 | 39 => "numbers of few bits in a split collection".to_owned(),
        _ => format!(
            "a member of class {} that is not numbers",
            or_unknown(branch.text("fClassName"))
        ),
    })?;
    Ok(Content::leaf(stored, Some(counter), n))
}

/// A class name, or that there is none.
pub(super) fn or_unknown(class: &str) -> &str {
    if class.is_empty() { "(unknown)" } else { class }
}

/// The type of values of a leaf.
pub(super) fn leaf_type(class: &str, unsigned: bool) -> Option<StoredType> {
    Some(match (class, unsigned) {
        ("TLeafO", _) => StoredType::Bool,
        ("TLeafB", false) => StoredType::I8,
        ("TLeafB", true) => StoredType::U8,
        ("TLeafS", false) => StoredType::I16,
        ("TLeafS", true) => StoredType::U16,
        ("TLeafI", false) => StoredType::I32,
        ("TLeafI", true) => StoredType::U32,
        ("TLeafL" | "TLeafG", false) => StoredType::I64,
        ("TLeafL" | "TLeafG", true) => StoredType::U64,
        ("TLeafF", _) => StoredType::F32,
        ("TLeafF16", _) => StoredType::F32,
        ("TLeafD" | "TLeafD32", _) => StoredType::F64,
        _ => return None,
    })
}

/// The basic types of `TStreamerInfo`.
fn member_type(code: i64) -> Option<StoredType> {
    Some(match code {
        1 => StoredType::I8,
        2 => StoredType::I16,
        3 | 6 => StoredType::I32,
        4 | 16 => StoredType::I64,
        5 => StoredType::F32,
        8 => StoredType::F64,
        11 => StoredType::U8,
        12 => StoredType::U16,
        13 => StoredType::U32,
        14 | 17 => StoredType::U64,
        18 => StoredType::Bool,
        _ => return None,
    })
}

/// Type of the values of a vector (of vectors, and so on), and how deep they are.
fn vector_of(class: &str) -> Option<(StoredType, usize)> {
    let mut inner = class.trim();
    for depth in 0..=MAX_DEPTH {
        let plain = inner.strip_prefix("std::").unwrap_or(inner);
        let opened = ["vector<", "ROOT::VecOps::RVec<"].iter().find_map(|v| plain.strip_prefix(v));
        match opened {
            Some(rest) => inner = rest.strip_suffix('>')?.trim(),
            None => return value_type(inner).filter(|_| depth > 0).map(|stored| (stored, depth)),
        }
    }
    None
}

fn value_type(name: &str) -> Option<StoredType> {
    Some(match name {
        "bool" | "Bool_t" => StoredType::Bool,
        "char" | "signed char" | "Char_t" | "int8_t" => StoredType::I8,
        "unsigned char" | "UChar_t" | "uint8_t" => StoredType::U8,
        "short" | "Short_t" | "int16_t" => StoredType::I16,
        "unsigned short" | "UShort_t" | "uint16_t" => StoredType::U16,
        "int" | "Int_t" | "int32_t" => StoredType::I32,
        "unsigned int" | "UInt_t" | "uint32_t" => StoredType::U32,
        "long" | "long long" | "Long_t" | "Long64_t" | "int64_t" => StoredType::I64,
        "unsigned long" | "unsigned long long" | "ULong_t" | "ULong64_t" | "uint64_t" => {
            StoredType::U64
        }
        // In vectors, ROOT writes doubles of this type as single ones.
        "float" | "Float_t" | "Double32_t" => StoredType::F32,
        "double" | "Double_t" => StoredType::F64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_known_by_their_class() {
        let cases = [
            ("vector<float>", Some((StoredType::F32, 1))),
            ("vector<vector<unsigned short> >", Some((StoredType::U16, 2))),
            ("std::vector<std::vector<std::vector<bool>>>", Some((StoredType::Bool, 3))),
            ("ROOT::VecOps::RVec<Long64_t>", Some((StoredType::I64, 1))),
            ("vector<Double32_t>", Some((StoredType::F32, 1))),
            ("vector<string>", None),
            ("vector<int", None),
            ("vector<>", None),
            ("float", None),
            ("", None),
        ];
        for (class, expected) in cases {
            assert_eq!(vector_of(class), expected, "{class}");
        }
    }
}
