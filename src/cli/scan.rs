//! `gpuana scan`: an objective at many values of one or two parameters.

use super::backend::BackendArgs;
use super::events::EventArgs;
use super::fail::{self, Failure, Result};
use super::{AnalysisArgs, output, stdout};
use gpuana::error::{Error, ErrorKind};
use gpuana::report::number::{counted, grouped};
use gpuana::report::text_table::Table;
use gpuana::session::variables::index_of;
use gpuana::session::{Evaluator, Part, without_derivatives};
use gpuana::syntax::Analysis;
use gpuana::thresholds::{Grid, Thresholds};
use gpuana::write::scan::{self, GridAxis, Scan};
use gpuana::write::{self, Folder, OutputDir};
use std::path::PathBuf;

/// Most points of a landscape.
const MOST_POINTS: usize = 100_000;
/// Points of one and of each of two parameters, if not said.
const POINTS: [usize; 2] = [51, 21];

#[derive(clap::Args)]
#[command(after_help = "\
Reads the events once and keeps them in memory. Writes landscape.json, with the objective at
each point with smooth cuts and bins (and its gradient) and with hard ones, each entry whole
in its bin, and pictures. Where the parameters are thresholds of cuts, all hard values come
from one pass, exactly.

Examples:
  gpuana scan examples/differentiable/cut_landscape.yaml btag --objective z
  gpuana scan cuts.yaml --objective z met=0:200:101 mt=0:120:41")]
pub(crate) struct Args {
    #[command(flatten)]
    analysis: AnalysisArgs,
    /// One or two parameters; without values over their whole range
    #[arg(value_name = "PARAMETER[=LOW:HIGH:POINTS]", required = true, num_args = 1..=2)]
    parameters: Vec<String>,
    /// The objective, if the analysis has several
    #[arg(long, value_name = "NAME")]
    objective: Option<String>,
    /// The value of another parameter, instead of its `start`
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::grad::setting)]
    set: Vec<(String, f64)>,
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

/// Evaluates the objective on the grid, and writes it.
pub(crate) fn run(args: &Args) -> Result {
    // What is wrong with the command line comes before the choice of an objective.
    let axes = axes(args, args.analysis.bind()?.analysis())?;
    let mut session = super::read_events(
        &args.analysis,
        &args.backend,
        &args.events,
        args.objective.as_deref(),
        args.quiet,
    )?;
    let folder = output::open(&session.bound, args.output.as_ref())?;
    for (name, value) in &args.set {
        session.bound.set_parameter(name, *value)?;
    }
    let here = session.values();
    let points = points(&axes);
    let mut soft = Vec::with_capacity(points.len());
    for position in &points {
        session.set(&values(&here, &axes, position))?;
        let found = session.soft(Part::All)?;
        soft.push((found.value, found.gradient));
    }
    session.set(&here)?;
    let from_one = one_pass(&session, &axes, &points)?;
    let one_pass = from_one.is_some();
    let hard = match from_one {
        Some(hard) => hard,
        None => each(&mut session, &here, &axes, &points)?,
    };
    session.set(&here)?;
    let scan = Scan {
        objective: session.objective().clone(),
        parameters: session.bound.analysis().parameters.clone(),
        axes,
        soft,
        hard,
        one_pass,
    };
    write_all(&session, &scan, &folder)?;
    if !args.quiet {
        print(&session, &scan)?;
        stdout::print(&format!("\nwritten: {}\n", folder.path().join("landscape.json").display()))?;
    }
    fail::print_warnings(&session.bound);
    Ok(())
}

/// `threshold=20:80:61`, or a name alone.
fn axes(args: &Args, analysis: &Analysis) -> Result<Vec<GridAxis>> {
    let mut axes: Vec<GridAxis> = Vec::new();
    for text in &args.parameters {
        let (name, grid) = match text.split_once('=') {
            Some((name, grid)) => (name.trim(), Some(grid)),
            None => (text.trim(), None),
        };
        let index = index_of(analysis, name)?;
        if axes.iter().any(|a| a.index == index) {
            return Err(usage(&format!("`{name}` is named twice")));
        }
        let (low, high, points) = match (grid, analysis.parameters[index].range) {
            (Some(grid), _) => numbers(grid).map_err(|why| usage(&format!("`{text}`: {why}")))?,
            (None, Some([low, high])) => (low, high, POINTS[args.parameters.len() - 1]),
            (None, None) => {
                return Err(usage(&format!(
                    "the parameter `{name}` has no range: say where to look, \
                     `{name}=LOW:HIGH:POINTS`"
                )));
            }
        };
        let step = |i: usize| low + (high - low) * i as f64 / (points - 1) as f64;
        let values: Vec<f64> =
            (0..points).map(|i| if i + 1 == points { high } else { step(i) }).collect();
        for end in [low, high] {
            analysis.clone().set_parameter(name, end)?;
        }
        axes.push(GridAxis { index, name: name.to_owned(), values });
    }
    let size: usize = axes.iter().map(|a| a.values.len()).product();
    if size > MOST_POINTS {
        let (size, most) = (grouped(size as u64), grouped(MOST_POINTS as u64));
        return Err(usage(&format!("{size} points: at most {most} are allowed")));
    }
    Ok(axes)
}

/// The ends of a grid and its number of points, or what is wrong with it.
fn numbers(text: &str) -> std::result::Result<(f64, f64, usize), String> {
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let [low, high, points] = parts[..] else {
        return Err("the form is NAME=LOW:HIGH:POINTS, as `met=0:200:101`".to_owned());
    };
    let number = |text: &str| match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        _ => Err(format!("`{text}` is no number")),
    };
    let ends = (number(low)?, number(high)?);
    if ends.0 >= ends.1 {
        return Err(format!("{low} is not below {high}: the lower end comes first"));
    }
    let most = grouped(MOST_POINTS as u64);
    match points.parse::<u64>() {
        Ok(0 | 1) => Err(format!("{points} of 2 points at least: both ends are points")),
        Ok(n) if n <= MOST_POINTS as u64 => Ok((ends.0, ends.1, n as usize)),
        Ok(n) => Err(format!("{} points: at most {most} are allowed", grouped(n))),
        Err(_) => Err(format!("`{points}` is no number of points: write 2 to {most}")),
    }
}

/// All positions on the grid, the last axis being the fastest.
fn points(axes: &[GridAxis]) -> Vec<Vec<usize>> {
    axes.iter().fold(vec![Vec::new()], |all, axis| {
        let with = |of: &Vec<usize>, i: usize| [&of[..], &[i]].concat();
        all.iter().flat_map(|of| (0..axis.values.len()).map(move |i| with(of, i))).collect()
    })
}

/// The values of all parameters at a position.
fn values(here: &[f64], axes: &[GridAxis], position: &[usize]) -> Vec<f64> {
    let mut values = here.to_vec();
    for (axis, i) in axes.iter().zip(position) {
        values[axis.index] = axis.values[*i];
    }
    values
}

/// The objective with hard cuts and bins at all points by cumulative sums; `None` if it
/// depends on the parameters in other ways than by cuts.
fn one_pass(
    session: &Evaluator,
    axes: &[GridAxis],
    points: &[Vec<usize>],
) -> Result<Option<Vec<f64>>> {
    let threshold = |a: &GridAxis| Thresholds { parameter: a.index, values: a.values.clone() };
    let thresholds: Vec<Thresholds> = axes.iter().map(threshold).collect();
    let Some(grids) = session.grids(|compiled| Grid::new(compiled, &thresholds))? else {
        return Ok(None);
    };
    let mut values = Vec::with_capacity(points.len());
    for position in points {
        let of = |(grid, fills): &(Grid, Vec<_>)| {
            let fills = grid.at(fills, position);
            let results = without_derivatives(&grid.compiled, &fills);
            (grid.compiled.histograms.clone(), results)
        };
        let measured = session.assembled(grids.iter().map(of).collect());
        values.push(session.value(&measured)?.value);
    }
    Ok(Some(values))
}

/// The same by an evaluation a point.
fn each(
    session: &mut Evaluator,
    here: &[f64],
    axes: &[GridAxis],
    points: &[Vec<usize>],
) -> Result<Vec<f64>> {
    let mut hard = Vec::with_capacity(points.len());
    for position in points {
        session.set(&values(here, axes, position))?;
        hard.push(session.hard(Part::All)?);
    }
    Ok(hard)
}

fn write_all(session: &Evaluator, scan: &Scan, folder: &Folder) -> Result {
    let mut output = OutputDir::new(folder, "scan.run.json");
    output.stage("landscape.json", scan::scan(scan)?.as_bytes())?;
    let pictures: &[(&str, bool)] = match scan.axes.len() {
        1 => &[("landscape", true)],
        _ => &[("landscape_hard", true), ("landscape_smooth", false)],
    };
    for (name, hard) in pictures {
        let picture = write::plot::scan::scan(scan, *hard);
        output.stage_picture(&format!("plots/{name}.svg"), picture.as_bytes())?;
    }
    output::publish(&session.bound, "scan", output)
}

fn print(session: &Evaluator, scan: &Scan) -> Result {
    let (events, bytes) = session.events();
    let memory = format!("{} in {:.0} MB of memory", counted(events, "event"), bytes as f64 / 1e6);
    let how = match scan.one_pass {
        true => "hard cuts and bins from one pass",
        false => "hard cuts and bins one by one",
    };
    let points = counted(scan.hard.len() as u64, "point");
    stdout::print(&format!("{memory} on {}\n{points}; {how}\n\n", session.backend.device()))?;
    let mut heads = vec!["best".to_owned()];
    heads.extend(scan.axes.iter().map(|a| a.name.clone()));
    heads.extend(["smooth", "hard"].map(str::to_owned));
    let mut table = Table::new(heads).left(&[0]);
    let soft: Vec<f64> = scan.soft.iter().map(|(v, _)| *v).collect();
    for (what, values) in [("smooth", &soft), ("hard", &scan.hard)] {
        let Some(k) = scan.best(values.iter().copied()) else { continue };
        let mut row = vec![what.to_owned()];
        row.extend(scan.at(k).iter().map(|x| format!("{x:.4}")));
        row.extend([soft[k], scan.hard[k]].map(|x| format!("{x:.4}")));
        table.row(row);
    }
    stdout::print(&table.render(stdout::stdout_style()))?;
    Ok(())
}

fn usage(message: &str) -> Failure {
    Error::new(ErrorKind::Usage, message).into()
}
