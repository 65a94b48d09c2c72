//! Histograms in which every entry lacks a value, most often because a branch that a
//! variation reads is empty or absent in the files.

use crate::analysis::{Compiled, HistogramInfo};
use crate::gradient::PRODUCTS;
use crate::hist::FillData;
use crate::plan::{Fill, Plan};
use crate::report::number::grouped;
use crate::warning::{Code, Warning};

/// Most branches and histograms that a warning names.
const MOST_NAMES: usize = 4;

/// Warnings of a finished run, of a sample if there are any: one a variation in which
/// a histogram is all missing that nominally is not, one a histogram otherwise.
pub fn warn_of_missing(
    compiled: &Compiled,
    fills: &[FillData],
    sample: Option<&str>,
) -> Vec<Warning> {
    let lacks = |info: &HistogramInfo| {
        let data = &fills[info.fill];
        !info.name.ends_with(PRODUCTS) && data.missing > 0 && is_empty(data)
    };
    let nominal = |info: &HistogramInfo| {
        let same = |h: &&HistogramInfo| h.base == info.base && h.region == info.region;
        compiled.histograms.iter().filter(same).find(|h| h.variation.is_none())
    };
    let of_sample = sample.map_or(String::new(), |name| format!(" of the sample `{name}`"));
    let mut warnings = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for info in compiled.histograms.iter().filter(|info| lacks(info)) {
        let missing = grouped(fills[info.fill].missing);
        let Some(variation) = info.variation.as_deref() else {
            let reads = branches(compiled, &[info.fill], None);
            let text = format!(
                "`{}`{of_sample} has no entry: a value is missing in all {missing}; it reads {reads}",
                info.name
            );
            warnings.push(Warning::new(Code::AllMissing, text));
            continue;
        };
        let changed = |info: &&HistogramInfo| {
            info.variation.as_deref() == Some(variation)
                && lacks(info)
                && nominal(info).is_none_or(|nominal| !lacks(nominal))
        };
        let all: Vec<&HistogramInfo> = compiled.histograms.iter().filter(changed).collect();
        if told.contains(&variation) || all.is_empty() {
            continue;
        }
        told.push(variation);
        let own: Vec<usize> = all.iter().map(|h| h.fill).collect();
        let reads = branches(compiled, &own, all.first().and_then(|h| nominal(h)).map(|h| h.fill));
        let text = format!(
            "the variation `{variation}`{of_sample} is empty in {}: a value is missing in every \
             entry; it reads {reads}",
            listed(&all.iter().map(|h| h.name.clone()).collect::<Vec<_>>())
        );
        warnings.push(Warning::new(Code::AllMissing, text));
    }
    warnings
}

/// Whether nothing was filled or could not be for another reason.
fn is_empty(data: &FillData) -> bool {
    data.entries() == 0 && data.nan == 0 && data.bad_weight == 0
}

/// The branches by which entries of fills are missing, but for those of another.
fn branches(compiled: &Compiled, fills: &[usize], but: Option<usize>) -> String {
    let plan = &compiled.plan;
    let of = |k: &usize| {
        let fill = &plan.fills[*k];
        let mask = fill.missing?;
        Some(Fill {
            mask,
            axes: Vec::new(),
            missing: None,
            weight: None,
            soft: None,
            ..fill.clone()
        })
    };
    let read = |fills: &[usize]| {
        let fills = fills.iter().filter_map(of).collect();
        let request = Plan { fills, ..plan.clone() }.pruned().request;
        let mut names: Vec<String> = request.columns.iter().map(|c| c.branch.clone()).collect();
        for counter in &request.counters {
            // How long lists are decides, whatever is in them.
            let counted = plan.request.columns.iter().filter(|c| {
                c.counter.is_some_and(|counts| plan.request.counters[counts] == *counter)
            });
            names.extend(counted.map(|c| c.branch.clone()));
        }
        names.sort();
        names.dedup();
        names
    };
    let (own, other) = (read(fills), but.map_or(Vec::new(), |k| read(&[k])));
    let more: Vec<String> = own.iter().filter(|name| !other.contains(name)).cloned().collect();
    listed(if more.is_empty() { &own } else { &more })
}

/// `a, b and 3 more`, the names as code.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMES).map(|n| format!("`{n}`")).collect();
    match names.len().checked_sub(MOST_NAMES).filter(|n| *n > 0) {
        None => shown.join(", "),
        Some(more) => format!("{} and {} more", shown.join(", "), grouped(more as u64)),
    }
}
