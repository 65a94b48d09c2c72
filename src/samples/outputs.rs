//! The histograms of all samples: their names, and what is added up.

use super::{Sample, Scale};
use crate::analysis::{Compiled, HistogramInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::gradient::{PRODUCTS, SQUARES};
use crate::hist::{Contents, FillData, Histogram, Kind, Origin};
use crate::run::{HistogramTotals, histogram_totals};
use crate::syntax::{Analysis, Names, render};
use std::collections::HashMap;

/// A sample whose events have been processed.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// The sample.
    pub sample: &'a Sample,
    /// What was computed.
    pub compiled: &'a Compiled,
    /// The fills of its plan.
    pub fills: &'a [FillData],
    /// What its histograms are scaled by.
    pub scale: Option<Scale>,
}

/// A histogram of the output, and its line in tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The histogram.
    pub histogram: Histogram,
    /// Its totals.
    pub totals: HistogramTotals,
}

/// What tells one output from another: those that agree in all of it, and get
/// the same name, are added up.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key<'a> {
    process: &'a str,
    data: bool,
    base: &'a str,
    region: &'a str,
    variation: Option<&'a str>,
}

impl<'a> Key<'a> {
    fn new(sample: &'a Sample, info: &'a HistogramInfo) -> Self {
        let variation = info.variation.as_deref().or(sample.variation.as_deref());
        Key {
            process: &sample.process,
            data: sample.data,
            base: &info.base,
            region: &info.region,
            variation,
        }
    }
}

/// Checks, before any event is read, that no two outputs get the same name
/// unless they are to be added up.
///
/// # Errors
/// Two outputs would have one name.
pub fn check_names(analysis: &Analysis, samples: &[(&Sample, &Compiled)]) -> Result<()> {
    let combined = combined_samples(analysis);
    let mut known: HashMap<String, Key<'_>> = HashMap::new();
    let combined =
        combined.iter().flat_map(|c| samples.first().map(|(_, compiled)| (c, *compiled)));
    for (sample, compiled) in samples.iter().copied().chain(combined) {
        for info in &compiled.histograms {
            if analysis.combinations.iter().any(|c| c.name.name == sample.name)
                && info.variation.is_some()
            {
                continue;
            }
            let (name, key) = (name(analysis, sample, info), Key::new(sample, info));
            match known.get(&name) {
                Some(other) if *other != key => return Err(clash(&name, other, &key)),
                Some(_) => {}
                None => drop(known.insert(name, key)),
            }
        }
    }
    Ok(())
}

fn clash(name: &str, a: &Key<'_>, b: &Key<'_>) -> Error {
    let describe = |k: &Key<'_>| {
        let variation = k.variation.map_or(String::new(), |v| format!(", {v}"));
        format!("{} of {} in {}{variation}", k.base, k.process, k.region)
    };
    let message = format!(
        "two histograms would be called `{name}`: {} and {}; give them a `name:` template, such as \
         `{{name}}_{{region}}_{{process}}[_{{variation}}]`",
        describe(a),
        describe(b)
    );
    Error::new(ErrorKind::Analysis, message)
}

/// Combinations as the samples that they make.
pub(super) fn combined_samples(analysis: &Analysis) -> Vec<Sample> {
    let names = analysis.combinations.iter().map(|c| c.name.name.clone());
    names.map(|name| Sample { process: name.clone(), name, ..Sample::default() }).collect()
}

/// The output name of a sample's histogram, or of one beside it.
pub fn name(analysis: &Analysis, sample: &Sample, info: &HistogramInfo) -> String {
    let suffix = [SQUARES, PRODUCTS].into_iter().find(|s| info.name.ends_with(s));
    output_name(analysis, sample, info) + suffix.unwrap_or_default()
}

/// The output name of a sample's histogram: its template filled in, else
/// `name_region_sample`, without the region `all`. That the sample is itself a
/// variation says its name; a template without `{sample}` has to say it.
fn output_name(analysis: &Analysis, sample: &Sample, info: &HistogramInfo) -> String {
    let spec = analysis.histograms.iter().find(|s| s.name.name == info.base);
    let default = match info.region.as_str() {
        "all" => "{name}_{sample}",
        _ => "{name}_{region}_{sample}",
    };
    let template = spec.and_then(|s| s.template.as_ref()).map_or(default, |t| &t.name);
    let own = sample.variation.as_deref().filter(|_| !template.contains("{sample}"));
    let names = Names {
        name: &info.base,
        region: &info.region,
        sample: Some(&sample.name),
        process: Some(&sample.process),
        variation: info.variation.as_deref().or(own),
    };
    render(template, &names)
}

/// The histograms of all samples, scaled, those of the same name added up in
/// the order of the samples; then the combinations.
pub fn outputs(analysis: &Analysis, samples: &[Finished<'_>]) -> Vec<Output> {
    let mut found = Sums::default();
    for finished in samples {
        for (info, output) in scaled(finished) {
            found.add(name(analysis, finished.sample, info), &output, 1.0);
        }
    }
    let combined = combined_samples(analysis);
    for (combination, sample) in analysis.combinations.iter().zip(&combined) {
        for (term, factor) in &combination.terms {
            let of_term = samples.iter().filter(|f| f.sample.name == term.name);
            for (info, mut output) in of_term.flat_map(scaled) {
                if info.variation.is_none() {
                    let kind = Kind::Combination;
                    output.histogram.origin = Some(Origin { kind, ..origin(sample, info) });
                    found.add(name(analysis, sample, info), &output, *factor);
                }
            }
        }
    }
    found.outputs
}

/// The histograms of one sample, scaled.
fn scaled<'a>(
    finished: &'a Finished<'a>,
) -> impl Iterator<Item = (&'a HistogramInfo, Output)> + 'a {
    let totals = histogram_totals(finished.compiled, finished.fills);
    finished.compiled.histograms.iter().zip(totals).map(|(info, mut totals)| {
        let mut histogram = info.finished(finished.fills);
        histogram.origin = Some(origin(finished.sample, info));
        if let Some(scale) = finished.scale {
            histogram = histogram.scaled(scale.factor);
            totals.sum *= scale.factor;
        }
        (info, Output { histogram, totals })
    })
}

/// What a sample's histogram is of.
pub(super) fn origin(sample: &Sample, info: &HistogramInfo) -> Origin {
    Origin {
        process: Some(sample.process.clone()),
        variation: info.variation.clone().or_else(|| sample.variation.clone()),
        kind: if sample.data { Kind::Data } else { Kind::Simulation },
        ..info.origin()
    }
}

/// Outputs by name, in the order in which the names came.
#[derive(Default)]
struct Sums {
    outputs: Vec<Output>,
    places: HashMap<String, usize>,
}

impl Sums {
    /// Adds `factor` times an output to the one of this name.
    fn add(&mut self, name: String, output: &Output, factor: f64) {
        let mut term = output.clone();
        if factor != 1.0 {
            term.histogram = term.histogram.scaled(factor);
            term.totals.sum *= factor;
        }
        let Some(&place) = self.places.get(&name) else {
            term.histogram.name.clone_from(&name);
            term.totals.name.clone_from(&name);
            self.places.insert(name, self.outputs.len());
            self.outputs.push(term);
            return;
        };
        let sum = &mut self.outputs[place];
        add_histogram(&mut sum.histogram, &term.histogram);
        let (a, b) = (&mut sum.totals, &term.totals);
        a.entries += b.entries;
        a.sum += b.sum;
        a.underflow += b.underflow;
        a.overflow += b.overflow;
        a.nan += b.nan;
        a.missing += b.missing;
        a.bad_weight += b.bad_weight;
    }
}

fn add_histogram(sum: &mut Histogram, term: &Histogram) {
    sum.contents = match (&sum.contents, &term.contents) {
        (Contents::Counts(a), Contents::Counts(b)) => {
            Contents::Counts(a.iter().zip(b).map(|(a, b)| a + b).collect())
        }
        _ => Contents::Weighted {
            values: (0..sum.cells()).map(|c| sum.value(c) + term.value(c)).collect(),
            variances: (0..sum.cells()).map(|c| sum.variance(c) + term.variance(c)).collect(),
        },
    };
    let more = term.upper.iter().flatten();
    sum.upper.iter_mut().flatten().zip(more).for_each(|(a, b)| *a += b);
    sum.entries += term.entries;
    sum.nan += term.nan;
    sum.missing += term.missing;
    sum.bad_weight += term.bad_weight;
}
