//! Where each byte of a YAML scalar's value stands in the file: quotes and
//! escapes are longer than what they mean, and folding turns line breaks and
//! indentation into single spaces.

use saphyr_parser::ScalarStyle;

use crate::lang::text_map::TextMap;
use crate::syntax::Span;

/// The map from `value`, a scalar of a style, to its place in the file: `raw`
/// is how it is written and `offset` where.
///
/// Characters are matched in order: white space of the value stands for any
/// white space of the file, and what is not white space stands for itself or
/// for an escape. If the two part ways, the rest gets the place where they did.
pub(super) fn text_map(raw: &str, offset: usize, value: &str, style: ScalarStyle) -> TextMap {
    let quotes = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    let body = if quotes { 1.min(raw.len()) } else { 0 };
    if raw[body..].starts_with(value) {
        return TextMap::shift(offset + body);
    }
    let mut walk = Walk { raw, at: body, style };
    let mut places = Vec::with_capacity(value.len());
    for c in value.chars() {
        let (start, end) = if is_space(c) { walk.space(c) } else { walk.solid(c) };
        let place = Span { start: offset + start, end: offset + end };
        places.extend(std::iter::repeat_n(place, c.len_utf8()));
    }
    TextMap::table(offset + body, places)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

struct Walk<'r> {
    raw: &'r str,
    at: usize,
    style: ScalarStyle,
}

impl Walk<'_> {
    fn peek(&self) -> Option<char> {
        self.raw[self.at..].chars().next()
    }

    /// Steps over `length` bytes, not past the end and not into a character.
    fn take(&mut self, length: usize) -> (usize, usize) {
        let start = self.at;
        let mut end = (start + length).min(self.raw.len());
        while !self.raw.is_char_boundary(end) {
            end += 1;
        }
        self.at = end;
        (start, end)
    }

    /// The place of white space: one character of it, or nothing if it was
    /// made by folding.
    fn space(&mut self, c: char) -> (usize, usize) {
        match self.peek() {
            Some(found) if found == c => self.take(c.len_utf8()),
            Some('\\') if self.style == ScalarStyle::DoubleQuoted => {
                let length = self.escape();
                self.take(length)
            }
            _ => (self.at, self.at),
        }
    }

    /// The place of a character that is not white space.
    fn solid(&mut self, c: char) -> (usize, usize) {
        loop {
            match self.peek() {
                Some(found) if is_space(found) => self.at += found.len_utf8(),
                Some('\\') if self.style == ScalarStyle::DoubleQuoted => {
                    let length = self.escape();
                    let breaks = self.raw[self.at + 1..].starts_with(['\n', '\r']);
                    let place = self.take(length);
                    if !breaks {
                        return place;
                    }
                }
                Some('\'') if c == '\'' && self.style == ScalarStyle::SingleQuoted => {
                    return self.take(2);
                }
                Some(found) if found == c => return self.take(c.len_utf8()),
                _ => return (self.at, self.at),
            }
        }
    }

    /// Bytes of the escape that stands here.
    fn escape(&self) -> usize {
        match self.raw[self.at + 1..].chars().next() {
            Some('x') => 4,
            Some('u') => 6,
            Some('U') => 10,
            Some(c) => 1 + c.len_utf8(),
            None => 1,
        }
    }
}
