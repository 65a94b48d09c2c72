//! Two axes: a colour map with its scale. Empty cells stay white.

use super::canvas::{Across, Along, Canvas, Color, HEIGHT, Lettering, WIDTH};
use super::frame::{Frame, INK, lettering};
use super::scale::{Scale, drawn_edges, power_of_ten};
use super::{BETWEEN, not_filled, title};
use crate::bins::Axis;
use crate::hist::Histogram;

/// From low to high, dark to light, even in lightness.
const COLORS: [(u8, u8, u8); 7] = [
    (68, 1, 84),
    (68, 57, 131),
    (49, 104, 142),
    (33, 145, 140),
    (53, 183, 121),
    (144, 215, 67),
    (253, 231, 37),
];
/// Steps of the colour scale.
const STEPS: usize = 64;
/// Neighbours overlap, so that no seam shows between them.
pub(super) const OVERLAP: f64 = 1.0;

pub(super) fn draw(canvas: &mut Canvas, h: &Histogram, x: &Axis, y: &Axis) {
    let (left, right, top, bottom) = (92.0, WIDTH - 130.0, 72.0, HEIGHT - 70.0);
    let (x_scale, y_scale) = (Scale::of(x), Scale::of(y));
    let frame = Frame { left, right, top, bottom, x: x_scale, y: y_scale };
    let (x_edges, y_edges) = (drawn_edges(x), drawn_edges(y));
    let cell = |i: usize, j: usize| {
        let flow = |axis: &Axis| usize::from(axis.has_underflow());
        h.cell(&[i + flow(x), j + flow(y)])
    };
    let (columns, rows) = (x_edges.len() - 1, y_edges.len() - 1);
    let value = |i: usize, j: usize| {
        let c = cell(i, j);
        let filled = h.value(c) != 0.0 || h.variance(c) != 0.0;
        filled.then(|| h.value(c)).filter(|v| v.is_finite())
    };
    let inner = || (0..columns).flat_map(|i| (0..rows).map(move |j| (i, j)));
    let low = inner().filter_map(|(i, j)| value(i, j)).fold(0.0, f64::min);
    let high = inner().filter_map(|(i, j)| value(i, j)).fold(0.0, f64::max);
    let values = Scale::linear(low, high, !h.is_weighted());
    for (i, j) in inner() {
        let Some(v) = value(i, j) else { continue };
        let a = frame.at(x_edges[i], y_edges[j]);
        let mut b = frame.at(x_edges[i + 1], y_edges[j + 1]);
        if i + 1 < columns && value(i + 1, j).is_some() {
            b.0 += OVERLAP;
        }
        if j + 1 < rows && value(i, j + 1).is_some() {
            b.1 -= OVERLAP;
        }
        canvas.fill(a, b, color(values.at(v)));
    }
    frame.draw(canvas, &x.label, &y.label);
    let what = if h.is_weighted() { "Sum of weights" } else { "Entries" };
    color_scale(canvas, &frame, &values, what);
    let mut facts = vec![format!("entries {}", h.entries)];
    facts.extend(not_filled(h));
    frame.heading(canvas, title(h), &facts.join(BETWEEN));
}

/// The scale of colours at the right of the frame.
pub(super) fn color_scale(canvas: &mut Canvas, frame: &Frame, values: &Scale, what: &str) {
    let (left, right) = (frame.right + 16.0, frame.right + 34.0);
    let height = frame.bottom - frame.top;
    let at = |t: f64| frame.bottom - t * height;
    for step in 0..STEPS {
        let (from, to) = (step as f64 / STEPS as f64, (step + 1) as f64 / STEPS as f64);
        let end = (at(to) - OVERLAP).max(frame.top);
        canvas.fill((left, at(from)), (right, end), color(0.5 * (from + to)));
    }
    let (top, bottom) = (frame.top, frame.bottom);
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.line(&corners, INK, 1.0);
    for (value, label) in &values.ticks {
        let y = at(values.at(*value));
        canvas.line(&[(right, y), (right - 5.0, y)], INK, 1.0);
        canvas.text(label, (right + 6.0, y), lettering(14.0));
    }
    if let Some(exponent) = values.factor {
        let text = format!("\u{d7}{}", power_of_ten(exponent));
        canvas.text(&text, (left, top - 16.0), lettering(14.0));
    }
    let up = Lettering { upright: true, along: Along::End, across: Across::Top, ..lettering(16.0) };
    canvas.text(what, (WIDTH - 30.0, top), up);
}

/// The colour at a fraction of the scale.
pub(super) fn color(t: f64) -> Color {
    let position = t.clamp(0.0, 1.0) * (COLORS.len() - 1) as f64;
    let below = (position as usize).min(COLORS.len() - 2);
    let part = position - below as f64;
    let mix = |a: u8, b: u8| libm::round(f64::from(a) * (1.0 - part) + f64::from(b) * part) as u8;
    let (a, b) = (COLORS[below], COLORS[below + 1]);
    Color(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}
