//! Names with `*` and `?` in them: of files, and of branches.

/// Whether there is a `*` or `?` in a text.
pub(crate) fn is_pattern(text: &[u8]) -> bool {
    text.contains(&b'*') || text.contains(&b'?')
}

/// Whether `name` fits `pattern`: `*` is any text, `?` one character. Linear in
/// memory and at worst quadratic in time, by backtracking to the last star only.
pub(crate) fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, n));
            p += 1;
        } else if p < pattern.len() && pattern[p] == b'?' {
            p += 1;
            n += 1 + rest_of_character(&name[n..]);
        } else if p < pattern.len() && pattern[p] == name[n] {
            p += 1;
            n += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            n = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Bytes after the first one of a character of UTF-8; none of what is not UTF-8.
fn rest_of_character(bytes: &[u8]) -> usize {
    let length = (1..=bytes.len().min(4)).find(|n| std::str::from_utf8(&bytes[..*n]).is_ok());
    length.unwrap_or(1) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, fit) in [
            ("*.root", "a.root", true),
            ("*.root", "a.root.part", false),
            ("a*b*c", "axxbyybzc", true),
            ("a*b*c", "axxbyybz", false),
            ("?.root", "a.root", true),
            ("?.root", ".root", false),
            ("?.root", "é.root", true),
            ("*?.root", "éé.root", true),
            ("??.root", "é.root", false),
            ("**", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), fit, "{pattern} {name}");
        }
    }
}
