//! Expression text to tokens. Spellings of other languages (`&&`, `?`, `::`)
//! become tokens too, so that the parser can say what to write instead.

use super::text_map::TextMap;
use crate::diag::Diagnostic;

/// A token: what it is and where it stands in the expression's text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    /// The token as written.
    pub(crate) text: &'a str,
    /// First byte in the expression's text.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
}

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Name,
    /// A name between backquotes, which may have any characters.
    Quoted,
    Integer(i64),
    Real(f64),
    /// A quoted text, quotes included.
    Text,
    /// An operator, a bracket or a keyword.
    Symbol(&'static str),
    /// The end of the text, or of what could be read of it.
    End,
}

/// Words that cannot be names.
pub(crate) const KEYWORDS: &[&str] =
    &["and", "or", "not", "in", "if", "then", "else", "true", "false"];

/// Operators and brackets, longer ones before their beginnings.
const SYMBOLS: &[&str] = &[
    "===", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "=>", "&&", "||", "<>", "=<", "::",
    "->", "+=", "-=", "+", "-", "*", "/", "%", "<", ">", "=", "!", "&", "|", "^", "~", "(", ")",
    "[", "]", "{", "}", ",", ".", "?", ":", ";",
];

/// All tokens of `text`, the last of kind [`Kind::End`]; and what stopped the
/// reading, if something did.
pub(crate) fn lex<'a>(text: &'a str, map: &TextMap) -> (Vec<Token<'a>>, Option<Diagnostic>) {
    let mut lexer = Lexer { text, map, at: 0, tokens: Vec::new() };
    let mut error = None;
    loop {
        let rest = &text[lexer.at..];
        lexer.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        if lexer.at == text.len() {
            break;
        }
        if let Err(diagnostic) = lexer.token() {
            error = Some(*diagnostic);
            break;
        }
    }
    let at = lexer.at;
    lexer.push(Kind::End, at);
    (lexer.tokens, error)
}

struct Lexer<'a, 'm> {
    text: &'a str,
    map: &'m TextMap,
    at: usize,
    tokens: Vec<Token<'a>>,
}

type Lexed = Result<(), Box<Diagnostic>>;

impl<'a> Lexer<'a, '_> {
    fn push(&mut self, kind: Kind, end: usize) {
        let start = self.at;
        self.tokens.push(Token { kind, text: &self.text[start..end], start, end });
        self.at = end;
    }

    fn error(&self, end: usize, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.map.span(self.at, end), message)
    }

    /// Reads one token; the text at hand is not empty and not white space.
    fn token(&mut self) -> Lexed {
        let rest = &self.text[self.at..];
        let bytes = rest.as_bytes();
        let first = bytes[0];
        let digit_next = bytes.get(1).is_some_and(u8::is_ascii_digit);
        if first.is_ascii_digit() || (first == b'.' && digit_next && !self.follows_operand()) {
            return self.number(rest);
        }
        if first.is_ascii_alphabetic() || first == b'_' {
            let word = &rest[..word_length(rest)];
            let keyword = KEYWORDS.iter().find(|k| **k == word);
            self.push(keyword.map_or(Kind::Name, |k| Kind::Symbol(k)), self.at + word.len());
            return Ok(());
        }
        if first == b'"' || first == b'\'' {
            return self.quoted(rest, first as char);
        }
        if first == b'`' {
            return self.quoted_name(rest);
        }
        if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            self.push(Kind::Symbol(symbol), self.at + symbol.len());
            return Ok(());
        }
        Err(Box::new(self.unknown(rest)))
    }

    /// Whether the token before stands right here and may be followed by
    /// `.name`: then a dot belongs to it (`jet.0`), not to a number.
    fn follows_operand(&self) -> bool {
        self.tokens.last().is_some_and(|t| {
            t.end == self.at
                && matches!(t.kind, Kind::Name | Kind::Quoted | Kind::Symbol(")" | "]"))
        })
    }

    fn number(&mut self, rest: &str) -> Lexed {
        if self.tokens.last().is_some_and(|t| t.end == self.at && t.text == ".") {
            // `jet.0.pt`: the parser says what to write.
            let end = self.at + rest.bytes().take_while(u8::is_ascii_digit).count();
            self.push(Kind::Integer(0), end);
            return Ok(());
        }
        let length = number_length(rest);
        let text = &rest[..length];
        let end = self.at + length;
        let stray = word_length(&rest[length..]);
        let stray = if rest[length..].starts_with('.') { 1 } else { stray };
        if stray > 0 {
            return Err(Box::new(self.bad_number(text, &rest[length..length + stray])));
        }
        let kind = if let Some(digits) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            i64::from_str_radix(digits, 16).ok().map(Kind::Integer)
        } else if text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().ok().map(Kind::Integer)
        } else {
            text.parse().ok().filter(|x: &f64| x.is_finite()).map(Kind::Real)
        };
        let Some(kind) = kind else {
            let error = self.error(end, format!("the number `{}` is too large", shorten(text)));
            return Err(Box::new(error.help(format!(
                "integers go up to {}; real numbers up to {:e}",
                i64::MAX,
                f64::MAX
            ))));
        };
        self.push(kind, end);
        Ok(())
    }

    fn bad_number(&self, number: &str, stray: &str) -> Diagnostic {
        let end = self.at + number.len() + stray.len();
        let error =
            self.error(end, format!("`{}` is not a number", shorten(&format!("{number}{stray}"))));
        if is_unit(stray) {
            return error.help(unit_help(number, stray));
        }
        match stray.as_bytes()[0] {
            b'.' => error.help("a number has one decimal point: `1.5`"),
            b'_' => error.help("digits are not grouped: write `1000` or `1e3`"),
            b'b' | b'B' | b'o' | b'O' | b'x' | b'X' if number == "0" => {
                error.help("bit patterns are written in hexadecimal: `0x1f`, or in decimal: `31`")
            }
            b'e' | b'E' if stray.len() == 1 => {
                error.help("digits are missing after the `e`: `1e3`")
            }
            b'f' | b'F' | b'L' | b'u' | b'U' | b'l' if stray.len() == 1 => {
                error.help(format!("numbers have no suffix: write `{number}`"))
            }
            _ => error.help(format!(
                "a name cannot begin with a digit; to multiply, write `{number} * {stray}`; a branch \
                 of this name stands between backquotes, `` `{number}{stray}` ``"
            )),
        }
    }

    fn quoted(&mut self, rest: &str, quote: char) -> Lexed {
        match rest[1..].find(quote) {
            Some(length) => {
                self.push(Kind::Text, self.at + length + 2);
                Ok(())
            }
            None => Err(Box::new(
                self.error(self.at + 1, format!("this quote {quote} is never closed"))
                    .help("expressions need no quotes: values are numbers, true or false"),
            )),
        }
    }

    fn quoted_name(&mut self, rest: &str) -> Lexed {
        let mut end = 1;
        loop {
            let Some(next) = rest[end..].find('`') else {
                let error = self.error(self.at + 1, "this backquote ` is never closed");
                let help = "a branch's name stands between two of them: `` `p1.x` ``";
                return Err(Box::new(error.help(help)));
            };
            end += next + 1;
            // Two of them are one in the name.
            if !rest[end..].starts_with('`') || end == 2 {
                break;
            }
            end += 1;
        }
        if end == 2 {
            let error = self.error(self.at + end, "there is no name between these backquotes");
            return Err(Box::new(error.help("write a branch's name there, or remove them")));
        }
        self.push(Kind::Quoted, self.at + end);
        Ok(())
    }

    fn unknown(&self, rest: &str) -> Diagnostic {
        let Some(c) = rest.chars().next() else { return self.error(self.at, "nothing to read") };
        let end = self.at + c.len_utf8();
        let shown = match c {
            c if c.is_control() || c.is_whitespace() => format!("{}", c.escape_unicode()),
            c => format!("`{c}`"),
        };
        let error = self.error(end, format!("the character {shown} has no meaning here"));
        let help = match c {
            '≥' => "write `>=`".into(),
            '≤' => "write `<=`".into(),
            '≠' => "write `!=`".into(),
            '×' | '·' | '⋅' => "write `*`".into(),
            '÷' => "write `/`".into(),
            '−' | '–' | '—' => "this is a typographic dash; write the minus sign `-`".into(),
            '²' => "write `x ** 2`".into(),
            '∧' => "write `and`".into(),
            '∨' => "write `or`".into(),
            '¬' => "write `not x`".into(),
            'π' => "write `pi`".into(),
            '“' | '”' | '‘' | '’' => "remove the typographic quotes".into(),
            '$' | '@' | '#' | '\\' => {
                "names stand as they are, `Jet.pt`; one with such a character stands between \
                 backquotes: `` `x#1` ``"
                    .into()
            }
            c if c.is_whitespace() => "this is a special space; write an ordinary one".into(),
            c if c.is_alphabetic() => {
                "names are made of the letters a-z, A-Z, digits and `_`: `eta`, `phi`".to_owned()
            }
            _ => "remove it".to_owned(),
        };
        error.help(help)
    }
}

/// The name in a token of kind [`Kind::Quoted`].
pub(crate) fn unquoted(text: &str) -> String {
    text.strip_prefix('`').and_then(|t| t.strip_suffix('`')).unwrap_or(text).replace("``", "`")
}

/// Whether a name can stand in an expression as it is.
pub(crate) fn is_word(name: &str) -> bool {
    let letters = word_length(name) == name.len() && !name.is_empty();
    letters && !name.starts_with(|c: char| c.is_ascii_digit()) && !KEYWORDS.contains(&name)
}

/// A name between backquotes.
pub(crate) fn between_backquotes(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Bytes of the word (letters, digits, `_`) that `text` begins with.
fn word_length(text: &str) -> usize {
    text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()
}

/// Bytes of the number that `text` begins with: `1`, `1.`, `.5`, `1e-3`, `0x1f`.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        from + bytes[from.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count()
    };
    if bytes[0] == b'0' && matches!(bytes.get(1), Some(b'x' | b'X')) {
        let hex = bytes[2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        return if hex > 0 { 2 + hex } else { 1 };
    }
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// Whether a word is a unit that people write behind numbers.
pub(crate) fn is_unit(word: &str) -> bool {
    const UNITS: &[&str] = &[
        "GeV", "MeV", "TeV", "keV", "eV", "gev", "mev", "tev", "rad", "deg", "mm", "cm", "pb", "fb",
    ];
    UNITS.contains(&word)
}

/// What to do about a unit behind a number.
pub(crate) fn unit_help(number: &str, unit: &str) -> String {
    match unit {
        "pb" | "fb" => {
            let luminosity = "a luminosity is in /pb (1 /fb is 1000)";
            format!("numbers carry no units: {luminosity}, a cross-section in pb (1 fb is 0.001)")
        }
        "TeV" | "tev" => format!("numbers carry no units: NanoAOD has GeV, write `{number}e3`"),
        "MeV" | "mev" => format!("numbers carry no units: NanoAOD has GeV, write `{number}e-3`"),
        "deg" => {
            format!("numbers carry no units: NanoAOD has radians, write `{number} * pi / 180`")
        }
        _ => format!(
            "numbers carry no units: write `{number}`; NanoAOD has GeV, radians and centimetres"
        ),
    }
}

/// `text`, or its beginning if it is long.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 30;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
