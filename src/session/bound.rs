//! An analysis with its files or samples: what they offer together, and the analysis
//! compiled for them.

use super::analysis::{Analysis, Inputs};
use super::error::{WarningsRefused, usage};
use crate::analysis::Compiled;
use crate::diag::{Diagnostic, Written};
use crate::error::{Error, ErrorKind, Result};
use crate::gradient::Companions;
use crate::lang::check::{self, Options, SampleOptions};
use crate::run::{self, Golden, InputFile, RunOptions};
use crate::samples::{self, Sample};
use crate::schema::Schema;
use crate::syntax::{self, Slope};
use crate::warning::{Code, Warning, Warnings};
use std::cell::RefCell;
use std::path::Path;

/// An analysis that is bound to the files or samples that it is run over.
///
/// It collects the warnings of all that is done with it.
#[derive(Debug, Clone)]
pub struct Bound {
    source: Analysis,
    files: Vec<InputFile>,
    golden: Option<Golden>,
    samples: Vec<Sample>,
    soft_cuts: bool,
    fills_scalars: bool,
    slopes: Vec<Option<Slope>>,
    warnings: RefCell<Warnings>,
    /// What the files of each sample offer, if it was asked for.
    schemas: RefCell<Option<Vec<Schema>>>,
}

impl Analysis {
    /// Finds the files that the analysis is run over.
    ///
    /// # Errors
    /// A pattern fits no file, a fileset or a list of certified events cannot be read, or the
    /// inputs do not suit the analysis.
    pub fn bind(self, inputs: &Inputs) -> Result<Bound> {
        Bound::new(self, inputs)
    }
}

impl Bound {
    /// Finds the files of an analysis.
    pub(super) fn new(source: Analysis, inputs: &Inputs) -> Result<Bound> {
        let (parsed, written) = (&source.parsed, source.written());
        let samples = samples_of(inputs, parsed, written)?;
        let files = match samples.first() {
            Some(first) => first.files.iter().map(|f| f.file.clone()).collect(),
            None if inputs.files.is_empty() => own_files(&written, parsed)?,
            None => named_files(inputs)?,
        };
        let folder = written.folder();
        let golden = parsed.golden.as_ref().map(|g| Golden::read(&folder.join(&g.name)));
        let golden = golden.transpose()?;
        let slopes = parsed.parameters.iter().map(|p| p.slope).collect();
        Ok(Bound {
            source,
            files,
            golden,
            samples,
            soft_cuts: false,
            fills_scalars: false,
            slopes,
            warnings: RefCell::default(),
            schemas: RefCell::default(),
        })
    }

    /// The path of the analysis file as it was given.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The analysis as parsed.
    pub fn analysis(&self) -> &syntax::Analysis {
        &self.source.parsed
    }

    /// Gives a parameter another value than the one it starts at.
    ///
    /// # Errors
    /// There is no such parameter, or the value is outside its range.
    pub fn set_parameter(&mut self, name: &str, value: f64) -> Result<()> {
        self.source.parsed.set_parameter(name, value)
    }

    /// Makes it ready for gradients: cuts by parameters with a slope are smooth,
    /// and scalars are filled.
    pub fn differentiable(&mut self) {
        self.soft_cuts = true;
        self.fill_scalars();
    }

    /// Fills scalars, too, each as a histogram of one bin.
    pub fn fill_scalars(&mut self) {
        if !std::mem::replace(&mut self.fills_scalars, true) {
            let scalars = self.source.parsed.scalars.iter().map(|s| s.histogram.clone());
            self.source.parsed.histograms.extend(scalars);
        }
    }

    /// Adds the sums of weights times values to the scalars of a plan without
    /// derivatives.
    pub fn sum_scalars(&self, compiled: &mut Compiled) {
        compiled.fill_companions(|info| {
            let scalars = &self.source.parsed.scalars;
            let products = scalars.iter().any(|s| s.histogram.name.name == info.base);
            Companions { squares: false, products }
        });
    }

    /// Makes smooth cuts steeper than the analysis says, by this factor.
    pub fn sharpen(&mut self, factor: f64) {
        for k in 0..self.slopes.len() {
            let value = |p: usize| self.source.parsed.parameters[p].value;
            let slope = self.slopes[k].map(|slope| match slope {
                _ if factor == 1.0 => slope,
                Slope::Fixed(own) => Slope::Fixed(own * factor),
                Slope::Parameter(p) => Slope::Fixed(value(p) * factor),
            });
            self.source.parsed.parameters[k].slope = slope;
        }
    }

    /// Whether there are smooth cuts.
    pub fn has_slopes(&self) -> bool {
        self.slopes.iter().any(Option::is_some)
    }

    /// These findings about the text of the analysis.
    pub fn diagnosed(&self, findings: &[Diagnostic]) -> Error {
        self.source.diagnosed(findings)
    }

    /// Fails for an analysis that asks for nothing; warns of one that asks for cutflows
    /// only.
    ///
    /// # Errors
    /// The analysis asks for nothing.
    pub fn require_outputs(&self) -> Result<()> {
        let syntax::Analysis { histograms, scalars, regions, .. } = &self.source.parsed;
        if !histograms.is_empty() || !scalars.is_empty() {
            return Ok(());
        }
        let form = "add `histograms: {met: {value: MET.pt, bins: [40, 0, 200]}}`";
        let text = format!("the analysis has no histograms: {form}");
        if regions.is_empty() {
            let place = self.path().display();
            return Err(Error::new(ErrorKind::Analysis, format!("{place}: {text}")));
        }
        self.warn(Warning::new(Code::NoHistogram, text));
        self.strictly()
    }

    /// Remembers a warning.
    pub fn warn(&self, warning: Warning) {
        self.warnings.borrow_mut().add(warning);
    }

    /// All warnings so far.
    pub fn warnings(&self) -> Warnings {
        self.warnings.borrow().clone()
    }

    /// Fails if there are warnings and these are errors ([`Analysis::strict`]).
    ///
    /// # Errors
    /// The warnings.
    pub fn strictly(&self) -> Result<()> {
        let warnings = self.warnings();
        if self.source.strict && !warnings.is_empty() {
            return Err(WarningsRefused::error(self.path(), warnings));
        }
        Ok(())
    }

    /// The samples, with their files; empty if the analysis has none.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The input files, opened as the analysis says; of samples the first one's.
    pub fn inputs(&self) -> run::Inputs<'_> {
        match self.samples.first() {
            Some(first) => self.inputs_of(first),
            None => self.adapted(self.files.clone(), self.tree(), self.golden.as_ref()),
        }
    }

    /// What the files of a sample offer together. Where that leaves something open, it is as
    /// in the files of the other samples.
    ///
    /// # Errors
    /// A file is missing or damaged, or the files do not fit together.
    pub fn schema(&self, inputs: &run::Inputs<'_>, options: &RunOptions) -> Result<Schema> {
        inputs.schema_with_others(options, &|| {
            let known = self.schemas.borrow().clone();
            if let Some(known) = known {
                return Ok(known);
            }
            let each = self.samples.iter().map(|sample| self.inputs_of(sample).schema(options));
            let all = each.collect::<Result<Vec<_>>>()?;
            *self.schemas.borrow_mut() = Some(all.clone());
            Ok(all)
        })
    }

    /// The files of a sample.
    pub fn inputs_of<'a>(&'a self, sample: &'a Sample) -> run::Inputs<'a> {
        let files = sample.files.iter().map(|f| f.file.clone()).collect();
        let tree = sample.tree.as_deref().or(self.tree());
        self.adapted(files, tree, sample.golden.as_ref()).among(self.samples.len())
    }

    /// The files of a sample, or all if there are no samples.
    pub fn inputs_of_one<'a>(&'a self, sample: Option<&'a Sample>) -> run::Inputs<'a> {
        sample.map_or_else(|| self.inputs(), |sample| self.inputs_of(sample))
    }

    fn adapted<'a>(
        &'a self,
        files: Vec<InputFile>,
        tree: Option<&'a str>,
        golden: Option<&'a Golden>,
    ) -> run::Inputs<'a> {
        run::Inputs::new(files, tree).with_defaults(&self.source.parsed.defaults).certified(golden)
    }

    fn tree(&self) -> Option<&str> {
        self.source.parsed.tree.as_ref().map(|t| t.name.as_str())
    }

    /// Checks the analysis against a schema and lowers it for a run; with samples,
    /// as the first one needs it.
    ///
    /// # Errors
    /// What is wrong with the analysis.
    pub fn compile(&self, schema: &Schema) -> Result<Compiled> {
        self.compile_for(schema, self.samples.first())
    }

    /// The same for a sample.
    ///
    /// # Errors
    /// What is wrong with the analysis.
    pub fn compile_for(&self, schema: &Schema, sample: Option<&Sample>) -> Result<Compiled> {
        Ok(self.compile_watched(schema, sample)?.for_run())
    }

    /// The same with all that the analysis defines, used or not.
    ///
    /// # Errors
    /// What is wrong with the analysis.
    pub fn compile_watched(&self, schema: &Schema, sample: Option<&Sample>) -> Result<Compiled> {
        self.compile_with(schema, sample, self.soft_cuts)
    }

    /// For a run with hard cuts and bins; scalars count entries whole anyway.
    ///
    /// # Errors
    /// What is wrong with the analysis.
    pub fn compile_hard(&self, schema: &Schema, sample: Option<&Sample>) -> Result<Compiled> {
        let mut compiled = self.compile_with(schema, sample, false)?;
        let scalars = &self.source.parsed.scalars;
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
        let compiled = check::compile_for(&self.source.parsed, &self.source.text, schema, &options)
            .map_err(|d| self.diagnosed(&d))?;
        self.warnings.borrow_mut().add_all(&compiled.warnings);
        self.strictly()?;
        match compiled.histograms.iter().find(|h| sample.is_none() && h.name.contains('{')) {
            Some(h) => Err(Error::new(
                ErrorKind::Analysis,
                format!(
                    "{}: the output name `{}` is of samples, and there are none: add `samples`, or \
                     name a fileset by `--fileset`",
                    self.path().display(),
                    h.name
                ),
            )),
            None => Ok(compiled),
        }
    }
}

/// The samples that the analysis or the fileset describe.
fn samples_of(
    inputs: &Inputs,
    analysis: &syntax::Analysis,
    written: Written<'_>,
) -> Result<Vec<Sample>> {
    if analysis.samples.is_empty() && inputs.fileset.is_none() {
        if inputs.max_files_per_sample.is_some() {
            let message = "--max-files-per-sample is for analyses with samples, and this has none";
            return Err(usage(message));
        }
        return Ok(Vec::new());
    }
    if !inputs.files.is_empty() {
        let message = "this analysis has samples: give their files by `--fileset INPUTS.json` \
                       instead of `--files`";
        return Err(usage(message));
    }
    let request = samples::Request {
        written,
        fileset: inputs.fileset.as_deref(),
        max_files: inputs.max_files_per_sample,
    };
    samples::resolve(analysis, &request)
}

/// The files that an analysis names, relative to its own folder.
fn own_files(written: &Written<'_>, analysis: &syntax::Analysis) -> Result<Vec<InputFile>> {
    let mut files = Vec::new();
    for pattern in &analysis.files {
        files.extend(run::expand_written(pattern, written)?);
    }
    Ok(files)
}

/// The files that were named instead, patterns that a shell left as they are too.
fn named_files(inputs: &Inputs) -> Result<Vec<InputFile>> {
    let (mut files, named_by) = (Vec::new(), inputs.named_by.as_str());
    for path in &inputs.files {
        match path.exists() {
            true => files.push(InputFile::new(path, named_by)),
            false => files.extend(run::expand(path.as_os_str(), Path::new(""), named_by)?),
        }
    }
    Ok(files)
}
