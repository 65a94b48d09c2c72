//! Which files the patterns of an analysis name: `*` and `?` in any part of a
//! path, relative to the analysis file, in sorted order.

use crate::error::{Error, ErrorKind, Result};
use std::path::{Component, Path, PathBuf};

/// The files that `pattern` names, relative to `base`. A pattern without
/// `*` and `?` is one path, whether or not it exists; an address is itself.
///
/// # Errors
/// A pattern with `*` or `?` that nothing fits.
pub fn expand(pattern: &str, base: &Path) -> Result<Vec<PathBuf>> {
    if pattern.contains("://") {
        return Ok(vec![PathBuf::from(pattern)]);
    }
    if !is_pattern(pattern) {
        return Ok(vec![base.join(pattern)]);
    }
    let mut found = vec![base.to_path_buf()];
    for part in Path::new(pattern).components() {
        found = match part {
            Component::Normal(name) => {
                let name = name.to_string_lossy();
                found.iter().flat_map(|folder| matches_in(folder, &name)).collect()
            }
            other => found.into_iter().map(|folder| folder.join(other)).collect(),
        };
    }
    found.retain(|path| path.exists());
    if found.is_empty() {
        return Err(Error::new(
            ErrorKind::Input,
            format!("{}: no file fits this pattern", base.join(pattern).display()),
        ));
    }
    Ok(found)
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// The entries of `folder` that fit one part of a pattern, sorted. As in a
/// shell, a leading dot is only fitted by a dot.
fn matches_in(folder: &Path, part: &str) -> Vec<PathBuf> {
    if !is_pattern(part) {
        return vec![folder.join(part)];
    }
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(here) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with('.') == part.starts_with('.'))
        .filter(|name| fits(part.as_bytes(), name.as_bytes()))
        .collect();
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

/// Whether `name` fits `pattern`: `*` is any text, `?` one byte. Linear in
/// memory and at worst quadratic in time, by backtracking to the last star only.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, n));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p] == name[n]) {
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
            ("**", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn files_come_sorted_and_relative_to_the_base() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.root", "a.root", ".a.root", "c.txt"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let names = |pattern| {
            let found = expand(pattern, dir.path()).unwrap();
            found.iter().map(|p| p.strip_prefix(dir.path()).unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("*.root"), [Path::new("a.root"), Path::new("b.root")]);
        assert_eq!(names("none.root"), [Path::new("none.root")]);
        let address = "https://host//store/x.root?a=*";
        assert_eq!(expand(address, dir.path()).unwrap(), [Path::new(address)]);
        let error = expand("*.parquet", dir.path()).unwrap_err();
        assert!(error.to_string().ends_with("no file fits this pattern"), "{error}");
    }
}
