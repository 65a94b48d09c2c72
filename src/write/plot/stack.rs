//! Simulation and data of one histogram and region put together: which
//! processes are stacked, what the points are, and how uncertain the sum is.

use crate::bins::Axis;
use crate::hist::{Histogram, Kind, Origin};

/// What recorded events are called.
pub(super) const DATA: &str = "Data";

/// One picture: the nominal processes of a histogram in a region, stacked, and
/// data (or else the only combination) as points.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    name: String,
    pub(super) title: String,
    pub(super) region: String,
    pub(super) axis: Axis,
    /// In /pb.
    pub(super) luminosity: Option<f64>,
    /// The lowest first.
    pub(super) layers: Vec<Layer>,
    /// The sum of all layers, by cell.
    pub(super) total: Vec<f64>,
    /// How far the sum may be down and up, by cell.
    pub(super) band: Vec<(f64, f64)>,
    /// Whether the band is more than statistical.
    pub(super) varied: bool,
    pub(super) points: Option<Points>,
}

/// A process of a stack.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layer {
    pub(super) process: String,
    /// Its number among all processes of the analysis: it keeps its colour.
    pub(super) number: usize,
    /// By cell.
    pub(super) values: Vec<f64>,
}

/// What a stack is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Points {
    pub(super) label: String,
    /// By cell.
    pub(super) values: Vec<f64>,
    pub(super) errors: Vec<f64>,
}

/// A histogram and what it is of.
type Known<'a> = (&'a Origin, &'a Histogram);

/// The stacks of a run over samples, one for each histogram of one axis and
/// region in which there is simulation. `luminosity` is in /pb.
pub fn stacks(histograms: &[Histogram], luminosity: Option<f64>) -> Vec<Stack> {
    let of_one_axis = histograms.iter().filter(|h| h.axes.len() == 1);
    let known = of_one_axis.filter_map(|h| Some((h.origin.as_ref()?, h)));
    let all: Vec<Known<'_>> = known.filter(|(o, _)| o.process.is_some()).collect();
    let mut processes: Vec<&str> = Vec::new();
    let mut places: Vec<(&str, &str)> = Vec::new();
    for (origin, _) in &all {
        let process = origin.process.as_deref().unwrap_or_default();
        if origin.kind == Kind::Simulation && !processes.contains(&process) {
            processes.push(process);
        }
        let place = (origin.histogram.as_str(), origin.region.as_str());
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let stack = |(histogram, region): &(&str, &str)| {
        let here = all.iter().filter(|(o, _)| o.histogram == *histogram && o.region == *region);
        Stack::new(&here.copied().collect::<Vec<_>>(), &processes, luminosity)
    };
    places.iter().filter_map(stack).collect()
}

impl Stack {
    /// Of all histograms of one place.
    fn new(here: &[Known<'_>], processes: &[&str], luminosity: Option<f64>) -> Option<Stack> {
        let nominal = |kind| here.iter().filter(move |(o, _)| is_nominal(o, kind)).copied();
        let (origin, first) = nominal(Kind::Simulation).next()?;
        let mut layers: Vec<Layer> = Vec::new();
        let mut variances = vec![0.0; first.cells()];
        for (origin, h) in nominal(Kind::Simulation) {
            let process = origin.process.as_deref().unwrap_or_default();
            add(&mut variances, &variances_of(h));
            match layers.iter_mut().find(|l| l.process == process) {
                Some(layer) => add(&mut layer.values, &values_of(h)),
                None => layers.push(Layer {
                    process: process.to_owned(),
                    number: processes.iter().position(|p| *p == process).unwrap_or(0),
                    values: values_of(h),
                }),
            }
        }
        layers.sort_by(|a, b| sum(&a.values).total_cmp(&sum(&b.values)));
        let mut total = vec![0.0; first.cells()];
        layers.iter().for_each(|layer| add(&mut total, &layer.values));
        let (band, varied) = band(here, &total, &variances);
        let name = match origin.region.as_str() {
            "all" => origin.histogram.clone(),
            region => format!("{}_{region}", origin.histogram),
        };
        Some(Stack {
            name,
            title: if first.title.is_empty() {
                origin.histogram.clone()
            } else {
                first.title.clone()
            },
            region: origin.region.clone(),
            axis: first.axes[0].clone(),
            luminosity,
            layers,
            total,
            band,
            varied,
            points: points(nominal(Kind::Data).collect(), nominal(Kind::Combination).collect()),
        })
    }

    /// The name of the histogram, with the region.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Data, added up; without data the combination, if there is one alone.
fn points(data: Vec<Known<'_>>, combined: Vec<Known<'_>>) -> Option<Points> {
    let (label, of) = match (data.as_slice(), combined.as_slice()) {
        ([], [(origin, _)]) => (origin.process.clone().unwrap_or_default(), combined),
        ([], _) => return None,
        _ => (DATA.to_owned(), data),
    };
    let cells = of[0].1.cells();
    let (mut values, mut variances) = (vec![0.0; cells], vec![0.0; cells]);
    for (_, h) in of {
        add(&mut values, &values_of(h));
        add(&mut variances, &variances_of(h));
    }
    let errors = variances.into_iter().map(f64::sqrt).collect();
    Some(Points { label, values, errors })
}

/// How far the sum may be down and up, and whether variations are in it: the
/// statistical uncertainty and, of each source, the largest shift to either
/// side, in quadrature. A source with one direction counts to both sides.
fn band(here: &[Known<'_>], total: &[f64], variances: &[f64]) -> (Vec<(f64, f64)>, bool) {
    let mut squares: Vec<(f64, f64)> = variances.iter().map(|v| (*v, *v)).collect();
    let mut names: Vec<&str> = here
        .iter()
        .filter(|(o, _)| o.kind == Kind::Simulation)
        .filter_map(|(o, _)| o.variation.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    let varied = !names.is_empty();
    while let Some(source) = names.first().map(|name| source_of(name)) {
        let (same, rest): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| source_of(name) == source);
        names = rest;
        let shifts: Vec<Vec<f64>> =
            same.iter().map(|name| shift(here, name, total.len())).collect();
        for (cell, (down, up)) in squares.iter_mut().enumerate() {
            let mut most = (0.0f64, 0.0f64);
            for shift in &shifts {
                most = (most.0.max(-shift[cell]), most.1.max(shift[cell]));
            }
            if shifts.len() == 1 {
                let either = most.0.max(most.1);
                most = (either, either);
            }
            *down += most.0 * most.0;
            *up += most.1 * most.1;
        }
    }
    (squares.into_iter().map(|(down, up)| (down.sqrt(), up.sqrt())).collect(), varied)
}

/// What a variation changes the sum by, by cell.
fn shift(here: &[Known<'_>], variation: &str, cells: usize) -> Vec<f64> {
    let mut shift = vec![0.0; cells];
    let simulation = here.iter().filter(|(o, _)| o.kind == Kind::Simulation);
    for (origin, h) in simulation.filter(|(o, _)| o.variation.as_deref() == Some(variation)) {
        let same = |o: &Origin| is_nominal(o, Kind::Simulation) && o.process == origin.process;
        // A process of which there is only the variation is not in the sum.
        let Some((_, nominal)) = here.iter().find(|(o, _)| same(o)) else { continue };
        add(&mut shift, &values_of(h));
        shift.iter_mut().zip(values_of(nominal)).for_each(|(s, n)| *s -= n);
    }
    shift
}

/// `jes` of `jes_up`, `jes_down`; other names are sources of their own.
fn source_of(variation: &str) -> &str {
    let stem = variation.strip_suffix("up").or_else(|| variation.strip_suffix("down"));
    stem.map_or(variation, |stem| stem.trim_end_matches('_'))
}

fn is_nominal(origin: &Origin, kind: Kind) -> bool {
    origin.kind == kind && origin.variation.is_none()
}

fn values_of(h: &Histogram) -> Vec<f64> {
    (0..h.cells()).map(|c| finite(h.value(c))).collect()
}

fn variances_of(h: &Histogram) -> Vec<f64> {
    (0..h.cells()).map(|c| finite(h.variance(c))).collect()
}

/// What cannot be drawn is nothing.
fn finite(x: f64) -> f64 {
    if x.is_finite() { x } else { 0.0 }
}

fn add(to: &mut [f64], more: &[f64]) {
    to.iter_mut().zip(more).for_each(|(a, b)| *a += b);
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}
