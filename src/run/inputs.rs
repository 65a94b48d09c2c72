//! The files of a run: opened and checked against the plan before the first
//! event is read, so that a wrong file fails at once and not after an hour.

use super::golden::{Certify, Golden};
use crate::batch::Request;
use crate::error::{Error, ErrorKind, Result};
use crate::read::{self, Identity, Source};
use crate::schema::{Branch, DefaultValue, Schema, Shape, StoredType};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How many files of a run stay open between the check and the reading. The rest are
/// opened again, so that thousands of files need few descriptors.
const KEPT_OPEN: usize = 64;

type Opener<'a> = Box<dyn Fn(&Path) -> Result<Box<dyn Source>> + Sync + 'a>;

/// The files to read, and how to open one.
pub struct Inputs<'a> {
    files: Vec<PathBuf>,
    opener: Opener<'a>,
    kept_open: usize,
    defaults: &'a [DefaultValue],
    golden: Option<&'a Golden>,
    /// The first file that was opened: the others are to look like it.
    like: OnceLock<Schema>,
    /// A file that is open already.
    kept: Mutex<Option<Box<dyn Source>>>,
}

impl<'a> Inputs<'a> {
    /// The tree `tree` of each of `files`; `None`: the one called `Events`,
    /// or the only one.
    pub fn new(files: Vec<PathBuf>, tree: Option<&'a str>) -> Self {
        Inputs::with_opener(files, move |path| read::open(path, tree))
    }

    /// `files`, opened by `opener`: any source of columns can be run over.
    pub fn with_opener(
        files: Vec<PathBuf>,
        opener: impl Fn(&Path) -> Result<Box<dyn Source>> + Sync + 'a,
    ) -> Self {
        Inputs {
            files,
            opener: Box::new(opener),
            kept_open: KEPT_OPEN,
            defaults: &[],
            golden: None,
            like: OnceLock::new(),
            kept: Mutex::new(None),
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
        self.golden = golden;
        self
    }

    /// Which events to keep.
    pub(super) fn golden(&self) -> Option<&'a Golden> {
        self.golden
    }

    /// The same files, where so many runs are prepared at a time.
    #[must_use]
    pub fn among(mut self, runs: usize) -> Self {
        self.kept_open = KEPT_OPEN / runs.max(1);
        self
    }

    /// The files, in the order in which they are read.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Opens one of the files. Its integers have the types of the file that was
    /// opened first, and it has all branches that have a default.
    ///
    /// # Errors
    /// The file is missing, damaged, or has no such tree; a default is not of
    /// its branch's type.
    pub fn open(&self, path: &Path) -> Result<Box<dyn Source>> {
        let source = read::with_defaults((self.opener)(path)?, self.defaults)?;
        let like = self.like.get_or_init(|| source.schema().clone());
        Ok(read::like(source, like))
    }

    /// Takes a source back that [`Inputs::first`] gave: the run need not open that
    /// file again.
    pub fn keep(&self, source: Box<dyn Source>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(source);
    }

    /// The source of this file, if it was kept; else it is opened.
    fn kept_or_open(&self, path: &Path) -> Result<Box<dyn Source>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let source = kept.take_if(|kept| Path::new(&kept.identity().path) == path);
        drop(kept);
        source.map_or_else(|| self.open(path), Ok)
    }

    /// The first file's source: its schema is what an analysis is compiled against.
    ///
    /// # Errors
    /// There is no file, or [`Inputs::open`] fails.
    pub fn first(&self) -> Result<Box<dyn Source>> {
        let Some(path) = self.files.first() else {
            return Err(Error::new(
                ErrorKind::Usage,
                "no input files: name some with `--files`, or under `input: files:` in the analysis",
            ));
        };
        self.open(path)
    }

    /// The same of the first file that can be read at all.
    ///
    /// # Errors
    /// No file can be opened: what is wrong with the first.
    pub fn first_readable(&self) -> Result<Box<dyn Source>> {
        let first = self.first();
        if first.is_ok() || self.files.is_empty() {
            return first;
        }
        self.files.iter().skip(1).find_map(|path| self.open(path).ok()).map_or(first, Ok)
    }

    /// Opens every file and checks that the plan made for the first one fits;
    /// the number of events of all of them together.
    ///
    /// # Errors
    /// A file cannot be opened, or a branch is missing or of another type.
    pub fn check(&self, request: &Request) -> Result<u64> {
        let certified = self.golden.map(|golden| Certify::widen(golden, request).0);
        let request = certified.as_ref().unwrap_or(request);
        Ok(open_all(self, request, None)?.iter().map(|file| file.events).sum())
    }
}

/// A file that was opened and fits the plan.
pub(super) struct Opened {
    /// Its number among the inputs.
    pub(super) index: usize,
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    pub(super) events: u64,
    /// Branches of the plan that the file lacks, and that have a default.
    pub(super) absent: Vec<String>,
    /// How long that took.
    pub(super) open: Duration,
    source: Option<Box<dyn Source>>,
}

impl Opened {
    /// Whether each read is a way to a server.
    pub(super) fn is_remote(&self) -> bool {
        self.identity.path.contains("://")
    }

    /// The file's source, opened again if it was closed meanwhile.
    pub(super) fn source(&mut self, inputs: &Inputs) -> Result<Box<dyn Source>> {
        if let Some(source) = self.source.take() {
            return Ok(source);
        }
        let source = inputs.open(&self.path)?;
        if source.schema().events != self.events || source.identity() != &self.identity {
            let message = format!("{}: the file changed during the run", self.path.display());
            return Err(Error::input(message));
        }
        Ok(source)
    }
}

/// A file that cannot be read.
pub(super) struct Broken {
    /// Its number among the inputs.
    pub(super) file: usize,
    pub(super) error: Error,
}

/// Opens every file and checks that the plan's columns are there and have the
/// types and shapes that they have in the first one. Files that cannot be read
/// are an error, or go to `broken`; those that are there already are passed over.
pub(super) fn open_all(
    inputs: &Inputs,
    request: &Request,
    mut broken: Option<&mut Vec<Broken>>,
) -> Result<Vec<Opened>> {
    let mut reference: Option<Reference> = None;
    let mut opened = Vec::with_capacity(inputs.files.len());
    for (index, path) in inputs.files.iter().enumerate() {
        if broken.as_ref().is_some_and(|known| known.iter().any(|b| b.file == index)) {
            continue;
        }
        let started = Instant::now();
        let source = match (inputs.kept_or_open(path), &mut broken) {
            (Err(error), Some(broken)) if error.kind() == ErrorKind::Input => {
                broken.push(Broken { file: index, error });
                continue;
            }
            (source, _) => source?,
        };
        let first = || Reference { path, schema: source.schema().clone() };
        reference.get_or_insert_with(first).check(path, source.schema(), request)?;
        opened.push(Opened {
            index,
            path: path.clone(),
            identity: source.identity().clone(),
            events: source.schema().events,
            absent: absent(source.as_ref(), request),
            open: started.elapsed(),
            source: (opened.len() < inputs.kept_open).then_some(source),
        });
    }
    if opened.is_empty() {
        inputs.first()?;
        return Err(Error::input("none of the files can be read"));
    }
    Ok(opened)
}

fn absent(source: &dyn Source, request: &Request) -> Vec<String> {
    let wanted = |name: &&String| request.columns.iter().any(|c| c.branch == **name);
    source.absent().iter().filter(wanted).cloned().collect()
}

/// The file that the plan was made for.
struct Reference<'a> {
    path: &'a Path,
    schema: Schema,
}

impl Reference<'_> {
    fn check(&self, path: &Path, schema: &Schema, request: &Request) -> Result<()> {
        let columns = request.columns.iter().map(|c| &c.branch);
        for name in request.counters.iter().chain(columns) {
            let Some(expected) = self.schema.branch(name) else { continue };
            let (problem, next) = match schema.branch(name) {
                None => (
                    format!("no branch {name} in tree {}, which the analysis reads", schema.tree),
                    format!(
                        "leave the file out, or say what to take instead: \
                         `input: defaults: {name}: ...`"
                    ),
                ),
                Some(found) if !read::alike(expected, found) => (
                    format!(
                        "branch {name} is {}, but {} in {}",
                        describe(found),
                        describe(expected),
                        self.path.display()
                    ),
                    "leave the file out, or analyse it by itself".to_owned(),
                ),
                Some(_) => continue,
            };
            let message = format!("{}: {problem}; {next}", path.display());
            return Err(Error::new(ErrorKind::Analysis, message));
        }
        Ok(())
    }
}

fn describe(branch: &Branch) -> String {
    let ty = branch.stored.map_or("of a type that cannot be read", StoredType::name);
    match &branch.shape {
        Shape::Scalar => ty.to_owned(),
        Shape::Fixed(n) => format!("{ty}[{n}]"),
        Shape::Counted(counter) => format!("{ty}[{counter}]"),
        Shape::Vector => format!("vector of {ty}"),
    }
}
