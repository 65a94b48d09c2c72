//! The invariants of ARCHITECTURE.md that can be seen in the text of the files.

use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, in lines.
const MOST_LINES: usize = 500;

/// The repository's files of these folders and endings, by path from its top.
fn files(folders: &[&str], endings: &[&str]) -> Vec<(String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|f| top.join(f)).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| endings.iter().any(|x| e == *x)) {
                let text = fs::read_to_string(&path).expect("a source file is UTF-8");
                let name = path.strip_prefix(top).expect("below the top").display().to_string();
                found.push((name, text));
            }
        }
    }
    found.sort();
    found
}

fn rust() -> Vec<(String, String)> {
    let found = files(&["src", "kernels", "tests", "examples", "benches"], &["rs"]);
    assert!(found.len() > 50, "{} files were found", found.len());
    found
}

/// The lines of code, without comments that stand alone.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Fails with everything that was found.
fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

/// Where one of the words stands in a file that may not have it.
fn used(words: &[&str], allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in rust().iter().filter(|(name, _)| !allowed(name)) {
        for (line, content) in code(text) {
            if words.iter().any(|w| content.contains(w)) {
                found.push(format!("{name}:{line}: {}", content.trim()));
            }
        }
    }
    found
}

/// This file names what it looks for.
fn is_this(name: &str) -> bool {
    name == "tests/rules/tidy.rs"
}

fn is_test(name: &str) -> bool {
    name.starts_with("tests/") || name.ends_with("tests.rs") || name.contains("/tests/")
}

#[test]
fn only_the_gpu_backend_names_wgpu() {
    let allowed = |name: &str| {
        name.starts_with("src/backend/gpu") || name.starts_with("benches/") || is_test(name)
    };
    none("wgpu is named outside src/backend/gpu", &used(&["wgpu::"], allowed));
}

#[test]
fn only_tests_name_oxyroot() {
    none("oxyroot is named outside tests", &used(&["oxyroot"], is_test));
}

#[test]
fn only_the_command_line_prints_or_exits() {
    let words = ["println!", "print!(", "eprint!(", "process::exit"];
    let allowed = |name: &str| {
        !name.starts_with("src/") && !name.starts_with("kernels/")
            || name == "src/main.rs"
            || name.starts_with("src/cli/")
            || is_test(name)
    };
    none("something prints outside src/cli", &used(&words, allowed));
}

#[test]
fn every_file_says_why_it_exists() {
    let silent = |(_, text): &&(String, String)| !text.starts_with("//!");
    let names: Vec<String> = rust().iter().filter(silent).map(|(name, _)| name.clone()).collect();
    none("files that do not start with `//!`", &names);
}

#[test]
fn no_file_is_too_long() {
    let mut all = rust();
    all.extend(files(&["shaders"], &["wgsl"]));
    let long = all.iter().filter(|(_, text)| text.lines().count() > MOST_LINES);
    let names: Vec<String> = long.map(|(name, _)| name.clone()).collect();
    none(&format!("files of more than {MOST_LINES} lines"), &names);
}

#[test]
fn nothing_is_left_to_do() {
    let mut found = Vec::new();
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    for (name, text) in rust().iter().chain(&files(&["shaders"], &["wgsl"])) {
        for (i, line) in text.lines().enumerate() {
            if words.iter().any(|w| line.contains(w)) {
                found.push(format!("{name}:{}: {}", i + 1, line.trim()));
            }
        }
    }
    none("notes of unfinished work", &found);
}

/// Paths in comments and documents, whole ones from the repository's top.
#[test]
fn every_file_that_is_named_exists() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = files(&["src", "kernels", "shaders", "benches", "docs"], &["rs", "wgsl", "md"]);
    texts.extend(files(&["tests", "examples"], &["rs", "py", "sh", "md"]));
    for name in ["README.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(top.join(name)).expect("it is there");
        texts.push((name.to_owned(), text));
    }
    let is_path = |c: char| c.is_ascii_alphanumeric() || "_/.-".contains(c);
    // Names that stand for any file.
    let is_example = |path: &str| path.ends_with("/x.rs") || path.ends_with("/x.wgsl");
    let mut gone = Vec::new();
    for (name, text) in &texts {
        for (line, content) in text.lines().enumerate() {
            for path in content.split(|c: char| !is_path(c)).map(|word| word.trim_end_matches('.'))
            {
                let ours = ["src/", "kernels/", "shaders/", "tests/library/", "tests/program/"];
                let file = path.ends_with(".rs") || path.ends_with(".wgsl");
                let named = file && ours.iter().any(|folder| path.starts_with(folder));
                if named && !is_example(path) && !top.join(path).exists() {
                    gone.push(format!("{name}:{}: {path}", line + 1));
                }
            }
        }
    }
    none("files that are named and do not exist", &gone);
}

#[test]
fn every_shader_has_its_kernel() {
    let shaders = files(&["shaders"], &["wgsl"]);
    assert!(!shaders.is_empty(), "no shaders were found");
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = shaders.iter().filter(|(name, _)| !name.starts_with("shaders/shared/"));
    let orphans: Vec<String> = own
        .map(|(name, _)| name.replace("shaders/", "kernels/").replace(".wgsl", ".rs"))
        .filter(|kernel| !top.join(kernel).exists())
        .collect();
    none("shaders without the kernel that says what they mean", &orphans);
}

#[test]
fn unsafe_code_says_why_it_is_sound() {
    let mut found = Vec::new();
    for (name, text) in rust().iter().filter(|(name, _)| !is_this(name)) {
        let lines: Vec<&str> = text.lines().collect();
        for (line, content) in code(text) {
            let opens = content.contains("unsafe {") || content.contains("unsafe impl");
            let before = lines[line.saturating_sub(6)..line].join("\n");
            if opens && !before.contains("// SAFETY:") {
                found.push(format!("{name}:{line}: {}", content.trim()));
            }
        }
    }
    none("unsafe code without a `// SAFETY:` comment", &found);
}

/// A folder or file of the table in ARCHITECTURE.md, and what it may import.
struct Row {
    path: String,
    imports: Vec<String>,
}

impl Row {
    /// What an import calls it: `src/diag.rs` is `diag`.
    fn name(&self) -> &str {
        unit(&self.path)
    }
}

/// The folder or file right below `src`, or `kernels`, that a file is part of.
fn unit(path: &str) -> &str {
    let below = path.strip_prefix("src/").unwrap_or(path);
    let first = below.split('/').next().unwrap_or(below);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The texts between backquotes.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The table `folder | what it is | may import` of ARCHITECTURE.md.
fn table() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = fs::read_to_string(path).expect("ARCHITECTURE.md is UTF-8");
    let head = "| folder | what it is | may import |";
    let rows = text.lines().skip_while(|line| *line != head).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [folder, _, imports] = cells[..] else { panic!("not three cells: {line}") };
        let path = quoted(folder).pop().unwrap_or_else(|| panic!("no folder: {line}"));
        Row { path, imports: quoted(imports) }
    });
    rows.collect()
}

/// The modules of the library that a file names outside its tests.
fn imported(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let mut names = Vec::new();
    let mut of_tests = false;
    for (_, line) in code(text) {
        let skip = std::mem::replace(&mut of_tests, line.trim() == "#[cfg(test)]");
        for root in ["crate::", "gpuana::"].into_iter().filter(|_| !skip) {
            for after in line.split(root).skip(1) {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                names.push(after[..end.unwrap_or(after.len())].to_owned());
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// What each folder and file right below `src`, and `kernels`, imports of the others.
fn imports() -> Vec<Row> {
    let mut found: Vec<Row> = Vec::new();
    let library = |name: &str| {
        (name.starts_with("src/") || name.starts_with("kernels/")) && name != "src/lib.rs"
    };
    for (name, text) in rust().iter().filter(|(name, _)| library(name) && !is_test(name)) {
        let mut names = imported(text);
        if name == "src/main.rs" {
            let modules = text.lines().filter_map(|l| l.strip_prefix("mod ")?.strip_suffix(';'));
            names.extend(modules.map(str::to_owned));
        }
        names.retain(|other| other != unit(name));
        let whole = if name.starts_with("src/") { "src/" } else { "" };
        let parts = name[whole.len()..].split('/').next().unwrap_or(name);
        let path = format!("{whole}{parts}");
        match found.iter_mut().find(|row| row.path == path) {
            Some(row) => row.imports.extend(names),
            None => found.push(Row { path, imports: names }),
        }
    }
    for row in &mut found {
        row.imports.sort();
        row.imports.dedup();
    }
    found
}

#[test]
fn folders_import_what_the_table_of_architecture_says() {
    let (table, found) = (table(), imports());
    let mut wrong = Vec::new();
    for row in &found {
        let list: Vec<String> = row.imports.iter().map(|i| format!("`{i}`")).collect();
        let list = list.join(", ");
        match table.iter().find(|said| said.path == row.path) {
            None => wrong.push(format!("no row for `{}`, which imports {list}", row.path)),
            Some(said) => {
                let mut allowed = said.imports.clone();
                allowed.sort();
                if allowed != row.imports {
                    wrong.push(format!("`{}` imports {list}", row.path));
                }
            }
        }
    }
    for said in table.iter().filter(|said| found.iter().all(|row| row.path != said.path)) {
        wrong.push(format!("`{}` is not there", said.path));
    }
    none("rows of ARCHITECTURE.md that are not as the files are", &wrong);
}

#[test]
fn each_folder_imports_only_those_above_it_in_the_table() {
    let table = table();
    assert!(table.len() > 20, "{} rows were found", table.len());
    let mut wrong = Vec::new();
    for (at, row) in table.iter().enumerate() {
        let above = |import: &&String| table[..at].iter().any(|row| row.name() == **import);
        let other = row.imports.iter().filter(|import| !above(import));
        wrong.extend(other.map(|import| format!("`{}` imports `{import}`", row.path)));
    }
    none("imports of what does not stand above, which may be a circle", &wrong);
}
