//! What a file says about the layout of its classes (`TStreamerInfo`): lists
//! of members by class and version. Reading trees by these lists needs no
//! knowledge of versions, so files of newer ROOT open as well.

use super::cursor::Cursor;
use super::objects::ClassTags;
use super::unclosed::not_closed;
use crate::error::{Error, Result};
use crate::table::HashMap;

/// How many direct and indirect base classes are looked at.
const MAX_BASES: usize = 16;
/// Codes of pointers to arrays of basic types are this much above the type's code.
const POINTER: i32 = 40;
/// Likewise for arrays of fixed length.
const ARRAY: i32 = 20;

/// How one member is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// The base class of this name.
    Base,
    /// One number.
    Number(Number),
    /// A fixed count of numbers.
    Array(Number, usize),
    /// As many numbers as the named member says, behind a marker byte.
    Counted(Number, String),
    /// A `TString`.
    Text,
    /// An object in place.
    Object,
    /// A pointer: an object with its class, a reference or null.
    Pointer,
    /// Something that trees and branches do not need.
    Other,
}

/// Basic types as members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    F32,
    F64,
}

impl Number {
    fn of(code: i32) -> Option<Number> {
        Some(match code {
            1 => Number::I8,
            11 | 18 => Number::U8,
            2 => Number::I16,
            12 => Number::U16,
            3 | 6 => Number::I32,
            13 | 15 => Number::U32,
            4 | 14 | 16 | 17 => Number::I64,
            5 => Number::F32,
            8 => Number::F64,
            _ => return None,
        })
    }

    pub(super) fn size(self) -> usize {
        match self {
            Number::I8 | Number::U8 => 1,
            Number::I16 | Number::U16 => 2,
            Number::I32 | Number::U32 | Number::F32 => 4,
            Number::I64 | Number::F64 => 8,
        }
    }

    /// Reads one; floating-point numbers (old counts of entries) are truncated.
    pub(super) fn read(self, c: &mut Cursor<'_>) -> Result<i64> {
        Ok(match self {
            Number::I8 => i64::from(c.i8()?),
            Number::U8 => i64::from(c.u8()?),
            Number::I16 => i64::from(c.i16()?),
            Number::U16 => i64::from(c.u16()?),
            Number::I32 => i64::from(c.i32()?),
            Number::U32 => i64::from(c.u32()?),
            Number::I64 => c.i64()?,
            Number::F32 => c.f32()? as i64,
            Number::F64 => c.f64()? as i64,
        })
    }
}

/// One member of a class.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// The type's name, without a pointer's asterisk.
    pub(super) class: String,
    pub(super) kind: Kind,
}

/// The members of all classes that a file describes.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    classes: HashMap<String, Vec<(u16, Vec<Member>)>>,
}

impl Layouts {
    /// Reads the record of `TStreamerInfo` objects.
    pub(super) fn read(content: &[u8], header_bytes: usize) -> Result<Layouts> {
        let mut layouts = Layouts::default();
        let mut tags = ClassTags::new(header_bytes);
        let mut c = Cursor::new(content);
        c.object_header()?;
        c.skip_tobject()?;
        c.text()?;
        for _ in 0..c.length()? {
            let object = tags.next(&mut c)?;
            let Some(end) = object.end else { break };
            if object.class == "TStreamerInfo" {
                let (name, version, members) =
                    class(&mut c, &mut tags).map_err(|e| e.within("a class description"))?;
                layouts.classes.entry(name).or_default().push((version, members));
            }
            c.forward_to(end)?;
            let option = usize::from(c.u8()?);
            c.take(option)?;
        }
        Ok(layouts)
    }

    /// The members of a class in a version.
    pub(super) fn members(&self, class: &str, version: u16) -> Result<&[Member]> {
        let versions = self.classes.get(class).map(Vec::as_slice).unwrap_or_default();
        match versions.iter().find(|(v, _)| *v == version) {
            Some((_, members)) => Ok(members),
            None if self.classes.is_empty() => Err(not_closed()),
            None => Err(Error::input(format!(
                "the file does not describe version {version} of class {class}"
            ))),
        }
    }

    /// Whether `class` is `base` or derives from it.
    pub(super) fn derives(&self, class: &str, base: &str) -> bool {
        let mut chain = vec![class];
        let mut next = 0;
        while let Some(&name) = chain.get(next) {
            if name == base {
                return true;
            }
            next += 1;
            let members = self.classes.get(name).and_then(|versions| versions.last());
            for member in members.map(|(_, m)| m.as_slice()).unwrap_or_default() {
                let name = member.class.as_str();
                if member.kind == Kind::Base && chain.len() < MAX_BASES && !chain.contains(&name) {
                    chain.push(name);
                }
            }
        }
        false
    }
}

/// One `TStreamerInfo`: class name, class version, members.
fn class(c: &mut Cursor<'_>, tags: &mut ClassTags) -> Result<(String, u16, Vec<Member>)> {
    c.object_header()?;
    let (name, _) = c.named()?;
    let (_checksum, version) = (c.u32()?, c.i32()?);
    let mut members = Vec::new();
    let array = tags.next(c)?;
    if array.class == "TObjArray" {
        c.object_header()?;
        c.skip_tobject()?;
        c.text()?;
        let (count, _low) = (c.length()?, c.i32()?);
        for _ in 0..count {
            let element = tags.next(c)?;
            let Some(end) = element.end else { continue };
            members.push(member(c, &element.class)?);
            c.forward_to(end)?;
        }
    }
    Ok((name, version as u16, members))
}

/// One element of a known subclass of `TStreamerElement`.
fn member(c: &mut Cursor<'_>, element: &str) -> Result<Member> {
    c.object_header()?;
    let base = c.object_header()?;
    let (name, _) = c.named()?;
    let (code, _size) = (c.i32()?, c.i32()?);
    let (length, _dimensions) = (c.i32()?, c.i32()?);
    if base.version == 1 {
        let n = c.length()?;
        c.take(n.saturating_mul(4))?;
    } else {
        c.take(5 * 4)?;
    }
    let class = c.text()?.trim_end_matches('*').to_owned();
    if let Some(end) = base.end {
        c.forward_to(end)?;
    }
    let kind = match element {
        "TStreamerBase" => return Ok(Member { class: name.clone(), name, kind: Kind::Base }),
        "TStreamerBasicPointer" => {
            let _version = c.i32()?;
            let count = c.text()?;
            Number::of(code - POINTER).map_or(Kind::Other, |n| Kind::Counted(n, count))
        }
        "TStreamerBasicType" => match (Number::of(code), Number::of(code - ARRAY)) {
            (Some(number), _) => Kind::Number(number),
            (None, Some(number)) => Kind::Array(number, usize::try_from(length).unwrap_or(0)),
            (None, None) => Kind::Other,
        },
        "TStreamerString" => Kind::Text,
        "TStreamerObject" | "TStreamerObjectAny" => Kind::Object,
        // 64 and 70 may be null; other codes are written in place.
        "TStreamerObjectPointer" | "TStreamerObjectAnyPointer" if matches!(code, 64 | 70) => {
            Kind::Pointer
        }
        _ => Kind::Other,
    };
    Ok(Member { name, class, kind })
}
