//! `gpuana grad`: soft histograms and how they change with the parameters.

use super::backend::BackendArgs;
use super::events::EventArgs;
use super::fail::Result;
use super::progress::Bar;
use super::{AnalysisArgs, fail, gradcheck, output, stdout, vjp};
use gpuana::objective::{Measured, OutputKind};
use gpuana::report::number::{counted, grouped};
use gpuana::report::text_table::Table;
use gpuana::session::{Bound, Cotangent};
use gpuana::syntax::Parameter;
use gpuana::warning::{Code, Warning};
use gpuana::write::gradients::Evaluated;
use gpuana::write::{self, OutputDir};
use std::path::PathBuf;

/// What names the outputs.
const RECORD: &str = "grad.run.json";

#[derive(clap::Args)]
#[command(after_help = "\
Writes gradients.json: of each soft histogram edges, contents, both variances, and the
derivatives of each bin by each of the analysis's `parameters`; of `scalars` and
`objectives` values and gradients. The same bytes on every machine and backend.

Examples:
  gpuana grad examples/differentiable/dijet.yaml
  gpuana grad dijet.yaml --set alpha=0.02 --backend gpu --output out
  gpuana grad dijet.yaml --cotangent cotangent.json")]
pub(crate) struct Args {
    #[command(flatten)]
    analysis: AnalysisArgs,
    /// The value of a parameter, instead of its `start`
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, f64)>,
    /// Folder to write [default: the analysis file's name with .out, here]
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    backend: BackendArgs,
    #[command(flatten)]
    events: EventArgs,
    /// Compare all derivatives with differences of contents, in double precision on
    /// the CPU: two more runs a parameter
    #[arg(long)]
    check: bool,
    /// Write gradients.bin, too: the same numbers in double precision
    #[arg(long)]
    binary: bool,
    /// Write vjp.json instead: one gradient, of the sum of the contents times the
    /// numbers in this file, for any number of parameters in one pass
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["check", "binary"])]
    cotangent: Option<PathBuf>,
    /// Print nothing but errors and warnings
    #[arg(long, short)]
    quiet: bool,
}

/// `alpha=0.02`.
pub(super) fn setting(text: &str) -> std::result::Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("the form is NAME=VALUE")?;
    let value = value.trim().parse().map_err(|_| format!("`{value}` is no number"))?;
    Ok((name.trim().to_owned(), value))
}

/// Differentiates the analysis, runs it and writes what it gave.
pub(crate) fn run(args: &Args) -> Result {
    let mut bound = args.analysis.bind()?;
    bound.require_parameters()?;
    bound.differentiable();
    for (name, value) in &args.set {
        bound.set_parameter(name, *value)?;
    }
    if let Some(path) = &args.cotangent {
        return pull(args, &bound, &Cotangent::read(path)?);
    }
    bound.check_objectives(&bound.analysis().objectives)?;
    let options = args.events.options();
    let chosen = args.backend.choose()?;
    let folder = output::open(&bound, args.output.as_ref())?;
    let mut bar = Bar::new(args.quiet);
    let (events, results) = bound.gradients(&chosen, &options, &mut bar)?;
    let objectives = bound.objectives(&results)?;
    let checked = match args.check {
        true => Some(gradcheck::table(&bound.check_gradients(&options)?, stdout::stdout_style())),
        false => None,
    };
    let parameters = &bound.analysis().parameters;
    let second = bound.second();
    let text = write::gradients::gradients(&results, parameters, &second, &objectives)?;
    warn_of_dead(&bound, &results);
    let mut output = OutputDir::new(&folder, RECORD);
    output.stage("gradients.json", text.as_bytes())?;
    if args.binary {
        let bytes = write::gradients::binary(&results, parameters.len());
        output.stage("gradients.bin", &bytes)?;
    }
    output::publish(&bound, "grad", output)?;
    if !args.quiet {
        stdout::print(&format!("{} on {}\n\n", counted(events, "event"), chosen.device()))?;
        stdout::print(&table(&results, parameters))?;
        if !objectives.is_empty() {
            stdout::print(&format!("\n{}", objectives_table(&objectives, parameters)))?;
        }
        stdout::print(&format!("\nwritten: {}\n", folder.path().join("gradients.json").display()))?;
    }
    if let Some(text) = checked.filter(|_| !args.quiet) {
        stdout::print(&format!("\n{text}"))?;
    }
    fail::print_warnings(&bound);
    Ok(())
}

/// What `--cotangent` asks for.
fn pull(args: &Args, bound: &Bound, cotangent: &Cotangent) -> Result {
    let chosen = args.backend.choose()?;
    let folder = output::open(bound, args.output.as_ref())?;
    let mut bar = Bar::new(args.quiet);
    let options = args.events.options();
    let (events, found) = bound.pull_back(cotangent, &chosen, &options, &mut bar)?;
    let text = write::vjp::vjp(&found, &bound.analysis().parameters)?;
    let mut output = OutputDir::new(&folder, RECORD);
    output.stage("vjp.json", text.as_bytes())?;
    output::publish(bound, "grad", output)?;
    fail::print_warnings(bound);
    if !args.quiet {
        stdout::print(&format!("{} on {}\n\n", counted(events, "event"), chosen.device()))?;
        stdout::print(&vjp::table(bound, &found))?;
        stdout::print(&format!("\nwritten: {}\n", folder.path().join("vjp.json").display()))?;
    }
    Ok(())
}

/// A line an objective: its value and its gradient.
fn objectives_table(objectives: &[Evaluated], parameters: &[Parameter]) -> String {
    let mut heads = vec!["objective".to_owned(), "value".into()];
    heads.extend(parameters.iter().map(|p| format!("d/d {}", p.name.name)));
    let mut table = Table::new(heads).left(&[0]);
    for (name, value, gradient) in objectives {
        let mut row = vec![name.clone(), format!("{value:.6}")];
        let shown = |g: &Vec<f64>| g.iter().map(|d| format!("{d:.6}")).collect();
        row.extend(gradient.as_ref().map_or_else(|| vec!["-".to_owned(); parameters.len()], shown));
        table.row(row);
    }
    table.render(stdout::stdout_style())
}

/// A parameter on which nothing depends is most likely a mistake.
fn warn_of_dead(bound: &Bound, results: &[Measured]) {
    for (k, parameter) in bound.analysis().parameters.iter().enumerate() {
        let mut column = results.iter().flat_map(rows).map(|row| row[k]);
        if column.all(|x| x == 0.0) {
            let name = &parameter.name.name;
            let text = format!("no bin of a soft histogram changes with the parameter `{name}`");
            bound.warn(Warning::new(Code::NoEffect, text));
        }
    }
}

/// The rows of all Jacobians of an output.
fn rows(of: &Measured) -> impl Iterator<Item = &Vec<f64>> {
    of.main.jacobian.iter().chain(of.products.iter().flat_map(|p| &p.jacobian))
}

/// A line a histogram: entries, contents, and how the sum of contents changes.
fn table(results: &[Measured], parameters: &[Parameter]) -> String {
    let mut heads = vec!["histogram".to_owned(), "entries".into(), "dropped".into(), "sum".into()];
    heads.extend(parameters.iter().map(|p| format!("d/d {}", p.name.name)));
    let mut table = Table::new(heads).left(&[0]);
    for measured in results {
        let result = &measured.main;
        let h = &result.histogram;
        let sum: f64 = (0..h.cells()).map(|c| h.value(c)).sum();
        let mut row = vec![h.name.clone(), grouped(h.entries), grouped(result.dropped)];
        if measured.kind != OutputKind::Histogram {
            let scalar = measured.scalar();
            row.push(format!("{:.6}", scalar.value));
            row.extend(scalar.gradient.iter().map(|d| format!("{d:.6}")));
            table.row(row);
            continue;
        }
        row.push(format!("{sum:.6}"));
        for k in 0..parameters.len() {
            let column = || result.jacobian.iter().map(|row| row[k]);
            let (total, size): (f64, f64) = (column().sum(), column().map(f64::abs).sum());
            // What cancels but for rounding is zero to people.
            let total = if total.abs() <= 1e-6 * size { 0.0 } else { total };
            row.push(format!("{total:.6}"));
        }
        table.row(row);
    }
    table.render(stdout::stdout_style())
}
