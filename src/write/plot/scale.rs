//! Where a number is on an axis of a picture, and which numbers are written
//! beside it. All of it is plain arithmetic and libm: the same on every platform.

use crate::bins::{Axis, AxisKind};

/// How many labelled ticks an axis has, about.
const WANTED: f64 = 6.0;
/// How many names find room on an axis.
const NAMES: usize = 16;
/// The sign, which is longer than a hyphen.
const MINUS: &str = "\u{2212}";

/// A range of numbers, and its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    /// Positions and labels.
    pub(super) ticks: Vec<(f64, String)>,
    /// Positions of ticks without labels.
    pub(super) minor: Vec<f64>,
    /// The power of ten that the labels leave out, if any.
    pub(super) factor: Option<i32>,
}

impl Scale {
    /// A linear scale with round ticks; whole ones if `whole`.
    pub(super) fn linear(low: f64, high: f64, whole: bool) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let mut scale = Scale { low, high, log: false, ticks: vec![], minor: vec![], factor: None };
        let raw = (high - low) / WANTED;
        let mut exponent = libm::floor(libm::log10(raw)) as i32;
        let ratio = raw / decimal(1, exponent);
        let mut digit = match ratio {
            r if r < 1.5 => 1,
            r if r < 3.0 => 2,
            r if r < 7.0 => 5,
            _ => 10,
        };
        if whole && exponent < 0 {
            (exponent, digit) = (0, 1);
        }
        let largest = low.abs().max(high.abs());
        let magnitude = libm::floor(libm::log10(largest)) as i32;
        if !(-3..=4).contains(&magnitude) {
            scale.factor = Some(magnitude);
        }
        let shown = exponent - scale.factor.unwrap_or(0);
        // The digit 10 has one place less.
        let places = if digit == 10 { -shown - 1 } else { -shown }.max(0) as usize;
        for k in multiples(low, high, decimal(digit, exponent)) {
            let label = format!("{:.places$}", decimal(k * digit, shown));
            scale.ticks.push((decimal(k * digit, exponent), label.replace('-', MINUS)));
        }
        let parts = if digit == 2 { 4 } else { 5 };
        if !(whole && exponent == 0 && digit < parts) {
            let step = decimal(digit, exponent) / parts as f64;
            let between = multiples(low, high, step).filter(|k| k % parts != 0);
            scale.minor.extend(between.map(|k| k as f64 * step));
        }
        scale
    }

    /// A logarithmic scale with ticks at powers of ten, and at 2 and 5 times
    /// these where there are few.
    pub(super) fn log(low: f64, high: f64) -> Self {
        let mut scale = Scale { low, high, log: true, ticks: vec![], minor: vec![], factor: None };
        let first = libm::floor(libm::log10(low)) as i32;
        let last = libm::floor(libm::log10(high)) as i32;
        let every = (last - first) / 8 + 1;
        for exponent in first..=last {
            for digit in 1..=9 {
                let x = decimal(digit, exponent);
                let few = last - first <= 2 && matches!(digit, 2 | 5);
                if x < low * (1.0 - 1e-12) || x > high * (1.0 + 1e-12) {
                    continue;
                }
                if few || digit == 1 && exponent % every == 0 {
                    scale.ticks.push((x, power_label(digit, exponent)));
                } else {
                    scale.minor.push(x);
                }
            }
        }
        scale
    }

    /// The scale of an axis of a histogram.
    pub(super) fn of(axis: &Axis) -> Self {
        let edges = drawn_edges(axis);
        let (low, high) = (edges[0], edges[edges.len() - 1]);
        match &axis.kind {
            AxisKind::Log { .. } => Scale::log(low, high),
            AxisKind::Integer { .. } => Scale::linear(low, high, true),
            AxisKind::Boolean => Scale::named(low, high, ["false", "true"].map(String::from)),
            AxisKind::Category { values } => {
                let names = values
                    .iter()
                    .map(|v| v.to_string().replace('-', MINUS))
                    .chain(["other".into()]);
                Scale::named(low, high, names)
            }
            _ => Scale::linear(low, high, false),
        }
    }

    /// Bins of width 1 with names in their middles.
    fn named(low: f64, high: f64, names: impl IntoIterator<Item = String>) -> Self {
        let at_middle = |(i, name)| (low + i as f64 + 0.5, name);
        let ticks: Vec<(f64, String)> = names.into_iter().enumerate().map(at_middle).collect();
        let every = ticks.len() / NAMES + 1;
        let ticks = ticks.into_iter().step_by(every).collect();
        Scale { low, high, log: false, ticks, minor: vec![], factor: None }
    }

    /// Where a number is: 0 at the low end, 1 at the high one.
    pub(super) fn at(&self, x: f64) -> f64 {
        if self.log {
            let low = libm::log10(self.low);
            (libm::log10(x) - low) / (libm::log10(self.high) - low)
        } else {
            (x - self.low) / (self.high - self.low)
        }
    }
}

/// The edges as drawn: integers are in the middles of their bins, and the
/// other categories have a bin behind the named ones.
pub(super) fn drawn_edges(axis: &Axis) -> Vec<f64> {
    let mut edges = axis.edges();
    match axis.kind {
        AxisKind::Integer { .. } => edges.iter_mut().for_each(|e| *e -= 0.5),
        AxisKind::Category { .. } => edges.push(edges.len() as f64),
        _ => {}
    }
    edges
}

/// `digits * 10^exponent`, the nearest double.
fn decimal(digits: i64, exponent: i32) -> f64 {
    format!("{digits}e{exponent}").parse().unwrap_or(0.0)
}

/// The whole multiples of `step` between two numbers, both included.
fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = i64> {
    let first = libm::ceil(low / step - 1e-9) as i64;
    let last = libm::floor(high / step + 1e-9) as i64;
    first..=last
}

/// `5 10^3` as people write it.
fn power_label(digit: i64, exponent: i32) -> String {
    match exponent {
        -3..=4 => format!("{}", decimal(digit, exponent)),
        _ if digit == 1 => power_of_ten(exponent),
        _ => format!("{digit}\u{b7}{}", power_of_ten(exponent)),
    }
}

/// `10` with a raised exponent.
pub(super) fn power_of_ten(exponent: i32) -> String {
    const DIGITS: [char; 10] = [
        '\u{2070}', '\u{b9}', '\u{b2}', '\u{b3}', '\u{2074}', '\u{2075}', '\u{2076}', '\u{2077}',
        '\u{2078}', '\u{2079}',
    ];
    let raised = |c: char| c.to_digit(10).map_or('\u{207b}', |d| DIGITS[d as usize]);
    "10".chars().chain(exponent.to_string().chars().map(raised)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> String {
        let labels: Vec<&str> = scale.ticks.iter().map(|(_, label)| label.as_str()).collect();
        labels.join(" ")
    }

    #[test]
    fn ticks_are_round_and_say_so_exactly() {
        let rows = [
            (0.0, 200.0, "0 50 100 150 200", None),
            (60.0, 120.0, "60 70 80 90 100 110 120", None),
            (-0.2, 0.3, "\u{2212}0.2 \u{2212}0.1 0.0 0.1 0.2 0.3", None),
            (0.0, 1.0, "0.0 0.2 0.4 0.6 0.8 1.0", None),
            (0.0, 3.1e6, "0.0 0.5 1.0 1.5 2.0 2.5 3.0", Some(6)),
            (0.0, 7e-5, "0 1 2 3 4 5 6 7", Some(-5)),
            (0.0, 59000.0, "0 10000 20000 30000 40000 50000", None),
        ];
        for (low, high, expected, factor) in rows {
            let scale = Scale::linear(low, high, false);
            assert_eq!((labels(&scale).as_str(), scale.factor), (expected, factor));
        }
        assert_eq!(labels(&Scale::linear(-0.5, 3.5, true)), "0 1 2 3");
        assert_eq!(labels(&Scale::linear(2.0, 2.0, false)), "2.0 2.2 2.4 2.6 2.8 3.0");
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten() {
        let rows = [
            (1.0, 1000.0, "1 10 100 1000"),
            (20.0, 600.0, "20 50 100 200 500"),
            (1e-6, 1e2, "10\u{207b}\u{2076} 10\u{207b}\u{2074} 0.01 1 100"),
            (1e4, 2e7, "10000 10\u{2075} 10\u{2076} 10\u{2077}"),
        ];
        for (low, high, expected) in rows {
            assert_eq!(labels(&Scale::log(low, high)), expected);
        }
        let scale = Scale::log(1.0, 100.0);
        assert_eq!([1.0, 10.0, 100.0].map(|x| scale.at(x)), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn categories_have_names_and_integers_are_centred() {
        let scale = |kind| Scale::of(&Axis { kind, label: String::new() });
        let named = scale(AxisKind::Category { values: vec![13, -11] });
        assert_eq!((labels(&named).as_str(), named.at(3.0)), ("13 \u{2212}11 other", 1.0));
        let integers = scale(AxisKind::Integer { low: 0, high: 4 });
        assert_eq!((labels(&integers).as_str(), integers.at(1.5)), ("0 1 2 3", 0.5));
    }
}
