//! A page to draw on: lengths in page units, drawn on a finer grid, as SVG.

use crate::error::{Error, Result};
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

/// The page, in page units.
pub(super) const WIDTH: f64 = 800.0;
pub(super) const HEIGHT: f64 = 600.0;
/// Points of the drawing grid in a page unit.
const GRID: f64 = 4.0;
/// plotters makes fonts smaller by this factor.
const FONT: f64 = 1.24;

/// A point in page units, from the upper left.
pub(super) type Point = (f64, f64);

/// How a text sits at its point.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    pub(super) size: f64,
    pub(super) color: RGBColor,
    pub(super) bold: bool,
    /// Runs upwards.
    pub(super) upright: bool,
    pub(super) h: HPos,
    pub(super) v: VPos,
}

/// An open page.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// Draws a page and gives its SVG.
pub(super) fn page(draw: impl FnOnce(&mut Canvas<'_>) -> Result<()>) -> Result<String> {
    page_of((WIDTH, HEIGHT), draw)
}

/// The same, of other width and height.
pub(super) fn page_of(
    (width, height): Point,
    draw: impl FnOnce(&mut Canvas<'_>) -> Result<()>,
) -> Result<String> {
    let mut svg = String::new();
    let size = ((width * GRID) as u32, (height * GRID) as u32);
    let mut canvas = Canvas { backend: SVGBackend::with_string(&mut svg, size) };
    canvas.fill((0.0, 0.0), (width, height), RGBColor(255, 255, 255))?;
    draw(&mut canvas)?;
    canvas.backend.present().map_err(failed)?;
    drop(canvas);
    // The grid is finer than the page is large.
    let grid = format!("width=\"{}\" height=\"{}\" viewBox", size.0, size.1);
    Ok(svg.replacen(&grid, &format!("width=\"{width}\" height=\"{height}\" viewBox"), 1))
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::output(format!("cannot draw: {error}"))
}

fn on_grid((x, y): Point) -> (i32, i32) {
    (libm::round(x * GRID) as i32, libm::round(y * GRID) as i32)
}

impl Canvas<'_> {
    /// A line through points.
    pub(super) fn line(&mut self, points: &[Point], color: RGBColor, width: f64) -> Result<()> {
        let style = ShapeStyle {
            color: color.into(),
            filled: false,
            stroke_width: libm::round(width * GRID) as u32,
        };
        self.backend.draw_path(points.iter().map(|p| on_grid(*p)), &style).map_err(failed)
    }

    /// A filled rectangle between two corners.
    pub(super) fn fill(&mut self, a: Point, b: Point, color: RGBColor) -> Result<()> {
        let ((ax, ay), (bx, by)) = (on_grid(a), on_grid(b));
        let (low, high) = ((ax.min(bx), ay.min(by)), (ax.max(bx), ay.max(by)));
        self.backend.draw_rect(low, high, &ShapeStyle::from(color).filled(), true).map_err(failed)
    }

    /// A filled shape.
    pub(super) fn polygon(&mut self, points: &[Point], color: RGBColor) -> Result<()> {
        let style = ShapeStyle::from(color).filled();
        self.backend.fill_polygon(points.iter().map(|p| on_grid(*p)), &style).map_err(failed)
    }

    /// A filled circle.
    pub(super) fn dot(&mut self, at: Point, radius: f64, color: RGBColor) -> Result<()> {
        let (radius, style) = (libm::round(radius * GRID) as u32, ShapeStyle::from(color).filled());
        self.backend.draw_circle(on_grid(at), radius, &style, true).map_err(failed)
    }

    /// A line of text; nothing for none.
    pub(super) fn text(&mut self, text: &str, at: Point, how: Lettering) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut font = ("sans-serif", how.size * GRID * FONT).into_font();
        if how.bold {
            font = font.style(FontStyle::Bold);
        }
        if how.upright {
            font = font.transform(FontTransform::Rotate270);
        }
        let style = TextStyle::from(font).color(&how.color).pos(Pos::new(how.h, how.v));
        self.backend.draw_text(text, &style, on_grid(at)).map_err(failed)
    }
}
