//! Which files the paths and patterns of an input name: `*` and `?` in any part of a
//! path, `**` for folders at any depth; each part sorted.
//!
//! What fits a pattern and cannot be looked at is among the files, with the reason: it
//! ends the run, or is accounted for, like a file that cannot be opened.

use crate::diag::Written;
use crate::error::{Error, Result};
use crate::pattern::{fits, is_pattern};
use crate::syntax::Ident;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// Folders at any depth.
const ANY_DEPTH: &str = "**";

/// A file that an input names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InputFile {
    /// Path or address.
    pub path: PathBuf,
    /// What names it, for errors: a place in an analysis or a fileset, an option.
    pub named_by: String,
    /// Which of its events are meant.
    pub events: Meant,
    /// Why it cannot be opened, if that is known: a folder that cannot be read.
    pub unreadable: Option<Error>,
}

/// What an input says of the events of a file that it names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meant {
    /// Ranges of events, ascending, apart from each other; `None`: all.
    pub steps: Option<Vec<Range<u64>>>,
    /// How many events the file has to have.
    pub number: Option<u64>,
    /// The UUID that it has to have, if it has any.
    pub uuid: Option<String>,
}

impl InputFile {
    /// A path, and what names it.
    pub fn new(path: impl Into<PathBuf>, named_by: impl Into<String>) -> InputFile {
        InputFile { path: path.into(), named_by: named_by.into(), ..InputFile::default() }
    }

    /// An error about it, with what names it.
    pub(super) fn blamed(&self, error: Error) -> Error {
        if self.named_by.is_empty() { error } else { error.within(&self.named_by) }
    }
}

impl From<PathBuf> for InputFile {
    fn from(path: PathBuf) -> InputFile {
        InputFile::new(path, "")
    }
}

impl From<&str> for InputFile {
    fn from(path: &str) -> InputFile {
        InputFile::new(path, "")
    }
}

/// The files that `pattern` names, relative to `base`. A pattern without
/// `*` and `?` is one path, whether or not it exists; an address is itself.
///
/// # Errors
/// A pattern with `*` or `?` that nothing fits.
pub fn expand(pattern: &OsStr, base: &Path, named_by: &str) -> Result<Vec<InputFile>> {
    let bytes = pattern.as_encoded_bytes();
    if bytes.windows(3).any(|three| three == b"://") {
        return Ok(vec![InputFile::new(pattern, named_by)]);
    }
    if !is_pattern(bytes) {
        return Ok(vec![InputFile::new(base.join(pattern), named_by)]);
    }
    let mut walk = Walk::default();
    let mut found = vec![base.to_path_buf()];
    let mut parts: Vec<Component<'_>> = Path::new(pattern).components().collect();
    let recursive = parts.iter().position(|part| part.as_os_str() == ANY_DEPTH);
    if parts.last().is_some_and(|last| last.as_os_str() == ANY_DEPTH) {
        parts.push(Component::Normal(OsStr::new("*")));
    }
    for part in &parts {
        found = match part {
            Component::Normal(name) if *name == ANY_DEPTH => walk.folders(&found),
            Component::Normal(name) => {
                found.iter().flat_map(|folder| walk.entries(folder, name)).collect()
            }
            other => found.into_iter().map(|folder| folder.join(other)).collect(),
        };
    }
    if recursive.is_some() && parts.last().is_some_and(|last| last.as_os_str() == "*") {
        // The files of these folders are there themselves.
        found.retain(|path| !path.is_dir());
    }
    let mut files: Vec<InputFile> =
        found.iter().map(|path| InputFile::new(path, named_by)).collect();
    files.extend(walk.unreadable.into_iter().filter(|(path, _)| !found.contains(path)).map(
        |(path, error)| InputFile { unreadable: Some(error), ..InputFile::new(path, named_by) },
    ));
    if files.is_empty() {
        let error = Error::input("no file fits this pattern").within(base.join(pattern).display());
        return Err(InputFile::new("", named_by).blamed(error));
    }
    Ok(files)
}

/// The same of a pattern in an analysis.
///
/// # Errors
/// As [`expand`].
pub fn expand_written(pattern: &Ident, written: &Written<'_>) -> Result<Vec<InputFile>> {
    let place = written.place(pattern.span);
    expand(OsStr::new(&pattern.name), written.folder(), &place)
}

/// Looks into folders, and keeps what cannot be looked at.
#[derive(Default)]
struct Walk {
    unreadable: Vec<(PathBuf, Error)>,
}

impl Walk {
    /// The entries of `folder` that fit one part of a pattern, sorted. As in a
    /// shell, a leading dot is only fitted by a dot.
    fn entries(&mut self, folder: &Path, part: &OsStr) -> Vec<PathBuf> {
        let pattern = part.as_encoded_bytes();
        if !is_pattern(pattern) {
            let path = folder.join(part);
            return match fs::symlink_metadata(&path) {
                Ok(_) => vec![path],
                Err(e) if is_nothing(&e) => Vec::new(),
                Err(e) => self.lost(&path, e),
            };
        }
        let mut names = self.names(folder);
        names.retain(|name| {
            let name = name.as_encoded_bytes();
            name.starts_with(b".") == pattern.starts_with(b".") && fits(pattern, name)
        });
        names.into_iter().map(|name| folder.join(name)).collect()
    }

    /// The folders, and all below them, each once by whichever path leads to it: links are
    /// followed after what is there itself, and may lead back.
    fn folders(&mut self, roots: &[PathBuf]) -> Vec<PathBuf> {
        let (mut found, mut seen, mut links) = (Vec::new(), HashSet::new(), Vec::new());
        let mut left: Vec<PathBuf> = roots.iter().rev().cloned().collect();
        while let Some(folder) = left.pop().or_else(|| links.pop()) {
            let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            match fs::canonicalize(here) {
                Ok(place) if seen.insert(place.clone()) => {}
                Ok(_) => continue,
                Err(e) => {
                    self.lost(&folder, e);
                    continue;
                }
            }
            for name in self.names(&folder).into_iter().rev() {
                let path = folder.join(&name);
                if name.as_encoded_bytes().starts_with(b".") {
                    continue;
                }
                let is_link = path.is_symlink();
                match fs::metadata(&path) {
                    Ok(meta) if meta.is_dir() && is_link => links.push(path),
                    Ok(meta) if meta.is_dir() => left.push(path),
                    Ok(_) => {}
                    // Where a link leads nowhere there may have been a folder.
                    Err(e) => drop(self.lost(&path, e)),
                }
            }
            found.push(folder);
        }
        found.sort();
        found
    }

    /// The names in a folder, sorted; none of what is no folder.
    fn names(&mut self, folder: &Path) -> Vec<OsString> {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut names = Vec::new();
        match fs::read_dir(here) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => names.push(entry.file_name()),
                        Err(e) => drop(self.lost(folder, e)),
                    }
                }
            }
            Err(e) if is_nothing(&e) && !folder.is_symlink() => {}
            // A link to a file is no folder either.
            Err(_) if folder.is_file() => {}
            Err(e) => drop(self.lost(folder, e)),
        }
        names.sort();
        names
    }

    /// Enters what could not be looked at; nothing comes of it.
    fn lost(&mut self, path: &Path, error: io::Error) -> Vec<PathBuf> {
        let what = match fs::read_link(path) {
            Ok(target) => format!("a link to {} leads nowhere ({error})", target.display()),
            Err(_) => format!("a folder of the pattern cannot be read ({error})"),
        };
        // A folder that nobody may read is no fault of ours, and may not be meant at all.
        let error = match error.kind() {
            io::ErrorKind::PermissionDenied => Error::input(what).with_source(error),
            _ => Error::reading(error, what),
        };
        if !self.unreadable.iter().any(|(known, _)| known == path) {
            self.unreadable.push((path.to_path_buf(), error.within(path.display())));
        }
        Vec::new()
    }
}

/// Whether there is just nothing at a path.
fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files and folders of these names; `a -> b` is a link.
    fn folder(entries: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for entry in entries {
            let (path, target) = entry.split_once(" -> ").unwrap_or((entry, ""));
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match target {
                "" => fs::write(path, "").unwrap(),
                #[cfg(unix)]
                target => std::os::unix::fs::symlink(target, path).unwrap(),
                #[cfg(not(unix))]
                _ => {}
            }
        }
        dir
    }

    /// What a pattern names, relative to the base; `!` before what cannot be read.
    fn named(dir: &Path, pattern: &str) -> String {
        match expand(OsStr::new(pattern), dir, "") {
            Ok(files) => {
                let name = |f: &InputFile| {
                    let path = f.path.strip_prefix(dir).unwrap().display();
                    format!("{}{path}", if f.unreadable.is_some() { "!" } else { "" })
                };
                files.iter().map(name).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string().rsplit(": ").next().unwrap().to_owned(),
        }
    }

    #[test]
    fn files_come_sorted_and_relative_to_the_base() {
        let dir = folder(&["b.root", "a.root", ".a.root", "c.txt", "s/d.root", "s/e/f.root"]);
        for (pattern, expected) in [
            ("*.root", "a.root b.root"),
            ("none.root", "none.root"),
            ("*.parquet", "no file fits this pattern"),
            ("nowhere/*.root", "no file fits this pattern"),
            ("*/d.root", "s/d.root"),
            ("*/none.root", "no file fits this pattern"),
            ("./s/../?.root", "s/../a.root s/../b.root"),
            ("**/*.root", "a.root b.root s/d.root s/e/f.root"),
            ("**/e/*.root", "s/e/f.root"),
            ("s/**/*.root", "s/d.root s/e/f.root"),
            ("s/**", "s/d.root s/e/f.root"),
            ("**/**/f.root", "s/e/f.root"),
            ("s/*", "s/d.root s/e"),
        ] {
            assert_eq!(named(dir.path(), pattern), expected, "{pattern}");
        }
        let address = "https://host//store/x.root?a=*";
        let found = expand(OsStr::new(address), dir.path(), "here").unwrap();
        assert_eq!(found, [InputFile::new(address, "here")]);
    }

    #[cfg(unix)]
    #[test]
    fn what_links_lead_to_is_found_once_and_what_they_lose_is_said() {
        let dir = folder(&["a/x.root", "a/up -> ..", "b -> a", "c.root -> nowhere", "l -> l"]);
        for (pattern, expected) in [
            ("*.root", "c.root"),
            ("*/*.root", "a/x.root b/x.root !c.root !l"),
            ("**/*.root", "a/x.root c.root !l"),
            ("b/**/*.root", "b/x.root b/up/c.root !b/up/l"),
            ("l/*.root", "!l"),
        ] {
            let sorted = |text: &str| {
                let mut words: Vec<_> = text.split(' ').map(str::to_owned).collect();
                words.sort();
                words
            };
            assert_eq!(sorted(&named(dir.path(), pattern)), sorted(expected), "{pattern}");
        }
        // Names need not be UTF-8.
        let odd = <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"d\xe4ta.root");
        fs::write(dir.path().join(odd), "").unwrap();
        let found = expand(OsStr::new("d?ta.*"), dir.path(), "").unwrap();
        assert_eq!(found, [InputFile::new(dir.path().join(odd), "")]);
    }
}
