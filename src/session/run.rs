//! A run of an analysis over all its events: histograms, cutflows, and what the run knows of
//! itself. Each sample is compiled for itself and goes through the one backend; their histograms
//! are scaled and put together at the end.

use super::backend::Backend;
use super::bound::Bound;
use crate::analysis::Compiled;
use crate::error::Result;
use crate::hist::Histogram;
use crate::read::Version;
use crate::report::number::counted;
use crate::report::{RunRecord, SampleRecord, warn_of_missing};
use crate::run::{self, Cutflow, InputRecord, Outcome, Progress, RunOptions, Skipped};
use crate::samples::{self, Finished, Sample, Scale};
use crate::warning::{Code, Warning, Warnings};
use std::ops::Index;

/// What a run gives.
#[derive(Debug)]
pub struct RunResult {
    /// The histograms, those of scalars among them.
    pub histograms: Vec<Histogram>,
    /// What the run knows of itself: files, cutflows, times.
    pub record: RunRecord,
}

impl RunResult {
    /// The histogram of this name.
    pub fn get(&self, name: &str) -> Option<&Histogram> {
        self.histograms.iter().find(|h| h.name == name)
    }

    /// The names of the histograms.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.histograms.iter().map(|h| h.name.as_str())
    }

    /// What the cuts of a region leave; of samples all simulated ones together, or all data
    /// where there are no simulated ones.
    pub fn cutflow(&self, region: &str) -> Option<&Cutflow> {
        self.record.cutflows.iter().find(|flow| flow.region == region)
    }

    /// What may mislead.
    pub fn warnings(&self) -> &Warnings {
        &self.record.warnings
    }
}

impl Index<&str> for RunResult {
    type Output = Histogram;

    /// The histogram of this name.
    ///
    /// # Panics
    /// There is none; the message names those that there are.
    fn index(&self, name: &str) -> &Histogram {
        let names = || self.names().collect::<Vec<_>>().join(", ");
        self.get(name).unwrap_or_else(|| panic!("there is no histogram `{name}`: {}", names()))
    }
}

impl Bound {
    /// Runs the analysis over all its events.
    ///
    /// # Errors
    /// The analysis does not fit the files, a file cannot be read, or the backend fails.
    pub fn run(&mut self, backend: &Backend, options: &RunOptions) -> Result<RunResult> {
        self.fill_scalars();
        let mut result = self.compile_run(options)?.run(backend, &mut ())?;
        result.record.warnings = self.warnings();
        Ok(result)
    }

    /// The first half of [`Bound::run`]: compiles the analysis for the files of each sample, and
    /// reads no event.
    ///
    /// # Errors
    /// The analysis does not fit the files.
    pub fn compile_run(&self, options: &RunOptions) -> Result<CompiledRun<'_>> {
        let parts = match self.samples() {
            [] => {
                let inputs = self.inputs();
                let compiled = self.compile(&inputs.schema(options)?)?;
                vec![self.part(None, inputs, compiled)]
            }
            samples => {
                let part = |sample| {
                    let inputs = self.inputs_of(sample);
                    let schema = self.schema(&inputs, options)?;
                    let compiled = self.compile_for(&schema, Some(sample))?;
                    Ok(self.part(Some(sample), inputs, compiled))
                };
                samples.iter().map(part).collect::<Result<Vec<_>>>()?
            }
        };
        Ok(CompiledRun { bound: self, options: options.clone(), parts })
    }

    fn part<'a>(
        &self,
        sample: Option<&'a Sample>,
        inputs: run::Inputs<'a>,
        mut compiled: Compiled,
    ) -> Part<'a> {
        self.sum_scalars(&mut compiled);
        Part { sample, inputs, compiled }
    }

    /// Says which servers could give two versions of a file as one.
    fn warn_of_servers(&self, inputs: &[InputRecord]) {
        let vague = |input: &&InputRecord| {
            matches!(input.identity.version, Version::Server { strong: false, .. })
        };
        let vague: Vec<&InputRecord> = inputs.iter().filter(vague).collect();
        if let Some(first) = vague.first() {
            let others = match vague.len() - 1 {
                0 => String::new(),
                n => format!(" (and of {})", counted(n as u64, "other file")),
            };
            let text = format!(
                "the server of {}{others} gives no strong ETag: a file that changed while it was \
                 read would not be noticed; copy it here if it may change",
                first.identity.path
            );
            self.warn(Warning::new(Code::NoFileVersion, text));
        }
    }
}

/// An analysis that is compiled for all its files.
pub struct CompiledRun<'a> {
    bound: &'a Bound,
    options: RunOptions,
    /// One of each sample; one that is of none where there are no samples.
    parts: Vec<Part<'a>>,
}

/// The files of a sample, and the analysis compiled for them.
struct Part<'a> {
    sample: Option<&'a Sample>,
    inputs: run::Inputs<'a>,
    compiled: Compiled,
}

/// A sample that is ready to be processed.
struct Ready<'a> {
    sample: &'a Sample,
    inputs: run::Inputs<'a>,
    compiled: Compiled,
    prepared: run::Prepared,
    entries: Vec<Option<f64>>,
}

/// A sample whose events have been processed.
struct Processed<'a> {
    sample: &'a Sample,
    compiled: Compiled,
    scale: Option<Scale>,
}

impl CompiledRun<'_> {
    /// Puts all events through the backend.
    ///
    /// # Errors
    /// A file cannot be read, or the backend fails.
    pub fn run(self, backend: &Backend, progress: &mut dyn Progress) -> Result<RunResult> {
        let (bound, chunk_events) = (self.bound, self.options.chunk_events);
        let RunResult { histograms, record } = self.evaluate(backend, progress)?;
        bound.warn_of_servers(&record.inputs);
        let record = RunRecord {
            analysis: bound.path().display().to_string(),
            backend: backend.kind().to_owned(),
            device: backend.device().to_owned(),
            precision: backend.precision().to_owned(),
            exactness: backend.exactness().map(str::to_owned),
            dispatches: backend.dispatches(),
            threads: rayon::current_num_threads(),
            chunk_events,
            ..record
        };
        Ok(RunResult { histograms, record })
    }

    fn evaluate(mut self, backend: &Backend, progress: &mut dyn Progress) -> Result<RunResult> {
        for part in &mut self.parts {
            part.compiled.plan.request.keep_doubles = backend.keeps_doubles();
        }
        match &self.parts[..] {
            [Part { sample: None, inputs, compiled }] => {
                self.without_samples(inputs, compiled, backend, progress)
            }
            _ => self.over_samples(backend, progress),
        }
    }

    /// A run over files that are all alike.
    fn without_samples(
        &self,
        inputs: &run::Inputs<'_>,
        compiled: &Compiled,
        backend: &Backend,
        progress: &mut dyn Progress,
    ) -> Result<RunResult> {
        let outcome = run::run(compiled, inputs, backend.evaluator(), &self.options, progress)?;
        let fills = &outcome.partial.fills;
        warn_of_missing(compiled, fills, None).into_iter().for_each(|w| self.bound.warn(w));
        let histograms = compiled.histograms.iter().map(|h| h.finished(fills)).collect();
        Ok(RunResult { histograms, record: RunRecord::new(compiled, &outcome) })
    }

    fn over_samples(self, backend: &Backend, progress: &mut dyn Progress) -> Result<RunResult> {
        let CompiledRun { bound, options, parts } = self;
        let (analysis, parts) = (bound.analysis(), parts.into_iter());
        let ready: Vec<Ready<'_>> =
            parts.filter_map(|part| part.prepare(&options)).collect::<Result<_>>()?;
        let names: Vec<_> = ready.iter().map(|r| (r.sample, &r.compiled)).collect();
        samples::check_names(analysis, &names)?;
        let inputs: Vec<_> = ready.iter().map(|r| (r.sample, r.prepared.inputs())).collect();
        let shared = samples::shared(&inputs)?;

        progress.begin(ready.iter().map(|r| r.prepared.events()).sum());
        let mut processed = Vec::with_capacity(ready.len());
        let mut outcomes = Vec::with_capacity(ready.len());
        for sample in ready {
            let (done, outcome) = sample.process(bound, backend, &options, progress)?;
            processed.push(done);
            outcomes.push(outcome);
        }
        progress.finish();

        let both = || processed.iter().zip(&outcomes);
        let finished: Vec<Finished<'_>> = both().map(|(p, o)| p.finished(o)).collect();
        for f in &finished {
            let warnings = warn_of_missing(f.compiled, f.fills, Some(&f.sample.name));
            warnings.into_iter().for_each(|w| bound.warn(w));
        }
        let outputs = samples::outputs(analysis, &finished);
        let records = finished.iter().zip(&outcomes).map(|(f, o)| SampleRecord::new(f, o));
        let totals = outputs.iter().map(|o| o.totals.clone()).collect();
        let record = RunRecord::of_samples(records.collect(), &outcomes, totals);
        let histograms = outputs.into_iter().map(|o| o.histogram).collect();
        Ok(RunResult { histograms, record: RunRecord { shared, ..record } })
    }
}

impl<'a> Part<'a> {
    /// Opens the files of its sample; `None` if it is of none.
    fn prepare(self, options: &RunOptions) -> Option<Result<Ready<'a>>> {
        let Part { sample, inputs, compiled } = self;
        Some(Ready::new(sample?, inputs, compiled, options))
    }
}

impl<'a> Ready<'a> {
    fn new(
        sample: &'a Sample,
        inputs: run::Inputs<'a>,
        compiled: Compiled,
        options: &RunOptions,
    ) -> Result<Ready<'a>> {
        let prepared = run::prepare(&compiled, &inputs, options)?;
        let entries = samples::entries_of(sample, prepared.inputs())?;
        Ok(Ready { sample, inputs, compiled, prepared, entries })
    }

    /// Puts the sample's events through the backend.
    fn process(
        self,
        bound: &Bound,
        backend: &Backend,
        options: &RunOptions,
        progress: &mut dyn Progress,
    ) -> Result<(Processed<'a>, Outcome)> {
        let Ready { sample, inputs, compiled, prepared, entries } = self;
        let evaluator = backend.evaluator();
        let mut outcome = run::execute(prepared, &compiled, &inputs, evaluator, options, progress)?;
        if sample.left_out > 0 {
            let reason = format!("beyond --max-files-per-sample {}", sample.files.len());
            let files = sample.left_out;
            outcome.ledger.files_planned += files;
            outcome.ledger.skipped.push(Skipped { reason, files, events: 0 });
        }
        let luminosity = bound.analysis().luminosity;
        let scale = samples::scale(sample, luminosity, &entries, &outcome.inputs)?;
        Ok((Processed { sample, compiled, scale }, outcome))
    }
}

impl Processed<'_> {
    fn finished<'a>(&'a self, outcome: &'a Outcome) -> Finished<'a> {
        Finished {
            sample: self.sample,
            compiled: &self.compiled,
            fills: &outcome.partial.fills,
            scale: self.scale,
        }
    }
}
