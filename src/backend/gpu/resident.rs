//! Columns that stay on the device: batches that are evaluated again, by the same plan
//! with other values of the parameters or by another one, go up once.
//!
//! A plan has the columns of a chunk in one buffer, its *arena*. Where another plan lays
//! them out in another way, its arena is put together on the device from those that are
//! there: a column is known by its batch, the events and its number.

use super::arena::Span;
use super::emit::Extra;
use crate::batch::Batch;
use std::ops::Range;
use std::sync::{Arc, Weak};

/// Most bytes that stay, if nothing else is said.
const MOST_BYTES: u64 = 4 << 30;

/// The arenas that stay, as long as somebody has their batches and they are used.
#[derive(Debug)]
pub(super) struct Residents {
    most: u64,
    /// Uses so far.
    uses: u64,
    known: Vec<Known>,
}

impl Default for Residents {
    fn default() -> Residents {
        Residents { most: MOST_BYTES, uses: 0, known: Vec::new() }
    }
}

/// Some events that were evaluated, and that may come again.
#[derive(Debug)]
struct Known {
    batch: Weak<Batch>,
    place: Place,
    /// The number of its last use.
    used: u64,
    /// Its columns, if they are on the device.
    arena: Option<Arena>,
}

#[derive(Debug)]
struct Arena {
    pieces: Vec<Span>,
    buffer: wgpu::Buffer,
}

/// Which part of a batch an arena has, and what follows the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The events, counted from the batch's first.
    pub(super) events: Range<usize>,
    /// What a plan needs besides columns.
    pub(super) extras: Vec<Extra>,
}

impl Known {
    fn is_of(&self, batch: &Arc<Batch>) -> bool {
        std::ptr::eq(self.batch.as_ptr(), Arc::as_ptr(batch))
    }

    fn bytes(&self) -> u64 {
        self.arena.as_ref().map_or(0, |arena| arena.buffer.size())
    }
}

impl Residents {
    /// The arena of some events of a batch. Those of batches that are gone go, too.
    pub(super) fn find(&mut self, batch: &Arc<Batch>, place: &Place) -> Option<wgpu::Buffer> {
        self.known.retain(|known| known.batch.strong_count() > 0);
        let known = self.known.iter_mut().find(|k| k.is_of(batch) && k.place == *place)?;
        let arena = known.arena.as_ref()?;
        self.uses += 1;
        known.used = self.uses;
        Some(arena.buffer.clone())
    }

    /// Makes room for an arena that is not there: those go that were used longest ago, but
    /// none that was used since these events were. So of events that are too many and
    /// come in turns some stay. False if there is no room.
    pub(super) fn make_room(&mut self, batch: &Arc<Batch>, place: &Place, bytes: u64) -> bool {
        self.uses += 1;
        let uses = self.uses;
        let same = |known: &&mut Known| known.is_of(batch) && known.place == *place;
        let before = match self.known.iter_mut().find(same) {
            Some(known) => std::mem::replace(&mut known.used, uses),
            None => {
                let (batch, place) = (Arc::downgrade(batch), place.clone());
                self.known.push(Known { batch, place, used: uses, arena: None });
                0
            }
        };
        let old = |known: &&mut Known| known.arena.is_some() && known.used < before;
        let free: u64 = self.known.iter_mut().filter(old).map(|known| known.bytes()).sum();
        if self.bytes() - free + bytes > self.most {
            return false;
        }
        self.shrink(self.most - bytes);
        true
    }

    /// Lets go what was used longest ago, until no more than these bytes stay.
    fn shrink(&mut self, most: u64) {
        while self.bytes() > most {
            let there = self.known.iter_mut().filter(|known| known.arena.is_some());
            let Some(oldest) = there.min_by_key(|known| known.used) else { return };
            oldest.arena = None;
        }
    }

    /// Those of these pieces that are on the device: each with the buffer that has it, and
    /// where it begins there in bytes.
    pub(super) fn pieces(
        &self,
        batch: &Arc<Batch>,
        events: &Range<usize>,
        wanted: &[Span],
    ) -> Vec<(Span, wgpu::Buffer, u64)> {
        let same = |known: &&Known| known.is_of(batch) && known.place.events == *events;
        let arenas = self.known.iter().filter(same).filter_map(|known| known.arena.as_ref());
        let find = |span: &Span| {
            arenas.clone().find_map(|arena| {
                let there = arena.pieces.iter().find(|there| there.piece == span.piece)?;
                Some((span.clone(), arena.buffer.clone(), 4 * there.words.start as u64))
            })
        };
        wanted.iter().filter_map(find).collect()
    }

    /// Keeps the arena of events for which there is room.
    pub(super) fn keep(
        &mut self,
        batch: &Arc<Batch>,
        place: &Place,
        pieces: Vec<Span>,
        buffer: wgpu::Buffer,
    ) {
        let known = self.known.iter_mut().find(|k| k.is_of(batch) && k.place == *place);
        if let Some(known) = known {
            known.arena = Some(Arena { pieces, buffer });
        }
        // Passes of other threads may have taken the room meanwhile.
        self.shrink(self.most);
    }

    /// Bytes that stay at present.
    pub(super) fn bytes(&self) -> u64 {
        self.known.iter().map(Known::bytes).sum()
    }

    /// Lets no more than these bytes stay.
    pub(super) fn limit(&mut self, bytes: u64) {
        self.most = bytes;
        self.shrink(bytes);
    }
}
