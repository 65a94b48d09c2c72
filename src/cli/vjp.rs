//! `gpuana grad --cotangent`: one gradient for given numbers a cell, for fits that
//! know the derivative of their likelihood by each bin.

use super::cotangent::Cotangent;
use super::differentiate::{each_sample, factor, open};
use super::fail::Result;
use super::stdout;
use gpuana::gradient::{Differentiated, Vjp};
use gpuana::report::number::grouped;
use gpuana::report::text_table::Table;
use gpuana::run::{self, Progress, RunOptions};
use gpuana::samples::{self, Derived};
use gpuana::session::Backend;
use gpuana::session::Bound;
use gpuana::write::vjp::Written;

/// The gradient from one pass over the events of each sample that has a part in it;
/// and the number of events.
pub(super) fn stream(
    bound: &Bound,
    cotangent: &Cotangent,
    (chosen, keep_doubles): (&Backend, bool),
    options: &RunOptions,
    bar: &mut dyn Progress,
) -> Result<(u64, Written)> {
    cotangent.check(bound)?;
    let analysis = bound.analysis();
    let mut sum = Written { gradient: vec![0.0; analysis.parameters.len()], ..Written::default() };
    let (mut events, mut done) = (0, Vec::new());
    for sample in each_sample(bound) {
        let (inputs, compiled) = open(bound, sample, keep_doubles, options)?;
        let numbers = cotangent.of_sample(bound, sample, &compiled)?;
        if numbers.iter().all(Option::is_none) {
            continue;
        }
        let of = |name: &str| {
            let at = compiled.histograms.iter().position(|info| info.name == name)?;
            numbers[at].clone()
        };
        let vjp = Vjp::new(&compiled, &analysis.parameters, |info| of(&info.name))?;
        let outcome = run::run(&vjp.compiled, &inputs, chosen.evaluator(), options, bar)?;
        events += outcome.partial.events;
        let factor = factor(bound, sample, &outcome.inputs)?;
        let pulled = vjp.results(&outcome.partial.fills);
        sum.gradient.iter_mut().zip(pulled.gradient).for_each(|(sum, d)| *sum += factor * d);
        sum.dropped += pulled.dropped;
        sum.by_jacobian |= !vjp.is_reverse();
        let whole = pulled.histograms.into_iter().map(Differentiated::without);
        let whole = whole.map(|d| if factor == 1.0 { d } else { d.scaled(factor) });
        let whole: Vec<Differentiated> = whole.collect();
        done.push((sample, vjp.compiled.histograms.clone(), whole));
    }
    let all = match &mut done[..] {
        [(None, _, results)] => std::mem::take(results),
        several => {
            let derived = several.iter().filter_map(|(sample, infos, results)| {
                Some(Derived { sample: (*sample)?, infos, results })
            });
            samples::derivatives(analysis, &derived.collect::<Vec<_>>())
        }
    };
    let own = all.into_iter().map(|d| d.histogram).filter(|h| cotangent.names(&h.name));
    sum.histograms = own.collect();
    Ok((events, sum))
}

/// A line a parameter.
pub(super) fn table(bound: &Bound, written: &Written) -> String {
    let mut table = Table::new(["parameter", "value", "gradient"]).left(&[0]);
    for (parameter, d) in bound.analysis().parameters.iter().zip(&written.gradient) {
        let value = format!("{}", parameter.value);
        table.row([parameter.name.name.clone(), value, format!("{d:.6}")]);
    }
    let mut text = table.render(stdout::stdout_style());
    if written.dropped > 0 {
        text += &format!(
            "\n{} entries left out: a derivative is infinite or not a number\n",
            grouped(written.dropped)
        );
    }
    text
}
