//! What to say of a path that is no file: what stands nearest, where a link leads,
//! which files a folder has.

use crate::diag::nearest;
use crate::error::{Error, ErrorKind};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// Most entries of a folder that are looked at.
const MOST: usize = 10_000;
/// How the names of files end that can be read.
const ENDINGS: [&str; 6] = ["root", "parquet", "arrow", "feather", "ipc", "pq"];

/// Why a file cannot be opened.
pub(super) fn why(path: &Path, error: io::Error) -> Error {
    let what = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => missing(path),
        io::ErrorKind::PermissionDenied => format!("no permission to read it ({error})"),
        _ if is_too_many(&error) => {
            format!("too many files are open; raise the limit by `ulimit -n` ({error})")
        }
        _ => error.to_string(),
    };
    Error::reading(error, what).within(path.display())
}

fn is_too_many(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        let many = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
        many.iter().any(|e| error.raw_os_error() == Some(e.raw_os_error()))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

fn missing(path: &Path) -> String {
    if let Ok(target) = std::fs::read_link(path) {
        return format!("a link to {}, which does not exist", target.display());
    }
    if let Some((file, tree)) = file_and_tree(path) {
        return format!(
            "there is no such file; the file is {}, and its tree is named apart from it: \
             `input: tree: {tree}` in the analysis, `{{\"{}\": \"{tree}\"}}` in a fileset",
            file.display(),
            file.display()
        );
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let near = suggested(folder);
        return format!("there is no folder {}{near}", folder.display());
    }
    let mut text = format!("there is no such file{}", suggested(path));
    if path.to_string_lossy().contains(['*', '?']) {
        text.push_str("; a pattern stands in `input: files:` or after `--files`");
    } else if path.to_string_lossy().contains(['[', '{']) {
        text.push_str("; patterns are made of `*`, `?` and `**`, other signs mean themselves");
    }
    text
}

/// `events.root:Events`, as other programs write it, if there is such a file.
fn file_and_tree(path: &Path) -> Option<(PathBuf, String)> {
    let (file, tree) = path.to_str()?.rsplit_once(':')?;
    let file = PathBuf::from(file);
    (!tree.is_empty() && file.is_file()).then(|| (file, tree.to_owned()))
}

/// The name beside it that is most like the one of this path.
fn suggested(path: &Path) -> String {
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else { return String::new() };
    let folder = path.parent().unwrap_or(Path::new(""));
    let names = names(folder);
    let near = nearest(name, names.iter().map(String::as_str));
    let shown = |near: &str| format!("; did you mean {}?", folder.join(near).display());
    near.map(shown).unwrap_or_default()
}

fn names(folder: &Path) -> Vec<String> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(here).into_iter().flatten().take(MOST);
    let mut names: Vec<String> =
        entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// The error of a path that is there and is no file.
pub(super) fn no_file(path: &Path, meta: &Metadata) -> Error {
    let what = match meta.is_dir() {
        true => a_folder(path),
        false => "neither a file nor a folder".to_owned(),
    };
    Error::new(ErrorKind::Input, what).within(path.display())
}

/// What to write instead of a folder.
fn a_folder(path: &Path) -> String {
    let names = names(path);
    let ends = |name: &str, ending: &&str| {
        Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
    };
    let found = ENDINGS.iter().find(|ending| names.iter().any(|name| ends(name, ending)));
    if let Some(ending) = found {
        return format!("a folder; its files: `{}`", path.join(format!("*.{ending}")).display());
    }
    if names.iter().any(|name| path.join(name).is_dir()) {
        let below = path.join("**").join("*.root");
        return format!("a folder; files in the folders below it: `{}`", below.display());
    }
    "a folder, which has no ROOT, Parquet or Arrow files".to_owned()
}
