//! Where the entries of a basket start, as its writer noted it behind the values: what a
//! counter says of the same events is checked against it.

use crate::error::{Error, Result};
use crate::wide_registers::wide_registers;

/// What lies behind the values of a basket; not all writers leave notes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notes<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether they are how long the entries are, and not where they start.
    pub(super) lengths: bool,
}

/// The most bytes that notes of so many entries take: two lists of numbers of 32 bits,
/// each with its length and one number more.
pub(super) fn most_bytes(entries: u64) -> u64 {
    entries.saturating_mul(8).saturating_add(16)
}

impl Notes<'_> {
    /// An error if an entry has another number of values, of `size` bytes each, than
    /// `offsets` say, of which the first is of event `event`.
    pub(super) fn check(self, offsets: &[u32], size: usize, event: u64) -> Result<()> {
        let entries = offsets.len().saturating_sub(1);
        // Their number comes first; uproot 3 has left a wrong one.
        let notes = self.bytes.get(4..).unwrap_or_default().as_chunks::<4>().0;
        let Some(notes) = notes.get(..entries).filter(|notes| !notes.is_empty()) else {
            return Ok(());
        };
        let size = size as u32;
        let mut differ = 0;
        match self.lengths {
            false => compare_places(notes, offsets, size, &mut differ),
            true => compare_lengths(notes, offsets, size, &mut differ),
        }
        if differ == 0 {
            return Ok(());
        }
        let note = |i: usize| u32::from_be_bytes(notes[i]);
        let noted = |i: usize| match self.lengths {
            false => note(i).wrapping_sub(note(i - 1)),
            true => note(i),
        };
        let counted = |i: usize| offsets[i].wrapping_sub(offsets[i - 1]);
        let wrong = (1..entries).find(|&i| noted(i) != counted(i).wrapping_mul(size));
        let wrong = wrong.unwrap_or(1);
        Err(Error::input(format!(
            "event {} has {} bytes of values here, where its counter says {} values of {size}: \
             one of the two branches is damaged",
            event + wrong as u64 - 1,
            noted(wrong) as i32,
            counted(wrong)
        )))
    }
}

wide_registers! {
    /// Sets a bit of `differ` if an entry does not start where the offsets say.
    fn compare_places(notes: &[[u8; 4]], offsets: &[u32], size: u32, differ: &mut u32) {
        let (start, base) = (u32::from_be_bytes(notes[0]), offsets[0]);
        let mut bits = 0;
        for (&note, &offset) in notes.iter().zip(offsets) {
            let noted = u32::from_be_bytes(note).wrapping_sub(start);
            bits |= noted ^ offset.wrapping_sub(base).wrapping_mul(size);
        }
        *differ = bits;
    }
}

wide_registers! {
    /// The same if an entry is not as long as they say; the first note says nothing.
    fn compare_lengths(notes: &[[u8; 4]], offsets: &[u32], size: u32, differ: &mut u32) {
        let mut bits = 0;
        for (&note, ends) in notes[1..].iter().zip(offsets.windows(2)) {
            bits |= u32::from_be_bytes(note) ^ ends[1].wrapping_sub(ends[0]).wrapping_mul(size);
        }
        *differ = bits;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// whether lengths, number of notes, notes, what is said; the events 7, 8, 9 and 10
    /// have 2, 0, 3 and 1 values of 4 bytes
    #[test]
    fn notes_agree_with_counts_or_not() {
        let table: [(bool, u32, &[u32], &str); 9] = [
            (false, 5, &[70, 78, 78, 90, 0], ""),
            (false, 4, &[70, 78, 78, 90], ""),
            (false, 5, &[0, 8, 8, 20, 999], ""),
            (false, 5, &[70, 70, 78, 90, 0], "event 7 has 0 bytes of values here, where its"),
            (false, 5, &[70, 78, 78, 86, 0], "event 9 has 8 bytes of values here, where its"),
            (true, 5, &[0, 8, 0, 12, 4], ""),
            (true, 5, &[0, 8, 12, 0, 4], "event 8 has 12 bytes of values here, where its counter"),
            (false, 3, &[70, 78, 78, 90, 0], ""),
            (false, 5, &[70, 70], ""),
        ];
        let offsets = [100, 102, 102, 105, 106];
        for (lengths, n, notes, expected) in table {
            let all = [&[n][..], notes].concat();
            let bytes: Vec<u8> = all.iter().flat_map(|note| note.to_be_bytes()).collect();
            let found = Notes { bytes: &bytes, lengths }.check(&offsets, 4, 7);
            let said = found.err().map_or(String::new(), |e| e.to_string());
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{said}");
        }
        let nothing = Notes { bytes: &[], lengths: false };
        assert_eq!(nothing.check(&offsets, 4, 7), Ok(()));
    }
}
