//! Draws a stack: filled steps of the processes, a hatched band of the sum's
//! uncertainty, points of data, and below the ratio of the two.

use super::canvas::{Across, Along, Canvas, Color, Lettering, Point, page_of};
use super::frame::{Frame, INK, SOFT, lettering};
use super::scale::{Scale, drawn_edges};
use super::stack::{DATA, Points, Stack};
use super::{BETWEEN, short, value_title};

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 800.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = WIDTH - 28.0;
const TOP: f64 = 64.0;
/// Where the main panel ends and the ratio begins and ends.
const MIDDLE: f64 = 572.0;
const BELOW: f64 = 590.0;
const BOTTOM: f64 = HEIGHT - 66.0;

/// Room above the highest bin for the legend, of the panel's height.
const LEGEND_ROOM: f64 = 0.36;
/// Distance of the lines that hatch the band.
const HATCH: f64 = 7.0;
/// Half widths that the ratio may show around 1.
const SPANS: [f64; 4] = [0.1, 0.25, 0.5, 1.0];
const BAND: Color = Color(205, 205, 210);
const BLACK: Color = Color(0, 0, 0);
/// M. Petroff, arXiv:2107.02270: ten colours that the colour-blind tell apart.
const COLORS: [Color; 10] = [
    Color(63, 144, 218),
    Color(255, 169, 14),
    Color(189, 31, 1),
    Color(148, 164, 162),
    Color(131, 45, 182),
    Color(169, 107, 89),
    Color(231, 99, 0),
    Color(185, 172, 112),
    Color(113, 117, 129),
    Color(146, 218, 221),
];

impl Stack {
    /// The picture.
    pub fn svg(&self) -> String {
        page_of((WIDTH, HEIGHT), |canvas| draw(canvas, self))
    }
}

/// What is drawn of a stack: bins without the flow, each with its cell.
struct Shown<'s> {
    stack: &'s Stack,
    edges: Vec<f64>,
    first: usize,
}

impl Shown<'_> {
    fn bins(&self) -> impl Iterator<Item = (usize, f64, f64)> {
        self.edges.windows(2).enumerate().map(|(i, e)| (i + self.first, e[0], e[1]))
    }
}

fn draw(canvas: &mut Canvas, stack: &Stack) {
    let shown = Shown {
        stack,
        edges: drawn_edges(&stack.axis),
        first: usize::from(stack.axis.has_underflow()),
    };
    let ratio = stack.points.is_some();
    let top = shown.bins().map(|(cell, _, _)| highest(stack, cell)).fold(0.0, f64::max);
    let floor = shown.bins().map(|(cell, _, _)| stack.total[cell]).fold(0.0, f64::min);
    let mut x = Scale::of(&stack.axis);
    if ratio {
        x.ticks.iter_mut().for_each(|(_, label)| label.clear());
        x.factor = None;
    }
    let bottom = if ratio { MIDDLE } else { BOTTOM };
    let y = Scale::linear(floor / (1.0 - LEGEND_ROOM), top / (1.0 - LEGEND_ROOM), false);
    let frame = Frame { left: LEFT, right: RIGHT, top: TOP, bottom, x, y };
    layers(canvas, &frame, &shown);
    for (cell, low, high) in shown.bins() {
        let (down, up) = stack.band[cell];
        let sum = stack.total[cell];
        hatch(canvas, frame.at(low, sum + up), frame.at(high, sum - down));
    }
    if let Some(points) = &stack.points {
        for (cell, low, high) in shown.bins() {
            point(canvas, &frame, (low, high), points.values[cell], points.errors[cell]);
        }
        below(canvas, &shown, points);
    }
    let label = if ratio { "" } else { &stack.axis.label };
    frame.draw(canvas, label, &value_title("Entries", &stack.axis));
    heading(canvas, stack);
    legend(canvas, stack);
}

/// The highest thing drawn in a bin.
fn highest(stack: &Stack, cell: usize) -> f64 {
    let sum = stack.total[cell] + stack.band[cell].1;
    stack.points.as_ref().map_or(sum, |p| sum.max(p.values[cell] + p.errors[cell]))
}

/// The processes from the bottom up, each between the sums below and with it.
fn layers(canvas: &mut Canvas, frame: &Frame, shown: &Shown<'_>) {
    let mut below = vec![0.0; shown.stack.total.len()];
    for layer in &shown.stack.layers {
        let sums: Vec<f64> = below.iter().zip(&layer.values).map(|(a, b)| a + b).collect();
        let mut outline: Vec<Point> = Vec::new();
        for (cell, low, high) in shown.bins() {
            outline.extend([frame.at(low, sums[cell]), frame.at(high, sums[cell])]);
        }
        let upper = outline.len();
        let bins: Vec<_> = shown.bins().collect();
        for (cell, low, high) in bins.into_iter().rev() {
            outline.extend([frame.at(high, below[cell]), frame.at(low, below[cell])]);
        }
        canvas.polygon(&outline, color(layer.number));
        canvas.line(&outline[..upper], INK, 0.75);
        below = sums;
    }
}

fn color(number: usize) -> Color {
    COLORS[number % COLORS.len()]
}

/// Lines from lower left to upper right within a rectangle of two corners.
fn hatch(canvas: &mut Canvas, (ax, ay): Point, (bx, by): Point) {
    let (left, right, top, bottom) = (ax.min(bx), ax.max(bx), ay.min(by), ay.max(by));
    let mut sum = libm::ceil((left + top) / HATCH) * HATCH;
    while bottom - top > 0.25 && sum < right + bottom {
        let (from, to) = (left.max(sum - bottom), right.min(sum - top));
        canvas.line(&[(from, sum - from), (to, sum - to)], INK, 0.5);
        sum += HATCH;
    }
}

/// A dot with its error, if it is within the frame.
fn point(canvas: &mut Canvas, frame: &Frame, (low, high): (f64, f64), value: f64, error: f64) {
    if value == 0.0 && error == 0.0 {
        return;
    }
    let (left, y) = frame.at(low, value);
    let x = 0.5 * (left + frame.at(high, value).0);
    let ends = [value - error, value + error].map(|y| (x, frame.at(low, y).1));
    canvas.line(&ends, BLACK, 1.25);
    if (0.0..=1.0).contains(&frame.y.at(value)) {
        canvas.dot((x, y), 4.0, BLACK);
        return;
    }
    // Beyond the frame: a triangle that points there.
    let (tip, back) = if frame.y.at(value) > 1.0 {
        (frame.top + 2.0, frame.top + 11.0)
    } else {
        (frame.bottom - 2.0, frame.bottom - 11.0)
    };
    canvas.polygon(&[(x, tip), (x - 5.0, back), (x + 5.0, back)], SOFT);
}

/// The ratio of the points to the sum, around the sum's relative uncertainty.
fn below(canvas: &mut Canvas, shown: &Shown<'_>, points: &Points) {
    let stack = shown.stack;
    let filled: Vec<_> = shown.bins().filter(|(cell, _, _)| stack.total[*cell] > 0.0).collect();
    let away = |(cell, _, _): &(usize, f64, f64)| match points.values[*cell] {
        0.0 => 0.0,
        value => (value / stack.total[*cell] - 1.0).abs(),
    };
    let unsure = |(cell, _, _): &(usize, f64, f64)| {
        let (down, up) = stack.band[*cell];
        down.max(up) / stack.total[*cell]
    };
    let most = share(filled.iter().map(away), 0.9).max(share(filled.iter().map(unsure), 0.5));
    let span = SPANS.into_iter().find(|s| *s > most).unwrap_or(1.0);
    let mut y = Scale::linear(1.0 - span, 1.0 + span, false);
    // Labels at the ends would touch those of the panel above.
    y.ticks.retain(|(x, _)| (x - 1.0).abs() < 0.95 * span);
    let (x, left, right) = (Scale::of(&stack.axis), LEFT, RIGHT);
    let frame = Frame { left, right, top: BELOW, bottom: BOTTOM, x, y };
    for (cell, low, high) in &filled {
        let (down, up) = stack.band[*cell];
        let sum = stack.total[*cell];
        let (a, mut b) = (frame.at(*low, 1.0 + up / sum), frame.at(*high, 1.0 - down / sum));
        // Neighbours overlap, so that no seam shows between them.
        b.0 = (b.0 + 0.5).min(RIGHT);
        canvas.fill(a, b, BAND);
    }
    let edges = (shown.edges[0], shown.edges[shown.edges.len() - 1]);
    canvas.line(&[frame.at(edges.0, 1.0), frame.at(edges.1, 1.0)], INK, 1.0);
    for (cell, low, high) in &filled {
        let (value, error) = (points.values[*cell], points.errors[*cell]);
        let sum = stack.total[*cell];
        point(canvas, &frame, (*low, *high), value / sum, error / sum);
    }
    let title = if points.label == DATA { "Data / MC" } else { "Ratio" };
    frame.draw(canvas, &stack.axis.label, title);
}

/// The smallest of the numbers that so many (as a share) do not exceed.
fn share(numbers: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    let at = libm::ceil(numbers.len() as f64 * share).max(1.0) as usize;
    numbers.get(at - 1).copied().unwrap_or(0.0)
}

/// Title and luminosity above the frame.
fn heading(canvas: &mut Canvas, stack: &Stack) {
    let bold = Lettering { bold: true, across: Across::Bottom, ..lettering(19.0) };
    canvas.text(&stack.title, (LEFT, TOP - 10.0), bold);
    let Some(luminosity) = stack.luminosity else { return };
    let text = match luminosity {
        l if l >= 100.0 => format!("{} fb\u{207b}\u{b9}", short_to(l / 1000.0)),
        l => format!("{} pb\u{207b}\u{b9}", short_to(l)),
    };
    let side = Lettering { along: Along::End, bold: false, ..bold };
    canvas.text(&text, (RIGHT, TOP - 10.0), side);
}

/// Three digits.
fn short_to(x: f64) -> String {
    short(format!("{x:.2e}").parse().unwrap_or(x))
}

/// Region, and what lies beyond the axis, at the left; keys at the right.
fn legend(canvas: &mut Canvas, stack: &Stack) {
    let inside = LEFT + 18.0;
    let bold = Lettering { bold: true, ..lettering(17.0) };
    canvas.text(&stack.region, (inside, TOP + 26.0), bold);
    let small = Lettering { color: SOFT, ..lettering(13.0) };
    for (i, line) in beyond(stack).iter().enumerate() {
        canvas.text(line, (inside, TOP + 50.0 + 18.0 * i as f64), small);
    }
    let entries = stack.layers.len() + 1 + usize::from(stack.points.is_some());
    let columns = if entries > 5 { 2 } else { 1 };
    let rows = entries.div_ceil(columns);
    let column = 205.0;
    let place = |i: usize| {
        let x = RIGHT - 20.0 - column * (columns - i / rows) as f64;
        (x, TOP + 24.0 + 25.0 * (i % rows) as f64)
    };
    let (mut at, text) = (0, lettering(15.0));
    if let Some(points) = &stack.points {
        let (x, y) = place(at);
        canvas.line(&[(x + 13.0, y - 9.0), (x + 13.0, y + 9.0)], BLACK, 1.25);
        canvas.dot((x + 13.0, y), 4.0, BLACK);
        canvas.text(&points.label, (x + 36.0, y), text);
        at += 1;
    }
    for layer in stack.layers.iter().rev() {
        let (x, y) = place(at);
        let (a, b) = ((x, y - 8.0), (x + 26.0, y + 8.0));
        canvas.fill(a, b, color(layer.number));
        outline(canvas, a, b);
        canvas.text(&layer.process, (x + 36.0, y), text);
        at += 1;
    }
    let (x, y) = place(at);
    let (a, b) = ((x, y - 8.0), (x + 26.0, y + 8.0));
    hatch(canvas, a, b);
    outline(canvas, a, b);
    let what = if stack.varied { "stat. \u{2295} syst." } else { "stat. uncertainty" };
    canvas.text(what, (x + 36.0, y), text);
}

fn outline(canvas: &mut Canvas, a: Point, b: Point) {
    canvas.line(&[a, (b.0, a.1), b, (a.0, b.1), a], INK, 0.75);
}

/// What is in the flow bins, where that is something.
fn beyond(stack: &Stack) -> Vec<String> {
    let flow = |values: &[f64]| {
        let under = if stack.axis.has_underflow() { values[0] } else { 0.0 };
        let over = values[values.len() - 1];
        let shown = [("underflow", under), ("overflow", over)].into_iter();
        let parts = shown.filter(|(_, x)| *x != 0.0).map(|(n, x)| format!("{n} {}", short_to(x)));
        parts.collect::<Vec<_>>().join(BETWEEN)
    };
    if !stack.axis.has_underflow() {
        return Vec::new();
    }
    let sum = ("sum", flow(&stack.total));
    let points = stack.points.as_ref().map(|p| (p.label.as_str(), flow(&p.values)));
    let lines = [Some(sum), points].into_iter().flatten().filter(|(_, text)| !text.is_empty());
    lines.map(|(what, text)| format!("{what}: {text}")).collect()
}
