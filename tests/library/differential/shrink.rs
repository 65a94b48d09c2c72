//! Cuts a failing plan down while it fails: entries, parts of expressions, events.

use super::events;
use super::writer::Sections;
use crate::support::Table;

/// A plan and its events that fail.
#[derive(Debug, Clone)]
pub(crate) struct Failing {
    pub(crate) sections: Sections,
    pub(crate) table: Table,
}

/// A smaller one that fails too, found with at most `tries` runs.
pub(crate) fn shrink(
    mut least: Failing,
    fails: &mut dyn FnMut(&Failing) -> bool,
    mut tries: usize,
) -> Failing {
    let mut length = usize::MAX;
    while least.sections.text().len() + least.table.events < length && tries > 0 {
        length = least.sections.text().len() + least.table.events;
        for steps in [without_entries, with_fewer_events, with_shorter_expressions] {
            let mut at = 0;
            // A step that was taken makes room for another one at its place.
            while let Some(next) = steps(&least, at) {
                if tries == 0 {
                    break;
                }
                tries -= 1;
                if fails(&next) {
                    least = next;
                } else {
                    at += 1;
                }
            }
        }
    }
    least
}

/// Without the entry number `at` of all sections.
fn without_entries(from: &Failing, at: usize) -> Option<Failing> {
    let mut next = from.clone();
    let mut left = at;
    for k in 0..Sections::PARTS {
        let part = next.sections.part(k);
        if left < part.len() {
            part.remove(left);
            return Some(next);
        }
        left -= part.len();
    }
    None
}

/// Without some of the events: halves, quarters, and so on down to one each.
fn with_fewer_events(from: &Failing, mut at: usize) -> Option<Failing> {
    let events = from.table.events;
    let mut pieces = 2;
    while pieces < 2 * events {
        if at < pieces.min(events) {
            let size = events.div_ceil(pieces);
            let cut = at * size..((at + 1) * size).min(events);
            let keep: Vec<usize> = (0..events).filter(|e| !cut.contains(e)).collect();
            return Some(Failing { table: events::only(&from.table, &keep), ..from.clone() });
        }
        at -= pieces.min(events);
        pieces *= 2;
    }
    None
}

/// With the replacement number `at` of a part of an expression.
fn with_shorter_expressions(from: &Failing, at: usize) -> Option<Failing> {
    let mut next = from.clone();
    let mut left = at;
    for k in 0..Sections::PARTS {
        for text in next.sections.part(k) {
            let mut found = shorter(text);
            if left < found.len() {
                *text = found.swap_remove(left);
                return Some(next);
            }
            left -= found.len();
        }
    }
    None
}

/// The text with one part in brackets replaced by something shorter.
fn shorter(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (start, _) in text.match_indices(['(', '[']) {
        let Some(end) = closing(text, start) else { continue };
        let word = text[..start].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let word = word.map_or(0, |at| at + 1);
        let suffix = text[..word].ends_with('.');
        if text[start..].starts_with('[') {
            out.push(format!("{}{}", &text[..start], &text[end..]));
            continue;
        }
        if suffix && word < start {
            out.push(format!("{}{}", &text[..word - 1], &text[end..]));
        }
        let mut parts = words(&text[start + 1..end - 1]);
        parts.extend(["1", "1.5", "true"]);
        let from = if suffix { start } else { word };
        for part in parts.into_iter().filter(|p| p.len() < end - from) {
            out.push(format!("{}{part}{}", &text[..from], &text[end..]));
        }
    }
    out
}

/// One past the bracket that closes the one at `start`.
fn closing(text: &str, start: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text[start..].char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(start + at + 1);
        }
    }
    None
}

/// The parts between spaces and commas outside of brackets.
fn words(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ' ' | ',' if depth == 0 => {
                out.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out.retain(|w| w.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '('));
    out
}
