//! A picture of a histogram: steps with statistical errors for one axis, a
//! colour map for two. SVG, the same bytes everywhere.

mod canvas;
mod frame;
mod map;
mod scale;
pub mod scan;
mod stack;
mod stacked;

pub use stack::{Stack, stacks};

use crate::bins::{Axis, AxisKind};
use crate::hist::Histogram;
use canvas::{Canvas, Color, HEIGHT, WIDTH};
use frame::Frame;
use scale::{Scale, drawn_edges};

const LINE: Color = Color(31, 78, 121);
const AREA: Color = Color(214, 228, 240);
/// Room above the highest bin.
const HEADROOM: f64 = 1.12;
/// Between two facts.
const BETWEEN: &str = " \u{b7} ";

/// The picture of a histogram of one or two axes, as SVG; `None` for others.
pub fn svg(h: &Histogram) -> Option<String> {
    match h.axes.as_slice() {
        [axis] => Some(canvas::page(|canvas| steps(canvas, h, axis))),
        [x, y] => Some(canvas::page(|canvas| map::draw(canvas, h, x, y))),
        _ => None,
    }
}

/// A bin as drawn: its edges, value and error.
struct Bin {
    low: f64,
    high: f64,
    value: f64,
    error: f64,
}

fn bins(h: &Histogram, axis: &Axis) -> Vec<Bin> {
    let first = usize::from(axis.has_underflow());
    let edges = drawn_edges(axis);
    let bin = |(i, e): (usize, &[f64])| Bin {
        low: e[0],
        high: e[1],
        value: h.value(i + first),
        error: h.variance(i + first).sqrt(),
    };
    edges.windows(2).enumerate().map(bin).collect()
}

fn steps(canvas: &mut Canvas, h: &Histogram, axis: &Axis) {
    let bins = bins(h, axis);
    let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
    let top = bins.iter().map(|b| finite(b.value + b.error)).fold(0.0, f64::max);
    let floor = bins.iter().map(|b| finite(b.value - b.error)).fold(0.0, f64::min);
    // Errors of positive sums that reach below zero are cut off there.
    let floor = if bins.iter().any(|b| b.value < 0.0) { floor } else { 0.0 };
    let frame = Frame {
        left: 92.0,
        right: WIDTH - 28.0,
        top: 72.0,
        bottom: HEIGHT - 70.0,
        x: Scale::of(axis),
        y: Scale::linear(floor * HEADROOM, top * HEADROOM, !h.is_weighted()),
    };
    let mut outline = vec![frame.at(bins[0].low, 0.0)];
    for b in &bins {
        outline.extend([frame.at(b.low, finite(b.value)), frame.at(b.high, finite(b.value))]);
    }
    outline.push(frame.at(bins[bins.len() - 1].high, 0.0));
    canvas.polygon(&outline, AREA);
    canvas.line(&outline, LINE, 1.75);
    for b in bins.iter().filter(|b| b.error > 0.0 && b.error.is_finite()) {
        let x = 0.5 * (frame.at(b.low, b.value).0 + frame.at(b.high, b.value).0);
        let ends = [b.value - b.error, b.value + b.error].map(|y| (x, frame.at(b.low, y).1));
        canvas.line(&ends, LINE, 1.25);
    }
    if floor < 0.0 {
        let ends = [frame.at(bins[0].low, 0.0), frame.at(bins[bins.len() - 1].high, 0.0)];
        canvas.line(&ends, frame::SOFT, 0.75);
    }
    frame.draw(canvas, &axis.label, &value_title(what(h), axis));
    frame.heading(canvas, title(h), &facts(h, axis));
}

/// The title, or the name if there is none.
fn title(h: &Histogram) -> &str {
    if h.title.is_empty() { &h.name } else { &h.title }
}

/// What the bins hold.
fn what(h: &Histogram) -> &'static str {
    if h.is_weighted() { "Sum of weights" } else { "Entries" }
}

/// What the bins hold, and in which width: `Entries / 2 GeV`.
fn value_title(what: &str, axis: &Axis) -> String {
    match axis.kind {
        AxisKind::Regular { bins, low, high } => {
            let unit = axis.label.rsplit_once('[').and_then(|(_, u)| u.strip_suffix(']'));
            let width = short((high - low) / bins as f64);
            format!("{what} / {width} {}", unit.unwrap_or("")).trim_end().to_owned()
        }
        AxisKind::Log { .. } | AxisKind::Variable { .. } => format!("{what} / bin"),
        _ => what.to_owned(),
    }
}

/// What is known beside the bins: entries, moments, what was not shown.
fn facts(h: &Histogram, axis: &Axis) -> String {
    let mut facts = vec![format!("entries {}", h.entries)];
    if axis.has_underflow() {
        if let Some((mean, deviation)) = moments(h, axis) {
            facts.push(format!("mean {}", short(mean)));
            facts.push(format!("std. dev. {}", short(deviation)));
        }
        facts.push(format!("underflow {}", short(h.value(0))));
        facts.push(format!("overflow {}", short(h.value(axis.extent() - 1))));
    }
    facts.extend(not_filled(h));
    facts.join(BETWEEN)
}

/// Entries that are in no cell, where there are any.
fn not_filled(h: &Histogram) -> Vec<String> {
    let counts = [("NaN", h.nan), ("missing", h.missing), ("bad weight", h.bad_weight)];
    let seen = counts.into_iter().filter(|(_, n)| *n > 0);
    seen.map(|(what, n)| format!("{what} {n}")).collect()
}

/// Mean and standard deviation from the centres of the bins; `None` if the sum
/// of weights is not positive.
fn moments(h: &Histogram, axis: &Axis) -> Option<(f64, f64)> {
    let bins = bins(h, axis);
    let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
        bins.iter().map(|b| b.value * f(0.5 * (b.low + b.high))).sum()
    };
    let total = sum(&|_| 1.0);
    let mean = sum(&|x| x) / total;
    let variance = sum(&|x| (x - mean) * (x - mean)) / total;
    (total > 0.0 && mean.is_finite()).then(|| (mean, variance.max(0.0).sqrt()))
}

/// A number in about five digits.
fn short(x: f64) -> String {
    if !x.is_finite() {
        return x.to_string();
    }
    if x == libm::round(x) && x.abs() < 1e7 {
        return format!("{x:.0}");
    }
    let rounded: f64 = format!("{x:.4e}").parse().unwrap_or(x);
    if (1e-4..1e7).contains(&x.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests;
