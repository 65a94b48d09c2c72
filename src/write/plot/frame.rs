//! The frame of a picture: border, ticks on all sides, labels and titles.

use super::canvas::{Across, Along, Canvas, Color, Lettering, Point};
use super::scale::{Scale, power_of_ten};

/// Colour of lines and text.
pub(super) const INK: Color = Color(26, 26, 26);
/// Colour of what is said on the side.
pub(super) const SOFT: Color = Color(96, 96, 96);

const LABEL: f64 = 14.0;
const TITLE: f64 = 16.0;
const TICK: f64 = 8.0;

/// Text of a size, dark, upper left at its point.
pub(super) fn lettering(size: f64) -> Lettering {
    let (along, across) = (Along::Start, Across::Middle);
    Lettering { size, color: INK, bold: false, upright: false, along, across }
}

/// A rectangle on the page with a scale on each side.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Frame {
    /// Where a point of the plane is on the page.
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        let inside = |t: f64| t.clamp(0.0, 1.0);
        (
            self.left + inside(self.x.at(x)) * (self.right - self.left),
            self.bottom - inside(self.y.at(y)) * (self.bottom - self.top),
        )
    }

    /// Border, ticks inwards on all sides, labels below and to the left.
    pub(super) fn draw(&self, canvas: &mut Canvas, x_title: &str, y_title: &str) {
        let (left, right, top, bottom) = (self.left, self.right, self.top, self.bottom);
        let all_ticks = |scale: &Scale| -> Vec<(f64, f64)> {
            let major = scale.ticks.iter().map(|(x, _)| (scale.at(*x), TICK));
            major.chain(scale.minor.iter().map(|x| (scale.at(*x), TICK / 2.0))).collect()
        };
        for (t, length) in all_ticks(&self.x) {
            let x = left + t * (right - left);
            canvas.line(&[(x, bottom), (x, bottom - length)], INK, 1.0);
            canvas.line(&[(x, top), (x, top + length)], INK, 1.0);
        }
        for (t, length) in all_ticks(&self.y) {
            let y = bottom - t * (bottom - top);
            canvas.line(&[(left, y), (left + length, y)], INK, 1.0);
            canvas.line(&[(right, y), (right - length, y)], INK, 1.0);
        }
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        canvas.line(&corners, INK, 1.5);
        self.labels(canvas);
        let ends = Lettering { along: Along::End, across: Across::Top, ..lettering(TITLE) };
        canvas.text(x_title, (right, bottom + 34.0), ends);
        let up = Lettering { upright: true, ..ends };
        canvas.text(y_title, (14.0, top), up);
    }

    fn labels(&self, canvas: &mut Canvas) {
        let below = Lettering { along: Along::Middle, across: Across::Top, ..lettering(LABEL) };
        for (x, label) in &self.x.ticks {
            let x = self.left + self.x.at(*x) * (self.right - self.left);
            canvas.text(label, (x, self.bottom + 9.0), below);
        }
        let beside = Lettering { along: Along::End, ..lettering(LABEL) };
        for (y, label) in &self.y.ticks {
            let y = self.bottom - self.y.at(*y) * (self.bottom - self.top);
            canvas.text(label, (self.left - 8.0, y), beside);
        }
        if let Some(exponent) = self.x.factor {
            let text = format!("\u{d7}{}", power_of_ten(exponent));
            canvas.text(&text, (self.left, self.bottom + 42.0), lettering(LABEL));
        }
        if let Some(exponent) = self.y.factor {
            let text = format!("\u{d7}{}", power_of_ten(exponent));
            let above = Lettering { along: Along::End, ..lettering(LABEL) };
            canvas.text(&text, (self.left - 8.0, self.top - 16.0), above);
        }
    }

    /// The heading: a title, and facts below it in small print.
    pub(super) fn heading(&self, canvas: &mut Canvas, title: &str, facts: &str) {
        let bold = Lettering { bold: true, ..lettering(18.0) };
        canvas.text(title, (self.left, 24.0), bold);
        let small = Lettering { color: SOFT, ..lettering(13.0) };
        canvas.text(facts, (self.left, 48.0), small);
    }
}
