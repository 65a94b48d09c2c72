//! From an analysis and a few events to its gradient.

use crate::support::{Column, Table};
use gpuana::analysis::Compiled;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::backend::{Backend, Partial};
use gpuana::gradient::{Differentiated, Extent, Gradient};
use gpuana::lang::check::{Options, compile_for};
use gpuana::schema::StoredType;
use gpuana::{config, diag};
use std::sync::Arc;

/// What a comparison allows, as parts of the largest number of an array.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) precision: Precision,
    pub(crate) values: f64,
    pub(crate) derivatives: f64,
}

impl Case {
    /// Rounding of a few operations; the reference is as exact.
    pub(crate) const DOUBLE: Case =
        Case { precision: Precision::Double, values: 1e-11, derivatives: 1e-11 };
    /// Contents as in `tests/soft.rs`; derivatives are differences of densities
    /// that may cancel.
    pub(crate) const SINGLE: Case =
        Case { precision: Precision::Single, values: 3e-7, derivatives: 6e-6 };
    /// A pair's mass of some hundred GeV has roundings of some 1e-5 GeV, which a
    /// kernel of 6 GeV sees; squares of shares see them twice.
    pub(crate) const SINGLE_MASSES: Case =
        Case { precision: Precision::Single, values: 1e-6, derivatives: 6e-6 };
}

/// A column with these values of each event, or of each element of each event.
pub(crate) fn column(counter: Option<&str>, events: &[Vec<f64>]) -> Column {
    Column {
        stored: StoredType::F32,
        counter: counter.map(str::to_owned),
        events: events.to_vec(),
        integers: Vec::new(),
    }
}

/// A table of these columns.
pub(crate) fn table(columns: Vec<(&str, Column)>) -> Table {
    let events = columns.first().map_or(0, |(_, c)| c.events.len());
    let columns = columns.into_iter().map(|(name, column)| (name.to_owned(), column));
    Table { columns: columns.collect(), events }
}

/// The analysis with its parameters set, differentiated.
pub(crate) fn try_gradient(
    text: &str,
    table: &Table,
    set: &[(&str, f64)],
) -> Result<Gradient, String> {
    gradient_with(text, table, set, &Extent::default())
}

/// The same, and more derivatives.
pub(crate) fn gradient_with(
    text: &str,
    table: &Table,
    set: &[(&str, f64)],
    extent: &Extent,
) -> Result<Gradient, String> {
    let show = |d: Vec<_>| diag::render(&d, "analysis.yaml", text, false);
    let mut analysis = config::parse(text).map_err(show)?;
    for (name, value) in set {
        analysis.set_parameter(name, *value).map_err(|e| e.to_string())?;
    }
    let options = Options { soft_cuts: true, ..Options::default() };
    let compiled = compile_for(&analysis, text, &table.schema(), &options).map_err(show)?;
    Gradient::with(&compiled, &analysis.parameters, extent).map_err(|e| e.to_string())
}

/// What a backend fills with all events.
pub(crate) fn run(backend: &dyn Backend, compiled: &Compiled, table: &Table) -> Partial {
    let mut pass = backend.compile(&compiled.plan).expect("a plan that can be run");
    let batch = table.batch(&compiled.plan.request, 0..table.events);
    pass.push(Arc::new(batch)).expect("a batch that fits");
    pass.finish().expect("a finished pass")
}

/// The histograms and their Jacobians.
pub(crate) fn gradient(
    text: &str,
    table: &Table,
    set: &[(&str, f64)],
    case: Case,
) -> Vec<Differentiated> {
    differentiated(text, table, set, case, &Extent::default())
}

/// What a backend evaluates for a gradient.
pub(crate) fn compiled(gradient: &Gradient) -> &Compiled {
    &gradient.compiled
}

/// The histograms and these derivatives.
pub(crate) fn differentiated(
    text: &str,
    table: &Table,
    set: &[(&str, f64)],
    case: Case,
    extent: &Extent,
) -> Vec<Differentiated> {
    let gradient = gradient_with(text, table, set, extent);
    let gradient = gradient.unwrap_or_else(|e| panic!("{e}\n{text}"));
    let partial = run(&CpuBackend::new(case.precision), &gradient.compiled, table);
    gradient.results(&partial.fills)
}

/// The contents of the bins, without flow.
pub(crate) fn values(found: &Differentiated) -> Vec<f64> {
    (1..found.histogram.cells() - 1).map(|c| found.histogram.value(c)).collect()
}

/// The rows of the bins, without flow.
pub(crate) fn jacobian(found: &Differentiated) -> &[Vec<f64>] {
    &found.jacobian[1..found.jacobian.len() - 1]
}

/// The largest difference over the largest wanted number.
pub(crate) fn deviation(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let largest = wanted.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let difference = |(a, b): (&f64, &f64)| (a - b).abs();
    let worst = found.iter().zip(wanted).map(difference).fold(0.0, f64::max);
    let nan = found.iter().any(|x| x.is_nan());
    match (nan, largest == 0.0) {
        (true, _) => f64::INFINITY,
        (_, true) if worst <= 1e-30 => 0.0,
        (_, true) => worst,
        _ => worst / largest,
    }
}

/// Collects what deviates too much, and the worst.
#[derive(Default)]
pub(crate) struct Tally {
    wrong: Vec<String>,
    worst: [(f64, String); 2],
}

impl Tally {
    fn note(&mut self, which: usize, off: f64, allowed: f64, what: &str) {
        if off > self.worst[which].0 {
            self.worst[which] = (off, what.to_owned());
        }
        if off > allowed {
            self.wrong.push(format!("{what}: {off:.2e} > {allowed:.0e}"));
        }
    }

    /// Compares contents.
    pub(crate) fn values(&mut self, case: Case, what: &str, found: &[f64], wanted: &[f64]) {
        self.note(0, deviation(found, wanted), case.values, what);
    }

    /// Compares a Jacobian, column by column.
    pub(crate) fn jacobian(
        &mut self,
        case: Case,
        what: &str,
        found: &[Vec<f64>],
        wanted: &[Vec<f64>],
    ) {
        let columns = wanted.first().map_or(0, Vec::len);
        for k in 0..columns {
            let of = |rows: &[Vec<f64>]| rows.iter().map(|row| row[k]).collect::<Vec<f64>>();
            let off = deviation(&of(found), &of(wanted));
            self.note(1, off, case.derivatives, &format!("{what} by parameter {k}"));
        }
    }

    /// Fails if something deviated too much.
    pub(crate) fn done(self, title: &str, case: Case) {
        let [(value, of), (derivative, by)] = &self.worst;
        println!("{title} {:?}: values {value:.2e} ({of})", case.precision);
        println!("{title} {:?}: derivatives {derivative:.2e} ({by})", case.precision);
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}
