//! The file of a cotangent: by the name of an output a number for each cell.

use super::differentiate::{output_name, output_names};
use super::fail::Result;
use gpuana::analysis::{Compiled, HistogramInfo};
use gpuana::diag::nearest;
use gpuana::error::{Error, ErrorKind};
use gpuana::samples::Sample;
use gpuana::session::Bound;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What it looks like.
const FORM: &str = "the form is `{\"h\": [0, 0.5, ...]}`, with a number for each cell of the \
                    histogram, under- and overflow included, as in gradients.json";

/// By name the numbers of some outputs.
#[derive(Debug)]
pub(crate) struct Cotangent {
    path: PathBuf,
    of: Vec<(String, Vec<f64>)>,
}

impl Cotangent {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Cotangent> {
        let wrong = |what: String| wrong(path, &what);
        let text = gpuana::text::read(path)
            .map_err(|e| Error::new(ErrorKind::Usage, format!("{}: {e}", path.display())))?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|e| wrong(format!("this is no JSON that can be read: {e}; {FORM}")))?;
        let Value::Object(members) = value else {
            return Err(wrong(format!("this is no JSON object; {FORM}")).into());
        };
        if members.is_empty() {
            return Err(wrong(format!("there are no histograms in it; {FORM}")).into());
        }
        let mut of = Vec::new();
        for (name, numbers) in members {
            let Value::Array(numbers) = numbers else {
                return Err(wrong(format!("`{name}` is no list of numbers; {FORM}")).into());
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
            of.push((name.clone(), numbers.collect::<Result<_, Error>>()?));
        }
        Ok(Cotangent { path: path.to_owned(), of })
    }

    /// Fails if it is of outputs that there are none of.
    pub(crate) fn check(&self, bound: &Bound) -> Result {
        let names = output_names(bound)?;
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
            return Err(wrong(&self.path, &what).into());
        }
        Ok(())
    }

    /// Whether an output has numbers of its own.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.of.iter().any(|(known, _)| known == name)
    }

    /// The numbers of each histogram of a sample: its own and, times the factor that
    /// it has in them, those of combinations. `None`: it has neither.
    pub(crate) fn of_sample(
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
    ) -> Result {
        if bound.analysis().scalars.iter().any(|s| s.histogram.name.name == info.base) {
            let what = format!(
                "`{name}` is a scalar: its gradient is in gradients.json, and a cotangent is of \
                 histograms"
            );
            return Err(wrong(&self.path, &what).into());
        }
        if found != cells {
            let shape: Vec<String> = info.axes.iter().map(|a| (a.extent()).to_string()).collect();
            let what = format!(
                "`{name}` has {found} numbers: it takes {cells}, one for each cell ({}), under- and \
                 overflow included",
                shape.join(" x ")
            );
            return Err(wrong(&self.path, &what).into());
        }
        Ok(())
    }
}

fn wrong(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("{}: {what}", path.display()))
}
