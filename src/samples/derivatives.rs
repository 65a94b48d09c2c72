//! The soft histograms of all samples with their derivatives: scaled, named and
//! added up as the histograms of a run are.

use super::Sample;
use super::outputs::{combined_samples, name, origin};
use crate::analysis::HistogramInfo;
use crate::gradient::{Differentiated, SQUARES};
use crate::hist::{Kind, Origin};
use crate::syntax::Analysis;

/// What was derived of the events of a sample, or of all events.
#[derive(Debug, Clone)]
pub struct Derived<'a> {
    /// The sample; `None` of an analysis without samples.
    pub sample: Option<&'a Sample>,
    /// What its histograms are.
    pub infos: Vec<HistogramInfo>,
    /// The histograms, one each, scaled.
    pub results: Vec<Differentiated>,
}

/// The histograms of all samples, those of the same name added up in the order of
/// the samples, then the combinations. What is filled beside a histogram has its
/// name with the same ending. Without samples the histograms are left as they are.
pub fn derivatives(analysis: &Analysis, mut all: Vec<Derived<'_>>) -> Vec<Differentiated> {
    if let [Derived { sample: None, results, .. }] = &mut all[..] {
        return std::mem::take(results);
    }
    let of_samples = || all.iter().filter_map(|derived| Some((derived.sample?, derived)));
    let mut sums = Sums::default();
    for (sample, derived) in of_samples() {
        for (info, result) in named(sample, derived) {
            sums.add(name(analysis, sample, info), result);
        }
    }
    let combined = combined_samples(analysis);
    for (combination, sample) in analysis.combinations.iter().zip(&combined) {
        for (term, factor) in &combination.terms {
            let of_term = of_samples().filter(|(sample, _)| sample.name == term.name);
            let of_term = of_term.flat_map(|(sample, derived)| named(sample, derived));
            for (info, result) in of_term.filter(|(info, _)| info.variation.is_none()) {
                let mut result = times(result, info, *factor);
                let kind = Kind::Combination;
                result.histogram.origin = Some(Origin { kind, ..origin(sample, info) });
                sums.add(name(analysis, sample, info), result);
            }
        }
    }
    sums.results
}

fn named<'a>(
    sample: &'a Sample,
    derived: &'a Derived<'a>,
) -> impl Iterator<Item = (&'a HistogramInfo, Differentiated)> + 'a {
    derived.infos.iter().zip(&derived.results).map(|(info, result)| {
        let mut result = result.clone();
        result.histogram.origin = Some(origin(sample, info));
        (info, result)
    })
}

/// Squares of weights scale with the square.
fn times(result: Differentiated, info: &HistogramInfo, factor: f64) -> Differentiated {
    result.scaled(if info.name.ends_with(SQUARES) { factor * factor } else { factor })
}

#[derive(Default)]
struct Sums {
    results: Vec<Differentiated>,
}

impl Sums {
    fn add(&mut self, name: String, mut result: Differentiated) {
        match self.results.iter_mut().find(|r| r.histogram.name == name) {
            Some(sum) => sum.add(&result),
            None => {
                result.histogram.name = name;
                self.results.push(result);
            }
        }
    }
}
