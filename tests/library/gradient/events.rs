//! From an analysis and a few events to its gradient.

use crate::support::gpu;
use crate::support::{Column, Table};
use gpuana::analysis::Compiled;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::backend::gpu::{AdapterKind, Choice, Gpu, GpuBackend};
use gpuana::backend::{Backend, Partial};
use gpuana::gradient::{Differentiated, Extent, Gradient};
use gpuana::lang::check::{Options, compile_for};
use gpuana::schema::StoredType;
use gpuana::{config, diag};
use std::sync::{Arc, OnceLock};

/// Where and how a comparison is made, and what it allows, as parts of the largest
/// number of an array.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) precision: Precision,
    pub(crate) values: f64,
    /// Of the sums of squares.
    pub(crate) squares: f64,
    pub(crate) derivatives: f64,
    /// Whether histograms that look at all bins have windows instead: moments, where
    /// the kernel is smooth.
    pub(crate) windowed: bool,
    /// The device, if it is not the CPU.
    pub(crate) gpu: Option<&'static GpuBackend>,
}

impl Case {
    /// Rounding of a few operations; the reference is as exact.
    pub(crate) const DOUBLE: Case = Case {
        precision: Precision::Double,
        values: 1e-11,
        squares: 1e-11,
        derivatives: 1e-11,
        windowed: false,
        gpu: None,
    };
    /// Contents and squares as in `tests/library/soft.rs`; derivatives are differences of
    /// densities that may cancel.
    pub(crate) const SINGLE: Case = Case {
        precision: Precision::Single,
        values: 3e-7,
        squares: 6e-7,
        derivatives: 6e-6,
        windowed: false,
        gpu: None,
    };

    /// The same with other tolerances for contents.
    pub(crate) const fn within(self, values: f64, squares: f64) -> Case {
        Case { values, squares, ..self }
    }

    /// The same with another tolerance for derivatives.
    pub(crate) const fn derivatives_within(self, derivatives: f64) -> Case {
        Case { derivatives, ..self }
    }

    /// Double precision, this one on the CPU, with windows too, and both on a GPU if
    /// there is one.
    pub(crate) fn and_others(self) -> Vec<Case> {
        let both = [false, true].map(|windowed| Case { windowed, ..self });
        let mut cases = vec![Case::DOUBLE];
        cases.extend(both);
        match gpu() {
            Ok(gpu) => cases.extend(both.map(|case| Case { gpu: Some(gpu), ..case })),
            Err(why) => gpu::absent("oracles of gradients", why),
        }
        cases
    }

    fn name(&self) -> &'static str {
        match (self.precision, self.gpu, self.windowed) {
            (Precision::Double, ..) => "double, CPU",
            (Precision::Single, None, false) => "single, CPU",
            (Precision::Single, None, true) => "single, windowed, CPU",
            (Precision::Single, Some(_), false) => "single, GPU",
            (Precision::Single, Some(_), true) => "single, windowed, GPU",
        }
    }
}

/// One device for all tests, as it keeps the kernels it has compiled.
fn gpu() -> Result<&'static GpuBackend, &'static str> {
    static DEVICE: OnceLock<Result<GpuBackend, String>> = OnceLock::new();
    let open = || {
        let gpu = Gpu::open(&Choice::from_env().expect("a valid choice"));
        gpu.map(GpuBackend::new).map_err(|e| e.to_string())
    };
    DEVICE.get_or_init(open).as_ref().map_err(String::as_str)
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
    let mut pass = backend.pass(&compiled.plan).expect("a plan that can be run");
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
    let windowed = text.replace("mode: all-bin", "mode: windowed");
    let text = if case.windowed { &windowed } else { text };
    let gradient = gradient_with(text, table, set, extent);
    let gradient = gradient.unwrap_or_else(|e| panic!("{e}\n{text}"));
    let mut partial = run(&CpuBackend::new(case.precision), &gradient.compiled, table);
    if let Some(gpu) = case.gpu {
        let found = run(gpu, &gradient.compiled, table);
        assert!(found.fills == partial.fills, "the GPU has other bits: {set:?}\n{text}");
        partial = found;
    }
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
pub(crate) struct Tally {
    case: Case,
    compared: usize,
    wrong: Vec<String>,
    worst: [(f64, String); 3],
}

impl Tally {
    pub(crate) fn new(case: Case) -> Tally {
        Tally { case, compared: 0, wrong: Vec::new(), worst: Default::default() }
    }

    /// Whether number `i` is to be compared, and counts it. A software GPU is slow to
    /// compile: it gets one of `some`.
    pub(crate) fn takes(&mut self, i: usize, some: usize) -> bool {
        let kind = self.case.gpu.map(|gpu| gpu.device().adapter().kind);
        let taken = kind != Some(AdapterKind::Cpu) || i.is_multiple_of(some);
        self.compared += usize::from(taken);
        taken
    }

    fn note(&mut self, which: usize, off: f64, allowed: f64, what: &str) {
        if off > self.worst[which].0 {
            self.worst[which] = (off, what.to_owned());
        }
        if off > allowed {
            self.wrong.push(format!("{what}: {off:.2e} > {allowed:.0e}"));
        }
    }

    /// Compares contents.
    pub(crate) fn values(&mut self, what: &str, found: &[f64], wanted: &[f64]) {
        self.note(0, deviation(found, wanted), self.case.values, what);
    }

    /// Compares sums of squares.
    pub(crate) fn squares(&mut self, what: &str, found: &Differentiated, wanted: &[f64]) {
        let h = &found.histogram;
        let found: Vec<f64> = (1..h.cells() - 1).map(|c| h.variance(c)).collect();
        self.note(1, deviation(&found, wanted), self.case.squares, what);
    }

    /// Compares a Jacobian, column by column.
    pub(crate) fn jacobian(&mut self, what: &str, found: &[Vec<f64>], wanted: &[Vec<f64>]) {
        let columns = wanted.first().map_or(0, Vec::len);
        for k in 0..columns {
            let of = |rows: &[Vec<f64>]| rows.iter().map(|row| row[k]).collect::<Vec<f64>>();
            let off = deviation(&of(found), &of(wanted));
            self.note(2, off, self.case.derivatives, &format!("{what} by parameter {k}"));
        }
    }

    /// Fails if something deviated too much.
    pub(crate) fn done(self, title: &str) {
        let (compared, name) = (self.compared, self.case.name());
        for ((worst, of), what) in self.worst.iter().zip(["values", "squares", "derivatives"]) {
            if !of.is_empty() {
                println!("{title}, {name}, {compared} cases: {what} {worst:.2e} ({of})");
            }
        }
        if let Some(gpu) = self.case.gpu {
            gpu::present(&format!("oracle {title}"), compared, &gpu.name());
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}
