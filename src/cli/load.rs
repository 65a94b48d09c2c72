//! From paths on the command line to a compiled analysis and its inputs.

use super::AnalysisArgs;
use super::fail::{self, Failure, Result};
use gpuana::analysis::Compiled;
use gpuana::config;
use gpuana::diag::{Diagnostic, Written};
use gpuana::error::{Error, ErrorKind};
use gpuana::gradient::Companions;
use gpuana::lang::check::{self, Options, SampleOptions};
use gpuana::run::{self, Golden, InputFile, Inputs, RunOptions};
use gpuana::samples::{self, Sample};
use gpuana::schema::Schema;
use gpuana::syntax::{Analysis, Slope};
use gpuana::warning::{Code, Warning, Warnings};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// What names the files of the command line.
const BY_OPTION: &str = "--files";

/// An analysis file, read and parsed.
pub(crate) struct Loaded {
    /// The path as given.
    pub(crate) path: PathBuf,
    text: String,
    analysis: Analysis,
    files: Vec<InputFile>,
    golden: Option<Golden>,
    samples: Vec<Sample>,
    soft_cuts: bool,
    slopes: Vec<Option<Slope>>,
    strict: bool,
    warnings: RefCell<Warnings>,
    /// What the files of each sample offer, if it was asked for.
    schemas: RefCell<Option<Vec<Schema>>>,
}

impl Loaded {
    /// Reads and parses the analysis file, and finds its input files.
    pub(crate) fn read(args: &AnalysisArgs) -> Result<Loaded> {
        let path = args.analysis.clone();
        let text = gpuana::text::read(&path).map_err(|e| unreadable(&path, &e))?;
        let written = Written { path: &path, text: &text };
        let analysis = config::parse(&text).map_err(|d| written.refused(&d))?;
        let samples = samples_of(args, &analysis, written)?;
        let files = match samples.first() {
            Some(first) => first.files.iter().map(|f| f.file.clone()).collect(),
            None if args.files.is_empty() => own_files(&written, &analysis)?,
            None => named_files(&args.files)?,
        };
        let folder = written.folder();
        let golden = analysis.golden.as_ref().map(|g| Golden::read(&folder.join(&g.name)));
        let golden = golden.transpose()?;
        let slopes = analysis.parameters.iter().map(|p| p.slope).collect();
        let (soft_cuts, strict) = (false, args.strict);
        let warnings = RefCell::default();
        Ok(Loaded {
            golden,
            path,
            text,
            analysis,
            files,
            samples,
            soft_cuts,
            slopes,
            strict,
            warnings,
            schemas: RefCell::default(),
        })
    }

    /// The analysis as parsed.
    pub(crate) fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// Gives a parameter another value than the one it starts at.
    pub(crate) fn set_parameter(&mut self, name: &str, value: f64) -> Result {
        Ok(self.analysis.set_parameter(name, value)?)
    }

    /// Makes it ready for gradients: cuts by parameters with a slope are smooth,
    /// and scalars are filled.
    pub(crate) fn differentiable(&mut self) {
        self.soft_cuts = true;
        self.fill_scalars();
    }

    /// Fills scalars, too, each as a histogram of one bin.
    pub(crate) fn fill_scalars(&mut self) {
        let scalars = self.analysis.scalars.iter().map(|s| s.histogram.clone());
        self.analysis.histograms.extend(scalars);
    }

    /// Adds the sums of weights times values to the scalars of a plan without
    /// derivatives.
    pub(crate) fn sum_scalars(&self, compiled: &mut Compiled) {
        compiled.fill_companions(|info| {
            let scalars = &self.analysis.scalars;
            let products = scalars.iter().any(|s| s.histogram.name.name == info.base);
            Companions { squares: false, products }
        });
    }

    /// Makes smooth cuts steeper than the analysis says, by this factor.
    pub(crate) fn sharpen(&mut self, factor: f64) {
        for k in 0..self.slopes.len() {
            let value = |p: usize| self.analysis.parameters[p].value;
            let slope = self.slopes[k].map(|slope| match slope {
                _ if factor == 1.0 => slope,
                Slope::Fixed(own) => Slope::Fixed(own * factor),
                Slope::Parameter(p) => Slope::Fixed(value(p) * factor),
            });
            self.analysis.parameters[k].slope = slope;
        }
    }

    /// Whether there are smooth cuts.
    pub(crate) fn has_slopes(&self) -> bool {
        self.slopes.iter().any(Option::is_some)
    }

    /// What is wrong with the analysis, with carets.
    pub(crate) fn explained(&self, diagnostics: &[Diagnostic]) -> Error {
        Written { path: &self.path, text: &self.text }.refused(diagnostics)
    }

    /// Fails for an analysis that asks for nothing; warns of one that asks for cutflows
    /// only.
    pub(crate) fn require_outputs(&self) -> Result {
        let Analysis { histograms, scalars, regions, .. } = &self.analysis;
        if !histograms.is_empty() || !scalars.is_empty() {
            return Ok(());
        }
        let form = "add `histograms: {met: {value: MET.pt, bins: [40, 0, 200]}}`";
        let text = format!("the analysis has no histograms: {form}");
        if regions.is_empty() {
            let place = self.path.display();
            return Err(Error::new(ErrorKind::Analysis, format!("{place}: {text}")).into());
        }
        self.warn(Warning::new(Code::NoHistogram, text));
        self.strictly()
    }

    /// Remembers a warning.
    pub(crate) fn warn(&self, warning: Warning) {
        self.warnings.borrow_mut().add(warning);
    }

    /// All warnings so far.
    pub(crate) fn warnings(&self) -> Warnings {
        self.warnings.borrow().clone()
    }

    /// Fails if there are warnings and `--strict` makes errors of them.
    pub(crate) fn strictly(&self) -> Result {
        let warnings = self.warnings();
        if self.strict && !warnings.is_empty() {
            return Err(Failure::Warnings(self.path.clone(), warnings));
        }
        Ok(())
    }

    /// Prints all warnings on standard error.
    pub(crate) fn print_warnings(&self) {
        self.warnings.borrow().iter().for_each(|w| fail::warn(&self.path, w));
    }

    /// The samples, with their files; empty if the analysis has none.
    pub(crate) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The input files, opened as the analysis says; of samples the first one's.
    pub(crate) fn inputs(&self) -> Inputs<'_> {
        match self.samples.first() {
            Some(first) => self.inputs_of(first),
            None => self.adapted(self.files.clone(), self.tree(), self.golden.as_ref()),
        }
    }

    /// What the files of a sample offer together. Where that leaves something open, it is as
    /// in the files of the other samples.
    pub(crate) fn schema(&self, inputs: &Inputs<'_>, options: &RunOptions) -> Result<Schema> {
        Ok(inputs.schema_with_others(options, &|| {
            let known = self.schemas.borrow().clone();
            if let Some(known) = known {
                return Ok(known);
            }
            let each = self.samples.iter().map(|sample| self.inputs_of(sample).schema(options));
            let all = each.collect::<std::result::Result<Vec<_>, Error>>()?;
            *self.schemas.borrow_mut() = Some(all.clone());
            Ok(all)
        })?)
    }

    /// The files of a sample.
    pub(crate) fn inputs_of<'a>(&'a self, sample: &'a Sample) -> Inputs<'a> {
        let files = sample.files.iter().map(|f| f.file.clone()).collect();
        let tree = sample.tree.as_deref().or(self.tree());
        self.adapted(files, tree, sample.golden.as_ref()).among(self.samples.len())
    }

    /// The files of a sample, or all if there are no samples.
    pub(crate) fn inputs_of_one<'a>(&'a self, sample: Option<&'a Sample>) -> Inputs<'a> {
        sample.map_or_else(|| self.inputs(), |sample| self.inputs_of(sample))
    }

    fn adapted<'a>(
        &'a self,
        files: Vec<InputFile>,
        tree: Option<&'a str>,
        golden: Option<&'a Golden>,
    ) -> Inputs<'a> {
        Inputs::new(files, tree).with_defaults(&self.analysis.defaults).certified(golden)
    }

    fn tree(&self) -> Option<&str> {
        self.analysis.tree.as_ref().map(|t| t.name.as_str())
    }

    /// Checks the analysis against a schema and lowers it for a run; with samples,
    /// as the first one needs it.
    pub(crate) fn compile(&self, schema: &Schema) -> Result<Compiled> {
        self.compile_for(schema, self.samples.first())
    }

    /// The same for a sample.
    pub(crate) fn compile_for(&self, schema: &Schema, sample: Option<&Sample>) -> Result<Compiled> {
        Ok(self.compile_watched(schema, sample)?.for_run())
    }

    /// The same with all that the analysis defines, used or not.
    pub(crate) fn compile_watched(
        &self,
        schema: &Schema,
        sample: Option<&Sample>,
    ) -> Result<Compiled> {
        self.compile_with(schema, sample, self.soft_cuts)
    }

    /// For a run with hard cuts and bins; scalars count entries whole anyway.
    pub(crate) fn compile_hard(
        &self,
        schema: &Schema,
        sample: Option<&Sample>,
    ) -> Result<Compiled> {
        let mut compiled = self.compile_with(schema, sample, false)?;
        let scalars = &self.analysis.scalars;
        for info in &compiled.histograms {
            if scalars.iter().all(|s| s.histogram.name.name != info.base) {
                compiled.plan.fills[info.fill].soft = None;
            }
        }
        Ok(compiled.for_run())
    }

    fn options_of<'a>(&self, sample: &'a Sample) -> SampleOptions<'a> {
        let data = || self.samples.iter().filter(|s| s.data);
        SampleOptions {
            name: &sample.name,
            process: &sample.process,
            data: sample.data,
            process_has_data: data().any(|s| s.process == sample.process),
            analysis_has_data: data().next().is_some(),
        }
    }

    fn compile_with(
        &self,
        schema: &Schema,
        sample: Option<&Sample>,
        soft_cuts: bool,
    ) -> Result<Compiled> {
        let options = Options {
            kernels: None,
            sample: sample.map(|s| self.options_of(s)),
            nominal_only: sample.is_some_and(Sample::is_nominal_only),
            soft_cuts,
        };
        let compiled = check::compile_for(&self.analysis, &self.text, schema, &options)
            .map_err(|d| self.explained(&d))?;
        self.warnings.borrow_mut().add_all(&compiled.warnings);
        self.strictly()?;
        match compiled.histograms.iter().find(|h| sample.is_none() && h.name.contains('{')) {
            Some(h) => Err(Error::new(
                ErrorKind::Analysis,
                format!(
                    "{}: the output name `{}` is of samples, and there are none: add `samples`, or \
                     name a fileset by `--fileset`",
                    self.path.display(),
                    h.name
                ),
            )
            .into()),
            None => Ok(compiled),
        }
    }
}

/// The samples that the analysis or the fileset describe.
fn samples_of(
    args: &AnalysisArgs,
    analysis: &Analysis,
    written: Written<'_>,
) -> Result<Vec<Sample>> {
    if analysis.samples.is_empty() && args.fileset.is_none() {
        if args.max_files_per_sample.is_some() {
            let message = "--max-files-per-sample is for analyses with samples, and this has none";
            return Err(Error::new(ErrorKind::Usage, message).into());
        }
        return Ok(Vec::new());
    }
    if !args.files.is_empty() {
        let message = "this analysis has samples: give their files by `--fileset INPUTS.json` \
                       instead of `--files`";
        return Err(Error::new(ErrorKind::Usage, message).into());
    }
    let request = samples::Request {
        written,
        fileset: args.fileset.as_deref(),
        max_files: args.max_files_per_sample.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
    };
    Ok(samples::resolve(analysis, &request)?)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Analysis, format!("{}: {error}", path.display()))
}

/// The files that an analysis names, relative to its own folder.
fn own_files(written: &Written<'_>, analysis: &Analysis) -> Result<Vec<InputFile>> {
    let mut files = Vec::new();
    for pattern in &analysis.files {
        files.extend(run::expand_written(pattern, written)?);
    }
    Ok(files)
}

/// The files that the command line names, patterns that the shell left as they are too.
fn named_files(paths: &[PathBuf]) -> Result<Vec<InputFile>> {
    let mut files = Vec::new();
    for path in paths {
        match path.exists() {
            true => files.push(InputFile::new(path, BY_OPTION)),
            false => files.extend(run::expand(path.as_os_str(), Path::new(""), BY_OPTION)?),
        }
    }
    Ok(files)
}
