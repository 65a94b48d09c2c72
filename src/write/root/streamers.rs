//! The description of the classes in the file, so that any version of ROOT
//! reads it: a list of TStreamerInfo, from `classes.txt`.

use super::buffer::Buffer;

const CLASSES: &str = include_str!("classes.txt");
/// The bit that ROOT sets on the descriptions.
const DESCRIPTION: u32 = 0x0001_0000;

/// One class of `classes.txt`.
struct Class<'a> {
    name: &'a str,
    version: i32,
    checksum: u32,
    elements: Vec<Element<'a>>,
}

/// A base class or a member.
struct Element<'a> {
    kind: &'static str,
    name: &'a str,
    title: &'a str,
    type_name: &'a str,
    code: i32,
    size: i32,
    /// Version and checksum of a base class.
    base: (i32, u32),
}

/// Streams the TList of descriptions.
pub(super) fn stream(b: &mut Buffer) {
    let classes = classes();
    b.versioned(5, |b| {
        b.object(0, 0);
        b.string("");
        b.i32(classes.len() as i32);
        for class in &classes {
            b.pointed("TStreamerInfo", |b| info(b, class));
            b.u8(0); // option
        }
    });
}

fn info(b: &mut Buffer, class: &Class<'_>) {
    b.versioned(9, |b| {
        b.named(DESCRIPTION, class.name, "");
        b.u32(class.checksum);
        b.i32(class.version);
        b.pointed("TObjArray", |b| {
            b.versioned(3, |b| {
                b.object(0, 0);
                b.string("");
                b.i32(class.elements.len() as i32);
                b.i32(0); // first index
                for e in &class.elements {
                    b.pointed(e.kind, |b| element(b, e));
                }
            });
        });
    });
}

fn element(b: &mut Buffer, e: &Element<'_>) {
    let is_base = e.kind == "TStreamerBase";
    b.versioned(if is_base { 3 } else { 2 }, |b| {
        b.versioned(4, |b| {
            b.named(0, e.name, e.title);
            b.i32(e.code);
            b.i32(e.size);
            b.i32(0); // no array
            b.i32(0);
            // Five array lengths; a base class has its checksum in the second.
            [0, e.base.1, 0, 0, 0].iter().for_each(|x| b.u32(*x));
            b.string(e.type_name);
        });
        if is_base {
            b.i32(e.base.0);
        } else if e.kind == "TStreamerBasicPointer" {
            b.i32(8); // the counter: version of its class, name, class
            b.string("fBufferSize");
            b.string("TH1");
        }
    });
}

/// The classes of `classes.txt`; the tests see that every line is understood.
fn classes() -> Vec<Class<'static>> {
    let mut classes: Vec<Class<'static>> = Vec::new();
    for line in CLASSES.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let mut words = line.split(' ');
        let word = words.next().unwrap_or_default();
        if word == "class" || word == "base" {
            let name = words.next().unwrap_or_default();
            let version = words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
            let checksum = words.next().and_then(|w| u32::from_str_radix(w, 16).ok()).unwrap_or(0);
            if word == "class" {
                classes.push(Class { name, version, checksum, elements: Vec::new() });
            } else if let Some(class) = classes.last_mut() {
                class.elements.push(base(name, version, checksum));
            }
        } else if let Some(class) = classes.last_mut() {
            class.elements.extend(words.map(|name| member(word, name)));
        }
    }
    classes
}

fn base(name: &'static str, version: i32, checksum: u32) -> Element<'static> {
    let code = match name {
        "TObject" => 66,
        "TNamed" => 67,
        _ => 0,
    };
    Element {
        kind: "TStreamerBase",
        name,
        title: "",
        type_name: "BASE",
        code,
        size: 0,
        base: (version, checksum),
    }
}

/// A member by the words of `classes.txt`; codes as in `TVirtualStreamerInfo`.
fn member(word: &'static str, name: &'static str) -> Element<'static> {
    let basic = "TStreamerBasicType";
    let pointer = "TStreamerObjectPointer";
    let (kind, type_name, code, size) = match word {
        "bool" => (basic, word, 18, 1),
        "short" => (basic, word, 2, 2),
        "ushort" => (basic, "unsigned short", 12, 2),
        "int" => (basic, word, 3, 4),
        "counter" => (basic, "int", 6, 4),
        "uint" => (basic, "unsigned int", 13, 4),
        "bits" => (basic, "unsigned int", 15, 4),
        "float" => (basic, word, 5, 4),
        "double" => (basic, word, 8, 8),
        "buffer" => ("TStreamerBasicPointer", "double*", 48, 8),
        "TString" => ("TStreamerString", word, 65, 24),
        "TAxis" => ("TStreamerObject", word, 61, 216),
        "TArrayD" => ("TStreamerObjectAny", word, 62, 24),
        "owned:TList*" => (pointer, "TList*", 63, 8),
        word if word.ends_with('*') => (pointer, word, 64, 8),
        enumeration => (basic, enumeration, 3, 4),
    };
    let title = match word {
        "buffer" => "[fBufferSize]",
        "owned:TList*" => "->",
        _ => "",
    };
    Element { kind, name, title, type_name, code, size, base: (0, 0) }
}
