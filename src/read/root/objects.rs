//! The graph of objects inside one record: trees, branches and leaves as lists
//! of named members, with references between them resolved.

use super::basket::{Embedded, read_embedded};
use super::class_tags::ClassTags;
use super::cursor::Cursor;
use super::streamer::{Kind, Layouts, Member};
use crate::error::{Error, Result};
use crate::hash::HashMap;

/// How deep branches may nest in branches.
const MAX_DEPTH: usize = 64;

/// Another object, seen from a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// A branch or a leaf: index into [`Graph::records`].
    Record(usize),
    /// A basket: index into [`Graph::baskets`].
    Basket(usize),
    /// An object seen before or after: its number.
    Reference(u32),
    /// Null, or something that is not needed.
    Nothing,
}

/// The value of a member.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(i64),
    Numbers(Vec<i64>),
    Text(String),
    Links(Vec<Link>),
    /// Neither this member nor those after it in its class: the file's
    /// description of it cannot be understood.
    Unread(Error),
}

/// A tree, branch or leaf.
#[derive(Debug, Default)]
pub(super) struct Record<'l> {
    pub(super) class: String,
    members: Vec<(&'l str, Value)>,
}

impl Record<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// A number, or 0 if the class has no such member.
    pub(super) fn number(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Value::Number(n)) => *n,
            _ => 0,
        }
    }

    pub(super) fn numbers(&self, name: &str) -> &[i64] {
        match self.get(name) {
            Some(Value::Numbers(n)) => n,
            _ => &[],
        }
    }

    pub(super) fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    pub(super) fn links(&self, name: &str) -> &[Link] {
        match self.get(name) {
            Some(Value::Links(links)) => links,
            _ => &[],
        }
    }

    /// An error if a member is missing that the reader depends on.
    pub(super) fn require(&self, names: &[&str]) -> Result<()> {
        let unread = |value: &Value| matches!(value, Value::Unread(_));
        let missing = |name: &&&str| self.get(name).is_none_or(unread);
        let Some(name) = names.iter().find(missing) else { return Ok(()) };
        let why = self.members.iter().find_map(|(member, value)| match value {
            Value::Unread(error) => Some(error.clone().within(format!("the member {member}"))),
            _ => None,
        });
        let lacks = format!("a {} without the member {name}", self.class);
        Err(why.map_or_else(|| Error::input(&lacks), |why| why.within(&lacks)))
    }
}

/// All branches, leaves and embedded baskets of one record.
#[derive(Debug)]
pub(super) struct Graph<'l> {
    layouts: &'l Layouts,
    tags: ClassTags,
    pub(super) records: Vec<Record<'l>>,
    pub(super) baskets: Vec<Embedded>,
    seen: HashMap<u32, Link>,
}

impl<'l> Graph<'l> {
    /// Reads the tree in `content`; the first record is the tree itself.
    pub(super) fn read(
        layouts: &'l Layouts,
        class: &str,
        content: &[u8],
        header_bytes: usize,
    ) -> Result<Graph<'l>> {
        let mut graph = Graph {
            layouts,
            tags: ClassTags::new(header_bytes),
            records: Vec::new(),
            baskets: Vec::new(),
            seen: HashMap::default(),
        };
        graph.record(&mut Cursor::new(content), class, 0)?;
        Ok(graph)
    }

    /// The record behind a link, if there is one.
    pub(super) fn follow(&self, link: Link) -> Option<usize> {
        match link {
            Link::Record(index) => Some(index),
            Link::Reference(number) => match self.seen.get(&number) {
                Some(Link::Record(index)) => Some(*index),
                _ => None,
            },
            _ => None,
        }
    }

    fn record(&mut self, c: &mut Cursor<'_>, class: &str, depth: usize) -> Result<usize> {
        if depth > MAX_DEPTH {
            return Err(Error::input(format!("objects nest deeper than {MAX_DEPTH}")));
        }
        let index = self.records.len();
        self.records.push(Record { class: class.to_owned(), members: Vec::new() });
        let mut members = Vec::new();
        self.members(c, class, &mut members, depth)?;
        self.records[index].members = members;
        Ok(index)
    }

    fn members(
        &mut self,
        c: &mut Cursor<'_>,
        class: &str,
        into: &mut Vec<(&'l str, Value)>,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Error::input(format!("classes nest deeper than {MAX_DEPTH}")));
        }
        let header = c.object_header()?;
        let layouts = self.layouts;
        for member in layouts.members(class, header.version)? {
            let read = self
                .member(c, member, into, depth)
                .map_err(|e| e.within(format!("{class}::{}", member.name)))?;
            if !read {
                break; // what follows is not needed
            }
        }
        match header.end {
            Some(end) => c.forward_to(end),
            None => Ok(()),
        }
    }

    /// Reads one member; false if it cannot be read and ends the reading of its class.
    fn member(
        &mut self,
        c: &mut Cursor<'_>,
        member: &'l Member,
        into: &mut Vec<(&'l str, Value)>,
        depth: usize,
    ) -> Result<bool> {
        let value = match &member.kind {
            Kind::Base => {
                self.base(c, member, into, depth)?;
                return Ok(true);
            }
            Kind::Number(number) => Value::Number(number.read(c)?),
            Kind::Array(number, n) => {
                c.take(number.size().saturating_mul(*n))?;
                return Ok(true);
            }
            Kind::Counted(number, count) => {
                let present = c.u8()? != 0;
                let n = into.iter().find(|(name, _)| name == count).map(|(_, value)| value);
                let n = match n {
                    Some(Value::Number(n)) if present => usize::try_from(*n).unwrap_or(usize::MAX),
                    _ => 0,
                };
                let bytes = c.take(n.saturating_mul(number.size()))?;
                let mut inner = Cursor::new(bytes);
                Value::Numbers((0..n).map(|_| number.read(&mut inner)).collect::<Result<_>>()?)
            }
            Kind::Text => Value::Text(c.text()?),
            Kind::Pointer => Value::Links(vec![self.pointer(c, depth)?]),
            Kind::Object if member.class == "TObjArray" => Value::Links(self.array(c, depth)?),
            Kind::Object if member.class.starts_with("TArray") => return Ok(false),
            Kind::Object => {
                c.skip_object()?;
                return Ok(true);
            }
            Kind::Other => return Ok(false),
            Kind::Unknown(error) => {
                into.push((&member.name, Value::Unread(error.clone())));
                return Ok(false);
            }
        };
        into.push((&member.name, value));
        Ok(true)
    }

    fn base(
        &mut self,
        c: &mut Cursor<'_>,
        member: &Member,
        into: &mut Vec<(&'l str, Value)>,
        depth: usize,
    ) -> Result<()> {
        let class = member.class.as_str();
        match class {
            "TObject" => c.skip_tobject(),
            "TNamed" => {
                let (name, title) = c.named()?;
                into.push(("fName", Value::Text(name)));
                into.push(("fTitle", Value::Text(title)));
                Ok(())
            }
            _ if ["TTree", "TBranch", "TLeaf"].iter().any(|b| self.layouts.derives(class, b)) => {
                self.members(c, class, into, depth + 1)
            }
            _ => c.skip_object(),
        }
    }

    fn array(&mut self, c: &mut Cursor<'_>, depth: usize) -> Result<Vec<Link>> {
        let header = c.object_header()?;
        c.skip_tobject()?;
        c.text()?;
        let (count, _low) = (c.length()?, c.i32()?);
        let mut links = Vec::new();
        for _ in 0..count {
            links.push(self.pointer(c, depth)?);
        }
        if let Some(end) = header.end {
            c.forward_to(end)?;
        }
        Ok(links)
    }

    fn pointer(&mut self, c: &mut Cursor<'_>, depth: usize) -> Result<Link> {
        let object = self.tags.next(c)?;
        let class = object.class.as_str();
        if class.is_empty() {
            let null = object.reference == 0;
            return Ok(if null { Link::Nothing } else { Link::Reference(object.reference) });
        }
        let link = if class == "TBasket" {
            self.baskets.push(read_embedded(c)?);
            Link::Basket(self.baskets.len() - 1)
        } else if ["TBranch", "TLeaf"].iter().any(|base| self.layouts.derives(class, base)) {
            // Registered before it is read: its parts may refer to it.
            let link = Link::Record(self.records.len());
            self.seen.insert(object.reference, link);
            self.record(c, class, depth + 1)?;
            link
        } else if object.end.is_some() {
            Link::Nothing
        } else {
            return Err(Error::input(format!("an object of class {class} without a byte count")));
        };
        if let Some(end) = object.end {
            c.forward_to(end)?;
        }
        Ok(link)
    }
}
