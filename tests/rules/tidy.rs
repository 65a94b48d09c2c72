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
fn only_run_and_the_command_line_see_reading_and_computing() {
    let sees = |name: &str, word: &str| {
        name.starts_with("src/") && !is_test(name) && {
            let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
            let text = text.expect("a source file is UTF-8");
            code(&text).any(|(_, line)| line.contains(word))
        }
    };
    let both = |folder: &str, words: &[&str]| -> Vec<String> {
        let all = rust();
        let inside = all.iter().filter(|(name, _)| name.starts_with(folder));
        inside
            .flat_map(|(name, _)| words.iter().map(move |w| (name, w)))
            .filter(|(name, word)| sees(name, word))
            .map(|(name, word)| format!("{name} names {word}"))
            .collect()
    };
    let (front, outside) =
        (["crate::config", "crate::syntax", "crate::lang", "crate::analysis"], ["crate::run"]);
    none("a backend looks at the language", &both("src/backend", &front));
    none("a backend looks at files", &both("src/backend", &["crate::read"]));
    none("a reader looks at the language", &both("src/read", &front));
    none("a reader looks at the backend", &both("src/read", &["crate::backend"]));
    none("the language looks at files", &both("src/lang", &["crate::read", "crate::backend"]));
    none("writers look at the run", &both("src/write", &outside));
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
