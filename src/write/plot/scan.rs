//! Pictures of landscapes and of an optimisation's way through one.

use super::canvas::{self, Canvas, Color, HEIGHT, Lettering, Point, WIDTH};
use super::frame::{self, Frame, lettering};
use super::scale::Scale;
use super::{BETWEEN, map, short};
use crate::syntax::Parameter;
use crate::write::scan::{GridAxis, Optimization, Scan};

/// Smooth, hard, and more lines.
const COLORS: [Color; 6] = [
    Color(31, 78, 121),
    Color(189, 31, 1),
    Color(60, 130, 60),
    Color(131, 45, 182),
    Color(231, 99, 0),
    Color(113, 117, 129),
];
const LEFT: f64 = 92.0;
const TOP: f64 = 72.0;
/// Room above and below curves.
const MARGIN: f64 = 0.06;

/// A landscape: curves with smooth and with hard cuts for one parameter; for two a
/// map with hard cuts, or with smooth ones.
pub fn scan(scan: &Scan, hard: bool) -> String {
    canvas::page(|canvas| match &scan.axes[..] {
        [x] => curves(canvas, scan, x),
        [x, y, ..] => surface(canvas, scan, [x, y], hard),
        [] => {}
    })
}

fn curves(canvas: &mut Canvas, scan: &Scan, x: &GridAxis) {
    let soft: Vec<f64> = scan.soft.iter().map(|(v, _)| *v).collect();
    let frame = frame(range(&x.values), range_with_room(soft.iter().chain(&scan.hard)));
    for (values, color) in [(&scan.hard, COLORS[1]), (&soft, COLORS[0])] {
        line(canvas, &frame, x.values.iter().zip(values).map(|(x, y)| (*x, *y)), color);
        if let Some(k) = scan.best(values.iter().copied()) {
            canvas.dot(frame.at(x.values[k], values[k]), 5.0, color);
        }
    }
    frame.draw(canvas, &x.name, &scan.objective.name.name);
    let best = |values: &[f64]| {
        let best = scan.best(values.iter().copied());
        best.map_or_else(String::new, |k| format!(" (best at {})", short(x.values[k])))
    };
    legend(
        canvas,
        &frame,
        &[
            (format!("smooth cuts{}", best(&soft)), COLORS[0]),
            (format!("hard cuts{}", best(&scan.hard)), COLORS[1]),
        ],
    );
    frame.heading(canvas, &scan.objective.name.name, &others(scan));
}

fn surface(canvas: &mut Canvas, scan: &Scan, [x, y]: [&GridAxis; 2], hard: bool) {
    let values: Vec<f64> = match hard {
        true => scan.hard.clone(),
        false => scan.soft.iter().map(|(v, _)| *v).collect(),
    };
    let edges = [x, y].map(|axis| edges(&axis.values));
    let ends = edges.each_ref().map(|e| [e[0], e[e.len() - 1]]);
    let mut frame = frame(ends[0], ends[1]);
    frame.right = WIDTH - 130.0;
    let [low, high] = range(&values);
    let scale = Scale::linear(low, high, false);
    for (k, value) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        let (i, j) = (k / y.values.len(), k % y.values.len());
        let a = frame.at(edges[0][i], edges[1][j]);
        let mut b = frame.at(edges[0][i + 1], edges[1][j + 1]);
        if i + 1 < x.values.len() {
            b.0 += map::OVERLAP;
        }
        if j + 1 < y.values.len() {
            b.1 -= map::OVERLAP;
        }
        canvas.fill(a, b, map::color(scale.at(*value)));
    }
    if let Some(k) = scan.best(values.iter().copied()) {
        let at = scan.at(k);
        canvas.dot(frame.at(at[0], at[1]), 6.0, COLORS[1]);
    }
    frame.draw(canvas, &x.name, &y.name);
    map::color_scale(canvas, &frame, &scale, &scan.objective.name.name);
    let what = if hard { "hard cuts" } else { "smooth cuts" };
    let facts = [what.to_owned(), others(scan)].join(BETWEEN);
    frame.heading(canvas, &scan.objective.name.name, facts.trim_end_matches(BETWEEN));
}

/// The parameters that are the same everywhere.
fn others(scan: &Scan) -> String {
    let on_axis = |name: &str| scan.axes.iter().any(|a| a.name == name);
    let all = scan.parameters.iter().filter(|p| !on_axis(&p.name.name));
    let shown = all.map(|p: &Parameter| format!("{} {}", p.name.name, short(p.value)));
    shown.collect::<Vec<_>>().join(BETWEEN)
}

/// How the objective changes on the way, as the optimiser sees it, from each start.
pub fn course(report: &Optimization) -> String {
    canvas::page(|canvas| {
        let values = || report.paths.iter().flat_map(|p| p.stops.iter().map(|s| &s.value));
        let longest = report.paths.iter().map(|p| p.stops.len()).max().unwrap_or(1);
        let frame = frame([0.0, longest as f64], range_with_room(values()));
        for (k, path) in report.paths.iter().enumerate() {
            let points = path.stops.iter().enumerate().map(|(i, s)| (i as f64, s.value));
            line(canvas, &frame, points, COLORS[k % COLORS.len()]);
        }
        frame.draw(canvas, "step", &report.objective.name.name);
        starts(canvas, &frame, report);
        let facts = "slopes grow from stage to stage";
        frame.heading(canvas, &report.objective.name.name, facts);
    })
}

/// The way of each start through the plane of two parameters.
pub fn path(report: &Optimization, [x, y]: [usize; 2]) -> String {
    canvas::page(|canvas| {
        let ends = |k: usize| {
            let all = report.paths.iter().flat_map(|p| &p.stops).map(|s| s.values[k]);
            let values: Vec<f64> = all.chain([report.nominal.values[k]]).collect();
            report.parameters[k].range.unwrap_or_else(|| range(&values))
        };
        let frame = frame(ends(x), ends(y));
        for (k, path) in report.paths.iter().enumerate() {
            let color = COLORS[k % COLORS.len()];
            let points = path.stops.iter().map(|s| (s.values[x], s.values[y]));
            line(canvas, &frame, points.clone(), color);
            for (x, y) in points {
                canvas.dot(frame.at(x, y), 2.5, color);
            }
            let end = &path.end.values;
            canvas.dot(frame.at(end[x], end[y]), 6.0, color);
        }
        let nominal = &report.nominal.values;
        canvas.dot(frame.at(nominal[x], nominal[y]), 5.0, frame::SOFT);
        let name = |k: usize| &report.parameters[k].name.name;
        frame.draw(canvas, name(x), name(y));
        starts(canvas, &frame, report);
        let facts = "large dots: ends; grey: the nominal values";
        frame.heading(canvas, &report.objective.name.name, facts);
    })
}

fn starts(canvas: &mut Canvas, frame: &Frame, report: &Optimization) {
    let entry = |k: usize| (format!("start {}", k + 1), COLORS[k % COLORS.len()]);
    legend(canvas, frame, &(0..report.paths.len()).map(entry).collect::<Vec<_>>());
}

fn frame([low, high]: [f64; 2], [floor, top]: [f64; 2]) -> Frame {
    Frame {
        left: LEFT,
        right: WIDTH - 28.0,
        top: TOP,
        bottom: HEIGHT - 70.0,
        x: Scale::linear(low, high, false),
        y: Scale::linear(floor, top, false),
    }
}

/// A line through the points that are finite.
fn line(canvas: &mut Canvas, frame: &Frame, points: impl Iterator<Item = Point>, color: Color) {
    let finite = points.filter(|(x, y)| x.is_finite() && y.is_finite());
    let points: Vec<Point> = finite.map(|(x, y)| frame.at(x, y)).collect();
    if points.len() > 1 {
        canvas.line(&points, color, 1.75);
    }
}

/// What colours stand for, at the upper left.
fn legend(canvas: &mut Canvas, frame: &Frame, entries: &[(String, Color)]) {
    for (k, (text, color)) in entries.iter().enumerate() {
        let y = frame.top + 22.0 + 20.0 * k as f64;
        canvas.line(&[(frame.left + 16.0, y), (frame.left + 40.0, y)], *color, 3.0);
        canvas.text(text, (frame.left + 48.0, y), Lettering { color: *color, ..lettering(14.0) });
    }
}

fn range(values: &[f64]) -> [f64; 2] {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) =
        (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    match (low.is_finite(), low < high) {
        (false, _) => [0.0, 1.0],
        (true, false) => [low, low + 1.0],
        (true, true) => [low, high],
    }
}

fn range_with_room<'a>(values: impl Iterator<Item = &'a f64>) -> [f64; 2] {
    let [low, high] = range(&values.copied().collect::<Vec<_>>());
    let room = MARGIN * (high - low);
    // The legend is at the top.
    [low - room, high + 4.0 * room]
}

/// Halfway between values, so that each has a cell.
fn edges(values: &[f64]) -> Vec<f64> {
    let half = |a: f64, b: f64| a + 0.5 * (b - a);
    let Some((first, last)) = values.first().zip(values.last()) else { return Vec::new() };
    if values.len() == 1 {
        return vec![first - 0.5, first + 0.5];
    }
    let n = values.len();
    let mut edges = vec![first - 0.5 * (values[1] - values[0])];
    edges.extend(values.windows(2).map(|v| half(v[0], v[1])));
    edges.push(last + 0.5 * (values[n - 1] - values[n - 2]));
    edges
}
