//! What to say about a file that YAML does not read as its writer meant: the
//! characters that YAML gives a meaning of its own, and what to write.

use super::tree::{Scalar, Stop};
use crate::diag::Diagnostic;
use crate::syntax::Span;

/// The smallest analysis, shown where there is none.
const MINIMAL: &str = "an analysis is at least:
    input: {files: [nano.root], tree: Events}
    histograms:
      met:
        value: MET.pt
        bins: [100, 0, 200]";

/// A file without content.
pub(super) fn empty_file() -> Diagnostic {
    Diagnostic::new(Span::default(), "this file has no analysis in it").help(MINIMAL)
}

/// A file that is not a mapping.
pub(super) fn not_sections(span: Span, found: &str) -> Diagnostic {
    Diagnostic::new(span, format!("an analysis is a mapping of sections, not {found}"))
        .help(MINIMAL)
}

/// A control character at byte `at` of the file without its byte order mark.
pub(super) fn control_character(body: &str, at: usize, offset: usize) -> Diagnostic {
    let c = body[at..].chars().next().unwrap_or_default();
    let span = Span { start: offset + at, end: offset + at + c.len_utf8() };
    let code = u32::from(c);
    Diagnostic::new(span, format!("the control character U+{code:04X} cannot stand in a text file"))
        .help("is this an analysis file? It is YAML text in UTF-8")
}

/// A second `---`.
pub(super) fn second_document(span: Span) -> Diagnostic {
    Diagnostic::new(span, "a second document begins here")
        .help("one file holds one analysis: remove the `---`, or split the file")
}

/// Nesting deeper than `most`.
pub(super) fn too_deep(span: Span, most: usize) -> Diagnostic {
    Diagnostic::new(span, format!("lists and mappings are nested more than {most} levels deep"))
        .help("an analysis needs 5 levels; an expression that begins with `[` or `{` needs quotes")
}

/// A key that is there already.
pub(super) fn duplicate(key: &Scalar, first: Span) -> Diagnostic {
    Diagnostic::new(key.span, format!("`{}` is there twice", key.text))
        .label("again here")
        .also(first, "first here")
        .help("rename or remove one of them")
}

/// `<<: *name`.
pub(super) fn merge_key(span: Span) -> Diagnostic {
    Diagnostic::new(span, "YAML's merge key `<<` is refused")
        .help("it hides where a value stands: write the keys out")
}

/// A key that is not text.
pub(super) fn bad_key(span: Span) -> Diagnostic {
    Diagnostic::new(span, "a key must be a text")
        .help("for example `met:`; quote a key that begins with `[`, `{` or `?`")
}

/// `*name`.
pub(super) fn alias(text: &str, span: Span) -> Diagnostic {
    let span = Span { start: span.start, end: span.end.max(span.start + 1).min(text.len()) };
    let error =
        Diagnostic::new(span, "YAML reads a leading `*` as an alias, and aliases are refused");
    let value = &text[span.start..span.end];
    if value.starts_with("*.") || value.contains(".root") {
        return error.help("a text that begins with `*` needs quotes: `\"*.root\"`");
    }
    error
        .help("nested aliases grow without bound and hide where a value stands")
        .help("give the value a name under `define` and use the name")
        .help("if a product is meant, its left factor is missing")
}

/// `!tag` or `&anchor` before the value at `span`.
pub(super) fn property(text: &str, span: Span) -> Diagnostic {
    let bytes = text.as_bytes();
    let starts = |i: usize| {
        matches!(bytes[i], b'!' | b'&') && (i == 0 || matches!(bytes[i - 1], b' ' | b'\n' | b'\t'))
    };
    let from = (0..=span.start.min(text.len().saturating_sub(1))).rev().find(|&i| starts(i));
    let Some(start) = from else {
        return Diagnostic::new(span, "YAML tags and anchors are refused").help("remove it");
    };
    let rest = text[start..].lines().next().unwrap_or_default().trim_end();
    let word = rest.split(' ').next().unwrap_or_default();
    let at = Span { start, end: start + word.len() };
    if rest.starts_with('&') {
        return Diagnostic::new(
            at,
            "YAML reads a leading `&` as an anchor, and anchors are refused",
        )
        .help("nested anchors grow without bound and hide where a value stands")
        .help("give the value a name under `define` and use the name");
    }
    if rest.starts_with("!!") {
        return Diagnostic::new(at, format!("the YAML tag `{word}` is refused"))
            .help("remove it: values are not typed by YAML");
    }
    Diagnostic::new(at, "YAML reads a leading `!` as a tag, not as an operator")
        .help(format!("write `not {}`", rest[1..].trim()))
}

/// `{value: mt(l3, MET)}`: texts of a flow-style list or mapping at `span`
/// that were cut inside brackets.
pub(super) fn cut_by_flow(text: &str, span: Span, parts: &[&Scalar]) -> Option<Diagnostic> {
    if !text[span.start..].starts_with(['{', '[']) {
        return None;
    }
    let plain = |s: &&&Scalar| !text[s.span.start..].starts_with(['"', '\'']);
    let cut = parts.iter().filter(plain).find(|s| !is_balanced(&s.text))?;
    Some(
        Diagnostic::new(cut.span, "a comma or bracket of YAML's flow style cuts this expression")
            .also(Span { start: span.start, end: span.start + 1 }, "flow style begins here")
            .help("inside `{ }` and `[ ]` quote expressions: `{value: \"mt(l3, MET)\"}`")
            .help("or write one key a line, without `{ }`"),
    )
}

fn is_balanced(text: &str) -> bool {
    let mut open = Vec::new();
    text.chars().all(|c| match c {
        '(' | '[' => {
            open.push(c);
            true
        }
        ')' => open.pop() == Some('('),
        ']' => open.pop() == Some('['),
        _ => true,
    }) && open.is_empty()
}

/// What YAML's parser found at byte `at`, in words of this language if the
/// reason can be seen.
pub(super) fn not_yaml(text: &str, at: usize, info: &str) -> Stop {
    let here = line_at(text, at);
    let before = here.start.checked_sub(1).map(|end| line_at(text, end));
    let after = Some(here.end + 1).filter(|&i| i < text.len()).map(|i| line_at(text, i));
    let lines = || std::iter::once(here).chain(before);
    if let Some(diagnostic) = lines().chain(after).find_map(|line| tab(text, line)) {
        return Stop { diagnostic, value: None };
    }
    if let Some((diagnostic, value)) = lines().find_map(|line| leading(text, line)) {
        return Stop { diagnostic, value: Some(value) };
    }
    let end = here.start + text[here.start..here.end].trim_end().len();
    let start = floor(text, at.min(end.saturating_sub(1)).max(here.start));
    let place = Span { start, end: end.max(start) };
    Stop { diagnostic: structure(text, here, place, info), value: None }
}

/// What is wrong with the structure of the file at a place in line `here`.
fn structure(text: &str, here: Span, place: Span, info: &str) -> Diagnostic {
    let error = |message: &str| Diagnostic::new(place, message);
    let line = &text[here.start..here.end];
    let (above_start, above) = line_above(text, here.start);
    const QUOTE: &str = "text that contains `: ` needs quotes: `\"a: b\"`";
    if info.contains("in quoted scalar") || info.contains("quoted scalar, found unexpected") {
        return error("a quote is never closed").help("close it with the same quote");
    }
    if info.contains("comment intercepting") {
        let indent = line.len() - line.trim_start().len();
        let span = Span { start: here.start + indent, end: place.end };
        return Diagnostic::new(span, "a ` #` comment cuts the text that goes on below it")
            .help("move the comment to a line of its own above, or quote the expression");
    }
    if info.contains("mapping values") || info.contains("':' indicator") {
        if indentation(line) > indentation(above) && !above.trim_end().ends_with(':') {
            return error("this line is indented deeper than the line before: YAML joins them")
                .help("indent a key as the keys beside it")
                .help(QUOTE);
        }
        if line.matches(": ").count() > 1 {
            return error("a second `: ` on one line").help(QUOTE);
        }
        return match tight_colon(above_start, above) {
            Some(colon) => Diagnostic::new(colon, "a space is missing after this colon")
                .help("a key is written `key: value`"),
            None => error("a key where YAML expects none")
                .help("is this line, or the one before, indented as its neighbours are?"),
        };
    }
    if info.contains("recursion limit") {
        return too_deep(place, super::tree::MAX_DEPTH);
    }
    if info.contains("flow") {
        if let Some(open) = open_bracket(above_start, above) {
            let message = format!("this `{}` is never closed", &text[open.start..open.end]);
            return Diagnostic::new(open, message).help("close it on the same line");
        }
        let message = match text[place.start..].chars().next() {
            Some(open @ ('[' | '{')) => format!("YAML reads this `{open}` as a list or mapping"),
            _ => format!("YAML cannot read this flow-style list or mapping: {info}"),
        };
        return error(&message)
            .help("inside `{ }` and `[ ]` quote expressions that contain `,` or brackets")
            .help("or write one key a line, without `{ }`");
    }
    if above.trim_start().starts_with('#') || above.contains(" #") {
        return error("this line continues nothing: a comment ends the text before it")
            .help("move the comment above the text, or quote all of the text")
            .help("is this line indented as its neighbours are?");
    }
    if info.contains("expected key") || info.contains("'-' indicator") {
        return error("this line fits into nothing above it")
            .help("indent keys as the keys beside them, and list items by `- `");
    }
    error(&format!("YAML cannot read this: {info}"))
        .help("is this line, or the one before, indented as its neighbours are?")
}

/// The last line before byte `end` that is not blank, and where it begins.
fn line_above(text: &str, end: usize) -> (usize, &str) {
    let before = text[..end].trim_end();
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (start, &before[start..])
}

/// The colon of a line at byte `at` whose key has no space behind it.
fn tight_colon(at: usize, line: &str) -> Option<Span> {
    let start = at + line.find(':')?;
    (!line.contains(": ") && !line.trim_end().ends_with(':'))
        .then_some(Span { start, end: start + 1 })
}

/// The bracket of flow style that a line at byte `at` opens and does not close.
fn open_bracket(at: usize, line: &str) -> Option<Span> {
    let mut open = Vec::new();
    for (i, c) in line.char_indices() {
        match c {
            '{' | '[' => open.push(i),
            '}' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    let start = at + open.first()?;
    Some(Span { start, end: start + 1 })
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

/// A tab in the indentation of a line.
fn tab(text: &str, line: Span) -> Option<Diagnostic> {
    let content = &text[line.start..line.end];
    let indent = content.len() - content.trim_start().len();
    let tab = content[..indent].find('\t')?;
    let start = line.start + tab;
    Some(
        Diagnostic::new(Span { start, end: start + 1 }, "a tab in the indentation")
            .help("YAML is indented by spaces: replace each tab by spaces"),
    )
}

/// A value whose first character means something to YAML, and its place.
fn leading(text: &str, line: Span) -> Option<(Diagnostic, Span)> {
    let content = text[line.start..line.end].trim_end();
    let indent = content.len() - content.trim_start_matches([' ', '-']).len();
    let key = content[indent..].find(": ").map_or(indent, |i| indent + i + 2);
    let value = content[key..].trim_start();
    let start = line.start + content.len() - value.len();
    let span = Span { start, end: start + value.len() };
    let first = value.chars().next()?;
    let meaning = match first {
        '*' => return Some((alias(text, span), span)),
        '!' | '&' => return Some((property(text, Span { start, end: start }), span)),
        '>' | '|' if has_more(value, &['+', '-']) => "the start of a text block",
        '-' if value.starts_with("- ") => "a list item",
        '?' if value.starts_with("? ") => "a key",
        '%' | '@' | '`' => "a sign of its own",
        '"' | '\'' if closed_early(value, first, first) => "the start of a quoted text",
        '[' if closed_early(value, '[', ']') => "the start of a list",
        '{' if closed_early(value, '{', '}') => "the start of a mapping",
        _ => return None,
    };
    let quote = if value.contains('"') { '\'' } else { '"' };
    let error = Diagnostic::new(span, format!("YAML reads a leading `{first}` as {meaning}"))
        .help(format!("if this is an expression, quote all of it: {quote}{value}{quote}"));
    Some((error, span))
}

/// Whether more than a block's header stands behind `>` or `|`.
fn has_more(value: &str, signs: &[char]) -> bool {
    let rest = value[1..].trim_start_matches(|c: char| signs.contains(&c) || c.is_ascii_digit());
    let rest = rest.trim_start();
    !rest.is_empty() && !rest.starts_with('#')
}

/// Whether text follows what closes a value's first character.
fn closed_early(value: &str, open: char, close: char) -> bool {
    let mut depth = 1;
    for (i, c) in value.char_indices().skip(1) {
        if c == close {
            depth -= 1;
        } else if c == open {
            depth += 1;
        }
        if depth == 0 {
            let rest = value[i + 1..].trim_start();
            return !rest.is_empty() && !rest.starts_with(['#', ':', ',', ']', '}']);
        }
    }
    false
}

/// The line around byte `at`, without its line break.
fn line_at(text: &str, at: usize) -> Span {
    let at = floor(text, at);
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    Span { start, end }
}

/// The last character border at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}
