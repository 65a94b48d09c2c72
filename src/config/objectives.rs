//! The sections `objectives` and `scalars`: numbers made of histograms, and sums
//! and means over events, all with gradients.

use super::read::{Reader, get, keys};
use super::tree::{Node, Scalar};
use super::weight::weight;
use crate::bins::{AxisKind, Soft, SoftFlow, SoftKernel};
use crate::diag::Diagnostic;
use crate::syntax::{
    Analysis, AxisSpec, HistogramSpec, Ident, Objective, ObjectiveKind, ScalarSpec, Uncertainty,
    Variance,
};

/// Reads the sections into `analysis`.
pub(super) fn sections(
    reader: &mut Reader<'_>,
    entries: &[(Scalar, Node)],
    analysis: &mut Analysis,
) {
    if let Some(node) = get(entries, "scalars") {
        let wanted = "a mapping of names to sums and means";
        let entries = reader.entries(node, "`scalars`", wanted).unwrap_or_default();
        analysis.scalars = entries.iter().filter_map(|(k, v)| scalar(reader, k, v)).collect();
        for scalar in &analysis.scalars {
            let name = &scalar.histogram.name;
            if let Some(h) = analysis.histograms.iter().find(|h| h.name.name == name.name) {
                let text = format!("`{}` is the name of a histogram already", name.name);
                let error = Diagnostic::new(name.span, text).also(h.name.span, "the histogram");
                reader.report(error.help("rename one of them"));
            }
        }
    }
    if let Some(node) = get(entries, "objectives") {
        let wanted = "a mapping of names to objectives";
        let entries = reader.entries(node, "`objectives`", wanted).unwrap_or_default();
        analysis.objectives = entries.iter().filter_map(|(k, v)| objective(reader, k, v)).collect();
    }
}

const KINDS: [&str; 3] = ["significance", "sigma_mu", "expression"];
const FORM: &str = "the form is `significance: {signal: s, background: [b1, b2]}`, `sigma_mu: \
                    {signal: s, background: b}` or `expression: sum(s) / sum(b)`";

fn objective(reader: &mut Reader<'_>, key: &Scalar, node: &Node) -> Option<Objective> {
    let name = reader.name(key, "an objective");
    let what = format!("the objective `{}`", key.text);
    let entries = reader.entries(node, &what, "a mapping that says what it is")?;
    let known = reader.keys(keys(entries), &what, &[&KINDS[..], &["goal"]].concat());
    let kinds: Vec<_> = entries.iter().filter(|(k, _)| KINDS.contains(&k.text.as_str())).collect();
    let (kind, node) = match kinds[..] {
        [(kind, node)] => (kind, node),
        [(first, _), (second, _), ..] => {
            let text = format!("`{}` and `{}` are two objectives", first.text, second.text);
            let error = Diagnostic::new(second.span, text).also(first.span, "first here");
            reader.report(error.help("keep one of them, or name two"));
            return None;
        }
        [] => {
            if known {
                let error = Diagnostic::new(key.span, format!("{what} does not say what it is"));
                reader.report(error.help(FORM));
            }
            return None;
        }
    };
    let goal = get(entries, "goal").and_then(|n| Some((reader.text(n, "`goal`")?, n)));
    let minimize = match goal.as_ref().map(|(goal, _)| goal.name.as_str()) {
        None => kind.text == "sigma_mu",
        Some("minimize") => true,
        Some("maximize") => false,
        Some(other) => {
            let text = format!("`goal` cannot be `{other}`");
            let span = goal.as_ref().map_or(key.span, |(_, n)| n.span);
            reader.report(Diagnostic::new(span, text).help("allowed are: maximize, minimize"));
            false
        }
    };
    let kind = match kind.text.as_str() {
        "expression" => ObjectiveKind::Expression(reader.expression(node, "`expression`")?),
        other => of_histograms(reader, other, node)?,
    };
    Some(Objective { name, minimize, kind })
}

fn of_histograms(reader: &mut Reader<'_>, kind: &str, node: &Node) -> Option<ObjectiveKind> {
    let what = format!("`{kind}`");
    let entries = reader.entries(node, &what, "a mapping with `signal` and `background`")?;
    let allowed: &[&str] = match kind {
        "significance" => &["signal", "background", "uncertainty"],
        _ => &["signal", "background"],
    };
    let known = reader.keys(keys(entries), &what, allowed);
    let mut names = |key: &str| match get(entries, key) {
        Some(node) => reader.texts(node, &format!("`{key}`")),
        None => {
            if known {
                let at = entries.first().map_or(node.span, |(k, _)| k.span);
                let error = Diagnostic::new(at, format!("{what} has no `{key}`"));
                reader.report(error.help("give a histogram's name, or a list of these"));
            }
            Vec::new()
        }
    };
    let (signal, background) = (names("signal"), names("background"));
    let uncertainty = get(entries, "uncertainty").map(|n| uncertainty(reader, n));
    if signal.is_empty() || background.is_empty() {
        return None;
    }
    Some(match kind {
        "significance" => {
            let uncertainty = uncertainty.unwrap_or_default();
            ObjectiveKind::Significance { signal, background, uncertainty }
        }
        _ => ObjectiveKind::SigmaMu { signal, background },
    })
}

/// `stat`, `stat_w2p2`, a fraction, or a list of these.
fn uncertainty(reader: &mut Reader<'_>, node: &Node) -> Uncertainty {
    let mut found = Uncertainty::default();
    for text in reader.texts(node, "`uncertainty`") {
        let word = Variance::ALL.into_iter().find(|(word, _)| *word == text.name);
        match (word, text.name.parse::<f64>()) {
            (Some((_, variance)), _) if found.statistical.is_some_and(|v| v != variance) => {
                let text_of = "`stat` and `stat_w2p2` are two variances of the same bins";
                reader.report(Diagnostic::new(text.span, text_of).help("keep one of them"));
            }
            (Some((_, variance)), _) => found.statistical = Some(variance),
            (None, Ok(x)) if x > 0.0 && x.is_finite() => found.fraction = x,
            _ => {
                let text_of = format!("`uncertainty` cannot be `{}`", text.name);
                let help = "`stat`, the statistical one of the background's bins, the sum of w^2 p \
                            with the share p of a weight w (or `stat_w2p2`, the sum of w^2 p^2), or \
                            a fraction of their contents, as `0.1`, or both: `[stat, 0.1]`";
                reader.report(Diagnostic::new(text.span, text_of).help(help));
            }
        }
    }
    found
}

fn scalar(reader: &mut Reader<'_>, key: &Scalar, node: &Node) -> Option<ScalarSpec> {
    let name = reader.name(key, "a scalar");
    let what = format!("the scalar `{}`", key.text);
    let entries = reader.entries(node, &what, "a mapping with `mean` or `sum`")?;
    let known = reader.keys(keys(entries), &what, &["mean", "sum", "weight", "region", "name"]);
    let kinds = ["mean", "sum"].map(|kind| get(entries, kind).map(|node| (kind, node)));
    let (kind, node) = match kinds {
        [Some(kind), None] | [None, Some(kind)] => kind,
        [Some(_), Some((_, node))] => {
            let error = Diagnostic::new(node.span, format!("{what} is a `mean` and a `sum`"));
            reader.report(error.help("keep one of them, or name two"));
            return None;
        }
        [None, None] => {
            if known {
                let error = Diagnostic::new(key.span, format!("{what} has no `mean` and no `sum`"));
                reader.report(error.help("the form is `mean: dijet.mass` or `sum: MET.pt`"));
            }
            return None;
        }
    };
    let label = node.scalar().map(|s| s.text.clone());
    let value = reader.expression(node, &format!("`{kind}`"))?;
    let weight = get(entries, "weight").map(|n| weight(reader, n)).unwrap_or_default();
    let regions = match get(entries, "region").and_then(|n| reader.text(n, "`region`")) {
        Some(region) => vec![region],
        None => vec![Ident { name: "all".to_owned(), span: key.span }],
    };
    let template = get(entries, "name").and_then(|n| reader.text(n, "`name`"));
    let axis = AxisSpec { value, kind: WHOLE, bins_span: key.span, label, unit: None };
    let soft = Soft {
        kernel: SoftKernel::Gauss,
        bandwidth: 1.0,
        flow: SoftFlow::Fold,
        all_bins: false,
        parameter: None,
    };
    let (axes, soft, title) = (vec![axis], vec![soft], None);
    let histogram = HistogramSpec { name, axes, regions, weight, template, title, soft };
    Some(ScalarSpec { mean: kind == "mean", histogram })
}

/// Folded into one bin, every entry counts whole, wherever it is.
const WHOLE: AxisKind = AxisKind::Regular { bins: 1, low: 0.0, high: 1.0 };
