//! `gpuana optimize`: the values of parameters where an objective is best.

use super::backend::BackendArgs;
use super::events::EventArgs;
use super::fail::Result;
use super::{AnalysisArgs, fail, output, stdout};
use gpuana::error::{Error, ErrorKind};
use gpuana::optimize::{self, Method, Options};
use gpuana::report::number::{counted, grouped};
use gpuana::report::text_table::Table;
use gpuana::session::checkpoint::{self, Begun};
use gpuana::session::variables::{self, Variable};
use gpuana::session::{Evaluator, HELD_OUT, Part, SEEN};
use gpuana::warning::{Code, Warning};
use gpuana::write::scan::{self, Found, Path, Settings, Stop};
use gpuana::write::{self, Folder, OutputDir};
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "\
Reads the events once and keeps them in memory. Looks among every other event (the even
ones) with smooth cuts, whose slopes grow from stage to stage, and reports what hard cuts
give there, with the odd events, which nothing was fitted to, and with all: beside what the
analysis's `start` values give. Writes optimize.json, checkpoint.json after each stage, and
pictures of the path.

Examples:
  gpuana optimize examples/differentiable/optimize_agc.yaml --fileset INPUTS.json
  gpuana optimize cuts.yaml --objective z --start low --start high
  gpuana optimize cuts.yaml --objective z --start low --start high --resume")]
pub(crate) struct Args {
    #[command(flatten)]
    analysis: AnalysisArgs,
    /// The objective, if the analysis has several
    #[arg(long, value_name = "NAME")]
    objective: Option<String>,
    /// The parameters that vary [default: all with a range, but for
    /// those with a prior and slopes]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    over: Vec<String>,
    /// Where to start: `nominal`, the `low` or `high` ends of all ranges, or
    /// values of some parameters. Several times: several starts
    #[arg(long, value_name = "NAME=VALUE,...")]
    start: Vec<String>,
    /// How to look: lbfgs, or adam, which takes longer and bears noise
    #[arg(long, value_enum, default_value_t = Choice::Lbfgs)]
    method: Choice,
    /// What slopes are multiplied by in the first and in the last stage, and the
    /// number of stages
    #[arg(long, value_name = "FROM:TO:STAGES", default_value = "0.25:4:5", value_parser = stages)]
    anneal: (f64, f64, usize),
    /// Take values from hard cuts and gradients from smooth ones
    #[arg(long)]
    straight_through: bool,
    /// Most evaluations a stage
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..))]
    evaluations: u32,
    /// Go on where checkpoint.json in the folder says, with the same options
    #[arg(long)]
    resume: bool,
    /// Folder to write [default: the analysis file's name with .out, here]
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    backend: BackendArgs,
    #[command(flatten)]
    events: EventArgs,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Choice {
    Lbfgs,
    Adam,
}

impl Args {
    fn method(&self) -> Method {
        match self.method {
            _ if self.straight_through => Method::Adam,
            Choice::Lbfgs => Method::Lbfgs,
            Choice::Adam => Method::Adam,
        }
    }
}

/// `0.25:4:5`.
fn stages(text: &str) -> std::result::Result<(f64, f64, usize), String> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |k: usize| parts.get(k)?.parse::<f64>().ok().filter(|x| *x > 0.0 && x.is_finite());
    let stages = parts.get(2).and_then(|s| s.parse().ok()).filter(|n| (1..=100).contains(n));
    match (number(0), number(1), stages, parts.len()) {
        (Some(from), Some(to), Some(stages), 3) => Ok((from, to, stages)),
        _ => Err("the form is FROM:TO:STAGES, for example 0.25:4:5".to_owned()),
    }
}

/// Optimises, and says what came of it.
pub(crate) fn run(args: &Args) -> Result {
    let mut session = super::read_events(
        &args.analysis,
        &args.backend,
        &args.events,
        args.objective.as_deref(),
        args.quiet,
    )?;
    let folder = output::open(&session.bound, args.output.as_ref())?;
    let variables = variables::variables(session.bound.analysis(), &args.over)?;
    let nominal = session.values();
    let begins = variables::starts(&args.start, &nominal, &variables, session.bound.analysis())?;
    let mut report = scan::Optimization {
        objective: session.objective().clone(),
        parameters: session.bound.analysis().parameters.clone(),
        nominal: found(&mut session, &nominal)?,
        paths: Vec::new(),
    };
    let settings = Settings {
        method: format!("{:?}", args.method()).to_lowercase(),
        straight_through: args.straight_through,
        anneal: args.anneal,
        evaluations: args.evaluations as usize,
        over: variables.iter().map(|v| v.name.clone()).collect(),
        starts: begins.clone(),
    };
    let mut begun = None;
    if args.resume {
        let resumed =
            checkpoint::read(folder.path(), &report.objective, &report.parameters, &settings)?;
        report.paths = resumed.finished;
        begun = Some(resumed.begun);
    }
    for begin in begins.into_iter().skip(report.paths.len()) {
        let begun = begun.take().unwrap_or_else(|| Begun::new(begin));
        let course = (&variables[..], &settings);
        let path = follow(args, &mut session, course, begun, &folder, &report)?;
        report.paths.push(path);
    }
    warn_if_no_better(&session, &report);
    write_all(&session, &report, &variables, &folder)?;
    if !args.quiet {
        print(&session, &report, &variables)?;
        let file = folder.path().join("optimize.json");
        stdout::print(&format!("\nwritten: {}\n", file.display()))?;
    }
    fail::print_warnings(&session.bound);
    Ok(())
}

/// From one start through all stages.
fn follow(
    args: &Args,
    session: &mut Evaluator,
    (variables, settings): (&[Variable], &Settings),
    begun: Begun,
    folder: &Folder,
    report: &scan::Optimization,
) -> Result<Path> {
    let (from, to, stages) = args.anneal;
    let stages = if session.has_slopes() { stages } else { 1 };
    let Begun { mut path, mut at, stage: first } = begun;
    for stage in first..stages {
        let part = if stages > 1 { stage as f64 / (stages - 1) as f64 } else { 1.0 };
        session.sharpen(from * (to / from).powf(part));
        at = one_stage(args, session, variables, &at, stage, &mut path)?;
        let checkpoint = scan::checkpoint(report, settings, &path, (&at, stage + 1))?;
        folder.replace("checkpoint.json", checkpoint.as_bytes())?;
    }
    session.sharpen(1.0);
    path.end = found(session, &at)?;
    Ok(path)
}

fn one_stage(
    args: &Args,
    session: &mut Evaluator,
    variables: &[Variable],
    begin: &[f64],
    stage: usize,
    path: &mut Path,
) -> Result<Vec<f64>> {
    let sign = if session.objective().minimize { 1.0 } else { -1.0 };
    let method = args.method();
    let options = Options { evaluations: args.evaluations as usize, ..Options::default() };
    let mut failure = None;
    let mut evaluate = |unit: &[f64]| {
        let values = variables::from_unit(variables, unit, begin);
        let found = session.evaluate(&values, variables, args.straight_through);
        match found {
            Ok((value, gradient)) => {
                let along = |v: &Variable| sign * gradient[v.index] * (v.high - v.low);
                Ok((sign * value, variables.iter().map(along).collect()))
            }
            Err(why) => {
                failure = Some(why);
                Err(Error::new(ErrorKind::Usage, "the evaluation failed"))
            }
        }
    };
    let steps =
        optimize::minimize(method, &variables::to_unit(variables, begin), &options, &mut evaluate);
    let steps = match (steps, failure) {
        (_, Some(why)) => return Err(why.into()),
        (steps, None) => steps?,
    };
    for step in &steps {
        let values = variables::from_unit(variables, &step.at, begin);
        path.stops.push(Stop { stage, values, value: sign * step.value });
    }
    let last =
        steps.last().map_or(begin.to_vec(), |s| variables::from_unit(variables, &s.at, begin));
    Ok(last)
}

/// What these values give.
fn found(session: &mut Evaluator, values: &[f64]) -> Result<Found> {
    session.set(values)?;
    Ok(Found {
        values: values.to_vec(),
        soft: session.soft(SEEN)?.value,
        seen: session.hard(SEEN)?,
        held_out: session.hard(HELD_OUT)?,
        all: session.hard(Part::All)?,
    })
}

fn write_all(
    session: &Evaluator,
    report: &scan::Optimization,
    variables: &[Variable],
    folder: &Folder,
) -> Result {
    let mut output = OutputDir::new(folder, "optimize.run.json");
    output.stage("optimize.json", scan::optimization(report)?.as_bytes())?;
    let picture = write::plot::scan::course(report);
    output.stage_picture("plots/course.svg", picture.as_bytes())?;
    if let [x, y, ..] = variables {
        let picture = write::plot::scan::path(report, [x.index, y.index]);
        output.stage_picture("plots/path.svg", picture.as_bytes())?;
    }
    output::publish(&session.bound, "optimize", output)
}

fn print(session: &Evaluator, report: &scan::Optimization, variables: &[Variable]) -> Result {
    let (events, bytes) = session.events();
    let in_memory =
        format!("{} in {:.0} MB of memory", counted(events, "event"), bytes as f64 / 1e6);
    stdout::print(&format!("{in_memory} on {}\n\n", session.backend.device()))?;
    let mut heads: Vec<String> = vec!["from".into(), "evaluations".into()];
    heads.extend(variables.iter().map(|v| v.name.clone()));
    heads.extend(["smooth", "hard, seen", "held out", "all"].map(str::to_owned));
    let mut table = Table::new(heads).left(&[0]);
    let row = |from: &str, evaluations: usize, found: &Found| {
        let mut row = vec![from.to_owned(), grouped(evaluations as u64)];
        row.extend(variables.iter().map(|v| format!("{:.4}", found.values[v.index])));
        let all = [found.soft, found.seen, found.held_out, found.all];
        row.extend(all.map(|x| format!("{x:.4}")));
        row
    };
    table.row(row("nominal", 0, &report.nominal));
    for (k, path) in report.paths.iter().enumerate() {
        table.row(row(&format!("start {}", k + 1), path.stops.len(), &path.end));
    }
    stdout::print(&table.render(stdout::stdout_style()))?;
    let best = &report.paths[report.best()].end;
    let (before, after) = (report.nominal.held_out, best.held_out);
    let gain = 100.0 * (after - before) / before.abs();
    stdout::print(&format!(
        "\n{}: {before:.4} -> {after:.4} with hard cuts on the held-out half ({gain:+.1} %)\n",
        report.objective.name.name
    ))?;
    Ok(())
}

/// An optimum that is no better on events that it has not seen is of these events only.
fn warn_if_no_better(session: &Evaluator, report: &scan::Optimization) {
    let (before, after) = (report.nominal.held_out, report.paths[report.best()].end.held_out);
    if (after < before) != report.objective.minimize {
        let text = "the optimum is no better than the `start` values on events it has not seen";
        session.bound.warn(Warning::new(Code::NoBetter, text));
    }
}
