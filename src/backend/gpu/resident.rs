//! Columns that stay on the device: batches that are evaluated again, with other
//! values of the parameters, are uploaded once.

use crate::batch::Batch;
use std::ops::Range;
use std::sync::{Arc, Weak};

/// Most words that stay, 4 GiB: what does not fit is uploaded each time.
const MOST_WORDS: u64 = 1 << 30;

/// The arenas that stay, as long as somebody has their batches.
#[derive(Debug, Default)]
pub(super) struct Residents {
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    batch: Weak<Batch>,
    place: Place,
    arena: wgpu::Buffer,
}

/// Which part of a batch an arena has, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Describes everything that the order of columns follows from.
    pub(super) layout: String,
    /// The events, counted from the batch's first.
    pub(super) events: Range<usize>,
}

impl Residents {
    /// The arena of some events of a batch. Those of batches that are gone go, too.
    pub(super) fn find(&mut self, batch: &Arc<Batch>, place: &Place) -> Option<wgpu::Buffer> {
        self.kept.retain(|kept| kept.batch.strong_count() > 0);
        let same = |kept: &&Kept| {
            std::ptr::eq(kept.batch.as_ptr(), Arc::as_ptr(batch)) && kept.place == *place
        };
        self.kept.iter().find(same).map(|kept| kept.arena.clone())
    }

    /// Whether an arena of so many words can stay.
    pub(super) fn has_room(&self, words: usize) -> bool {
        let bytes: u64 = self.kept.iter().map(|kept| kept.arena.size()).sum();
        bytes / 4 + words as u64 <= MOST_WORDS
    }

    /// Keeps an arena.
    pub(super) fn keep(&mut self, batch: &Arc<Batch>, place: Place, arena: wgpu::Buffer) {
        self.kept.push(Kept { batch: Arc::downgrade(batch), place, arena });
    }
}
