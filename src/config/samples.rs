//! The sections about samples: `samples`, `luminosity`, `combine` and `output`.

use super::read::{Reader, get, keys};
use super::tree::{Node, Scalar};
use super::weight::weight;
use crate::diag::Diagnostic;
use crate::syntax::{
    Analysis, BinaryOp, Combination, Expr, ExprKind, Generated, Ident, Sample, UnaryOp,
};

/// The keys of a sample.
const SAMPLE: &[&str] = &[
    "files",
    "cross_section",
    "events",
    "sum_of_weights",
    "kind",
    "process",
    "variation",
    "golden",
    "weight",
];

/// Reads the sections into `analysis`, and checks what they say together.
pub(super) fn sections(
    reader: &mut Reader<'_>,
    entries: &[(Scalar, Node)],
    analysis: &mut Analysis,
) {
    if let Some(node) = get(entries, "luminosity") {
        analysis.luminosity = positive(reader, node, "`luminosity` (in /pb)");
    }
    if let Some(node) = get(entries, "samples") {
        let wanted = "a mapping of names to samples";
        let entries = reader.entries(node, "`samples`", wanted).unwrap_or_default();
        analysis.samples = entries.iter().filter_map(|(k, v)| sample(reader, k, v)).collect();
    }
    if let Some(node) = get(entries, "combine") {
        let wanted = "a mapping of names to samples with their factors";
        let entries = reader.entries(node, "`combine`", wanted).unwrap_or_default();
        analysis.combinations =
            entries.iter().filter_map(|(k, v)| combination(reader, k, v, analysis)).collect();
    }
    if let Some(node) = get(entries, "output") {
        let entries = reader.entries(node, "`output`", "a mapping with `flat_json`");
        let entries = entries.unwrap_or_default();
        reader.keys(keys(entries), "`output`", &["flat_json"]);
        if let Some(node) = get(entries, "flat_json") {
            analysis.flat_json = flat_json(reader, node);
        }
    }
    if let Some(golden) = analysis.golden.as_ref().filter(|_| !analysis.samples.is_empty()) {
        reader.report(
            Diagnostic::new(golden.span, "`golden` is of the samples of data here")
                .help("write it under each sample that has `kind: data`"),
        );
    }
    if get(entries, "luminosity").is_none() {
        without_luminosity(reader, &analysis.samples);
    } else {
        without_cross_section(reader, &analysis.samples);
    }
}

fn sample(reader: &mut Reader<'_>, key: &Scalar, node: &Node) -> Option<Sample> {
    let name = reader.name(key, "a sample");
    let what = format!("the sample `{}`", key.text);
    let entries = reader.entries(node, &what, "a mapping with `files` and `cross_section`")?;
    reader.keys(keys(entries), &what, SAMPLE);
    let mut sample = Sample { name, ..Sample::default() };
    if let Some(node) = get(entries, "files") {
        sample.files = reader.texts(node, "`files`");
    }
    if let Some(node) = get(entries, "kind") {
        sample.data = kind(reader, node);
    }
    if let Some(node) = get(entries, "cross_section") {
        sample.cross_section = Some(positive(reader, node, "`cross_section` (in pb)")?);
        if sample.data {
            refuse_for_data(reader, entries, "cross_section");
        }
    }
    sample.generated = generated(reader, entries, sample.data);
    sample.process = get(entries, "process").and_then(|n| label(reader, n, "`process`"));
    if let Some(node) = get(entries, "variation") {
        sample.variation = label(reader, node, "`variation`");
        if get(entries, "process").is_none() {
            reader.report(
                Diagnostic::new(node.span, format!("{what} has a `variation` but no `process`"))
                    .help("say which process it is a variation of: `process: ttbar`"),
            );
        }
    }
    if let Some(node) = get(entries, "weight") {
        sample.weight = weight(reader, node);
    }
    if let Some(node) = get(entries, "golden") {
        sample.golden = reader.text(node, "`golden`");
        if !sample.data {
            let message = format!("{what} has `golden`, but is not of data");
            let error = Diagnostic::new(node.span, message);
            reader.report(error.help("add `kind: data`: simulated events are not certified"));
        }
    }
    Some(sample)
}

/// `kind`: whether it is data.
fn kind(reader: &mut Reader<'_>, node: &Node) -> bool {
    let Some(text) = reader.text(node, "`kind`") else { return false };
    if !["data", "mc"].contains(&text.name.as_str()) {
        let message = format!("`kind` must be `data` or `mc`, not `{}`", text.name);
        reader.report(Diagnostic::new(text.span, message));
    }
    text.name == "data"
}

fn refuse_for_data(reader: &mut Reader<'_>, entries: &[(Scalar, Node)], key: &str) {
    for (found, _) in entries.iter().filter(|(k, _)| k.text == key) {
        reader.report(
            Diagnostic::new(found.span, format!("`{key}` does not go with `kind: data`"))
                .help("data are not scaled"),
        );
    }
}

/// How many events were generated.
fn generated(reader: &mut Reader<'_>, entries: &[(Scalar, Node)], data: bool) -> Generated {
    if data {
        refuse_for_data(reader, entries, "events");
        refuse_for_data(reader, entries, "sum_of_weights");
        return Generated::InFiles;
    }
    let place = |key: &str| entries.iter().find(|(k, _)| k.text == key);
    match (place("events"), place("sum_of_weights")) {
        (Some((first, _)), Some((second, _))) => {
            reader.report(
                Diagnostic::new(second.span, "`events` and `sum_of_weights` both normalise")
                    .also(first.span, "first here")
                    .help("keep one of them"),
            );
            Generated::InFiles
        }
        (Some((_, node)), None) => {
            positive(reader, node, "`events`").map_or(Generated::InFiles, Generated::Events)
        }
        (None, Some((_, node))) => sum_of_weights(reader, node).unwrap_or_default(),
        (None, None) => Generated::InFiles,
    }
}

/// `Runs.genEventSumw`: a branch of another tree of the same files.
fn sum_of_weights(reader: &mut Reader<'_>, node: &Node) -> Option<Generated> {
    let text = reader.text(node, "`sum_of_weights`")?;
    match text.name.split_once('.') {
        Some((tree, branch)) if !tree.is_empty() && !branch.is_empty() => {
            Some(Generated::SumOfWeights { tree: tree.to_owned(), branch: branch.to_owned() })
        }
        _ => {
            let message = format!("`sum_of_weights` must be `tree.branch`, not `{}`", text.name);
            reader.report(
                Diagnostic::new(text.span, message).help("in NanoAOD it is `Runs.genEventSumw`"),
            );
            None
        }
    }
}

/// A text that becomes part of names of outputs.
fn label(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<Ident> {
    let text = reader.text(node, what)?;
    if crate::syntax::is_output_name(&text.name) {
        return Some(text);
    }
    let message = format!("{what} cannot be `{}`", text.name);
    reader.report(Diagnostic::new(text.span, message).help(
        "names are made of letters, digits, `_`, `-` and `.`, and begin with a letter, a digit \
         or `_`",
    ));
    None
}

/// `pseudodata: {ttbar: 0.5, wjets: 1}`.
fn combination(
    reader: &mut Reader<'_>,
    key: &Scalar,
    node: &Node,
    analysis: &Analysis,
) -> Option<Combination> {
    let name = reader.name(key, "a combination");
    if let Some(sample) = analysis.samples.iter().find(|s| s.name.name == name.name) {
        reader.report(
            Diagnostic::new(name.span, format!("there is a sample `{}` already", name.name))
                .also(sample.name.span, "here")
                .help("a combination is one more sample: give it another name"),
        );
    }
    let what = format!("the combination `{}`", key.text);
    let entries = reader.entries(node, &what, "a mapping of samples to factors")?;
    if entries.is_empty() {
        reader.report(Diagnostic::new(key.span, format!("{what} is of no sample")));
    }
    let mut terms = Vec::new();
    for (sample, factor) in entries {
        let ident = reader.name(sample, "a sample");
        terms.push((ident, constant(reader, factor, "a factor")?));
    }
    Some(Combination { name, terms })
}

fn flat_json(reader: &mut Reader<'_>, node: &Node) -> Option<Ident> {
    let name = label(reader, node, "`flat_json`")?;
    let taken = [
        "histograms.json",
        "cutflow.json",
        "run.json",
        "report.json",
        "variations.json",
        "soft.json",
        "scalars.json",
    ];
    if taken.contains(&name.name.as_str()) || !name.name.ends_with(".json") {
        let message = format!("`flat_json` cannot be `{}`", name.name);
        reader.report(
            Diagnostic::new(name.span, message)
                .help(format!("a name that ends in `.json`, but not {}", taken.join(", "))),
        );
        return None;
    }
    Some(name)
}

fn without_luminosity(reader: &mut Reader<'_>, samples: &[Sample]) {
    if let Some(sample) = samples.iter().find(|s| s.cross_section.is_some()) {
        let message =
            format!("`{}` has a cross-section, but there is no luminosity", sample.name.name);
        reader.report(
            Diagnostic::new(sample.name.span, message)
                .help("add `luminosity: 3378` (in /pb) beside `samples`")
                .help("without cross-sections and luminosity nothing is scaled"),
        );
    }
}

fn without_cross_section(reader: &mut Reader<'_>, samples: &[Sample]) {
    for sample in
        samples.iter().filter(|s| !s.data && s.cross_section.is_none() && !s.files.is_empty())
    {
        let message = format!("the sample `{}` has no cross-section", sample.name.name);
        reader.report(
            Diagnostic::new(sample.name.span, message)
                .help("add `cross_section: ...` (in pb), or `kind: data`"),
        );
    }
}

/// A finite number above 0, or a product of numbers that is one.
fn positive(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<f64> {
    let value = constant(reader, node, what)?;
    if value > 0.0 {
        return Some(value);
    }
    reader.report(Diagnostic::new(node.span, format!("{what} must be above 0, not {value}")));
    None
}

/// A number, written out or as numbers and `+ - * /`: `(36.993 + 22.175) / 0.252`.
fn constant(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<f64> {
    let expr = reader.expression(node, what)?;
    let value = value(&expr).filter(|v| v.is_finite());
    if value.is_none() {
        let message = format!("{what} must be a finite number");
        reader.report(
            Diagnostic::new(expr.span, message)
                .help("numbers are written out, or computed of numbers by `+ - * /`"),
        );
    }
    value
}

fn value(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Integer(n) => Some(*n as f64),
        ExprKind::Real(x) => Some(*x),
        ExprKind::Unary(UnaryOp::Neg, x) => Some(-value(x)?),
        ExprKind::Binary(op, a, b) => {
            let (a, b) = (value(a)?, value(b)?);
            match op {
                BinaryOp::Add => Some(a + b),
                BinaryOp::Sub => Some(a - b),
                BinaryOp::Mul => Some(a * b),
                BinaryOp::Div => Some(a / b),
                _ => None,
            }
        }
        _ => None,
    }
}
