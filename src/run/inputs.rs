//! The files of a run: opened and checked against the plan before the first
//! event is read, so that a wrong file fails at once and not after an hour.

use super::RunOptions;
use super::files::InputFile;
use super::golden::Golden;
use super::opener::Opener;
use super::survey::{Opened, Survey};
use crate::error::Result;
use crate::read::{self, Model, Source};
use crate::schema::{DefaultValue, Schema};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The files to read, and how to open one.
pub struct Inputs<'a> {
    opener: Opener<'a>,
    defaults: &'a [DefaultValue],
    /// Files that are open already.
    survey: Mutex<Option<Survey>>,
}

impl<'a> Inputs<'a> {
    /// The tree `tree` of each of `files`; `None`: the one called `Events`,
    /// or the only one.
    pub fn new(
        files: impl IntoIterator<Item = impl Into<InputFile>>,
        tree: Option<&'a str>,
    ) -> Self {
        Inputs::with_opener(files, move |path| read::open(path, tree))
    }

    /// `files`, opened by `opener`: any source of columns can be run over.
    pub fn with_opener(
        files: impl IntoIterator<Item = impl Into<InputFile>>,
        opener: impl Fn(&Path) -> Result<Box<dyn Source>> + Sync + 'a,
    ) -> Self {
        Inputs {
            opener: Opener::new(files.into_iter().map(Into::into).collect(), Box::new(opener)),
            defaults: &[],
            survey: Mutex::new(None),
        }
    }

    /// The same files, where a branch that one of them lacks has its default.
    #[must_use]
    pub fn with_defaults(mut self, defaults: &'a [DefaultValue]) -> Self {
        self.defaults = defaults;
        self
    }

    /// Only the certified events of the same files.
    #[must_use]
    pub fn certified(mut self, golden: Option<&'a Golden>) -> Self {
        self.opener.golden = golden;
        self
    }

    /// Which events to keep.
    pub(super) fn golden(&self) -> Option<&'a Golden> {
        self.opener.golden
    }

    /// The same files, where so many runs are prepared at a time.
    #[must_use]
    pub fn among(mut self, runs: usize) -> Self {
        self.opener.kept_open /= runs.max(1);
        self
    }

    /// The paths and addresses of the files, in the order in which they are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.opener.files.iter().map(|file| file.path.as_path())
    }

    /// What opens them.
    pub(super) fn opener(&self) -> &Opener<'a> {
        &self.opener
    }

    /// Opens one of the files, whose columns look as they do in all of them.
    ///
    /// # Errors
    /// The file is missing, damaged, or has no such tree.
    pub fn open(&self, path: &Path) -> Result<Box<dyn Source>> {
        self.opener.open(path)
    }

    /// What all files offer together, those without events apart: what an analysis is
    /// compiled against. They are all opened, and the next run goes on from there.
    ///
    /// # Errors
    /// A file cannot be opened, is there twice, or is not what its input says.
    pub fn schema(&self, options: &RunOptions) -> Result<Schema> {
        self.schema_with_others(options, &|| Ok(Vec::new()))
    }

    /// The same, where what is not known of these files is as in others, which are asked
    /// for only then: the fields of a collection that is declared to be empty and that no
    /// file has; or everything, if there are no events.
    ///
    /// # Errors
    /// As [`Inputs::schema`]; or the others fail.
    pub fn schema_with_others(
        &self,
        options: &RunOptions,
        others: &dyn Fn() -> Result<Vec<Schema>>,
    ) -> Result<Schema> {
        let survey = Survey::new(&self.opener, options.skip_bad_files, Vec::new())?;
        let model = survey.model(self.defaults, others)?;
        let schema = model.schema().clone();
        let _ = self.opener.model.set(model);
        *self.survey.lock().unwrap_or_else(PoisonError::into_inner) = Some(survey);
        Ok(schema)
    }

    /// The model and the files that are open, without those that are known to be broken.
    pub(super) fn surveyed(
        &self,
        skip_bad_files: bool,
        broken: Vec<super::survey::Broken>,
    ) -> Result<(Arc<Model>, Survey)> {
        let kept = self.survey.lock().unwrap_or_else(PoisonError::into_inner).take();
        let survey = match kept.filter(|_| broken.is_empty()) {
            Some(survey) => survey,
            None => Survey::new(&self.opener, skip_bad_files, broken)?,
        };
        let model = match self.opener.model.get() {
            Some(model) => Arc::clone(model),
            None => {
                let model = survey.model(self.defaults, &|| Ok(Vec::new()))?;
                Arc::clone(self.opener.model.get_or_init(|| model))
            }
        };
        Ok((model, survey))
    }

    /// Opens every file and checks that the plan fits; the number of events of all of
    /// them together.
    ///
    /// # Errors
    /// A file cannot be opened, or a branch is missing or of another type.
    pub fn check(&self, request: &crate::batch::Request) -> Result<u64> {
        let (model, survey) = self.surveyed(false, Vec::new())?;
        survey.check(&model, request, self.opener.golden.is_some())?;
        Ok(survey.opened.iter().map(Opened::meant).sum())
    }
}
