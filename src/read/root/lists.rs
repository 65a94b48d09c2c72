//! Vectors in baskets: each event has a byte count, a version, the number of
//! its values, and the values. Here they become plain values and lengths, with
//! every number checked against the others.

use super::cursor::Cursor;
use crate::error::{Error, Result};

/// The values of a basket, without what stands between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lists {
    /// Number of values of each event.
    pub(super) lengths: Vec<u64>,
    /// The bytes of the values.
    pub(super) values: Vec<u8>,
}

/// Takes vectors of values of `size` bytes apart, for each of `events` events
/// one; at a `depth` above 1 they are vectors of vectors, of which an event has
/// all values in one list.
pub(super) fn unpack(bytes: &[u8], events: u64, depth: usize, size: usize) -> Result<Lists> {
    let mut c = Cursor::new(bytes);
    // An event takes ten bytes at least, so this is no more than the basket's size.
    let room = usize::try_from(events).unwrap_or(usize::MAX).min(bytes.len() / 10);
    let mut lists =
        Lists { lengths: Vec::with_capacity(room), values: Vec::with_capacity(bytes.len()) };
    for number in 0..events {
        let before = lists.values.len();
        entry(&mut c, depth, size, &mut lists.values)
            .map_err(|e| e.within(format!("vector {number} of {events}")))?;
        lists.lengths.push(((lists.values.len() - before) / size) as u64);
    }
    match c.remaining() {
        0 => Ok(lists),
        n => Err(Error::input(format!("{n} bytes follow the last of {events} vectors"))),
    }
}

fn entry(c: &mut Cursor<'_>, depth: usize, size: usize, into: &mut Vec<u8>) -> Result<()> {
    let at = c.pos();
    let header = c.object_header()?;
    let Some(end) = header.end else {
        return Err(Error::input(format!("byte {at}: a vector without a byte count")));
    };
    values(c, depth, size, into)?;
    if c.pos() != end {
        return Err(Error::input(format!(
            "byte {at}: a vector that ends at byte {}, where its byte count says {end}",
            c.pos()
        )));
    }
    Ok(())
}

fn values(c: &mut Cursor<'_>, depth: usize, size: usize, into: &mut Vec<u8>) -> Result<()> {
    let n = c.length()?;
    if depth <= 1 {
        into.extend_from_slice(c.take(n.saturating_mul(size))?);
        return Ok(());
    }
    // Each of them has at least its length: a forged number ends with the bytes.
    for _ in 0..n {
        values(c, depth - 1, size, into)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(content: &[u8]) -> Vec<u8> {
        let count = 0x4000_0000 + 2 + content.len() as u32;
        [&count.to_be_bytes()[..], &[0, 9], content].concat()
    }

    #[test]
    fn vectors_become_values_and_lengths() {
        let flat =
            [vector(&[0, 0, 0, 2, 1, 2, 3, 4]), vector(&[0; 4]), vector(&[0, 0, 0, 1, 5, 6])];
        let lists = unpack(&flat.concat(), 3, 1, 2).expect("is right");
        assert_eq!(lists, Lists { lengths: vec![2, 0, 1], values: vec![1, 2, 3, 4, 5, 6] });
        let nested = vector(&[0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 3]);
        let lists = unpack(&nested, 1, 2, 1).expect("is right");
        assert_eq!(lists, Lists { lengths: vec![3], values: vec![1, 2, 3] });
    }

    /// events, bytes, what is said
    #[test]
    fn wrong_numbers_are_errors() {
        let one = vector(&[0, 0, 0, 1, 5, 6]);
        let mut short = one.clone();
        short[3] -= 1;
        let mut long = one.clone();
        long[9] = 2;
        let mut bare = one.clone();
        bare[0] = 0;
        let cases = [
            (2, one.clone(), "vector 1 of 2"),
            (1, [&one[..], &[0]].concat(), "1 bytes follow the last of 1 vectors"),
            (1, short, "where its byte count says 11"),
            (1, long, "4 more bytes expected, 2 left"),
            (1, bare, "without a byte count"),
            (1, vector(&[0xff; 4]), "a length of -1"),
        ];
        for (events, bytes, said) in cases {
            let error = unpack(&bytes, events, 1, 2).expect_err(said).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
