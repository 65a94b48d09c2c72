//! The output folder. Files are staged beside their final place and renamed
//! there together, so no reader and no crash sees a half-written one.

use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};

/// A folder that files are staged in; [`OutputDir::publish`] makes them
/// appear. Dropped without that, it leaves nothing behind but folders.
#[derive(Debug)]
pub struct OutputDir {
    path: PathBuf,
    /// Closed, as there may be more than files that can be open.
    staged: Vec<(TempPath, PathBuf)>,
    names: HashSet<PathBuf>,
}

impl OutputDir {
    /// The folder at `path`, made if there is none.
    ///
    /// # Errors
    /// The folder cannot be made, or something else is there.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        fs::create_dir_all(&path).map_err(|e| failed("make the output folder", &path, &e))?;
        Ok(OutputDir { path, staged: Vec::new(), names: HashSet::new() })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file of this name, with folders (`plots/met.svg`), to disk
    /// under a temporary name.
    ///
    /// # Errors
    /// The file cannot be written, its name leads out of the folder, or it was
    /// staged before.
    pub fn stage(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.put(name, bytes, fs::File::sync_all)
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
        finish: impl Fn(&fs::File) -> std::io::Result<()>,
    ) -> Result<()> {
        let inside = |c: Component<'_>| matches!(c, Component::Normal(_));
        if name.is_empty() || !Path::new(name).components().all(inside) {
            return Err(Error::output(format!(
                "an output cannot be named {name:?}: it must lie within {}",
                self.path.display()
            )));
        }
        let target = self.path.join(name);
        if !self.names.insert(target.clone()) {
            return Err(Error::output(format!("{} would be written twice", target.display())));
        }
        let written = write_beside(&target, bytes).and_then(|file| {
            finish(file.as_file())?;
            Ok(file.into_temp_path())
        });
        let file = written.map_err(|e| failed("write", &target, &e))?;
        self.staged.push((file, target));
        Ok(())
    }

    /// Gives every staged file its name, replacing files of an earlier run,
    /// and returns the paths in the order of staging.
    ///
    /// # Errors
    /// A file cannot be renamed; those before it have their names by then.
    pub fn publish(self) -> Result<Vec<PathBuf>> {
        let mut paths = Vec::with_capacity(self.staged.len());
        for (file, target) in self.staged {
            file.persist(&target).map_err(|e| failed("write", &target, &e.error))?;
            paths.push(target);
        }
        let mut folders: Vec<&Path> = paths.iter().filter_map(|p| p.parent()).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            sync_folder(folder).map_err(|e| failed("write to", folder, &e))?;
        }
        Ok(paths)
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::output(format!("cannot {what} {}: {error}", path.display()))
}

/// A temporary file with these bytes in the folder of `target`.
fn write_beside(target: &Path, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gpuana-");
    // As any new file: the default of temporary files is for their owner only.
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    Ok(file)
}

/// Makes renames in a folder last over a crash, where folders can be opened.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::OutputDir;
    use std::fs;
    use std::path::Path;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with(".gpuana-"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_appear_together_and_replace_older_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        for text in ["first", "second"] {
            let before = names(folder.path()).len();
            let mut output = OutputDir::create(&path).unwrap();
            output.stage("x.json", text.as_bytes()).unwrap();
            output.stage("plots/y.svg", b"svg").unwrap();
            if before == 0 {
                assert_eq!(names(&path), ["plots"], "no file before it is published");
            }
            let paths = output.publish().unwrap();
            assert_eq!(paths, [path.join("x.json"), path.join("plots/y.svg")]);
            assert_eq!(fs::read_to_string(path.join("x.json")).unwrap(), text);
            assert_eq!(names(&path), ["plots", "x.json"]);
        }
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2, "no temporary file stays");
    }

    #[test]
    fn an_abandoned_output_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x"), "old").unwrap();
        let mut output = OutputDir::create(folder.path()).unwrap();
        output.stage("x", b"new").unwrap();
        drop(output);
        assert_eq!(fs::read_to_string(folder.path().join("x")).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = OutputDir::create(&file).unwrap_err();
        assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
        let mut output = OutputDir::create(folder.path()).unwrap();
        let error = output.stage("file/x", b"").unwrap_err();
        assert!(error.to_string().contains("file/x"), "{error}");
        for name in ["", "../x", "/x", "a/../../x"] {
            assert!(output.stage(name, b"").unwrap_err().to_string().contains(name), "{name}");
        }
        output.stage("x", b"").unwrap();
        assert!(output.stage("x", b"").unwrap_err().to_string().contains("written twice"));
    }
}
