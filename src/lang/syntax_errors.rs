//! What to say about an expression that is not one: what was found, and how
//! this language spells what was probably meant.

use super::fault::Fault;
use super::lex::{KEYWORDS, Kind, Token, is_unit, shorten, unit_help};
use super::text_map::TextMap;
use crate::diag::Diagnostic;
use crate::syntax::{Expr, ExprKind, Ident, Span};

/// Refuses brackets that do not pair.
pub(super) fn check_brackets(tokens: &[Token<'_>], map: &TextMap) -> Result<(), Box<Fault>> {
    let mut open: Vec<&Token<'_>> = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Symbol("(" | "[") => open.push(token),
            Kind::Symbol(close @ (")" | "]")) => {
                let span = map.span(token.start, token.end);
                let Some(opened) = open.pop() else {
                    return Err(Fault::new(
                        Diagnostic::new(span, format!("this `{close}` closes nothing"))
                            .help("remove it, or open the bracket further left"),
                    ));
                };
                let wanted = if opened.text == "(" { ")" } else { "]" };
                if close != wanted {
                    return Err(Fault::new(
                        Diagnostic::new(span, format!("`{close}` where `{wanted}` is expected"))
                            .also(
                                map.span(opened.start, opened.end),
                                format!("this `{}` is still open", opened.text),
                            )
                            .help("close brackets in the reverse order of opening them"),
                    ));
                }
            }
            _ => {}
        }
    }
    let Some(opened) = open.last() else { return Ok(()) };
    let span = map.span(opened.start, opened.end);
    let diagnostic = Diagnostic::new(span, format!("this `{}` is never closed", opened.text))
        .help(format!("add the missing `{}`", if opened.text == "(" { ")" } else { "]" }));
    Err(Box::new(Fault { diagnostic, incomplete: true }))
}

/// What is wrong with the token at `at`, where an operand should begin.
pub(super) fn missing_operand(tokens: &[Token<'_>], at: usize, map: &TextMap) -> Diagnostic {
    let token = &tokens[at];
    let before = at.checked_sub(1).map(|i| &tokens[i]);
    let span = map.span(token.start, token.end);
    let at_token = |message: String| Diagnostic::new(span, message);
    let previous = before.map_or("", |t| t.text);
    match (previous, token.kind) {
        ("", Kind::End) => {
            at_token("there is no expression here".into()).help("for example `MET.pt`")
        }
        (_, Kind::End) => {
            let span = before.map_or(span, |t| map.span(t.start, t.end));
            Diagnostic::new(span, format!("the expression ends after `{previous}`"))
                .label("something must follow")
        }
        (".", Kind::Integer(_) | Kind::Real(_)) => {
            at_token(format!("a number after a dot: `.{}`", token.text))
                .help(format!("an element is picked by `[{}]`: `jet[0].pt`", token.text))
        }
        (".", Kind::Symbol(word)) if KEYWORDS.contains(&word) => reserved(word, span)
            .help(format!("a field of this name stands between backquotes: .`{word}`")),
        (".", _) => {
            at_token(format!("a field's name is expected after the dot, not `{}`", token.text))
        }
        (_, Kind::Symbol("!")) => {
            let operand = match &tokens[at + 1..] {
                [name, bracket, ..] if bracket.text == "(" => format!("{}(...)", name.text),
                [name, ..] if name.kind == Kind::Name => shorten(name.text),
                _ => "x".to_owned(),
            };
            at_token("`!` is not an operator".into()).help(format!("write `not {operand}`"))
        }
        (_, Kind::Symbol("not")) => {
            at_token("`not` binds more loosely than the operator before it".into())
                .help("put it in brackets: `a == (not b)`")
        }
        (_, Kind::Symbol("if")) => at_token("an `if` as an operand needs brackets".into())
            .help("for example `1 + (if c then a else b)`"),
        (_, Kind::Symbol(word @ ("then" | "else"))) => {
            at_token(format!("`{word}` where a value is expected"))
                .help("the form is `if c then a else b`")
        }
        (_, Kind::Symbol("+")) => {
            at_token("a leading `+` does nothing".into()).help("leave it out")
        }
        ("[", Kind::Symbol("]")) => at_token("nothing stands in these brackets".into())
            .help("write a condition, `Jet[pt > 30]`, or a number, `Jet[0]`"),
        (_, Kind::Symbol("[")) => at_token("a list is not a value".into())
            .help("for one of several values write `x == 1 or x == 2`"),
        (_, Kind::Symbol("{" | "}")) => {
            at_token("curly brackets have no meaning in expressions".into())
                .help("`( )` group, `[ ]` filter or pick an element")
        }
        ("(", Kind::Symbol(")")) => at_token("nothing stands in these brackets".into()),
        (",", Kind::Symbol(")" | "]")) => at_token("nothing follows the comma".into())
            .help("remove the comma, or add what is missing"),
        ("<" | ">" | "=" | "!" | "==", Kind::Symbol("=" | "==")) => {
            at_token(format!("`{previous} {}` is not an operator", token.text))
                .help("comparisons are `<` `<=` `>` `>=` `==` `!=`, without spaces inside")
        }
        ("", _) => at_token(format!("an expression cannot begin with `{}`", token.text))
            .help(foreign(token.text).unwrap_or("a value is missing before it")),
        _ => at_token(format!("a value is missing between `{previous}` and `{}`", token.text)),
    }
}

/// What to write instead of a spelling of other languages.
fn foreign(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "&&" => "write `and`",
        "||" => "write `or`",
        "!" => "write `not x`, or `a != b`",
        "=" | "===" => "to compare, write `==`",
        "<>" => "write `!=`",
        "=<" => "write `<=`",
        "->" => "a field is taken with a dot: `Jet.pt`",
        "::" => "there are no namespaces: write `abs(x)`",
        "+=" | "-=" => "values never change: define a new name",
        "?" => "write `if c then a else b`",
        ":" => "for a choice write `if c then a else b`; ranges `a:b` do not exist",
        ";" => "one expression stands alone, without `;`",
        "{" | "}" => "`( )` group, `[ ]` filter or pick an element",
        _ => return None,
    })
}

/// What is wrong with the token at `at`, which follows a complete operand.
pub(super) fn unexpected(tokens: &[Token<'_>], at: usize, map: &TextMap) -> Diagnostic {
    let token = &tokens[at];
    let span = map.span(token.start, token.end);
    let here = |message: String| Diagnostic::new(span, message);
    let Some(before) = at.checked_sub(1).map(|i| &tokens[i]) else {
        return here(format!("`{}` cannot stand here", token.text));
    };
    match token.kind {
        Kind::End => Diagnostic::new(
            map.span(before.start, before.end),
            format!("the expression ends after `{}`", shorten(before.text)),
        )
        .label("something must follow"),
        Kind::Symbol(symbol) => match foreign(symbol) {
            Some(help) => here(format!("`{symbol}` is not an operator here")).help(help),
            None => after_operand(symbol, before, span),
        },
        _ => side_by_side(before, token, map),
    }
}

/// `if c a`: a word of the form is not there.
pub(super) fn missing_word(word: &str, token: &Token<'_>, span: Span) -> Diagnostic {
    let place = match token.kind {
        Kind::End => "at the end".to_owned(),
        _ => format!("before `{}`", shorten(token.text)),
    };
    Diagnostic::new(span, format!("`{word}` is missing {place}"))
        .help("the form is `if c then a else b`")
}

/// What is wrong with a symbol of the language behind a complete operand.
fn after_operand(symbol: &str, before: &Token<'_>, span: Span) -> Diagnostic {
    let here = |message: String| Diagnostic::new(span, message);
    match symbol {
        "," => here("a comma outside of a function's brackets".into())
            .help("arguments are listed in a call: `dr(a, b)`; conditions are joined by `and`"),
        "=>" => here("`=>` needs a name, or names in brackets, on its left".into())
            .help("greater or equal is written `>=`")
            .help("a small function is written `j => j.pt`, or `(a, b) => a.pt + b.pt`"),
        "if" => here("`if` behind a value".into()).help("write `if c then a else b`"),
        "then" | "else" => {
            here(format!("`{symbol}` without `if`")).help("the form is `if c then a else b`")
        }
        "not" => here("`not` between two values".into())
            .help("write `a not in b`, `a != b` or `a and not b`"),
        "(" => here("only a name can be called".into()).help("is an operator missing before `(`?"),
        ")" | "]" => here(format!("this `{symbol}` closes too early")),
        _ => here(format!(
            "an operator is missing between `{}` and `{symbol}`",
            shorten(before.text)
        )),
    }
}

/// What to say about two operands without an operator between them.
fn side_by_side(before: &Token<'_>, token: &Token<'_>, map: &TextMap) -> Diagnostic {
    let both = map.span(before.start, token.end);
    let error = Diagnostic::new(
        both,
        format!(
            "an operator is missing between `{}` and `{}`",
            shorten(before.text),
            shorten(token.text)
        ),
    );
    let is_number = matches!(before.kind, Kind::Integer(_) | Kind::Real(_));
    if is_number && is_unit(token.text) {
        return error.help(unit_help(before.text, token.text));
    }
    for word in [token, before].into_iter().filter(|t| t.kind == Kind::Name) {
        let lower = word.text.to_ascii_lowercase();
        if KEYWORDS.contains(&lower.as_str()) {
            return error.help(format!("operators are in lower case: write `{lower}`"));
        }
        let help = match lower.as_str() {
            "lambda" => "a small function is written `j => j.pt > 30`",
            "is" => "equality is written `==`",
            "mod" => "the remainder is written `a % b`",
            "xor" => "exclusive or is written `a != b`, on bits `a ^ b`",
            "elif" | "elsif" | "elseif" => "write `else if c then a else b`",
            _ => continue,
        };
        return error.help(help);
    }
    if before.kind == Kind::Name {
        return error.help(format!(
            "a function is called with brackets: `{}({})`",
            shorten(before.text),
            shorten(token.text)
        ));
    }
    error.help(
        "operators are `and or not`, `< <= > >= == !=`, `in`, `+ - * / // % **`, `& | ^ << >>`",
    )
}

/// `pow(a, b)`: the language has one spelling of powers.
pub(super) fn pow(call: &[Token<'_>], name: Span) -> Diagnostic {
    let error = Diagnostic::new(name, "there is no function `pow`");
    let kinds: Vec<Kind> = call.iter().map(|t| t.kind).collect();
    if let [_, Kind::Symbol("("), _, Kind::Symbol(","), _, Kind::Symbol(")")] = kinds[..] {
        return error.help(format!("write `{} ** {}`", call[2].text, call[4].text));
    }
    error.help("write `a ** b`")
}

/// A small function where a value is expected.
pub(super) fn lambda_on_its_own(span: Span) -> Diagnostic {
    Diagnostic::new(span, "a function with `=>` is not a value")
        .help("it stands in brackets behind a collection, `Jet[j => j.pt > 30]`, or in a call")
        .help("to name a function, write its parameters on the left: `define: good(j): j.pt > 30`")
        .help("greater or equal is written `>=`")
}

/// `[pt => 30]`: a small function that gives a number as a condition.
pub(super) fn arrow_for_at_least(inside: &Expr) -> Option<Diagnostic> {
    let ExprKind::Lambda(parameters, body) = &inside.kind else { return None };
    let (ExprKind::Integer(_) | ExprKind::Real(_)) = body.kind else { return None };
    let name = parameters.first().map_or("x", |p| p.name.as_str());
    Some(
        Diagnostic::new(inside.span, "`=>` makes a function, and this one gives a number")
            .help(format!("greater or equal is written `>=`: `[{name} >= ...]`")),
    )
}

/// `a in b in c`, `a < b in c`.
pub(super) fn mixed_comparison(span: Span) -> Diagnostic {
    Diagnostic::new(span, "`in` does not chain with other comparisons")
        .help("join them with `and`, or use brackets: `(a in b) == c`")
}

/// A tree deeper than `most`.
pub(super) fn too_deep(span: Span, most: usize) -> Diagnostic {
    Diagnostic::new(span, format!("this expression is nested more than {most} levels deep"))
        .help("give names to its parts under `define`")
}

/// A chain of more operators than `most`.
pub(super) fn too_long(span: Span, most: usize) -> Diagnostic {
    let most = format!("{},{:03}", most / 1000, most % 1000);
    Diagnostic::new(span, format!("more than {most} operators stand one after the other here"))
        .help("give names to its parts under `define`")
}

/// A parameter that is there already.
pub(super) fn twice(name: &Ident, first: Span) -> Diagnostic {
    Diagnostic::new(name.span, format!("the parameter `{}` is there twice", name.name))
        .also(first, "first here")
        .help("give each parameter its own name")
}

/// A word of the language used as a name.
pub(crate) fn reserved(word: &str, span: Span) -> Diagnostic {
    Diagnostic::new(span, format!("`{word}` is a word of the language and cannot be a name"))
        .help(format!("choose another name, such as `{word}_`"))
        .help(format!("reserved are: all, {}", KEYWORDS.join(", ")))
}

/// A left-hand side that defines nothing.
pub(super) fn bad_target(text: &str, span: Span) -> Diagnostic {
    Diagnostic::new(span, format!("`{}` cannot be defined", shorten(text)))
        .help("a name: `clean: ...`")
        .help("a new field: `Jet.scaled_pt: ...`")
        .help("a function: `good(l): ...`")
        .help("names are made of letters, digits and `_`, and do not begin with a digit")
}
