//! From a place in an expression's text to its place in the analysis file:
//! quotes, escapes and folded lines make the two differ.

use crate::syntax::Span;

/// Where each byte of a text stands in the analysis file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextMap {
    /// File offset of the text's first byte, if `table` is empty.
    shift: usize,
    /// For each byte of the text, the file's bytes of the character it is part
    /// of; ascending. Empty if the text stands in the file as it is.
    table: Vec<Span>,
}

impl TextMap {
    /// The text stands in the file as it is, from byte `offset` on.
    pub fn shift(offset: usize) -> Self {
        TextMap { shift: offset, table: Vec::new() }
    }

    /// One place in the file for each byte of a text; the places must ascend.
    /// `offset` is where an empty text stands.
    pub fn table(offset: usize, places: Vec<Span>) -> Self {
        TextMap { shift: offset, table: places }
    }

    /// The place in the file of bytes `start..end` of the text.
    pub fn span(&self, start: usize, end: usize) -> Span {
        if self.table.is_empty() {
            return Span { start: self.shift + start, end: self.shift + end };
        }
        let first = match (self.table.get(start), self.table.last()) {
            (Some(place), _) => place.start,
            (None, last) => last.map_or(self.shift, |place| place.end),
        };
        let last = match end.checked_sub(1).and_then(|i| self.table.get(i)) {
            Some(place) if start < end => place.end.max(first),
            _ => first,
        };
        Span { start: first, end: last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_and_tables() {
        let span = |start, end| Span { start, end };
        assert_eq!(TextMap::shift(7).span(1, 3), span(8, 10));
        // `a\tb` written with an escape at file offset 10: a, \t (two bytes), b.
        let map = TextMap::table(10, vec![span(10, 11), span(11, 13), span(13, 14)]);
        assert_eq!(map.span(0, 1), span(10, 11));
        assert_eq!(map.span(1, 3), span(11, 14));
        assert_eq!(map.span(3, 3), span(14, 14));
        assert_eq!(TextMap::table(5, vec![]).span(0, 0), span(5, 5));
    }
}
