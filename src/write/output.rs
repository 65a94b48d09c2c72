//! The outputs of one command: staged, then published together with a record that
//! names them all and says what is in each.
//!
//! A folder with a record is of one run, whole. Publishing removes the old record
//! first and writes the new one last, so that files of two runs are never taken for
//! one, whenever it is interrupted. What it was about to do stands in a journal
//! meanwhile, by which the next run knows what the interrupted one left.

use super::folder::{Folder, TEMPORARY, failed};
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

/// Hashes by the names of outputs: those that a file of this name may have.
type Known = BTreeMap<String, Vec<String>>;

/// Files that are staged in a folder; [`OutputDir::publish`] makes them appear.
/// Dropped without that, it changes nothing.
#[derive(Debug)]
pub struct OutputDir<'f> {
    folder: &'f Folder,
    /// Name of the record.
    record: &'static str,
    /// Closed, as there may be more than files that can be open.
    staged: Vec<Staged>,
    names: HashSet<String>,
}

#[derive(Debug)]
struct Staged {
    file: PathBuf,
    name: String,
    hash: String,
}

/// Outputs of an earlier run that this one has none of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LeftOver {
    /// As they were written: publishing removes them.
    pub unchanged: Vec<String>,
    /// Changed since: they stay.
    pub changed: Vec<String>,
}

impl<'f> OutputDir<'f> {
    /// Outputs in a folder, with a record of this name.
    pub fn new(folder: &'f Folder, record: &'static str) -> Self {
        OutputDir { folder, record, staged: Vec::new(), names: HashSet::new() }
    }

    /// Writes a file of this name, with folders (`plots/met.svg`), to disk
    /// under a temporary name.
    ///
    /// # Errors
    /// The file cannot be written, its name leads out of the folder, is taken by a
    /// folder, or was staged before.
    pub fn stage(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.put(name, bytes, File::sync_all)
    }

    /// The same for a file that is easily made again from others: it is not
    /// waited for until it is on disk, which takes longer than drawing it.
    ///
    /// # Errors
    /// As [`OutputDir::stage`].
    pub fn stage_picture(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.put(name, bytes, |_| Ok(()))
    }

    fn put(
        &mut self,
        name: &str,
        bytes: &[u8],
        finish: impl Fn(&File) -> std::io::Result<()>,
    ) -> Result<()> {
        if !is_inside(name) {
            return Err(Error::output(format!(
                "an output cannot be named {name:?}: it must lie within {}",
                self.folder.path().display()
            )));
        }
        let target = self.target(name);
        if name == self.record || !self.names.insert(name.to_owned()) {
            return Err(Error::output(format!("{} would be written twice", target.display())));
        }
        if target.is_dir() {
            let text = format!("cannot write {}: a folder is there", target.display());
            return Err(Error::output(text));
        }
        let file = self.folder.staging().join(self.staged.len().to_string());
        let write = || {
            let mut open = File::create(&file)?;
            std::io::Write::write_all(&mut open, bytes)?;
            finish(&open)
        };
        write().map_err(|e| failed("write", &target, e))?;
        self.staged.push(Staged { file, name: name.to_owned(), hash: hash(bytes) });
        Ok(())
    }

    fn target(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What is staged, for the record: hashes by name.
    pub fn hashes(&self) -> Value {
        let entry = |s: &Staged| (s.name.clone(), s.hash.clone().into());
        self.staged.iter().map(entry).collect::<Map<_, _>>().into()
    }

    /// Outputs of an earlier run, by its record, that are not staged now.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn left_over(&self) -> Result<LeftOver> {
        let mut left = LeftOver::default();
        let earlier = self.earlier().into_iter();
        for (name, hashes) in earlier.filter(|(name, _)| !self.names.contains(name)) {
            let path = self.target(&name);
            if path.is_file() {
                let bytes = fs::read(&path).map_err(|e| failed("read", &path, e))?;
                match hashes.contains(&hash(&bytes)) {
                    true => left.unchanged.push(name),
                    false => left.changed.push(name),
                }
            }
        }
        Ok(left)
    }

    /// What the record of an earlier run and the journal of an interrupted one name.
    fn earlier(&self) -> Known {
        let mut known = Known::new();
        for file in [self.target(self.record), self.journal()] {
            let text = fs::read_to_string(file).unwrap_or_default();
            let value: Value = serde_json::from_str(&text).unwrap_or_default();
            for (name, hashes) in value["outputs"].as_object().into_iter().flatten() {
                let texts = std::slice::from_ref(hashes);
                let texts = hashes.as_array().map_or(texts, Vec::as_slice);
                let texts = texts.iter().filter_map(|h| h.as_str().map(str::to_owned));
                if is_inside(name) {
                    known.entry(name.clone()).or_default().extend(texts);
                }
            }
        }
        known
    }

    fn journal(&self) -> PathBuf {
        self.target(&format!(".{}.publishing", self.record))
    }

    /// Gives every staged file its name, replacing and removing those of an earlier
    /// run, and writes the record.
    ///
    /// # Errors
    /// A file cannot be written; there is no record by then.
    pub fn publish(mut self, record: &str) -> Result<()> {
        let left = self.left_over()?;
        let target = self.target(self.record);
        let last = self.folder.staging().join(self.record);
        let written = fs::write(&last, record).and_then(|()| File::open(&last)?.sync_all());
        written.map_err(|e| failed("write", &target, e))?;
        self.begin()?;
        for Staged { file, name, .. } in std::mem::take(&mut self.staged) {
            let target = self.target(&name);
            rename(&file, &target).map_err(|e| failed("write", &target, e))?;
        }
        for name in &left.unchanged {
            let path = self.target(name);
            fs::remove_file(&path).map_err(|e| failed("remove", &path, e))?;
            // A folder that is not empty stays.
            let folder = path.parent().filter(|folder| *folder != self.folder.path());
            folder.into_iter().for_each(|folder| drop(fs::remove_dir(folder)));
        }
        rename(&last, &target).map_err(|e| failed("write", &target, e))?;
        sync_folder(self.folder.path()).map_err(|e| failed("write to", self.folder.path(), e))?;
        let journal = self.journal();
        fs::remove_file(&journal).map_err(|e| failed("remove", &journal, e))
    }

    /// From here on the folder has no record until all files are there.
    fn begin(&self) -> Result<()> {
        let mut known = self.earlier();
        for staged in &self.staged {
            known.entry(staged.name.clone()).or_default().push(staged.hash.clone());
        }
        let path = self.folder.path();
        let io = |e: std::io::Error| failed("write to", path, e);
        for parent in self.staged.iter().filter_map(|s| Path::new(&s.name).parent()) {
            fs::create_dir_all(path.join(parent)).map_err(io)?;
        }
        let text = json!({ "outputs": known }).to_string();
        let staged = self.folder.staging().join("journal");
        fs::write(&staged, text).map_err(io)?;
        File::open(&staged).and_then(|file| file.sync_all()).map_err(io)?;
        fs::rename(&staged, self.journal()).map_err(io)?;
        match fs::remove_file(self.target(self.record)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(io(e)),
            _ => {}
        }
        sync_folder(path).map_err(io)
    }
}

/// Whether a name stays within the folder.
fn is_inside(name: &str) -> bool {
    let inside = |c: Component<'_>| matches!(c, Component::Normal(_));
    !name.is_empty() && Path::new(name).components().all(inside)
}

fn hash(bytes: &[u8]) -> String {
    format!("xxh3:{:032x}", xxhash_rust::xxh3::xxh3_128(bytes))
}

/// A rename, by way of a copy where a folder is a link to another disk.
fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::rename(from, to) {
        Err(e) if e.kind() == std::io::ErrorKind::CrossesDevices => {
            let name = to.file_name().unwrap_or_default().to_string_lossy();
            let beside = to.with_file_name(format!("{TEMPORARY}{name}"));
            fs::copy(from, &beside)?;
            fs::rename(&beside, to)
        }
        done => done,
    }
}

/// Makes renames in a folder last over a crash, where folders can be opened.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{Folder, LeftOver, OutputDir};
    use std::fs;
    use std::path::Path;

    /// All files of a folder and what they hold, `name=text`.
    fn listing(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                found.extend(listing(&path).iter().map(|inner| format!("{name}/{inner}")));
            } else {
                found.push(format!("{name}={}", fs::read_to_string(&path).unwrap()));
            }
        }
        found.sort();
        found
    }

    fn staged<'f>(folder: &'f Folder, files: &[(&str, &str)]) -> OutputDir<'f> {
        let mut output = OutputDir::new(folder, "run.json");
        files.iter().for_each(|(name, text)| output.stage(name, text.as_bytes()).unwrap());
        output
    }

    /// One run that writes these files; the record is only its outputs.
    fn run(path: &Path, files: &[(&str, &str)]) -> LeftOver {
        let folder = Folder::open(path).unwrap();
        let output = staged(&folder, files);
        let left = output.left_over().unwrap();
        let record = serde_json::json!({ "outputs": output.hashes() }).to_string();
        output.publish(&record).unwrap();
        left
    }

    fn without_record(path: &Path) -> Vec<String> {
        listing(path).into_iter().filter(|f| !f.starts_with("run.json=")).collect()
    }

    #[test]
    fn a_second_run_leaves_nothing_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        run(&path, &[("x", "1"), ("soft", "1"), ("plots/old", "1"), ("plots/changed", "1")]);
        fs::write(path.join("plots/changed"), "by hand").unwrap();
        fs::write(path.join("notes"), "not ours").unwrap();
        let left = run(&path, &[("x", "2"), ("plots/new", "2")]);
        assert_eq!(left.unchanged, ["plots/old", "soft"]);
        assert_eq!(left.changed, ["plots/changed"]);
        let expected = ["notes=not ours", "plots/changed=by hand", "plots/new=2", "x=2"];
        assert_eq!(without_record(&path), expected);
        run(&path, &[("x", "3")]);
        assert_eq!(without_record(&path), ["notes=not ours", "plots/changed=by hand", "x=3"]);
    }

    #[test]
    fn an_interrupted_run_is_cleared_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        run(path, &[("x", "1"), ("old", "1"), ("plots/a", "1")]);
        let opened = Folder::open(path).unwrap();
        let output = staged(&opened, &[("x", "2"), ("new", "2"), ("plots/b", "2")]);
        output.begin().unwrap();
        // As if it had been killed after two renames: nothing is dropped.
        fs::rename(&output.staged[0].file, path.join("x")).unwrap();
        fs::rename(&output.staged[1].file, path.join("new")).unwrap();
        fs::write(path.join("plots/.gpuana-older"), "").unwrap();
        let staging = opened.staging().to_path_buf();
        drop(output);
        opened.abandon();
        assert!(staging.exists() && !path.join("run.json").exists(), "half of it, no record");
        let left = run(path, &[("x", "3")]);
        assert_eq!(left.unchanged, ["new", "old", "plots/a"]);
        assert_eq!(without_record(path), ["x=3"]);
        assert!(!staging.exists() && !path.join("plots").exists(), "nothing stays");
    }

    #[test]
    fn only_what_was_staged_here_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in ["a.root", ".gpuana-backup/notes", "sub/.gpuana-1.staging/0"] {
            fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
            fs::write(path.join(name), "kept").unwrap();
        }
        fs::create_dir(path.join(".gpuana-1.staging")).unwrap();
        fs::write(path.join("sub/.gpuana-x.svg"), "").unwrap();
        run(path, &[("x", "1")]);
        let kept = ["a.root", ".gpuana-backup/notes", "sub/.gpuana-1.staging/0"];
        kept.iter().for_each(|name| assert!(path.join(name).exists(), "{name}"));
        let gone = [".gpuana-1.staging", "sub/.gpuana-x.svg"];
        gone.iter().for_each(|name| assert!(!path.join(name).exists(), "{name}"));
    }

    #[test]
    fn one_command_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let first = Folder::open(&path).unwrap();
        assert!(first.is_locked());
        let error = Folder::open(&path).unwrap_err().to_string();
        assert!(error.contains("another command is writing") && error.contains("out"), "{error}");
        drop(first);
        assert!(!path.exists(), "it was made for nothing");
        run(&path, &[("x", "1")]);
    }

    #[test]
    fn an_abandoned_output_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x"), "old").unwrap();
        drop(staged(&Folder::open(folder.path()).unwrap(), &[("x", "new"), ("plots/y", "new")]));
        assert_eq!(listing(folder.path()), ["x=old"]);
    }

    #[test]
    fn a_record_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        run(&path, &[("x", "1")]);
        fs::write(folder.path().join("other"), "1").unwrap();
        let record = fs::read_to_string(path.join("run.json")).unwrap();
        fs::write(path.join("run.json"), record.replace("\"x\"", "\"../other\"")).unwrap();
        assert_eq!(run(&path, &[("y", "2")]), LeftOver::default());
        assert!(folder.path().join("other").exists());
    }

    #[test]
    fn errors_name_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        fs::create_dir(folder.path().join("taken")).unwrap();
        let error = Folder::open(&file).unwrap_err();
        assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
        let opened = Folder::open(folder.path()).unwrap();
        let mut output = OutputDir::new(&opened, "run.json");
        for name in ["", "../x", "/x", "a/../../x", "taken"] {
            assert!(output.stage(name, b"").unwrap_err().to_string().contains(name), "{name}");
        }
        output.stage("x", b"").unwrap();
        for name in ["x", "run.json"] {
            let error = output.stage(name, b"").unwrap_err().to_string();
            assert!(error.contains("written twice"), "{error}");
        }
        let mut output = OutputDir::new(&opened, "run.json");
        output.stage("file/x", b"").unwrap();
        assert!(output.publish("{}").unwrap_err().to_string().contains("cannot write"));
        assert!(file.is_file());
    }
}
