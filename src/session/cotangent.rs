//! One gradient for given numbers a cell, for fits that know the derivative of their
//! likelihood by each bin: the file of these numbers, and the pass over the events.

use super::backend::Backend;
use super::bound::Bound;
use super::gradients::output_name;
use crate::analysis::{Compiled, HistogramInfo};
use crate::diag::nearest;
use crate::error::{Error, ErrorKind, Result};
use crate::gradient::{Differentiated, Vjp};
use crate::run::{self, Progress, RunOptions};
use crate::samples::{self, Derived, Sample};
use crate::write::vjp::Written;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What it looks like.
const FORM: &str = "the form is `{\"h\": [0, 0.5, ...]}`, with a number for each cell of the \
                    histogram, under- and overflow included, as in gradients.json";

/// By name the numbers of some outputs.
#[derive(Debug)]
pub struct Cotangent {
    path: PathBuf,
    of: Vec<(String, Vec<f64>)>,
}

impl Bound {
    /// The gradient from one pass over the events of each sample that has a part in it;
    /// and the number of events.
    ///
    /// # Errors
    /// The numbers do not suit the outputs, or as [`Bound::gradients`].
    pub fn pull_back(
        &self,
        cotangent: &Cotangent,
        backend: &Backend,
        options: &RunOptions,
        bar: &mut dyn Progress,
    ) -> Result<(u64, Written)> {
        cotangent.check(self)?;
        let analysis = self.analysis();
        let mut sum =
            Written { gradient: vec![0.0; analysis.parameters.len()], ..Written::default() };
        let (mut events, mut done) = (0, Vec::new());
        for sample in self.each_sample() {
            let (inputs, compiled) = self.open(sample, backend.keeps_doubles(), options)?;
            let numbers = cotangent.of_sample(self, sample, &compiled)?;
            if numbers.iter().all(Option::is_none) {
                continue;
            }
            let of = |name: &str| {
                let at = compiled.histograms.iter().position(|info| info.name == name)?;
                numbers[at].clone()
            };
            let vjp = Vjp::new(&compiled, &analysis.parameters, |info| of(&info.name))?;
            let outcome = run::run(&vjp.compiled, &inputs, backend.evaluator(), options, bar)?;
            events += outcome.partial.events;
            let factor = self.factor(sample, &outcome.inputs)?;
            let pulled = vjp.results(&outcome.partial.fills);
            sum.gradient.iter_mut().zip(pulled.gradient).for_each(|(sum, d)| *sum += factor * d);
            sum.dropped += pulled.dropped;
            sum.by_jacobian |= !vjp.is_reverse();
            let whole = pulled.histograms.into_iter().map(Differentiated::without);
            let whole = whole.map(|d| if factor == 1.0 { d } else { d.scaled(factor) });
            let (infos, results) = (vjp.compiled.histograms.clone(), whole.collect());
            done.push(Derived { sample, infos, results });
        }
        let all = samples::derivatives(analysis, done);
        let own = all.into_iter().map(|d| d.histogram).filter(|h| cotangent.names(&h.name));
        sum.histograms = own.collect();
        Ok((events, sum))
    }
}

impl Cotangent {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or is no such file.
    pub fn read(path: &Path) -> Result<Cotangent> {
        let wrong = |what: String| wrong(path, &what);
        let text = crate::text::read(path)
            .map_err(|e| Error::new(ErrorKind::Usage, format!("{}: {e}", path.display())))?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|e| wrong(format!("this is no JSON that can be read: {e}; {FORM}")))?;
        let Value::Object(members) = value else {
            return Err(wrong(format!("this is no JSON object; {FORM}")));
        };
        if members.is_empty() {
            return Err(wrong(format!("there are no histograms in it; {FORM}")));
        }
        let mut of = Vec::new();
        for (name, numbers) in members {
            let Value::Array(numbers) = numbers else {
                return Err(wrong(format!("`{name}` is no list of numbers; {FORM}")));
            };
            let number = |(k, x): (usize, &Value)| {
                let usable = x.as_f64().filter(|x| (*x as f32).is_finite());
                usable.ok_or_else(|| {
                    wrong(format!(
                        "number {k} of `{name}` (from 0) is {x}: it must be finite, and below 3.4e38"
                    ))
                })
            };
            let numbers = numbers.iter().enumerate().map(number);
            of.push((name.clone(), numbers.collect::<Result<_>>()?));
        }
        Ok(Cotangent { path: path.to_owned(), of })
    }

    /// Fails if it is of outputs that there are none of.
    fn check(&self, bound: &Bound) -> Result<()> {
        let names = bound.output_names()?;
        for (name, _) in &self.of {
            if names.contains(name) {
                continue;
            }
            let near = nearest(name, names.iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!(" did you mean `{near}`?"));
            let what = format!(
                "there is no soft histogram `{name}`:{near} there are {}",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            );
            return Err(wrong(&self.path, &what));
        }
        Ok(())
    }

    /// Whether an output has numbers of its own.
    fn names(&self, name: &str) -> bool {
        self.of.iter().any(|(known, _)| known == name)
    }

    /// The numbers of each histogram of a sample: its own and, times the factor that
    /// it has in them, those of combinations. `None`: it has neither.
    fn of_sample(
        &self,
        bound: &Bound,
        sample: Option<&Sample>,
        compiled: &Compiled,
    ) -> Result<Vec<Option<Vec<f64>>>> {
        let analysis = bound.analysis();
        let mut all = Vec::new();
        for info in &compiled.histograms {
            let mut outputs = vec![(output_name(analysis, sample, info), 1.0)];
            if let (Some(sample), None) = (sample, &info.variation) {
                for combination in &analysis.combinations {
                    let terms = combination.terms.iter().filter(|(of, _)| of.name == sample.name);
                    let name = combination.name.name.clone();
                    let whole = Sample { process: name.clone(), name, ..Sample::default() };
                    let name = output_name(analysis, Some(&whole), info);
                    outputs.extend(terms.map(|(_, factor)| (name.clone(), *factor)));
                }
            }
            let fill = &compiled.plan.fills[info.fill];
            let mut sum: Option<Vec<f64>> = None;
            for (name, numbers) in self.of.iter().filter(|_| fill.soft.is_some()) {
                for (_, factor) in outputs.iter().filter(|(output, _)| output == name) {
                    self.check_length(bound, info, name, (numbers.len(), fill.cells()))?;
                    let sum = sum.get_or_insert_with(|| vec![0.0; numbers.len()]);
                    sum.iter_mut().zip(numbers).for_each(|(sum, x)| *sum += factor * x);
                }
            }
            all.push(sum);
        }
        Ok(all)
    }

    fn check_length(
        &self,
        bound: &Bound,
        info: &HistogramInfo,
        name: &str,
        (found, cells): (usize, usize),
    ) -> Result<()> {
        if bound.analysis().scalars.iter().any(|s| s.histogram.name.name == info.base) {
            let what = format!(
                "`{name}` is a scalar: its gradient is in gradients.json, and a cotangent is of \
                 histograms"
            );
            return Err(wrong(&self.path, &what));
        }
        if found != cells {
            let shape: Vec<String> = info.axes.iter().map(|a| (a.extent()).to_string()).collect();
            let what = format!(
                "`{name}` has {found} numbers: it takes {cells}, one for each cell ({}), under- and \
                 overflow included",
                shape.join(" x ")
            );
            return Err(wrong(&self.path, &what));
        }
        Ok(())
    }
}

fn wrong(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("{}: {what}", path.display()))
}
