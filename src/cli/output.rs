//! The folder that a command writes: its name, its lock, and its record.

use super::fail::Result;
use gpuana::report::command_json;
use gpuana::session::Bound;
use gpuana::warning::{Code, Warning};
use gpuana::write::{Folder, OutputDir};
use std::path::{Path, PathBuf};

/// Opens the folder that was asked for, or the one of the analysis's name, here.
pub(super) fn open(bound: &Bound, asked: Option<&PathBuf>) -> Result<Folder> {
    let folder = Folder::open(asked.cloned().unwrap_or_else(|| default_folder(bound.path())))?;
    if !folder.is_locked() {
        let text = format!("{} cannot be locked: no other command may write it", shown(&folder));
        bound.warn(Warning::new(Code::NotLocked, text));
    }
    Ok(folder)
}

/// `adl.out` for `examples/adl.yaml`, `fit.v1.out` for `fit.v1.yaml`, in the current folder.
fn default_folder(analysis: &Path) -> PathBuf {
    let mut name = analysis.file_stem().unwrap_or(analysis.as_os_str()).to_owned();
    name.push(".out");
    PathBuf::from(name)
}

/// Its path, for people.
pub(super) fn shown(folder: &Folder) -> String {
    folder.path().display().to_string()
}

/// Warns of files of an earlier run that stay, and fails if that is an error: the last
/// moment before anything is published.
pub(super) fn settle(bound: &Bound, output: &OutputDir<'_>) -> Result {
    for name in output.left_over()?.changed {
        let text = format!("{name} is of an earlier run and was changed since: it is kept");
        bound.warn(Warning::new(Code::Kept, text));
    }
    Ok(bound.strictly()?)
}

/// Publishes the outputs of a command with a record of its own.
pub(super) fn publish(bound: &Bound, command: &str, output: OutputDir<'_>) -> Result {
    settle(bound, &output)?;
    let analysis = bound.path().display().to_string();
    let record = command_json(command, &analysis, &bound.warnings(), output.hashes());
    Ok(output.publish(&record)?)
}
