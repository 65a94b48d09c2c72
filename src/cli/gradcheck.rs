//! `gpuana grad --check`: derivatives against differences of contents, in double
//! precision on the CPU.

use super::differentiate;
use super::fail::Result;
use super::progress::Bar;
use gpuana::backend::cpu::{CpuBackend, Precision};
use gpuana::gradient::Differentiated;
use gpuana::report::text_table::{Style, Table};
use gpuana::run::RunOptions;
use gpuana::session::Bound;
use gpuana::warning::{Code, Warning};

/// The step, as a part of a parameter's range or size. The error of a central
/// difference is some square of it.
const STEP: f64 = 1e-5;

/// From here on a derivative is said to be wrong: kinks of compact kernels that
/// an entry crosses within a step, and windows, cost less.
const TOO_MUCH: f64 = 1e-3;

/// A line a parameter: how much the Jacobian and differences differ, of the
/// largest derivative of the histogram where they differ most.
pub(super) fn check(bound: &mut Bound, options: &RunOptions, style: Style) -> Result<String> {
    let here = evaluate(bound, options)?;
    let heads = ["parameter", "step", "deviation", "histogram"];
    let mut table = Table::new(heads).left(&[0, 3]);
    for k in 0..bound.analysis().parameters.len() {
        let parameter = bound.analysis().parameters[k].clone();
        let (name, value) = (parameter.name.name.as_str(), parameter.value);
        let size = parameter.range.map_or(value.abs().max(1.0), |[low, high]| high - low);
        let [low, high] = parameter.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        let ends = [(value - STEP * size).max(low), (value + STEP * size).min(high)];
        let mut sides = Vec::with_capacity(2);
        for end in ends {
            bound.set_parameter(name, end)?;
            sides.push(evaluate(bound, options)?);
        }
        bound.set_parameter(name, value)?;
        let mut worst = (0.0, "-");
        for (i, result) in here.iter().enumerate() {
            let contents = [&sides[0][i], &sides[1][i]].map(|r| &r.histogram);
            let off = deviation(result, k, contents.map(|h| move |c| h.value(c)), ends);
            if off > worst.0 {
                worst = (off, result.histogram.name.as_str());
            }
        }
        if worst.0 > TOO_MUCH {
            let text = format!(
                "derivatives by `{name}` and differences differ by {:.1e} in {}: contents jump or \
                 bend there",
                worst.0, worst.1
            );
            bound.warn(Warning::new(Code::DerivativeDiffers, text));
        }
        let step = format!("{:.1e}", ends[1] - ends[0]);
        table.row([name.to_owned(), step, format!("{:.1e}", worst.0), worst.1.to_owned()]);
    }
    Ok(table.render(style))
}

fn evaluate(bound: &Bound, options: &RunOptions) -> Result<Vec<Differentiated>> {
    let backend = CpuBackend::new(Precision::Double);
    let (_, all) = differentiate::stream(bound, &backend, true, options, &mut Bar::new(true))?;
    let own = all.into_iter().flat_map(|m| {
        let beside = [m.variances, m.products].into_iter().flatten();
        std::iter::once(m.main).chain(beside)
    });
    Ok(own.collect())
}

/// The largest difference between a column of the Jacobian and differences of
/// contents, over the largest derivative.
fn deviation(
    result: &Differentiated,
    k: usize,
    [less, more]: [impl Fn(usize) -> f64; 2],
    [low, high]: [f64; 2],
) -> f64 {
    let (mut worst, mut largest) = (0.0f64, 0.0f64);
    for (cell, row) in result.jacobian.iter().enumerate() {
        let difference = (more(cell) - less(cell)) / (high - low);
        worst = worst.max((row[k] - difference).abs());
        largest = largest.max(row[k].abs()).max(difference.abs());
    }
    if largest == 0.0 { 0.0 } else { worst / largest }
}
