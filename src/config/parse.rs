//! The sections of an analysis file, from the tree to [`Analysis`].

use std::collections::HashMap;

use super::histogram::histogram;
use super::parameters::{parameters, second};
use super::read::{Reader, found, get, ident, keys};
use super::tree::{Node, NodeKind, Scalar};
use super::vary::variations;
use super::weight::{processes, weight};
use super::{objectives, samples, yaml, yaml_errors};
use crate::diag::Diagnostic;
use crate::lang::syntax_errors::reserved;
use crate::lang::target::target;
use crate::schema::{DefaultValue, Literal};
use crate::syntax::{Analysis, Cut, Define, Ident, Region, Span, Target, is_output_name};
use crate::warning::{Code, Warnings};

/// The sections of an analysis file.
const SECTIONS: &[&str] = &[
    "input",
    "samples",
    "processes",
    "luminosity",
    "parameters",
    "define",
    "weight",
    "regions",
    "vary",
    "histograms",
    "scalars",
    "objectives",
    "second",
    "combine",
    "output",
];

/// Sections that are planned, but not read yet.
const LATER: &[&str] = &["skim"];

/// The analysis that a file's text describes.
///
/// # Errors
/// All that is wrong with the file, in file order; of each expression the
/// first thing.
pub fn parse(text: &str) -> Result<Analysis, Vec<Diagnostic>> {
    let (root, diagnostics) = yaml::tree(text);
    let mut reader = Reader { text, diagnostics, warnings: Warnings::default() };
    let mut analysis = Analysis::default();
    match root {
        Some(Node { kind: NodeKind::Map(entries), .. }) => {
            analysis = sections(&mut reader, &entries);
        }
        Some(Node { kind: NodeKind::Refused, .. }) => {}
        Some(node) if node.kind != NodeKind::Empty => {
            reader.report(yaml_errors::not_sections(first_line(text, node.span), found(&node)));
        }
        _ if reader.diagnostics.is_empty() => reader.report(yaml_errors::empty_file()),
        _ => {}
    }
    analysis.warnings = reader.warnings;
    if reader.diagnostics.is_empty() {
        return Ok(analysis);
    }
    reader.diagnostics.sort_by_key(|d| d.span.start);
    Err(reader.diagnostics)
}

fn first_line(text: &str, span: Span) -> Span {
    let line = text[span.start..span.end].lines().next().map_or(0, str::len);
    Span { start: span.start, end: span.start + line }
}

fn sections(reader: &mut Reader<'_>, entries: &[(Scalar, Node)]) -> Analysis {
    let (later, known): (Vec<&Scalar>, Vec<&Scalar>) =
        entries.iter().map(|(key, _)| key).partition(|key| LATER.contains(&key.text.as_str()));
    for key in later {
        reader.report(
            Diagnostic::new(key.span, format!("`{}` is not in this version of gpuana", key.text))
                .help(format!("sections are: {}", SECTIONS.join(", "))),
        );
    }
    reader.keys(known, "an analysis", SECTIONS);
    let mut analysis = Analysis::default();
    if let Some(node) = get(entries, "input") {
        input(reader, node, &mut analysis);
    }
    if let Some(node) = get(entries, "parameters") {
        analysis.parameters = parameters(reader, node);
    }
    if let Some(node) = get(entries, "define") {
        analysis.defines = defines(reader, node);
    }
    if let Some(node) = get(entries, "weight") {
        analysis.weight = weight(reader, node);
    }
    if let Some(node) = get(entries, "regions") {
        let wanted = "a mapping of names to lists of cuts";
        let entries = reader.entries(node, "`regions`", wanted).unwrap_or_default();
        analysis.regions = entries.iter().filter_map(|(k, v)| region(reader, k, v)).collect();
    }
    if let Some(node) = get(entries, "vary") {
        analysis.variations = variations(reader, node);
    }
    if let Some(node) = get(entries, "histograms") {
        let wanted = "a mapping of names to histograms";
        let entries = reader.entries(node, "`histograms`", wanted).unwrap_or_default();
        let parameters = &analysis.parameters;
        let read = entries.iter().filter_map(|(k, v)| histogram(reader, k, v, parameters));
        analysis.histograms = read.collect();
    }
    objectives::sections(reader, entries, &mut analysis);
    if let Some(node) = get(entries, "second") {
        analysis.second = second(reader, node, &analysis.parameters);
    }
    samples::sections(reader, entries, &mut analysis);
    if let Some(node) = get(entries, "processes") {
        analysis.processes = processes(reader, node);
    }
    warn_of_no_region(reader, &analysis);
    analysis
}

/// Histograms and scalars that name no region where there are some get all events.
fn warn_of_no_region(reader: &mut Reader<'_>, analysis: &Analysis) {
    let Some(first) = analysis.regions.first() else { return };
    let histograms = analysis.histograms.iter().map(|h| (h, "histogram", "regions: [all]"));
    let scalars = analysis.scalars.iter().map(|s| (&s.histogram, "scalar", "region: all"));
    for (spec, what, all) in histograms.chain(scalars).filter(|(h, ..)| h.names_no_region()) {
        let (name, region) = (&spec.name.name, &first.name.name);
        let one = all.replace("all", region);
        let text = format!(
            "the {what} `{name}` names no region and gets all events: write `{all}` if that is \
             meant, else, say, `{one}`"
        );
        reader.warn(Code::NoRegion, spec.name.span, text);
    }
}

fn input(reader: &mut Reader<'_>, node: &Node, analysis: &mut Analysis) {
    let Some(entries) = reader.entries(node, "`input`", "a mapping with `files` and `tree`") else {
        return;
    };
    reader.keys(keys(entries), "`input`", &["files", "tree", "defaults", "golden"]);
    if let Some(node) = get(entries, "files") {
        analysis.files = reader.texts(node, "`files`");
    }
    if let Some(node) = get(entries, "tree") {
        analysis.tree = reader.text(node, "`tree`");
    }
    if let Some(node) = get(entries, "defaults") {
        let wanted = "a mapping of branches to their values";
        let entries = reader.entries(node, "`defaults`", wanted).unwrap_or_default();
        analysis.defaults = entries.iter().filter_map(|(k, v)| default(reader, k, v)).collect();
    }
    if let Some(node) = get(entries, "golden") {
        analysis.golden = reader.text(node, "`golden`");
    }
}

/// `HLT_IsoMu24: false`, what a branch is where a file lacks it; `Tau: []`, a collection
/// without elements there.
fn default(reader: &mut Reader<'_>, key: &Scalar, node: &Node) -> Option<DefaultValue> {
    let branch = key.text.clone();
    if matches!(&node.kind, NodeKind::List(items) if items.is_empty()) {
        return Some(DefaultValue { branch, value: Literal::Empty });
    }
    let text = reader.text(node, &format!("the default of `{}`", key.text))?;
    let number = |x: &f64| {
        let decimal = text.name.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        decimal && x.is_finite()
    };
    let value = match text.name.as_str() {
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        other => match (other.parse(), other.parse::<f64>().ok().filter(number)) {
            (Ok(n), _) => Literal::Integer(n),
            (Err(_), Some(x)) => Literal::Real(x),
            (Err(_), None) => {
                let message = format!("the default of `{}` cannot be `{other}`", key.text);
                let error = Diagnostic::new(text.span, message);
                reader.report(error.help(
                    "`true`, `false`, an integer or a number: `7`, `0.5`; of a collection `[]`",
                ));
                return None;
            }
        },
    };
    Some(DefaultValue { branch, value })
}

fn defines(reader: &mut Reader<'_>, node: &Node) -> Vec<Define> {
    let wanted = "a mapping of names to expressions";
    let entries = reader.entries(node, "`define`", wanted).unwrap_or_default();
    let mut places: HashMap<String, Span> = HashMap::new();
    let mut defines = Vec::new();
    for (key, value) in entries {
        let what = format!("`{}`", key.text);
        let value = reader.expression(value, &what);
        let target = match target(&key.text, &key.map) {
            Ok(target) => target,
            Err(fault) => {
                reader.report(fault.diagnostic);
                continue;
            }
        };
        let (name, names) = names(&target);
        for name in names.iter().filter(|n| n.name == "all") {
            reader.report(reserved("all", name.span));
        }
        match places.get(&name) {
            Some(&first) => reader.report(
                Diagnostic::new(key.span, format!("`{name}` is defined twice"))
                    .label("again here")
                    .also(first, "first here")
                    .help("rename or remove one of them"),
            ),
            None => {
                places.insert(name, key.span);
            }
        }
        if let Some(value) = value {
            defines.push(Define { target, value });
        }
    }
    defines
}

/// What a definition makes, in words, and the names in it that can be reserved.
fn names(target: &Target) -> (String, Vec<&Ident>) {
    match target {
        Target::Name(name) => (name.name.clone(), vec![name]),
        Target::Field { of, field } => (format!("{}.{}", of.name, field.name), vec![of]),
        Target::Function { name, parameters } => {
            (name.name.clone(), std::iter::once(name).chain(parameters).collect())
        }
    }
}

fn region(reader: &mut Reader<'_>, key: &Scalar, node: &Node) -> Option<Region> {
    let name = reader.name(key, "a region");
    if name.name == "all" {
        reader.report(
            Diagnostic::new(name.span, "the region `all` is there already: it has no cuts")
                .help("choose another name for a region with cuts"),
        );
    }
    let mut region = Region { name, from: None, cuts: Vec::new(), weight: Vec::new() };
    match &node.kind {
        NodeKind::List(items) => cuts(reader, items, &mut region),
        NodeKind::Map(entries) => {
            if looks_like_cuts(entries) {
                reader.report(
                    Diagnostic::new(entries[0].0.span, "cuts are a list: each begins with `- `")
                        .help(format!("write `- {}: ...`", entries[0].0.text)),
                );
                return None;
            }
            reader.keys(keys(entries), "a region", &["from", "cuts", "weight"]);
            if let Some(node) = get(entries, "from") {
                region.from = reader.text(node, "`from`");
            }
            if let Some(node) = get(entries, "weight") {
                region.weight = weight(reader, node);
            }
            if let Some(node) = get(entries, "cuts") {
                let items = reader.items(node, "`cuts`", "a list of `label: condition`");
                cuts(reader, items.unwrap_or_default(), &mut region);
            }
        }
        _ => {
            let what = format!("the region `{}`", key.text);
            reader.wrong(node, &what, "a list of `- label: condition`");
            return None;
        }
    }
    Some(region)
}

/// Whether somebody forgot the dashes: no key of a region is there, and not
/// all keys are misspelt ones.
fn looks_like_cuts(entries: &[(Scalar, Node)]) -> bool {
    !entries.is_empty()
        && entries.iter().all(|(key, value)| {
            !["from", "cuts", "weight"].contains(&key.text.as_str()) && value.scalar().is_some()
        })
        && entries
            .iter()
            .any(|(key, _)| crate::diag::nearest(&key.text, ["from", "cuts", "weight"]).is_none())
}

fn cuts(reader: &mut Reader<'_>, items: &[Node], region: &mut Region) {
    for (i, item) in items.iter().enumerate() {
        match &item.kind {
            NodeKind::Map(entries) => {
                if let Some(cut) = cut(reader, entries) {
                    if let Some(first) = region.cuts.iter().find(|c| c.label.name == cut.label.name)
                    {
                        let message = format!("the label `{}` is there twice", cut.label.name);
                        reader.report(
                            Diagnostic::new(cut.label.span, message)
                                .also(first.label.span, "first here")
                                .help("the cutflow tells cuts apart by their labels"),
                        );
                    }
                    region.cuts.push(cut);
                }
            }
            NodeKind::Scalar(scalar) => base(reader, scalar, i == 0, region),
            _ => reader.wrong(item, "a cut", "`label: condition`"),
        }
    }
}

/// A text in the list of cuts: the region to build on, if it comes first.
fn base(reader: &mut Reader<'_>, scalar: &Scalar, first: bool, region: &mut Region) {
    if scalar.text.trim().is_empty() {
        reader.report(
            Diagnostic::new(scalar.span, "this item is empty").help("write `- label: condition`"),
        );
    } else if !is_output_name(&scalar.text) {
        reader.report(
            Diagnostic::new(scalar.span, "a cut needs a label, which the cutflow shows")
                .help(format!("write `- a few words: {}`", first_words(&scalar.text))),
        );
    } else if !first {
        reader.report(
            Diagnostic::new(scalar.span, "only the first item of a region can be a name alone")
                .help("first the region to build on, then cuts: `- label: condition`"),
        );
    } else if let Some(from) = &region.from {
        let place = from.span;
        reader.report(
            Diagnostic::new(scalar.span, "this region builds on two regions")
                .also(place, "on this one")
                .help("a region builds on one region, by `from` or by the first item of its cuts"),
        );
    } else {
        region.from = Some(ident(scalar));
    }
}

fn first_words(text: &str) -> String {
    crate::lang::lex::shorten(text.lines().next().unwrap_or_default())
}

fn cut(reader: &mut Reader<'_>, entries: &[(Scalar, Node)]) -> Option<Cut> {
    let [(label, condition)] = entries else {
        if let Some((second, _)) = entries.get(1) {
            reader.report(
                Diagnostic::new(second.span, "a second cut in one item of the list")
                    .help(format!("begin it with a dash: `- {}: ...`", second.text)),
            );
        }
        return None;
    };
    if label.text.trim().is_empty() {
        reader.report(Diagnostic::new(label.span, "a cut's label is empty"));
    }
    let condition = reader.expression(condition, &format!("the cut `{}`", label.text))?;
    Some(Cut { label: ident(label), condition })
}
