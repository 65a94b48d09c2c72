//! Soft histograms with their derivatives: which outputs there are, what is filled beside
//! them, and how they are put together.

use super::backend::Backend;
use super::bound::Bound;
use crate::analysis::{Compiled, HistogramInfo};
use crate::bins::SoftFlow;
use crate::error::{Error, ErrorKind, Result};
use crate::gradient::{Companions, Differentiated, Extent, Gradient, PRODUCTS, SQUARES};
use crate::hist::FillData;
use crate::objective::{self, Measured, OutputKind};
use crate::run::{self, InputRecord, Inputs, Progress, RunOptions};
use crate::samples::{self, Derived, Sample};
use crate::syntax::{Analysis, Objective, Parameter, Variance};
use crate::write::gradients::{Evaluated, Second};

impl Bound {
    /// Fails for an analysis that depends on nothing.
    ///
    /// # Errors
    /// There are no parameters.
    pub fn require_parameters(&self) -> Result<()> {
        if self.analysis().parameters.is_empty() {
            return Err(Error::new(
                ErrorKind::Usage,
                "the analysis has no parameters: add `parameters: {alpha: {start: 0}}` and use `alpha`",
            ));
        }
        Ok(())
    }

    /// All soft outputs with their derivatives, from one pass over the events of each
    /// sample; and the number of events.
    ///
    /// # Errors
    /// The analysis has no derivatives or does not fit the files, a file cannot be read, or the
    /// backend fails.
    pub fn gradients(
        &self,
        backend: &Backend,
        options: &RunOptions,
        bar: &mut dyn Progress,
    ) -> Result<(u64, Vec<Measured>)> {
        let analysis = self.analysis();
        let (mut events, mut done) = (0, Vec::new());
        for sample in self.each_sample() {
            let (inputs, mut compiled) = self.open(sample, backend.keeps_doubles(), options)?;
            compiled.fill_companions(|info| {
                beside(analysis, &analysis.objectives, &output_name(analysis, sample, info), info)
            });
            let gradient = match analysis.second.as_slice() {
                [] => gradient(&compiled, &analysis.objectives, &analysis.parameters)?,
                _ => {
                    let variances = objective::takes(&analysis.objectives, Variance::Shares);
                    let extent = Extent { second: second_pairs(analysis), variances };
                    Gradient::with(&compiled, &analysis.parameters, &extent)?
                }
            };
            let outcome = run::run(&gradient.compiled, &inputs, backend.evaluator(), options, bar)?;
            events += outcome.partial.events;
            let infos = gradient.compiled.histograms.clone();
            let factor = self.factor(sample, &outcome.inputs)?;
            let results = scaled(&gradient.results(&outcome.partial.fills), &infos, factor);
            done.push(Derived { sample, infos, results });
        }
        Ok((events, measured(analysis, samples::derivatives(analysis, done))))
    }

    /// The values of all objectives.
    ///
    /// # Errors
    /// An objective has no value.
    pub fn objectives(&self, measured: &[Measured]) -> Result<Vec<Evaluated>> {
        let analysis = self.analysis();
        let priors: Vec<Option<f64>> = analysis.parameters.iter().map(|p| p.prior).collect();
        let evaluate = |o: &Objective| {
            let (value, gradient) = objective::value(o, measured, &priors)?;
            Ok((o.name.name.clone(), value, gradient))
        };
        let all: std::result::Result<Vec<_>, _> =
            analysis.objectives.iter().map(evaluate).collect();
        all.map_err(|d| self.diagnosed(&[d]))
    }

    /// The pairs that the analysis names, and where their derivatives are.
    pub fn second(&self) -> Second<'_> {
        let analysis = self.analysis();
        let all = second_pairs(analysis);
        let place = |pair: &[usize; 2]| all.iter().position(|p| p == pair);
        (&analysis.second, analysis.second.iter().filter_map(place).collect())
    }

    /// Fails if objectives name outputs that there are none of.
    ///
    /// # Errors
    /// What is wrong with the names.
    pub fn check_objectives(&self, objectives: &[Objective]) -> Result<()> {
        if objectives.is_empty() {
            return Ok(());
        }
        let names = self.output_names()?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let wrong = objective::check_names(objectives, &names);
        if wrong.is_empty() { Ok(()) } else { Err(self.diagnosed(&wrong)) }
    }

    /// The inputs of a sample, and the analysis compiled for them.
    pub(super) fn open<'a>(
        &'a self,
        sample: Option<&'a Sample>,
        keep_doubles: bool,
        options: &RunOptions,
    ) -> Result<(Inputs<'a>, Compiled)> {
        let inputs = self.inputs_of_one(sample);
        let mut compiled = self.compile_for(&self.schema(&inputs, options)?, sample)?;
        compiled.plan.request.keep_doubles = keep_doubles;
        Ok((inputs, compiled))
    }

    /// The samples; one that is none where there are no samples.
    pub(super) fn each_sample(&self) -> Vec<Option<&Sample>> {
        match self.samples() {
            [] => vec![None],
            all => all.iter().map(Some).collect(),
        }
    }

    /// What the histograms of a sample are scaled by.
    pub(super) fn factor(&self, sample: Option<&Sample>, records: &[InputRecord]) -> Result<f64> {
        let Some(sample) = sample else { return Ok(1.0) };
        let entries = samples::entries_of(sample, records)?;
        let scale = samples::scale(sample, self.analysis().luminosity, &entries, records)?;
        Ok(scale.map_or(1.0, |s| s.factor))
    }

    /// The names of all soft outputs.
    pub(super) fn output_names(&self) -> Result<Vec<String>> {
        let (analysis, mut names) = (self.analysis(), Vec::new());
        let mut add = |compiled: &Compiled, sample: Option<&Sample>| {
            for info in &compiled.histograms {
                let name = output_name(analysis, sample, info);
                if compiled.plan.fills[info.fill].soft.is_some() && !names.contains(&name) {
                    names.push(name);
                }
            }
        };
        let all = self.samples();
        for sample in all {
            let inputs = self.inputs_of(sample);
            let compiled =
                self.compile_for(&self.schema(&inputs, &RunOptions::default())?, Some(sample))?;
            add(&compiled, Some(sample));
            for name in analysis.combinations.iter().map(|c| c.name.name.clone()) {
                let mut nominal = compiled.clone();
                retain(&mut nominal, |info| info.variation.is_none());
                add(&nominal, Some(&Sample { process: name.clone(), name, ..Sample::default() }));
            }
        }
        if all.is_empty() {
            let inputs = self.inputs();
            add(&self.compile(&self.schema(&inputs, &RunOptions::default())?)?, None);
        }
        Ok(names)
    }
}

/// The derivatives that objectives take: second ones, too, if the kernels have them.
pub(super) fn gradient(
    compiled: &Compiled,
    objectives: &[Objective],
    parameters: &[Parameter],
) -> Result<Gradient> {
    let second = objective::second_pairs(objectives, parameters);
    let first =
        Extent { second: Vec::new(), variances: objective::takes(objectives, Variance::Shares) };
    if !second.is_empty() {
        let extent = Extent { second, ..first };
        if let Ok(gradient) = Gradient::with(compiled, parameters, &extent) {
            return Ok(gradient);
        }
    }
    Gradient::with(compiled, parameters, &first)
}

/// The pairs of second derivatives of a whole analysis: those that objectives take,
/// then those that it names.
pub(super) fn second_pairs(analysis: &Analysis) -> Vec<[usize; 2]> {
    let taken = objective::second_pairs(&analysis.objectives, &analysis.parameters);
    let named = analysis.second.iter().filter(|pair| !taken.contains(pair));
    taken.iter().chain(named).copied().collect()
}

/// The name of a histogram, of a sample if there are any.
pub(super) fn output_name(
    analysis: &Analysis,
    sample: Option<&Sample>,
    info: &HistogramInfo,
) -> String {
    sample.map_or_else(|| info.name.clone(), |sample| samples::name(analysis, sample, info))
}

/// What is filled beside an output of this name.
pub(super) fn beside(
    analysis: &Analysis,
    objectives: &[Objective],
    name: &str,
    info: &HistogramInfo,
) -> Companions {
    // An output of a combination has another name than those that it is the sum of.
    let combined =
        !analysis.combinations.is_empty() && objective::takes(objectives, Variance::Whole);
    Companions {
        squares: combined || objective::needs_squares(objectives, name),
        products: analysis.scalars.iter().any(|s| s.histogram.name.name == info.base),
    }
}

/// Leaves out other histograms, and all cutflows.
pub(super) fn retain(compiled: &mut Compiled, keep: impl Fn(&HistogramInfo) -> bool) {
    compiled.regions.clear();
    compiled.histograms.retain(keep);
    let fills = std::mem::take(&mut compiled.plan.fills);
    let mut places: Vec<usize> = Vec::new();
    for info in &mut compiled.histograms {
        let place = places.iter().position(|old| *old == info.fill);
        info.fill = place.unwrap_or_else(|| {
            places.push(info.fill);
            places.len() - 1
        });
    }
    compiled.plan.fills = places.iter().map(|old| fills[*old].clone()).collect();
}

/// Histograms without derivatives.
pub fn without_derivatives(compiled: &Compiled, fills: &[FillData]) -> Vec<Differentiated> {
    let one = |info: &HistogramInfo| Differentiated::without(info.finished(fills));
    compiled.histograms.iter().map(one).collect()
}

/// All results times a factor; squares of weights by its square.
pub(super) fn scaled(
    results: &[Differentiated],
    infos: &[HistogramInfo],
    factor: f64,
) -> Vec<Differentiated> {
    let one = |(result, info): (&Differentiated, &HistogramInfo)| match factor {
        1.0 => result.clone(),
        _ if info.name.ends_with(SQUARES) => result.clone().scaled(factor * factor),
        _ => result.clone().scaled(factor),
    };
    results.iter().zip(infos).map(one).collect()
}

/// Outputs with what was filled beside them.
pub(super) fn measured(analysis: &Analysis, all: Vec<Differentiated>) -> Vec<Measured> {
    let is_companion = |d: &Differentiated| {
        [SQUARES, PRODUCTS].iter().any(|suffix| d.histogram.name.ends_with(suffix))
    };
    let (beside, own): (Vec<_>, Vec<_>) = all.into_iter().partition(is_companion);
    let find = |main: &Differentiated, suffix: &str| {
        let name = format!("{}{suffix}", main.histogram.name);
        beside.iter().find(|d| d.histogram.name == name).cloned()
    };
    let measure = |main: Differentiated| {
        let (kind, flows) = kind(analysis, &main);
        let (variances, products) = (find(&main, SQUARES), find(&main, PRODUCTS));
        Measured { variances, products, kind, flows, main }
    };
    own.into_iter().map(measure).collect()
}

/// What an output is, and what becomes of the flow of its axes.
fn kind(analysis: &Analysis, of: &Differentiated) -> (OutputKind, Vec<SoftFlow>) {
    let base = of.histogram.origin.as_ref().map(|o| o.histogram.as_str()).unwrap_or_default();
    if let Some(scalar) = analysis.scalars.iter().find(|s| s.histogram.name.name == base) {
        let kind = if scalar.mean { OutputKind::Mean } else { OutputKind::Sum };
        return (kind, Vec::new());
    }
    let spec = analysis.histograms.iter().find(|h| h.name.name == base);
    let flows = spec.map(|h| h.soft.iter().map(|soft| soft.flow).collect());
    (OutputKind::Histogram, flows.unwrap_or_default())
}
