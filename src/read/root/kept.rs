//! Ends of baskets, and pages, that the next range of events will need, decompressed, and
//! memory for them that is used again.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// The values at the end of a basket.
pub(super) struct Kept {
    /// The number of the basket in its branch.
    pub(super) basket: usize,
    /// Where in the basket's values these start.
    start: usize,
    pub(super) bytes: Vec<u8>,
}

impl Kept {
    /// The bytes `wanted` of a basket whose values have `total` bytes, if they are here.
    pub(super) fn get(&self, basket: usize, wanted: &Range<usize>, total: usize) -> Option<&[u8]> {
        if self.basket != basket || self.start + self.bytes.len() != total {
            return None;
        }
        let start = wanted.start.checked_sub(self.start)?;
        self.bytes.get(start..start + wanted.len())
    }
}

/// Memory of ends that are no longer needed.
#[derive(Default)]
pub(super) struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    /// Keeps the values of a basket from byte `start` on.
    pub(super) fn keep(&self, basket: usize, values: &[u8], start: usize) -> Kept {
        Kept { basket, start, bytes: self.copy(&values[start..]) }
    }

    /// A copy of some bytes.
    pub(super) fn copy(&self, bytes: &[u8]) -> Vec<u8> {
        let mut copy = self.take(bytes.len());
        copy.extend_from_slice(bytes);
        copy
    }

    /// An empty buffer with room for `length` bytes.
    fn take(&self, length: usize) -> Vec<u8> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |(at, buffer): (usize, &Vec<u8>)| {
            (buffer.capacity() >= length).then_some((buffer.capacity(), at))
        };
        match free.iter().enumerate().filter_map(fits).min() {
            Some((_, at)) => {
                let mut buffer = free.swap_remove(at);
                buffer.clear();
                buffer
            }
            None => {
                // One that is too small will hardly be of use again.
                free.pop();
                Vec::with_capacity(length.saturating_add(length / 16))
            }
        }
    }

    /// Takes back what is no longer needed.
    pub(super) fn give_back(&mut self, bytes: Vec<u8>) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_found_and_their_memory_is_used_again() {
        let mut buffers = Buffers::default();
        let kept = buffers.keep(7, &[1, 2, 3, 4, 5], 2);
        // basket, first, end, total, what is found
        type Row<'a> = (usize, usize, usize, usize, Option<&'a [u8]>);
        let table: [Row<'_>; 6] = [
            (7, 2, 5, 5, Some(&[3, 4, 5])),
            (7, 3, 4, 5, Some(&[4])),
            (7, 1, 5, 5, None),
            (7, 2, 6, 5, None),
            (7, 2, 5, 6, None),
            (8, 2, 5, 5, None),
        ];
        for (basket, first, end, total, found) in table {
            assert_eq!(kept.get(basket, &(first..end), total), found, "{basket} {first}..{end}");
        }
        let place = kept.bytes.as_ptr();
        buffers.give_back(kept.bytes);
        assert_ne!(buffers.keep(0, &[0; 100], 0).bytes.as_ptr(), place, "too small");
        let kept = buffers.keep(1, &[9, 8], 0);
        let place = kept.bytes.as_ptr();
        buffers.give_back(kept.bytes);
        let again = buffers.keep(2, &[6, 5, 4], 1);
        assert_eq!((again.bytes.as_ptr(), again.get(2, &(1..3), 3)), (place, Some(&[5, 4][..])));
    }
}
