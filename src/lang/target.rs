//! The left-hand side of a definition: `a`, `a.b` or `f(a, b)`.

use super::fault::Fault;
use super::lex::{Kind, Token, lex};
use super::syntax_errors;
use super::text_map::TextMap;
use crate::syntax::{Ident, Target};

/// The left-hand side of a definition that `text` is.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn target(text: &str, map: &TextMap) -> Result<Target, Box<Fault>> {
    let (tokens, stopped) = lex(text, map);
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Fault::new(syntax_errors::bad_target(text, map.span(0, text.len()))));
    }
    if let Some(diagnostic) = stopped {
        return Err(Fault::new(diagnostic));
    }
    let ident = |token: &Token<'_>| Ident {
        name: token.text.to_owned(),
        span: map.span(token.start, token.end),
    };
    let kinds: Vec<Kind> = tokens.iter().map(|t| t.kind).collect();
    match kinds[..] {
        [Kind::Name, Kind::End] => return Ok(Target::Name(ident(&tokens[0]))),
        [Kind::Name, Kind::Symbol("."), Kind::Name, Kind::End] => {
            return Ok(Target::Field { of: ident(&tokens[0]), field: ident(&tokens[2]) });
        }
        [Kind::Name, Kind::Symbol("("), ref inside @ .., Kind::Symbol(")"), Kind::End]
            if alternate(inside) =>
        {
            let parameters: Vec<Ident> =
                tokens[2..tokens.len() - 2].iter().step_by(2).map(ident).collect();
            for (i, parameter) in parameters.iter().enumerate() {
                if let Some(first) = parameters[..i].iter().find(|p| p.name == parameter.name) {
                    return Err(Fault::new(syntax_errors::twice(parameter, first.span)));
                }
            }
            return Ok(Target::Function { name: ident(&tokens[0]), parameters });
        }
        _ => {}
    }
    let reserved = tokens.iter().find(|t| {
        matches!(t.kind, Kind::Symbol(word) if word.starts_with(|c: char| c.is_ascii_alphabetic()))
    });
    Err(Fault::new(match reserved {
        Some(word) => syntax_errors::reserved(word.text, map.span(word.start, word.end)),
        None => syntax_errors::bad_target(text, map.span(0, text.len())),
    }))
}

/// Whether these are names with a comma between each two.
fn alternate(kinds: &[Kind]) -> bool {
    let expected = |i: usize| if i.is_multiple_of(2) { Kind::Name } else { Kind::Symbol(",") };
    !kinds.len().is_multiple_of(2) && kinds.iter().enumerate().all(|(i, kind)| *kind == expected(i))
}
