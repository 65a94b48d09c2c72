//! What a file offers, before anyone reads an event: branches with their
//! stored types, shapes and sizes.

use serde::Serialize;

/// The type of one stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoredType {
    /// One byte, zero or not.
    Bool,
    /// 8-bit signed.
    I8,
    /// 8-bit unsigned.
    U8,
    /// 16-bit signed.
    I16,
    /// 16-bit unsigned.
    U16,
    /// 32-bit signed.
    I32,
    /// 32-bit unsigned.
    U32,
    /// 64-bit signed.
    I64,
    /// 64-bit unsigned.
    U64,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
}

impl StoredType {
    /// The name that users know from NanoAOD documentation and NumPy.
    pub fn name(self) -> &'static str {
        match self {
            StoredType::Bool => "bool",
            StoredType::I8 => "int8",
            StoredType::U8 => "uint8",
            StoredType::I16 => "int16",
            StoredType::U16 => "uint16",
            StoredType::I32 => "int32",
            StoredType::U32 => "uint32",
            StoredType::I64 => "int64",
            StoredType::U64 => "uint64",
            StoredType::F32 => "float32",
            StoredType::F64 => "float64",
        }
    }

    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            StoredType::Bool | StoredType::I8 | StoredType::U8 => 1,
            StoredType::I16 | StoredType::U16 => 2,
            StoredType::I32 | StoredType::U32 | StoredType::F32 => 4,
            StoredType::I64 | StoredType::U64 | StoredType::F64 => 8,
        }
    }
}

/// How many values an event has in a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// One value an event.
    Scalar,
    /// The same number of values in every event.
    Fixed(usize),
    /// A list. Those of one collection have the same name here, which is that of the branch
    /// that counts them, if one does; another branch may have it and count nothing.
    Counted(String),
    /// A number of values that the branch stores itself (`std::vector`).
    Vector,
}

/// One branch that can be read (`stored` is `Some`), or one that cannot, with
/// the reason in `unsupported`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Full name, as in `Jet_pt`.
    pub name: String,
    /// The branch's description in the file.
    pub title: String,
    /// The stored type, if the branch can be read.
    pub stored: Option<StoredType>,
    /// Values an event.
    pub shape: Shape,
    /// Why the branch cannot be read, in a few words.
    pub unsupported: Option<String>,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Bytes on disk.
    pub compressed_bytes: u64,
    /// Number of baskets (TTree) or pages (RNTuple).
    pub baskets: usize,
    /// Compression as a user would name it: `ZSTD 5`, `none`.
    pub compression: String,
}

/// One tree of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Name of the tree, with its directory.
    pub tree: String,
    /// Number of events (entries).
    pub events: u64,
    /// The branches, in file order.
    pub branches: Vec<Branch>,
}

impl Schema {
    /// The branch of this name.
    pub fn branch(&self, name: &str) -> Option<&Branch> {
        self.branches.iter().find(|b| b.name == name)
    }
}

/// What an event or object has in a branch that its file lacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DefaultValue {
    /// The branch, or a collection; or a pattern of them, with `*` and `?`.
    pub branch: String,
    /// Its value.
    pub value: Literal,
}

/// A value as an analysis writes it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum Literal {
    /// `true`, `false`.
    Bool(bool),
    /// `7`: for branches of integers and of real numbers.
    Integer(i64),
    /// `0.5`: for branches of real numbers.
    Real(f64),
    /// `[]`: a collection without elements.
    Empty,
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Literal::Bool(b) => write!(f, "{b}"),
            Literal::Integer(n) => write!(f, "{n}"),
            Literal::Real(x) => write!(f, "{x:?}"),
            Literal::Empty => f.write_str("[]"),
        }
    }
}
