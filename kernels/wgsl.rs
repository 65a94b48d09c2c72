//! The WGSL side of the kernels: the text of a function made from its Rust
//! tokens, and the library that gives generated code the helpers it calls.

use super::layout;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A function as its Rust tokens, see [`crate::kernels::shared`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tokens {
    /// Rust name, which is the WGSL name.
    pub(crate) name: &'static str,
    /// Argument names with their types.
    pub(crate) arguments: &'static [(&'static str, &'static str)],
    /// Type of the result.
    pub(crate) result: &'static str,
    /// The body, between its braces.
    pub(crate) body: &'static str,
}

/// Takes the tokens of scalar functions once: gives the Rust functions, and
/// `TOKENS`, from which [`Tokens::wgsl`] makes the WGSL text of the same
/// functions.
///
/// The bodies stay in the common subset: `let`, `let mut`, assignments, `if`
/// statements, `return`, arithmetic on f32, `f_*` and `u_*` helpers.
macro_rules! shared {
    ($(
        $(#[$meta:meta])*
        fn $name:ident($($arg:ident: $ty:ident),*) -> $ret:ident { $($body:tt)* }
    )*) => {
        $(
            $(#[$meta])*
            #[inline(always)]
            #[allow(
                clippy::needless_return,
                clippy::approx_constant,
                clippy::excessive_precision,
                reason = "WGSL has no tail expressions; coefficients are what the fit gave"
            )]
            pub(crate) fn $name($($arg: $ty),*) -> $ret { $($body)* }
        )*
        /// The functions of this file as tokens.
        pub(crate) const TOKENS: &[crate::kernels::wgsl::Tokens] = &[
            $(crate::kernels::wgsl::Tokens {
                name: stringify!($name),
                arguments: &[$((stringify!($arg), stringify!($ty))),*],
                result: stringify!($ret),
                body: stringify!($($body)*),
            }),*
        ];
    };
}
pub(crate) use shared;

impl Tokens {
    /// The function in WGSL.
    pub(crate) fn wgsl(&self) -> String {
        let arguments: Vec<String> =
            self.arguments.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        let mut text =
            format!("fn {}({}) -> {} {{\n", self.name, arguments.join(", "), self.result);
        write_body(self.body, &mut text);
        text.push_str("}\n");
        text
    }
}

/// Splits Rust source into tokens: words, numbers, operators.
fn tokens(source: &str) -> Vec<&str> {
    const PAIRS: [&str; 9] = ["==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "->"];
    let mut out = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_alphanumeric() || first == '_' {
            word_length(rest)
        } else if PAIRS.iter().any(|p| rest.starts_with(p)) {
            2
        } else {
            first.len_utf8()
        };
        out.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    out
}

/// Length of the name or number that `text` starts with. A number may have a
/// point and a signed exponent.
fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let number = bytes[0].is_ascii_digit() && !text.starts_with("0x");
    let mut at = 1;
    while at < bytes.len() {
        let signed = matches!(bytes[at], b'+' | b'-') && matches!(bytes[at - 1], b'e' | b'E');
        let inside = bytes[at].is_ascii_alphanumeric()
            || bytes[at] == b'_'
            || (number && (bytes[at] == b'.' || signed));
        if !inside {
            break;
        }
        at += 1;
    }
    at
}

/// One token in WGSL: literal suffixes lose their width.
fn translate(token: &str) -> String {
    if token.as_bytes()[0].is_ascii_digit() {
        for (rust, wgsl) in [("f32", "f"), ("u32", "u"), ("i32", "i")] {
            if let Some(digits) = token.strip_suffix(rust) {
                return format!("{digits}{wgsl}");
            }
        }
    }
    token.to_owned()
}

fn write_body(body: &str, out: &mut String) {
    let tokens = tokens(body);
    let mut depth = 1;
    let mut line = String::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at];
        at += 1;
        if token == "let" && tokens.get(at) == Some(&"mut") {
            line.push_str("var");
            at += 1;
            continue;
        }
        if token == "}" {
            depth -= 1;
        }
        if !tight(&line, token) {
            line.push(' ');
        }
        line.push_str(&translate(token));
        let closes_before_else = token == "}" && tokens.get(at) == Some(&"else");
        if matches!(token, "{" | ";") || (token == "}" && !closes_before_else) {
            out.push_str(&"    ".repeat(depth));
            out.push_str(line.trim());
            out.push('\n');
            line.clear();
        }
        if token == "{" {
            depth += 1;
        }
    }
}

/// Whether no space goes between `line` and the `token` after it.
fn tight(line: &str, token: &str) -> bool {
    let opens = matches!(token, "(" | "[");
    let keyword = line.ends_with("if") || line.ends_with("return");
    matches!(token, ")" | "]" | "," | ";" | ":")
        || line.is_empty()
        || line.ends_with(['(', '[', '!'])
        || (opens && line.ends_with(|c: char| c.is_alphanumeric()) && !keyword)
        || (line.ends_with('-') && is_sign(line))
}

/// Whether the minus at the end of `line` is a sign and not a subtraction.
fn is_sign(line: &str) -> bool {
    let before = line[..line.len() - 1].trim_end();
    before.is_empty()
        || before.ends_with("return")
        || before.ends_with(['(', ',', '=', '+', '-', '*', '<', '>', '&', '|'])
}

/// Every helper of generated code, and every constant that it names, by name.
static HELPERS: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    let shared = super::TOKENS.iter().copied().flatten().map(|t| (t.name, t.wgsl()));
    let written = super::SHADERS.iter().flat_map(|text| functions(text));
    let layouts = super::LAYOUTS.into_iter().flatten();
    let constants = layouts.map(|(name, value)| (*name, layout::wgsl(name, *value)));
    shared.chain(written).chain(constants).collect()
});

/// The functions of a hand-written file, each with the comment above it.
fn functions(text: &'static str) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut chunk = String::new();
    let mut name = None;
    for line in text.lines() {
        if line.is_empty() && name.is_none() {
            chunk.clear();
            continue;
        }
        if let Some(rest) = line.strip_prefix("fn ") {
            name = rest.split('(').next();
        }
        chunk.push_str(line);
        chunk.push('\n');
        if line == "}" || (name.is_some() && line.starts_with("fn ") && line.ends_with('}')) {
            out.extend(name.take().map(|n| (n, std::mem::take(&mut chunk))));
        }
    }
    out
}

/// The WGSL functions that `code` calls, those that they call, and the constants that
/// all of them name, each once, sorted by name. Put it before or after `code`: WGSL needs no order.
pub fn library(code: &str) -> String {
    let mut needed = BTreeMap::new();
    let mut open: Vec<&str> = vec![code];
    while let Some(text) = open.pop() {
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            if let Some((name, helper)) = HELPERS.get_key_value(word)
                && needed.insert(*name, helper.as_str()).is_none()
            {
                open.push(helper);
            }
        }
    }
    needed.values().copied().collect::<Vec<_>>().join("\n")
}

/// The names of the functions that are written by hand in `shaders/`.
pub fn hand_written() -> impl Iterator<Item = &'static str> {
    super::SHADERS.iter().flat_map(|text| functions(text)).map(|(name, _)| name)
}

/// The WGSL text of one helper or function, without what it calls.
pub fn helper(name: &str) -> Option<&'static str> {
    HELPERS.get(name).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_tokens_become_wgsl() {
        let tokens = Tokens {
            name: "f",
            arguments: &[("x", "f32")],
            result: "f32",
            body: "let mut y = x * -1.5e-7f32; if (x < 0.0) && !b { y = -y; } else { y = y - 2u32; } \
                   return g(-y, 1.0);",
        };
        let expected = "fn f(x: f32) -> f32 {
    var y = x * -1.5e-7f;
    if (x < 0.0) && !b {
        y = -y;
    } else {
        y = y - 2u;
    }
    return g(-y, 1.0);
}
";
        assert_eq!(tokens.wgsl(), expected);
    }

    #[cfg(feature = "gpu")]
    #[test]
    fn all_helpers_are_valid_wgsl() {
        let names: Vec<&str> = HELPERS.keys().copied().collect();
        let bindings = include_str!("../shaders/shared/bindings.wgsl");
        let soft = super::super::soft::soft_declarations([1, 1]);
        let text = format!("{bindings}{soft}{}", library(&names.join(" ")));
        let module = naga::front::wgsl::parse_str(&text)
            .unwrap_or_else(|e| panic!("{}", e.emit_to_string(&text)));
        naga::valid::Validator::new(
            naga::valid::ValidationFlags::all(),
            naga::valid::Capabilities::empty(),
        )
        .validate(&module)
        .unwrap_or_else(|e| panic!("{}", e.emit_to_string(&text)));
        for function in super::super::FUNCTIONS {
            assert!(text.contains(&format!("fn k_{}(", function.name)), "{}", function.name);
        }
    }

    #[test]
    fn a_library_holds_what_is_called_and_nothing_else() {
        let code = "fn main() { let x = f_le(1.0, 2.0); }";
        let text = library(code);
        assert_eq!(text.matches("fn f_le(").count(), 1, "{text}");
        assert_eq!(text.matches("fn f_is_nan(").count(), 1, "{text}");
        assert!(!text.contains("fn f_sqrt("), "{text}");
    }
}
