//! A page to draw on, as SVG: lengths in page units, rounded to hundredths.

use std::fmt::{self, Display, Formatter, Write};

/// The page, in page units.
pub(super) const WIDTH: f64 = 800.0;
pub(super) const HEIGHT: f64 = 600.0;

/// A point in page units, from the upper left.
pub(super) type Point = (f64, f64);

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

/// Where along a text its point is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Along {
    Start,
    Middle,
    End,
}

/// Where across a text its point is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Across {
    Top,
    Middle,
    Bottom,
}

/// How a text sits at its point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lettering {
    pub(super) size: f64,
    pub(super) color: Color,
    pub(super) bold: bool,
    /// Runs upwards.
    pub(super) upright: bool,
    pub(super) along: Along,
    pub(super) across: Across,
}

/// An open page.
pub(super) struct Canvas {
    svg: String,
}

/// Draws a page and gives its SVG.
pub(super) fn page(draw: impl FnOnce(&mut Canvas)) -> String {
    page_of((WIDTH, HEIGHT), draw)
}

/// The same, of other width and height.
pub(super) fn page_of((width, height): Point, draw: impl FnOnce(&mut Canvas)) -> String {
    let mut canvas = Canvas { svg: String::new() };
    canvas.push(format_args!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         xmlns=\"http://www.w3.org/2000/svg\">"
    ));
    canvas.fill((0.0, 0.0), (width, height), Color(255, 255, 255));
    draw(&mut canvas);
    canvas.push(format_args!("</svg>"));
    canvas.svg
}

/// A length in hundredths of a page unit, which is how it is written: pictures are made
/// of little else, and writing floating-point numbers takes several times as long.
#[derive(Clone, Copy)]
struct Length(i64);

impl Length {
    fn of(x: f64) -> Length {
        Length(libm::round(x * 100.0) as i64)
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, part) = (size / 100, size % 100);
        match part {
            0 => write!(f, "{sign}{whole}"),
            tenths if tenths % 10 == 0 => write!(f, "{sign}{whole}.{}", tenths / 10),
            _ => write!(f, "{sign}{whole}.{part:02}"),
        }
    }
}

impl Display for Color {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Color(red, green, blue) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The points of a line or a shape.
struct Points<'p>(&'p [Point]);

impl Display for Points<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (k, (x, y)) in self.0.iter().enumerate() {
            let space = if k == 0 { "" } else { " " };
            write!(f, "{space}{},{}", Length::of(*x), Length::of(*y))?;
        }
        Ok(())
    }
}

/// The text with what means something in XML written out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            // XML has no control characters.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

impl Canvas {
    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.svg.write_fmt(element);
        self.svg.push('\n');
    }

    /// A line through points.
    pub(super) fn line(&mut self, points: &[Point], color: Color, width: f64) {
        let (points, width) = (Points(points), Length::of(width));
        self.push(format_args!(
            "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" \
             points=\"{points}\"/>"
        ));
    }

    /// A filled rectangle between two corners.
    pub(super) fn fill(&mut self, a: Point, b: Point, color: Color) {
        let (x, y) = (Length::of(a.0.min(b.0)), Length::of(a.1.min(b.1)));
        let width = Length(Length::of(a.0.max(b.0)).0 - x.0);
        let height = Length(Length::of(a.1.max(b.1)).0 - y.0);
        self.push(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{color}\"/>"
        ));
    }

    /// A filled shape.
    pub(super) fn polygon(&mut self, points: &[Point], color: Color) {
        let points = Points(points);
        self.push(format_args!("<polygon fill=\"{color}\" points=\"{points}\"/>"));
    }

    /// A filled circle.
    pub(super) fn dot(&mut self, (x, y): Point, radius: f64, color: Color) {
        let (x, y, radius) = (Length::of(x), Length::of(y), Length::of(radius));
        self.push(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{color}\"/>"));
    }

    /// A line of text; nothing for none.
    pub(super) fn text(&mut self, text: &str, (x, y): Point, how: Lettering) {
        if text.is_empty() {
            return;
        }
        let anchor = match how.along {
            Along::Start => "start",
            Along::Middle => "middle",
            Along::End => "end",
        };
        // From the point to the line that letters stand on: capitals are some 0.76 em high.
        let down = match how.across {
            Across::Top => "0.76em",
            Across::Middle => "0.5ex",
            Across::Bottom => "-0.5ex",
        };
        let (x, y, size, color) = (Length::of(x), Length::of(y), Length::of(how.size), how.color);
        let bold = if how.bold { " font-weight=\"bold\"" } else { "" };
        let turned = match how.upright {
            true => format!(" transform=\"rotate(270, {x}, {y})\""),
            false => String::new(),
        };
        let text = escaped(text);
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\" dy=\"{down}\" text-anchor=\"{anchor}\" \
             font-family=\"sans-serif\" font-size=\"{size}\" fill=\"{color}\"{bold}{turned}>\
             {text}</text>"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        let cases = [
            (0.0, "0"),
            (-0.001, "0"),
            (800.0, "800"),
            (0.5, "0.5"),
            (-1.25, "-1.25"),
            (12.345678, "12.35"),
            (7.05, "7.05"),
            (-0.1, "-0.1"),
        ];
        for (x, written) in cases {
            assert_eq!(Length::of(x).to_string(), written, "{x}");
        }
    }
}
