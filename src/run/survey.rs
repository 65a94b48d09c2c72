//! All files of a run opened once: which of them can be read, that each is there once and
//! is what its input says, and what they offer together.

use super::duplicates::Known;
use super::files::InputFile;
use super::golden::PLACE;
use super::opener::{Opener, no_files};
use crate::batch::Request;
use crate::error::{Error, ErrorKind, Result};
use crate::read::{self, Identity, Misfit, Model, Source, Union};
use crate::schema::{DefaultValue, Schema};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The files that can be read, and those that cannot.
pub(super) struct Survey {
    pub(super) opened: Vec<Opened>,
    pub(super) broken: Vec<Broken>,
    /// How long it took.
    pub(super) time: Duration,
}

/// A file that was opened.
pub(super) struct Opened {
    /// Its number among the inputs.
    pub(super) index: usize,
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    /// Events in the file.
    pub(super) events: u64,
    /// Those of them that are meant; `None`: all.
    pub(super) steps: Option<Vec<Range<u64>>>,
    /// Branches of the plan that the file lacks, and that have a default.
    pub(super) absent: Vec<String>,
    /// How long that took.
    pub(super) open: Duration,
    /// Its branches: the same for files that have the same.
    schema: Arc<Schema>,
    source: Option<Box<dyn Source>>,
}

/// A file that cannot be read.
pub(super) struct Broken {
    /// Its number among the inputs.
    pub(super) file: usize,
    pub(super) error: Error,
}

impl Opened {
    /// Whether each read is a way to a server.
    pub(super) fn is_remote(&self) -> bool {
        self.identity.path.contains("://")
    }

    /// The tree that is read.
    pub(super) fn tree(&self) -> &str {
        &self.schema.tree
    }

    /// How many events are meant.
    pub(super) fn meant(&self) -> u64 {
        self.ranges(u64::MAX).iter().map(|range| range.end - range.start).sum()
    }

    /// The first `most` of the events that are meant.
    pub(super) fn ranges(&self, most: u64) -> Vec<Range<u64>> {
        let mut left = most;
        let all = Range { start: 0, end: self.events };
        let steps = self.steps.as_deref().unwrap_or(std::slice::from_ref(&all));
        let ranges = steps.iter().map(|step| {
            let range = step.start..step.end.min(step.start.saturating_add(left));
            left -= range.end - range.start;
            range
        });
        ranges.filter(|range| !range.is_empty()).collect()
    }

    /// The file's source, opened again if it was closed meanwhile.
    pub(super) fn source(
        &mut self,
        opener: &Opener<'_>,
        model: &Arc<Model>,
    ) -> Result<Box<dyn Source>> {
        if let Some(source) = self.source.take() {
            return Ok(read::adapted(source, Arc::clone(model)));
        }
        let source = opener.open(&self.path)?;
        if source.schema().events != self.events || source.identity() != &self.identity {
            return Err(self.identity.changed());
        }
        Ok(source)
    }
}

impl Survey {
    /// Opens every file. Those that are absent or damaged are an error, or go with the
    /// broken ones; those that are there already are passed over.
    pub(super) fn new(
        opener: &Opener<'_>,
        skip_bad_files: bool,
        broken: Vec<Broken>,
    ) -> Result<Survey> {
        let started = Instant::now();
        let mut survey = Survey { opened: Vec::new(), broken, time: Duration::ZERO };
        let mut known = Known::default();
        for (index, file) in opener.files.iter().enumerate() {
            if survey.broken.iter().any(|b| b.file == index) {
                continue;
            }
            match survey.open(opener, index, file) {
                Ok(()) => {}
                Err(error) if skip_bad_files && error.kind() == ErrorKind::Input => {
                    survey.broken.push(Broken { file: index, error });
                    continue;
                }
                Err(error) => return Err(error),
            }
            let Some(opened) = survey.opened.last() else { continue };
            if let Some(other) = known.add(&opened.path, &opened.identity, opened.events, index)? {
                return Err(twice(file, &opener.files[other]));
            }
        }
        if survey.opened.is_empty() {
            let first = survey.broken.into_iter().min_by_key(|b| b.file);
            return Err(first.map_or_else(no_files, |broken| broken.error));
        }
        survey.time = started.elapsed();
        Ok(survey)
    }

    fn open(&mut self, opener: &Opener<'_>, index: usize, file: &InputFile) -> Result<()> {
        let started = Instant::now();
        if let Some(error) = &file.unreadable {
            return Err(file.blamed(error.clone()));
        }
        let source = opener.open(&file.path).map_err(|error| match is_file(file) {
            true => error,
            false => file.blamed(error),
        })?;
        let (identity, events) = (source.identity().clone(), source.schema().events);
        check_meant(file, &identity, events)?;
        let alike = |o: &&Opened| same_branches(&o.schema, source.schema());
        let schema = match self.opened.iter().rev().find(alike) {
            Some(other) => Arc::clone(&other.schema),
            None => Arc::new(source.schema().clone()),
        };
        self.opened.push(Opened {
            index,
            path: file.path.clone(),
            identity,
            events,
            steps: file.events.steps.clone(),
            absent: Vec::new(),
            open: started.elapsed(),
            schema,
            source: (self.opened.len() < opener.kept_open).then_some(source),
        });
        Ok(())
    }

    /// What the files with events offer together; if none has events, what all do, and
    /// others.
    pub(super) fn model(
        &self,
        defaults: &[DefaultValue],
        others: &dyn Fn() -> Result<Vec<Schema>>,
    ) -> Result<Arc<Model>> {
        let mut union = Union::default();
        let has_events = self.opened.iter().any(|file| file.events > 0);
        let mut last: Option<&Arc<Schema>> = None;
        for file in self.opened.iter().filter(|file| file.events > 0 || !has_events) {
            if !last.is_some_and(|last| Arc::ptr_eq(last, &file.schema)) {
                union.add(&file.schema);
            }
            last = Some(&file.schema);
        }
        if !has_events || union.lacks_collections(defaults) {
            others()?.iter().for_each(|other| union.complete(other, defaults, !has_events));
        }
        union.model(defaults).map(Arc::new)
    }

    /// Checks that all files with events have what is asked for, or a default of it.
    pub(super) fn check(&self, model: &Model, request: &Request, golden: bool) -> Result<()> {
        let columns = request.columns.iter().map(|c| &c.branch);
        let mut fine: Option<&Arc<Schema>> = None;
        for file in self.opened.iter().filter(|file| file.events > 0) {
            if fine.is_some_and(|fine| Arc::ptr_eq(fine, &file.schema)) {
                continue;
            }
            for name in request.counters.iter().chain(columns.clone()) {
                if let Err(misfit) = model.origin(&file.schema, name) {
                    return Err(self.misfit(file, name, &misfit, model));
                }
            }
            let place = PLACE.iter().find(|name| file.schema.branch(name).is_none());
            if let Some(name) = place.filter(|_| golden) {
                let message = format!(
                    "{}: no branch {name} in tree {}, by which events are certified (`golden`)",
                    file.identity.path, file.schema.tree
                );
                return Err(Error::new(ErrorKind::Analysis, message));
            }
            fine = Some(&file.schema);
        }
        Ok(())
    }

    /// Enters into each file what it lacks of a request.
    pub(super) fn note_absent(&mut self, model: &Model, request: &Request) {
        for file in self.opened.iter_mut().filter(|file| file.events > 0) {
            file.absent = model.absent(&file.schema, request);
        }
    }

    fn misfit(&self, file: &Opened, name: &str, misfit: &Misfit<'_>, model: &Model) -> Error {
        let wanted = model.schema().branch(name);
        let (path, tree) = (&file.identity.path, &file.schema.tree);
        let text = match (misfit, file.schema.branch(name), wanted) {
            (Misfit::Differs, Some(found), Some(wanted)) => {
                let fits = |o: &&Opened| {
                    o.events > 0
                        && o.schema
                            .branch(name)
                            .is_some_and(|b| (&b.shape, b.stored) == (&wanted.shape, wanted.stored))
                };
                let other = self.opened.iter().find(fits).map(|o| o.identity.path.as_str());
                format!(
                    "{path}: branch {name} is {}, but {} in {}; leave the file out, or analyse it \
                     by itself",
                    read::describe(found),
                    read::describe(wanted),
                    other.unwrap_or("others")
                )
            }
            (Misfit::Missing(Some(default)), _, Some(wanted)) => format!(
                "{path}: no branch {name} in tree {tree}, which the analysis reads: it is {} in \
                 others, so the default `{}: {}` is not for it; give it one of its own: \
                 `input: defaults: {name}: ...`",
                read::describe(wanted),
                default.branch,
                default.value
            ),
            _ => format!(
                "{path}: no branch {name} in tree {tree}, which the analysis reads; leave the file \
                 out, or say what to take instead: {}",
                model.advice(name, &file.schema)
            ),
        };
        Error::new(ErrorKind::Analysis, text)
    }
}

/// Whether a file is where its path says; what is wrong with it is then in it.
fn is_file(file: &InputFile) -> bool {
    file.path.to_string_lossy().contains("://") || file.path.is_file()
}

/// Whether two files offer the same.
fn same_branches(a: &Schema, b: &Schema) -> bool {
    let same = |(a, b): (&crate::schema::Branch, &crate::schema::Branch)| {
        a.stored == b.stored && a.name == b.name && a.shape == b.shape
    };
    a.tree == b.tree
        && a.branches.len() == b.branches.len()
        && a.branches.iter().zip(&b.branches).all(same)
}

/// Fails if a file is not what its input says that it is.
fn check_meant(file: &InputFile, identity: &Identity, events: u64) -> Result<()> {
    let wrong = |what: String| Err(file.blamed(Error::input(what).within(&identity.path)));
    let meant = &file.events;
    if let Some(number) = meant.number.filter(|n| *n != events) {
        return wrong(format!(
            "the file has {events} events, `num_entries` says {number}: make the fileset anew"
        ));
    }
    let last = meant.steps.iter().flatten().map(|step| step.end).max();
    if let Some(last) = last.filter(|last| *last > events) {
        return wrong(format!("the file has {events} events, `steps` go to {last}"));
    }
    let plain = |uuid: &str| uuid.replace('-', "").to_ascii_lowercase();
    match &meant.uuid {
        Some(uuid) if !identity.uuid.is_empty() && plain(uuid) != plain(&identity.uuid) => {
            wrong(format!(
                "the file has the UUID {}, `uuid` says {uuid}: it is another file, or was made \
                 anew",
                identity.uuid
            ))
        }
        _ => Ok(()),
    }
}

/// The error of a file that is among the inputs twice.
fn twice(file: &InputFile, other: &InputFile) -> Error {
    let named = |file: &InputFile| match file.named_by.as_str() {
        "" => file.path.display().to_string(),
        by => format!("{} ({by})", file.path.display()),
    };
    Error::new(
        ErrorKind::Analysis,
        format!(
            "the same file is there twice, so that its events would count twice: {} and {}; name \
             it once",
            named(other),
            named(file)
        ),
    )
}
