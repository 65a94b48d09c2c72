//! Filesets: JSON that says which files samples are of. Two forms are known,
//! and may be mixed: the Analysis Grand Challenge's
//! (`{process: {variation: {nevts_total, files: [{path, nevts}]}}}`) and
//! coffea's (`{name: {files: {path: tree}, metadata: {...}}}`).

use super::SampleFile;
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::path::Path;

/// The variation that is none, in the Analysis Grand Challenge's form.
const NOMINAL: &str = "nominal";

/// What a fileset says about one sample.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) process: Option<String>,
    pub(super) variation: Option<String>,
    pub(super) cross_section: Option<f64>,
    pub(super) tree: Option<String>,
    pub(super) files: Vec<SampleFile>,
}

/// Reads a fileset; paths in it are relative to its folder.
///
/// # Errors
/// It cannot be read, is not JSON, or has neither form.
pub(super) fn read(path: &Path) -> Result<Vec<Listed>> {
    let place = |e: Error| e.within(path.display());
    let text = std::fs::read_to_string(path).map_err(|e| place(Error::input(e.to_string())))?;
    parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(place)
}

/// The samples of a fileset's text, in its order.
pub(super) fn parse(text: &str, folder: &Path) -> Result<Vec<Listed>> {
    let root: Value = serde_json::from_str(text).map_err(|e| wrong(format!("not JSON: {e}")))?;
    let Value::Object(root) = root else {
        return Err(wrong("a fileset is an object of samples".to_owned()));
    };
    let mut samples = Vec::new();
    for (name, value) in &root {
        match value {
            Value::Array(_) => samples.push(coffea(name, value, None, folder)?),
            Value::Object(entry) => match entry.get("files") {
                Some(files) => samples.push(coffea(name, files, entry.get("metadata"), folder)?),
                None => agc(name, entry, folder, &mut samples)?,
            },
            _ => return Err(unknown_form(name)),
        }
    }
    for (i, sample) in samples.iter().enumerate() {
        if samples[..i].iter().any(|s| s.name == sample.name) {
            return Err(wrong(format!("the sample `{}` is there twice", sample.name)));
        }
        if sample.files.is_empty() {
            return Err(wrong(format!("the sample `{}` has no files", sample.name)));
        }
        if !crate::config::is_output_name(&sample.name) {
            return Err(wrong(format!(
                "a sample cannot be called `{}`: names are made of letters, digits, `_`, `-` and `.`",
                sample.name
            )));
        }
    }
    Ok(samples)
}

/// One process with its variations.
fn agc(
    process: &str,
    variations: &Map<String, Value>,
    folder: &Path,
    to: &mut Vec<Listed>,
) -> Result<()> {
    for (variation, value) in variations {
        let place = format!("{process}.{variation}");
        let files = value.get("files").and_then(Value::as_array);
        let files = files.ok_or_else(|| unknown_form(&place))?;
        let files: Option<Vec<SampleFile>> = files.iter().map(|f| agc_file(f, folder)).collect();
        let variation = (variation != NOMINAL).then(|| variation.clone());
        to.push(Listed {
            name: match &variation {
                Some(variation) => format!("{process}_{variation}"),
                None => process.to_owned(),
            },
            process: Some(process.to_owned()),
            variation,
            files: files.ok_or_else(|| unknown_form(&place))?,
            ..Listed::default()
        });
    }
    Ok(())
}

fn agc_file(value: &Value, folder: &Path) -> Option<SampleFile> {
    let path = value.get("path")?.as_str()?;
    let listed = match value.get("nevts") {
        Some(n) => Some(n.as_f64().filter(|n| *n >= 0.0)?),
        None => None,
    };
    Some(SampleFile { path: located(path, folder), listed })
}

/// `files` is `{path: tree}`, `{path: {object_path: tree}}` or `[path]`.
fn coffea(name: &str, files: &Value, metadata: Option<&Value>, folder: &Path) -> Result<Listed> {
    let mut listed = Listed { name: name.to_owned(), ..Listed::default() };
    let mut trees: Vec<&str> = Vec::new();
    let mut file = |path: &str| {
        listed.files.push(SampleFile { path: located(path, folder), listed: None });
    };
    match files {
        Value::Array(paths) => {
            for path in paths {
                file(path.as_str().ok_or_else(|| unknown_form(name))?);
            }
        }
        Value::Object(paths) => {
            for (path, tree) in paths {
                let tree = tree.get("object_path").unwrap_or(tree);
                trees.push(tree.as_str().ok_or_else(|| unknown_form(name))?);
                file(path);
            }
        }
        _ => return Err(unknown_form(name)),
    }
    if let Some(other) = trees.iter().find(|t| **t != trees[0]) {
        return Err(wrong(format!(
            "the files of `{name}` have different trees, `{}` and `{other}`: make two samples of them",
            trees[0]
        )));
    }
    listed.tree = trees.first().map(|t| (*t).to_owned());
    let text = |key: &str| metadata?.get(key)?.as_str().map(str::to_owned);
    listed.process = text("process");
    listed.variation = text("variation").filter(|v| v != NOMINAL);
    listed.cross_section = metadata.and_then(|m| m.get("xsec")).and_then(Value::as_f64);
    Ok(listed)
}

/// A path relative to the fileset's folder; an address as it is.
fn located(path: &str, folder: &Path) -> std::path::PathBuf {
    if path.contains("://") { path.into() } else { folder.join(path) }
}

fn wrong(message: String) -> Error {
    Error::input(message)
}

fn unknown_form(place: &str) -> Error {
    wrong(format!(
        "`{place}` has neither the form `{{\"process\": {{\"variation\": {{\"files\": [{{\"path\": \
         ..., \"nevts\": ...}}]}}}}}}` nor `{{\"name\": {{\"files\": {{\"path\": \"tree\"}}}}}}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: &str) -> String {
        let listed = match parse(text, Path::new("in")) {
            Ok(listed) => listed,
            Err(error) => return error.to_string(),
        };
        let line = |l: &Listed| {
            let files: Vec<String> = l
                .files
                .iter()
                .map(|f| match f.listed {
                    Some(n) => format!("{} {n}", f.path.display()),
                    None => f.path.display().to_string(),
                })
                .collect();
            let some = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
            let (process, variation, tree) = (some(&l.process), some(&l.variation), some(&l.tree));
            format!("{} {process} {variation} {tree} {:?} {files:?}", l.name, l.cross_section)
        };
        listed.iter().map(line).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn forms() {
        let table = [
            (
                r#"{"tt": {"nominal": {"nevts_total": 3, "files": [{"path": "a.root", "nevts": 3}]},
                    "up": {"files": [{"path": "/b.root"}]}}}"#,
                r#"tt tt - - None ["in/a.root 3"]; tt_up tt up - None ["/b.root"]"#,
            ),
            (
                r#"{"w": {"files": {"root://x//a.root": "Events", "b.root": {"object_path": "Events",
                    "steps": null}}, "metadata": {"process": "wj", "variation": "nominal", "xsec": 3}}}"#,
                r#"w wj - Events Some(3.0) ["root://x//a.root", "in/b.root"]"#,
            ),
            (r#"{"d": ["a.root", "b.root"]}"#, r#"d - - - None ["in/a.root", "in/b.root"]"#),
            (r#"{"d": {"files": ["a.root"]}}"#, r#"d - - - None ["in/a.root"]"#),
            ("[]", "a fileset is an object of samples"),
            (r#"{"d": []}"#, "the sample `d` has no files"),
            (
                r#"{"a b": ["x"]}"#,
                "a sample cannot be called `a b`: names are made of letters, \
                digits, `_`, `-` and `.`",
            ),
            (
                r#"{"t_u": ["x"], "t": {"u": {"files": [{"path": "x"}]}}}"#,
                "the sample `t_u` is there twice",
            ),
            (
                r#"{"w": {"files": {"a": "Events", "b": "Runs"}}}"#,
                "the files of `w` have different trees, `Events` and `Runs`: make two samples of them",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(text_of(text), expected);
        }
        for text in [
            r#"{"t": 3}"#,
            r#"{"t": {"u": 3}}"#,
            r#"{"t": [3]}"#,
            r#"{"t": {"files": 3}}"#,
            r#"{"t": {"u": {"files": [{"path": "x", "nevts": -1}]}}}"#,
        ] {
            assert!(text_of(text).contains("has neither the form"), "{text}: {}", text_of(text));
        }
        assert!(text_of("{").starts_with("not JSON"));
    }
}
