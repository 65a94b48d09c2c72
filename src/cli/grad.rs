//! `gpuana grad`: soft histograms and how they change with the parameters.

use super::backend::BackendArgs;
use super::events::EventArgs;
use super::fail::Result;
use super::load::Loaded;
use super::progress::Bar;
use super::run::{check_writable, default_folder, first};
use super::{AnalysisArgs, fail, gradcheck, out};
use gpuana::config::Parameter;
use gpuana::error::{Error, ErrorKind};
use gpuana::gradient::{Differentiated, Gradient};
use gpuana::report::number::{counted, grouped};
use gpuana::report::table::Table;
use gpuana::run;
use gpuana::write::{self, OutputDir};
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "\
Writes gradients.json: of each soft histogram edges, contents, both variances, and the
derivatives of each bin by each of the analysis's `parameters`. The same bytes on every
machine and backend.

Examples:
  gpuana grad examples/differentiable/dijet.yaml
  gpuana grad dijet.yaml --set alpha=0.02 --backend gpu --output out")]
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
    /// Print nothing but errors and warnings
    #[arg(long, short)]
    quiet: bool,
}

fn setting(text: &str) -> std::result::Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("the form is NAME=VALUE")?;
    let value = value.trim().parse().map_err(|_| format!("`{value}` is no number"))?;
    Ok((name.trim().to_owned(), value))
}

/// Differentiates the analysis, runs it and writes what it gave.
pub(crate) fn run(args: &Args) -> Result {
    let mut loaded = Loaded::read(&args.analysis)?;
    loaded.soften_cuts();
    for (name, value) in &args.set {
        loaded.set_parameter(name, *value)?;
    }
    if !loaded.samples().is_empty() {
        return Err(usage("gradients are of analyses without samples: give one sample's files"));
    }
    let parameters = &loaded.analysis().parameters;
    if parameters.is_empty() {
        return Err(usage(
            "the analysis has no parameters: add `parameters: {alpha: {start: 0}}` and use `alpha`",
        ));
    }
    let options = args.events.options();
    let inputs = loaded.inputs();
    let mut compiled = loaded.compile(first(&inputs, &options)?.schema())?;
    compiled.plan.request.keep_doubles = args.backend.keeps_doubles();
    let gradient = Gradient::new(&compiled, parameters)?;
    let chosen = args.backend.choose()?;
    let folder = args.output.clone().unwrap_or_else(|| default_folder(&loaded.path));
    check_writable(&folder)?;
    let mut bar = Bar::new(args.quiet);
    let outcome = run::run(&gradient.compiled, &inputs, chosen.backend(), &options, &mut bar)?;
    drop(inputs);
    let results = gradient.results(&outcome.partial.fills);
    let text = write::gradients::gradients(&results, parameters)?;
    let mut output = OutputDir::create(folder.as_path())?;
    output.stage("gradients.json", text.as_bytes())?;
    output.publish()?;
    warn_of_dead(&results, parameters);
    if !args.quiet {
        let events = counted(outcome.partial.events, "event");
        out::print(&format!("{events} on {}\n\n", chosen.device))?;
        out::print(&table(&results, parameters))?;
        out::print(&format!("\nwritten: {}\n", folder.join("gradients.json").display()))?;
    }
    if args.check {
        let text = gradcheck::check(&mut loaded, &options, out::stdout_style())?;
        if !args.quiet {
            out::print(&format!("\n{text}"))?;
        }
    }
    Ok(())
}

/// A parameter on which nothing depends is most likely a mistake.
fn warn_of_dead(results: &[Differentiated], parameters: &[Parameter]) {
    for (k, parameter) in parameters.iter().enumerate() {
        let mut column = results.iter().flat_map(|r| &r.jacobian).map(|row| row[k]);
        if column.all(|x| x == 0.0) {
            fail::warn(&format!(
                "no bin of a soft histogram changes with the parameter `{}`",
                parameter.name.name
            ));
        }
    }
}

/// A line a histogram: entries, contents, and how the sum of contents changes.
fn table(results: &[Differentiated], parameters: &[Parameter]) -> String {
    let mut heads = vec!["histogram".to_owned(), "entries".into(), "dropped".into(), "sum".into()];
    heads.extend(parameters.iter().map(|p| format!("d/d {}", p.name.name)));
    let mut table = Table::new(heads).left(&[0]);
    for result in results {
        let h = &result.histogram;
        let sum: f64 = (0..h.cells()).map(|c| h.value(c)).sum();
        let mut row = vec![h.name.clone(), grouped(h.entries), grouped(result.dropped)];
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
    table.render(out::stdout_style())
}

fn usage(message: &str) -> fail::Failure {
    Error::new(ErrorKind::Usage, message).into()
}
