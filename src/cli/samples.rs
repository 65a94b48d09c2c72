//! `gpuana run` over samples: each is compiled for itself and goes through the
//! one backend; their histograms are scaled and put together at the end.

use super::backend::Chosen;
use super::fail::Result;
use super::load::Loaded;
use super::progress::Bar;
use super::run::{Args, Done};
use gpuana::analysis::Compiled;
use gpuana::report::{RunRecord, SampleRecord, warn_of_missing};
use gpuana::run::{self, Inputs, Outcome, Prepared, Progress, RunOptions, Skipped};
use gpuana::samples::{self, Finished, Sample, Scale};

/// A sample that is ready to be processed.
struct Ready<'a> {
    sample: &'a Sample,
    inputs: Inputs<'a>,
    compiled: Compiled,
    prepared: Prepared,
    entries: Vec<Option<f64>>,
}

/// A sample whose events have been processed.
struct Processed<'a> {
    sample: &'a Sample,
    compiled: Compiled,
    scale: Option<Scale>,
}

/// Processes all samples.
pub(crate) fn run(
    args: &Args,
    loaded: &Loaded,
    options: &RunOptions,
    bar: &mut Bar,
) -> Result<Done> {
    let chosen = args.backend().choose()?;
    let folder = args.folder(loaded)?;
    let prepare = |sample| prepare(args, loaded, options, sample);
    let ready = loaded.samples().iter().map(prepare).collect::<Result<Vec<Ready<'_>>>>()?;
    let names: Vec<_> = ready.iter().map(|r| (r.sample, &r.compiled)).collect();
    samples::check_names(loaded.analysis(), &names)?;
    let inputs: Vec<_> = ready.iter().map(|r| (r.sample, r.prepared.inputs())).collect();
    let shared = samples::shared(&inputs)?;

    bar.begin(ready.iter().map(|r| r.prepared.events()).sum());
    let mut processed = Vec::with_capacity(ready.len());
    let mut outcomes = Vec::with_capacity(ready.len());
    for sample in ready {
        let (done, outcome) = process(sample, loaded, &chosen, options, bar)?;
        processed.push(done);
        outcomes.push(outcome);
    }
    bar.finish();

    let finished: Vec<Finished<'_>> = processed
        .iter()
        .zip(&outcomes)
        .map(|(p, outcome)| Finished {
            sample: p.sample,
            compiled: &p.compiled,
            fills: &outcome.partial.fills,
            scale: p.scale,
        })
        .collect();
    for f in &finished {
        let warnings = warn_of_missing(f.compiled, f.fills, Some(&f.sample.name));
        warnings.into_iter().for_each(|w| loaded.warn(w));
    }
    let outputs = samples::outputs(loaded.analysis(), &finished);
    let records = finished.iter().zip(&outcomes).map(|(f, o)| SampleRecord::new(f, o)).collect();
    let totals = outputs.iter().map(|o| o.totals.clone()).collect();
    let record = RunRecord { shared, ..RunRecord::of_samples(records, &outcomes, totals) };
    let record = args.record(loaded, &chosen, &folder, record);
    let histograms = outputs.into_iter().map(|o| o.histogram).collect();
    Ok(Done { folder, histograms, record })
}

/// Compiles for a sample and opens its files.
fn prepare<'a>(
    args: &Args,
    loaded: &'a Loaded,
    options: &RunOptions,
    sample: &'a Sample,
) -> Result<Ready<'a>> {
    let inputs = loaded.inputs_of(sample);
    let mut compiled = loaded.compile_for(&loaded.schema(&inputs, options)?, Some(sample))?;
    loaded.sum_scalars(&mut compiled);
    compiled.plan.request.keep_doubles = args.backend().keeps_doubles();
    let prepared = run::prepare(&compiled, &inputs, options)?;
    let entries = samples::entries_of(sample, prepared.inputs())?;
    Ok(Ready { sample, inputs, compiled, prepared, entries })
}

/// Puts a sample's events through the backend.
fn process<'a>(
    ready: Ready<'a>,
    loaded: &Loaded,
    chosen: &Chosen,
    options: &RunOptions,
    bar: &mut Bar,
) -> Result<(Processed<'a>, Outcome)> {
    let Ready { sample, inputs, compiled, prepared, entries } = ready;
    let backend = chosen.backend();
    let mut outcome = run::execute(prepared, &compiled, &inputs, backend, options, bar)?;
    if sample.left_out > 0 {
        let reason = format!("beyond --max-files-per-sample {}", sample.files.len());
        let files = sample.left_out;
        outcome.ledger.files_planned += files;
        outcome.ledger.skipped.push(Skipped { reason, files, events: 0 });
    }
    let luminosity = loaded.analysis().luminosity;
    let scale = samples::scale(sample, luminosity, &entries, &outcome.inputs)?;
    Ok((Processed { sample, compiled, scale }, outcome))
}
