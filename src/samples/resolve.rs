//! From the analysis and a fileset to samples with files.

use super::fileset::{self, Listed};
use super::{Sample, SampleFile};
use crate::diag::{Written, nearest};
use crate::error::{Error, ErrorKind, Result};
use crate::run::{self, Golden};
use crate::syntax::{self, Analysis, Generated, Ident};
use std::path::Path;

/// Where samples come from besides the analysis.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The analysis file: its paths are relative to its folder.
    pub written: Written<'a>,
    /// A fileset to take all files from.
    pub fileset: Option<&'a Path>,
    /// At most this many files of each sample.
    pub max_files: Option<usize>,
}

/// The samples to process, in the order of the fileset, else of the analysis;
/// none if there are neither.
///
/// # Errors
/// The fileset is wrong; a sample has no files or no cross-section; a
/// combination is of a sample that is not there.
pub fn resolve(analysis: &Analysis, request: &Request<'_>) -> Result<Vec<Sample>> {
    let mut samples = match request.fileset {
        Some(path) => {
            let listed = fileset::read(path)?;
            listed
                .into_iter()
                .map(|l| from_fileset(analysis, l))
                .collect::<Result<Vec<_>>>()
                .map_err(|e| e.within(path.display()))?
        }
        None => analysis
            .samples
            .iter()
            .map(|s| from_analysis(s, &request.written))
            .collect::<Result<_>>()?,
    };
    for sample in &mut samples {
        sample.golden = golden(analysis, sample, request.written.folder())?;
        cut_files(sample, request.max_files)?;
        check(analysis, sample)?;
    }
    check_combinations(analysis, &samples)?;
    check_variations(analysis, &samples)?;
    check_processes(analysis, &samples)?;
    Ok(samples)
}

fn from_analysis(sample: &syntax::Sample, written: &Written<'_>) -> Result<Sample> {
    let name = sample.name.name.clone();
    if sample.files.is_empty() {
        return Err(wrong(format!(
            "the sample `{name}` has no files: give it some, or name a fileset by `--fileset`"
        )));
    }
    let mut files = Vec::new();
    for pattern in &sample.files {
        let named = run::expand_written(pattern, written)?;
        files.extend(named.into_iter().map(|file| SampleFile { file, listed: None }));
    }
    Ok(described(sample, Listed { name, files, ..Listed::default() }))
}

/// What the analysis says about a sample of a fileset: under its own name, or
/// under its process.
fn from_fileset(analysis: &Analysis, listed: Listed) -> Result<Sample> {
    let process = listed.process.clone().unwrap_or_else(|| listed.name.clone());
    if let Some(sample) = analysis.sample(&listed.name, &process) {
        return Ok(described(sample, listed));
    }
    if !analysis.samples.is_empty() {
        let names = analysis.samples.iter().map(|s| s.name.name.as_str());
        let near = nearest(&process, names.clone()).map(|n| format!("did you mean `{n}`? "));
        return Err(wrong(format!(
            "`{process}` is not under `samples` in the analysis: {}there are {}",
            near.unwrap_or_default(),
            names.collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(described(&syntax::Sample::default(), listed))
}

/// What a fileset lists, with what the analysis says about it.
fn described(sample: &syntax::Sample, listed: Listed) -> Sample {
    let name_of = |ident: &Option<Ident>| ident.as_ref().map(|i| i.name.clone());
    let process = listed.process.or_else(|| name_of(&sample.process));
    let variation = listed.variation.or_else(|| name_of(&sample.variation));
    Sample {
        process: process.unwrap_or_else(|| listed.name.clone()),
        name: listed.name,
        variation,
        data: sample.data,
        cross_section: sample.cross_section.or(listed.cross_section),
        generated: sample.generated.clone(),
        tree: listed.tree,
        files: listed.files,
        golden: None,
        left_out: 0,
    }
}

/// The list of certified sections that the analysis names for a sample.
fn golden(analysis: &Analysis, sample: &Sample, folder: &Path) -> Result<Option<Golden>> {
    let described = analysis.sample(&sample.name, &sample.process);
    let Some(path) = described.and_then(|s| s.golden.as_ref()) else { return Ok(None) };
    Golden::read(&folder.join(&path.name)).map(Some)
}

/// Keeps at most so many files.
fn cut_files(sample: &mut Sample, most: Option<usize>) -> Result<()> {
    let Some(most) = most.filter(|n| *n < sample.files.len()) else { return Ok(()) };
    if matches!(sample.generated, Generated::Events(_)) {
        return Err(wrong(format!(
            "the sample `{}` gives its number of `events`, which is not that of its first {most} \
             files: leave `events` out to count them",
            sample.name
        )));
    }
    sample.left_out = (sample.files.len() - most) as u64;
    sample.files.truncate(most);
    Ok(())
}

fn check(analysis: &Analysis, sample: &Sample) -> Result<()> {
    let name = &sample.name;
    if analysis.luminosity.is_some() && !sample.data && sample.cross_section.is_none() {
        return Err(wrong(format!(
            "the sample `{name}` has no cross-section: write `{}: cross_section: ...` (in pb) \
             under `samples`, or `kind: data`",
            sample.process
        )));
    }
    Ok(())
}

fn check_combinations(analysis: &Analysis, samples: &[Sample]) -> Result<()> {
    for combination in &analysis.combinations {
        let own = &combination.name.name;
        if samples.iter().any(|s| s.name == *own) {
            return Err(wrong(format!("the combination `{own}` has the name of a sample")));
        }
        for (term, _) in &combination.terms {
            let names = samples.iter().map(|s| s.name.as_str());
            if !names.clone().any(|name| name == term.name) {
                return Err(wrong(format!(
                    "the combination `{own}` is of `{}`, which is not a sample: there are {}",
                    term.name,
                    names.collect::<Vec<_>>().join(", ")
                )));
            }
        }
    }
    Ok(())
}

/// A variation of a process that there is not would never apply.
fn check_variations(analysis: &Analysis, samples: &[Sample]) -> Result<()> {
    for variation in &analysis.variations {
        for wanted in &variation.samples {
            let processes = samples.iter().map(|s| s.process.as_str());
            if !processes.clone().any(|p| p == wanted.name) {
                let mut processes: Vec<&str> = processes.collect();
                processes.dedup();
                return Err(wrong(format!(
                    "the variation `{}` is of the process `{}`, which is not there: there are {}",
                    variation.name.name,
                    wanted.name,
                    processes.join(", ")
                )));
            }
        }
    }
    Ok(())
}

/// A process that there is not would never be weighted.
fn check_processes(analysis: &Analysis, samples: &[Sample]) -> Result<()> {
    for process in &analysis.processes {
        let name = &process.name.name;
        let mut known: Vec<&str> = samples.iter().map(|s| s.process.as_str()).collect();
        if !known.contains(&name.as_str()) {
            known.dedup();
            let known = known.join(", ");
            return Err(wrong(format!("the process `{name}` is of no sample: there are {known}")));
        }
    }
    Ok(())
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Analysis, message)
}
