//! What a file says about the layout of its classes (`TStreamerInfo`): lists
//! of members by class and version. Reading trees by these lists needs no
//! knowledge of versions, so files of newer ROOT open as well.

use super::class_tags::ClassTags;
use super::cursor::Cursor;
use super::file::RootFile;
use super::not_closed::not_closed;
use crate::error::{Error, Result};
use crate::hash::HashMap;

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
    /// A member whose description cannot be understood, with the reason.
    Unknown(Error),
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

/// The members of a class, or why its description cannot be understood.
type Described = Result<Vec<Member>>;

/// The members of all classes that a file describes. What cannot be understood
/// is an error only where it is needed.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    classes: HashMap<String, Vec<(u16, Described)>>,
    /// Why more classes may be described than these.
    cut: Option<Error>,
}

impl Layouts {
    /// The descriptions of a file.
    pub(super) fn of(file: &RootFile) -> Layouts {
        match file.streamer_info() {
            Ok(Some((content, header_bytes))) => Layouts::read(&content, header_bytes),
            Ok(None) => Layouts::default(),
            Err(error) => Layouts { cut: Some(error), ..Layouts::default() },
        }
    }

    /// Those of the record of `TStreamerInfo` objects.
    pub(super) fn read(content: &[u8], header_bytes: usize) -> Layouts {
        let mut layouts = Layouts::default();
        let list = layouts.list(&mut Cursor::new(content), &mut ClassTags::new(header_bytes));
        layouts.cut = list.err().or(layouts.cut).map(|e| e.within("StreamerInfo"));
        layouts
    }

    fn list(&mut self, c: &mut Cursor<'_>, tags: &mut ClassTags) -> Result<()> {
        c.object_header()?;
        c.skip_tobject()?;
        c.text()?;
        for _ in 0..c.length()? {
            let object = tags.next(c)?;
            let Some(end) = object.end else { break };
            if object.class == "TStreamerInfo" {
                match class(&mut c.clone(), tags, end) {
                    Ok((name, described)) => self.classes.entry(name).or_default().push(described),
                    Err(error) => self.cut = Some(error.within("a class without a name")),
                }
            }
            c.forward_to(end)?;
            let option = usize::from(c.u8()?);
            c.take(option)?;
        }
        Ok(())
    }

    /// The members of a class in a version.
    pub(super) fn members(&self, class: &str, version: u16) -> Result<&[Member]> {
        let versions = self.classes.get(class).map(Vec::as_slice).unwrap_or_default();
        match versions.iter().find(|(v, _)| *v == version) {
            Some((_, Ok(members))) => Ok(members),
            Some((_, Err(error))) => Err(error.clone().within(described(class, version))),
            None => Err(match &self.cut {
                Some(error) => error.clone(),
                None if self.classes.is_empty() => not_closed(),
                None => Error::input(format!("the file lacks {}", described(class, version))),
            }),
        }
    }

    /// Why it cannot be known what `class` derives from, if so.
    pub(super) fn doubt(&self, class: &str) -> Option<Error> {
        match self.classes.get(class).and_then(|versions| versions.last()) {
            Some((_, Ok(_))) => None,
            Some((version, Err(error))) => Some(error.clone().within(described(class, *version))),
            None => self.cut.clone(),
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
            let versions = self.classes.get(name).map(Vec::as_slice).unwrap_or_default();
            let members = versions.last().and_then(|(_, described)| described.as_ref().ok());
            for member in members.map(Vec::as_slice).unwrap_or_default() {
                let name = member.class.as_str();
                if member.kind == Kind::Base && chain.len() < MAX_BASES && !chain.contains(&name) {
                    chain.push(name);
                }
            }
        }
        false
    }
}

fn described(class: &str, version: u16) -> String {
    format!("the description of version {version} of class {class}")
}

/// One `TStreamerInfo`, which ends at `end`: class name, class version, members.
fn class(
    c: &mut Cursor<'_>,
    tags: &mut ClassTags,
    end: usize,
) -> Result<(String, (u16, Described))> {
    c.object_header()?;
    let (name, _) = c.named()?;
    let (_checksum, version) = (c.u32()?, c.i32()?);
    let described = members(c, tags).and_then(|found| c.forward_to(end).map(|()| found));
    Ok((name, (version as u16, described)))
}

fn members(c: &mut Cursor<'_>, tags: &mut ClassTags) -> Described {
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
            members.push(member(&mut c.clone(), &element.class, end));
            c.forward_to(end)?;
        }
    }
    Ok(members)
}

/// One element, which ends at `end`: of a subclass of `TStreamerElement`, most
/// of which add nothing that is needed.
fn member(c: &mut Cursor<'_>, element: &str, end: usize) -> Member {
    let mut name = "(unknown)".to_owned();
    match parts(c, element, &mut name).and_then(|found| c.forward_to(end).map(|()| found)) {
        Ok((class, kind)) => Member { name, class, kind },
        Err(error) => Member { name, class: String::new(), kind: Kind::Unknown(error) },
    }
}

/// Name (as soon as it is known), type and kind of a member.
fn parts(c: &mut Cursor<'_>, element: &str, name: &mut String) -> Result<(String, Kind)> {
    c.object_header()?;
    if element == "TStreamerSTLstring" {
        c.object_header()?; // it derives from TStreamerSTL
    }
    let base = c.object_header()?;
    *name = c.named()?.0;
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
        "TStreamerBase" => return Ok((name.clone(), Kind::Base)),
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
        "TStreamerObject" | "TStreamerObjectAny" if length <= 1 => Kind::Object,
        // 64 and 70 may be null; other codes are written in place.
        "TStreamerObjectPointer" | "TStreamerObjectAnyPointer" if matches!(code, 64 | 70) => {
            Kind::Pointer
        }
        _ => Kind::Other,
    };
    Ok((class, kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::root::choose::choose;
    use crate::read::root::tree_record;
    use crate::read::storage::Storage;

    fn file(name: &str) -> RootFile {
        let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).expect("is shipped");
        RootFile::open(Storage::of_bytes(bytes)).expect("opens")
    }

    /// The description with a forged length of a member.
    fn forged(content: &[u8], class: &str, member: &str) -> Vec<u8> {
        let find = |text: &str, from: usize| {
            let text = [&[text.len() as u8], text.as_bytes()].concat();
            let at = content[from..].windows(text.len()).position(|window| window == text);
            from + at.expect("is described")
        };
        let member = find(member, find(class, 0));
        let mut forged = content.to_vec();
        // The byte count of what all members have, before that of name and title.
        forged[member - 19] = 0;
        forged
    }

    #[test]
    fn what_cannot_be_understood_is_an_error_where_it_is_needed() {
        let file = file("leaves_tail.root");
        let (content, header_bytes) = file.streamer_info().expect("reads").expect("is there");
        // class, member, what becomes of the tree
        let table = [
            ("TBranchRef", "fRefTable", "45 branches"),
            ("TTree", "fUserInfo", "45 branches"),
            ("TTree", "fEntries", "a TTree without the member fEntries: the member fEntries: byte"),
            ("TBranch", "fBasketSeek", "branch nX: a TBranch without the member fBasketSeek: the"),
            ("TLeaf", "fLen", "a TLeafI without the member fLen: the member fLen: byte"),
        ];
        for (class, member, expected) in table {
            let layouts = Layouts::read(&forged(&content, class, member), header_bytes);
            let entry = choose(&file, &layouts, None).expect("is found");
            let found = match tree_record::read(&file, &layouts, &entry) {
                Ok(tree) => {
                    let branches = tree.schema.branches;
                    let unread = branches.iter().find_map(|branch| branch.unsupported.clone());
                    unread.unwrap_or_else(|| format!("{} branches", branches.len()))
                }
                Err(error) => error.to_string(),
            };
            assert!(found.contains(expected), "{class}::{member}: {found}");
        }
        let cut = Layouts::read(&content[..content.len() / 2], header_bytes);
        let error = cut.members("TTree", 99).expect_err("is not there").to_string();
        assert!(error.starts_with("StreamerInfo: byte "), "{error}");
    }

    #[test]
    fn members_of_all_kinds_of_elements_are_understood() {
        for name in ["central.root", "split.root", "HZZ.root", "nano_dy.root"] {
            let all = Layouts::of(&file(name));
            let members = all.classes.values().flatten().flat_map(|(_, described)| {
                described.as_ref().unwrap_or_else(|e| panic!("{name}: {e}"))
            });
            for member in members {
                assert!(!matches!(member.kind, Kind::Unknown(_)), "{name}: {member:?}");
            }
            assert_eq!(all.cut, None, "{name}");
        }
    }

    /// A class with a member of every kind that ROOT describes (`make_classes.py`).
    #[test]
    fn members_of_all_kinds() {
        let layouts = Layouts::of(&file("classes.root"));
        let members = layouts.members("Everything", 3).expect("is described");
        let mut found: Vec<(String, String)> = Vec::new();
        for member in members {
            let kind = format!("{:?}", member.kind);
            match found.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, names)) => *names += &format!(" {}", member.name),
                None => found.push((kind, member.name.clone())),
            }
        }
        let expected = [
            ("Base", "TNamed"),
            (
                "Other",
                "vector<int> strings parts loop packed half characters string string_pointer list list_pointer map set bits in_place part_pointer unique owned",
            ),
            ("Number(U8)", "yes"),
            ("Number(I8)", "letter"),
            ("Number(I64)", "large"),
            ("Number(I32)", "colour n"),
            ("Array(F32, 3)", "fixed"),
            (r#"Counted(F32, "n")"#, "counted"),
            ("Text", "text"),
            ("Array(I32, 4)", "array"),
            ("Object", "object part objects reference"),
            ("Pointer", "pointer clones"),
        ];
        assert_eq!(found, expected.map(|(kind, names)| (kind.to_owned(), names.to_owned())));
    }
}
