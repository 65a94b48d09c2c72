//! Filesets: JSON that says which files samples are of. Two forms are known,
//! and may be mixed: the Analysis Grand Challenge's
//! (`{process: {variation: {nevts_total, files: [{path, nevts}]}}}`) and
//! coffea's (`{name: {files: {path: tree}, metadata: {...}}}`). What they say of which
//! events are meant is obeyed; a member that is not known is refused by its name.

use super::SampleFile;
use crate::error::{Error, Result};
use crate::json;
use crate::run::{InputFile, Meant};
use serde_json::{Map, Value};
use std::ops::Range;
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
/// It cannot be read, is not JSON, has neither form, or says something else.
pub(super) fn read(path: &Path) -> Result<Vec<Listed>> {
    let place = |e: Error| e.within(path.display());
    let text =
        crate::text::read(path).map_err(|e| place(Error::input(e.to_string()).with_source(e)))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, &Place { folder, fileset: &path.display().to_string() }).map_err(place)
}

/// Where a fileset is.
struct Place<'a> {
    folder: &'a Path,
    /// Its path, for errors.
    fileset: &'a str,
}

impl Place<'_> {
    /// A file of a sample: a path relative to the fileset's folder; an address as it is.
    fn file(&self, path: &str, sample: &str) -> InputFile {
        let named_by = format!("{}: `{sample}`", self.fileset);
        match path.contains("://") {
            true => InputFile::new(path, named_by),
            false => InputFile::new(self.folder.join(path), named_by),
        }
    }
}

/// The samples of a fileset's text, in its order.
fn parse(text: &str, place: &Place<'_>) -> Result<Vec<Listed>> {
    let root = json::parse(text)
        .map_err(|e| wrong(format!("not JSON of a fileset: {e}")).with_source(e))?;
    let Value::Object(root) = root else {
        return Err(wrong("a fileset is an object of samples".to_owned()));
    };
    let mut samples = Vec::new();
    for (name, value) in &root {
        match value {
            Value::Array(_) => {
                let entry = Map::from_iter([("files".to_owned(), value.clone())]);
                samples.push(coffea(name, &entry, place)?);
            }
            Value::Object(entry) if entry.contains_key("files") => {
                samples.push(coffea(name, entry, place)?);
            }
            Value::Object(entry) => agc(name, entry, place, &mut samples)?,
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
        if !crate::syntax::is_output_name(&sample.name) {
            return Err(wrong(format!(
                "a sample cannot be called `{}`: names are made of letters, digits, `_`, `-` and `.`",
                sample.name
            )));
        }
    }
    Ok(samples)
}

/// An error if a member is none of the known ones: it may say which events are meant.
fn check_members(entry: &Map<String, Value>, known: &[&str], place: &str) -> Result<()> {
    match entry.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(wrong(format!(
            "`{place}` has the member `{key}`, which is not known: there are {}",
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

/// One process with its variations. The totals are those of the files.
fn agc(
    process: &str,
    variations: &Map<String, Value>,
    place: &Place<'_>,
    to: &mut Vec<Listed>,
) -> Result<()> {
    for (variation, value) in variations {
        let own = format!("{process}.{variation}");
        let entry = value.as_object().ok_or_else(|| unknown_form(&own))?;
        let files = entry.get("files").and_then(Value::as_array);
        let files = files.ok_or_else(|| unknown_form(&own))?;
        check_members(entry, &["files", "nevts_total", "nevts_wt_total"], &own)?;
        let files = files.iter().map(|file| agc_file(file, &own, place));
        let files = files.collect::<Result<Vec<SampleFile>>>()?;
        let variation = (variation != NOMINAL).then(|| variation.clone());
        to.push(Listed {
            name: match &variation {
                Some(variation) => format!("{process}_{variation}"),
                None => process.to_owned(),
            },
            process: Some(process.to_owned()),
            variation,
            files,
            ..Listed::default()
        });
    }
    Ok(())
}

fn agc_file(value: &Value, own: &str, place: &Place<'_>) -> Result<SampleFile> {
    let members = value.as_object().ok_or_else(|| unknown_form(own))?;
    let path = members.get("path").and_then(Value::as_str).ok_or_else(|| unknown_form(own))?;
    check_members(members, &["path", "nevts", "nevts_wt"], own)?;
    let listed = match members.get("nevts") {
        Some(n) => Some(n.as_f64().filter(|n| *n >= 0.0).ok_or_else(|| unknown_form(own))?),
        None => None,
    };
    Ok(SampleFile { file: place.file(path, own), listed })
}

/// `files` is `{path: tree}`, `{path: {object_path: tree, steps: ...}}` or `[path]`.
fn coffea(name: &str, entry: &Map<String, Value>, place: &Place<'_>) -> Result<Listed> {
    // `form` and `format` say how files are written, which they say themselves.
    let known = ["files", "metadata", "treename", "form", "compressed_form", "format"];
    check_members(entry, &known, name)?;
    let mut listed = Listed { name: name.to_owned(), ..Listed::default() };
    let mut trees: Vec<&str> = Vec::new();
    trees.extend(text_of(entry, "treename", name)?);
    match &entry["files"] {
        Value::Array(paths) => {
            for path in paths {
                let path = path.as_str().ok_or_else(|| unknown_form(name))?;
                listed.files.push(SampleFile { file: place.file(path, name), listed: None });
            }
        }
        Value::Object(paths) => {
            for (path, value) in paths {
                let mut file = place.file(path, name);
                match value {
                    Value::Object(members) => {
                        let own = format!("{name}: {path}");
                        trees.extend(text_of(members, "object_path", &own)?);
                        file.events = meant(members, &own)?;
                    }
                    Value::String(tree) => trees.push(tree),
                    Value::Null => {}
                    _ => return Err(unknown_form(name)),
                }
                listed.files.push(SampleFile { file, listed: None });
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
    let metadata = match entry.get("metadata") {
        None | Some(Value::Null) => return Ok(listed),
        Some(Value::Object(metadata)) => metadata,
        Some(_) => return Err(wrong(format!("the `metadata` of `{name}` must be an object"))),
    };
    let own = format!("{name}: metadata");
    listed.process = text_of(metadata, "process", &own)?.map(str::to_owned);
    let variation = text_of(metadata, "variation", &own)?;
    listed.variation = variation.filter(|v| *v != NOMINAL).map(str::to_owned);
    listed.cross_section = match metadata.get("xsec") {
        None | Some(Value::Null) => None,
        Some(xsec) => {
            let number = xsec.as_f64().filter(|x| *x > 0.0);
            let what = || wrong(format!("`{own}: xsec` must be a number above 0 (pb), not {xsec}"));
            Some(number.ok_or_else(what)?)
        }
    };
    Ok(listed)
}

/// A member that is text, if it is there.
fn text_of<'a>(entry: &'a Map<String, Value>, key: &str, place: &str) -> Result<Option<&'a str>> {
    match entry.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(format!("`{place}: {key}` must be text, not {other}"))),
    }
}

/// What a file's members say of its events.
fn meant(members: &Map<String, Value>, place: &str) -> Result<Meant> {
    check_members(members, &["object_path", "steps", "num_entries", "uuid", "format"], place)?;
    let number = match members.get("num_entries") {
        None | Some(Value::Null) => None,
        Some(n) => {
            let what = || wrong(format!("`{place}: num_entries` must be a whole number, not {n}"));
            Some(n.as_u64().ok_or_else(what)?)
        }
    };
    let steps = match members.get("steps") {
        None | Some(Value::Null) => None,
        Some(steps) => Some(ranges(steps).map_err(|e| {
            wrong(format!(
                "`{place}: steps` {e}; they are `[[first, end], ...]` or `[first, end, ...]`"
            ))
        })?),
    };
    let uuid = text_of(members, "uuid", place)?.map(str::to_owned);
    Ok(Meant { steps, number, uuid })
}

/// Ranges of events, ascending and apart: pairs of the first and one past the last, or
/// where ranges begin and end that follow each other.
fn ranges(steps: &Value) -> std::result::Result<Vec<Range<u64>>, String> {
    let steps = steps.as_array().ok_or("are no list")?;
    let pairs: Vec<(u64, u64)> = match steps.first() {
        Some(Value::Number(_)) => {
            let edges: Option<Vec<u64>> = steps.iter().map(Value::as_u64).collect();
            let edges = edges.ok_or("are no whole numbers")?;
            edges.windows(2).map(|pair| (pair[0], pair[1])).collect()
        }
        _ => {
            let pair = |step: &Value| serde_json::from_value::<(u64, u64)>(step.clone()).ok();
            let pairs: Option<Vec<_>> = steps.iter().map(pair).collect();
            pairs.ok_or("are no pairs of whole numbers")?
        }
    };
    if let Some((first, end)) = pairs.iter().find(|(first, end)| first > end) {
        return Err(format!("have {first} to {end}, backwards"));
    }
    let mut sorted: Vec<_> = pairs.into_iter().filter(|(first, end)| first < end).collect();
    sorted.sort_unstable();
    let mut apart: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    for (first, end) in sorted {
        match apart.last_mut() {
            Some(last) if first < last.end => {
                return Err(format!("have the event {first} twice"));
            }
            Some(last) if first == last.end => last.end = end,
            _ => apart.push(first..end),
        }
    }
    Ok(apart)
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
        let place = Place { folder: Path::new("in"), fileset: "f.json" };
        let listed = match parse(text, &place) {
            Ok(listed) => listed,
            Err(error) => return error.to_string(),
        };
        let line = |l: &Listed| {
            let files: Vec<String> = l
                .files
                .iter()
                .map(|f| {
                    let mut text = f.file.path.display().to_string();
                    text += &f.listed.map_or(String::new(), |n| format!(" {n}"));
                    if f.file.events != Meant::default() {
                        text += &format!(" {:?}", f.file.events);
                    }
                    text
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
            (
                r#"{"w": {"treename": "T", "form": "x", "metadata": null, "files": {"a": {"object_path":
                    "T", "steps": [[4, 6], [0, 4], [9, 9], [8, 9]], "num_entries": 10, "uuid": "7-8"}}}}"#,
                r#"w - - T None ["in/a Meant { steps: Some([0..6, 8..9]), number: Some(10), uuid: Some(\"7-8\") }"]"#,
            ),
            (
                r#"{"w": {"files": {"a": {"steps": [2, 5, 7], "format": "parquet"}, "b": {"steps": []}}}}"#,
                r#"w - - - None ["in/a Meant { steps: Some([2..7]), number: None, uuid: None }", "in/b Meant { steps: Some([]), number: None, uuid: None }"]"#,
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
        let members = [
            (
                r#"{"w": {"files": ["a"], "max_chunks": 3}}"#,
                "has the member `max_chunks`, which is not known: there are files, metadata, treename,",
            ),
            (
                r#"{"w": {"files": {"a": {"entries": 3}}}}"#,
                "`w: a` has the member `entries`, which",
            ),
            (
                r#"{"t": {"u": {"files": [{"path": "x", "steps": []}]}}}"#,
                "`t.u` has the member `steps`",
            ),
            (r#"{"t": {"u": {"files": [], "chunks": 1}}}"#, "`t.u` has the member `chunks`"),
            (
                r#"{"w": {"treename": "T", "files": {"a": "Events"}}}"#,
                "different trees, `T` and `Events`",
            ),
            (r#"{"w": {"treename": 3, "files": []}}"#, "`w: treename` must be text, not 3"),
            (
                r#"{"w": {"files": {"a": {"steps": [[3, 1]]}}}}"#,
                "`w: a: steps` have 3 to 1, backwards; they",
            ),
            (r#"{"w": {"files": {"a": {"steps": [[0, 4], [3, 5]]}}}}"#, "have the event 3 twice"),
            (r#"{"w": {"files": {"a": {"steps": [[0, 1.5]]}}}}"#, "are no pairs of whole numbers"),
            (r#"{"w": {"files": {"a": {"steps": [0, -1]}}}}"#, "are no whole numbers"),
            (r#"{"w": {"files": {"a": {"steps": 7}}}}"#, "are no list"),
            (
                r#"{"w": {"files": {"a": {"num_entries": "7"}}}}"#,
                "must be a whole number, not \"7\"",
            ),
            (
                r#"{"w": {"files": ["a"], "metadata": {"xsec": "3"}}}"#,
                "`w: metadata: xsec` must be a number above 0",
            ),
            (r#"{"w": {"files": ["a"], "metadata": {"process": 3}}}"#, "must be text, not 3"),
            (
                r#"{"w": {"files": ["a"], "metadata": [3]}}"#,
                "the `metadata` of `w` must be an object",
            ),
            ("{\"w\": [\"a\"],\n\"w\": [\"b\"]}", "the key `w` is there twice at line 2 column 3"),
            (r#"{"w": {"files": {"a": "T", "a": "T"}}}"#, "the key `a` is there twice"),
        ];
        for (text, expected) in members {
            assert!(text_of(text).contains(expected), "{text}: {}", text_of(text));
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
