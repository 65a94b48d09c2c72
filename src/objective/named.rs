//! From the objectives that an analysis names to their values.

use super::{Bins, Valued, evaluate, names, sigma_mu, significance};
use crate::bins::SoftFlow;
use crate::diag::{Diagnostic, nearest};
use crate::gradient::Differentiated;
use crate::syntax::{Ident, Objective, ObjectiveKind, Parameter, Uncertainty, Variance};

/// An output of an analysis with its derivatives.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Contents and their Jacobian.
    pub main: Differentiated,
    /// Of a histogram the sums of w^2 p as contents, and their Jacobian, if an
    /// objective takes variances.
    pub variances: Option<Differentiated>,
    /// Of a scalar the sums of weights times values, and their Jacobian; contents
    /// of `main` are the sums of weights then.
    pub products: Option<Differentiated>,
    /// What it is.
    pub kind: OutputKind,
    /// For each axis of a histogram what becomes of the flow.
    pub flows: Vec<SoftFlow>,
}

/// What an output is to objectives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// Bins, with the flow where `soft.flow` keeps or folds it.
    Histogram,
    /// A sum of weights times values.
    Sum,
    /// A mean.
    Mean,
}

/// The outputs that objectives are made of.
pub type Histograms<'a> = &'a [Measured];

impl Measured {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.main.histogram.name
    }

    /// What objectives take of it; a scalar is one bin.
    pub fn bins(&self) -> Bins {
        self.bins_with(Variance::default())
    }

    /// The same with these variances.
    fn bins_with(&self, variance: Variance) -> Bins {
        if self.kind != OutputKind::Histogram {
            let scalar = self.scalar();
            let (values, jacobian) = (vec![scalar.value], vec![scalar.gradient]);
            return Bins { values, jacobian, ..Bins::default() };
        }
        let mut found: Vec<Option<Bins>> = Vec::new();
        for cell in 0..self.main.histogram.cells() {
            let Some(to) = self.bin_of(cell) else { continue };
            found.resize(found.len().max(to + 1), None);
            match &mut found[to] {
                Some(bin) => bin.add(&self.row(cell, variance)),
                none => *none = Some(self.row(cell, variance)),
            }
        }
        let mut bins = Bins::default();
        for bin in found.into_iter().flatten() {
            bins.values.extend(bin.values);
            bins.variances.extend(bin.variances);
            bins.jacobian.extend(bin.jacobian);
            bins.variance_jacobian.extend(bin.variance_jacobian);
            bins.second.extend(bin.second);
        }
        bins
    }

    /// The bin that a cell counts in, if it does: the last axis is the fastest.
    fn bin_of(&self, cell: usize) -> Option<usize> {
        let (mut rest, mut bin, mut stride) = (cell, 0, 1);
        for (axis, flow) in self.main.histogram.axes.iter().zip(&self.flows).rev() {
            let (index, last) = (rest % axis.extent(), axis.extent() - 1);
            rest /= axis.extent();
            let outside = index == 0 || index == last;
            let (index, size) = match flow {
                SoftFlow::Bins => (index, last + 1),
                SoftFlow::Fold => (index.clamp(1, last - 1) - 1, last - 1),
                _ if outside => return None,
                _ => (index - 1, last - 1),
            };
            bin += index * stride;
            stride *= size;
        }
        Some(bin)
    }

    /// One cell.
    fn row(&self, cell: usize, variance: Variance) -> Bins {
        let h = &self.main.histogram;
        let of = |rows: &Vec<Vec<f64>>| rows.get(cell).cloned().unwrap_or_default();
        let (variance, by) = match (variance, &self.variances, &h.upper) {
            (Variance::Whole, Some(own), _) => (own.histogram.value(cell), of(&own.jacobian)),
            (Variance::Whole, None, Some(upper)) => (upper[cell], Vec::new()),
            _ => (h.variance(cell), of(&self.main.variance_jacobian)),
        };
        Bins {
            values: vec![h.value(cell)],
            variances: vec![variance],
            jacobian: vec![of(&self.main.jacobian)],
            variance_jacobian: vec![by],
            second: vec![of(&self.main.second)],
        }
    }

    /// A scalar: the sum of weights times values, or for a mean that over the sum
    /// of weights.
    pub fn scalar(&self) -> Valued {
        let (mut mean, weights) = (self.sum(), self.weights());
        if self.kind == OutputKind::Mean {
            mean.value /= weights.value;
            mean.gradient.iter_mut().for_each(|g| *g /= weights.value);
            mean.follow(-mean.value / weights.value, &weights.gradient);
        }
        mean
    }

    /// The sum of weights times values of a scalar's entries.
    pub fn sum(&self) -> Valued {
        total(self.products.as_ref().unwrap_or(&self.main))
    }

    /// The sum of weights.
    pub fn weights(&self) -> Valued {
        total(&self.main)
    }
}

/// The sum over all cells.
fn total(of: &Differentiated) -> Valued {
    let mut sum = Valued::constant(0.0, of.jacobian.first().map_or(0, Vec::len));
    for (cell, row) in of.jacobian.iter().enumerate() {
        sum.value += of.histogram.value(cell);
        sum.follow(1.0, row);
    }
    sum
}

/// Whether an objective takes the sums of w^2 p of a histogram of this name, which
/// are filled beside it.
pub fn needs_squares(objectives: &[Objective], name: &str) -> bool {
    objectives.iter().any(|o| {
        let background = match &o.kind {
            ObjectiveKind::Significance { background, .. } => &background[..],
            _ => &[],
        };
        o.variance() == Some(Variance::Whole) && background.iter().any(|b| b.name == name)
    })
}

/// Whether an objective takes variances of this kind.
pub fn takes(objectives: &[Objective], variance: Variance) -> bool {
    objectives.iter().any(|o| o.variance() == Some(variance))
}

impl Objective {
    /// Which variances it takes of the background, if any.
    fn variance(&self) -> Option<Variance> {
        match &self.kind {
            ObjectiveKind::Significance { uncertainty, .. } => uncertainty.statistical,
            _ => None,
        }
    }
}

/// The value of an objective and its gradient; `None` for the latter where it
/// takes derivatives that are not known. `priors` has for each parameter the
/// standard deviation of its prior.
///
/// # Errors
/// It names an output that there is none of, or histograms of different bins.
pub fn value(
    objective: &Objective,
    all: Histograms<'_>,
    priors: &[Option<f64>],
) -> Result<(f64, Option<Vec<f64>>), Diagnostic> {
    let known = |valued: Valued| (valued.value, Some(valued.gradient));
    match &objective.kind {
        ObjectiveKind::Significance { signal, background, uncertainty } => {
            let variance = uncertainty.statistical.unwrap_or_default();
            let (signal, background) = both(signal, background, all, variance)?;
            Ok(known(significance(&signal, &background, *uncertainty)))
        }
        ObjectiveKind::SigmaMu { signal, background } => {
            let (signal, background) = both(signal, background, all, Variance::default())?;
            let priors = if signal.parameters() == 0 { &[] } else { priors };
            let mut sum = signal.clone();
            sum.add(&background);
            let second = by_nuisance(&sum, priors);
            let (sigma, valued) = sigma_mu(&signal, &background, priors, second.as_deref());
            Ok((sigma, valued.map(|v| v.gradient)))
        }
        ObjectiveKind::Expression(expr) => {
            let parameters = all.iter().map(|m| m.bins().parameters()).max().unwrap_or(0);
            let of = |name: &str| all.iter().find(|m| m.name() == name).map(Measured::bins);
            evaluate(expr, parameters, &of).map(known)
        }
    }
}

/// The pairs of parameters whose second derivatives the gradients of objectives
/// take, which are the first of all that are computed: each nuisance with each
/// parameter.
pub fn second_pairs(objectives: &[Objective], parameters: &[Parameter]) -> Vec<[usize; 2]> {
    if !objectives.iter().any(|o| matches!(o.kind, ObjectiveKind::SigmaMu { .. })) {
        return Vec::new();
    }
    let all = 0..parameters.len();
    let nuisances = all.clone().filter(|k| parameters[*k].prior.is_some());
    nuisances.flat_map(|n| all.clone().map(move |p| [n, p])).collect()
}

/// For each nuisance and each bin the derivatives of the derivative by it.
fn by_nuisance(sum: &Bins, priors: &[Option<f64>]) -> Option<Vec<Vec<Vec<f64>>>> {
    let (size, nuisances) = (priors.len(), priors.iter().flatten().count());
    if sum.second.iter().any(|row| row.len() < size * nuisances) {
        return None;
    }
    let of = |n: usize| {
        let rows = sum.second.iter().map(|row| row[n * size..(n + 1) * size].to_vec());
        rows.collect()
    };
    Some((0..nuisances).map(of).collect())
}

/// Signal and background, which have the same bins.
fn both(
    signal: &[Ident],
    background: &[Ident],
    all: Histograms<'_>,
    variance: Variance,
) -> Result<(Bins, Bins), Diagnostic> {
    let mut edges = None;
    let mut sum = |names: &[Ident]| {
        let mut sum: Option<Bins> = None;
        for name in names {
            let Some(found) = all.iter().find(|m| m.name() == name.name) else {
                return Err(missing(name, all));
            };
            let own = (
                found.main.histogram.axes.iter().map(|a| a.edges()).collect::<Vec<_>>(),
                found.flows.clone(),
            );
            let (first, place) = edges.get_or_insert_with(|| (own.clone(), name.clone()));
            if *first != own {
                let text = format!("`{}` has other bins than `{}`", name.name, place.name);
                let error = Diagnostic::new(name.span, text).also(place.span, "the other one");
                return Err(error.help("give both the same `bins` and the same `flow`"));
            }
            match &mut sum {
                Some(sum) => sum.add(&found.bins_with(variance)),
                None => sum = Some(found.bins_with(variance)),
            }
        }
        Ok(sum.unwrap_or_default())
    };
    Ok((sum(signal)?, sum(background)?))
}

fn missing(name: &Ident, all: Histograms<'_>) -> Diagnostic {
    no_output(name, &all.iter().map(Measured::name).collect::<Vec<_>>())
}

fn no_output(name: &Ident, all: &[&str]) -> Diagnostic {
    let text = format!("there is no soft histogram or scalar `{}`", name.name);
    let mut error = Diagnostic::new(name.span, text);
    if let Some(near) = nearest(&name.name, all.iter().copied()) {
        error = error.help(format!("did you mean `{near}`?"));
    }
    let shown: Vec<&str> = all.iter().take(12).copied().collect();
    let more = if all.len() > shown.len() { ", ..." } else { "" };
    error.help(format!("outputs are: {}{more}", shown.join(", ")))
}

/// The names of the outputs that an objective is made of.
pub fn outputs_of(objective: &Objective) -> Vec<String> {
    idents(objective).into_iter().map(|ident| ident.name).collect()
}

fn idents(objective: &Objective) -> Vec<Ident> {
    match &objective.kind {
        ObjectiveKind::Significance { signal, background, .. }
        | ObjectiveKind::SigmaMu { signal, background } => {
            signal.iter().chain(background).cloned().collect()
        }
        ObjectiveKind::Expression(expr) => names(expr),
    }
}

/// What is wrong with the names in objectives, when these are the outputs.
pub fn check_names(objectives: &[Objective], outputs: &[&str]) -> Vec<Diagnostic> {
    let all = objectives.iter().flat_map(idents);
    let unknown = all.filter(|name| !outputs.contains(&name.name.as_str()));
    unknown.map(|name| no_output(&name, outputs)).collect()
}

impl Uncertainty {
    /// Whether there is any.
    pub fn is_none(&self) -> bool {
        self.statistical.is_none() && self.fraction == 0.0
    }
}
