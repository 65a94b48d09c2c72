//! `soft:` of a histogram: the kernel that spreads each entry over the bins.

use super::read::{Reader, get, keys};
use super::tree::{Node, NodeKind};
use crate::bins::{Axis, AxisKind, Soft, SoftFlow, SoftKernel};
use crate::diag::{Diagnostic, nearest};
use crate::syntax::{AxisSpec, Ident, Parameter};

const WHAT: &str = "`soft`";
const WANTED: &str = "a mapping with `bandwidth`, for example `soft: {bandwidth: 1.5 bins}`";
const KEYS: &[&str] = &["kernel", "bandwidth", "flow", "mode"];

/// Bandwidths are between these, so that they have a reciprocal in single
/// precision.
const LEAST_BANDWIDTH: f64 = 1e-30;
const MOST_BANDWIDTH: f64 = 1e30;

/// The kernel of a histogram on each of its axes; `None` if it has been refused.
pub(super) fn soft(
    reader: &mut Reader<'_>,
    node: &Node,
    axes: &[AxisSpec],
    parameters: &[Parameter],
) -> Option<Vec<Soft>> {
    let entries = reader.entries(node, WHAT, WANTED)?;
    let known = reader.keys(keys(entries), WHAT, KEYS);
    let kernel = match get(entries, "kernel") {
        None => Some(SoftKernel::Gauss),
        Some(node) => choice(reader, node, "the kernel", &SoftKernel::ALL.map(|k| (k.name(), k))),
    };
    let flow = match get(entries, "flow") {
        None => Some(SoftFlow::None),
        Some(node) => choice(reader, node, "`flow`", &SoftFlow::ALL.map(|f| (f.name(), f))),
    };
    let all_bins = match get(entries, "mode") {
        None => Some(false),
        Some(node) => choice(reader, node, "`mode`", &[("windowed", false), ("all-bin", true)]),
    };
    let axes = axes_of_reals(reader, node, axes);
    let bandwidths = match get(entries, "bandwidth") {
        Some(node) => bandwidths(reader, node, &axes, parameters),
        None => {
            if known {
                let error = Diagnostic::new(node.span, "`soft` has no `bandwidth`");
                reader.report(error.help(BANDWIDTH));
            }
            None
        }
    };
    if let (Some(SoftKernel::Softmax), Some(SoftFlow::Bins | SoftFlow::Fold | SoftFlow::Renorm)) =
        (kernel, flow)
        && let Some(node) = get(entries, "flow")
    {
        let error = Diagnostic::new(node.span, "softmax shares every entry among the bins");
        reader.report(error.help("there is no flow to treat: leave `flow` out"));
        return None;
    }
    let (kernel, flow, all_bins) = (kernel?, flow?, all_bins?);
    let soft = |(bandwidth, parameter)| Soft { kernel, bandwidth, flow, all_bins, parameter };
    let softs: Vec<Soft> = bandwidths?.into_iter().map(soft).collect();
    for (soft, axis) in softs.iter().zip(axes.into_iter().flatten()) {
        if let Some(most) = too_wide(&axis.kind, soft) {
            let message = format!(
                "a bandwidth of {} is too wide for `flow: renorm` and this axis: at most {most}",
                soft.bandwidth
            );
            let error = Diagnostic::new(node.span, message).also(axis.bins_span, "the axis");
            reader.report(error.help(
                "the part of an entry that is inside is too small to be scaled up; use `bins` or \
                 `fold`",
            ));
            return None;
        }
    }
    Some(softs)
}

/// The widest kernel for `flow: renorm`, in lengths of the axis: what is inside it is
/// then 4e-3 of an entry or more, and rounded in single precision to 1e-5 of itself.
const WIDEST: f64 = 100.0;

/// The largest bandwidth that `flow: renorm` has on an axis, if this one is larger.
pub(crate) fn too_wide(axis: &AxisKind, soft: &Soft) -> Option<f64> {
    let axis = Axis { kind: axis.clone(), label: String::new() };
    let edges = axis.edges();
    let most = WIDEST * (edges[edges.len() - 1] - edges[0]);
    (soft.flow == SoftFlow::Renorm && soft.bandwidth > most).then_some(most)
}

const BANDWIDTH: &str =
    "the form is `bandwidth: 5`, in the unit of the axis, or `bandwidth: 1.5 bins`";

/// One of some words.
fn choice<T: Copy>(
    reader: &mut Reader<'_>,
    node: &Node,
    what: &str,
    all: &[(&'static str, T)],
) -> Option<T> {
    let Ident { name, span } = reader.text(node, what)?;
    let found = all.iter().find(|(word, _)| *word == name).map(|(_, value)| *value);
    if found.is_none() {
        let words = || all.iter().map(|(word, _)| *word);
        let mut error = Diagnostic::new(span, format!("{what} cannot be `{name}`"));
        if let Some(near) = nearest(&name, words()) {
            error = error.help(format!("did you mean `{near}`?"));
        }
        reader
            .report(error.help(format!("allowed are: {}", words().collect::<Vec<_>>().join(", "))));
    }
    found
}

/// The axes, which have edges in the unit of the value; none that was refused.
fn axes_of_reals<'a>(
    reader: &mut Reader<'_>,
    node: &Node,
    axes: &'a [AxisSpec],
) -> Vec<Option<&'a AxisSpec>> {
    if axes.len() > 2 {
        let message = format!("a soft fill has one or two axes, not {}", axes.len());
        let error = Diagnostic::new(node.span, message).also(axes[2].bins_span, "the third axis");
        reader.report(error.help("leave `soft` out, or make histograms of fewer axes"));
        return vec![None; axes.len()];
    }
    axes.iter().map(|axis| axis_of_reals(reader, node, axis)).collect()
}

fn axis_of_reals<'a>(
    reader: &mut Reader<'_>,
    node: &Node,
    axis: &'a AxisSpec,
) -> Option<&'a AxisSpec> {
    let (message, help) = match &axis.kind {
        AxisKind::Regular { .. } | AxisKind::Variable { .. } => return Some(axis),
        AxisKind::Log { .. } => (
            "a soft fill needs bins in the unit of the value, not logarithmic ones",
            "give `edges: [...]`, or fill the logarithm of the value",
        ),
        _ => (
            "a soft fill needs axes of real numbers",
            "give `bins: [n, low, high]` or `edges: [...]`",
        ),
    };
    let error = Diagnostic::new(node.span, message).also(axis.bins_span, "the axis");
    reader.report(error.help(help));
    None
}

/// The bandwidths of all axes: one for each, or with one axis a list of one.
fn bandwidths(
    reader: &mut Reader<'_>,
    node: &Node,
    axes: &[Option<&AxisSpec>],
    parameters: &[Parameter],
) -> Option<Vec<(f64, Option<usize>)>> {
    let each = match &node.kind {
        NodeKind::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    if each.len() != axes.len() && !axes.is_empty() {
        let message =
            format!("`bandwidth` has {} of {} widths, one an axis", each.len(), axes.len());
        let error = Diagnostic::new(node.span, message);
        reader.report(error.help("with two axes the form is `bandwidth: [1.5 bins, 5]`"));
        return None;
    }
    let found = each.into_iter().zip(axes).map(|(n, axis)| bandwidth(reader, n, *axis, parameters));
    // All are looked at before the first mistake counts.
    let found: Vec<_> = found.collect();
    found.into_iter().collect()
}

/// A width above 0: a number in the unit of the axis or in mean widths of its
/// bins, which are missing if the axis was refused; or a parameter.
fn bandwidth(
    reader: &mut Reader<'_>,
    node: &Node,
    axis: Option<&AxisSpec>,
    parameters: &[Parameter],
) -> Option<(f64, Option<usize>)> {
    let Ident { name: text, span } = reader.text(node, "the bandwidth")?;
    if let Some(index) = parameters.iter().position(|p| p.name.name == text) {
        let start = parameters[index].value;
        if !is_bandwidth(start) {
            let message = format!("the bandwidth `{text}` must be above 0, and starts at {start}");
            let error = Diagnostic::new(span, message);
            reader.report(error.also(parameters[index].name.span, "the parameter"));
            return None;
        }
        return Some((start, Some(index)));
    }
    let (number, unit) = match text.trim().split_once(char::is_whitespace) {
        None => (text.trim(), None),
        Some((number, unit)) => (number, Some(unit.trim())),
    };
    let decimal = number.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let value = number.parse::<f64>().ok().filter(|v| decimal && v.is_finite());
    let (Some(value), None | Some("bin" | "bins")) = (value, unit) else {
        let message = format!("the bandwidth must be a number or a parameter, not `{text}`");
        reader.report(Diagnostic::new(span, message).help(BANDWIDTH));
        return None;
    };
    let width = match (unit, axis) {
        (None, _) => 1.0,
        (Some(_), Some(axis)) => mean_width(axis),
        (Some(_), None) => return None,
    };
    let bandwidth = value * width;
    if !is_bandwidth(bandwidth) {
        let message = match value > 0.0 {
            true => format!(
                "a bandwidth of {bandwidth:e} is out of reach: {LEAST_BANDWIDTH:e} to {:e}",
                MOST_BANDWIDTH
            ),
            false => format!("the bandwidth must be above 0, not {text}"),
        };
        reader.report(Diagnostic::new(span, message).help(BANDWIDTH));
        return None;
    }
    Some((bandwidth, None))
}

/// Whether a bandwidth can be computed with.
pub(crate) fn is_bandwidth(value: f64) -> bool {
    (LEAST_BANDWIDTH..=MOST_BANDWIDTH).contains(&value)
}

/// The mean width of the bins, flow bins aside.
fn mean_width(axis: &AxisSpec) -> f64 {
    let axis = Axis { kind: axis.kind.clone(), label: String::new() };
    let edges = axis.edges();
    (edges[edges.len() - 1] - edges[0]) / axis.bins() as f64
}
