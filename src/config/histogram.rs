//! One entry of `histograms`: its axes, checked, and where it is filled.

use super::read::{Reader, get, keys};
use super::soft;
use super::tree::{Node, NodeKind, Scalar};
use super::weight::weight;
use crate::bins::{Axis, AxisKind};
use crate::diag::Diagnostic;
use crate::syntax::{AxisSpec, HistogramSpec, Ident, Names, Parameter, Span, render};

/// Most cells of one histogram, flow bins counted.
const MAX_CELLS: usize = 1 << 26;

/// The keys that describe an axis.
const AXIS: &[&str] =
    &["value", "bins", "edges", "integers", "categories", "boolean", "log", "label", "unit"];

/// The keys that choose the bins.
const BINNINGS: &[&str] = &["bins", "edges", "integers", "categories", "boolean"];

/// The other keys of a histogram.
const OTHERS: &[&str] = &["axes", "weight", "regions", "name", "title", "soft"];

/// A histogram; `None` if it has been refused.
pub(super) fn histogram(
    reader: &mut Reader<'_>,
    key: &Scalar,
    node: &Node,
    parameters: &[Parameter],
) -> Option<HistogramSpec> {
    let name = reader.name(key, "a histogram");
    let what = format!("the histogram `{}`", key.text);
    let entries = reader.entries(node, &what, "a mapping with `value` and `bins`")?;
    let axes = match get(entries, "axes") {
        None => {
            let allowed: Vec<&str> = AXIS.iter().chain(OTHERS).copied().collect();
            let known = reader.keys(keys(entries), &what, &allowed);
            axis(reader, Place { at: key.span, what: &what, known }, entries).into_iter().collect()
        }
        Some(node) => {
            refuse_axis_keys(reader, entries);
            let allowed: Vec<&str> = OTHERS.iter().chain(AXIS).copied().collect();
            reader.keys(keys(entries), &what, &allowed);
            axes(reader, node)
        }
    };
    check_cells(reader, key.span, &axes);
    let regions = regions(reader, entries);
    let template = get(entries, "name").and_then(|n| template(reader, n, regions.len()));
    let regions = match regions.is_empty() {
        true => vec![Ident { name: "all".into(), span: key.span }],
        false => regions,
    };
    let weight = get(entries, "weight").map(|n| weight(reader, n)).unwrap_or_default();
    let title = get(entries, "title").and_then(|n| reader.text(n, "`title`")).map(|t| t.name);
    let soft = get(entries, "soft").and_then(|n| soft::soft(reader, n, &axes, parameters));
    let soft = soft.unwrap_or_default();
    if axes.is_empty() {
        return None;
    }
    Some(HistogramSpec { name, axes, regions, weight, template, title, soft })
}

fn refuse_axis_keys(reader: &mut Reader<'_>, entries: &[(Scalar, Node)]) {
    for (key, _) in entries.iter().filter(|(key, _)| AXIS.contains(&key.text.as_str())) {
        let message = format!("`{}` beside `axes`: it belongs into one of the axes", key.text);
        reader.report(
            Diagnostic::new(key.span, message).help("`axes:` is a list of `- value: ...` items"),
        );
    }
}

fn axes(reader: &mut Reader<'_>, node: &Node) -> Vec<AxisSpec> {
    let Some(items) = reader.items(node, "`axes`", "a list of axes") else { return Vec::new() };
    if items.is_empty() || items.len() > 3 {
        let message = format!("a histogram has one to three axes, not {}", items.len());
        reader.report(Diagnostic::new(node.span, message));
        return Vec::new();
    }
    let mut axes = Vec::new();
    for item in items {
        let Some(entries) = reader.entries(item, "an axis", "a mapping with `value` and `bins`")
        else {
            continue;
        };
        let known = reader.keys(keys(entries), "an axis", AXIS);
        let at = entries.first().map_or(item.span, |(key, _)| key.span);
        axes.extend(axis(reader, Place { at, what: "an axis", known }, entries));
    }
    axes
}

/// How to speak of the mapping that describes an axis.
struct Place<'w> {
    /// Where to say that a key is missing.
    at: Span,
    what: &'w str,
    /// Whether all its keys are known: else a missing one may be misspelt.
    known: bool,
}

/// The axis that `entries` describe.
fn axis(reader: &mut Reader<'_>, place: Place<'_>, entries: &[(Scalar, Node)]) -> Option<AxisSpec> {
    let Place { at, what, known } = place;
    let value_node = get(entries, "value");
    if value_node.is_none() && known {
        reader.report(
            Diagnostic::new(at, format!("{what} has no `value`"))
                .help("say what is filled: `value: MET.pt`"),
        );
    }
    let value = value_node.and_then(|n| reader.expression(n, "`value`"));
    let log = get(entries, "log").and_then(|n| reader.flag(n, "`log`")).unwrap_or(false);
    let text = |reader: &mut Reader<'_>, key: &str| {
        get(entries, key).and_then(|n| reader.text(n, &format!("`{key}`"))).map(|t| t.name)
    };
    let (label, unit) = (text(reader, "label"), text(reader, "unit"));
    let label = label.or_else(|| {
        let text = &value_node?.scalar()?.text;
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    let chosen: Vec<&(Scalar, Node)> =
        entries.iter().filter(|(key, _)| BINNINGS.contains(&key.text.as_str())).collect();
    let (key, node) = match chosen[..] {
        [(key, node)] => (key, node),
        [(first, _), (second, _), ..] => {
            let message = format!("`{}` and `{}` both choose the bins", first.text, second.text);
            reader.report(
                Diagnostic::new(second.span, message)
                    .also(first.span, "first here")
                    .help("keep one of them"),
            );
            return None;
        }
        [] => {
            if known {
                reader.report(no_bins(at, what));
            }
            return None;
        }
    };
    if log && key.text != "bins" {
        let message = format!("`log: true` does not go with `{}`", key.text);
        reader
            .report(Diagnostic::new(key.span, message).help("it goes with `bins: [n, low, high]`"));
    }
    let kind = match key.text.as_str() {
        "bins" => regular(reader, node, log),
        "edges" => variable(reader, node),
        "integers" => integers(reader, node),
        "categories" => categories(reader, node),
        _ => boolean(reader, node),
    };
    Some(AxisSpec { value: value?, kind: kind?, bins_span: node.span, label, unit })
}

fn no_bins(at: Span, what: &str) -> Diagnostic {
    Diagnostic::new(at, format!("{what} has no bins"))
        .help("equal bins: `bins: [100, 0, 200]` (number, low, high), with `log: true` if wanted")
        .help("others: `edges: [0, 10, 50]`, `integers: [0, 5]`, `categories: [11, 13]`")
        .help("for true and false: `boolean: true`")
}

fn regular(reader: &mut Reader<'_>, node: &Node, log: bool) -> Option<AxisKind> {
    const FORM: &str = "the form is `bins: [number, low, high]`, for example `bins: [100, 0, 200]`";
    let wanted = "a list `[number, low, high]`";
    let items = reader.items(node, "`bins`", wanted)?;
    let [bins, low, high] = items else {
        let message = format!("`bins` has {} values; it needs three", items.len());
        reader.report(
            Diagnostic::new(node.span, message).help(FORM).help("for edges write `edges: [...]`"),
        );
        return None;
    };
    let count = reader.integer(bins, "the number of bins");
    let low_value = reader.number(low, "the low edge");
    let high_value = reader.number(high, "the high edge");
    let (bins_span, low_span) = (bins.span, low.span);
    let (count, low, high) = (count?, low_value?, high_value?);
    let mut refuse = |span: Span, message: String| {
        reader.report(Diagnostic::new(span, message).help(FORM));
        None
    };
    if count < 1 {
        return refuse(bins_span, format!("{count} bins: there must be at least one"));
    }
    let Some(bins) = usize::try_from(count).ok().filter(|&n| n <= MAX_CELLS) else {
        return refuse(bins_span, format!("{count} bins are too many: at most {MAX_CELLS}"));
    };
    if low >= high {
        return refuse(node.span, format!("the low edge {low} is not below the high edge {high}"));
    }
    if log && low <= 0.0 {
        return refuse(low_span, format!("logarithmic bins need a low edge above 0, not {low}"));
    }
    let width = (high - low) / bins as f64;
    if !width.is_finite() || low + width <= low || high - width >= high {
        return refuse(
            node.span,
            "these bins are too narrow or too wide for numbers to tell apart".into(),
        );
    }
    Some(if log {
        AxisKind::Log { bins, low, high }
    } else {
        AxisKind::Regular { bins, low, high }
    })
}

fn variable(reader: &mut Reader<'_>, node: &Node) -> Option<AxisKind> {
    let items = reader.items(node, "`edges`", "a list of ascending numbers")?;
    let values: Vec<Option<f64>> = items.iter().map(|n| reader.number(n, "an edge")).collect();
    let edges: Vec<f64> = values.into_iter().collect::<Option<_>>()?;
    if edges.len() < 2 {
        let message = format!("`edges` needs two numbers or more, not {}", edges.len());
        reader.report(Diagnostic::new(node.span, message));
        return None;
    }
    if let Some(i) = (1..edges.len()).find(|&i| edges[i] <= edges[i - 1]) {
        let message =
            format!("the edge {} is not above the edge before it, {}", edges[i], edges[i - 1]);
        reader.report(Diagnostic::new(items[i].span, message).help("edges ascend"));
        return None;
    }
    Some(AxisKind::Variable { edges })
}

fn integers(reader: &mut Reader<'_>, node: &Node) -> Option<AxisKind> {
    let items = reader.items(node, "`integers`", "a list `[low, high]`")?;
    let [low, high] = items else {
        let message = format!("`integers` has {} values; it needs two", items.len());
        reader.report(
            Diagnostic::new(node.span, message)
                .help("the form is `integers: [low, high]`, both included: `integers: [0, 5]`"),
        );
        return None;
    };
    let low = reader.integer(low, "the low integer");
    let high = reader.integer(high, "the high integer");
    let (low, high) = (low?, high?);
    if low > high {
        let message = format!("the low integer {low} is above the high integer {high}");
        reader.report(Diagnostic::new(node.span, message));
        return None;
    }
    if i128::from(high) - i128::from(low) >= MAX_CELLS as i128 || high == i64::MAX {
        let message = format!("the integers {low} to {high} are too many: at most {MAX_CELLS}");
        reader.report(Diagnostic::new(node.span, message));
        return None;
    }
    Some(AxisKind::Integer { low, high: high + 1 })
}

fn categories(reader: &mut Reader<'_>, node: &Node) -> Option<AxisKind> {
    let items = reader.items(node, "`categories`", "a list of integers")?;
    let values: Vec<Option<i64>> = items.iter().map(|n| reader.integer(n, "a category")).collect();
    let values: Vec<i64> = values.into_iter().collect::<Option<_>>()?;
    if values.is_empty() {
        reader.report(Diagnostic::new(node.span, "`categories` needs one integer or more"));
        return None;
    }
    let mut seen = std::collections::HashMap::new();
    for (value, item) in values.iter().zip(items) {
        if let Some(first) = seen.insert(value, item.span) {
            let message = format!("the category {value} is there twice");
            reader.report(Diagnostic::new(item.span, message).also(first, "first here"));
            return None;
        }
    }
    Some(AxisKind::Category { values })
}

fn boolean(reader: &mut Reader<'_>, node: &Node) -> Option<AxisKind> {
    if reader.flag(node, "`boolean`")? {
        return Some(AxisKind::Boolean);
    }
    reader.report(
        Diagnostic::new(node.span, "`boolean: false` chooses no bins")
            .help("write `boolean: true`, or `bins: [number, low, high]` instead"),
    );
    None
}

fn check_cells(reader: &mut Reader<'_>, at: Span, axes: &[AxisSpec]) {
    let cells = axes.iter().fold(1usize, |cells, axis| {
        let axis = Axis { kind: axis.kind.clone(), label: String::new() };
        cells.saturating_mul(axis.extent())
    });
    if cells > MAX_CELLS {
        let message = format!("this histogram has {cells} cells: at most {MAX_CELLS}");
        let span = axes.first().map_or(at, |axis| axis.bins_span);
        reader.report(Diagnostic::new(span, message).help("take fewer bins or fewer axes"));
    }
}

fn regions(reader: &mut Reader<'_>, entries: &[(Scalar, Node)]) -> Vec<Ident> {
    let Some(node) = get(entries, "regions") else { return Vec::new() };
    let regions = match node.kind {
        NodeKind::Map(_) => {
            reader.wrong(node, "`regions`", "a list of names of regions");
            Vec::new()
        }
        _ => reader.texts(node, "`regions`"),
    };
    for (i, region) in regions.iter().enumerate() {
        if let Some(first) = regions[..i].iter().find(|r| r.name == region.name) {
            let message = format!("the region `{}` is there twice", region.name);
            reader.report(Diagnostic::new(region.span, message).also(first.span, "first here"));
        }
    }
    regions
}

/// `name:`, with `{name}`, `{region}` and so on in it.
fn template(reader: &mut Reader<'_>, node: &Node, regions: usize) -> Option<Ident> {
    const HELP: &str = "`{name}` stands for the histogram's name, `{region}` for the region's";
    const MORE: &str = "`{sample}`, `{process}` and `{variation}` are there too; `[_{variation}]` \
                        vanishes where there is none";
    let template = reader.text(node, "`name`")?;
    let example = Names {
        name: "n",
        region: "r",
        sample: Some("s"),
        process: Some("p"),
        variation: Some("v"),
    };
    let rest = render(&template.name, &example);
    if !crate::syntax::is_output_name(&rest) {
        let message = format!("`{}` is not a template of output names", template.name);
        reader.report(
            Diagnostic::new(template.span, message)
                .help(HELP)
                .help(MORE)
                .help("the rest is made of letters, digits, `_`, `-` and `.`"),
        );
        return None;
    }
    if regions > 1 && !template.name.contains("{region}") {
        let message = format!("the {regions} regions would all be written as `{}`", template.name);
        reader.report(Diagnostic::new(template.span, message).help(HELP));
    }
    Some(template)
}
