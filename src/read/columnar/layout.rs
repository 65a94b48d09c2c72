//! From the columns of a table to branches: `Muon_pt: list<float>`, `Muon:
//! list<struct<pt, eta>>` and `MET: struct<pt, phi>` give the names of NanoAOD.

use crate::read::counting::{Kind, counters};
use crate::schema::{Branch, Shape, StoredType};
use arrow_schema::{DataType, Field, Fields};
use std::collections::{HashMap, HashSet};

/// Steps to a value at most.
const MAX_DEPTH: usize = 16;

/// A step from a column towards the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Into the items of lists.
    Items,
    /// Into a field of a record.
    Field(usize),
}

/// Where the values of a branch are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Number of the column of the table.
    pub(super) column: usize,
    /// Number of the leaf, counting the leaves of all columns.
    pub(super) number: usize,
    pub(super) steps: Vec<Step>,
}

/// What a branch stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing that can be read.
    Unknown,
    /// The values of a leaf.
    Values(Leaf),
    /// The lengths of the lists around a leaf: the table has no column that counts.
    Lengths(Leaf),
}

/// The branches of a table, with what they stand for.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) branches: Vec<Branch>,
    pub(super) contents: Vec<Content>,
    /// Number of leaves of all columns.
    pub(super) leaves: usize,
}

/// The type of values that a branch can hold.
pub(super) fn stored(data_type: &DataType) -> Option<StoredType> {
    Some(match data_type {
        DataType::Boolean => StoredType::Bool,
        DataType::Int8 => StoredType::I8,
        DataType::UInt8 => StoredType::U8,
        DataType::Int16 => StoredType::I16,
        DataType::UInt16 => StoredType::U16,
        DataType::Int32 => StoredType::I32,
        DataType::UInt32 => StoredType::U32,
        DataType::Int64 => StoredType::I64,
        DataType::UInt64 => StoredType::U64,
        // Every half is a single.
        DataType::Float16 | DataType::Float32 => StoredType::F32,
        DataType::Float64 => StoredType::F64,
        _ => return None,
    })
}

/// Why values of this type cannot be read, in a few words.
fn reason(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => "a time".to_owned(),
        DataType::Dictionary(..) => "a dictionary of values".to_owned(),
        DataType::Map(..) => "a map".to_owned(),
        other => {
            let name: String = other.to_string().chars().take(40).collect();
            format!("values of type {name}")
        }
    }
}

/// Number of leaves of a column of this type.
pub(super) fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|f| leaves(f.data_type())).sum(),
        DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::ListView(inner)
        | DataType::LargeListView(inner)
        | DataType::FixedSizeList(inner, _)
        | DataType::Map(inner, _) => leaves(inner.data_type()),
        _ => 1,
    }
}

/// A branch before it is known what counts it.
struct Found {
    name: String,
    kind: Result<StoredType, String>,
    /// The lists around the values.
    list: Option<List>,
    leaf: Leaf,
}

#[derive(Clone)]
enum List {
    /// Records, with the name of what counts them: `nX` for the column `X`.
    Records(String),
    /// Values: the collection is the beginning of the name.
    Values,
    /// Lists in lists, or of a fixed length: no other column has their lengths.
    Own,
}

/// A place in a column, on the way to its leaves.
#[derive(Clone)]
struct Place {
    name: String,
    column: usize,
    steps: Vec<Step>,
    list: Option<List>,
}

impl Layout {
    /// The branches of the columns of a table; `refused` says of leaves, by their numbers,
    /// why they cannot be read.
    pub(super) fn new(fields: &Fields, refused: &HashMap<usize, String>) -> Layout {
        let mut found = Vec::new();
        let mut number = 0;
        for (column, field) in fields.iter().enumerate() {
            let place = Place { name: field.name().clone(), column, steps: Vec::new(), list: None };
            walk(field, place, &mut number, &mut found);
        }
        for one in &mut found {
            if let Some(reason) = refused.get(&one.leaf.number) {
                one.kind = Err(reason.clone());
            }
        }
        let mut layout = Layout { leaves: number, ..Layout::default() };
        layout.fill(found);
        layout
    }

    fn fill(&mut self, mut found: Vec<Found>) {
        let mut names = HashSet::new();
        for one in &mut found {
            if !names.insert(one.name.clone()) {
                one.kind = Err("another column gives a branch of this name".to_owned());
            }
        }
        let kinds = found.iter().map(|one| {
            let kind = match (&one.kind, &one.list) {
                (Err(_), _) => Kind::Other,
                (Ok(stored), None) => Kind::of_scalar(Some(*stored)),
                (Ok(_), Some(List::Records(counter))) => Kind::Counted(counter),
                (Ok(_), Some(List::Values)) => Kind::List,
                (Ok(_), Some(List::Own)) => Kind::Alone,
            };
            (one.name.as_str(), kind)
        });
        let counters = counters(kinds);
        for (one, counter) in found.into_iter().zip(counters) {
            let content = match one.kind {
                Ok(_) => Content::Values(one.leaf.clone()),
                Err(_) => Content::Unknown,
            };
            let shape = match (counter, one.list) {
                (Some(counter), _) => {
                    if counter.new {
                        let lengths = Content::Lengths(one.leaf);
                        self.push(&counter.name, Ok(StoredType::U32), Shape::Scalar, lengths);
                    }
                    Shape::Counted(counter.name)
                }
                (None, Some(_)) => Shape::Vector,
                (None, None) => Shape::Scalar,
            };
            self.push(&one.name, one.kind, shape, content);
        }
    }

    fn push(
        &mut self,
        name: &str,
        kind: Result<StoredType, String>,
        shape: Shape,
        content: Content,
    ) {
        let (stored, unsupported) = match kind {
            Ok(stored) => (Some(stored), None),
            Err(reason) => (None, Some(reason)),
        };
        self.branches.push(Branch {
            name: name.to_owned(),
            title: String::new(),
            stored,
            shape,
            unsupported,
            bytes: 0,
            compressed_bytes: 0,
            baskets: 0,
            compression: String::new(),
        });
        self.contents.push(content);
    }
}

fn walk(field: &Field, place: Place, number: &mut usize, found: &mut Vec<Found>) {
    let mut push = |place: Place, kind, number: &mut usize| {
        let leaf = Leaf { column: place.column, number: *number, steps: place.steps };
        found.push(Found { name: place.name, kind, list: place.list, leaf });
        *number += leaves(field.data_type());
    };
    let nested = place.list.is_some();
    match field.data_type() {
        DataType::Struct(fields) => {
            for (index, inner) in fields.iter().enumerate() {
                let mut place = place.clone();
                place.name = format!("{}_{}", place.name, inner.name());
                place.steps.push(Step::Field(index));
                walk(inner, place, number, found);
            }
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)
            if place.steps.len() == MAX_DEPTH =>
        {
            push(place, Err(format!("lists deeper than {MAX_DEPTH}")), number);
        }
        data_type @ (DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::FixedSizeList(inner, _)) => {
            let mut place = place;
            place.steps.push(Step::Items);
            place.list = Some(match (inner.data_type(), data_type) {
                _ if nested => List::Own,
                (_, DataType::FixedSizeList(..)) => List::Own,
                (DataType::Struct(_), _) => List::Records(format!("n{}", place.name)),
                _ => List::Values,
            });
            walk(inner, place, number, found);
        }
        other => push(place, stored(other).ok_or_else(|| reason(other)), number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, data_type: DataType) -> Field {
        Field::new(name, data_type, false)
    }

    fn list(inner: DataType) -> DataType {
        DataType::new_list(inner, false)
    }

    fn record(fields: &[(&str, DataType)]) -> DataType {
        let fields = fields.iter().map(|(name, data_type)| field(name, data_type.clone()));
        DataType::Struct(fields.collect())
    }

    #[test]
    fn columns_become_branches() {
        use DataType::{Float32, Int32, UInt32, Utf8};
        let muon = record(&[("pt", Float32), ("hits", list(Int32)), ("charge", Int32)]);
        let columns: Fields = [
            field("run", UInt32),
            field("MET", record(&[("pt", Float32), ("phi", Float32)])),
            field("Muon", list(muon)),
            field("nJet", UInt32),
            field("Jet_pt", list(Float32)),
            field("nJet_all", UInt32),
            field("Jet_all_pt", list(Float32)),
            field("Tau_pt", list(Float32)),
            field("Tau_dz", list(Float32)),
            field("MET_pt", Float32),
            field("name", Utf8),
            field("weights", list(Float32)),
            field("cov", DataType::new_fixed_size_list(Float32, 4, false)),
            field("nbad", Float32),
            field("bad_pt", list(Float32)),
            field("word", list(Utf8)),
        ]
        .into_iter()
        .collect();
        let layout = Layout::new(&columns, &HashMap::new());
        let mut text = String::new();
        for (branch, content) in layout.branches.iter().zip(&layout.contents) {
            let kind = branch.stored.map_or("-", StoredType::name);
            let content = match content {
                Content::Unknown => "-".to_owned(),
                Content::Values(leaf) => format!("leaf {}", leaf.number),
                Content::Lengths(leaf) => format!("lengths at leaf {}", leaf.number),
            };
            let why = branch.unsupported.as_deref().unwrap_or("");
            text += &format!("{} {kind} {:?} {content} {why}\n", branch.name, branch.shape);
        }
        let expected = "\
            run uint32 Scalar leaf 0 \n\
            MET_pt float32 Scalar leaf 1 \n\
            MET_phi float32 Scalar leaf 2 \n\
            nMuon uint32 Scalar lengths at leaf 3 \n\
            Muon_pt float32 Counted(\"nMuon\") leaf 3 \n\
            nMuon_hits uint32 Scalar lengths at leaf 4 \n\
            Muon_hits int32 Counted(\"nMuon_hits\") leaf 4 \n\
            Muon_charge int32 Counted(\"nMuon\") leaf 5 \n\
            nJet uint32 Scalar leaf 6 \n\
            Jet_pt float32 Counted(\"nJet\") leaf 7 \n\
            nJet_all uint32 Scalar leaf 8 \n\
            Jet_all_pt float32 Counted(\"nJet\") leaf 9 \n\
            nTau uint32 Scalar lengths at leaf 10 \n\
            Tau_pt float32 Counted(\"nTau\") leaf 10 \n\
            Tau_dz float32 Counted(\"nTau\") leaf 11 \n\
            MET_pt - Scalar - another column gives a branch of this name\n\
            name - Scalar - text\n\
            nweights uint32 Scalar lengths at leaf 14 \n\
            weights float32 Counted(\"nweights\") leaf 14 \n\
            ncov uint32 Scalar lengths at leaf 15 \n\
            cov float32 Counted(\"ncov\") leaf 15 \n\
            nbad float32 Scalar leaf 16 \n\
            bad_pt float32 Counted(\"nbad\") leaf 17 \n\
            word - Vector - text\n";
        assert_eq!(text, expected);
        assert_eq!(layout.leaves, 19);
    }
}
