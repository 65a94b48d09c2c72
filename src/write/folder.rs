//! The output folder: one command at a time writes it, and what a command that was
//! killed left half done is cleared by the next one.

use crate::error::{Error, Result};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What temporary files and folders of ours begin with.
pub(super) const TEMPORARY: &str = ".gpuana-";

/// What a folder for staging ends with.
const STAGING: &str = ".staging";

/// A folder that this command may write and no other one does. Nothing is seen in it
/// until an [`super::OutputDir`] is published; a folder that was made for nothing is
/// removed again.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Where files are staged; `None` while it is being dropped.
    staging: Option<TempDir>,
    /// Held as long as this lives; `None` on file systems without locks.
    lock: Option<File>,
    /// The folders that were made for it, the outer ones first.
    made: Vec<PathBuf>,
}

impl Folder {
    /// The folder at `path`, made if there is none.
    ///
    /// # Errors
    /// It cannot be made or written, something else is there, or another command
    /// writes it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Folder> {
        let path = path.into();
        let cannot = |e: std::io::Error| {
            Error::output(format!("cannot write to {}: {e}; choose --output", path.display()))
                .with_source(e)
        };
        let missing = path.ancestors().take_while(|p| !p.as_os_str().is_empty() && !p.exists());
        let mut made: Vec<PathBuf> = missing.map(Path::to_path_buf).collect();
        made.reverse();
        fs::create_dir_all(&path).map_err(cannot)?;
        let mut folder = Folder { path: path.clone(), staging: None, lock: None, made };
        folder.lock = lock(&path)?;
        let staging = tempfile::Builder::new().prefix(TEMPORARY).suffix(STAGING).tempdir_in(&path);
        let staging = staging.map_err(cannot)?;
        if folder.lock.is_some() {
            clear_temporaries(&path, staging.path());
        }
        folder.staging = Some(staging);
        Ok(folder)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether other commands are kept out; some file systems have no locks.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// Where files are staged.
    pub(super) fn staging(&self) -> &Path {
        self.staging.as_ref().map_or(&self.path, |staging| staging.path())
    }

    /// Leaves everything as it is, as a command does that is killed.
    #[cfg(test)]
    pub(super) fn abandon(self) {
        self.lock.as_ref().map(File::unlock).expect("a lock").expect("an unlocked folder");
        std::mem::forget(self);
    }

    /// Writes or replaces one file that is no output but a state to go on from.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let (staged, target) = (self.staging().join(name), self.path.join(name));
        let written = fs::write(&staged, bytes)
            .and_then(|()| File::open(&staged)?.sync_all())
            .and_then(|()| fs::rename(&staged, &target));
        written.map_err(|e| failed("write", &target, e))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.staging.take());
        // Those that are not empty stay.
        self.made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

/// Keeps other commands out of a folder.
fn lock(path: &Path) -> Result<Option<File>> {
    let Ok(folder) = File::open(path) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(Error::output(format!(
            "another command is writing to {}: wait until it is done, or choose --output",
            path.display()
        ))),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Removes what commands that were killed left: in the folder what they staged, and in
/// those in it files that were on their way. A folder further down is another command's,
/// which may be at work.
fn clear_temporaries(path: &Path, own: &Path) {
    let inside = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|e| e.ok());
        entries.map(|e| e.path()).collect::<Vec<_>>()
    };
    let rest = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.strip_prefix(TEMPORARY)).map(str::to_owned)
    };
    let is_folder = |path: &Path| path.is_dir() && !path.is_symlink();
    // What cannot be removed disturbs nobody.
    for top in inside(path) {
        match (is_folder(&top), rest(&top)) {
            // By its name: one path may be relative, the other not.
            (true, Some(rest)) if rest.ends_with(STAGING) && top.file_name() != own.file_name() => {
                drop(fs::remove_dir_all(&top));
            }
            (true, _) => {
                let files = inside(&top).into_iter().filter(|file| !is_folder(file));
                files.filter(|file| rest(file).is_some()).for_each(|f| drop(fs::remove_file(f)));
            }
            (false, Some(_)) => drop(fs::remove_file(&top)),
            (false, None) => {}
        }
    }
}

pub(super) fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::output(format!("cannot {what} {}: {error}", path.display())).with_source(error)
}
