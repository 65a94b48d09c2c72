//! How much memory reading takes, from what a file says of itself: batches are
//! cut so that a run stays within its limit.

use super::storage::Storage;
use crate::batch::Request;
use crate::schema::{Branch, Schema, StoredType};

/// Bytes an event that a counter takes: its sums, and those of the batch. Some
/// formats have counts besides, or sums of 64 bits.
const COUNTER: f64 = 20.0;

/// Memory that reading the columns of a request takes: an estimate.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Footprint {
    /// Bytes of a batch for each of its events.
    pub event: f64,
    /// Bytes that the reader holds besides, whatever the size of a batch.
    pub held: u64,
    /// The largest piece (basket, page) that a thread decompresses, in bytes.
    pub piece: u64,
}

impl Footprint {
    /// For formats whose branches are stored in pieces of about the same size,
    /// of which a reader keeps the last one of each branch.
    pub(super) fn of_pieces(schema: &Schema, request: &Request) -> Footprint {
        let mut all = Footprint::counting(request);
        for column in &request.columns {
            let Some(branch) = schema.branch(&column.branch) else { continue };
            let piece = branch.bytes / branch.baskets.max(1) as u64;
            all.add(schema.events, widened(branch.bytes, branch, request), piece);
        }
        all
    }

    /// The same of a file that is not on disk: what is fetched for a batch is in
    /// memory as well.
    pub(super) fn fetched(mut self, storage: &Storage, schema: &Schema, request: &Request) -> Self {
        if storage.is_remote() {
            let columns = request.columns.iter().map(|column| &column.branch);
            let branches = columns.chain(&request.counters).filter_map(|name| schema.branch(name));
            let bytes: u64 = branches.map(|branch| branch.compressed_bytes).sum();
            self.event += bytes as f64 / schema.events.max(1) as f64;
        }
        self
    }

    /// What the counters of a request take.
    pub(super) fn counting(request: &Request) -> Footprint {
        Footprint { event: COUNTER * request.counters.len() as f64, held: 0, piece: 0 }
    }

    /// Adds a counter that the request does not have.
    pub(super) fn count(&mut self) {
        self.event += COUNTER;
    }

    /// Adds a column with `bytes` bytes of values in all events, of which a piece is held.
    pub(super) fn add(&mut self, events: u64, bytes: f64, piece: u64) {
        self.event += bytes / events.max(1) as f64;
        self.held = self.held.saturating_add(piece);
        self.piece = self.piece.max(piece);
    }
}

/// Bytes in memory of values that take `bytes` in the file.
pub(super) fn widened(bytes: u64, branch: &Branch, request: &Request) -> f64 {
    let Some(stored) = branch.stored else { return 0.0 };
    let width = match stored {
        StoredType::Bool => 1,
        StoredType::I8 | StoredType::U8 | StoredType::I16 | StoredType::U16 => 4,
        StoredType::I32 | StoredType::F32 => 4,
        StoredType::F64 if !request.keep_doubles => 4,
        StoredType::F64 | StoredType::U32 | StoredType::I64 | StoredType::U64 => 8,
    };
    bytes as f64 * f64::from(width) / stored.size() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::RequestedColumn;
    use crate::schema::Shape;

    fn branch(name: &str, stored: StoredType, bytes: u64, baskets: usize) -> Branch {
        Branch {
            name: name.into(),
            title: String::new(),
            stored: Some(stored),
            shape: Shape::Scalar,
            unsupported: None,
            bytes,
            compressed_bytes: bytes / 2,
            baskets,
            compression: "none".into(),
        }
    }

    #[test]
    fn columns_count_as_they_are_in_memory() {
        let branches = vec![
            branch("Muon_pt", StoredType::F32, 12_000, 3),
            branch("narrow", StoredType::I8, 1000, 1),
            branch("wide", StoredType::F64, 8000, 1),
            branch("unused", StoredType::F64, 8000, 1),
        ];
        let schema = Schema { tree: "Events".into(), events: 1000, branches };
        let column = |name: &str| RequestedColumn { branch: name.into(), counter: None };
        let mut request = Request {
            counters: vec!["nMuon".into()],
            columns: ["Muon_pt", "narrow", "wide"].map(column).to_vec(),
            keep_doubles: false,
        };
        let found = Footprint::of_pieces(&schema, &request);
        assert_eq!(found, Footprint { event: 20.0 + 12.0 + 4.0 + 4.0, held: 13_000, piece: 8000 });
        request.keep_doubles = true;
        assert_eq!(Footprint::of_pieces(&schema, &request).event, 44.0);
        let here = Storage::of_bytes(Vec::new());
        assert_eq!(found.fetched(&here, &schema, &request), found, "nothing is fetched");
    }
}
