//! How much memory reading takes, from what a file says of itself: batches are
//! cut so that a run stays within its limit.

use crate::batch::Request;
use crate::schema::{Branch, Schema, StoredType};

/// Bytes an event that a counter takes while it is summed up: counts, offsets
/// of 64 bits, and those of the batch.
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

    /// What the counters of a request take.
    pub(super) fn counting(request: &Request) -> Footprint {
        Footprint { event: COUNTER * request.counters.len() as f64, held: 0, piece: 0 }
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
