//! YAML text to a tree in which every key and value knows its place. Values
//! stay text: nothing is typed by YAML, and what could hide the place of a
//! value or grow without bound (anchors, aliases, tags) is refused.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks, StrInput};

use super::align;
use super::tree::{MAX_DEPTH, Node, NodeKind, Scalar, Stop};
use super::yaml_errors;
use crate::diag::Diagnostic;
use crate::syntax::Span;

/// How many values are masked to read the rest of a file.
const MAX_MASKS: usize = 50;

/// The tree of a file's one document, and all that was refused on the way; no
/// tree if the text is not YAML at all.
///
/// A value that YAML's parser stumbles over is reported, masked by as many
/// letters and skipped, so that one run finds what is wrong in the others.
pub(super) fn tree(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - body.len();
    if let Some(at) = body.find(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return (None, vec![yaml_errors::control_character(body, at, offset)]);
    }
    let mut masked = Cow::Borrowed(text);
    let mut masks: Vec<Span> = Vec::new();
    let mut found = Vec::new();
    loop {
        let mut builder = Builder {
            text: &masked,
            lines: Lines::new(&masked[offset..], offset),
            parser: Parser::new_from_str(&masked[offset..]),
            masks: &masks,
            diagnostics: Vec::new(),
        };
        let built = builder.document();
        let mut refused = builder.diagnostics;
        match built {
            Ok(node) => {
                refused.append(&mut found);
                return (node, refused);
            }
            Err(stop) => {
                found.push(stop.diagnostic);
                let Some(mask) = stop.value.filter(|_| masks.len() < MAX_MASKS) else {
                    refused.append(&mut found);
                    return (None, refused);
                };
                let letters = "x".repeat(mask.end - mask.start);
                masked.to_mut().replace_range(mask.start..mask.end, &letters);
                masks.push(mask);
            }
        }
    }
}

/// File offsets of line starts, to turn lines and columns into offsets.
struct Lines<'t> {
    body: &'t str,
    offset: usize,
    starts: Vec<usize>,
    /// Whether characters are bytes.
    ascii: bool,
}

impl<'t> Lines<'t> {
    fn new(body: &'t str, offset: usize) -> Self {
        let bytes = body.as_bytes();
        let ends_line = |i: usize| match bytes[i] {
            b'\n' => true,
            b'\r' => bytes.get(i + 1) != Some(&b'\n'),
            _ => false,
        };
        let after = (0..bytes.len()).filter(|&i| ends_line(i)).map(|i| i + 1);
        let starts = std::iter::once(0).chain(after).collect();
        Lines { body, offset, starts, ascii: body.is_ascii() }
    }

    /// The file offset of a line (from 1) and column (characters, from 0).
    fn offset(&self, line: usize, column: usize) -> usize {
        let Some(&start) = self.starts.get(line.saturating_sub(1)) else {
            return self.offset + self.body.len();
        };
        let rest = &self.body[start..];
        if self.ascii {
            return self.offset + start + column.min(rest.len());
        }
        let within = rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i);
        self.offset + start + within
    }

    fn span(&self, marks: &Marks) -> Span {
        let start = self.offset(marks.start.line(), marks.start.col());
        let end = self.offset(marks.end.line(), marks.end.col());
        Span { start, end: end.max(start) }
    }
}

struct Builder<'t> {
    /// The file, masked.
    text: &'t str,
    lines: Lines<'t>,
    parser: Parser<'t, StrInput<'t>>,
    /// Values that have been refused and masked.
    masks: &'t [Span],
    diagnostics: Vec<Diagnostic>,
}

type Built<T> = Result<T, Box<Stop>>;

fn stop(diagnostic: Diagnostic) -> Box<Stop> {
    Box::new(Stop { diagnostic, value: None })
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Built<(Event<'t>, Span)> {
        match self.parser.next_event() {
            Some(Ok((event, marks))) => Ok((event, self.lines.span(&marks))),
            Some(Err(error)) => {
                let at = self.lines.offset(error.marker().line(), error.marker().col());
                Err(Box::new(yaml_errors::not_yaml(self.text, at, error.info())))
            }
            None => Ok((Event::StreamEnd, Span { start: self.text.len(), end: self.text.len() })),
        }
    }

    /// The first document; `None` if there is none.
    fn document(&mut self) -> Built<Option<Node>> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(stop(yaml_errors::second_document(span)));
                }
                Event::DocumentStart(_) => {
                    let first = self.next()?;
                    root = Some(self.node(first, 0)?);
                }
                _ => {}
            }
        }
    }

    /// The node that begins with an event.
    fn node(&mut self, (event, span): (Event<'t>, Span), depth: usize) -> Built<Node> {
        if depth > MAX_DEPTH {
            return Err(stop(yaml_errors::too_deep(span, MAX_DEPTH)));
        }
        let (node, anchor, tag) = match event {
            Event::Scalar(value, style, anchor, tag) => {
                let empty = style == ScalarStyle::Plain && value.is_empty();
                let kind = if empty {
                    NodeKind::Empty
                } else if self.masks.iter().any(|mask| mask.start == span.start) {
                    NodeKind::Refused
                } else {
                    NodeKind::Scalar(self.scalar(value, style, span))
                };
                (Node { kind, span }, anchor, tag.is_some())
            }
            Event::SequenceStart(anchor, tag) => (self.list(span, depth)?, anchor, tag.is_some()),
            Event::MappingStart(anchor, tag) => (self.mapping(span, depth)?, anchor, tag.is_some()),
            Event::Alias(_) => {
                self.refuse_reuse(yaml_errors::alias(self.text, span));
                (Node { kind: NodeKind::Refused, span }, 0, false)
            }
            _ => (Node { kind: NodeKind::Empty, span }, 0, false),
        };
        if anchor == 0 && !tag {
            return Ok(node);
        }
        self.refuse_reuse(yaml_errors::property(self.text, node.span));
        Ok(Node { kind: NodeKind::Refused, span: node.span })
    }

    /// Reports an anchor, alias or tag, the first of a line.
    fn refuse_reuse(&mut self, diagnostic: Diagnostic) {
        let at = diagnostic.span.start;
        let same_line = |last: &Diagnostic| {
            let between = last.span.start.min(at)..last.span.start.max(at);
            !self.text[between].contains('\n')
        };
        if !self.diagnostics.last().is_some_and(same_line) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn scalar(&self, value: Cow<'_, str>, style: ScalarStyle, span: Span) -> Scalar {
        let map = align::text_map(&self.text[span.start..span.end], span.start, &value, style);
        Scalar { text: value.into_owned(), map, span }
    }

    fn list(&mut self, start: Span, depth: usize) -> Built<Node> {
        let mut items = Vec::new();
        let end = loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                break span.end;
            }
            items.push(self.node((event, span), depth + 1)?);
        };
        let span = self.trimmed(start.start, end);
        if items.iter().any(|item| item.kind == NodeKind::Refused) {
            return Ok(Node { kind: NodeKind::Refused, span });
        }
        let texts: Vec<&Scalar> = items.iter().filter_map(Node::scalar).collect();
        if let Some(diagnostic) = yaml_errors::cut_by_flow(self.text, span, &texts) {
            self.diagnostics.push(diagnostic);
            return Ok(Node { kind: NodeKind::Refused, span });
        }
        Ok(Node { kind: NodeKind::List(items), span })
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Built<Node> {
        let mut entries: Vec<(Scalar, Node)> = Vec::new();
        let mut places: HashMap<String, Span> = HashMap::new();
        let mut duplicates = Vec::new();
        let end = loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break span.end;
            }
            let key = self.node((event, span), depth + 1)?;
            let first = self.next()?;
            let value = self.node(first, depth + 1)?;
            match key.kind {
                NodeKind::Scalar(key) if key.text == "<<" => {
                    self.diagnostics.push(yaml_errors::merge_key(key.span));
                }
                NodeKind::Scalar(key) => {
                    if let Some(&first) = places.get(&key.text) {
                        duplicates.push(yaml_errors::duplicate(&key, first));
                    } else {
                        places.insert(key.text.clone(), key.span);
                        entries.push((key, value));
                    }
                }
                NodeKind::Refused => {}
                _ => self.diagnostics.push(yaml_errors::bad_key(key.span)),
            }
        };
        let span = self.trimmed(start.start, end);
        let texts: Vec<&Scalar> =
            entries.iter().flat_map(|(key, value)| [Some(key), value.scalar()]).flatten().collect();
        if let Some(diagnostic) = yaml_errors::cut_by_flow(self.text, span, &texts) {
            self.diagnostics.push(diagnostic);
            return Ok(Node { kind: NodeKind::Refused, span });
        }
        self.diagnostics.append(&mut duplicates);
        Ok(Node { kind: NodeKind::Map(entries), span })
    }

    /// The place without the white space at its end.
    fn trimmed(&self, start: usize, end: usize) -> Span {
        let end = end.max(start);
        Span { start, end: start + self.text[start..end].trim_end().len() }
    }
}
