//! The histograms of all samples: their names, and what is added up.

use super::{Sample, Scale};
use crate::analysis::{Compiled, HistogramInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::gradient::{PRODUCTS, SQUARES};
use crate::hist::{Contents, ExactNumber, FillData, Histogram, Kind, Origin};
use crate::run::{HistogramTotals, totals};
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

/// The histograms of all samples, scaled, those of the same name added up; then the
/// combinations. A bin is rounded once, so that no order of samples shows in it.
pub fn outputs(analysis: &Analysis, samples: &[Finished<'_>]) -> Vec<Output> {
    let mut found = Sums::default();
    for finished in samples {
        for info in &finished.compiled.histograms {
            let term = Term::new(finished, info, 1.0);
            let sample = finished.sample;
            found.add(name(analysis, sample, info), origin(sample, info), term);
        }
    }
    let combined = combined_samples(analysis);
    for (combination, sample) in analysis.combinations.iter().zip(&combined) {
        for (term, factor) in &combination.terms {
            for finished in samples.iter().filter(|f| f.sample.name == term.name) {
                let histograms = &finished.compiled.histograms;
                for info in histograms.iter().filter(|info| info.variation.is_none()) {
                    let kind = Kind::Combination;
                    let origin = Origin { kind, ..origin(sample, info) };
                    let term = Term::new(finished, info, *factor);
                    found.add(name(analysis, sample, info), origin, term);
                }
            }
        }
    }
    found.sums.iter().map(Sum::output).collect()
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
struct Sums<'a> {
    sums: Vec<Sum<'a>>,
    places: HashMap<String, usize>,
}

impl<'a> Sums<'a> {
    /// Adds a term to the output of this name; the first one says what it is of.
    fn add(&mut self, name: String, origin: Origin, term: Term<'a>) {
        match self.places.get(&name) {
            Some(place) => self.sums[*place].terms.push(term),
            None => {
                self.places.insert(name.clone(), self.sums.len());
                self.sums.push(Sum { name, origin, terms: vec![term] });
            }
        }
    }
}

/// One output: a sum of terms.
struct Sum<'a> {
    name: String,
    origin: Origin,
    /// At least one.
    terms: Vec<Term<'a>>,
}

/// A fill of a sample, and what it is multiplied by.
struct Term<'a> {
    info: &'a HistogramInfo,
    fill: &'a FillData,
    /// The sample's scale factor and that of a combination, where there are any.
    factors: Vec<f64>,
}

impl<'a> Term<'a> {
    fn new(finished: &'a Finished<'a>, info: &'a HistogramInfo, factor: f64) -> Self {
        let of_combination = (factor != 1.0).then_some(factor);
        let factors = finished.scale.map(|s| s.factor).into_iter().chain(of_combination).collect();
        Term { info, fill: &finished.fills[info.fill], factors }
    }

    fn is_weighted(&self) -> bool {
        self.fill.is_weighted() || !self.factors.is_empty()
    }

    /// The exact product of a sum of weights with the factors.
    fn scaled(&self, sum: ExactNumber) -> ExactNumber {
        self.factors.iter().fold(sum, |sum, factor| sum.times(*factor))
    }

    /// The exact product of a variance with the squares of the factors.
    fn scaled_variance(&self, sum: ExactNumber) -> ExactNumber {
        self.factors.iter().fold(sum, |sum, factor| sum.times(*factor).times(*factor))
    }
}

impl Sum<'_> {
    fn output(&self) -> Output {
        let first = &self.terms[0];
        let info = first.info;
        let mut histogram = Histogram::new(&self.name, &info.title, info.axes.clone(), first.fill);
        histogram.origin = Some(self.origin.clone());
        let mut totals = totals(info, first.fill);
        totals.name.clone_from(&self.name);
        for term in &self.terms[1..] {
            count(&mut histogram, &mut totals, term);
        }
        if self.terms.iter().any(Term::is_weighted) {
            if self.terms.len() > 1 || !first.factors.is_empty() {
                self.weigh(&mut histogram, &mut totals);
            }
        } else if let Contents::Counts(counts) = &mut histogram.contents {
            for term in &self.terms[1..] {
                counts.iter_mut().zip(&term.fill.counts).for_each(|(a, b)| *a += b);
            }
            totals.sum = totals.entries as f64;
        }
        Output { histogram, totals }
    }

    /// Contents, variances and the sum of all cells, each rounded once.
    fn weigh(&self, histogram: &mut Histogram, totals: &mut HistogramTotals) {
        let (mut values, mut variances) = (Vec::new(), Vec::new());
        let mut all = ExactNumber::default();
        for cell in 0..histogram.cells() {
            let (mut value, mut variance) = (ExactNumber::default(), ExactNumber::default());
            for term in &self.terms {
                let [sumw, sumw2] = term.fill.exact_total(cell..cell + 1);
                value.merge(&term.scaled(sumw));
                variance.merge(&term.scaled_variance(sumw2));
            }
            values.push(value.value());
            variances.push(variance.value());
            all.merge(&value);
        }
        totals.sum = all.value();
        histogram.contents = Contents::Weighted { values, variances };
        for (cell, upper) in histogram.upper.iter_mut().flatten().enumerate() {
            let of = |term: &Term<'_>| {
                term.scaled_variance(term.fill.exact_upper(cell).unwrap_or_default())
            };
            let mut sum = ExactNumber::default();
            self.terms.iter().for_each(|term| sum.merge(&of(term)));
            *upper = sum.value();
        }
    }
}

/// Adds what is counted of a term's entries.
fn count(histogram: &mut Histogram, sum: &mut HistogramTotals, term: &Term<'_>) {
    let more = totals(term.info, term.fill);
    sum.entries += more.entries;
    sum.underflow += more.underflow;
    sum.overflow += more.overflow;
    sum.nan += more.nan;
    sum.missing += more.missing;
    sum.bad_weight += more.bad_weight;
    histogram.entries += more.entries;
    histogram.nan += more.nan;
    histogram.missing += more.missing;
    histogram.bad_weight += more.bad_weight;
}
