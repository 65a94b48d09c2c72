//! What an address carries for its server alone, never shown and never recorded:
//! `user:password@`, and the values after `?` and `#`, which are tokens and signatures.
//!
//! Every error ([`crate::error::Error`]), every diagnostic and the path of every
//! opened file goes through here, so that no place of its own has to think of it.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in place of a secret.
const HIDDEN: &str = "***";
/// Longest name of a parameter that is shown: longer ones may be a token themselves.
const NAME: usize = 32;

/// The text without the secrets of the addresses in it.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let secrets = secrets(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for secret in secrets {
        shown.push_str(&text[at..secret.start]);
        shown.push_str(HIDDEN);
        at = secret.end;
    }
    shown.push_str(&text[at..]);
    Cow::Owned(shown)
}

/// The same where places in the text must stay: a `*` for each byte of a secret.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let secrets = secrets(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = text.to_owned();
    for secret in secrets {
        let stars = "*".repeat(secret.len());
        shown.replace_range(secret, &stars);
    }
    Cow::Owned(shown)
}

/// Where the secrets of the addresses in a text are, ascending.
fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(colon) = text[at..].find("://").map(|i| at + i) {
        let start = colon + "://".len();
        let has_scheme = text[..colon].ends_with(|c: char| c.is_ascii_alphanumeric());
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>');
        let end = text[start..].find(ends).map_or(text.len(), |i| start + i);
        let address = text[start..end].trim_end_matches([':', ',', ';', '.', ')', ']', '}']);
        if has_scheme {
            found.extend(in_address(address).map(|r| start + r.start..start + r.end));
        }
        at = end;
    }
    found
}

/// The secrets of an address without its scheme.
fn in_address(address: &str) -> impl Iterator<Item = Range<usize>> {
    let user = user(address);
    let rest = user.as_ref().map_or(0, |user| user.end);
    let query = address[rest..].find(['?', '#']).map(|i| rest + i);
    let values = query.map(|query| values(address, query)).unwrap_or_default();
    user.into_iter().chain(values)
}

/// Who asks: what stands before the host and `@`.
fn user(address: &str) -> Option<Range<usize>> {
    let host = address.find(['/', '?', '#']).unwrap_or(address.len());
    if let Some(at) = address[..host].rfind('@') {
        return Some(0..at);
    }
    // A password with `/`, `?` or `#` in it, which should not be there: what follows the
    // colon is no port.
    let (_, port) = address[..host].rsplit_once(':')?;
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) || port.ends_with(']');
    address.rfind('@').filter(|_| !is_port).map(|at| 0..at)
}

/// The values of the parameters after `query`; all of one that has no name.
fn values(address: &str, query: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = query + 1;
    for part in address[start..].split(['&', ';', '#']) {
        let is_name = |name: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
            !name.is_empty() && name.len() <= NAME && name.bytes().all(plain)
        };
        let value = match part.split_once('=') {
            Some((name, _)) if is_name(name) => start + name.len() + 1..start + part.len(),
            _ => start..start + part.len(),
        };
        if !value.is_empty() {
            found.push(value);
        }
        start += part.len() + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        // text, what is shown
        let cases = [
            ("https://host/a/b.root: no such file", "https://host/a/b.root: no such file"),
            ("https://me:pw@host:8443/b.root", "https://***@host:8443/b.root"),
            ("https://TOKEN@host/b.root", "https://***@host/b.root"),
            ("http://h/x?token=abc: 403", "http://h/x?token=***: 403"),
            ("http://h/x?a=1&X-Sig=2%2B#f", "http://h/x?a=***&X-Sig=***#***"),
            ("http://h/x?abcdef", "http://h/x?***"),
            ("http://h/x?a=b?c=d&e", "http://h/x?a=***&***"),
            ("http://me:p/w@host/x", "http://***@host/x"),
            ("http://me:p?w@host/x?t=1", "http://***@host/x?t=***"),
            ("http://[::1]:80/eos/@me/x", "http://[::1]:80/eos/@me/x"),
            (
                "[http://u:p@h/a, 'root://h//b?authz=t']",
                "[http://***@h/a, 'root://h//b?authz=***']",
            ),
            (
                "`https://u:é@h/x?t=é` and https://h/y?z=1.",
                "`https://***@h/x?t=***` and https://h/y?z=***.",
            ),
            ("a ://b@c and ://?x=y", "a ://b@c and ://?x=y"),
            ("://", "://"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(redacted(text), expected);
            assert_eq!(redacted(expected), expected, "twice is once");
            let masked = masked(text);
            assert_eq!(masked.len(), text.len(), "{text}");
            assert_eq!(redacted(&masked), expected, "{masked}");
        }
    }
}
